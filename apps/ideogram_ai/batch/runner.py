"""Runs requests side by side, at the pace that the service bears, and hands on outcomes as they come."""

from __future__ import annotations

import json
import random
import sys
import time
import weakref
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio
from attrs import define, evolve, field, frozen

from ideogram_ai.client import APIConnectionError, APIStatusError, IdeogramError, RateLimitError, RetryPolicy
from ideogram_ai.client.request import is_object
from ideogram_ai.client.retry import Wait

from .journal import name_outcomes, start_in_background
from .model import BatchRequest, BatchStoppedError, Outcome, PaceChanged, RowAnswered, RowSent, State
from .step import answered, arguments_of, concerns_all, ended

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Never, Self

    from anyio.abc import TaskGroup

    from ideogram_ai.client import AsyncIdeogram, Generation

    from .journal import CallSoon, Journal
    from .model import Event
    from .prices import Prices

DECREASE: Final = 0.8
"""What a refusal leaves of the limit. Gentle, because a refusal costs nothing and an unused place costs time."""
_INCREASES: Final = 20
"""So many rounds of answers bring the limit from nothing to the most."""


@define
class Pace:
    """The limit of requests in flight, and a pause in which none is sent.

    Attributes:
        most: What the limit never passes, 1 or more.
        policy: Bounds the pauses that nobody asked for; its deadline is how long nothing but refusals is borne.
        limit: How many may be in flight; below the next whole number.
        flying: How many are.
        paused_until: Monotonic seconds; none is sent before.
    """

    most: int
    policy: RetryPolicy
    limit: float = field(init=False)
    flying: int = field(default=0, init=False)
    paused_until: float = field(default=float("-inf"), init=False)
    _number: int = field(default=0, init=False)
    _last_of_round: int = field(default=0, init=False)
    _pauses: int = field(default=0, init=False)
    _refused_since: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if self.most < 1:
            raise ValueError(f"in_flight is {self.most}; at least 1 request has to be in flight.")
        self.limit = float(self.most)

    def allows(self, now: float) -> bool:
        """Whether another request may be sent now, in monotonic seconds."""
        return self.flying < int(self.limit) and now >= self.paused_until

    def send(self) -> int:
        """A request leaves. Returns its number, for what comes of it."""
        self.flying += 1
        self._number += 1
        return self._number

    def bear(self) -> None:
        """A request was answered by anything but a refusal for the number of requests."""
        self.flying -= 1
        step = max(1.0, self.most / _INCREASES)
        self.limit = min(self.limit + step / self.limit, float(self.most))
        self._pauses = 0
        self._refused_since = None

    def lose(self) -> None:
        """A request ended in a way that tells nothing of the limit: it never left, or nobody knows."""
        self.flying -= 1

    def refuse(self, number: int, *, now: float, asked: float | None, told: int | None, chance: float) -> float:
        """A request was refused because of the number of requests.

        Args:
            number: Its number.
            now: Monotonic seconds.
            asked: Seconds that the service asks to wait, or None.
            told: The limit as the service tells it, or None.
            chance: A number from 0 to 1 that places a pause which nobody asked for.

        Returns:
            Seconds, 0 or more, in which none is sent now.
        """
        self.flying -= 1
        if told is not None:
            self.most = max(1, min(self.most, told))
        if number > self._last_of_round:
            # One decrease for all that were in the air together: they tell of the same moment.
            self._last_of_round = self._number
            self.limit = min(self.limit, self.flying + 1) * DECREASE
        # Those that are still in the air are as many as the service bore, or fewer.
        self.limit = max(1.0, min(self.limit, float(self.flying), float(self.most)))
        if self._refused_since is None:
            self._refused_since = now
        if asked is None and not self.flying:
            # Nothing of ours runs whose end could make room, so that only time tells.
            self._pauses += 1
            asked = chance * self.policy.bound(self._pauses)
        if asked is not None:
            self.paused_until = max(self.paused_until, now + asked)
        return self.pause(now)

    def pause(self, now: float) -> float:
        """Seconds, 0 or more, until a request may be sent as far as pauses go."""
        return max(0.0, self.paused_until - now)

    def exhausted(self, now: float) -> bool:
        """Whether the service refused everything for so long, or asks for such a pause, that going on is pointless."""
        if self._refused_since is None or self.flying:
            return False
        return max(now, self.paused_until) - self._refused_since > self.policy.deadline


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


Finish: TypeAlias = Callable[[Outcome], Awaitable[Outcome]]
"""Does with an answer what is left to do, downloads its images say, and returns what came of that."""


@frozen
class Limits:
    """What a batch does at a time.

    Attributes:
        in_flight: Requests that are on their way, 1 or more.
        downloads: Answers whose images are being saved, 1 or more.
        waiting: Answers that wait for that beyond these two, 0 or more. When so many wait, nothing new is sent until
            the image host has caught up.
    """

    in_flight: int = 10
    downloads: int = 10
    waiting: int = 100

    def __attrs_post_init__(self) -> None:
        for name, least in (("in_flight", 1), ("downloads", 1), ("waiting", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} is {value!r}; give a whole number, {least} or more.")


class Engine:
    """One run. Its tasks live beside the consumer's, so that neither stumbles over the other.

    Attributes:
        error: What stopped the run; None as long as nothing did.
        ended: Set when everything that was in flight has ended.

    Args:
        source: What to run, pulled one ahead and closed in the end: requests, and answered outcomes of which only
            `finish` is left.
        client: The client.
        limits: What is done at a time.
        finish: What is done with answers; None hands them on as they are.
        prices: What a request costs.
        journal: Told of every request.
        emit: Told of events.
    """

    def __init__(
        self,
        source: AsyncGenerator[BatchRequest | Outcome],
        client: AsyncIdeogram,
        limits: Limits,
        *,
        finish: Finish | None = None,
        prices: Prices | None = None,
        journal: Journal | None = None,
        emit: Callable[[Event], None] | None = None,
    ) -> None:
        self.error: Exception | None = None
        self._source = source
        self._finish = finish
        self._journal = journal
        self._tell = emit
        self._pace = Pace(limits.in_flight, client.retry)
        self._wake = anyio.Event()
        self._sender = Sender(
            client,
            self._pace,
            prices=prices,
            journal=journal,
            emit=self._emit,
            stop=self._fail,
            make_room=self._rouse,
        )
        self._most_open = limits.in_flight + (limits.downloads + limits.waiting if finish else 0)
        self._downloads = limits.downloads
        self._next: deque[BatchRequest | Outcome] = deque()  # one at most
        self._again: deque[Row] = deque()
        self._to_finish: deque[Row] = deque()
        self._finishing = 0
        self._broken = False  # whether finishing failed in a way that all others would meet
        self._open = 0  # rows that were begun and not yet handed on
        self._drained = False
        self._pulled = anyio.Event()
        self._ready: deque[Row] = deque()
        self._untaken: set[Row] = set()  # those that were begun and not yet handed on
        if journal is None:
            # The last resort, also when the program ends: an event loop may stop, and nobody closes what it ran.
            weakref.finalize(self, _report, self._untaken)
        self._abandoned = False
        self._news = anyio.Event()
        self.ended = anyio.Event()
        self._scope = anyio.CancelScope()
        self._pulling = anyio.CancelScope()

    def outcomes(self) -> Outcomes:
        """The outcomes; the run begins when the first is asked for."""
        return Outcomes(self)

    async def run(self) -> None:
        """Run to the end. It raises nothing but what ends its task from outside."""
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._pull)
                    await self._dispatch(tasks)
        except Exception as error:  # noqa: BLE001 - the consumer's to see, since no one waits for this task
            self._fail(error)
        except BaseException as error:
            stopped = BatchStoppedError("The batch was cancelled from outside, and what was in flight with it.")
            stopped.__cause__ = error
            self._fail(stopped)
            raise
        finally:
            self.ended.set()
            self._news.set()
            if self._abandoned:
                self.report(None)

    async def take(self) -> Outcome | None:
        """The next outcome; None when there is no other."""
        while not self._ready:
            if self.ended.is_set():
                return None
            if self._news.is_set():
                self._news = anyio.Event()
            await self._news.wait()
        row = self._ready.popleft()
        self._untaken.discard(row)
        self._open -= 1
        self._rouse()
        return row.outcome

    async def break_off(self, error: BaseException | None) -> None:
        """Cancel what is in flight, wait until all has ended, and name what nobody took."""
        self._scope.cancel()
        with anyio.CancelScope(shield=True):
            await self.ended.wait()
        self.report(error)

    def abandon(self) -> None:
        """Nobody will take anything any more, or wait: stop, and name what is untaken when what is in flight ended."""
        self._abandoned = True
        if self.ended.is_set():
            self.report(None)
        else:
            self.stop()

    def report(self, error: BaseException | None) -> None:
        """Name what nobody took and may have cost money. A journal has it, and then nothing is said."""
        if self._journal is None:
            _report(self._untaken, error)

    @property
    def interrupted(self) -> Sequence[Outcome]:
        """What was in flight when the run was broken off, and may have run."""
        return self._sender.interrupted

    def stop(self) -> None:
        """Send nothing new. What is in flight is finished and handed on."""
        self._sender.stopping.set()
        self._pulling.cancel()
        self._rouse()

    def cancel(self) -> None:
        """Break off what is in flight. What may have run is told to the journal as unknown."""
        self.stop()
        self._scope.cancel()

    def _rouse(self) -> None:
        self._wake.set()

    def _fail(self, error: Exception) -> None:
        self.error = self.error or error
        self.stop()

    async def _pull(self) -> None:
        try:
            with self._pulling:
                async with aclosing(self._source) as source:
                    async for item in source:
                        self._next.append(item)
                        self._rouse()
                        self._pulled = anyio.Event()
                        await self._pulled.wait()
        except Exception as error:  # noqa: BLE001 - handed on when what is in flight has ended
            self._fail(error)
        self._drained = True
        self._rouse()

    async def _dispatch(self, tasks: TaskGroup) -> None:
        while not self._sender.stopping.is_set():
            now = time.monotonic()
            room = self._open < self._most_open
            if room and self._next and isinstance(item := self._next[0], Outcome):
                self._hand_to_finish(self._begin(item.request, item), tasks)
            elif (self._again or (self._next and room)) and self._pace.allows(now):
                tasks.start_soon(self._run_row, self._take_row(), self._pace.send(), tasks)
            elif self._drained and not self._again and not self._next and not self._pace.flying:
                return
            else:
                self._wake = anyio.Event()
                pause = self._pace.pause(now)
                if pause:
                    with anyio.move_on_after(pause):
                        await self._wake.wait()
                else:
                    await self._wake.wait()

    def _begin(self, request: BatchRequest, outcome: Outcome | None = None) -> Row:
        """Begin with what was pulled."""
        self._open += 1
        self._next.popleft()
        self._pulled.set()
        row = Row(request, outcome)
        self._untaken.add(row)
        return row

    def _take_row(self) -> Row:
        if self._again:
            return self._again.popleft()
        item = self._next[0]
        return self._begin(item.request if isinstance(item, Outcome) else item)

    def _emit(self, event: Event) -> None:
        if self._tell is not None:
            try:
                self._tell(event)
            except Exception as error:  # noqa: BLE001 - nothing that was paid for is lost for it
                self._fail(error)

    async def _run_row(self, row: Row, number: int, tasks: TaskGroup) -> None:
        try:
            back = await self._sender.send(row, number)
        except Exception as error:  # noqa: BLE001 - the journal's; handed on when what is in flight has ended
            self._fail(error)
            return
        if back is Back.AGAIN:
            self._again.append(row)
        elif row.outcome is None:
            self._untaken.discard(row)
        elif row.outcome.state is State.ANSWERED:
            self._emit(RowAnswered(row.outcome))
            self._hand_to_finish(row, tasks)
        else:
            self._hand_on(row)
        self._rouse()

    def _hand_to_finish(self, row: Row, tasks: TaskGroup) -> None:
        if self._finish is None:
            self._hand_on(row)
            return
        self._to_finish.append(row)
        if self._finishing < self._downloads:
            self._finishing += 1
            tasks.start_soon(self._finish_some, self._finish)

    async def _finish_some(self, finish: Finish) -> None:
        """Finish answers until none waits, or one cannot be: then the others are handed on as they are."""
        try:
            while self._to_finish:
                row = self._to_finish.popleft()
                if not self._broken and row.outcome is not None:
                    try:
                        row.outcome = await finish(row.outcome)
                    except Exception as error:  # noqa: BLE001 - handed on when what is in flight has ended
                        self._broken = True
                        self._fail(error)
                    else:
                        await self._record(row.outcome)
                self._hand_on(row)
        finally:
            self._finishing -= 1

    async def _record(self, outcome: Outcome) -> None:
        """Tell the journal what became of an answer. Where that fails nothing new is sent, and the rest is finished."""
        if self._journal is not None:
            try:
                self._journal.ended(outcome)
                await self._journal.written()
            except Exception as error:  # noqa: BLE001 - handed on when what is in flight has ended
                self._fail(error)

    def _hand_on(self, row: Row) -> None:
        self._ready.append(row)
        self._news.set()


class Outcomes(AsyncGenerator["Outcome", None]):
    """What becomes of requests, as it comes. Use it in `async with`: to leave that waits for what is in flight.

    That is paid for. To be cancelled, also while it waits, breaks it off. What nobody took is named, with its links, in
    the log and in a note on the exception.

    It is no generator itself: those have no way to learn of the exception that they are closed for, and one that is
    forgotten is closed when its event loop is gone.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._begun = False
        self._over = False

    async def asend(self, value: None) -> Outcome:  # noqa: ARG002 - the signature of a generator
        """Wait for the next outcome.

        Raises:
            StopAsyncIteration: There is no other.
            Exception: What stopped the run, once everything that was in flight has ended.
        """
        if self._over:
            raise StopAsyncIteration
        if not self._begun:
            self._begun = True
            call_soon = start_in_background(self._engine.run)
            weakref.finalize(self, _abandon, self._engine, call_soon).atexit = False
        try:
            outcome = await self._engine.take()
        except BaseException as error:
            self._over = True
            await self._engine.break_off(error)
            raise
        if outcome is not None:
            return outcome
        self._over = True
        if self._engine.error is not None:
            raise self._engine.error
        raise StopAsyncIteration

    async def athrow(
        self,
        typ: BaseException | type[BaseException],
        val: object = None,
        tb: TracebackType | None = None,  # noqa: ARG002 - the signature of a generator
    ) -> Never:
        """End as aclose() does, and raise the exception."""
        await self.aclose()
        raise typ if isinstance(typ, BaseException) or not isinstance(val, BaseException) else val

    async def aclose(self) -> None:
        """Send nothing new, wait for what is in flight, and name it."""
        if self._over or not self._begun:
            self._over = True
            return
        self._over = True
        left_by = sys.exception()
        self._engine.stop()
        try:
            await self._engine.ended.wait()
        except BaseException as error:
            left_by = error
            raise
        finally:
            await self._engine.break_off(left_by)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _abandon(engine: Engine, call_soon: CallSoon) -> None:
    try:
        call_soon(engine.abandon)
    except RuntimeError:  # the event loop is gone
        engine.report(None)


def _report(untaken: set[Row], left_by: BaseException | None = None) -> None:
    """Name what nobody will take any more and may have cost money, once."""
    outcomes = [row.outcome for row in untaken if row.outcome is not None]
    untaken.clear()
    name_outcomes("The batch ended before all its outcomes were taken.", outcomes, left_by)


Requests: TypeAlias = Iterable[BatchRequest | Mapping[str, Any]] | AsyncIterable[BatchRequest | Mapping[str, Any]]


def run_batch(
    requests: Requests,
    *,
    client: AsyncIdeogram,
    in_flight: int = 10,
    finish: Finish | None = None,
    downloads: int = 10,
    prices: Prices | None = None,
    journal: Journal | None = None,
) -> Outcomes:
    """Send requests, some at a time, and hand on what becomes of each as soon as it is known, on asyncio or trio.

    What goes wrong with one request is an outcome and no exception. An error that all others would meet too ends the
    run, once what is in flight has ended: 401, 402 and 404, a 429 that waiting does not help against, a network or a
    service that does not answer. Requests that were not sent by then have no outcome.

        async with run_batch(requests, client=client) as outcomes:
            async for outcome in outcomes:
                ...

    To leave the `async with` early, by `break` or by an exception, sends nothing new and waits for what is in flight,
    because that is paid for; to be cancelled, also while it waits, breaks that off, and it may be billed all the same.
    The log and a note on the exception name every outcome that nobody took, with the links of its images.

    Args:
        requests: Mappings of request fields, maybe with an `id` and a `file_name`, or BatchRequests. They are read one
            ahead of what is sent, so that a stream may have any length. An async generator is closed in the end.
        client: Sends and, in `finish`, downloads. Its RetryPolicy says how often a request that never left is sent;
            what may have been billed is never sent again.
        in_flight: Requests on their way at a time at most. A 429 lowers the number for a while.
        finish: Is awaited with each answer, and returns what came of it; it downloads the images, say. Without it the
            outcomes are ANSWERED, and their `generation` has the images.
        downloads: How many answers are being finished at a time.
        prices: For the `cost` of the outcomes.
        journal: Told of each request before it leaves, and of each outcome.

    Returns:
        An asynchronous iterator of an Outcome for each request, in the order in which they come, and its context
        manager. Each image is billed, withheld ones too.

    Raises:
        ValueError: in_flight or downloads is no whole number from 1.
        IdeogramError: What every request would meet.
        BatchError: A row is no request, or the run was stopped because its requests end unknown, one like the other.
    """
    limits = Limits(in_flight=in_flight, downloads=downloads)
    return Engine(_read(requests), client, limits, finish=finish, prices=prices, journal=journal).outcomes()


async def _read(requests: Requests) -> AsyncGenerator[BatchRequest]:
    position = 0
    if isinstance(requests, AsyncIterable):
        async with AsyncExitStack() as closing:
            if isinstance(requests, AsyncGenerator):
                closing.push_async_callback(requests.aclose)
            async for row in requests:
                position += 1
                yield BatchRequest.of(row, position)
    else:
        for row in requests:
            position += 1
            yield BatchRequest.of(row, position)
