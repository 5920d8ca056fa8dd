"""Repetitions that take turns, so that what the machine does meanwhile hits all cases alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Case = TypeVar("Case")


@frozen
class Scale:
    """How much is measured.

    Attributes:
        quick: Whether it is only shown that a benchmark runs.
    """

    quick: bool = False

    def of(self, whole: int, little: int) -> int:
        """A number of things, for a measurement or for a try."""
        return little if self.quick else whole


def interleave(cases: Mapping[str, Case], sample: Callable[[Case], float], repetitions: int) -> dict[str, list[float]]:
    """Measure each case in turn, so many times; each round begins with another one.

    Args:
        cases: What is measured, by name.
        sample: Measures one case once.
        repetitions: How many samples of each are taken.
    """
    samples: dict[str, list[float]] = {name: [] for name in cases}
    names = list(cases)
    for number in range(repetitions):
        first = number % len(names)
        for name in names[first:] + names[:first]:
            samples[name].append(sample(cases[name]))
    return samples
