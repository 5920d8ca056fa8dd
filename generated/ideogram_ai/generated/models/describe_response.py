from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.description import Description


T = TypeVar("T", bound="DescribeResponse")


@_attrs_define
class DescribeResponse:
    """An image, described in plain language.

    Attributes:
        descriptions (list[Description] | Unset): The descriptions, usually one.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    descriptions: list[Description] | Unset = UNSET
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        descriptions: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.descriptions, Unset):
            descriptions = []
            for descriptions_item_data in self.descriptions:
                descriptions_item = descriptions_item_data.to_dict()
                descriptions.append(descriptions_item)

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if descriptions is not UNSET:
            field_dict["descriptions"] = descriptions
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.description import Description  # noqa: PLC0415

        d = dict(src_dict)
        _descriptions = d.pop("descriptions", UNSET)
        descriptions: list[Description] | Unset = UNSET
        if _descriptions is not UNSET:
            descriptions = []
            for descriptions_item_data in _descriptions:
                descriptions_item = Description.from_dict(descriptions_item_data)

                descriptions.append(descriptions_item)

        notice = d.pop("notice", UNSET)

        describe_response = cls(
            descriptions=descriptions,
            notice=notice,
        )

        describe_response.additional_properties = d
        return describe_response

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
