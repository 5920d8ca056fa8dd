"""Numbers, sums, times and states as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ideogram_ai.batch.model import State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from decimal import Decimal

    from ideogram_ai.batch.model import BatchRequest

STYLES: Final = {
    State.SAVED: "green",
    State.WITHHELD: "yellow",
    State.FAILED: "red",
    State.UNKNOWN: "bold magenta",
    State.ANSWERED: "cyan",
    State.SENT: "bold magenta",
    State.PLANNED: "dim",
}
"""The states in the order in which they are told, each with its colour."""

_NAMES: Final = {State.ANSWERED: "not downloaded yet", State.PLANNED: "not sent"}


def count(number: int, noun: str) -> str:
    """A number with its noun, in the plural where that is due."""
    return f"{number:,} {noun}{'s'[: number != 1]}"


def usd(amount: Decimal) -> str:
    """A sum of money."""
    return f"{amount:,.2f} USD" if amount == round(amount, 2) else f"{amount:,f} USD"


def duration(seconds: float) -> str:
    """A time, as exact as it is of use."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 10 else f"{round(minutes / 60):,} h"


def place(request: BatchRequest) -> str:
    """A row, as people find it."""
    if request.line is None:
        return f"id {request.key}"
    # An id that nobody gave tells nobody anything.
    return f"line {request.line}" if request.key.isdigit() else f"line {request.line}, id {request.key}"


def states(counts: Mapping[State, int]) -> Iterator[tuple[str, str]]:
    """What there is of each state, and its colour."""
    for state, style in STYLES.items():
        if counts.get(state):
            yield f"{counts[state]:,} {_NAMES.get(state, state.value)}", style


def states_in_a_line(counts: Mapping[State, int]) -> str:
    """What there is of each state."""
    return ", ".join(text for text, _ in states(counts)) or "nothing yet"
