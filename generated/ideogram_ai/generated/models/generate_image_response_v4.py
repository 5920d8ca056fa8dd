from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.image_object_v4 import ImageObjectV4


T = TypeVar("T", bound="GenerateImageResponseV4")


@_attrs_define
class GenerateImageResponseV4:
    """The response to a request that ran.

    Attributes:
        created (str): When the request was made. A date-time; the provider's own example has a space where RFC 3339 has
            a T, so both are allowed, with Z, with an offset or with none.
        data (list[ImageObjectV4]): One entry for each image.
        response_type (str | Unset): The kind of response, url today. More kinds may come.
        notice (Any | Unset): What the provider has to say about the operation, for example that a newer one follows it.
            Its type is not known.
    """

    created: str
    data: list[ImageObjectV4]
    response_type: str | Unset = UNSET
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        created = self.created

        data = []
        for data_item_data in self.data:
            data_item = data_item_data.to_dict()
            data.append(data_item)

        response_type = self.response_type

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "created": created,
                "data": data,
            }
        )
        if response_type is not UNSET:
            field_dict["response_type"] = response_type
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.image_object_v4 import ImageObjectV4  # noqa: PLC0415

        d = dict(src_dict)
        created = d.pop("created")

        data = []
        _data = d.pop("data")
        for data_item_data in _data:
            data_item = ImageObjectV4.from_dict(data_item_data)

            data.append(data_item)

        response_type = d.pop("response_type", UNSET)

        notice = d.pop("notice", UNSET)

        generate_image_response_v4 = cls(
            created=created,
            data=data,
            response_type=response_type,
            notice=notice,
        )

        generate_image_response_v4.additional_properties = d
        return generate_image_response_v4

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
