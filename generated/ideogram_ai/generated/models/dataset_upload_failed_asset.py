from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DatasetUploadFailedAsset")


@_attrs_define
class DatasetUploadFailedAsset:
    """A file that was not uploaded.

    Attributes:
        failure_reason (str): Why: FAILED_SAFETY_CHECK, FILE_TOO_LARGE, INTERNAL_ERROR, INVALID_CAPTION, INVALID_IMAGE,
            INVALID_ZIP or TOO_MANY_IMAGES. More values may come.
        file_name (None | str | Unset): The name of the file.
    """

    failure_reason: str
    file_name: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        failure_reason = self.failure_reason

        file_name: None | str | Unset
        if isinstance(self.file_name, Unset):
            file_name = UNSET
        else:
            file_name = self.file_name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "failure_reason": failure_reason,
            }
        )
        if file_name is not UNSET:
            field_dict["file_name"] = file_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        failure_reason = d.pop("failure_reason")

        def _parse_file_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        file_name = _parse_file_name(d.pop("file_name", UNSET))

        dataset_upload_failed_asset = cls(
            failure_reason=failure_reason,
            file_name=file_name,
        )

        dataset_upload_failed_asset.additional_properties = d
        return dataset_upload_failed_asset

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
