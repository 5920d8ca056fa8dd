"""How a strategy shows itself: hypothesis prints strategies, and warns of those that it has to print for pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hypothesis import strategies as st

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

T = TypeVar("T")


def shown_as(name: str, strategy: SearchStrategy[T]) -> SearchStrategy[T]:
    """The same strategy, whose repr is a call of a function with this name."""

    def draw_from(draw: DrawFn) -> T:
        return draw(strategy)

    draw_from.__name__ = name
    return st.composite(draw_from)()
