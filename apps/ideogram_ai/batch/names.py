"""How the files of a batch are called: so that any system can hold them, and each belongs to one row."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import BatchRequest

TEXT_PROMPT: Final = "text_prompt"
JSON_PROMPT: Final = "json_prompt"
PROMPT_FIELDS: Final = frozenset({TEXT_PROMPT, JSON_PROMPT})


_FILE: Final = re.compile(
    r"\S*\.(?:json|jsonl|ndjson|txt|text|md|csv|tsv|ya?ml|toml|xml|html?|pdf|docx?|xlsx?|ods|odt|rtf|parquet|gz|zip"
    r"|png|jpe?g|webp|avif|gif|svg|bmp|tiff?|heic)",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(?:\.{1,2}|~)[/\\]\S+|[A-Za-z]:[/\\]\S+|@\S+")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_OBJECT: Final = re.compile(r"\{\s*[\"']")
_FENCE: Final = re.compile(r"```(?:json)?\s*")


class Mistake(Enum):
    """What a text is that was nearly sent as a prompt."""

    JSON = "JSON"
    FILE = "the name of a file"
    URL = "a URL"


def mistaken_prompt(text: str, *, look: bool) -> Mistake | None:
    """What a text is that nobody means as a prompt in plain words; None for a prompt.

    A prompt may speak of files and hold braces: a name counts alone, JSON from its first character.

    Args:
        text: The text.
        look: Whether a file of that name is looked for, too.
    """
    text = text.strip("\ufeff \t\r\n")
    if _is_json(text):
        return Mistake.JSON
    if _URL.fullmatch(text):
        return Mistake.URL
    if _FILE.fullmatch(text) or _PATH.fullmatch(text) or (look and _is_there(text)):
        return Mistake.FILE
    return None


def _is_json(text: str) -> bool:
    text = _FENCE.sub("", text, count=1) if text.startswith("```") else text
    if _OBJECT.match(text):
        return True  # broken or not: nobody opens a description so
    if not text.startswith(("{", "[")):
        return False
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict | list)


def _is_there(name: str) -> bool:
    try:
        return Path(name).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, or a home of nobody
        return False


def prompt_text(fields: Mapping[str, Any]) -> str:
    """The words of a prompt: a plain one as it is, of a structured one its description.

    Args:
        fields: The fields of a request.
    """
    text = fields.get(TEXT_PROMPT)
    if isinstance(text, str):
        return text
    structured = fields.get(JSON_PROMPT)
    description = structured.get("high_level_description") if is_object(structured) else None
    return description if isinstance(description, str) else ""


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
