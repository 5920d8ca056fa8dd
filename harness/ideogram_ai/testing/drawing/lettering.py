"""Sets text in Pillow's built-in font: what it can show, in the greatest size that fits a box."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from attrs import frozen
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_TEXT: Final = 4000
"""Characters of a text that are drawn at most."""

_NO_GLYPH: Final = "\ufffd"  # the font has none for it either, so it draws the box for missing glyphs
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Mn", "Mc", "Me"})
_SPELLED: Final = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "×": "x", "÷": "/", "→": ">", "←": "<", "ß": "ss", "æ": "ae"}  # noqa: RUF001
    | {"Æ": "AE", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "œ": "oe", "Œ": "OE", "ı": "i"}  # noqa: RUF001
    | {"€": "EUR", "«": '"', "»": '"', "„": '"', "‚": ",", "¡": "!", "¿": "?"}  # noqa: RUF001
)


@frozen
class Lettering:
    """Text that was broken into lines of a size.

    Attributes:
        lines: The lines from top to bottom.
        font: The font in its size.
        line_height: Pixels from line to line.
        width: Pixels of the widest line.
        height: Pixels of all lines.
        whole: Whether every word fits: none was broken or left out.
    """

    lines: tuple[str, ...]
    font: ImageFont.FreeTypeFont
    line_height: int
    width: float
    height: int
    whole: bool


@lru_cache(maxsize=256)
def font_of(size: int) -> ImageFont.FreeTypeFont:
    """The built-in font in a size in pixels.

    Raises:
        RuntimeError: Pillow was built without FreeType.
    """
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):  # pragma: no cover - wheels of Pillow have FreeType
        raise RuntimeError("this Pillow was built without FreeType; install a wheel from PyPI")  # noqa: TRY004 - no caller gave a type
    return font


def showable(text: str) -> str:
    """The text as the font can show it.

    Accents that the font lacks are dropped, some letters are spelled out, invisible characters go, and what has no
    glyph at all (most scripts that are not Latin, emoji) becomes the font's box for missing glyphs.
    """
    return "".join(map(_show, text[:LONGEST_TEXT])) + ("..." if len(text) > LONGEST_TEXT else "")


def count_missing(shown: str) -> int:
    """How many characters of a shown text are boxes for missing glyphs."""
    return shown.count(_NO_GLYPH)


def fit(
    text: str, width: float, height: float, largest: int, smallest: int, *, keep_lines: bool = False
) -> Lettering | None:
    """Set a shown text as large as it fits; in the smallest size it is cut off. None when not even one line fits.

    Args:
        text: A text that `showable` returned.
        width: Pixels of the box.
        height: Pixels of the box.
        largest: Font size in pixels not to go over.
        smallest: Font size in pixels not to go under.
        keep_lines: Whether a size that breaks the text's own lines counts as too large.
    """
    low, high, best = smallest, max(largest, smallest), None
    while low <= high:
        size = (low + high) // 2
        lettering = set_lines(text, width, size)
        broken = keep_lines and len(lettering.lines) > text.count("\n") + 1
        if lettering.whole and not broken and lettering.height <= height:
            best, low = lettering, size + 1
        else:
            high = size - 1
    return best or _cut(set_lines(text, width, smallest), width, height)


def set_lines(text: str, width: float, size: int) -> Lettering:
    """Break a shown text into lines not wider than a width, between words where it can be done."""
    font = font_of(size)
    lines: list[str] = []
    whole = True
    for paragraph in text.split("\n"):
        pieces = list(_pieces(paragraph, font, width))
        whole = whole and len(pieces) == len(paragraph.split())
        lines.extend(_fill(pieces, font, width))
    line_height = max(1, round(size * 1.2))
    widest = max(map(font.getlength, lines))
    return Lettering(tuple(lines), font, line_height, widest, line_height * len(lines), whole)


def _fill(pieces: list[str], font: ImageFont.FreeTypeFont, width: float) -> Iterator[str]:
    line, length = "", 0.0
    space = font.getlength(" ")
    for piece in pieces:
        extent = font.getlength(piece)
        if line and length + space + extent > width:
            yield line
            line, length = piece, extent
        else:
            length += extent + (space if line else 0)
            line = f"{line} {piece}" if line else piece
    yield line


def _pieces(paragraph: str, font: ImageFont.FreeTypeFont, width: float) -> Iterator[str]:
    """The words; those that are wider than a line in pieces that are not."""
    for word in paragraph.split():
        if font.getlength(word) <= width:
            yield word
            continue
        start, length = 0, 0.0
        for place, character in enumerate(word):
            extent = font.getlength(character)
            if place > start and length + extent > width:
                yield word[start:place]
                start, length = place, 0.0
            length += extent
        yield word[start:]


def _cut(lettering: Lettering, width: float, height: float) -> Lettering | None:
    """As many lines as fit, the last one marked when more would follow."""
    count = int(height // lettering.line_height)
    if count < 1:
        return None
    lines = list(lettering.lines[:count])
    if count < len(lettering.lines):
        last = lines[-1]
        while last and lettering.font.getlength(last + "...") > width:
            last = last[:-1]
        lines[-1] = last + "..."
    widest = max(map(lettering.font.getlength, lines))
    return Lettering(
        tuple(lines), lettering.font, lettering.line_height, widest, lettering.line_height * len(lines), whole=False
    )


@lru_cache(maxsize=4096)
def _show(character: str) -> str:
    if character in "\n ":
        return character
    if character in "\t\r\v\f" or unicodedata.category(character) in {"Zs", "Zl", "Zp"}:
        return " "
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    spelled = character.translate(_SPELLED)
    if all(map(_has_glyph, spelled)):
        return spelled
    shown = [part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part)]
    return "".join(shown) if shown and all(map(_has_glyph, shown)) else _NO_GLYPH


@lru_cache(maxsize=4096)
def _has_glyph(character: str) -> bool:
    return _pixels(character) != _pixels(_NO_GLYPH)


@lru_cache(maxsize=1024)
def _pixels(character: str) -> bytes:
    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).text((8, 8), character, 255, font_of(20))
    return image.tobytes()
