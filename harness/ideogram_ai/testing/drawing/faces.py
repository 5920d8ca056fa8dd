"""The fonts of the pictures: Noto's of a package, and for letters that it lacks those of the system."""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import cache, lru_cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from PIL import Image, ImageDraw, ImageFont, features

RAQM: Final = features.check("raqm")
"""Whether letters can be joined and set from right to left: Pillow's wheels need libfribidi of the system for that."""

_PACKAGES: Final = ("manimgx_fonts", "manimgx_fonts_cjk")
"""The first is required, the second, with some 20 MB for Chinese, Japanese and Korean, used where it is installed."""
_PRIMARY: Final = "NotoSans[wght].ttf"
_LAST: Final = ("Emoji", "Symbols")
_OF_SYSTEMS: Final = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJK-VF.otf.ttc", "NotoSansCJKjp-Regular.otf", "DroidSansFallbackFull.ttf",
    "wqy-microhei.ttc", "wqy-zenhei.ttc", "unifont.otf", "unifont.ttf",  # Linux
    "ヒラギノ角ゴシック W3.ttc", "Hiragino Sans GB.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf",  # macOS
    "YuGothM.ttc", "msgothic.ttc", "msyh.ttc", "malgun.ttf", "seguisym.ttf",  # Windows
)  # fmt: skip
_REGULAR: Final = 400
_NO_CHARACTER: Final = "\U0010ffff"
_IGNORABLE: Final = frozenset("\u200c\u200d\ufe0e\ufe0f")
_LOG: Final = logging.getLogger(__name__)
_told: Final[set[str]] = set()


@lru_cache(maxsize=512)
def font_of(face: str, size: int) -> ImageFont.FreeTypeFont:
    """A font in a size in pixels.

    Args:
        face: The path of the font, or the name of one of the system.
        size: The size.

    Raises:
        OSError: The system has no such font.
    """
    font = ImageFont.truetype(face, size)
    try:
        axes = font.get_variation_axes()
    except OSError:  # it comes in one weight
        return font
    if [axis.get("name") for axis in axes] == [b"Weight"]:
        font.set_variation_by_axes([_REGULAR])
    return font


@cache
def primary() -> str:
    """The font of Latin, Greek and Cyrillic letters, and of what is in no font."""
    return str(files(_PACKAGES[0]) / _PRIMARY)


@lru_cache(maxsize=8192)
def face_of(cluster: str) -> str | None:
    """The font that shows a letter with all its marks, or else the letter alone; None, and a warning, without one.

    Args:
        cluster: A character, and the marks and joined characters that follow it.
    """
    wanted = "".join(character for character in cluster if character not in _IGNORABLE)
    for letters in (wanted, wanted[:1]):
        for face in (*_packaged(), *_of_system()):
            if all(_has_glyph(face, letter) for letter in letters):
                return face
    _tell(wanted[:1])
    return None


def tell_unjoined() -> None:
    """Warn, once, that letters are drawn one by one that should be joined or ordered."""
    if "Raqm" not in _told:
        _told.add("Raqm")
        _LOG.warning(
            "Pillow cannot join letters here, or set them from right to left: the pictures show them one by one. "
            "libfribidi brings that (Debian's libfribidi0, for example)."
        )


def _tell(letter: str) -> None:
    script = re.split("[ -]", unicodedata.name(letter, "UNKNOWN"))[0]
    if script in _told:
        return
    _told.add(script)
    cure = ""
    if unicodedata.east_asian_width(letter) in {"W", "F"}:
        cure = " Install manimgx-fonts-cjk with pip, or a font of the system, for example Debian's fonts-noto-cjk."
    name = script if script == "CJK" else script.title()
    _LOG.warning("No font here has %s (%s): the pictures show \ufffd in its place.%s", letter, name, cure)


@cache
def _packaged() -> tuple[str, ...]:
    """The fonts of the packages, those of letters before those of symbols."""
    found = [
        Path(str(folder))
        for package in _PACKAGES
        if find_spec(package)
        for folder in files(package).iterdir()
        if folder.name.endswith((".ttf", ".ttc")) and "Italic" not in folder.name
    ]
    return tuple(map(str, sorted(found, key=_place)))


def _place(path: Path) -> tuple[bool, bool, bool, str]:
    return path.name != _PRIMARY, "CJK" in path.name, any(word in path.name for word in _LAST), path.name


@cache
def _of_system() -> tuple[str, ...]:
    """The fonts of the system that are known to have many letters."""
    found: list[str] = []
    for name in _OF_SYSTEMS:
        try:
            found.append(str(ImageFont.truetype(name).path))
        except OSError:
            continue
    return tuple(found)


@lru_cache(maxsize=65536)
def _has_glyph(face: str, letter: str) -> bool:
    return _pixels(face, letter) != _pixels(face, _NO_CHARACTER)


@lru_cache(maxsize=1024)
def _pixels(face: str, letter: str) -> bytes:
    image = Image.new("L", (48, 48))
    ImageDraw.Draw(image).text((8, 8), letter, 255, font_of(face, 20))
    return image.tobytes()
