from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.generation_object import GenerationObject


T = TypeVar("T", bound="WebhookBody")


@_attrs_define
class WebhookBody:
    """What is sent when a job has completed. The provider's words for the id differ from place to place, so a reader takes
    either, and the id of the header besides.

        Attributes:
            generation_id (str | Unset): The id of the job.
            request_id (str | Unset): The id of the job, in other words of the provider.
            created (str | Unset): When the job was made, written as in GenerateImageResponseV4.
            data (list[Any | GenerationObject] | Unset): One entry for each result, as when the job is asked for.
    """

    generation_id: str | Unset = UNSET
    request_id: str | Unset = UNSET
    created: str | Unset = UNSET
    data: list[Any | GenerationObject] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.generation_object import GenerationObject  # noqa: PLC0415

        generation_id = self.generation_id

        request_id = self.request_id

        created = self.created

        data: list[Any | dict[str, Any]] | Unset = UNSET
        if not isinstance(self.data, Unset):
            data = []
            for data_item_data in self.data:
                data_item: Any | dict[str, Any]
                if isinstance(data_item_data, GenerationObject):
                    data_item = data_item_data.to_dict()
                else:
                    data_item = data_item_data
                data.append(data_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if generation_id is not UNSET:
            field_dict["generation_id"] = generation_id
        if request_id is not UNSET:
            field_dict["request_id"] = request_id
        if created is not UNSET:
            field_dict["created"] = created
        if data is not UNSET:
            field_dict["data"] = data

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.generation_object import GenerationObject  # noqa: PLC0415

        d = dict(src_dict)
        generation_id = d.pop("generation_id", UNSET)

        request_id = d.pop("request_id", UNSET)

        created = d.pop("created", UNSET)

        _data = d.pop("data", UNSET)
        data: list[Any | GenerationObject] | Unset = UNSET
        if _data is not UNSET:
            data = []
            for data_item_data in _data:

                def _parse_data_item(data: object) -> Any | GenerationObject:
                    try:
                        if not isinstance(data, dict):
                            raise TypeError()
                        data_item_type_0 = GenerationObject.from_dict(data)

                        return data_item_type_0
                    except (TypeError, ValueError, AttributeError, KeyError):
                        pass
                    return cast(Any | GenerationObject, data)

                data_item = _parse_data_item(data_item_data)

                data.append(data_item)

        webhook_body = cls(
            generation_id=generation_id,
            request_id=request_id,
            created=created,
            data=data,
        )

        webhook_body.additional_properties = d
        return webhook_body

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
