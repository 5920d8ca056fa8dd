"""How many rows of a batch ended how, and what they cost."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

from attrs import define, field

from ..outcome import State
from .card import LABELS, money

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..outcome import Outcome


@define
class Totals:
    """Sums of the rows that were added.

    Attributes:
        free: Whether it was a rehearsal.
        states: Rows by state.
        cost: US dollars that were billed; None when no prices are known.
        uncertain: US dollars that may have been billed beside that.
    """

    free: bool = False
    states: Counter[State] = field(factory=Counter[State])
    cost: Decimal | None = None
    uncertain: Decimal = Decimal(0)

    def add(self, outcome: Outcome) -> None:
        """Count a row. One that was only rehearsed makes all of it a rehearsal: they are never mixed."""
        self.free = self.free or bool(outcome.rehearsed)
        self.states[outcome.state] += 1
        self.uncertain += outcome.earlier_cost
        if outcome.cost is None:
            return
        if outcome.state in {State.SENT, State.UNKNOWN}:
            self.uncertain += outcome.cost
        else:
            self.cost = (self.cost or Decimal(0)) + outcome.cost

    @property
    def rows(self) -> int:
        """Rows that have a card: all that were ever sent."""
        return self.states.total() - self.states[State.PLANNED]

    def counted(self) -> Iterator[tuple[State, int]]:
        """The states of those rows with their counts, none of them zero."""
        for state in LABELS:
            if self.states[state]:
                yield state, self.states[state]

    def sentence(self) -> str:
        """All of it for people."""
        counts = [f"{count:,} {LABELS[state]}" for state, count in self.counted()]
        if self.states[State.PLANNED]:
            counts.append(f"{self.states[State.PLANNED]:,} not sent")
        text = (
            f"{self.states.total():,} {'row' if self.states.total() == 1 else 'rows'}: {', '.join(counts) or 'none'}."
        )
        if self.free:
            return f"{text} A rehearsal: nothing was billed."
        if self.cost is not None:
            text += f" {money(self.cost)} billed."
        if self.uncertain:
            text += f" {money(self.uncertain)} more may have been billed."
        return text
