"""Draws examples from strategies: the same ones for the same seed, and no more than were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as use_seed

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")

_ALL_CHECKS: Final[Any] = list(HealthCheck)  # typed as a list of its metaclass

# Nothing is sent while hypothesis runs: it sees no failure, so it neither shrinks nor repeats a request.
_DRAWING = settings(
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=_ALL_CHECKS,
    verbosity=Verbosity.quiet,
)


def draw(strategy: SearchStrategy[T], count: int, seed: int) -> list[T]:
    """Draw examples.

    Args:
        strategy: What to draw from.
        count: How many at most; fewer come of a strategy that has fewer.
        seed: The seed.
    """
    drawn: list[T] = []

    @use_seed(seed)
    @settings(_DRAWING, max_examples=count)
    @given(strategy)
    def collect(example: T) -> None:
        drawn.append(example)

    collect()
    return drawn[:count]
