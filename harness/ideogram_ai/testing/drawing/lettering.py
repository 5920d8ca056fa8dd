"""Sets text in the fonts that have its letters, and in the largest size that fits a box."""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from itertools import accumulate, groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont, features

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MAX_TEXT: Final = 4000
"""Characters of a text that are drawn."""
NO_GLYPH: Final = "\ufffd"
"""Stands for a letter that no font here has."""
RAQM: Final = features.check("raqm")
"""Whether Pillow can join letters and set them from right to left; its wheels need the system's libfribidi for that."""

# The first is required; the second, 20 MB for Chinese, Japanese and Korean, is used if it is installed.
_PACKAGES: Final = ("manimgx_fonts", "manimgx_fonts_cjk")
_PRIMARY_FONT: Final = "NotoSans[wght].ttf"
_SYSTEM_FONTS: Final = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJK-VF.otf.ttc", "NotoSansCJKjp-Regular.otf", "DroidSansFallbackFull.ttf",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "unifont.otf", "unifont.ttf",  # Linux
    "ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf",  # macOS
    "YuGothM.ttc", "msgothic.ttc", "msyh.ttc", "malgun.ttf", "seguisym.ttf",  # Windows
)  # fmt: skip
_REGULAR_WEIGHT: Final = 400
_NO_CHARACTER: Final = "\U0010ffff"
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs"})
_JOINER: Final = "\u200d"
_SELECTORS: Final = frozenset("\u200c\u200d\ufe0e\ufe0f")
_SKIN: Final = range(0x1F3FB, 0x1F400)
_FLAGS: Final = range(0x1F1E6, 0x1F200)
_WIDE: Final = frozenset({"W", "F"})
LINE_HEIGHT: Final = 1.2  # of the size
_BASELINE: Final = 0.95  # of the size, below the line's upper edge
_LOG: Final = logging.getLogger(__name__)
_warned: Final[set[str]] = set()

_DIRECTIONS: Final[Mapping[str, str]] = {"L": "ltr", "R": "rtl", "AL": "rtl"}
_Token = tuple[str, bool]  # text without a line break in it, and whether a space comes before it


class _TextRun(NamedTuple):
    """Letters of one font; the direction is `ltr`, `rtl`, or None for spaces, digits and the like."""

    face: str
    text: str
    direction: str | None


class TextBlock(NamedTuple):
    """Text that was broken into lines.

    Attributes:
        lines: The lines from top to bottom.
        size: Font size in pixels.
        line_height: Pixels from line to line.
        width: Width of the widest line in pixels.
        height: Height of all lines in pixels.
        whole: Whether no word was broken or left out.
    """

    lines: tuple[str, ...]
    size: int
    line_height: int
    width: float
    height: int
    whole: bool


@lru_cache(maxsize=512)
def _font(face: str, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.truetype(face, size)
    try:
        axes = font.get_variation_axes()
    except OSError:  # the font has only one weight
        return font
    if [axis.get("name") for axis in axes] == [b"Weight"]:
        font.set_variation_by_axes([_REGULAR_WEIGHT])
    return font


@cache
def _fonts() -> tuple[str, ...]:
    """The fonts of the packages, Latin letters first and symbols last, and then known fonts of the system."""

    def order(path: Path) -> tuple[bool, bool, bool, str]:
        return path.name != _PRIMARY_FONT, "CJK" in path.name, bool(re.search("Emoji|Symbols", path.name)), path.name

    folders = [files(package) for package in _PACKAGES if find_spec(package)]
    packaged = (Path(str(font)) for folder in folders for font in folder.iterdir())
    chosen = (path for path in packaged if path.suffix in {".ttf", ".ttc"} and "Italic" not in path.name)
    found = [str(path) for path in sorted(chosen, key=order)]
    for name in _SYSTEM_FONTS:
        try:
            found.append(str(ImageFont.truetype(name).path))
        except OSError:
            continue
    return tuple(found)


@lru_cache(maxsize=8192)
def _face_of(cluster: str) -> str | None:
    """The font for a letter with all its marks, or else for the letter alone; None, and a warning, without one."""
    wanted = "".join(character for character in cluster if character not in _SELECTORS)
    for letters in (wanted, wanted[:1]):
        for face in _fonts():
            if all(_pixels(face, letter) != _pixels(face, _NO_CHARACTER) for letter in letters):
                return face
    letter, cure = wanted[:1], ""
    script = re.split("[ -]", unicodedata.name(letter, "UNKNOWN"))[0]
    if unicodedata.east_asian_width(letter) in _WIDE:
        cure = " Install manimgx-fonts-cjk with pip, or a font of the system, for example Debian's fonts-noto-cjk."
    name = script if script == "CJK" else script.title()
    _warn_once(script, f"No font here has {letter} ({name}): the pictures show {NO_GLYPH} in its place.{cure}")
    return None


@lru_cache(maxsize=65536)
def _pixels(face: str, letter: str) -> bytes:
    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).text((8, 8), letter, 255, _font(face, 20))
    return image.tobytes()


def _warn_once(subject: str, message: str) -> None:
    if subject not in _warned:
        _warned.add(subject)
        _LOG.warning(message)


def forget_fonts() -> None:
    """Find the fonts again, and repeat warnings; for tests."""
    _warned.clear()
    for cached in (_fonts, _face_of, width_of, _visual_runs, _drawable_cluster):
        cached.cache_clear()


def drawable(text: str, most: int = MAX_TEXT) -> str:
    """The text as it is drawn, cut after `most` characters with an ellipsis.

    Combines separate accents and letters, drops invisible characters, and replaces letters that no font here has.
    """
    shown = "".join(map(_drawable_cluster, clusters(unicodedata.normalize("NFC", text[:most]))))
    return shown + ("..." if len(text) > most else "")


@lru_cache(maxsize=8192)
def _drawable_cluster(cluster: str) -> str:
    character = cluster[0]
    if cluster in {"\n", " "}:
        return cluster
    if character in "\t\r\v\f" or unicodedata.category(character) in {"Zs", "Zl", "Zp"}:
        return " "
    if unicodedata.category(character) in _INVISIBLE:
        return ""
    return cluster if _face_of(cluster) else NO_GLYPH


def clusters(text: str) -> list[str]:
    """The letters of a text, each with its marks, and emoji with those that they are joined with."""
    found: list[str] = []
    for character in text:
        if found and not found[-1].isspace() and _continues(found[-1], character):
            found[-1] += character
        else:
            found.append(character)
    return found


def _continues(last: str, character: str) -> bool:
    """Whether a character belongs to the letter before it."""
    code = ord(character)
    return (
        unicodedata.category(character) in _MARKS
        or character in {"\u200c", _JOINER}
        or last[-1] == _JOINER
        or code in _SKIN
        or (code in _FLAGS and len(last) == 1 and ord(last) in _FLAGS)
    )


@lru_cache(maxsize=8192)
def width_of(line: str, size: int) -> float:
    """Width in pixels of a line of drawable text."""
    return sum(_font(run.face, size).getlength(run.text, direction=run.direction) for run in _visual_runs(line))


def draw_line(pen: ImageDraw.ImageDraw, x: float, y: float, line: str, size: int, **options: Any) -> None:
    """Draw a line of drawable text with its upper left corner at a point; options are those of Pillow's `text`."""
    for run in _visual_runs(line):
        font, baseline = _font(run.face, size), y + round(size * _BASELINE)
        pen.text((x, baseline), run.text, font=font, anchor="ls", direction=run.direction, **options)
        x += font.getlength(run.text, direction=run.direction)


@lru_cache(maxsize=8192)
def _visual_runs(line: str) -> tuple[_TextRun, ...]:
    """The runs of a line from left to right, each with a direction for Pillow.

    As in UAX 9 without embedding: a run without a direction takes that of both its neighbours, or the line's.
    """
    runs = _runs(line)
    own = [run.direction for run in runs]
    base = next(filter(None, own), "ltr")
    before, after = _last_known(own, base), _last_known(own[::-1], base)[::-1]
    directions = [left if left == right else base for left, right in zip(before, after, strict=True)]
    directed = [run._replace(direction=direction) for run, direction in zip(runs, directions, strict=True)]
    ordered: list[_TextRun] = []
    for direction, group in groupby(directed, key=lambda run: run.direction):
        same = list(group)
        ordered.extend(same if direction == base else same[::-1])
    if base == "rtl":
        ordered.reverse()
    return tuple(ordered if RAQM else map(_without_raqm, ordered))


def _last_known(directions: list[str | None], base: str) -> list[str]:
    return list(accumulate(directions, lambda known, direction: direction or known, initial=base))[1:]


def _runs(line: str) -> list[_TextRun]:
    if line.isascii():
        return [_TextRun(_fonts()[0], line, "ltr")]
    letters = clusters(line)
    directions = [_DIRECTIONS.get(unicodedata.bidirectional(cluster[0])) for cluster in letters]
    mixed = "rtl" in directions  # a space may then be on either side of a word
    runs: list[_TextRun] = []
    for cluster, direction in zip(letters, directions, strict=True):
        face = _fonts()[0] if cluster.isspace() else _face_of(cluster) or _fonts()[0]
        last = runs[-1] if runs else None
        apart = mixed and last is not None and cluster.isspace() != last.text.isspace()
        if last and not apart and last.face == face and direction in {None, last.direction or direction}:
            runs[-1] = _TextRun(face, last.text + cluster, last.direction or direction)
        else:
            runs.append(_TextRun(face, cluster, direction))
    return runs


def _without_raqm(run: _TextRun) -> _TextRun:
    """The run as Pillow draws it without Raqm, one character after the other from left to right."""
    if run.direction == "rtl" or any(unicodedata.category(character) in _MARKS for character in run.text):
        _warn_once(
            "Raqm",
            "Pillow cannot join letters here, or set them from right to left: the pictures show them one by one. "
            "libfribidi brings that (Debian's libfribidi0, for example).",
        )
    text = "".join(reversed(clusters(run.text))) if run.direction == "rtl" else run.text
    return _TextRun(run.face, text, None)


def fit_text(
    text: str, width: float, height: float, largest: int, smallest: int, *, keep_lines: bool = False
) -> TextBlock | None:
    """Set a drawable text as large as it fits. In the smallest size it is cut; None if not even one line fits.

    Args:
        text: The text.
        width: Width of the box in pixels.
        height: Height of the box in pixels.
        largest: Largest font size in pixels.
        smallest: Smallest font size in pixels.
        keep_lines: Whether a size that breaks the text's own lines is too large.
    """
    low, high, best = smallest, max(largest, smallest), None
    while low <= high:
        size = (low + high) // 2
        block = wrap(text, width, size, height)
        if block.whole and not (keep_lines and len(block.lines) > text.count("\n") + 1):
            best, low = block, size + 1
        else:
            high = size - 1
    best = best or wrap(text, width, smallest, height)
    return best if best.lines else None


def wrap(text: str, width: float, size: int, height: float | None = None) -> TextBlock:
    """Break a drawable text into lines, between words where possible.

    Args:
        text: The text.
        width: Width of a line in pixels.
        size: Font size in pixels.
        height: What is below this height in pixels is cut, and an ellipsis says so; None keeps all.
    """
    line_height = max(1, round(size * LINE_HEIGHT))
    most = None if height is None else int(height // line_height)
    lines: list[str] = []
    whole = True
    for paragraph in text.split("\n"):
        tokens = list(_tokens(paragraph))
        whole = whole and all(width_of(token, size) <= width for token, _ in tokens)
        lines.extend(islice(_fill(tokens, size, width), None if most is None else most + 1 - len(lines)))
    if most is not None and len(lines) > most:
        lines, whole = lines[:most], False
        if lines:
            last = lines.pop()
            while last and width_of(f"{last}...", size) > width:
                last = last[:-1]
            lines.append(f"{last}...")
    widest = max((width_of(line, size) for line in lines), default=0.0)
    return TextBlock(tuple(lines), size, line_height, widest, line_height * len(lines), whole)


def _tokens(paragraph: str) -> Iterator[_Token]:
    """The words of a paragraph, and the letters of scripts that are written without spaces."""
    for word in paragraph.split():
        spaced, token = True, ""
        for cluster in [word] if word.isascii() else clusters(word):
            if token and _may_break(token, cluster):
                yield token, spaced
                token, spaced = "", False
            token += cluster
        yield token, spaced


def _may_break(token: str, cluster: str) -> bool:
    """Whether a line may end between two letters: beside a wide one, except at punctuation."""
    if unicodedata.category(token[-1]) in {"Ps", "Pi"} or unicodedata.category(cluster[0]) in {"Pe", "Pf", "Po", "Lm"}:
        return False
    return any(unicodedata.east_asian_width(letter) in _WIDE for letter in (token[-1], cluster[0]))


def _fill(tokens: Iterable[_Token], size: int, width: float) -> Iterator[str]:
    """The lines of a paragraph; a token that is wider than a line is broken between its letters."""
    line, extent, space = "", 0.0, width_of(" ", size)
    for token, spaced in tokens:
        pieces = [token] if width_of(token, size) <= width else clusters(token)
        for place, piece in enumerate(pieces):
            gap = space if line and spaced and not place else 0.0
            more = width_of(piece, size)
            if line and extent + gap + more > width:
                yield line
                line, extent = piece, more
            else:
                line, extent = f"{line} {piece}" if gap else line + piece, extent + gap + more
    yield line
