from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_identifier import AssetIdentifier


T = TypeVar("T", bound="DatasetUploadSucceededAsset")


@_attrs_define
class DatasetUploadSucceededAsset:
    """A file that was uploaded.

    Attributes:
        asset_identifier (AssetIdentifier): A file that the service stores.
        file_name (None | str | Unset): The name of the file.
    """

    asset_identifier: AssetIdentifier
    file_name: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_identifier = self.asset_identifier.to_dict()

        file_name: None | str | Unset
        if isinstance(self.file_name, Unset):
            file_name = UNSET
        else:
            file_name = self.file_name

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_identifier": asset_identifier,
            }
        )
        if file_name is not UNSET:
            field_dict["file_name"] = file_name

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_identifier import AssetIdentifier  # noqa: PLC0415

        d = dict(src_dict)
        asset_identifier = AssetIdentifier.from_dict(d.pop("asset_identifier"))

        def _parse_file_name(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        file_name = _parse_file_name(d.pop("file_name", UNSET))

        dataset_upload_succeeded_asset = cls(
            asset_identifier=asset_identifier,
            file_name=file_name,
        )

        dataset_upload_succeeded_asset.additional_properties = d
        return dataset_upload_succeeded_asset

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
