from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.rendering_speed_v4 import RenderingSpeedV4, check_rendering_speed_v4
from ..models.resolution_v4 import ResolutionV4, check_resolution_v4
from ..types import UNSET, File, Unset

T = TypeVar("T", bound="RemixImageRequestV4")


@_attrs_define
class RemixImageRequestV4:
    """A request for an image made from an image.

    Attributes:
        image (File): The image to start from, a JPEG, PNG or WebP file.
        text_prompt (str): What to make of the image, in plain language.
        image_weight (int | Unset): How much the result is like the image. When absent, the service chooses. With a
            resolution of another shape than the image it is refused.
        resolution (ResolutionV4 | Unset): The size of the image in pixels, width first. When absent, the service
            chooses.
        rendering_speed (RenderingSpeedV4 | Unset): Speed against fidelity. It sets the price of the image.
        enable_copyright_detection (bool | None | Unset): Asks for a check of the finished image for likenesses and
            logos. It is combined (OR) with the setting of the organization, so false cannot switch that setting off.
    """

    image: File
    text_prompt: str
    image_weight: int | Unset = UNSET
    resolution: ResolutionV4 | Unset = UNSET
    rendering_speed: RenderingSpeedV4 | Unset = UNSET
    enable_copyright_detection: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        image = self.image.to_tuple()

        text_prompt = self.text_prompt

        image_weight = self.image_weight

        resolution: str | Unset = UNSET
        if not isinstance(self.resolution, Unset):
            resolution = self.resolution

        rendering_speed: str | Unset = UNSET
        if not isinstance(self.rendering_speed, Unset):
            rendering_speed = self.rendering_speed

        enable_copyright_detection: bool | None | Unset
        if isinstance(self.enable_copyright_detection, Unset):
            enable_copyright_detection = UNSET
        else:
            enable_copyright_detection = self.enable_copyright_detection

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image": image,
                "text_prompt": text_prompt,
            }
        )
        if image_weight is not UNSET:
            field_dict["image_weight"] = image_weight
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if rendering_speed is not UNSET:
            field_dict["rendering_speed"] = rendering_speed
        if enable_copyright_detection is not UNSET:
            field_dict["enable_copyright_detection"] = enable_copyright_detection

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("image", self.image.to_tuple()))

        files.append(("text_prompt", (None, str(self.text_prompt).encode(), "text/plain")))

        if not isinstance(self.image_weight, Unset):
            files.append(("image_weight", (None, str(self.image_weight).encode(), "text/plain")))

        if not isinstance(self.resolution, Unset):
            files.append(("resolution", (None, str(self.resolution).encode(), "text/plain")))

        if not isinstance(self.rendering_speed, Unset):
            files.append(("rendering_speed", (None, str(self.rendering_speed).encode(), "text/plain")))

        if not isinstance(self.enable_copyright_detection, Unset):
            if isinstance(self.enable_copyright_detection, bool):
                files.append(
                    ("enable_copyright_detection", (None, str(self.enable_copyright_detection).encode(), "text/plain"))
                )
            else:
                files.append(
                    ("enable_copyright_detection", (None, str(self.enable_copyright_detection).encode(), "text/plain"))
                )

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        image = File(payload=BytesIO(d.pop("image")))

        text_prompt = d.pop("text_prompt")

        image_weight = d.pop("image_weight", UNSET)

        _resolution = d.pop("resolution", UNSET)
        resolution: ResolutionV4 | Unset
        if isinstance(_resolution, Unset):
            resolution = UNSET
        else:
            resolution = check_resolution_v4(_resolution)

        _rendering_speed = d.pop("rendering_speed", UNSET)
        rendering_speed: RenderingSpeedV4 | Unset
        if isinstance(_rendering_speed, Unset):
            rendering_speed = UNSET
        else:
            rendering_speed = check_rendering_speed_v4(_rendering_speed)

        def _parse_enable_copyright_detection(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        enable_copyright_detection = _parse_enable_copyright_detection(d.pop("enable_copyright_detection", UNSET))

        remix_image_request_v4 = cls(
            image=image,
            text_prompt=text_prompt,
            image_weight=image_weight,
            resolution=resolution,
            rendering_speed=rendering_speed,
            enable_copyright_detection=enable_copyright_detection,
        )

        remix_image_request_v4.additional_properties = d
        return remix_image_request_v4

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
