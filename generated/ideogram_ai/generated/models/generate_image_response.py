from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.image_object import ImageObject


T = TypeVar("T", bound="GenerateImageResponse")


@_attrs_define
class GenerateImageResponse:
    """The images that were made.

    Attributes:
        created (str): When the request was made, written as in GenerateImageResponseV4.
        request_id (str | Unset): May stand for the images if they are delivered in another way. No operation is known
            to do so.
        data (list[ImageObject] | Unset): One entry for each image.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    created: str
    request_id: str | Unset = UNSET
    data: list[ImageObject] | Unset = UNSET
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created = self.created

        request_id = self.request_id

        data: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.data, Unset):
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
            }
        )
        if request_id is not UNSET:
            field_dict["request_id"] = request_id
        if data is not UNSET:
            field_dict["data"] = data
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.image_object import ImageObject  # noqa: PLC0415

        d = dict(src_dict)
        created = d.pop("created")

        request_id = d.pop("request_id", UNSET)

        _data = d.pop("data", UNSET)
        data: list[ImageObject] | Unset = UNSET
        if _data is not UNSET:
            data = []
            for data_item_data in _data:
                data_item = ImageObject.from_dict(data_item_data)

                data.append(data_item)

        notice = d.pop("notice", UNSET)

        generate_image_response = cls(
            created=created,
            request_id=request_id,
            data=data,
            notice=notice,
        )

        generate_image_response.additional_properties = d
        return generate_image_response

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
