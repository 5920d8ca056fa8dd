"""Puts a downloaded image into the store, its thumbnail first."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ideogram_ai.client.files import HEAD_BYTES, image_suffix

from .store import digest
from .thumbnails import make_thumbnail, thumbnail_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .store import Store

_log = logging.getLogger(__name__)
_OTHER_FORM: Final = ".bin"
"""For what the client kept although it does not know its form."""
_SUFFIXES: Final = (
    ".png", ".jpg", ".webp", ".gif", ".avif",
    ".jxl", ".heic", ".heif", ".jp2", ".j2k", ".tiff", ".bmp", ".svg", ".bin", "",
)  # fmt: skip


@frozen
class ImageFacts:
    """What tells an image from all others.

    Attributes:
        suffix: The file name's suffix that its format has.
        sha256: SHA-256 of its bytes in hexadecimal.
        size: Its bytes.
    """

    suffix: str
    sha256: str
    size: int


@frozen
class StoredImage:
    """An image in the store.

    Attributes:
        file: Its name in the store.
        sha256: SHA-256 of its bytes in hexadecimal.
        size: Its bytes.
    """

    file: str
    sha256: str
    size: int


def image_facts(source: Path) -> ImageFacts:
    """Read what tells an image from all others. It blocks: not for an event loop."""
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        return ImageFacts(image_suffix(head) or _OTHER_FORM, digest(file), file.tell())


def image_names(store: Store, stem: str) -> Iterator[str]:
    """Names of files that are there and may have been stored under this stem. It blocks: not for an event loop.

    Raises:
        StoreError: It cannot be looked for.
    """
    for suffix in _SUFFIXES:
        number, name = 1, f"{stem}{suffix}"
        while store.exists(name):
            yield name
            number += 1
            name = f"{stem}-{number}{suffix}"


def store_image(store: Store, source: Path, stem: str, facts: ImageFacts | None = None) -> StoredImage:
    """Move a downloaded image into the store. It blocks: not for an event loop.

    The thumbnail goes first, so that a row which counts as saved has one, and no later run has to look for it. Without
    it the image is none the worse: it is stored all the same.

    Args:
        store: The store.
        source: The image, whole and checked, best in the store's workspace; it is gone afterwards.
        stem: The name that it is to have, without the suffix, which its format gives. No other file is replaced.
        facts: What image_facts says of it, if the caller asked already.

    Raises:
        StoreError: It cannot be stored; the source is still there.
    """
    facts = facts or image_facts(source)
    thumbnail = thumbnail_name(facts.sha256)
    try:
        if not store.exists(thumbnail):
            _store_thumbnail(store, source, thumbnail)
    except Exception as error:  # noqa: BLE001 - whatever it is, the image is paid for, and goes first
        _log.warning("There is no thumbnail of %s: %s", stem, error)
    return StoredImage(store.add(source, f"{stem}{facts.suffix}"), facts.sha256, facts.size)


def _store_thumbnail(store: Store, source: Path, name: str) -> None:
    with store.part(".webp") as part:
        if make_thumbnail(source, part):
            store.replace(part, name)
