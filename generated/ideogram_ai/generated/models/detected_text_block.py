from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DetectedTextBlock")


@_attrs_define
class DetectedTextBlock:
    """A block of text, with its position and style.

    Attributes:
        x (int): Left edge, in pixels from the left of the image.
        y (int): Top edge, in pixels from the top of the image.
        width (int): Width in pixels.
        height (int): Height in pixels.
        text (str): The text.
        alignment (str): left, center or right. More values may come.
        formatting (list[str]): bold, italic, underline, strikethrough, all_caps, small_caps, superscript or subscript.
            More values may come.
        angle (float | Unset): Rotation in degrees; the direction is not documented. 0 when absent.
        font_name (None | str | Unset): The name of the font that matches best.
        font_alternatives (list[str] | None | Unset): Names of other fonts that match.
        font_size (int | None | Unset): The size of the font; the unit is not documented, and is likely pixels.
        line_height (float | None | Unset): The height of a line; the unit is not documented.
        color (None | str | Unset): The colour of the text, # and six hex digits.
        role (None | str | Unset): heading, subheading, body or caption. More values may come.
    """

    x: int
    y: int
    width: int
    height: int
    text: str
    alignment: str
    formatting: list[str]
    angle: float | Unset = UNSET
    font_name: None | str | Unset = UNSET
    font_alternatives: list[str] | None | Unset = UNSET
    font_size: int | None | Unset = UNSET
    line_height: float | None | Unset = UNSET
    color: None | str | Unset = UNSET
    role: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        x = self.x

        y = self.y

        width = self.width

        height = self.height

        text = self.text

        alignment = self.alignment

        formatting = self.formatting

        angle = self.angle

        font_name: None | str | Unset
        if isinstance(self.font_name, Unset):
            font_name = UNSET
        else:
            font_name = self.font_name

        font_alternatives: list[str] | None | Unset
        if isinstance(self.font_alternatives, Unset):
            font_alternatives = UNSET
        elif isinstance(self.font_alternatives, list):
            font_alternatives = self.font_alternatives

        else:
            font_alternatives = self.font_alternatives

        font_size: int | None | Unset
        if isinstance(self.font_size, Unset):
            font_size = UNSET
        else:
            font_size = self.font_size

        line_height: float | None | Unset
        if isinstance(self.line_height, Unset):
            line_height = UNSET
        else:
            line_height = self.line_height

        color: None | str | Unset
        if isinstance(self.color, Unset):
            color = UNSET
        else:
            color = self.color

        role: None | str | Unset
        if isinstance(self.role, Unset):
            role = UNSET
        else:
            role = self.role

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "x": x,
                "y": y,
                "width": width,
                "height": height,
                "text": text,
                "alignment": alignment,
                "formatting": formatting,
            }
        )
        if angle is not UNSET:
            field_dict["angle"] = angle
        if font_name is not UNSET:
            field_dict["font_name"] = font_name
        if font_alternatives is not UNSET:
            field_dict["font_alternatives"] = font_alternatives
        if font_size is not UNSET:
            field_dict["font_size"] = font_size
        if line_height is not UNSET:
            field_dict["line_height"] = line_height
        if color is not UNSET:
            field_dict["color"] = color
        if role is not UNSET:
            field_dict["role"] = role

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        x = d.pop("x")

        y = d.pop("y")

        width = d.pop("width")

        height = d.pop("height")

        text = d.pop("text")

        alignment = d.pop("alignment")

        formatting = cast(list[str], d.pop("formatting"))

        angle = d.pop("angle", UNSET)

        def _parse_font_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        font_name = _parse_font_name(d.pop("font_name", UNSET))

        def _parse_font_alternatives(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                font_alternatives_type_0 = cast(list[str], data)

                return font_alternatives_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        font_alternatives = _parse_font_alternatives(d.pop("font_alternatives", UNSET))

        def _parse_font_size(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        font_size = _parse_font_size(d.pop("font_size", UNSET))

        def _parse_line_height(data: object) -> float | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(float | None | Unset, data)

        line_height = _parse_line_height(d.pop("line_height", UNSET))

        def _parse_color(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        color = _parse_color(d.pop("color", UNSET))

        def _parse_role(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        role = _parse_role(d.pop("role", UNSET))

        detected_text_block = cls(
            x=x,
            y=y,
            width=width,
            height=height,
            text=text,
            alignment=alignment,
            formatting=formatting,
            angle=angle,
            font_name=font_name,
            font_alternatives=font_alternatives,
            font_size=font_size,
            line_height=line_height,
            color=color,
            role=role,
        )

        detected_text_block.additional_properties = d
        return detected_text_block

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
