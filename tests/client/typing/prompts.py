"""The prompt rule as type checkers see it. Lines that end in `# error: ...` must be refused, all others accepted."""

from collections.abc import Mapping
from typing import Any

from ideogram_ai.client import Generation, Ideogram
from ideogram_ai.generated.models import V4CompositionalDeconstruction, V4JsonPrompt, V4TextPromptElement

client = Ideogram()
element = V4TextPromptElement(type_="text", text="t", desc="d", bbox=[0, 0, 9, 9])
model = V4JsonPrompt(
    high_level_description="a poster",
    compositional_deconstruction=V4CompositionalDeconstruction(background="paper", elements=[element]),
)
plain = {"high_level_description": "a poster", "compositional_deconstruction": {"background": "b", "elements": [1]}}

by_text: Generation = client.generate(text_prompt="a cat")
by_model: Generation = client.generate(json_prompt=model)
by_mapping: Generation = client.generate(json_prompt=plain)
by_literal: Generation = client.generate(json_prompt={"high_level_description": "a poster"})
text_alone: Generation = client.generate(text_prompt="a cat", json_prompt=None)
json_alone: Generation = client.generate(text_prompt=None, json_prompt=model)
empty_text: Generation = client.generate(text_prompt="")
empty_mapping: Generation = client.generate(json_prompt={})

client.generate()  # error: neither
client.generate(text_prompt=None)  # error: neither
client.generate(json_prompt=None)  # error: neither
client.generate(text_prompt=None, json_prompt=None)  # error: neither
client.generate(resolution="2048x2048")  # error: neither
client.generate(text_prompt="a cat", json_prompt=model)  # error: both
client.generate(text_prompt="a cat", json_prompt=plain)  # error: both
client.generate(text_prompt="a cat", json_prompt={})  # error: both
client.generate("a cat")  # error: by keyword alone
client.generate(text_prompt=b"a cat")  # error: bytes are not text
client.generate(text_prompt=7)  # error: a number is not text
client.generate(json_prompt="{}")  # error: text is no structured prompt
client.generate(json_prompt=["a"])  # error: a list is no structured prompt
client.generate(json_prompt=element)  # error: another model


def maybe(text: str | None, structured: Mapping[str, Any] | None) -> None:
    """None is not known to be absent: whoever holds an optional prompt has to look first."""
    client.generate(text_prompt=text)  # error: perhaps neither
    client.generate(json_prompt=structured)  # error: perhaps neither
    client.generate(text_prompt=text, json_prompt=structured)  # error: perhaps both
    if text is not None:
        client.generate(text_prompt=text)
    elif structured is not None:
        client.generate(json_prompt=structured)
