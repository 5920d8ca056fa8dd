from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="DescribeRequestV4")


@_attrs_define
class DescribeRequestV4:
    """An image that is to be described.

    Attributes:
        image_file (File): The image, a JPEG, PNG or WebP file.
        include_bbox (bool | Unset): Whether the description says where things are. Default: True.
    """

    image_file: File
    include_bbox: bool | Unset = True
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        image_file = self.image_file.to_tuple()

        include_bbox = self.include_bbox

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image_file": image_file,
            }
        )
        if include_bbox is not UNSET:
            field_dict["include_bbox"] = include_bbox

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("image_file", self.image_file.to_tuple()))

        if not isinstance(self.include_bbox, Unset):
            files.append(("include_bbox", (None, str(self.include_bbox).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        image_file = File(payload=BytesIO(d.pop("image_file")))

        include_bbox = d.pop("include_bbox", UNSET)

        describe_request_v4 = cls(
            image_file=image_file,
            include_bbox=include_bbox,
        )

        describe_request_v4.additional_properties = d
        return describe_request_v4

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
