from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.aspect_ratio_v3 import AspectRatioV3, check_aspect_ratio_v3
from ..models.magic_prompt_option import MagicPromptOption, check_magic_prompt_option
from ..models.transparent_rendering_speed_v3 import TransparentRenderingSpeedV3, check_transparent_rendering_speed_v3
from ..models.upscale_factor import UpscaleFactor, check_upscale_factor
from ..types import UNSET, Unset

T = TypeVar("T", bound="GenerateTransparentImageRequestV3")


@_attrs_define
class GenerateTransparentImageRequestV3:
    """A request for images of Ideogram 3.0 with a transparent background.

    Attributes:
        prompt (str): What to draw, in plain language.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
        upscale_factor (UpscaleFactor | Unset): How many times to enlarge each side of the image. It raises the price.
        aspect_ratio (AspectRatioV3 | Unset): The shape of the image, width x height.
        rendering_speed (TransparentRenderingSpeedV3 | Unset): Speed against fidelity. It sets the price of the image.
        magic_prompt (MagicPromptOption | Unset): Whether the service rewrites the prompt before it draws. With AUTO,
            the service decides.
        negative_prompt (str | Unset): What to leave out of the image. Where it contradicts prompt, prompt wins.
        num_images (int | Unset): How many images to make.
    """

    prompt: str
    seed: int | Unset = UNSET
    upscale_factor: UpscaleFactor | Unset = UNSET
    aspect_ratio: AspectRatioV3 | Unset = UNSET
    rendering_speed: TransparentRenderingSpeedV3 | Unset = UNSET
    magic_prompt: MagicPromptOption | Unset = UNSET
    negative_prompt: str | Unset = UNSET
    num_images: int | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        seed = self.seed

        upscale_factor: str | Unset = UNSET
        if not isinstance(self.upscale_factor, Unset):
            upscale_factor = self.upscale_factor

        aspect_ratio: str | Unset = UNSET
        if not isinstance(self.aspect_ratio, Unset):
            aspect_ratio = self.aspect_ratio

        rendering_speed: str | Unset = UNSET
        if not isinstance(self.rendering_speed, Unset):
            rendering_speed = self.rendering_speed

        magic_prompt: str | Unset = UNSET
        if not isinstance(self.magic_prompt, Unset):
            magic_prompt = self.magic_prompt

        negative_prompt = self.negative_prompt

        num_images = self.num_images

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
            }
        )
        if seed is not UNSET:
            field_dict["seed"] = seed
        if upscale_factor is not UNSET:
            field_dict["upscale_factor"] = upscale_factor
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio
        if rendering_speed is not UNSET:
            field_dict["rendering_speed"] = rendering_speed
        if magic_prompt is not UNSET:
            field_dict["magic_prompt"] = magic_prompt
        if negative_prompt is not UNSET:
            field_dict["negative_prompt"] = negative_prompt
        if num_images is not UNSET:
            field_dict["num_images"] = num_images

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("prompt", (None, str(self.prompt).encode(), "text/plain")))

        if not isinstance(self.seed, Unset):
            files.append(("seed", (None, str(self.seed).encode(), "text/plain")))

        if not isinstance(self.upscale_factor, Unset):
            files.append(("upscale_factor", (None, str(self.upscale_factor).encode(), "text/plain")))

        if not isinstance(self.aspect_ratio, Unset):
            files.append(("aspect_ratio", (None, str(self.aspect_ratio).encode(), "text/plain")))

        if not isinstance(self.rendering_speed, Unset):
            files.append(("rendering_speed", (None, str(self.rendering_speed).encode(), "text/plain")))

        if not isinstance(self.magic_prompt, Unset):
            files.append(("magic_prompt", (None, str(self.magic_prompt).encode(), "text/plain")))

        if not isinstance(self.negative_prompt, Unset):
            files.append(("negative_prompt", (None, str(self.negative_prompt).encode(), "text/plain")))

        if not isinstance(self.num_images, Unset):
            files.append(("num_images", (None, str(self.num_images).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prompt = d.pop("prompt")

        seed = d.pop("seed", UNSET)

        _upscale_factor = d.pop("upscale_factor", UNSET)
        upscale_factor: UpscaleFactor | Unset
        if isinstance(_upscale_factor, Unset):
            upscale_factor = UNSET
        else:
            upscale_factor = check_upscale_factor(_upscale_factor)

        _aspect_ratio = d.pop("aspect_ratio", UNSET)
        aspect_ratio: AspectRatioV3 | Unset
        if isinstance(_aspect_ratio, Unset):
            aspect_ratio = UNSET
        else:
            aspect_ratio = check_aspect_ratio_v3(_aspect_ratio)

        _rendering_speed = d.pop("rendering_speed", UNSET)
        rendering_speed: TransparentRenderingSpeedV3 | Unset
        if isinstance(_rendering_speed, Unset):
            rendering_speed = UNSET
        else:
            rendering_speed = check_transparent_rendering_speed_v3(_rendering_speed)

        _magic_prompt = d.pop("magic_prompt", UNSET)
        magic_prompt: MagicPromptOption | Unset
        if isinstance(_magic_prompt, Unset):
            magic_prompt = UNSET
        else:
            magic_prompt = check_magic_prompt_option(_magic_prompt)

        negative_prompt = d.pop("negative_prompt", UNSET)

        num_images = d.pop("num_images", UNSET)

        generate_transparent_image_request_v3 = cls(
            prompt=prompt,
            seed=seed,
            upscale_factor=upscale_factor,
            aspect_ratio=aspect_ratio,
            rendering_speed=rendering_speed,
            magic_prompt=magic_prompt,
            negative_prompt=negative_prompt,
            num_images=num_images,
        )

        generate_transparent_image_request_v3.additional_properties = d
        return generate_transparent_image_request_v3

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
