"""Runs requests side by side, at the pace that the service bears, and hands on outcomes as they come."""

from __future__ import annotations

import sys
import time
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeAlias

import anyio
from attrs import frozen

from .background import start_in_background
from .errors import BatchStoppedError
from .events import RowAnswered
from .journal import name_outcomes
from .outcome import Outcome, State
from .pace import Pace
from .sending import Back, Row, Sender

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Never, Self

    from anyio.abc import TaskGroup

    from ideogram_ai.client import AsyncIdeogram

    from .background import CallSoon
    from .events import Event
    from .journal import Journal
    from .prices import Prices
    from .request import BatchRequest

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
