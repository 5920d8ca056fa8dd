"""What a request asks for, in words, whichever kind of prompt it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ideogram_ai.client.json_types import is_object

if TYPE_CHECKING:
    from collections.abc import Mapping


def prompt_text(fields: Mapping[str, Any]) -> str:
    """The words of a prompt: a plain one as it is, of a structured one its description.

    Args:
        fields: The fields of a request.
    """
    text = fields.get("text_prompt")
    if isinstance(text, str):
        return text
    structured = fields.get("json_prompt")
    description = structured.get("high_level_description") if is_object(structured) else None
    return description if isinstance(description, str) else ""
