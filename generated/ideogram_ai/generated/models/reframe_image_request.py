from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.model_enum import ModelEnum, check_model_enum
from ..models.resolution import Resolution, check_resolution
from ..models.style_type import StyleType, check_style_type
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="ReframeImageRequest")


@_attrs_define
class ReframeImageRequest:
    """An image, and the size that a model before 3.0 extends it to.

    Attributes:
        image_file (File): The image to extend, meant to be square: a JPEG, PNG or WebP file.
        resolution (Resolution): The size of the image in pixels, width before height.
        model (ModelEnum): The model. With AUTO, the service decides.
        num_images (int | Unset): How many images to make.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
        style_type (StyleType | Unset): The kind of style.
    """

    image_file: File
    resolution: Resolution
    model: ModelEnum
    num_images: int | Unset = UNSET
    seed: int | Unset = UNSET
    style_type: StyleType | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        image_file = self.image_file.to_tuple()

        resolution: str = self.resolution

        model: str = self.model

        num_images = self.num_images

        seed = self.seed

        style_type: str | Unset = UNSET
        if not isinstance(self.style_type, Unset):
            style_type = self.style_type

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image_file": image_file,
                "resolution": resolution,
                "model": model,
            }
        )
        if num_images is not UNSET:
            field_dict["num_images"] = num_images
        if seed is not UNSET:
            field_dict["seed"] = seed
        if style_type is not UNSET:
            field_dict["style_type"] = style_type

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("image_file", self.image_file.to_tuple()))

        files.append(("resolution", (None, str(self.resolution).encode(), "text/plain")))

        files.append(("model", (None, str(self.model).encode(), "text/plain")))

        if not isinstance(self.num_images, Unset):
            files.append(("num_images", (None, str(self.num_images).encode(), "text/plain")))

        if not isinstance(self.seed, Unset):
            files.append(("seed", (None, str(self.seed).encode(), "text/plain")))

        if not isinstance(self.style_type, Unset):
            files.append(("style_type", (None, str(self.style_type).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        image_file = File(payload=BytesIO(d.pop("image_file")))

        resolution = check_resolution(d.pop("resolution"))

        model = check_model_enum(d.pop("model"))

        num_images = d.pop("num_images", UNSET)

        seed = d.pop("seed", UNSET)

        _style_type = d.pop("style_type", UNSET)
        style_type: StyleType | Unset
        if isinstance(_style_type, Unset):
            style_type = UNSET
        else:
            style_type = check_style_type(_style_type)

        reframe_image_request = cls(
            image_file=image_file,
            resolution=resolution,
            model=model,
            num_images=num_images,
            seed=seed,
            style_type=style_type,
        )

        reframe_image_request.additional_properties = d
        return reframe_image_request

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
