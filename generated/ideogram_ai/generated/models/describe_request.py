from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.describe_model_version import DescribeModelVersion, check_describe_model_version
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="DescribeRequest")


@_attrs_define
class DescribeRequest:
    """An image to describe in plain language.

    Attributes:
        image_file (File): The image, a JPEG, PNG or WebP file.
        describe_model_version (DescribeModelVersion | Unset): The model that describes the image.
    """

    image_file: File
    describe_model_version: DescribeModelVersion | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        image_file = self.image_file.to_tuple()

        describe_model_version: str | Unset = UNSET
        if not isinstance(self.describe_model_version, Unset):
            describe_model_version = self.describe_model_version

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image_file": image_file,
            }
        )
        if describe_model_version is not UNSET:
            field_dict["describe_model_version"] = describe_model_version

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("image_file", self.image_file.to_tuple()))

        if not isinstance(self.describe_model_version, Unset):
            files.append(("describe_model_version", (None, str(self.describe_model_version).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        image_file = File(payload=BytesIO(d.pop("image_file")))

        _describe_model_version = d.pop("describe_model_version", UNSET)
        describe_model_version: DescribeModelVersion | Unset
        if isinstance(_describe_model_version, Unset):
            describe_model_version = UNSET
        else:
            describe_model_version = check_describe_model_version(_describe_model_version)

        describe_request = cls(
            image_file=image_file,
            describe_model_version=describe_model_version,
        )

        describe_request.additional_properties = d
        return describe_request

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
