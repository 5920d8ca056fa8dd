"""Sends one request of a running batch, and again where that is harmless."""

from __future__ import annotations

import json
import random
import time
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final

import anyio
from attrs import define, evolve

from ideogram_ai.client import APIConnectionError, APIStatusError, IdeogramError, RateLimitError
from ideogram_ai.client.request import is_object
from ideogram_ai.client.retry import Wait

from .errors import BatchStoppedError
from .events import PaceChanged, RowSent
from .judging import answered, arguments_of, concerns_all, ended
from .outcome import Outcome, State
from .request import BatchRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from ideogram_ai.client import AsyncIdeogram, Generation

    from .events import Event
    from .journal import Journal
    from .pace import Pace
    from .prices import Prices

_DOUBTS: Final = 10
"""So many requests more than are in flight may end unknown in a row: then something is wrong that costs money."""


class Back(Enum):
    """What is to be done with a request."""

    ENDED = auto()
    """It came to its outcome."""

    AGAIN = auto()
    """It was refused for the number of requests, and has its turn again when the pace allows."""
    DROPPED = auto()
    """The run ends before it was sent."""


@define(eq=False)
class Row:
    """A request under way.

    Attributes:
        request: The request.
        outcome: What it came to as far as is known; None as long as it did surely not run.
        attempts: How often it was sent in this run.
        failures: How often in a row it failed in a way that is tried again.
        failing_since: Monotonic seconds of the attempt that the first of these ended.
    """

    request: BatchRequest
    outcome: Outcome | None = None
    attempts: int = 0
    failures: int = 0
    failing_since: float = 0.0


class Sender:
    """Sends requests, tells the pace what the service bears, and the journal what happens.

    It owns every repetition in a batch, and the client has none: a 429 of one request concerns all of them, and each
    attempt is written down before it leaves. How often and how long comes from the client's RetryPolicy all the same.
    What may have been billed is never repeated here, whatever the policy says.

    Args:
        client: The client.
        pace: How many may be in flight.
        prices: What a request costs; None when nobody wants to know.
        journal: Told of every request; None when nobody wants to know.
        emit: Told of events.
        stop: Called with the error when no further request should be sent.
        make_room: Called when the pace may allow another one.
    """

    def __init__(
        self,
        client: AsyncIdeogram,
        pace: Pace,
        *,
        prices: Prices | None,
        journal: Journal | None,
        emit: Callable[[Event], None],
        stop: Callable[[Exception], None],
        make_room: Callable[[], None],
    ) -> None:
        self._policy = evolve(client.retry, retry_possibly_billed=False)
        # The pace says how many may be in flight.
        self._client = client.with_retry(evolve(self._policy, max_attempts=1), in_flight=pace.most)
        self._pace = pace
        self._prices = prices
        self._journal = journal
        self._emit = emit
        self._stop = stop
        self._make_room = make_room
        self._last_answer = float("-inf")
        self._doubts = 0
        self.stopping = anyio.Event()
        self.interrupted: list[Outcome] = []

    async def send(self, row: Row, number: int) -> Back:
        """Send a request until it has an outcome, which is the row's then.

        Args:
            row: The request.
            number: Its number at the pace, which has allowed it and counts it as in flight.
        """
        while True:
            if not row.failures:
                row.failing_since = time.monotonic()
            attempt, result = await self._attempt(row)
            if not isinstance(result, Exception):
                self._heard()
                return await self._end(row, answered(attempt, result, at=_now()))
            if isinstance(result, RateLimitError) and result.waiting_helps:
                self._tell_unsent(row)
                row.failures = 0
                return self._refused(number, result)
            if concerns_all(result):
                self._pace.lose()
                self._tell_unsent(row)
                self._stop(result)
                return Back.DROPPED
            pause = self._pause(row, result)
            if pause is None:
                return await self._give_up(row, attempt, result)
            self._tell_unsent(row)
            with anyio.move_on_after(pause):
                await self.stopping.wait()
            if self.stopping.is_set():
                self._pace.lose()
                return Back.DROPPED

    async def _attempt(self, row: Row) -> tuple[Outcome, Generation | Exception]:
        request = row.request
        row.attempts += 1
        attempt = Outcome(
            request,
            State.SENT,
            cost=self._prices.of(request.fields) if self._prices else None,
            may_have_been_billed=True,
            sent_at=_now(),
            attempts=row.attempts,
        )
        try:
            if self._journal is not None:
                self._journal.sent(attempt)
                await self._journal.written()
            self._emit(RowSent(request))
            row.outcome = attempt
            try:
                return attempt, await self._client.generate(**arguments_of(request))
            except Exception as error:  # noqa: BLE001 - an error is an outcome, whatever it is
                return attempt, error
        except BaseException as error:
            self._interrupted(row, attempt, error)
            raise

    def _interrupted(self, row: Row, attempt: Outcome, error: BaseException) -> None:
        """A task was cancelled, or the journal cannot be written. Only what may have run is unknown."""
        if getattr(error, "may_have_been_billed", False):
            row.outcome = ended(attempt, error)
            self.interrupted.append(row.outcome)
            if self._journal is not None:
                self._journal.ended(row.outcome)
        else:
            self._tell_unsent(row)

    async def _end(self, row: Row, outcome: Outcome) -> Back:
        row.outcome = outcome
        if self._journal is not None:
            try:
                self._journal.ended(outcome)
                await self._journal.written()
            except Exception as error:  # noqa: BLE001 - the outcome is not lost for it, and nothing new is sent
                self._stop(error)
        return Back.ENDED

    def _tell_unsent(self, row: Row) -> None:
        row.outcome = None
        if self._journal is not None:
            self._journal.unsent(row.request)

    def _heard(self) -> None:
        """The service took a request and answered it."""
        self._pace.bear()
        self._make_room()  # now, and not when the outcome is written down
        self._last_answer = time.monotonic()
        self._doubts = 0

    def _refused(self, number: int, error: RateLimitError) -> Back:
        now = time.monotonic()
        self._last_answer = now
        before = int(self._pace.limit)
        pause = self._pace.refuse(
            number,
            now=now,
            asked=error.retry_after,
            told=_told_limit(error.body),
            chance=random.random(),  # noqa: S311
        )
        if int(self._pace.limit) < before or pause:
            self._emit(PaceChanged(int(self._pace.limit), pause, error.reject_reason or "429"))
        if self._pace.exhausted(now):
            error.explain(f"The service refused every request for {self._policy.deadline:g} s, or asks to wait longer.")
            self._stop(error)
            return Back.DROPPED
        return Back.AGAIN

    def _pause(self, row: Row, error: Exception) -> float | None:
        """Seconds to wait before the same request is sent again; None when it is not."""
        if not isinstance(error, IdeogramError):
            return None
        row.failures += 1
        decision = self._policy.decide(
            error,
            attempt=row.failures,
            elapsed=time.monotonic() - row.failing_since,
            random=random.random(),  # noqa: S311
        )
        if isinstance(decision, Wait):
            return decision.seconds
        error.explain(decision.why)
        return None

    async def _give_up(self, row: Row, attempt: Outcome, error: Exception) -> Back:
        if isinstance(error, APIStatusError) and not error.may_have_been_billed:
            self._heard()
            return await self._end(row, ended(attempt, error, at=_now()))
        self._pace.lose()
        if isinstance(error, APIConnectionError):
            if self._last_answer < row.failing_since:
                # No other request was answered either: it is the network and not this request.
                self._tell_unsent(row)
                self._stop(error)
                return Back.DROPPED
        elif getattr(error, "may_have_been_billed", False):
            self._doubt(error)
        return await self._end(row, ended(attempt, error, at=_now()))

    def _doubt(self, error: Exception) -> None:
        self._doubts += 1
        if self._doubts >= self._pace.most + _DOUBTS:
            stopped = BatchStoppedError(
                f"Nobody knows whether the last {self._doubts} requests ran, so no further one is sent: each of them "
                f"may be billed. The last one: {error}"
            )
            stopped.__cause__ = error
            self._stop(stopped)


def _told_limit(body: bytes) -> int | None:
    """The limit of requests in flight, where a refusal names it."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    limit = document.get("max_inflight_requests") if is_object(document) else None
    return limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else None


def _now() -> datetime:
    return datetime.now(UTC)
