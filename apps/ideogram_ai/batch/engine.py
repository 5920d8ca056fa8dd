"""Runs requests side by side, at the pace that the service bears, and hands on outcomes as they come."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import anyio
from attrs import frozen

from .background import start_in_background
from .events import RowAnswered
from .outcome import Outcome, State
from .pace import Pace
from .sending import Back, Row, Sender

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from anyio.abc import TaskGroup

    from ideogram_ai.client import AsyncIdeogram

    from .events import Event
    from .journal import Journal
    from .prices import Prices
    from .request import BatchRequest

logger = logging.getLogger("ideogram_ai.batch")

_SHOWN: Final = 20

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
        self._to_finish: deque[Outcome] = deque()
        self._finishing = 0
        self._broken = False  # whether finishing failed in a way that all others would meet
        self._open = 0  # rows that were begun and not yet handed on
        self._drained = False
        self._pulled = anyio.Event()
        self._ready: deque[Outcome] = deque()
        self._news = anyio.Event()
        self._ended = anyio.Event()
        self._scope = anyio.CancelScope()
        self._pulling = anyio.CancelScope()

    async def outcomes(self) -> AsyncGenerator[Outcome]:
        """Run, and hand on the outcomes. Whoever stops early closes it, and cancels what is in flight.

        Raises:
            Exception: What stopped the run, once everything that was in flight has ended.
        """
        start_in_background(self._run)
        try:
            while True:
                while self._ready:
                    self._open -= 1
                    self._rouse()
                    yield self._ready.popleft()
                if self._ended.is_set():
                    break
                self._news = anyio.Event()
                await self._news.wait()
        finally:
            broken_off = sys.exception()
            self._scope.cancel()
            with anyio.CancelScope(shield=True):
                await self._ended.wait()
            self._report_lost(broken_off)
        if self.error is not None:
            raise self.error

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

    async def _run(self) -> None:
        try:
            with self._scope:
                async with anyio.create_task_group() as tasks:
                    tasks.start_soon(self._pull)
                    await self._dispatch(tasks)
        except Exception as error:  # noqa: BLE001 - the consumer's to see, since no one waits for this task
            self._fail(error)
        finally:
            self._ended.set()
            self._news.set()

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
                self._take()
                self._hand_to_finish(item, tasks)
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

    def _take(self) -> BatchRequest | Outcome:
        """Begin with what was pulled."""
        self._open += 1
        self._pulled.set()
        return self._next.popleft()

    def _take_row(self) -> Row:
        if self._again:
            return self._again.popleft()
        return Row(cast("BatchRequest", self._take()))

    def _emit(self, event: Event) -> None:
        if self._tell is not None:
            try:
                self._tell(event)
            except Exception as error:  # noqa: BLE001 - nothing that was paid for is lost for it
                self._fail(error)

    async def _run_row(self, row: Row, number: int, tasks: TaskGroup) -> None:
        try:
            outcome = await self._sender.send(row, number)
        except Exception as error:  # noqa: BLE001 - the journal's; handed on when what is in flight has ended
            self._fail(error)
            return
        if outcome is Back.AGAIN:
            self._again.append(row)
        elif isinstance(outcome, Outcome):
            if outcome.state is State.ANSWERED:
                self._emit(RowAnswered(outcome))
                self._hand_to_finish(outcome, tasks)
            else:
                self._hand_on(outcome)
        self._rouse()

    def _hand_to_finish(self, outcome: Outcome, tasks: TaskGroup) -> None:
        if self._finish is None:
            self._hand_on(outcome)
            return
        self._to_finish.append(outcome)
        if self._finishing < self._downloads:
            self._finishing += 1
            tasks.start_soon(self._finish_some, self._finish)

    async def _finish_some(self, finish: Finish) -> None:
        """Finish answers until none waits, or one cannot be: then the others are handed on as they are."""
        try:
            while self._to_finish:
                outcome = self._to_finish.popleft()
                try:
                    if not self._broken:
                        outcome = await finish(outcome)
                        if self._journal is not None:
                            self._journal.ended(outcome)
                            await self._journal.written()
                except Exception as error:  # noqa: BLE001 - handed on when what is in flight has ended
                    self._broken = True
                    self._fail(error)
                self._hand_on(outcome)
        finally:
            self._finishing -= 1

    def _hand_on(self, outcome: Outcome) -> None:
        self._ready.append(outcome)
        self._news.set()

    def _report_lost(self, error: BaseException | None) -> None:
        """Tell of what nobody will take any more and may have cost money."""
        lost = [outcome for outcome in (*self.interrupted, *self._ready) if outcome.may_have_been_billed]
        if not lost or self._journal is not None:
            return
        keys = ", ".join(repr(outcome.request.key) for outcome in lost[:_SHOWN])
        more = f" and {len(lost) - _SHOWN} more" if len(lost) > _SHOWN else ""
        message = f"The batch was broken off; these requests may have been billed: {keys}{more}."
        logger.warning(message)
        if error is not None:
            error.add_note(message)
