from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="V4TextPromptElement")


@_attrs_define
class V4TextPromptElement:
    """A text that is drawn in the picture.

    Attributes:
        type_ (Literal['text']): Says that this is a text.
        text (str): The words to draw, letter by letter.
        desc (str): How the words look.
        bbox (list[int] | Unset): A box as y_min, x_min, y_max, x_max, rows first, on a canvas of 1000 by 1000 whatever
            the resolution is.
        color_palette (list[str] | Unset): Colours as six hex digits. The model's guide advises upper case, 16 in a
            style and 5 in an element at most.
    """

    type_: Literal["text"]
    text: str
    desc: str
    bbox: list[int] | Unset = UNSET
    color_palette: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        type_ = self.type_

        text = self.text

        desc = self.desc

        bbox: list[int] | Unset = UNSET
        if not isinstance(self.bbox, Unset):
            bbox = self.bbox

        color_palette: list[str] | Unset = UNSET
        if not isinstance(self.color_palette, Unset):
            color_palette = self.color_palette

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "type": type_,
                "text": text,
                "desc": desc,
            }
        )
        if bbox is not UNSET:
            field_dict["bbox"] = bbox
        if color_palette is not UNSET:
            field_dict["color_palette"] = color_palette

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        type_ = cast(Literal["text"], d.pop("type"))
        if type_ != "text":
            raise ValueError(f"type must match const 'text', got '{type_}'")

        text = d.pop("text")

        desc = d.pop("desc")

        bbox = cast(list[int], d.pop("bbox", UNSET))

        color_palette = cast(list[str], d.pop("color_palette", UNSET))

        v4_text_prompt_element = cls(
            type_=type_,
            text=text,
            desc=desc,
            bbox=bbox,
            color_palette=color_palette,
        )

        v4_text_prompt_element.additional_properties = d
        return v4_text_prompt_element

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
