from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.image_object import ImageObject


T = TypeVar("T", bound="ImageGenerationResponseV3")


@_attrs_define
class ImageGenerationResponseV3:
    """The images that were made.

    Attributes:
        created (str): When the request was made, written as in GenerateImageResponseV4.
        data (list[ImageObject]): One entry for each image.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    created: str
    data: list[ImageObject]
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created = self.created

        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created": created,
                "data": data,
            }
        )
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.image_object import ImageObject  # noqa: PLC0415

        d = dict(src_dict)
        created = d.pop("created")

        data = []
        _data = d.pop("data")
        for data_item_data in _data:
            data_item = ImageObject.from_dict(data_item_data)

            data.append(data_item)

        notice = d.pop("notice", UNSET)

        image_generation_response_v3 = cls(
            created=created,
            data=data,
            notice=notice,
        )

        image_generation_response_v3.additional_properties = d
        return image_generation_response_v3

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
