from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.aspect_ratio_v4 import AspectRatioV4, check_aspect_ratio_v4
from ..types import UNSET, Unset

T = TypeVar("T", bound="MagicPromptV4Request")


@_attrs_define
class MagicPromptV4Request:
    """A plain prompt that is to become a structured one.

    Attributes:
        text_prompt (str): The prompt in plain language.
        aspect_ratio (AspectRatioV4 | Unset): The shape of the image, width x height. AUTO leaves it to the service.
    """

    text_prompt: str
    aspect_ratio: AspectRatioV4 | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        text_prompt = self.text_prompt

        aspect_ratio: str | Unset = UNSET
        if not isinstance(self.aspect_ratio, Unset):
            aspect_ratio = self.aspect_ratio

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "text_prompt": text_prompt,
            }
        )
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        text_prompt = d.pop("text_prompt")

        _aspect_ratio = d.pop("aspect_ratio", UNSET)
        aspect_ratio: AspectRatioV4 | Unset
        if isinstance(_aspect_ratio, Unset):
            aspect_ratio = UNSET
        else:
            aspect_ratio = check_aspect_ratio_v4(_aspect_ratio)

        magic_prompt_v4_request = cls(
            text_prompt=text_prompt,
            aspect_ratio=aspect_ratio,
        )

        magic_prompt_v4_request.additional_properties = d
        return magic_prompt_v4_request

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
