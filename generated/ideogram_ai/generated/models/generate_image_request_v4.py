from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.rendering_speed_v4 import RenderingSpeedV4, check_rendering_speed_v4
from ..models.resolution_v4 import ResolutionV4, check_resolution_v4
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.v4_json_prompt import V4JsonPrompt


T = TypeVar("T", bound="GenerateImageRequestV4")


@_attrs_define
class GenerateImageRequestV4:
    """A request for images. Exactly one of text_prompt and json_prompt is given.

    Attributes:
        text_prompt (str | Unset): The prompt in plain language. The service rewrites it (magic prompt) before it draws.
            Example: A photo of a cat.
        json_prompt (V4JsonPrompt | Unset): A structured prompt. The model reads it as it is, without magic prompt. The
            order of its keys has a meaning for the model, and must be kept.
        resolution (ResolutionV4 | Unset): The size of the image in pixels, width first. When absent, the service
            chooses.
        rendering_speed (RenderingSpeedV4 | Unset): Speed against fidelity. It sets the price of the image.
        enable_copyright_detection (bool | None | Unset): Asks for a check of the finished image for likenesses and
            logos. It is combined (OR) with the setting of the organization, so false cannot switch that setting off.
    """

    text_prompt: str | Unset = UNSET
    json_prompt: V4JsonPrompt | Unset = UNSET
    resolution: ResolutionV4 | Unset = UNSET
    rendering_speed: RenderingSpeedV4 | Unset = UNSET
    enable_copyright_detection: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        text_prompt = self.text_prompt

        json_prompt: dict[str, Any] | Unset = UNSET
        if not isinstance(self.json_prompt, Unset):
            json_prompt = self.json_prompt.to_dict()

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
        field_dict.update({})
        if text_prompt is not UNSET:
            field_dict["text_prompt"] = text_prompt
        if json_prompt is not UNSET:
            field_dict["json_prompt"] = json_prompt
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if rendering_speed is not UNSET:
            field_dict["rendering_speed"] = rendering_speed
        if enable_copyright_detection is not UNSET:
            field_dict["enable_copyright_detection"] = enable_copyright_detection

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        if not isinstance(self.text_prompt, Unset):
            files.append(("text_prompt", (None, str(self.text_prompt).encode(), "text/plain")))

        if not isinstance(self.json_prompt, Unset):
            files.append(("json_prompt", (None, json.dumps(self.json_prompt.to_dict()).encode(), "application/json")))

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
        from ..models.v4_json_prompt import V4JsonPrompt  # noqa: PLC0415

        d = dict(src_dict)
        text_prompt = d.pop("text_prompt", UNSET)

        _json_prompt = d.pop("json_prompt", UNSET)
        json_prompt: V4JsonPrompt | Unset
        if isinstance(_json_prompt, Unset):
            json_prompt = UNSET
        else:
            json_prompt = V4JsonPrompt.from_dict(_json_prompt)

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

        generate_image_request_v4 = cls(
            text_prompt=text_prompt,
            json_prompt=json_prompt,
            resolution=resolution,
            rendering_speed=rendering_speed,
            enable_copyright_detection=enable_copyright_detection,
        )

        generate_image_request_v4.additional_properties = d
        return generate_image_request_v4

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
