"""Puts a downloaded image into the store, its thumbnail first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from ideogram_ai.client.image_file import HEAD_BYTES, image_suffix

from .store import digest
from .thumbnails import make_thumbnail, thumbnail_name

if TYPE_CHECKING:
    from pathlib import Path

    from .store import Store


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


def store_image(store: Store, source: Path, stem: str) -> StoredImage:
    """Move a downloaded image into the store. It blocks: not for an event loop.

    The thumbnail goes first, so that a row which counts as saved has one, and no later run has to look for it.

    Args:
        store: The store.
        source: The image, whole and checked, best in the store's workspace; it is gone afterwards.
        stem: The name that it is to have, without the suffix, which its format gives. No other file is replaced.

    Raises:
        StoreError: It cannot be stored; the source is still there.
    """
    with source.open("rb") as file:
        head = file.read(HEAD_BYTES)
        file.seek(0)
        sha256 = digest(file)
        size = file.tell()
    thumbnail = thumbnail_name(sha256)
    if not store.exists(thumbnail):
        with store.part(".webp") as part:
            if make_thumbnail(source, part):
                store.replace(part, thumbnail)
    return StoredImage(store.add(source, f"{stem}{image_suffix(head) or ''}"), sha256, size)
