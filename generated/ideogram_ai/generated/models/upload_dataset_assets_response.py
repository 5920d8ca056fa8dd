from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.dataset_upload_failed_asset import DatasetUploadFailedAsset
    from ..models.dataset_upload_succeeded_asset import DatasetUploadSucceededAsset


T = TypeVar("T", bound="UploadDatasetAssetsResponse")


@_attrs_define
class UploadDatasetAssetsResponse:
    """Which images were uploaded, and which failed.

    Attributes:
        total_count (int): The number of images that were processed.
        success_count (int): The number of images that were uploaded.
        failure_count (int): The number of images that failed.
        successful_assets (list[DatasetUploadSucceededAsset] | Unset): The files that were uploaded.
        failed_assets (list[DatasetUploadFailedAsset] | Unset): The files that failed, and why.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    total_count: int
    success_count: int
    failure_count: int
    successful_assets: list[DatasetUploadSucceededAsset] | Unset = UNSET
    failed_assets: list[DatasetUploadFailedAsset] | Unset = UNSET
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        total_count = self.total_count

        success_count = self.success_count

        failure_count = self.failure_count

        successful_assets: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.successful_assets, Unset):
            successful_assets = []
            for successful_assets_item_data in self.successful_assets:
                successful_assets_item = successful_assets_item_data.to_dict()
                successful_assets.append(successful_assets_item)

        failed_assets: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.failed_assets, Unset):
            failed_assets = []
            for failed_assets_item_data in self.failed_assets:
                failed_assets_item = failed_assets_item_data.to_dict()
                failed_assets.append(failed_assets_item)

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "total_count": total_count,
                "success_count": success_count,
                "failure_count": failure_count,
            }
        )
        if successful_assets is not UNSET:
            field_dict["successful_assets"] = successful_assets
        if failed_assets is not UNSET:
            field_dict["failed_assets"] = failed_assets
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.dataset_upload_failed_asset import DatasetUploadFailedAsset  # noqa: PLC0415
        from ..models.dataset_upload_succeeded_asset import DatasetUploadSucceededAsset  # noqa: PLC0415

        d = dict(src_dict)
        total_count = d.pop("total_count")

        success_count = d.pop("success_count")

        failure_count = d.pop("failure_count")

        _successful_assets = d.pop("successful_assets", UNSET)
        successful_assets: list[DatasetUploadSucceededAsset] | Unset = UNSET
        if _successful_assets is not UNSET:
            successful_assets = []
            for successful_assets_item_data in _successful_assets:
                successful_assets_item = DatasetUploadSucceededAsset.from_dict(successful_assets_item_data)

                successful_assets.append(successful_assets_item)

        _failed_assets = d.pop("failed_assets", UNSET)
        failed_assets: list[DatasetUploadFailedAsset] | Unset = UNSET
        if _failed_assets is not UNSET:
            failed_assets = []
            for failed_assets_item_data in _failed_assets:
                failed_assets_item = DatasetUploadFailedAsset.from_dict(failed_assets_item_data)

                failed_assets.append(failed_assets_item)

        notice = d.pop("notice", UNSET)

        upload_dataset_assets_response = cls(
            total_count=total_count,
            success_count=success_count,
            failure_count=failure_count,
            successful_assets=successful_assets,
            failed_assets=failed_assets,
            notice=notice,
        )

        upload_dataset_assets_response.additional_properties = d
        return upload_dataset_assets_response

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
