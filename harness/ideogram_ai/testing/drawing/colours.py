"""Colours that go together, from a palette or from a seed."""

from __future__ import annotations

from colorsys import hls_to_rgb
from typing import Final

Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

INK: Final[Colour] = (24, 26, 32)
PAPER: Final[Colour] = (250, 249, 246)

_GOLDEN_RATIO: Final = 0.618034


def from_hex(text: str) -> Colour:
    """The colour of `#RRGGBB`."""
    red, green, blue = bytes.fromhex(text.removeprefix("#"))
    return red, green, blue


def from_seed(seed: int, place: int = 0, *, lightness: float = 0.5, saturation: float = 0.5) -> Colour:
    """A colour that follows from a seed. Neighbouring places get hues far from each other.

    Args:
        seed: The image's seed.
        place: Which of the seed's colours, from 0.
        lightness: 0 black to 1 white.
        saturation: 0 grey to 1 pure.
    """
    hue = (seed % 997 / 997 + place * _GOLDEN_RATIO) % 1
    red, green, blue = hls_to_rgb(hue, lightness, saturation)
    return round(red * 255), round(green * 255), round(blue * 255)


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """The first colour with a share, 0 to 1, of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def contrast(first: Colour, second: Colour) -> float:
    """Contrast of two colours as WCAG has it: 1 for none, 21 for black on white."""
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def ink_on(ground: Colour) -> Colour:
    """Dark or light, whichever is read better on the ground."""
    return max(INK, PAPER, key=lambda ink: contrast(ink, ground))


def _luminance(colour: Colour) -> float:
    red, green, blue = (part / 255 / 12.92 if part <= 10 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
