"""One run of a job: what it sends, what it reports, and why it stops."""

from __future__ import annotations

import random
from contextlib import aclosing
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Final, TypeVar

import anyio
import anyio.to_thread

from ideogram_ai.client import IdeogramError

from .events import RowDone, RunStarted, RunStopped, RunStopping, RunWaiting, StopReason
from .journal import LedgerJournal
from .model import BatchError, LedgerError, Outcome, State
from .pace import Budget
from .prices import cost_of
from .runner import Runner
from .saving import Saver

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping

    from ideogram_ai.client import AsyncIdeogram

    from .claims import Claims
    from .events import Event
    from .ledger import Ledger
    from .model import BatchRequest
    from .runner import RunOptions
    from .store import Store

T = TypeVar("T")

_BLOCK: Final = 20
"""Rows of a shared batch that a process takes one after the other."""
_OTHERS_SECONDS: Final = 2.0
"""How often a run that is done looks for what other processes do."""
_READ_AHEAD: Final = 100
"""Rows that are read from the ledger at a time."""


class Run:
    """A run of a job.

    Attributes:
        journal: Its journal; before it begins that of the run before, which may have unwritten outcomes.
    """

    def __init__(
        self,
        client: AsyncIdeogram,
        store: Store,
        ledger: Ledger,
        claims: Claims | None,
        *,
        options: RunOptions,
        before: LedgerJournal | None = None,
    ) -> None:
        self.journal = before
        self._budget: Budget | None = None
        self._client = client
        self._store = store
        self._ledger = ledger
        self._claims = claims
        self._options = options
        self._on_event: Callable[[Event], None] = _ignore
        self._event_error: Exception | None = None
        self._runner: Runner | None = None
        self._stopping: RunStopping | None = None

    async def finish(self, on_event: Callable[[Event], None] | None) -> None:
        """Run to the end, but for its report."""
        self._on_event = on_event or _ignore
        if self._options.max_cost is not None:
            spent = await anyio.to_thread.run_sync(self._ledger.total_cost)
            self._budget = Budget(self._options.max_cost, spent)
        counts = await anyio.to_thread.run_sync(self._ledger.counts)
        planned = await anyio.to_thread.run_sync(self._planned)
        self._on_event(RunStarted(planned, counts[State.ANSWERED], counts[State.SUBMITTED]))
        await self._run()

    async def _run(self) -> None:
        """Run the rows, in a shared batch also those that others leave to this process."""
        try:
            async with LedgerJournal.open(self._ledger, self.journal) as self.journal:
                saver = Saver(self._client, self._store, self._ledger, self.journal)
                while True:
                    if self._claims is not None:
                        self._claims.left = False
                    self._runner = Runner(
                        self.source(),
                        self._client,
                        self._options,
                        finish=saver,
                        journal=self.journal,
                        on_event=self._emit,
                        server=self._ledger.server,
                        claims=self._claims,
                    )
                    await self._drive(self._runner)
                    if self._claims is None or not await self._is_left_by_others(self._claims):
                        return
        except LedgerError as error:  # in the end, when all else is saved, or before anything is sent
            self.stop(RunStopping(StopReason.ERROR, str(error), error))

    async def _is_left_by_others(self, claims: Claims) -> bool:
        """Wait for the rows that other processes work on. Whether some are left to this one, because those ended."""
        waiting = 0
        while self._stopping is None:
            await anyio.to_thread.run_sync(claims.update)
            if claims.left or not claims.busy:
                return claims.left
            if waiting != len(claims.busy):
                waiting = len(claims.busy)
                self._emit(RunWaiting(waiting))
            await anyio.sleep(_OTHERS_SECONDS)
        return False

    def _planned(self) -> int:
        return self._ledger.counts(absent=False)[State.PLANNED]

    def _emit(self, event: Event) -> None:
        """Report an event. If that fails nothing new is sent, and what is in flight is finished and saved."""
        try:
            self._on_event(event)
        except Exception as error:  # noqa: BLE001 - raised when everything that was paid for is saved
            self._event_error = self._event_error or error
            if self._runner is not None:
                self._runner.stop()

    def stop(self, stopping: RunStopping) -> None:
        """Begin to stop. The first reason counts, unless it is to stop now, which aborts what is in flight."""
        now = stopping.reason is StopReason.NOW
        if self._stopping is None or (now and self._stopping.reason is not StopReason.NOW):
            self._stopping = stopping
            self._emit(stopping)
        if self._runner is not None and now:
            self._runner.cancel()
        elif self._runner is not None:
            self._runner.stop()

    async def _drive(self, runner: Runner) -> None:
        """Run to the end, and report each row."""
        if self._stopping is not None:  # while the run began
            runner.stop()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(runner.run)
            while (outcome := await runner.take()) is not None:
                if self._budget is not None:
                    await self._budget.settle(outcome.request.key, outcome.cost or Decimal(0))
                self._emit(RowDone(outcome))
        if isinstance(runner.error, IdeogramError | BatchError):
            self.stop(RunStopping(StopReason.ERROR, str(runner.error), runner.error))
        elif runner.error is not None:
            raise runner.error
        for outcome in runner.interrupted:
            self._emit(RowDone(outcome))

    async def source(self) -> AsyncGenerator[Outcome]:
        """What there is to do, as it is now: images to save, jobs to ask for, requests to send."""
        async with aclosing(_read_ahead(self._ledger.answered())) as answered:
            async for outcome in answered:
                if outcome.state is State.ANSWERED:
                    yield outcome
                else:
                    self._emit(RowDone(outcome))
        async with aclosing(_read_ahead(self._ledger.outcomes(State.SUBMITTED))) as submitted:
            async for outcome in submitted:
                if outcome.server == self._ledger.server:
                    yield outcome
        async with aclosing(self._planned_requests()) as planned:
            async for request in planned:
                if self._budget is not None:
                    cost = cost_of(request, self._options.prices) or Decimal(0)  # what has no price was refused
                    if not await self._budget.reserve(request.key, cost):
                        self.stop(RunStopping(StopReason.MAX_COST, self._budget.refusal(cost)))
                        return
                yield Outcome(request, State.PLANNED)

    async def _planned_requests(self) -> AsyncGenerator[BatchRequest]:
        """The requests to send, in the order of the input.

        In a shared batch in blocks, whose order each process draws: so few rows are claimed by two at once.
        """
        if self._claims is None:
            async with aclosing(_read_ahead(self._ledger.planned())) as planned:
                async for request in planned:
                    yield request
            return
        positions = await anyio.to_thread.run_sync(self._ledger.planned_positions)
        blocks = [positions[start : start + _BLOCK] for start in range(0, len(positions), _BLOCK)]
        random.shuffle(blocks)
        for block in blocks:
            if self._claims.is_stale:
                await anyio.to_thread.run_sync(self._claims.note_taken)
            for request in await anyio.to_thread.run_sync(self._ledger.planned_at, block):
                if not self._claims.is_taken(request.key):
                    yield request

    def report(self, counts: Mapping[State, int], unrecorded: Mapping[str, Outcome]) -> RunStopped:
        """Report why the run ended, and what is left to do. What on_event raised before is raised here."""
        stopping = self._stopping or RunStopping(StopReason.DONE, "Every row was run.")
        left = [
            f"{counts[state]} {words}"
            for state, words in (
                (State.PLANNED, "rows are not sent yet"),
                (State.SENT, "are on their way from other processes"),
                (State.SUBMITTED, "are in progress at the service"),
                (State.ANSWERED, "are paid for and wait for their download"),
                (State.UNKNOWN, "are unknown"),
            )
            if counts[state]
        ]
        message = f"{stopping.message} Left: {', '.join(left)}." if left else stopping.message
        if unrecorded:
            message += f" The ledger could not be written, and does not know of {len(unrecorded)} of these rows."
        stopped = RunStopped(stopping.reason, message, stopping.error, tuple(unrecorded.values()))
        self._emit(stopped)
        if self._event_error is not None:
            raise self._event_error
        return stopped


async def _read_ahead(items: Iterator[T]) -> AsyncGenerator[T]:
    """Read an iterator that blocks, some items at a time, off the event loop."""
    while some := await anyio.to_thread.run_sync(lambda: list(islice(items, _READ_AHEAD))):
        for item in some:
            yield item


def _ignore(_event: Event) -> None:
    pass
