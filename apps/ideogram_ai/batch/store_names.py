"""How the files of a batch are called: so that any system can hold them, and each belongs to one row."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

from .prompt_text import prompt_text

if TYPE_CHECKING:
    from .request import BatchRequest

MAX_STEM_BYTES: Final = 120
"""Room is left for a suffix, a number behind the stem, and systems that take 143 bytes and no more."""
_SLUG_CHARACTERS = 40
_IMAGE_SUFFIX = re.compile(r"(?<=.)\.(?:png|jpe?g|webp|gif|avif)\Z", re.IGNORECASE)
_DEVICES = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?= *(?:\.|$))", re.IGNORECASE)
"""Names that Windows keeps for itself, whatever suffix they have."""

_OWN = re.compile(r"manifest\.jsonl|index(?:-[0-9]+)?\.html|thumbnails|parts")
"""Names that a batch keeps for itself, as `folded` has them."""
_LEDGER = "ledger.sqlite3"
_SIDE_FILES = ("", "-wal", "-shm", "-journal", "-pid")


def is_reserved(stem: str, ledger: str = _LEDGER) -> bool:
    """Whether an image of that name, with or without a suffix, would be taken for a file of the batch itself.

    Args:
        stem: The name.
        ledger: What the ledger is called.
    """
    name = folded(stem)
    return name in _files_of(ledger) or _OWN.fullmatch(name) is not None


@cache
def _files_of(ledger: str) -> frozenset[str]:
    return frozenset({*(folded(f"{ledger}{side}") for side in _SIDE_FILES), folded(_IMAGE_SUFFIX.sub("", ledger))})


def stem_of(request: BatchRequest) -> str:
    """The name of a request's image, without the suffix: its file name, or its key and the prompt's first words.

    Args:
        request: The request. A file name loses its image suffix, because the image's real format gives it.
    """
    if request.file_name is not None:
        return safe_stem(_IMAGE_SUFFIX.sub("", request.file_name.strip()))
    words = re.findall(r"\w+", unicodedata.normalize("NFC", prompt_text(request.fields)[: 10 * _SLUG_CHARACTERS]))
    slug = "-".join(words).lower()[:_SLUG_CHARACTERS].rstrip("-")
    return safe_stem(f"{request.key}-{slug}" if slug else request.key)


def folded(stem: str) -> str:
    """What two stems have in common that some system takes for one: no difference of case or of composed letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())


def safe_stem(text: str) -> str:
    """A file name's stem that any system takes, as near to the text as can be. Letters of any script stay.

    Args:
        text: Any text.

    Returns:
        One part of a path, never hidden, never a device, never a file of the batch's own, at most MAX_STEM_BYTES long
        in UTF-8. What is cut off, or left out altogether, is stood for by a few digits of its hash.
    """
    stem = "".join(_safe(character) for character in unicodedata.normalize("NFC", text))
    stem = re.sub("-{2,}", "-", re.sub(r"\s+", " ", stem)).strip(" .-")
    if _DEVICES.match(stem) or is_reserved(stem):
        stem = f"_{stem}"
    if stem and len(stem.encode()) <= MAX_STEM_BYTES:
        return stem
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    begin = stem.encode()[: MAX_STEM_BYTES - len(mark) - 1].decode("utf-8", "ignore").rstrip(" .-")
    return f"{begin}-{mark}".lstrip("-")


def _safe(character: str) -> str:
    if character in '<>:"/\\|?*\t\n\r':
        return "-"
    # Control and format characters, half surrogates, private ones and those that no one has named yet.
    return "" if unicodedata.category(character).startswith("C") else character
