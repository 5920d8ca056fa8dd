"""From a picture's description to the bytes of a PNG."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from .layout import draw_layout
from .scene import read_scene
from .text_picture import draw_text_prompt

if TYPE_CHECKING:
    from ideogram_ai.testing.service import Picture


def draw_png(picture: Picture) -> bytes:
    """Draw a picture. The same picture gives the same bytes with the same version of Pillow.

    A text prompt becomes its words, a JSON prompt its layout: every element's box, label, words and colours.
    """
    if isinstance(picture.prompt, str):
        image = draw_text_prompt(picture.width, picture.height, picture.seed, picture.prompt)
    else:
        image = draw_layout(picture.width, picture.height, picture.seed, read_scene(picture.prompt))
    file = BytesIO()
    image.save(file, "PNG", compress_level=1)  # the client waits; size matters little on loopback
    return file.getvalue()
