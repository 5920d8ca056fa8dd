from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.v4_json_prompt import V4JsonPrompt


T = TypeVar("T", bound="DescribeResponseV4")


@_attrs_define
class DescribeResponseV4:
    """An image as a structured prompt.

    Attributes:
        json_prompt (Any | V4JsonPrompt): The structured prompt, which generate takes as it is.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    json_prompt: Any | V4JsonPrompt
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.v4_json_prompt import V4JsonPrompt  # noqa: PLC0415

        json_prompt: Any | dict[str, Any]
        if isinstance(self.json_prompt, V4JsonPrompt):
            json_prompt = self.json_prompt.to_dict()
        else:
            json_prompt = self.json_prompt

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "json_prompt": json_prompt,
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

        notice = d.pop("notice", UNSET)

        describe_response_v4 = cls(
            json_prompt=json_prompt,
            notice=notice,
        )

        describe_response_v4.additional_properties = d
        return describe_response_v4

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
