from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.magic_prompt_option import MagicPromptOption, check_magic_prompt_option
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpscaleInitialImageRequest")


@_attrs_define
class UpscaleInitialImageRequest:
    """How to enlarge an image. Every member is optional.

    Attributes:
        prompt (str | Unset): A description of the image, to guide the upscaling.
        resemblance (int | Unset): How much the result resembles the image. Default: 50.
        detail (int | Unset): How much detail to add. Default: 50.
        magic_prompt_option (MagicPromptOption | Unset): Whether the service rewrites the prompt before it draws. With
            AUTO, the service decides.
        num_images (int | Unset): How many images to make.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
    """

    prompt: str | Unset = UNSET
    resemblance: int | Unset = 50
    detail: int | Unset = 50
    magic_prompt_option: MagicPromptOption | Unset = UNSET
    num_images: int | Unset = UNSET
    seed: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        resemblance = self.resemblance

        detail = self.detail

        magic_prompt_option: str | Unset = UNSET
        if not isinstance(self.magic_prompt_option, Unset):
            magic_prompt_option = self.magic_prompt_option

        num_images = self.num_images

        seed = self.seed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if resemblance is not UNSET:
            field_dict["resemblance"] = resemblance
        if detail is not UNSET:
            field_dict["detail"] = detail
        if magic_prompt_option is not UNSET:
            field_dict["magic_prompt_option"] = magic_prompt_option
        if num_images is not UNSET:
            field_dict["num_images"] = num_images
        if seed is not UNSET:
            field_dict["seed"] = seed

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prompt = d.pop("prompt", UNSET)

        resemblance = d.pop("resemblance", UNSET)

        detail = d.pop("detail", UNSET)

        _magic_prompt_option = d.pop("magic_prompt_option", UNSET)
        magic_prompt_option: MagicPromptOption | Unset
        if isinstance(_magic_prompt_option, Unset):
            magic_prompt_option = UNSET
        else:
            magic_prompt_option = check_magic_prompt_option(_magic_prompt_option)

        num_images = d.pop("num_images", UNSET)

        seed = d.pop("seed", UNSET)

        upscale_initial_image_request = cls(
            prompt=prompt,
            resemblance=resemblance,
            detail=detail,
            magic_prompt_option=magic_prompt_option,
            num_images=num_images,
            seed=seed,
        )

        upscale_initial_image_request.additional_properties = d
        return upscale_initial_image_request

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
