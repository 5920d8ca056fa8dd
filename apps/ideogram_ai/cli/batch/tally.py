"""Counts what a run does, and how fast."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field

from ideogram_ai.batch.model import Outcome, PaceChanged, RowAnswered, RowDone, RowSent, RunStarted, RunStopping, State

if TYPE_CHECKING:
    from ideogram_ai.batch.model import Event

_WINDOW: Final = 60.0
"""Seconds that the rate is measured over."""


def is_unsaved(outcome: Outcome) -> bool:
    """Whether an image is paid for and not saved, and has a link."""
    return outcome.state in {State.ANSWERED, State.FAILED} and any(
        image.url and not image.file for image in outcome.images
    )


@define
class Tally:
    """What a run has done so far.

    Attributes:
        clock: Monotonic seconds.
        total: Rows of this run.
        states: Rows that are done, by state.
        cost: US dollars that the rows of this run cost.
        doubtful: US dollars that rows with an unknown outcome may have cost beside them.
        stopping: Why no further row is sent; None while some are.
        limit: Requests that may be in flight since the pace last changed; None before.
        unsaved: Rows of this run whose images are paid for and not saved, by key.
    """

    clock: Callable[[], float] = time.monotonic
    total: int = 0
    states: Counter[State] = field(factory=Counter[State])
    cost: Decimal = Decimal(0)
    doubtful: Decimal = Decimal(0)
    limit: int | None = None
    stopping: RunStopping | None = None
    unsaved: dict[str, Outcome] = field(factory=dict[str, Outcome])
    _began: float = field(init=False)
    _under_way: set[str] = field(factory=set[str], init=False)
    _answered: dict[str, Decimal] = field(factory=dict[str, Decimal], init=False)
    _moments: deque[float] = field(factory=deque[float], init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.clock()

    def add(self, event: Event) -> None:
        """Count an event."""
        match event:
            case RunStarted():
                self.total = event.planned + event.answered
                self._began = self.clock()
            case RowSent():
                self._under_way.add(event.request.key)
            case RowAnswered():
                self._under_way.discard(event.outcome.request.key)
                self._answered[event.outcome.request.key] = event.outcome.cost or Decimal(0)
                self.unsaved[event.outcome.request.key] = evolve(event.outcome, generation=None)
            case RowDone():
                self._done(event.outcome)
            case PaceChanged():
                self.limit = event.limit
            case RunStopping():
                self.stopping = event
            case _:
                pass

    @property
    def done(self) -> int:
        """Rows that are done."""
        return self.states.total()

    @property
    def left(self) -> int:
        """Rows that are not."""
        return max(0, self.total - self.done)

    @property
    def under_way(self) -> int:
        """Requests that were sent and not answered, those among them that wait for another try."""
        return len(self._under_way)

    @property
    def saving(self) -> int:
        """Rows whose images are made, and being downloaded or waiting for that."""
        return len(self._answered)

    @property
    def spent(self) -> Decimal:
        """US dollars that this run has cost, images included that are made and not yet saved."""
        return self.cost + sum(self._answered.values(), Decimal(0))

    def per_minute(self) -> float | None:
        """Rows that are done in a minute, over the last one; None before it can be told."""
        now = self.clock()
        self._forget(now)
        seconds = min(_WINDOW, now - self._began)
        return len(self._moments) / seconds * 60 if self._moments and seconds >= 1 else None

    def seconds_left(self) -> float | None:
        """Seconds until the run is done, if it goes on like this."""
        if self.stopping is not None:
            return None
        rate = self.per_minute()
        return self.left / rate * 60 if rate else None

    def _done(self, outcome: Outcome) -> None:
        key = outcome.request.key
        self._under_way.discard(key)
        self._answered.pop(key, None)
        if is_unsaved(outcome):
            self.unsaved[key] = evolve(outcome, generation=None)
        else:
            self.unsaved.pop(key, None)
        self.states[outcome.state] += 1
        if outcome.state is State.UNKNOWN:
            self.doubtful += outcome.cost or 0
        else:
            self.cost += outcome.cost or 0
        now = self.clock()
        self._moments.append(now)
        self._forget(now)

    def _forget(self, now: float) -> None:
        while self._moments and self._moments[0] < now - _WINDOW:
            self._moments.popleft()
