from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="Rejection")


@_attrs_define
class Rejection:
    """Why a request was not let in.

    Attributes:
        error (str | Unset):
        reject_reason (str | Unset): The limit that was met. More values may come.
        max_inflight_requests (int | Unset):
        task_completion_speed (Any | Unset): Seen in name only; its type is not known.
    """

    error: str | Unset = UNSET
    reject_reason: str | Unset = UNSET
    max_inflight_requests: int | Unset = UNSET
    task_completion_speed: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        error = self.error

        reject_reason = self.reject_reason

        max_inflight_requests = self.max_inflight_requests

        task_completion_speed = self.task_completion_speed

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if error is not UNSET:
            field_dict["error"] = error
        if reject_reason is not UNSET:
            field_dict["reject_reason"] = reject_reason
        if max_inflight_requests is not UNSET:
            field_dict["max_inflight_requests"] = max_inflight_requests
        if task_completion_speed is not UNSET:
            field_dict["task_completion_speed"] = task_completion_speed

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        error = d.pop("error", UNSET)

        reject_reason = d.pop("reject_reason", UNSET)

        max_inflight_requests = d.pop("max_inflight_requests", UNSET)

        task_completion_speed = d.pop("task_completion_speed", UNSET)

        rejection = cls(
            error=error,
            reject_reason=reject_reason,
            max_inflight_requests=max_inflight_requests,
            task_completion_speed=task_completion_speed,
        )

        rejection.additional_properties = d
        return rejection

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
