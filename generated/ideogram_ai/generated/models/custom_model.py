from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="CustomModel")


@_attrs_define
class CustomModel:
    """A custom model as it is now.

    Attributes:
        model_id (str): The id of the model.
        name (str): The name of the model.
        status (str): The status of the model. More values may come; do not take a model with one of them for ready.
        creation_time (str): When the model was created, written as in GenerateImageResponseV4.
        is_available_for_generation (bool): Whether it can make images.
        is_owned (bool): Whether it belongs to this account; otherwise it is shared with it.
        custom_model_uri (None | str | Unset): What v3.generate takes as custom_model_uri: model/NAME/version/VERSION.
            Absent until the model can be used.
        dataset_id (None | str | Unset): The id of the dataset that it was trained on.
        last_update_time (None | str | Unset): When the model last changed, written as in GenerateImageResponseV4.
    """

    model_id: str
    name: str
    status: str
    creation_time: str
    is_available_for_generation: bool
    is_owned: bool
    custom_model_uri: None | str | Unset = UNSET
    dataset_id: None | str | Unset = UNSET
    last_update_time: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        model_id = self.model_id

        name = self.name

        status = self.status

        creation_time = self.creation_time

        is_available_for_generation = self.is_available_for_generation

        is_owned = self.is_owned

        custom_model_uri: None | str | Unset
        if isinstance(self.custom_model_uri, Unset):
            custom_model_uri = UNSET
        else:
            custom_model_uri = self.custom_model_uri

        dataset_id: None | str | Unset
        if isinstance(self.dataset_id, Unset):
            dataset_id = UNSET
        else:
            dataset_id = self.dataset_id

        last_update_time: None | str | Unset
        if isinstance(self.last_update_time, Unset):
            last_update_time = UNSET
        else:
            last_update_time = self.last_update_time

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "model_id": model_id,
                "name": name,
                "status": status,
                "creation_time": creation_time,
                "is_available_for_generation": is_available_for_generation,
                "is_owned": is_owned,
            }
        )
        if custom_model_uri is not UNSET:
            field_dict["custom_model_uri"] = custom_model_uri
        if dataset_id is not UNSET:
            field_dict["dataset_id"] = dataset_id
        if last_update_time is not UNSET:
            field_dict["last_update_time"] = last_update_time

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        model_id = d.pop("model_id")

        name = d.pop("name")

        status = d.pop("status")

        creation_time = d.pop("creation_time")

        is_available_for_generation = d.pop("is_available_for_generation")

        is_owned = d.pop("is_owned")

        def _parse_custom_model_uri(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        custom_model_uri = _parse_custom_model_uri(d.pop("custom_model_uri", UNSET))

        def _parse_dataset_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        dataset_id = _parse_dataset_id(d.pop("dataset_id", UNSET))

        def _parse_last_update_time(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        last_update_time = _parse_last_update_time(d.pop("last_update_time", UNSET))

        custom_model = cls(
            model_id=model_id,
            name=name,
            status=status,
            creation_time=creation_time,
            is_available_for_generation=is_available_for_generation,
            is_owned=is_owned,
            custom_model_uri=custom_model_uri,
            dataset_id=dataset_id,
            last_update_time=last_update_time,
        )

        custom_model.additional_properties = d
        return custom_model

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
