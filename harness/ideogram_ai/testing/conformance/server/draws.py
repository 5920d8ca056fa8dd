"""Draws examples from strategies: the same ones for the same seed, and no more than were asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import seed as use_seed
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


class SeededProvider(HypothesisProvider):
    """Hypothesis's own source of values, but for the constants that it reads from the modules that are loaded.

    With those, the same seed would give other values in another program (Hypothesis 6.131 and later).
    """

    def _maybe_draw_constant(self, *_: object, **__: object) -> None:
        return None


_BACKEND: Final = "ideogram-conformance"
AVAILABLE_PROVIDERS[_BACKEND] = f"{__name__}.{SeededProvider.__name__}"

_ALL_CHECKS: Final[Any] = list(HealthCheck)  # typed as a list of its metaclass

# Nothing is sent while hypothesis runs: it sees no failure, so it neither shrinks nor repeats a request.
_DRAWING = settings(
    backend=_BACKEND,
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
