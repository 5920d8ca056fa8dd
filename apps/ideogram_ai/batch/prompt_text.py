"""What a request asks for, in words, whichever kind of prompt it has."""

from __future__ import annotations

import json
import re
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

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
