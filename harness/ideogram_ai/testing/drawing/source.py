"""Reads the images that are sent to the mock server: JPEG, PNG and WebP."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngImageFile

if TYPE_CHECKING:
    from collections.abc import Mapping

FORMATS: Final = ("JPEG", "PNG", "WEBP")
_MOST_PIXELS: Final = 80_000_000
_MOST_SIDE: Final = 4096
_LEAST_SIDE: Final = 64


def image_problem(content: bytes) -> str | None:
    """Return why the bytes of a file are not an image that can be used; None if they are one."""
    if not content:
        return "the file is empty."
    try:
        with Image.open(BytesIO(content), formats=FORMATS) as image:
            width, height = image.size
            if width * height > _MOST_PIXELS:
                return f"the image has {width}x{height} pixels, too many for the mock server."
            image.load()
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        # Pillow raises SyntaxError for a broken PNG.
        return f"the file cannot be read as a JPEG, PNG or WebP image: {_without_object(error)}."
    return None


def _without_object(error: Exception) -> str:
    """Return the message of an error without the address of the file object in it."""
    text = str(error)
    return "it has another form" if "BytesIO" in text else text


def read_image(content: bytes) -> Image.Image:
    """Read an image, upright, in RGB or RGBA."""
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        upright = ImageOps.exif_transpose(image)
        return upright.convert("RGBA" if upright.has_transparency_data else "RGB")


def read_texts(content: bytes) -> Mapping[str, str]:
    """Return the texts in an image by their names: those of a PNG; other images have none."""
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        return dict(image.text) if isinstance(image, PngImageFile) else {}


def image_size(content: bytes) -> tuple[int, int]:
    """Return width and height of an image as it is seen, upright."""
    with Image.open(BytesIO(content), formats=FORMATS) as image:
        width, height = image.size
        turned = image.getexif().get(0x0112, 1) >= 5
    return (height, width) if turned else (width, height)


def fitting_size(content: bytes) -> tuple[int, int]:
    """Return the size of an image, or the nearest one with sides from 64 to 4096 pixels."""
    width, height = image_size(content)
    scale = min(1.0, _MOST_SIDE / max(width, height))
    scale = max(scale, _LEAST_SIDE / min(width, height))
    return min(_MOST_SIDE, round(width * scale)), min(_MOST_SIDE, round(height * scale))
