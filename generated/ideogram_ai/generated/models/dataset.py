from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.asset_identifier import AssetIdentifier


T = TypeVar("T", bound="Dataset")


@_attrs_define
class Dataset:
    """A dataset: images to train a model on.

    Attributes:
        dataset_id (str): The id of the dataset.
        name (str): The name of the dataset.
        user_id (str): The id of the account.
        creation_time (str): When the dataset was created, written as in GenerateImageResponseV4.
        cover_asset_identifier (AssetIdentifier | None | Unset): The cover image, if there is one.
    """

    dataset_id: str
    name: str
    user_id: str
    creation_time: str
    cover_asset_identifier: AssetIdentifier | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.asset_identifier import AssetIdentifier  # noqa: PLC0415

        dataset_id = self.dataset_id

        name = self.name

        user_id = self.user_id

        creation_time = self.creation_time

        cover_asset_identifier: dict[str, Any] | None | Unset
        if isinstance(self.cover_asset_identifier, Unset):
            cover_asset_identifier = UNSET
        elif isinstance(self.cover_asset_identifier, AssetIdentifier):
            cover_asset_identifier = self.cover_asset_identifier.to_dict()
        else:
            cover_asset_identifier = self.cover_asset_identifier

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "dataset_id": dataset_id,
                "name": name,
                "user_id": user_id,
                "creation_time": creation_time,
            }
        )
        if cover_asset_identifier is not UNSET:
            field_dict["cover_asset_identifier"] = cover_asset_identifier

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.asset_identifier import AssetIdentifier  # noqa: PLC0415

        d = dict(src_dict)
        dataset_id = d.pop("dataset_id")

        name = d.pop("name")

        user_id = d.pop("user_id")

        creation_time = d.pop("creation_time")

        def _parse_cover_asset_identifier(data: object) -> AssetIdentifier | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                cover_asset_identifier_type_0 = AssetIdentifier.from_dict(data)

                return cover_asset_identifier_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AssetIdentifier | None | Unset, data)

        cover_asset_identifier = _parse_cover_asset_identifier(d.pop("cover_asset_identifier", UNSET))

        dataset = cls(
            dataset_id=dataset_id,
            name=name,
            user_id=user_id,
            creation_time=creation_time,
            cover_asset_identifier=cover_asset_identifier,
        )

        dataset.additional_properties = d
        return dataset

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
