"""What a prompt says, and the names of image files that are made from it, valid on any system and unique by row."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from enum import Enum
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .model import BatchRequest

TEXT_PROMPTS: Final = ("text_prompt", "prompt")
"""The fields that hold a prompt in plain words."""
JSON_PROMPT: Final = "json_prompt"
MAX_STEM_BYTES: Final = 120
"""Leaves room for a suffix and a number, on systems that allow 143 bytes."""

_FILE: Final = re.compile(
    r"\S*\.(?:json|jsonl|ndjson|txt|text|md|csv|tsv|ya?ml|toml|xml|html?|pdf|docx?|xlsx?|ods|odt|rtf|parquet|gz|zip"
    r"|png|jpe?g|webp|avif|gif|svg|bmp|tiff?|heic)",
    re.IGNORECASE,
)
_PATH: Final = re.compile(r"(?:\.{1,2}|~)[/\\]\S+|[A-Za-z]:[/\\]\S+|@\S+")
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
_OBJECT: Final = re.compile(r"\{\s*[\"']")
_FENCE: Final = re.compile(r"```(?:json)?\s*")
_SLUG_CHARACTERS: Final = 40
_IMAGE_SUFFIX: Final = re.compile(r"(?<=.)\.(?:png|jpe?g|webp|gif|avif)\Z", re.IGNORECASE)
_DEVICES: Final = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])(?= *(?:\.|$))", re.IGNORECASE)
"""Names that Windows reserves, with any suffix."""
_OWN_NAMES: Final = re.compile(r"manifest\.jsonl|index(?:-[0-9]+)?\.html|thumbnails|parts|claims")
"""Names of a batch's own files, as `folded` has them."""
_LEDGER: Final = "ledger.sqlite3"
_LEDGER_FILES: Final = ("", "-wal", "-shm", "-journal", "-pid")


class Mistake(Enum):
    """What was nearly sent as a prompt."""

    JSON = "JSON"
    FILE = "the name of a file"
    URL = "a URL"


def mistaken_prompt(text: str, *, look: bool) -> Mistake | None:
    """What a text is that nobody means as a prompt; None for a prompt.

    A prompt may mention files and contain braces: a file name counts only if it is the whole text, JSON only from the
    first character on. `look` also asks whether a file of that name exists.
    """
    text = text.strip("\ufeff \t\r\n")
    if _is_json(text):
        return Mistake.JSON
    if _URL.fullmatch(text):
        return Mistake.URL
    if _FILE.fullmatch(text) or _PATH.fullmatch(text) or (look and _is_file(text)):
        return Mistake.FILE
    return None


def _is_json(text: str) -> bool:
    text = _FENCE.sub("", text, count=1) if text.startswith("```") else text
    if _OBJECT.match(text):
        return True  # even if it is broken: no description begins like this
    if not text.startswith(("{", "[")):
        return False
    try:
        value: Any = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict | list)


def _is_file(name: str) -> bool:
    try:
        return Path(name).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):  # too long, a NUL, or an unknown home
        return False


def prompt_text(fields: Mapping[str, Any]) -> str:
    """The words of a request's prompt: a plain one, also in an object, or the description of a structured one."""
    structured = fields.get(JSON_PROMPT)
    found = [fields.get(name) for name in TEXT_PROMPTS]
    found.append(structured.get("high_level_description") if is_object(structured) else None)
    found += [value.get(name) for value in fields.values() if is_object(value) for name in TEXT_PROMPTS]
    return next((text for text in found if isinstance(text, str)), "")


def caption_of(request: BatchRequest) -> str:
    """What people know a row by: the words of its prompt or, if it needs none, the name of its first file."""
    files = (request.fields[name] for name in request.files)
    first = next((file[0] if is_array(file) else file for file in files), "")
    return prompt_text(request.fields) or PurePath(str(first)).name


def stem_of(request: BatchRequest) -> str:
    """The name of a request's image without the suffix: its file name, or its key and the first words of its caption.

    A file name loses its image suffix, because the real format of the image decides it.
    """
    if request.file_name is not None:
        return safe_stem(without_image_suffix(request.file_name.strip()))
    slug = slug_of(prompt_text(request.fields) or PurePath(caption_of(request)).stem)
    return safe_stem(f"{request.key}-{slug}" if slug else request.key)


def without_image_suffix(name: str) -> str:
    """A file name without a suffix that says that it is an image."""
    return _IMAGE_SUFFIX.sub("", name)


def slug_of(caption: str) -> str:
    """The first words of a caption, as the names of images have them; empty if it has none."""
    words = re.findall(r"\w+", unicodedata.normalize("NFC", caption[: 10 * _SLUG_CHARACTERS]))
    return "-".join(words).lower()[:_SLUG_CHARACTERS].rstrip("-")


def safe_stem(text: str) -> str:
    """The stem of a file name that any system accepts, as close to a text as possible. Letters of any script stay.

    It is one part of a path, never hidden, never a device, never a file of the batch's own, at most MAX_STEM_BYTES long
    in UTF-8. A few digits of a hash replace what is cut off or left out altogether.
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
    # Control and format characters, surrogates, private and unassigned ones.
    return "" if unicodedata.category(character).startswith("C") else character


def is_reserved(stem: str, ledger: str = _LEDGER) -> bool:
    """Whether an image of that name, with or without a suffix, would collide with a file of the batch itself."""
    name = folded(stem)
    return name in _reserved_by(ledger) or _OWN_NAMES.fullmatch(name) is not None


@cache
def _reserved_by(ledger: str) -> frozenset[str]:
    return frozenset({*(folded(f"{ledger}{end}") for end in _LEDGER_FILES), folded(_IMAGE_SUFFIX.sub("", ledger))})


def folded(stem: str) -> str:
    """The same for all stems that some file system does not distinguish, by case or composition of letters."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", stem).casefold())
