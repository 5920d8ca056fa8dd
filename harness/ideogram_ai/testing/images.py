"""The pictures that the mock server has made, and the signed links to them."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from attrs import define, field, frozen

from ideogram_ai.contract.view import ContractView, link_example

from .behaviour import Treatment

LINK_LIFE: Final = 24 * 60 * 60.0
"""Seconds until an image link expires, from the provider's documentation."""

_MOST_PICTURES: Final = 10_000
_MOST_BYTES: Final = 512 * 1024 * 1024
"""Of all images that pictures are made from."""
_MOST_DRAWN: Final = 4


@frozen
class Picture:
    """What an image shows.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        seed: Seed of colours and ornaments.
        prompt: A text prompt, or a JSON prompt that the contract allows.
        treatment: How it is made.
        sources: The bytes of the images that it is made from.
        mask: The bytes of an image that is black where something new is drawn.
        weight: How much it is like its source, 1 to 100.
        transparent: Whether its background is transparent.
    """

    width: int
    height: int
    seed: int
    prompt: str | Mapping[str, Any]
    treatment: Treatment = Treatment.DRAW
    sources: tuple[bytes, ...] = field(default=(), repr=False)
    mask: bytes = field(default=b"", repr=False)
    weight: int = 50
    transparent: bool = False

    @property
    def weighs(self) -> int:
        """Bytes of the images that it is made from."""
        return sum(map(len, (*self.sources, self.mask)))


@frozen
class LinkRefusal:
    """Why a link is not served."""

    status: HTTPStatus
    detail: str


@define
class ImageStore:
    """Hands out signed links and checks them. It keeps the last ten thousand pictures, or fewer large ones.

    Attributes:
        folder: Path of a link up to the image's id.
        suffix: What follows the id.
        life: Seconds until a link expires.
        clock: Unix time in seconds.
    """

    folder: str
    suffix: str
    life: float = LINK_LIFE
    clock: Callable[[], float] = time.time
    _pictures: OrderedDict[str, Picture] = field(factory=OrderedDict[str, Picture], init=False)
    _bytes: int = field(default=0, init=False)
    _drawn: OrderedDict[str, bytes] = field(factory=OrderedDict[str, bytes], init=False, repr=False)
    _secret: bytes = field(factory=lambda: secrets.token_bytes(32), init=False, repr=False)

    def add(self, picture: Picture) -> str:
        """Keep a picture, and return the path and query of its link."""
        return self.link(self.keep(picture))

    def keep(self, picture: Picture) -> str:
        """Keep a picture, and return its id."""
        name = secrets.token_urlsafe(16)
        self._pictures[name] = picture
        self._bytes += picture.weighs
        while len(self._pictures) > _MOST_PICTURES or (self._bytes > _MOST_BYTES and len(self._pictures) > 1):
            _, dropped = self._pictures.popitem(last=False)
            self._bytes -= dropped.weighs
        return name

    def link(self, name: str) -> str:
        """Return path and query of a link to a picture, signed now."""
        expires = str(int(self.clock() + self.life))
        return f"{self.folder}{name}{self.suffix}?exp={expires}&sig={self._sign(name, expires)}"

    def find(self, name: str, expires: str, signature: str) -> Picture | LinkRefusal:
        """Return the picture of a link if its signature is right and it has not expired.

        Args:
            name: The image's id.
            expires: `exp` of the link as it was sent.
            signature: `sig` of the link as it was sent.
        """
        if not hmac.compare_digest(self._sign(name, expires).encode(), signature.encode("utf-8", "replace")):
            return LinkRefusal(
                HTTPStatus.FORBIDDEN, "The signature of the link is wrong; use the link as it was given."
            )
        if self.clock() >= int(expires):
            return LinkRefusal(
                HTTPStatus.GONE,
                f"The link expired at {expires} (unix seconds); ask for its job again, or generate the image again.",
            )
        picture = self._pictures.get(name)
        if picture is None:
            return LinkRefusal(HTTPStatus.GONE, f"The mock server keeps the last {_MOST_PICTURES} pictures at most.")
        return picture

    def find_link(self, url: str) -> tuple[str, Picture] | LinkRefusal:
        """Return the id and the picture of a whole link, or why it is not served."""
        path, _, query_text = url.partition("?")
        name = path.rpartition("/")[2].removesuffix(self.suffix)
        if not path.endswith(f"{self.folder}{name}{self.suffix}"):
            return LinkRefusal(HTTPStatus.BAD_REQUEST, "It is not a link to an image of this mock server.")
        query = parse_qs(query_text)
        found = self.find(name, query.get("exp", [""])[0], query.get("sig", [""])[0])
        return found if isinstance(found, LinkRefusal) else (name, found)

    def drawn(self, name: str, picture: Picture) -> bytes:
        """Return the image of a picture. One that was drawn recently is not drawn again, for example to resume."""
        image = self._drawn.get(name)
        if image is None:
            from .drawing import draw_png  # noqa: PLC0415 - Pillow is loaded for the first image only

            image = self._drawn[name] = draw_png(picture)
            if len(self._drawn) > _MOST_DRAWN:
                self._drawn.popitem(last=False)
        return image

    def _sign(self, name: str, expires: str) -> str:
        return hmac.digest(self._secret, f"{name} {expires}".encode("utf-8", "replace"), "sha256").hex()


def link_origin(view: ContractView) -> str:
    """Return scheme and host of image links, from the first example that has a link."""
    parts = urlsplit(link_example(view))
    return f"{parts.scheme}://{parts.netloc}"
