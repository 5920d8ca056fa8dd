from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.detected_text_block import DetectedTextBlock


T = TypeVar("T", bound="LayerizeTextResponse")


@_attrs_define
class LayerizeTextResponse:
    """An image without its text, and the text.

    Attributes:
        base_image_url (str): A link to the image without its text. It expires as the links of images do.
        seed (int): The seed that the image was made with.
        text_blocks (list[DetectedTextBlock] | Unset): The text, in blocks. It may be absent: the provider's public
            document does not have it.
        original_image_url (None | str | Unset): A link to the image that was sent. It expires as the links of images
            do.
        notice (Any | Unset): What the provider has to say about the operation. Its type is not known.
    """

    base_image_url: str
    seed: int
    text_blocks: list[DetectedTextBlock] | Unset = UNSET
    original_image_url: None | str | Unset = UNSET
    notice: Any | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        base_image_url = self.base_image_url

        seed = self.seed

        text_blocks: list[dict[str, Any]] | Unset = UNSET
        if not isinstance(self.text_blocks, Unset):
            text_blocks = []
            for text_blocks_item_data in self.text_blocks:
                text_blocks_item = text_blocks_item_data.to_dict()
                text_blocks.append(text_blocks_item)

        original_image_url: None | str | Unset
        if isinstance(self.original_image_url, Unset):
            original_image_url = UNSET
        else:
            original_image_url = self.original_image_url

        notice = self.notice

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "base_image_url": base_image_url,
                "seed": seed,
            }
        )
        if text_blocks is not UNSET:
            field_dict["text_blocks"] = text_blocks
        if original_image_url is not UNSET:
            field_dict["original_image_url"] = original_image_url
        if notice is not UNSET:
            field_dict["notice"] = notice

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.detected_text_block import DetectedTextBlock  # noqa: PLC0415

        d = dict(src_dict)
        base_image_url = d.pop("base_image_url")

        seed = d.pop("seed")

        _text_blocks = d.pop("text_blocks", UNSET)
        text_blocks: list[DetectedTextBlock] | Unset = UNSET
        if _text_blocks is not UNSET:
            text_blocks = []
            for text_blocks_item_data in _text_blocks:
                text_blocks_item = DetectedTextBlock.from_dict(text_blocks_item_data)

                text_blocks.append(text_blocks_item)

        def _parse_original_image_url(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        original_image_url = _parse_original_image_url(d.pop("original_image_url", UNSET))

        notice = d.pop("notice", UNSET)

        layerize_text_response = cls(
            base_image_url=base_image_url,
            seed=seed,
            text_blocks=text_blocks,
            original_image_url=original_image_url,
            notice=notice,
        )

        layerize_text_response.additional_properties = d
        return layerize_text_response

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
