from __future__ import annotations

import json
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.rendering_speed import RenderingSpeed, check_rendering_speed
from ..models.resolution_v3 import ResolutionV3, check_resolution_v3
from ..models.style_preset_v3 import StylePresetV3, check_style_preset_v3
from ..types import UNSET, File, FileTypes, Unset

if TYPE_CHECKING:
    from ..models.color_palette_with_members import ColorPaletteWithMembers
    from ..models.color_palette_with_preset_name import ColorPaletteWithPresetName


T = TypeVar("T", bound="ReframeImageRequestV3")


@_attrs_define
class ReframeImageRequestV3:
    """An image, and the size to extend it to.

    Attributes:
        image (File): The image to extend, meant to be square: a JPEG, PNG or WebP file.
        resolution (ResolutionV3): The size of the image in pixels, width x height.
        num_images (int | Unset): How many images to make.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
        rendering_speed (RenderingSpeed | Unset): Speed against fidelity. It sets the price of the image.
        style_preset (StylePresetV3 | Unset): A ready-made style.
        color_palette (ColorPaletteWithMembers | ColorPaletteWithPresetName | Unset): The colours of the image: a
            palette of the service as {name: ...}, or your own colours as {members: [...]}.
        style_codes (list[str] | Unset): Styles by their codes, eight hex digits each. They exclude
            style_reference_images.
        style_reference_images (list[File] | Unset): Images to take the style from, JPEG, PNG or WebP files.
    """

    image: File
    resolution: ResolutionV3
    num_images: int | Unset = UNSET
    seed: int | Unset = UNSET
    rendering_speed: RenderingSpeed | Unset = UNSET
    style_preset: StylePresetV3 | Unset = UNSET
    color_palette: ColorPaletteWithMembers | ColorPaletteWithPresetName | Unset = UNSET
    style_codes: list[str] | Unset = UNSET
    style_reference_images: list[File] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.color_palette_with_preset_name import ColorPaletteWithPresetName  # noqa: PLC0415

        image = self.image.to_tuple()

        resolution: str = self.resolution

        num_images = self.num_images

        seed = self.seed

        rendering_speed: str | Unset = UNSET
        if not isinstance(self.rendering_speed, Unset):
            rendering_speed = self.rendering_speed

        style_preset: str | Unset = UNSET
        if not isinstance(self.style_preset, Unset):
            style_preset = self.style_preset

        color_palette: dict[str, Any] | Unset
        if isinstance(self.color_palette, Unset):
            color_palette = UNSET
        elif isinstance(self.color_palette, ColorPaletteWithPresetName):
            color_palette = self.color_palette.to_dict()
        else:
            color_palette = self.color_palette.to_dict()

        style_codes: list[str] | Unset = UNSET
        if not isinstance(self.style_codes, Unset):
            style_codes = self.style_codes

        style_reference_images: list[FileTypes] | Unset = UNSET
        if not isinstance(self.style_reference_images, Unset):
            style_reference_images = []
            for style_reference_images_item_data in self.style_reference_images:
                style_reference_images_item = style_reference_images_item_data.to_tuple()

                style_reference_images.append(style_reference_images_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image": image,
                "resolution": resolution,
            }
        )
        if num_images is not UNSET:
            field_dict["num_images"] = num_images
        if seed is not UNSET:
            field_dict["seed"] = seed
        if rendering_speed is not UNSET:
            field_dict["rendering_speed"] = rendering_speed
        if style_preset is not UNSET:
            field_dict["style_preset"] = style_preset
        if color_palette is not UNSET:
            field_dict["color_palette"] = color_palette
        if style_codes is not UNSET:
            field_dict["style_codes"] = style_codes
        if style_reference_images is not UNSET:
            field_dict["style_reference_images"] = style_reference_images

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        from ..models.color_palette_with_preset_name import ColorPaletteWithPresetName  # noqa: PLC0415

        files: types.RequestFiles = []

        files.append(("image", self.image.to_tuple()))

        files.append(("resolution", (None, str(self.resolution).encode(), "text/plain")))

        if not isinstance(self.num_images, Unset):
            files.append(("num_images", (None, str(self.num_images).encode(), "text/plain")))

        if not isinstance(self.seed, Unset):
            files.append(("seed", (None, str(self.seed).encode(), "text/plain")))

        if not isinstance(self.rendering_speed, Unset):
            files.append(("rendering_speed", (None, str(self.rendering_speed).encode(), "text/plain")))

        if not isinstance(self.style_preset, Unset):
            files.append(("style_preset", (None, str(self.style_preset).encode(), "text/plain")))

        if not isinstance(self.color_palette, Unset):
            if isinstance(self.color_palette, ColorPaletteWithPresetName):
                files.append(
                    ("color_palette", (None, json.dumps(self.color_palette.to_dict()).encode(), "application/json"))
                )
            else:
                files.append(
                    ("color_palette", (None, json.dumps(self.color_palette.to_dict()).encode(), "application/json"))
                )

        if not isinstance(self.style_codes, Unset):
            for style_codes_item_element in self.style_codes:
                files.append(("style_codes", (None, str(style_codes_item_element).encode(), "text/plain")))

        if not isinstance(self.style_reference_images, Unset):
            for style_reference_images_item_element in self.style_reference_images:
                files.append(("style_reference_images", style_reference_images_item_element.to_tuple()))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.color_palette_with_members import ColorPaletteWithMembers  # noqa: PLC0415
        from ..models.color_palette_with_preset_name import ColorPaletteWithPresetName  # noqa: PLC0415

        d = dict(src_dict)
        image = File(payload=BytesIO(d.pop("image")))

        resolution = check_resolution_v3(d.pop("resolution"))

        num_images = d.pop("num_images", UNSET)

        seed = d.pop("seed", UNSET)

        _rendering_speed = d.pop("rendering_speed", UNSET)
        rendering_speed: RenderingSpeed | Unset
        if isinstance(_rendering_speed, Unset):
            rendering_speed = UNSET
        else:
            rendering_speed = check_rendering_speed(_rendering_speed)

        _style_preset = d.pop("style_preset", UNSET)
        style_preset: StylePresetV3 | Unset
        if isinstance(_style_preset, Unset):
            style_preset = UNSET
        else:
            style_preset = check_style_preset_v3(_style_preset)

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

        style_codes = cast(list[str], d.pop("style_codes", UNSET))

        _style_reference_images = d.pop("style_reference_images", UNSET)
        style_reference_images: list[File] | Unset = UNSET
        if _style_reference_images is not UNSET:
            style_reference_images = []
            for style_reference_images_item_data in _style_reference_images:
                style_reference_images_item = File(payload=BytesIO(style_reference_images_item_data))

                style_reference_images.append(style_reference_images_item)

        reframe_image_request_v3 = cls(
            image=image,
            resolution=resolution,
            num_images=num_images,
            seed=seed,
            rendering_speed=rendering_speed,
            style_preset=style_preset,
            color_palette=color_palette,
            style_codes=style_codes,
            style_reference_images=style_reference_images,
        )

        reframe_image_request_v3.additional_properties = d
        return reframe_image_request_v3

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
