from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.dataset import Dataset
    from ..models.dataset_file import DatasetFile


T = TypeVar("T", bound="GetDatasetResponse")


@_attrs_define
class GetDatasetResponse:
    """A dataset and its files.

    Attributes:
        dataset (Dataset): A dataset: images to train a model on.
        file_count (int): The number of files.
        files (list[DatasetFile]): The files.
        custom_model_ids (list[str]): The ids of the models that were trained on it.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    dataset: Dataset
    file_count: int
    files: list[DatasetFile]
    custom_model_ids: list[str]
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        dataset = self.dataset.to_dict()

        file_count = self.file_count

        files = []
        for files_item_data in self.files:
            files_item = files_item_data.to_dict()
            files.append(files_item)

        custom_model_ids = self.custom_model_ids

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "dataset": dataset,
                "file_count": file_count,
                "files": files,
                "custom_model_ids": custom_model_ids,
            }
        )
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.dataset import Dataset  # noqa: PLC0415
        from ..models.dataset_file import DatasetFile  # noqa: PLC0415

        d = dict(src_dict)
        dataset = Dataset.from_dict(d.pop("dataset"))

        file_count = d.pop("file_count")

        files = []
        _files = d.pop("files")
        for files_item_data in _files:
            files_item = DatasetFile.from_dict(files_item_data)

            files.append(files_item)

        custom_model_ids = cast(list[str], d.pop("custom_model_ids"))

        notice = d.pop("notice", UNSET)

        get_dataset_response = cls(
            dataset=dataset,
            file_count=file_count,
            files=files,
            custom_model_ids=custom_model_ids,
            notice=notice,
        )

        get_dataset_response.additional_properties = d
        return get_dataset_response

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
