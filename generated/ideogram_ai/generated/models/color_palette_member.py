from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="ColorPaletteMember")


@_attrs_define
class ColorPaletteMember:
    """A colour, and its share of the image.

    Attributes:
        color_hex (str): The colour: # and three or six hex digits.
        color_weight (float | Unset): The share of the colour, in relation to the others.
    """

    color_hex: str
    color_weight: float | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        color_hex = self.color_hex

        color_weight = self.color_weight

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "color_hex": color_hex,
            }
        )
        if color_weight is not UNSET:
            field_dict["color_weight"] = color_weight

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        color_hex = d.pop("color_hex")

        color_weight = d.pop("color_weight", UNSET)

        color_palette_member = cls(
            color_hex=color_hex,
            color_weight=color_weight,
        )

        color_palette_member.additional_properties = d
        return color_palette_member

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
