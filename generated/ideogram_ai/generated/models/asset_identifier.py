from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="AssetIdentifier")


@_attrs_define
class AssetIdentifier:
    """A file that the service stores.

    Attributes:
        asset_type (str): The kind of file. More values may come.
        asset_id (str): The id of the file.
        collection_id (str | Unset): The id of the collection that the file is in.
    """

    asset_type: str
    asset_id: str
    collection_id: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        asset_type = self.asset_type

        asset_id = self.asset_id

        collection_id = self.collection_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "asset_type": asset_type,
                "asset_id": asset_id,
            }
        )
        if collection_id is not UNSET:
            field_dict["collection_id"] = collection_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        asset_type = d.pop("asset_type")

        asset_id = d.pop("asset_id")

        collection_id = d.pop("collection_id", UNSET)

        asset_identifier = cls(
            asset_type=asset_type,
            asset_id=asset_id,
            collection_id=collection_id,
        )

        asset_identifier.additional_properties = d
        return asset_identifier

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
