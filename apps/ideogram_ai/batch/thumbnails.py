"""Small pictures for the gallery."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

    from PIL.Image import Image

EDGE_PIXELS: Final = 320
"""The longer side at most; cards are somewhat smaller, which suits finer screens."""
_MAX_PIXELS = 64 * 1024 * 1024
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "AVIF")
_log = logging.getLogger(__name__)


def thumbnail_name(sha256: str) -> str:
    """Name of the thumbnail of an image with this content, inside the batch's folder.

    Args:
        sha256: SHA-256 of the image in hexadecimal.
    """
    return f"thumbnails/{sha256[:32]}.webp"


def make_thumbnail(source: Path, target: Path) -> bool:
    """Write a small WebP of an image. It takes some hundredths of a second of one core: not for an event loop.

    Args:
        source: The image.
        target: Where the thumbnail goes.

    Returns:
        False when the image cannot be read, or Pillow is missing; then nothing is there that could be used. The image
            is none the worse.

    Raises:
        OSError: The thumbnail cannot be written.
    """
    try:
        from PIL import Image  # noqa: PLC0415 - loads slowly
    except ModuleNotFoundError:
        _log.info("no thumbnail of %s: pip install 'ideogram-ai[batch]' brings Pillow, which makes them", source.name)
        return False
    try:
        with Image.open(source, formats=_FORMATS) as image:
            if image.width * image.height > _MAX_PIXELS:
                _log.info("no thumbnail of %s: it has %d x %d pixels", source.name, image.width, image.height)
                return False
            small = _reduced(image)
    except Exception as error:  # noqa: BLE001 - what a picture's decoder raises for broken bytes is no fixed set
        _log.info("no thumbnail of %s: %s", source.name, error)
        return False
    small.save(target, "WEBP", quality=80, method=2)
    return True


def _reduced(image: Image) -> Image:
    image.draft("RGB", (EDGE_PIXELS * 2, EDGE_PIXELS * 2))
    small = image.convert("RGBA" if image.has_transparency_data else "RGB")
    small.thumbnail((EDGE_PIXELS, EDGE_PIXELS), reducing_gap=2.0)
    return small
