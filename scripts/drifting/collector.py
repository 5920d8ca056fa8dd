"""Collects the differences of one request or one answer, and judges those that follow from the direction alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import attrs

from drifting.difference import Difference, Differences, Direction, Effect, Side, Verdict

if TYPE_CHECKING:
    from regeneration.documents import Pointer

Sides: TypeAlias = tuple[Side, Side]


def verdict_of(effect: Effect, direction: Direction) -> Verdict:
    """Judge a change of what values are allowed: a request must fit what is new, an answer what is old."""
    harmless = {Direction.REQUEST: (Effect.WIDENED, Effect.ADDED), Direction.ANSWER: (Effect.NARROWED, Effect.REMOVED)}
    return Verdict.ADDITIVE if effect in harmless[direction] else Verdict.BREAKING


@attrs.define
class Collector:
    """Differences of one direction, all below one place in words ("request", "answer 200")."""

    direction: Direction
    where: str
    found: Differences = attrs.field(factory=list[Difference])

    def add(
        self,
        change: tuple[str, Effect],
        sides: Sides,
        verdict: Verdict | None = None,
        *,
        path: str = "",
        name: str = "",
    ) -> None:
        """Note a difference.

        Args:
            change: What differs, and what became of it.
            sides: The old one and the new one.
            verdict: When there is none: that of a change of what values are allowed.
            path: The place below that of the collector.
            name: What the difference is about.
        """
        where = f"{self.where}: {path}" if path else self.where
        verdict = verdict or verdict_of(change[1], self.direction)
        self.found.append(Difference(verdict, self.direction, where, *change, name, *sides))

    def required(self, old: tuple[Pointer, bool], new: tuple[Pointer, bool], *, path: str = "", name: str = "") -> None:
        """Compare whether something has to be there; each side is the place that says so, and what it says."""
        if old[1] != new[1]:
            effect = Effect.ADDED if new[1] else Effect.REMOVED
            verdict = verdict_of(Effect.NARROWED if new[1] else Effect.WIDENED, self.direction)
            sides = tuple(Side(place, needed, needed) for place, needed in (old, new))
            self.add(("required", effect), (sides[0], sides[1]), verdict, path=path, name=name)

    def deprecated(self, old: tuple[Pointer, bool], new: tuple[Pointer, bool]) -> None:
        """Compare whether something is on its way out: it works as before, and somebody should know."""
        if old[1] != new[1]:
            effect = Effect.ADDED if new[1] else Effect.REMOVED
            sides = tuple(Side((*place, "deprecated") if said else place, said, said) for place, said in (old, new))
            self.add(("deprecated", effect), (sides[0], sides[1]), Verdict.ADDITIVE)
