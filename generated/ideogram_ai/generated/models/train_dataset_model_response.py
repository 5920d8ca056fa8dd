from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="TrainDatasetModelResponse")


@_attrs_define
class TrainDatasetModelResponse:
    """A model whose training has started.

    Attributes:
        model_id (str): The id of the model.
        dataset_id (str): The id of the dataset.
        training_status (str): The status of the training.
        model_name (str): The name of the model.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    model_id: str
    dataset_id: str
    training_status: str
    model_name: str
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_id = self.model_id

        dataset_id = self.dataset_id

        training_status = self.training_status

        model_name = self.model_name

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "model_id": model_id,
                "dataset_id": dataset_id,
                "training_status": training_status,
                "model_name": model_name,
            }
        )
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model_id = d.pop("model_id")

        dataset_id = d.pop("dataset_id")

        training_status = d.pop("training_status")

        model_name = d.pop("model_name")

        notice = d.pop("notice", UNSET)

        train_dataset_model_response = cls(
            model_id=model_id,
            dataset_id=dataset_id,
            training_status=training_status,
            model_name=model_name,
            notice=notice,
        )

        train_dataset_model_response.additional_properties = d
        return train_dataset_model_response

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
