from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.aspect_ratio import AspectRatio, check_aspect_ratio
from ..models.magic_prompt_option import MagicPromptOption, check_magic_prompt_option
from ..models.model_enum import ModelEnum, check_model_enum
from ..models.resolution import Resolution, check_resolution
from ..models.style_type import StyleType, check_style_type
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.color_palette_with_members import ColorPaletteWithMembers
    from ..models.color_palette_with_preset_name import ColorPaletteWithPresetName


T = TypeVar("T", bound="InitialImageRequest")


@_attrs_define
class InitialImageRequest:
    """What a model before 3.0 makes of an image. resolution and aspect_ratio exclude each other.

    Attributes:
        prompt (str): What to draw, in plain language.
        image_weight (int | Unset): How much the result resembles the image. Default: 50.
        aspect_ratio (AspectRatio | Unset): The shape of the image, width before height.
        model (ModelEnum | Unset): The model. With AUTO, the service decides.
        magic_prompt_option (MagicPromptOption | Unset): Whether the service rewrites the prompt before it draws. With
            AUTO, the service decides.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
        style_type (StyleType | Unset): The kind of style.
        negative_prompt (str | Unset): What to leave out of the image. Where it contradicts prompt, prompt wins.
        num_images (int | Unset): How many images to make.
        resolution (Resolution | Unset): The size of the image in pixels, width before height.
        color_palette (ColorPaletteWithMembers | ColorPaletteWithPresetName | Unset): The colours of the image: a
            palette of the service as {name: ...}, or your own colours as {members: [...]}.
    """

    prompt: str
    image_weight: int | Unset = 50
    aspect_ratio: AspectRatio | Unset = UNSET
    model: ModelEnum | Unset = UNSET
    magic_prompt_option: MagicPromptOption | Unset = UNSET
    seed: int | Unset = UNSET
    style_type: StyleType | Unset = UNSET
    negative_prompt: str | Unset = UNSET
    num_images: int | Unset = UNSET
    resolution: Resolution | Unset = UNSET
    color_palette: ColorPaletteWithMembers | ColorPaletteWithPresetName | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.color_palette_with_preset_name import ColorPaletteWithPresetName  # noqa: PLC0415

        prompt = self.prompt

        image_weight = self.image_weight

        aspect_ratio: str | Unset = UNSET
        if not isinstance(self.aspect_ratio, Unset):
            aspect_ratio = self.aspect_ratio

        model: str | Unset = UNSET
        if not isinstance(self.model, Unset):
            model = self.model

        magic_prompt_option: str | Unset = UNSET
        if not isinstance(self.magic_prompt_option, Unset):
            magic_prompt_option = self.magic_prompt_option

        seed = self.seed

        style_type: str | Unset = UNSET
        if not isinstance(self.style_type, Unset):
            style_type = self.style_type

        negative_prompt = self.negative_prompt

        num_images = self.num_images

        resolution: str | Unset = UNSET
        if not isinstance(self.resolution, Unset):
            resolution = self.resolution

        color_palette: dict[str, Any] | Unset
        if isinstance(self.color_palette, Unset):
            color_palette = UNSET
        elif isinstance(self.color_palette, ColorPaletteWithPresetName):
            color_palette = self.color_palette.to_dict()
        else:
            color_palette = self.color_palette.to_dict()

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
            }
        )
        if image_weight is not UNSET:
            field_dict["image_weight"] = image_weight
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio
        if model is not UNSET:
            field_dict["model"] = model
        if magic_prompt_option is not UNSET:
            field_dict["magic_prompt_option"] = magic_prompt_option
        if seed is not UNSET:
            field_dict["seed"] = seed
        if style_type is not UNSET:
            field_dict["style_type"] = style_type
        if negative_prompt is not UNSET:
            field_dict["negative_prompt"] = negative_prompt
        if num_images is not UNSET:
            field_dict["num_images"] = num_images
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if color_palette is not UNSET:
            field_dict["color_palette"] = color_palette

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.color_palette_with_members import ColorPaletteWithMembers  # noqa: PLC0415
        from ..models.color_palette_with_preset_name import ColorPaletteWithPresetName  # noqa: PLC0415

        d = dict(src_dict)
        prompt = d.pop("prompt")

        image_weight = d.pop("image_weight", UNSET)

        _aspect_ratio = d.pop("aspect_ratio", UNSET)
        aspect_ratio: AspectRatio | Unset
        if isinstance(_aspect_ratio, Unset):
            aspect_ratio = UNSET
        else:
            aspect_ratio = check_aspect_ratio(_aspect_ratio)

        _model = d.pop("model", UNSET)
        model: ModelEnum | Unset
        if isinstance(_model, Unset):
            model = UNSET
        else:
            model = check_model_enum(_model)

        _magic_prompt_option = d.pop("magic_prompt_option", UNSET)
        magic_prompt_option: MagicPromptOption | Unset
        if isinstance(_magic_prompt_option, Unset):
            magic_prompt_option = UNSET
        else:
            magic_prompt_option = check_magic_prompt_option(_magic_prompt_option)

        seed = d.pop("seed", UNSET)

        _style_type = d.pop("style_type", UNSET)
        style_type: StyleType | Unset
        if isinstance(_style_type, Unset):
            style_type = UNSET
        else:
            style_type = check_style_type(_style_type)

        negative_prompt = d.pop("negative_prompt", UNSET)

        num_images = d.pop("num_images", UNSET)

        _resolution = d.pop("resolution", UNSET)
        resolution: Resolution | Unset
        if isinstance(_resolution, Unset):
            resolution = UNSET
        else:
            resolution = check_resolution(_resolution)

        def _parse_color_palette(data: object) -> ColorPaletteWithMembers | ColorPaletteWithPresetName | Unset:
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_color_palette_with_preset_name_or_members_type_0 = (
                    ColorPaletteWithPresetName.from_dict(data)
                )

                return componentsschemas_color_palette_with_preset_name_or_members_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            if not isinstance(data, dict):
                raise TypeError()
            componentsschemas_color_palette_with_preset_name_or_members_type_1 = ColorPaletteWithMembers.from_dict(data)

            return componentsschemas_color_palette_with_preset_name_or_members_type_1

        color_palette = _parse_color_palette(d.pop("color_palette", UNSET))

        initial_image_request = cls(
            prompt=prompt,
            image_weight=image_weight,
            aspect_ratio=aspect_ratio,
            model=model,
            magic_prompt_option=magic_prompt_option,
            seed=seed,
            style_type=style_type,
            negative_prompt=negative_prompt,
            num_images=num_images,
            resolution=resolution,
            color_palette=color_palette,
        )

        initial_image_request.additional_properties = d
        return initial_image_request

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
