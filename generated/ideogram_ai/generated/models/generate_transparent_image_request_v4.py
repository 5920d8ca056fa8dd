from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.aspect_ratio_v4 import AspectRatioV4, check_aspect_ratio_v4
from ..models.output_resolution import OutputResolution, check_output_resolution
from ..models.transparent_rendering_speed_v4 import TransparentRenderingSpeedV4, check_transparent_rendering_speed_v4
from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.v4_json_prompt import V4JsonPrompt


T = TypeVar("T", bound="GenerateTransparentImageRequestV4")


@_attrs_define
class GenerateTransparentImageRequestV4:
    """A request for an image with a transparent background. Exactly one of text_prompt and json_prompt is given.

    Attributes:
        text_prompt (str | Unset): The prompt in plain language.
        json_prompt (V4JsonPrompt | Unset): A structured prompt. The model reads it as it is, without magic prompt. The
            order of its keys has a meaning for the model, and must be kept.
        aspect_ratio (AspectRatioV4 | Unset): The shape of the image, width x height. AUTO leaves it to the service.
        output_resolution (OutputResolution | Unset): A number of pixels, not the length of a side: 1K is about 1024 by
            1024, and a wide image may be wider.
        rendering_speed (TransparentRenderingSpeedV4 | Unset): Speed against fidelity.
        enable_copyright_detection (bool | None | Unset): Asks for a check of the finished image for likenesses and
            logos. It is combined (OR) with the setting of the organization, so false cannot switch that setting off.
    """

    text_prompt: str | Unset = UNSET
    json_prompt: V4JsonPrompt | Unset = UNSET
    aspect_ratio: AspectRatioV4 | Unset = UNSET
    output_resolution: OutputResolution | Unset = UNSET
    rendering_speed: TransparentRenderingSpeedV4 | Unset = UNSET
    enable_copyright_detection: bool | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        text_prompt = self.text_prompt

        json_prompt: dict[str, Any] | Unset = UNSET
        if not isinstance(self.json_prompt, Unset):
            json_prompt = self.json_prompt.to_dict()

        aspect_ratio: str | Unset = UNSET
        if not isinstance(self.aspect_ratio, Unset):
            aspect_ratio = self.aspect_ratio

        output_resolution: str | Unset = UNSET
        if not isinstance(self.output_resolution, Unset):
            output_resolution = self.output_resolution

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
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio
        if output_resolution is not UNSET:
            field_dict["output_resolution"] = output_resolution
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

        if not isinstance(self.aspect_ratio, Unset):
            files.append(("aspect_ratio", (None, str(self.aspect_ratio).encode(), "text/plain")))

        if not isinstance(self.output_resolution, Unset):
            files.append(("output_resolution", (None, str(self.output_resolution).encode(), "text/plain")))

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

        _aspect_ratio = d.pop("aspect_ratio", UNSET)
        aspect_ratio: AspectRatioV4 | Unset
        if isinstance(_aspect_ratio, Unset):
            aspect_ratio = UNSET
        else:
            aspect_ratio = check_aspect_ratio_v4(_aspect_ratio)

        _output_resolution = d.pop("output_resolution", UNSET)
        output_resolution: OutputResolution | Unset
        if isinstance(_output_resolution, Unset):
            output_resolution = UNSET
        else:
            output_resolution = check_output_resolution(_output_resolution)

        _rendering_speed = d.pop("rendering_speed", UNSET)
        rendering_speed: TransparentRenderingSpeedV4 | Unset
        if isinstance(_rendering_speed, Unset):
            rendering_speed = UNSET
        else:
            rendering_speed = check_transparent_rendering_speed_v4(_rendering_speed)

        def _parse_enable_copyright_detection(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        enable_copyright_detection = _parse_enable_copyright_detection(d.pop("enable_copyright_detection", UNSET))

        generate_transparent_image_request_v4 = cls(
            text_prompt=text_prompt,
            json_prompt=json_prompt,
            aspect_ratio=aspect_ratio,
            output_resolution=output_resolution,
            rendering_speed=rendering_speed,
            enable_copyright_detection=enable_copyright_detection,
        )

        generate_transparent_image_request_v4.additional_properties = d
        return generate_transparent_image_request_v4

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
