from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.v4_obj_prompt_element import V4ObjPromptElement
    from ..models.v4_text_prompt_element import V4TextPromptElement


T = TypeVar("T", bound="V4CompositionalDeconstruction")


@_attrs_define
class V4CompositionalDeconstruction:
    """What is where.

    Attributes:
        background (str): What is behind everything.
        elements (list[V4ObjPromptElement | V4TextPromptElement]): The things in the picture. It may be empty.
    """

    background: str
    elements: list[V4ObjPromptElement | V4TextPromptElement]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.v4_obj_prompt_element import V4ObjPromptElement  # noqa: PLC0415

        background = self.background

        elements = []
        for elements_item_data in self.elements:
            elements_item: dict[str, Any]
            if isinstance(elements_item_data, V4ObjPromptElement):
                elements_item = elements_item_data.to_dict()
            else:
                elements_item = elements_item_data.to_dict()

            elements.append(elements_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "background": background,
                "elements": elements,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.v4_obj_prompt_element import V4ObjPromptElement  # noqa: PLC0415
        from ..models.v4_text_prompt_element import V4TextPromptElement  # noqa: PLC0415

        d = dict(src_dict)
        background = d.pop("background")

        elements = []
        _elements = d.pop("elements")
        for elements_item_data in _elements:

            def _parse_elements_item(data: object) -> V4ObjPromptElement | V4TextPromptElement:
                try:
                    if not isinstance(data, dict):
                        raise TypeError()
                    componentsschemas_v4_prompt_element_type_0 = V4ObjPromptElement.from_dict(data)

                    return componentsschemas_v4_prompt_element_type_0
                except (TypeError, ValueError, AttributeError, KeyError):
                    pass
                if not isinstance(data, dict):
                    raise TypeError()
                componentsschemas_v4_prompt_element_type_1 = V4TextPromptElement.from_dict(data)

                return componentsschemas_v4_prompt_element_type_1

            elements_item = _parse_elements_item(elements_item_data)

            elements.append(elements_item)

        v4_compositional_deconstruction = cls(
            background=background,
            elements=elements,
        )

        v4_compositional_deconstruction.additional_properties = d
        return v4_compositional_deconstruction

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
