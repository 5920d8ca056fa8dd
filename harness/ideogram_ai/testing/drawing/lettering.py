"""Sets text in Pillow's built-in font: what it can show, in the greatest size that fits a box."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from attrs import frozen
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_TEXT: Final = 4000
"""Characters of a text that are shown at most."""

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


def showable(text: str, most: int = LONGEST_TEXT) -> str:
    """The text as the font can show it, cut off with a mark after so many characters.

    Accents that the font lacks are dropped, some letters are spelled out, invisible characters go, and what has no
    glyph at all (most scripts that are not Latin, emoji) becomes the font's box for missing glyphs.
    """
    return "".join(map(_show, text[:most])) + ("..." if len(text) > most else "")


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
        lettering = set_lines(text, width, size, int(height // size))
        broken = keep_lines and len(lettering.lines) > text.count("\n") + 1
        if lettering.whole and not broken and lettering.height <= height:
            best, low = lettering, size + 1
        else:
            high = size - 1
    return best or _cut(text, width, height, smallest)


def set_lines(text: str, width: float, size: int, most: int | None = None) -> Lettering:
    """Break a shown text into lines not wider than a width, between words where it can be done.

    Args:
        text: A text that `showable` returned.
        width: Pixels of the longest line.
        size: Font size in pixels.
        most: How many lines to stop after; None for all.
    """
    lines: list[str] = []
    whole = True
    for paragraph in text.split("\n"):
        words = paragraph.split()
        whole = whole and all(_length(word, size) <= width for word in words)
        room = None if most is None else most + 1 - len(lines)
        lines.extend(islice(_fill(_pieces(words, size, width), size, width), room))
    if most is not None and len(lines) > most:
        lines, whole = lines[:most], False
    return _lettering(lines, size, whole=whole)


def _lettering(lines: list[str], size: int, *, whole: bool) -> Lettering:
    line_height = max(1, round(size * 1.2))
    widest = max((_length(line, size) for line in lines), default=0.0)
    return Lettering(tuple(lines), font_of(size), line_height, widest, line_height * len(lines), whole)


@lru_cache(maxsize=8192)
def _length(text: str, size: int) -> float:
    return font_of(size).getlength(text)


def _fill(pieces: Iterable[str], size: int, width: float) -> Iterator[str]:
    line, length = "", 0.0
    space = _length(" ", size)
    for piece in pieces:
        extent = _length(piece, size)
        if line and length + space + extent > width:
            yield line
            line, length = piece, extent
        else:
            length += extent + (space if line else 0)
            line = f"{line} {piece}" if line else piece
    yield line


def _pieces(words: Iterable[str], size: int, width: float) -> Iterator[str]:
    """The words; those that are wider than a line in pieces that are not."""
    for word in words:
        if _length(word, size) <= width:
            yield word
            continue
        start, length = 0, 0.0
        for place, character in enumerate(word):
            extent = _length(character, size)
            if place > start and length + extent > width:
                yield word[start:place]
                start, length = place, 0.0
            length += extent
        yield word[start:]


def _cut(text: str, width: float, height: float, size: int) -> Lettering | None:
    """As many lines as fit, the last one marked when more would follow."""
    count = int(height // max(1, round(size * 1.2)))
    if count < 1:
        return None
    lines = list(set_lines(text, width, size, count + 1).lines)
    if len(lines) > count:
        last = lines[count - 1]
        while last and _length(f"{last}...", size) > width:
            last = last[:-1]
        lines[count - 1 :] = [f"{last}..."]
    return _lettering(lines, size, whole=False)


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
