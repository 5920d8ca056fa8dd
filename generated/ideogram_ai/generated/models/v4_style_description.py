from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="V4StyleDescription")


@_attrs_define
class V4StyleDescription:
    """How the image looks. The model's guide advises photo or art_style, not both, and the key order of this schema.

    Attributes:
        aesthetics (str | Unset): The overall look.
        lighting (str | Unset): Light and shadow.
        photo (str | Unset): Camera, lens and film, for a photograph.
        medium (str | Unset): The material or technique.
        art_style (str | Unset): The school or manner, for a picture that is not a photograph.
        color_palette (list[str] | Unset): Colours as six hex digits. The model's guide advises upper case, 16 in a
            style and 5 in an element at most.
    """

    aesthetics: str | Unset = UNSET
    lighting: str | Unset = UNSET
    photo: str | Unset = UNSET
    medium: str | Unset = UNSET
    art_style: str | Unset = UNSET
    color_palette: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        aesthetics = self.aesthetics

        lighting = self.lighting

        photo = self.photo

        medium = self.medium

        art_style = self.art_style

        color_palette: list[str] | Unset = UNSET
        if not isinstance(self.color_palette, Unset):
            color_palette = self.color_palette

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if aesthetics is not UNSET:
            field_dict["aesthetics"] = aesthetics
        if lighting is not UNSET:
            field_dict["lighting"] = lighting
        if photo is not UNSET:
            field_dict["photo"] = photo
        if medium is not UNSET:
            field_dict["medium"] = medium
        if art_style is not UNSET:
            field_dict["art_style"] = art_style
        if color_palette is not UNSET:
            field_dict["color_palette"] = color_palette

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        aesthetics = d.pop("aesthetics", UNSET)

        lighting = d.pop("lighting", UNSET)

        photo = d.pop("photo", UNSET)

        medium = d.pop("medium", UNSET)

        art_style = d.pop("art_style", UNSET)

        color_palette = cast(list[str], d.pop("color_palette", UNSET))

        v4_style_description = cls(
            aesthetics=aesthetics,
            lighting=lighting,
            photo=photo,
            medium=medium,
            art_style=art_style,
            color_palette=color_palette,
        )

        v4_style_description.additional_properties = d
        return v4_style_description

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
