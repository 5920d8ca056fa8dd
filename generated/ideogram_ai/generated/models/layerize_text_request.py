from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from .. import types
from ..types import UNSET, File, FileTypes, Unset

T = TypeVar("T", bound="LayerizeTextRequest")


@_attrs_define
class LayerizeTextRequest:
    """An image whose text is separated from it.

    Attributes:
        image (File): The image, a JPEG, PNG or WebP file.
        prompt (str | Unset): A description of the image, to guide the detection of text.
        seed (int | Unset): Random seed, for reproducible images. When absent, the service chooses one.
        font_candidate_files (list[File] | Unset): Fonts to match the text with: up to five TTF, OTF, WOFF or WOFF2
            files, of 5 MB each.
    """

    image: File
    prompt: str | Unset = UNSET
    seed: int | Unset = UNSET
    font_candidate_files: list[File] | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        image = self.image.to_tuple()

        prompt = self.prompt

        seed = self.seed

        font_candidate_files: list[FileTypes] | Unset = UNSET
        if not isinstance(self.font_candidate_files, Unset):
            font_candidate_files = []
            for font_candidate_files_item_data in self.font_candidate_files:
                font_candidate_files_item = font_candidate_files_item_data.to_tuple()

                font_candidate_files.append(font_candidate_files_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "image": image,
            }
        )
        if prompt is not UNSET:
            field_dict["prompt"] = prompt
        if seed is not UNSET:
            field_dict["seed"] = seed
        if font_candidate_files is not UNSET:
            field_dict["font_candidate_files"] = font_candidate_files

        return field_dict

    def to_multipart(self) -> types.RequestFiles:
        files: types.RequestFiles = []

        files.append(("image", self.image.to_tuple()))

        if not isinstance(self.prompt, Unset):
            files.append(("prompt", (None, str(self.prompt).encode(), "text/plain")))

        if not isinstance(self.seed, Unset):
            files.append(("seed", (None, str(self.seed).encode(), "text/plain")))

        if not isinstance(self.font_candidate_files, Unset):
            for font_candidate_files_item_element in self.font_candidate_files:
                files.append(("font_candidate_files", font_candidate_files_item_element.to_tuple()))

        for prop_name, prop in self.additional_properties.items():
            files.append((prop_name, (None, str(prop).encode(), "text/plain")))

        return files

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        image = File(payload=BytesIO(d.pop("image")))

        prompt = d.pop("prompt", UNSET)

        seed = d.pop("seed", UNSET)

        _font_candidate_files = d.pop("font_candidate_files", UNSET)
        font_candidate_files: list[File] | Unset = UNSET
        if _font_candidate_files is not UNSET:
            font_candidate_files = []
            for font_candidate_files_item_data in _font_candidate_files:
                font_candidate_files_item = File(payload=BytesIO(font_candidate_files_item_data))

                font_candidate_files.append(font_candidate_files_item)

        layerize_text_request = cls(
            image=image,
            prompt=prompt,
            seed=seed,
            font_candidate_files=font_candidate_files,
        )

        layerize_text_request.additional_properties = d
        return layerize_text_request

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
