from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.generation_object import GenerationObject


T = TypeVar("T", bound="GenerationResponse")


@_attrs_define
class GenerationResponse:
    """The current state of a job.

    Attributes:
        generation_id (str): The id of the job.
        status (str): How the job is doing. More values may come; such a job is not known to have ended.
        created (str): When the job was made. A date-time, written as in GenerateImageResponseV4.
        response_type (str | Unset): The kind of response once the job has completed, url today. More kinds may come.
        data (list[Any | GenerationObject] | Unset): One entry for each result, once the job has completed.
        failure_reason (str | Unset): Why the job failed, for programs. More values may come, and it may be absent.
        usage_cost_usd_micros (int | Unset): What a completed job cost, in millionths of a US dollar. Only operations
            that are priced by usage have it, which none of Ideogram 4.0 is today.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    generation_id: str
    status: str
    created: str
    response_type: str | Unset = UNSET
    data: list[Any | GenerationObject] | Unset = UNSET
    failure_reason: str | Unset = UNSET
    usage_cost_usd_micros: int | Unset = UNSET
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.generation_object import GenerationObject  # noqa: PLC0415

        generation_id = self.generation_id

        status = self.status

        created = self.created

        response_type = self.response_type

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

        failure_reason = self.failure_reason

        usage_cost_usd_micros = self.usage_cost_usd_micros

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "generation_id": generation_id,
                "status": status,
                "created": created,
            }
        )
        if response_type is not UNSET:
            field_dict["response_type"] = response_type
        if data is not UNSET:
            field_dict["data"] = data
        if failure_reason is not UNSET:
            field_dict["failure_reason"] = failure_reason
        if usage_cost_usd_micros is not UNSET:
            field_dict["usage_cost_usd_micros"] = usage_cost_usd_micros
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.generation_object import GenerationObject  # noqa: PLC0415

        d = dict(src_dict)
        generation_id = d.pop("generation_id")

        status = d.pop("status")

        created = d.pop("created")

        response_type = d.pop("response_type", UNSET)

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

        failure_reason = d.pop("failure_reason", UNSET)

        usage_cost_usd_micros = d.pop("usage_cost_usd_micros", UNSET)

        notice = d.pop("notice", UNSET)

        generation_response = cls(
            generation_id=generation_id,
            status=status,
            created=created,
            response_type=response_type,
            data=data,
            failure_reason=failure_reason,
            usage_cost_usd_micros=usage_cost_usd_micros,
            notice=notice,
        )

        generation_response.additional_properties = d
        return generation_response

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
