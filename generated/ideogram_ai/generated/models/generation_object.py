from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="GenerationObject")


@_attrs_define
class GenerationObject:
    """An image that a job made. An entry without an object_type is one, too.

    Attributes:
        prompt (str): The prompt that the service used, after magic prompt.
        resolution (str): Width and height of the image in pixels. Not limited to the sizes that a request can have.
        is_image_safe (bool): False when the image was withheld by the safety check.
        seed (int): The seed that the image was made with.
        url (None | str | Unset): Where the image lies until the unix second in exp. No key is needed to fetch it. Null,
            empty or absent when the image was withheld.
        object_type (str | Unset): The kind of result. Other kinds have other fields.
        asset_id (None | str | Unset): The id of a stored result, which only workflows have.
    """

    prompt: str
    resolution: str
    is_image_safe: bool
    seed: int
    url: None | str | Unset = UNSET
    object_type: str | Unset = UNSET
    asset_id: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        resolution = self.resolution

        is_image_safe = self.is_image_safe

        seed = self.seed

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url

        object_type = self.object_type

        asset_id: None | str | Unset
        if isinstance(self.asset_id, Unset):
            asset_id = UNSET
        else:
            asset_id = self.asset_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
                "resolution": resolution,
                "is_image_safe": is_image_safe,
                "seed": seed,
            }
        )
        if url is not UNSET:
            field_dict["url"] = url
        if object_type is not UNSET:
            field_dict["object_type"] = object_type
        if asset_id is not UNSET:
            field_dict["asset_id"] = asset_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prompt = d.pop("prompt")

        resolution = d.pop("resolution")

        is_image_safe = d.pop("is_image_safe")

        seed = d.pop("seed")

        def _parse_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        url = _parse_url(d.pop("url", UNSET))

        object_type = d.pop("object_type", UNSET)

        def _parse_asset_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        asset_id = _parse_asset_id(d.pop("asset_id", UNSET))

        generation_object = cls(
            prompt=prompt,
            resolution=resolution,
            is_image_safe=is_image_safe,
            seed=seed,
            url=url,
            object_type=object_type,
            asset_id=asset_id,
        )

        generation_object.additional_properties = d
        return generation_object

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
