"""The names of colours, in both directions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

COLOURS: Final = {
    "black": "#000000",
    "charcoal": "#36454F",
    "grey": "#808080",
    "silver": "#C0C0C0",
    "white": "#FFFFFF",
    "ivory": "#FFFFF0",
    "cream": "#FFF3D6",
    "beige": "#F5F5DC",
    "tan": "#D2B48C",
    "ochre": "#CC7722",
    "brown": "#7B4B26",
    "maroon": "#800000",
    "crimson": "#DC143C",
    "red": "#E02020",
    "coral": "#FF7F50",
    "salmon": "#FA8072",
    "orange": "#FF8C00",
    "ginger": "#B5651D",
    "amber": "#FFBF00",
    "gold": "#D4AF37",
    "yellow": "#FFD90F",
    "olive": "#808000",
    "lime": "#8FD400",
    "green": "#2E8B3D",
    "dark green": "#0B3D1E",
    "mint": "#98E4C0",
    "teal": "#008080",
    "turquoise": "#40D0C0",
    "cyan": "#00BCD4",
    "sky blue": "#87CEEB",
    "blue": "#2458D8",
    "navy": "#0B1D51",
    "indigo": "#4B0082",
    "purple": "#7A2E9D",
    "violet": "#9A5FE0",
    "lavender": "#C8B6E8",
    "magenta": "#D81B8C",
    "pink": "#FF9EC0",
}
"""Colours by name, as six hex digits in upper case."""

_SPELLINGS: Final = {"gray": "grey", "golden": "gold", "dark blue": "navy", "light blue": "sky blue"}
_WORDS: Final = re.compile(
    r"\b(?:" + "|".join(sorted(map(re.escape, (*COLOURS, *_SPELLINGS)), key=len, reverse=True)) + r")\b", re.IGNORECASE
)
_CODES: Final = {name: tuple(bytes.fromhex(code[1:])) for name, code in COLOURS.items()}


def colours_in(text: str) -> list[str]:
    """Return the colours that a text names, as six hex digits, in the order in which they come."""
    found = (match.group().lower() for match in _WORDS.finditer(text))
    return list(dict.fromkeys(COLOURS[_SPELLINGS.get(name, name)] for name in found))


def name_of_colour(colour: Sequence[int]) -> str:
    """Return the name of the nearest colour.

    Args:
        colour: Red, green and blue, 0 to 255.
    """
    return min(_CODES, key=lambda name: _distance(_CODES[name], colour))


def _distance(first: Sequence[int], second: Sequence[int]) -> float:
    """Weighted by how well eyes tell red, green and blue apart ("redmean")."""
    mean = (first[0] + second[0]) / 2
    red, green, blue = (a - b for a, b in zip(first, second, strict=True))
    return (2 + mean / 256) * red * red + 4 * green * green + (2 + (255 - mean) / 256) * blue * blue
