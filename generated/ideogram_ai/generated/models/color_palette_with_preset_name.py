from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..models.color_palette_preset_name import ColorPalettePresetName, check_color_palette_preset_name

T = TypeVar("T", bound="ColorPaletteWithPresetName")


@_attrs_define
class ColorPaletteWithPresetName:
    """A palette of the service, by its name.

    Attributes:
        name (ColorPalettePresetName): The name of a palette of the service.
    """

    name: ColorPalettePresetName
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        name: str = self.name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "name": name,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        name = check_color_palette_preset_name(d.pop("name"))

        color_palette_with_preset_name = cls(
            name=name,
        )

        color_palette_with_preset_name.additional_properties = d
        return color_palette_with_preset_name

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
