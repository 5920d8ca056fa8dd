"""Sets text: in the fonts that have its letters, in the greatest size that fits a box."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from . import faces

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from PIL import ImageDraw

LONGEST_TEXT: Final = 4000
"""Characters of a text that are shown at most."""

_NO_GLYPH: Final = "\ufffd"
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs"})
_JOINER: Final = "\u200d"
_JOINERS: Final = frozenset({"\u200c", _JOINER})
_SKIN: Final = range(0x1F3FB, 0x1F400)
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_LINE: Final = 1.2  # of the size
_BASELINE: Final = 0.95  # of the size, below the line's upper edge

_Direction = str
"""`ltr` or `rtl`, as Pillow has them."""

_Token = tuple[str, bool]
"""What stays on a line, and whether a space parts it from what is before it."""


@frozen
class _Run:
    """Letters of one font, and the direction that they give; none for spaces, digits and the like."""

    face: str
    text: str
    direction: _Direction | None


@frozen
class Lettering:
    """Text that was broken into lines of a size.

    Attributes:
        lines: The lines from top to bottom.
        size: Size of the letters in pixels.
        line_height: Pixels from line to line.
        width: Pixels of the widest line.
        height: Pixels of all lines.
        whole: Whether every word fits: none was broken or left out.
    """

    lines: tuple[str, ...]
    size: int
    line_height: int
    width: float
    height: int
    whole: bool


def showable(text: str, most: int = LONGEST_TEXT) -> str:
    """The text as it is drawn, cut off with a mark after so many characters.

    Accents and letters that stand apart are put together, invisible characters go, and a letter that no font here has
    becomes the replacement character.
    """
    shown = "".join(map(_show, clusters(unicodedata.normalize("NFC", text[:most]))))
    return shown + ("..." if len(text) > most else "")


def count_missing(shown: str) -> int:
    """How many letters of a shown text stand for one that no font here has."""
    return shown.count(_NO_GLYPH)


def clusters(text: str) -> list[str]:
    """The letters of a text, each with its marks, and emoji with what they are joined with."""
    found: list[str] = []
    for character in text:
        last = found[-1] if found else ""
        if last and not last.isspace() and _continues(last, character):
            found[-1] += character
        else:
            found.append(character)
    return found


def length(text: str, size: int) -> float:
    """Width in pixels of a line of shown text."""
    return _length(text, size)


def draw_line(pen: ImageDraw.ImageDraw, x: float, y: float, line: str, size: int, **options: Any) -> None:
    """Draw a line of shown text.

    Args:
        pen: What draws.
        x: The left edge.
        y: The upper edge.
        line: The text.
        size: Size of the letters in pixels.
        options: Of Pillow's `text`, for example `fill`.
    """
    for run, direction in _in_sight(line):
        font = faces.font_of(run.face, size)
        place, way = (x, y + round(size * _BASELINE)), direction if faces.RAQM else None
        pen.text(place, run.text, font=font, anchor="ls", direction=way, **options)
        x += font.getlength(run.text, direction=way)


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
        tokens = list(_tokens(paragraph))
        whole = whole and all(_length(token, size) <= width for token, _ in tokens)
        room = None if most is None else most + 1 - len(lines)
        lines.extend(islice(_fill(_pieces(tokens, size, width), size, width), room))
    if most is not None and len(lines) > most:
        lines, whole = lines[:most], False
    return _lettering(lines, size, whole=whole)


def _lettering(lines: list[str], size: int, *, whole: bool) -> Lettering:
    line_height = max(1, round(size * _LINE))
    widest = max((_length(line, size) for line in lines), default=0.0)
    return Lettering(tuple(lines), size, line_height, widest, line_height * len(lines), whole)


@lru_cache(maxsize=8192)
def _length(text: str, size: int) -> float:
    return sum(
        faces.font_of(run.face, size).getlength(run.text, direction=direction if faces.RAQM else None)
        for run, direction in _in_sight(text)
    )


@lru_cache(maxsize=8192)
def _in_sight(line: str) -> tuple[tuple[_Run, _Direction], ...]:
    """The runs of a line from left to right, each with the direction that its letters follow one another in.

    As in UAX 9 without embedding: what has no direction takes that of both its neighbours, or the line's.
    """
    runs = _runs(line)
    base: _Direction = next((run.direction for run in runs if run.direction), "ltr")
    directed = list(zip(runs, _resolved(runs, base), strict=True))
    ordered: list[tuple[_Run, _Direction]] = []
    for direction, group in groupby(directed, key=lambda item: item[1]):
        same = list(group)
        ordered.extend(same if direction == base else same[::-1])
    if base == "rtl":
        ordered.reverse()
    if not faces.RAQM:
        return tuple((_unjoined(run, direction), direction) for run, direction in ordered)
    return tuple(ordered)


def _resolved(runs: list[_Run], base: _Direction) -> list[_Direction]:
    """The direction of each run."""
    own = [run.direction for run in runs]
    before, after = _last_known(own, base), _last_known(own[::-1], base)[::-1]
    return [left if left == right else base for left, right in zip(before, after, strict=True)]


def _last_known(directions: Iterable[_Direction | None], base: _Direction) -> list[_Direction]:
    known: list[_Direction] = []
    for direction in directions:
        known.append(direction or (known[-1] if known else base))
    return known


def _runs(line: str) -> list[_Run]:
    if line.isascii():
        return [_Run(faces.primary(), line, "ltr")]
    letters = clusters(line)
    mixed = any(_direction(cluster) == "rtl" for cluster in letters)  # then a space may stand on either side of a word
    runs: list[_Run] = []
    for cluster in letters:
        face = faces.primary() if cluster.isspace() else faces.face_of(cluster) or faces.primary()
        direction = _direction(cluster)
        last = runs[-1] if runs else None
        apart = mixed and last is not None and cluster.isspace() != last.text.isspace()
        if last and not apart and last.face == face and direction in {None, last.direction or direction}:
            runs[-1] = _Run(face, last.text + cluster, last.direction or direction)
        else:
            runs.append(_Run(face, cluster, direction))
    return runs


def _direction(cluster: str) -> _Direction | None:
    match unicodedata.bidirectional(cluster[0]):
        case "L":
            return "ltr"
        case "R" | "AL":
            return "rtl"
        case _:
            return None


def _unjoined(run: _Run, direction: _Direction) -> _Run:
    """A run as it is drawn without Raqm, which sets one character after the other."""
    if direction == "rtl" or any(unicodedata.category(character) in _MARKS for character in run.text):
        faces.tell_unjoined()
    return _Run(run.face, "".join(reversed(clusters(run.text))), run.direction) if direction == "rtl" else run


def _continues(last: str, character: str) -> bool:
    """Whether a character belongs to the letter before it."""
    code = ord(character)
    return (
        unicodedata.category(character) in _MARKS
        or character in _JOINERS
        or last[-1] == _JOINER
        or code in _SKIN
        or (code in _FLAGS and len(last) == 1 and ord(last) in _FLAGS)
    )


def _tokens(paragraph: str) -> Iterator[_Token]:
    """The words of a paragraph, and the letters of scripts that write without spaces."""
    for word in paragraph.split():
        spaced = True
        token = ""
        for cluster in [word] if word.isascii() else clusters(word):
            if token and _may_break(token, cluster):
                yield token, spaced
                token, spaced = "", False
            token += cluster
        yield token, spaced


def _may_break(token: str, cluster: str) -> bool:
    """Whether a line may end between two letters: beside a wide one, but for punctuation."""
    if unicodedata.category(token[-1]) in {"Ps", "Pi"} or unicodedata.category(cluster[0]) in {"Pe", "Pf", "Po", "Lm"}:
        return False
    return any(unicodedata.east_asian_width(letter) in {"W", "F"} for letter in (token[-1], cluster[0]))


def _fill(pieces: Iterable[_Token], size: int, width: float) -> Iterator[str]:
    line, extent = "", 0.0
    space = _length(" ", size)
    for piece, spaced in pieces:
        gap = space if line and spaced else 0.0
        more = _length(piece, size)
        if line and extent + gap + more > width:
            yield line
            line, extent = piece, more
        else:
            line, extent = f"{line} {piece}" if gap else line + piece, extent + gap + more
    yield line


def _pieces(tokens: Iterable[_Token], size: int, width: float) -> Iterator[_Token]:
    """The tokens; those that are wider than a line in pieces that are not."""
    for token, spaced in tokens:
        if _length(token, size) <= width:
            yield token, spaced
            continue
        piece, extent = "", 0.0
        apart = spaced
        for cluster in clusters(token):
            more = _length(cluster, size)
            if piece and extent + more > width:
                yield piece, apart
                piece, extent, apart = "", 0.0, False
            piece, extent = piece + cluster, extent + more
        yield piece, apart


def _cut(text: str, width: float, height: float, size: int) -> Lettering | None:
    """As many lines as fit, the last one marked when more would follow."""
    count = int(height // max(1, round(size * _LINE)))
    if count < 1:
        return None
    lines = list(set_lines(text, width, size, count + 1).lines)
    if len(lines) > count:
        last = lines[count - 1]
        while last and _length(f"{last}...", size) > width:
            last = last[:-1]
        lines[count - 1 :] = [f"{last}..."]
    return _lettering(lines, size, whole=False)


@lru_cache(maxsize=8192)
def _show(cluster: str) -> str:
    character = cluster[0]
    if cluster in {"\n", " "}:
        return cluster
    if character in "\t\r\v\f" or unicodedata.category(character) in {"Zs", "Zl", "Zp"}:
        return " "
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    return cluster if faces.face_of(cluster) else _NO_GLYPH
