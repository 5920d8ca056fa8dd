"""What the shell completes after an option that takes a field of the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem


def complete_choice(_ctx: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The contract's values of the field that the option is named after."""
    from click.shell_completion import CompletionItem  # noqa: PLC0415 - for completion only

    from .generate.contract_fields import request_fields  # noqa: PLC0415

    choices = request_fields()[parameter.name or ""].choices
    return [CompletionItem(choice) for choice in choices if choice.startswith(incomplete.upper().replace("X", "x"))]
