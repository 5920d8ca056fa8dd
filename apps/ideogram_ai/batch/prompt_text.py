"""What a request asks for, in words, whichever kind of prompt it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.json_types import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT_PROMPT: Final = "text_prompt"
JSON_PROMPT: Final = "json_prompt"
PROMPT_FIELDS: Final = frozenset({TEXT_PROMPT, JSON_PROMPT})


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
