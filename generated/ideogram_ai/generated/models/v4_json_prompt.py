from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.v4_compositional_deconstruction import V4CompositionalDeconstruction
    from ..models.v4_style_description import V4StyleDescription


T = TypeVar("T", bound="V4JsonPrompt")


@_attrs_define
class V4JsonPrompt:
    """A structured prompt. The model reads it as it is, without magic prompt. The order of its keys has a meaning for the
    model, and must be kept.

        Attributes:
            high_level_description (str): The whole image in a sentence or two.
            compositional_deconstruction (V4CompositionalDeconstruction): What is where.
            style_description (V4StyleDescription | Unset): How the image looks. The model's guide advises photo or
                art_style, not both, and the key order of this schema.
            tags (list[str] | Unset): Words that the describe operation may return. The generate operation ignores them.
    """

    high_level_description: str
    compositional_deconstruction: V4CompositionalDeconstruction
    style_description: V4StyleDescription | Unset = UNSET
    tags: list[str] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        high_level_description = self.high_level_description

        compositional_deconstruction = self.compositional_deconstruction.to_dict()

        style_description: dict[str, Any] | Unset = UNSET
        if not isinstance(self.style_description, Unset):
            style_description = self.style_description.to_dict()

        tags: list[str] | Unset = UNSET
        if not isinstance(self.tags, Unset):
            tags = self.tags

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "high_level_description": high_level_description,
                "compositional_deconstruction": compositional_deconstruction,
            }
        )
        if style_description is not UNSET:
            field_dict["style_description"] = style_description
        if tags is not UNSET:
            field_dict["tags"] = tags

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.v4_compositional_deconstruction import V4CompositionalDeconstruction  # noqa: PLC0415
        from ..models.v4_style_description import V4StyleDescription  # noqa: PLC0415

        d = dict(src_dict)
        high_level_description = d.pop("high_level_description")

        compositional_deconstruction = V4CompositionalDeconstruction.from_dict(d.pop("compositional_deconstruction"))

        _style_description = d.pop("style_description", UNSET)
        style_description: V4StyleDescription | Unset
        if isinstance(_style_description, Unset):
            style_description = UNSET
        else:
            style_description = V4StyleDescription.from_dict(_style_description)

        tags = cast(list[str], d.pop("tags", UNSET))

        v4_json_prompt = cls(
            high_level_description=high_level_description,
            compositional_deconstruction=compositional_deconstruction,
            style_description=style_description,
            tags=tags,
        )

        v4_json_prompt.additional_properties = d
        return v4_json_prompt

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
