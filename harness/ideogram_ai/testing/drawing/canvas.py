"""The sheet that a picture is drawn on, and the shapes that more than one drawing uses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from PIL import Image, ImageDraw

from .colours import INK, PAPER, Colour, mix
from .lettering import draw_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .lettering import Lettering

Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom in pixels."""

_DASH: Final = 2.5  # length of a dash in grid units


@final
class Canvas:
    """An RGB image with a gradient on it, and a pen that mixes translucent colours with what is there.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        top: Colour at the top left.
        bottom: Colour at the bottom right.
    """

    def __init__(self, width: int, height: int, top: Colour, bottom: Colour) -> None:
        self.width = width
        self.height = height
        self.unit = max(1.0, math.sqrt(width * height) / 160)
        """A length that grows with the image: 12.8 pixels at 2048x2048."""
        self.image = _gradient(width, height, top, bottom)
        self.pen = ImageDraw.Draw(self.image, "RGBA")

    @property
    def small(self) -> int:
        """Size in pixels of small letters."""
        return max(9, round(self.unit * 2))

    def write(self, lettering: Lettering, x: float, y: float, colour: Colour, *, alpha: int = 255) -> None:
        """Write lines flush left; x and y are the upper left corner."""
        for number, line in enumerate(lettering.lines):
            top = round(y) + number * lettering.line_height
            draw_line(self.pen, round(x), top, line, lettering.size, fill=(*colour, alpha))

    def panel(self, box: Rectangle, radius: float, colour: Colour, alpha: int) -> None:
        """Fill a rounded rectangle. Through a mask: a translucent pen would mix twice where its pieces meet."""
        left, top, right, bottom = (round(bound) for bound in box)
        mask = Image.new("L", (right - left + 1, bottom - top + 1))
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, right - left, bottom - top), radius, alpha)
        self.image.paste(colour, (left, top), mask)

    def chip(self, lettering: Lettering, x: float, y: float, ground: Colour, ink: Colour, *, alpha: int = 225) -> None:
        """Write lines on a rounded ground; x and y are the ground's upper left corner."""
        right, bottom = x + self.chip_width(lettering), y + self.chip_height(lettering)
        self.panel((x, y, right, bottom), self.unit * 0.7, ground, alpha)
        self.write(lettering, x + self.unit * 0.8, y + self.unit * 0.45, ink)

    def chip_width(self, lettering: Lettering) -> float:
        """Width of a chip in pixels."""
        return lettering.width + self.unit * 1.6

    def chip_height(self, lettering: Lettering) -> float:
        """Height of a chip in pixels."""
        return lettering.height + self.unit * 0.9

    def swatches(self, colours: Sequence[Colour], right: float, bottom: float, size: float, most: int) -> float:
        """Draw a row of colours that ends at a point. Returns its width in pixels."""
        shown = colours[:most]
        gap = size * 0.2
        width = len(shown) * (size + gap) - gap if shown else 0.0
        for place, colour in enumerate(shown):
            left = right - width + place * (size + gap)
            box = (left, bottom - size, left + size, bottom)
            line = max(1, round(self.unit * 0.12))
            self.pen.rounded_rectangle(box, size * 0.25, (*colour, 255), (*mix(PAPER, INK, 0.1), 255), line)
        return width

    def dashed(self, box: Rectangle, colour: Colour, line: int) -> None:
        """Draw a dashed frame."""
        left, top, right, bottom = box
        dash = self.unit * _DASH
        for start in _steps(left, right, dash * 1.7):
            end = min(start + dash, right)
            self.pen.line((start, top, end, top), (*colour, 255), line)
            self.pen.line((start, bottom, end, bottom), (*colour, 255), line)
        for start in _steps(top, bottom, dash * 1.7):
            end = min(start + dash, bottom)
            self.pen.line((left, start, left, end), (*colour, 255), line)
            self.pen.line((right, start, right, end), (*colour, 255), line)

    def colour_at(self, x: float, y: float) -> Colour:
        """The colour of a pixel; of the nearest one for a point outside."""
        column = min(max(0, int(x)), self.width - 1)
        row = min(max(0, int(y)), self.height - 1)
        red, green, blue = self.image.crop((column, row, column + 1, row + 1)).tobytes()
        return red, green, blue


def _steps(start: float, end: float, step: float) -> list[float]:
    return [start + step * number for number in range(int((end - start) // step) + 1)]


def _gradient(width: int, height: int, top: Colour, bottom: Colour) -> Image.Image:
    if top == bottom:
        return Image.new("RGB", (width, height), top)
    mask = Image.linear_gradient("L").resize((width, height))  # pyright: ignore[reportUnknownMemberType] - Pillow 13.0
    return Image.composite(Image.new("RGB", (width, height), bottom), Image.new("RGB", (width, height), top), mask)
