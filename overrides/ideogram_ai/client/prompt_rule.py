"""The prompt rule: text_prompt and json_prompt exclude each other, and exactly one of them is given.

The rule is the contract's. Regeneration reads the `oneOf` of the request body, and writes it to
`Operation.exactly_one_of` in `ideogram_ai.generated.operations`; this module enforces it before anything is sent.

Presence counts, not content: `""` and `{}` are prompts, and the service decides whether they make sense. `None` counts
as absent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NOTHING_SENT, PromptError

if TYPE_CHECKING:
    from collections.abc import Container

    from ideogram_ai.generated.operations import Operation


def check_prompts(operation: Operation, given: Container[str]) -> None:
    """Check that exactly one field of each exclusive group is given, by wire name.

    Raises:
        PromptError: Both prompts are given, or neither.
    """
    for group in operation.exactly_one_of:
        names = {field.wire_name: field.python_name for field in operation.fields if field.wire_name in group}
        present = [names[name] for name in group if name in given]
        if len(present) > 1:
            raise PromptError(
                f"{' and '.join(present)} were both given: they exclude each other, so leave one out. {NOTHING_SENT}",
                case="both",
            )
        if not present:
            neither = " nor ".join(names[name] for name in group)
            raise PromptError(f"Neither {neither} was given: give exactly one. {NOTHING_SENT}", case="neither")
