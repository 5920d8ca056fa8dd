"""The line at the foot of every picture: that it is a mock, its size, its seed, and the style's colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .colours import INK, PAPER, Colour
from .lettering import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .canvas import Canvas

_MOST_COLOURS: Final = 24


def footer_height(canvas: Canvas) -> float:
    """Height of the footer in pixels."""
    return canvas.small * 1.2 + canvas.unit * 1.6


def draw_footer(canvas: Canvas, seed: int, palette: Sequence[Colour], missing: int) -> None:
    """Draw the footer over whatever is there.

    Args:
        canvas: The picture.
        seed: The seed that it was drawn with.
        palette: Colours of the style.
        missing: How many characters the font could not show.
    """
    height = footer_height(canvas)
    top = canvas.height - height
    canvas.pen.rectangle((0, top, canvas.width, canvas.height), (*INK, 205))
    margin = canvas.unit * 1.6
    size = height * 0.5
    shown = palette[: min(_MOST_COLOURS, int(canvas.width * 0.4 / (size * 1.2)))]
    used = canvas.swatches(shown, canvas.width - margin, canvas.height - height * 0.25, size, len(shown))
    caption = f"mock, {canvas.width}x{canvas.height}, seed {seed}"
    if missing:
        caption += f", {missing} character{'s' if missing > 1 else ''} without a glyph"
    room = canvas.width - used - 3 * margin
    lettering = fit(caption, room, canvas.small * 1.2, canvas.small, 6)
    if lettering is not None:
        canvas.write(lettering, margin, top + (height - lettering.height) / 2, PAPER)
