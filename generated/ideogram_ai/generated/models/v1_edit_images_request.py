from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..models.aspect_ratio_v3 import AspectRatioV3, check_aspect_ratio_v3
from ..models.magic_prompt_option import MagicPromptOption, check_magic_prompt_option
from ..models.resolution_v3 import ResolutionV3, check_resolution_v3
from ..types import UNSET, File, FileTypes, Unset

T = TypeVar("T", bound="V1EditImagesRequest")


@_attrs_define
class V1EditImagesRequest:
    """Images, and what to do with them. images or image_urls are given; resolution and aspect_ratio exclude each other.

    Attributes:
        prompt (str): What to do with the images, in plain language.
        images (list[File] | Unset): The images to edit, JPEG, PNG or WebP files. The first one decides what the request
            leaves open.
        image_urls (list[str] | Unset): Links to images of Ideogram, as responses have them. Other links are not taken.
        num_images (int | Unset): How many images to make.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
        magic_prompt (MagicPromptOption | Unset): Whether the service rewrites the prompt before it draws. With AUTO,
            the service decides.
        resolution (ResolutionV3 | Unset): The size of the image in pixels, width x height.
        aspect_ratio (AspectRatioV3 | Unset): The shape of the image, width x height.
        transparent_background (bool | Unset): Whether the result has a transparent background. Default: False.
    """

    prompt: str
    images: list[File] | Unset = UNSET
    image_urls: list[str] | Unset = UNSET
    num_images: int | Unset = UNSET
    seed: int | Unset = UNSET
    magic_prompt: MagicPromptOption | Unset = UNSET
    resolution: ResolutionV3 | Unset = UNSET
    aspect_ratio: AspectRatioV3 | Unset = UNSET
    transparent_background: bool | Unset = False
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        prompt = self.prompt

        images: list[FileTypes] | Unset = UNSET
        if not isinstance(self.images, Unset):
            images = []
            for images_item_data in self.images:
                images_item = images_item_data.to_tuple()

                images.append(images_item)

        image_urls: list[str] | Unset = UNSET
        if not isinstance(self.image_urls, Unset):
            image_urls = self.image_urls

        num_images = self.num_images

        seed = self.seed

        magic_prompt: str | Unset = UNSET
        if not isinstance(self.magic_prompt, Unset):
            magic_prompt = self.magic_prompt

        resolution: str | Unset = UNSET
        if not isinstance(self.resolution, Unset):
            resolution = self.resolution

        aspect_ratio: str | Unset = UNSET
        if not isinstance(self.aspect_ratio, Unset):
            aspect_ratio = self.aspect_ratio

        transparent_background = self.transparent_background

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "prompt": prompt,
            }
        )
        if images is not UNSET:
            field_dict["images"] = images
        if image_urls is not UNSET:
            field_dict["image_urls"] = image_urls
        if num_images is not UNSET:
            field_dict["num_images"] = num_images
        if seed is not UNSET:
            field_dict["seed"] = seed
        if magic_prompt is not UNSET:
            field_dict["magic_prompt"] = magic_prompt
        if resolution is not UNSET:
            field_dict["resolution"] = resolution
        if aspect_ratio is not UNSET:
            field_dict["aspect_ratio"] = aspect_ratio
        if transparent_background is not UNSET:
            field_dict["transparent_background"] = transparent_background

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("prompt", (None, str(self.prompt).encode(), "text/plain")))

        if not isinstance(self.images, Unset):
            for images_item_element in self.images:
                files.append(("images", images_item_element.to_tuple()))

        if not isinstance(self.image_urls, Unset):
            for image_urls_item_element in self.image_urls:
                files.append(("image_urls", (None, str(image_urls_item_element).encode(), "text/plain")))

        if not isinstance(self.num_images, Unset):
            files.append(("num_images", (None, str(self.num_images).encode(), "text/plain")))

        if not isinstance(self.seed, Unset):
            files.append(("seed", (None, str(self.seed).encode(), "text/plain")))

        if not isinstance(self.magic_prompt, Unset):
            files.append(("magic_prompt", (None, str(self.magic_prompt).encode(), "text/plain")))

        if not isinstance(self.resolution, Unset):
            files.append(("resolution", (None, str(self.resolution).encode(), "text/plain")))

        if not isinstance(self.aspect_ratio, Unset):
            files.append(("aspect_ratio", (None, str(self.aspect_ratio).encode(), "text/plain")))

        if not isinstance(self.transparent_background, Unset):
            files.append(("transparent_background", (None, str(self.transparent_background).encode(), "text/plain")))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        prompt = d.pop("prompt")

        _images = d.pop("images", UNSET)
        images: list[File] | Unset = UNSET
        if _images is not UNSET:
            images = []
            for images_item_data in _images:
                images_item = File(payload=BytesIO(images_item_data))

                images.append(images_item)

        image_urls = cast(list[str], d.pop("image_urls", UNSET))

        num_images = d.pop("num_images", UNSET)

        seed = d.pop("seed", UNSET)

        _magic_prompt = d.pop("magic_prompt", UNSET)
        magic_prompt: MagicPromptOption | Unset
        if isinstance(_magic_prompt, Unset):
            magic_prompt = UNSET
        else:
            magic_prompt = check_magic_prompt_option(_magic_prompt)

        _resolution = d.pop("resolution", UNSET)
        resolution: ResolutionV3 | Unset
        if isinstance(_resolution, Unset):
            resolution = UNSET
        else:
            resolution = check_resolution_v3(_resolution)

        _aspect_ratio = d.pop("aspect_ratio", UNSET)
        aspect_ratio: AspectRatioV3 | Unset
        if isinstance(_aspect_ratio, Unset):
            aspect_ratio = UNSET
        else:
            aspect_ratio = check_aspect_ratio_v3(_aspect_ratio)

        transparent_background = d.pop("transparent_background", UNSET)

        v1_edit_images_request = cls(
            prompt=prompt,
            images=images,
            image_urls=image_urls,
            num_images=num_images,
            seed=seed,
            magic_prompt=magic_prompt,
            resolution=resolution,
            aspect_ratio=aspect_ratio,
            transparent_background=transparent_background,
        )

        v1_edit_images_request.additional_properties = d
        return v1_edit_images_request

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
