"""What a successful answer becomes: Generation and GeneratedImage."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from attrs import field, frozen

from .redaction import shorten_link


@frozen
class GeneratedImage:
    """One image of an answer. It was billed, whether or not it was withheld.

    The fields that the contract requires are None only in an answer that breaks it.

    Attributes:
        url: Where the image lies until expires_at; None when it was withheld. No key is needed to fetch it.
        prompt: The prompt that was really used, after magic prompt.
        resolution: Width and height in pixels, as in "2048x2048".
        seed: The seed that the image was made with, 0 to 2147483647.
        is_image_safe: False when the safety check found fault with the image, and as a rule withheld it.
        additional_properties: Whatever else the service said of the image, by wire name.
    """

    url: str | None = field(repr=shorten_link)
    prompt: str | None
    resolution: str | None
    seed: int | None
    is_image_safe: bool | None
    additional_properties: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)

    @property
    def withheld(self) -> bool:
        """Whether there is nothing to download, because the safety check withheld the image.

        An image with a link is downloaded, whatever the check said of it: it is paid for.
        """
        return not self.url

    @property
    def expires_at(self) -> datetime | None:
        """When the link dies, read from its `exp` parameter; None when it does not say."""
        if not self.url:
            return None
        try:
            values = [value for name, value in parse_qsl(urlsplit(self.url).query) if name == "exp"]
            return datetime.fromtimestamp(int(values[-1]), UTC) if values else None
        except (ValueError, OverflowError, OSError):
            return None


@frozen
class Generation:
    """The images of one request.

    Attributes:
        created: When the request was made; None in an answer that breaks the contract.
        images: The images, withheld ones among them.
        raw: The answer's bytes.
        request: The fields that were sent, as plain JSON types by wire name.
        problems: Where the answer broke the contract; empty for a sound one.
        additional_properties: Whatever else the service said, by wire name.
    """

    created: datetime | None
    images: tuple[GeneratedImage, ...]
    raw: bytes = field(repr=False)
    request: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    problems: tuple[str, ...] = ()
    additional_properties: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
