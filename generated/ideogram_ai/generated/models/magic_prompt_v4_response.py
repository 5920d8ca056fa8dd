from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.v4_json_prompt import V4JsonPrompt


T = TypeVar("T", bound="MagicPromptV4Response")


@_attrs_define
class MagicPromptV4Response:
    """A structured prompt that was written from a plain one.

    Attributes:
        json_prompt (Any | V4JsonPrompt): The structured prompt, which generate takes as it is.
        aspect_ratio (str): The shape that the prompt is meant for, a value of AspectRatioV4 or one that came later.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    json_prompt: Any | V4JsonPrompt
    aspect_ratio: str
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.v4_json_prompt import V4JsonPrompt  # noqa: PLC0415

        json_prompt: Any | dict[str, Any]
        if isinstance(self.json_prompt, V4JsonPrompt):
            json_prompt = self.json_prompt.to_dict()
        else:
            json_prompt = self.json_prompt

        aspect_ratio = self.aspect_ratio

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "json_prompt": json_prompt,
                "aspect_ratio": aspect_ratio,
            }
        )
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.v4_json_prompt import V4JsonPrompt  # noqa: PLC0415

        d = dict(src_dict)

        def _parse_json_prompt(data: object) -> Any | V4JsonPrompt:
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                json_prompt_type_0 = V4JsonPrompt.from_dict(data)

                return json_prompt_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(Any | V4JsonPrompt, data)

        json_prompt = _parse_json_prompt(d.pop("json_prompt"))

        aspect_ratio = d.pop("aspect_ratio")

        notice = d.pop("notice", UNSET)

        magic_prompt_v4_response = cls(
            json_prompt=json_prompt,
            aspect_ratio=aspect_ratio,
            notice=notice,
        )

        magic_prompt_v4_response.additional_properties = d
        return magic_prompt_v4_response

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
