"""The images of the mock server: signed links that expire, and what is drawn when one is fetched."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from attrs import define, field, frozen

LINK_LIFE: Final = 24 * 60 * 60.0
"""Seconds that an image link lives, as the provider says."""

_MOST_PICTURES: Final = 10_000
_MOST_DRAWN: Final = 4


@frozen
class Picture:
    """What an image shows.

    Attributes:
        width: Width in pixels.
        height: Height in pixels.
        seed: Seed of colours and ornaments.
        prompt: A text prompt, or a JSON prompt that the contract allows.
    """

    width: int
    height: int
    seed: int
    prompt: str | Mapping[str, Any]


@frozen
class LinkRefusal:
    """Why a link is not served."""

    status: HTTPStatus
    detail: str


@define
class ImageStore:
    """Hands out signed links and takes them back. Forgets the oldest pictures beyond ten thousand.

    Attributes:
        folder: Path of a link up to the image's id.
        suffix: What follows the id.
        life: Seconds that a link lives.
        clock: Unix time in seconds.
    """

    folder: str
    suffix: str
    life: float = LINK_LIFE
    clock: Callable[[], float] = time.time
    _pictures: OrderedDict[str, Picture] = field(factory=OrderedDict[str, Picture], init=False)
    _drawn: OrderedDict[str, bytes] = field(factory=OrderedDict[str, bytes], init=False, repr=False)
    _secret: bytes = field(factory=lambda: secrets.token_bytes(32), init=False, repr=False)

    def add(self, picture: Picture) -> str:
        """Keep a picture and return the link to it: path and query, without the host."""
        name = secrets.token_urlsafe(16)
        self._pictures[name] = picture
        if len(self._pictures) > _MOST_PICTURES:
            self._pictures.popitem(last=False)
        expires = str(int(self.clock() + self.life))
        return f"{self.folder}{name}{self.suffix}?exp={expires}&sig={self._sign(name, expires)}"

    def find(self, name: str, expires: str, signature: str) -> Picture | LinkRefusal:
        """The picture of a link, if its signature is right and its time has not run out.

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
                HTTPStatus.GONE, f"The link expired at {expires} (unix seconds); generate the image again."
            )
        picture = self._pictures.get(name)
        if picture is None:
            return LinkRefusal(HTTPStatus.GONE, f"The mock server keeps the last {_MOST_PICTURES} pictures only.")
        return picture

    def drawn(self, name: str) -> bytes | None:
        """The image's bytes if it was drawn lately, so that a resumed download does not draw it again."""
        return self._drawn.get(name)

    def keep_drawn(self, name: str, image: bytes) -> None:
        """Keep the bytes of an image for a while."""
        self._drawn[name] = image
        if len(self._drawn) > _MOST_DRAWN:
            self._drawn.popitem(last=False)

    def _sign(self, name: str, expires: str) -> str:
        return hmac.digest(self._secret, f"{name} {expires}".encode("utf-8", "replace"), "sha256").hex()
