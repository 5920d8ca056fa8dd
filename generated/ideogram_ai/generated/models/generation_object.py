from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="GenerationObject")


@_attrs_define
class GenerationObject:
    """A result of a job. A 4.0 job has images, for which all but object_type, asset_id and the url of a withheld image is
    documented. An entry without an object_type is an image; other kinds may have other fields.

        Attributes:
            object_type (str | Unset): The kind of result. More values may come.
            url (None | str | Unset): Where the image lies until the unix second in exp. No key is needed to fetch it. Null,
                empty or absent when the image was withheld.
            prompt (str | Unset): The prompt that was really used, after magic prompt.
            resolution (str | Unset): Width and height in pixels.
            is_image_safe (bool | Unset): False when the image was withheld by the safety check.
            seed (int | Unset): The seed that the image was made with.
            asset_id (None | str | Unset): The id of a stored result, which only workflows have.
    """

    object_type: str | Unset = UNSET
    url: None | str | Unset = UNSET
    prompt: str | Unset = UNSET
    resolution: str | Unset = UNSET
    is_image_safe: bool | Unset = UNSET
    seed: int | Unset = UNSET
    asset_id: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        object_type = self.object_type

        url: None | str | Unset
        if isinstance(self.url, Unset):
            url = UNSET
        else:
            url = self.url

        prompt = self.prompt

        resolution = self.resolution

        is_image_safe = self.is_image_safe

        seed = self.seed

        asset_id: None | str | Unset
        if isinstance(self.asset_id, Unset):
            asset_id = UNSET
        else:
            asset_id = self.asset_id

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if object_type is not UNSET:
            field_dict["object_type"] = object_type
        if url is not UNSET:
            field_dict["url"] = url
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if is_image_safe is not UNSET:
            field_dict["is_image_safe"] = is_image_safe
        if seed is not UNSET:
            field_dict["seed"] = seed
        if asset_id is not UNSET:
            field_dict["asset_id"] = asset_id

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        object_type = d.pop("object_type", UNSET)

        def _parse_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        url = _parse_url(d.pop("url", UNSET))

        prompt = d.pop("prompt", UNSET)

        resolution = d.pop("resolution", UNSET)

        is_image_safe = d.pop("is_image_safe", UNSET)

        seed = d.pop("seed", UNSET)

        def _parse_asset_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        asset_id = _parse_asset_id(d.pop("asset_id", UNSET))

        generation_object = cls(
            object_type=object_type,
            url=url,
            prompt=prompt,
            resolution=resolution,
            is_image_safe=is_image_safe,
            seed=seed,
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
