"""Finds the words in a picture of the mock server, and draws it without them."""

from __future__ import annotations

from typing import Any, Final

from ..behaviour import Treatment
from ..images import Picture
from .description import own_prompt
from .picture import Colour, ink_on, place_text, read_element, text_ground
from .source import image_size, read_texts
from .variants import SEED_KEY

_LINE_HEIGHT: Final = 1.2
_MOST_SEED: Final = 10  # digits


def layerize(content: bytes) -> tuple[Picture, Picture, list[dict[str, Any]]]:
    """Return an image as a picture, the same without words, and the blocks of its words.

    A picture of the mock server that was drawn from a prompt alone is drawn again. In any other image no words are
    found, and the picture without words is the image itself.

    Args:
        content: The bytes of an image that can be read.
    """
    width, height = image_size(content)
    original = Picture(width, height, 0, "", treatment=Treatment.COPY, sources=(content,))
    prompt, seed = own_prompt(content), read_texts(content).get(SEED_KEY, "")
    if not prompt or not seed.isdecimal() or len(seed) > _MOST_SEED:
        return original, original, []
    bare = Picture(width, height, int(seed), prompt, treatment=Treatment.BARE)
    if isinstance(prompt, str):
        return original, bare, _blocks_of_text(width, height, int(seed), prompt)
    elements = [read_element(0, element) for element in prompt["compositional_deconstruction"]["elements"]]
    blocks = [
        _block(
            (box[0] * width, box[1] * height, box[2] * width, box[3] * height),
            element.text,
            "center",
            element.palette[0] if element.palette else None,
        )
        for element in elements
        if element.text and (box := element.box)
    ]
    return original, bare, blocks


def _blocks_of_text(width: int, height: int, seed: int, prompt: str) -> list[dict[str, Any]]:
    canvas, ground = text_ground(width, height, seed)
    block, x, y = place_text(canvas, prompt)
    if block is None or not prompt.strip():
        return []
    box = (x, y, x + block.width, y + block.height)
    placed = _block(box, "\n".join(block.lines), "left", ink_on(ground))
    return [placed | {"font_size": block.size, "line_height": _LINE_HEIGHT}]


def _block(box: tuple[float, ...], text: str, alignment: str, colour: Colour | None) -> dict[str, Any]:
    left, top, right, bottom = (round(side) for side in box)
    block: dict[str, Any] = {"x": left, "y": top, "width": right - left, "height": bottom - top, "text": text}
    return block | {
        "alignment": alignment,
        "formatting": [],
        "angle": 0,
        "font_name": "Noto Sans",
        "color": "#" + bytes(colour).hex().upper() if colour else None,
    }
