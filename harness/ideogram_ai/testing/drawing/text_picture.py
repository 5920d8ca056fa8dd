"""A picture of a text prompt: the words, set large."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from .canvas import Canvas
from .colours import from_seed, ink_on, mix
from .footer import draw_footer
from .lettering import count_missing, fit, showable

if TYPE_CHECKING:
    from PIL import Image


def draw_text_prompt(width: int, height: int, seed: int, prompt: str) -> Image.Image:
    """Draw a text prompt.

    Args:
        width: Width in pixels.
        height: Height in pixels.
        seed: Seed of the colours and the circles.
        prompt: The text.
    """
    ground = from_seed(seed, lightness=0.3, saturation=0.45)
    canvas = Canvas(width, height, from_seed(seed, lightness=0.42, saturation=0.5), mix(ground, (0, 0, 0), 0.35))
    _circles(canvas, seed)
    margin = canvas.unit * 9
    shown = showable(prompt.strip())
    space = height - 2 * margin - canvas.unit * 4
    lettering = fit(shown, width - 2 * margin, space, round(canvas.unit * 15), 6)
    if lettering is not None:
        canvas.write(lettering, margin, margin + max(0.0, (space - lettering.height) * 0.42), ink_on(ground))
    draw_footer(canvas, seed, (), count_missing(shown))
    return canvas.image


def _circles(canvas: Canvas, seed: int) -> None:
    """Three large translucent circles where the seed puts them."""
    shares = iter(byte / 255 for byte in sha256(str(seed).encode()).digest())
    for place in range(3):
        x, y = canvas.width * next(shares), canvas.height * next(shares)
        radius = max(canvas.width, canvas.height) * (0.16 + 0.3 * next(shares))
        colour = from_seed(seed, place, lightness=0.6, saturation=0.6)
        canvas.pen.ellipse((x - radius, y - radius, x + radius, y + radius), (*colour, 38))
