"""What a benchmark found: one row of the table, with its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from attrs import field, frozen


@frozen
class Target:
    """What is promised of the median.

    Attributes:
        limit: The bound, in the row's unit.
        at_most: Whether it is an upper bound.
    """

    limit: float
    at_most: bool = True

    def holds(self, value: float) -> bool:
        """Whether a value keeps it."""
        return value <= self.limit if self.at_most else value >= self.limit

    def __str__(self) -> str:
        return f"{'at most' if self.at_most else 'at least'} {self.limit:g}"


@frozen
class Row:
    """A row of the table.

    Attributes:
        what: What is measured, and against what.
        cases: Samples by case, one of each repetition, ours first.
        target: What is promised of ours; None when it is only told.
        unit: Of the samples; "x" for ratios.
        notes: Numbers behind the ratios, and what was left out.
    """

    what: str
    cases: Mapping[str, Sequence[float]]
    target: Target | None = None
    unit: str = "x"
    notes: Sequence[str] = field(factory=tuple[str, ...])

    @property
    def verdict(self) -> str:
        """Whether the target is met."""
        if self.target is None:
            return ""
        return "met" if self.target.holds(median(next(iter(self.cases.values())))) else "missed"

    def lines(self) -> list[str]:
        """For people at a terminal."""
        width = max(len(name) for name in self.cases)
        head = f"{self.what}  (target: {self.target}, {self.verdict})" if self.target else self.what
        told = [f"  {name:{width}}  {self.shown(samples)}" for name, samples in self.cases.items()]
        return [head, *told, *(f"  {note}" for note in self.notes)]

    def markdown(self) -> str:
        """A row of docs/performance.md's table."""
        ours, *peers = self.cases.items()
        beside = ", ".join(f"{name} {self.shown(samples, range_too=False)}" for name, samples in peers)
        return f"| {self.what} | {self.target or ''} | {self.shown(ours[1])} | {beside} |"

    def as_json(self) -> dict[str, Any]:
        """Everything."""
        return {
            "what": self.what,
            "unit": self.unit,
            "target": None if self.target is None else str(self.target),
            "verdict": self.verdict,
            "cases": {name: list(samples) for name, samples in self.cases.items()},
            "notes": list(self.notes),
        }

    def shown(self, samples: Sequence[float], *, range_too: bool = True) -> str:
        """The median of some samples, with the least and the greatest."""
        unit = f" {self.unit}" if self.unit else ""
        if len(samples) == 1 or not range_too:
            return f"{_digits(median(samples))}{unit}"
        return f"{_digits(median(samples))}{unit} ({_digits(min(samples))} to {_digits(max(samples))})"


def ratios(samples: Mapping[str, Sequence[float]], base: str) -> dict[str, list[float]]:
    """Each sample over the base's of the same repetition."""
    return {
        name: [value / other for value, other in zip(values, samples[base], strict=True)]
        for name, values in samples.items()
    }


def _digits(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value < 0.1 else f"{value:.2f}"
