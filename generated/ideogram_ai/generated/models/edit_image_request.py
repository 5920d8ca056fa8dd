from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.edit_image_request_model import EditImageRequestModel, check_edit_image_request_model
from ..models.magic_prompt_option import MagicPromptOption, check_magic_prompt_option
from ..models.style_type import StyleType, check_style_type
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="EditImageRequest")


@_attrs_define
class EditImageRequest:
    """An image, its mask, and what a model before 3.0 draws where the mask is black.

    Attributes:
        image_file (File): The image, a JPEG, PNG or WebP file.
        mask (File): A black and white image of the same size: black is redrawn, white is kept.
        prompt (str): What to draw where the mask is black.
        model (EditImageRequestModel): The model. Of those before 3.0, only these two can edit.
        magic_prompt_option (MagicPromptOption | Unset): Whether the service rewrites the prompt before it draws. With
            AUTO, the service decides.
        num_images (int | Unset): How many images to make.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
        style_type (StyleType | Unset): The kind of style.
    """

    image_file: File
    mask: File
    prompt: str
    model: EditImageRequestModel
    magic_prompt_option: MagicPromptOption | Unset = UNSET
    num_images: int | Unset = UNSET
    seed: int | Unset = UNSET
    style_type: StyleType | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        image_file = self.image_file.to_tuple()

        mask = self.mask.to_tuple()

        prompt = self.prompt

        model: str = self.model

        magic_prompt_option: str | Unset = UNSET
        if not isinstance(self.magic_prompt_option, Unset):
            magic_prompt_option = self.magic_prompt_option

        num_images = self.num_images

        seed = self.seed

        style_type: str | Unset = UNSET
        if not isinstance(self.style_type, Unset):
            style_type = self.style_type

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image_file": image_file,
                "mask": mask,
                "prompt": prompt,
                "model": model,
            }
        )
        if magic_prompt_option is not UNSET:
            field_dict["magic_prompt_option"] = magic_prompt_option
        if num_images is not UNSET:
            field_dict["num_images"] = num_images
        if seed is not UNSET:
            field_dict["seed"] = seed
        if style_type is not UNSET:
            field_dict["style_type"] = style_type

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("image_file", self.image_file.to_tuple()))

        files.append(("mask", self.mask.to_tuple()))

        files.append(("prompt", (None, str(self.prompt).encode(), "text/plain")))

        files.append(("model", (None, str(self.model).encode(), "text/plain")))

        if not isinstance(self.magic_prompt_option, Unset):
            files.append(("magic_prompt_option", (None, str(self.magic_prompt_option).encode(), "text/plain")))

        if not isinstance(self.num_images, Unset):
            files.append(("num_images", (None, str(self.num_images).encode(), "text/plain")))

        if not isinstance(self.seed, Unset):
            files.append(("seed", (None, str(self.seed).encode(), "text/plain")))

        if not isinstance(self.style_type, Unset):
            files.append(("style_type", (None, str(self.style_type).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        image_file = File(payload=BytesIO(d.pop("image_file")))

        mask = File(payload=BytesIO(d.pop("mask")))

        prompt = d.pop("prompt")

        model = check_edit_image_request_model(d.pop("model"))

        _magic_prompt_option = d.pop("magic_prompt_option", UNSET)
        magic_prompt_option: MagicPromptOption | Unset
        if isinstance(_magic_prompt_option, Unset):
            magic_prompt_option = UNSET
        else:
            magic_prompt_option = check_magic_prompt_option(_magic_prompt_option)

        num_images = d.pop("num_images", UNSET)

        seed = d.pop("seed", UNSET)

        _style_type = d.pop("style_type", UNSET)
        style_type: StyleType | Unset
        if isinstance(_style_type, Unset):
            style_type = UNSET
        else:
            style_type = check_style_type(_style_type)

        edit_image_request = cls(
            image_file=image_file,
            mask=mask,
            prompt=prompt,
            model=model,
            magic_prompt_option=magic_prompt_option,
            num_images=num_images,
            seed=seed,
            style_type=style_type,
        )

        edit_image_request.additional_properties = d
        return edit_image_request

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
