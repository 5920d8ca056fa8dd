"""The runner: many requests at a time, at the pace that the service allows, on asyncio and trio.

The way of a row: it is read one ahead of what is sent (`_feed`), waits for its turn (`_take_turn`), is
sent until it has an outcome (`_send`, `_attempt`) or a job, which is waited for (`_collect`), is finished, for example
by downloading its images (`_finish_row`), and is taken by the consumer (`take`).
"""

from __future__ import annotations

import json
import random
import time
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import anyio
import anyio.lowlevel
import anyio.to_thread
from attrs import define, evolve, frozen

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    Generation,
    IdeogramError,
    JobFailedError,
    RateLimitError,
    RequestError,
)
from ideogram_ai.client import Job as ImageJob
from ideogram_ai.client.request import is_object
from ideogram_ai.client.retry import Wait

from .events import PaceChanged, RowAnswered, RowSent, RowSubmitted
from .journal import Records
from .model import BatchStoppedError, Outcome, State, log_outcomes
from .pace import LocalTurns
from .prices import Prices, cost_of, images_asked
from .step import is_fatal, outcome_of_error, outcome_of_job, outcome_of_response, prepare_call

if TYPE_CHECKING:
    from anyio.abc import TaskGroup

    from ideogram_ai.client import AsyncIdeogram

    from .claims import Claims
    from .events import Event
    from .journal import Journal
    from .pace import RemoteTurns

Finish: TypeAlias = Callable[[Outcome], Awaitable[Outcome]]
"""Does what is left to do with a response, for example downloads its images, and returns the new outcome."""
_Result: TypeAlias = Generation | ImageJob | Outcome | Exception
"""What an attempt ends in; an Outcome where another process claimed the row."""

IN_FLIGHT: Final = 10
DOWNLOADS: Final = 10
JOB_SECONDS: Final = 600.0
"""How long a run waits for a job before it leaves it to the next run."""
_WAITING: Final = 100
"""Responses that may wait to be finished. With more, nothing new is sent until the image host has caught up."""
_UNKNOWN_IN_A_ROW: Final = 10
"""More requests than are in flight and so many end unknown in a row: something is wrong that costs money."""


@frozen(kw_only=True)
class RunOptions:
    """What holds for all rows of a run; see Job.run."""

    in_flight: int = IN_FLIGHT
    downloads: int = DOWNLOADS
    prices: Prices | None = None
    max_cost: Decimal | None = None
    retry_unknown: bool = False
    retry_failed: bool = False
    submit: bool = False
    job_seconds: float = JOB_SECONDS

    def __attrs_post_init__(self) -> None:
        limits: dict[str, object] = {"in_flight": self.in_flight, "downloads": self.downloads}
        for name, value in limits.items():
            if not isinstance(value, int) or isinstance(value, bool) or value < 1:
                raise ValueError(f"{name} is {value!r}; give a whole number, 1 or more.")


@define(eq=False)
class _RunProgress:
    """How far a row got in this run, and the number of its turn."""

    outcome: Outcome
    number: int = 0


class Runner:
    """One run. `run` sends, `take` hands out the outcomes; the two live in different tasks.

    It makes all repetitions of a batch, and the client makes none: a 429 of one request concerns all of them, and each
    attempt is recorded before it is sent. How often and how long comes from the client's RetryPolicy. What may have
    been billed is never repeated here, whatever the policy says.

    Attributes:
        error: What stopped the run, or None.
        ended: Set when everything in flight has ended.

    Args:
        source: Outcomes to go on with, read one ahead and closed in the end: PLANNED ones are sent, SUBMITTED ones
            asked for, ANSWERED ones only finished.
        on_event: Called with events; must not raise.
        server: The server, for the outcomes.
        claims: Claims each row before it is sent, among the processes that share the batch.
        options: What holds for all rows.
        others: Those of run_batch (`outcomes.py`).
    """

    def __init__(
        self,
        source: AsyncGenerator[Outcome],
        client: AsyncIdeogram,
        options: RunOptions,
        *,
        finish: Finish | None = None,
        journal: Journal | None = None,
        on_event: Callable[[Event], None] | None = None,
        server: str | None = None,
        claims: Claims | None = None,
        turns: LocalTurns | RemoteTurns | None = None,
    ) -> None:
        in_flight, downloads = options.in_flight, options.downloads
        self.error: Exception | None = None
        self.ended = anyio.Event()
        self._source = source
        self._options = options
        self._policy = evolve(client.retry, retry_possibly_billed=False)
        # The pace says how many may be in flight, and this runner when a request is repeated.
        self._client = client.with_retry(evolve(self._policy, max_attempts=1), in_flight=in_flight)
        self._finish = finish
        self._finish_failed = False
        self._records = Records(journal, claims, self._fail, in_flight + downloads)
        self._on_event = on_event
        self._server = server
        self._turns = LocalTurns(in_flight, client.retry) if turns is None else turns
        # Rows that were begun and not taken yet: a slow consumer slows down the sending.
        self._room = anyio.Semaphore(in_flight + (downloads + _WAITING if finish else 0), fast_acquire=True)
        self._downloads = anyio.Semaphore(downloads, fast_acquire=True)
        self._ready: deque[_RunProgress] = deque()
        self._available = anyio.Semaphore(0, fast_acquire=True)  # one for each row that is ready, and for the end
        self._open: set[_RunProgress] = set()
        self._reports = journal is None
        if self._reports:
            # The last resort, also when the program ends: an event loop may stop without closing anything.
            weakref.finalize(self, _report, self._open)
        self._stopping = anyio.Event()
        self._feeding = anyio.CancelScope()
        self._running = anyio.CancelScope()
        self._abandoned = False
        self._last_response = float("-inf")
        self._unknown_in_a_row = 0

    async def run(self) -> None:
        """Run to the end. It raises nothing but a cancellation from outside."""
        try:
            with self._running:
                async with anyio.create_task_group() as tasks:
                    await self._feed(tasks)
        except Exception as error:  # noqa: BLE001 - the consumer's to see, since nobody waits for this task
            self._fail(error)
        except BaseException as error:
            stopped = BatchStoppedError("The batch was cancelled from outside, and what was in flight with it.")
            stopped.__cause__ = error
            self._fail(stopped)
            raise
        finally:
            self.ended.set()
            self._available.release()
            if self._abandoned:
                self.report(None)

    async def take(self) -> Outcome | None:
        """Wait for the next outcome; None at the end."""
        await self._available.acquire()
        if not self._ready:
            self._available.release()
            return None
        row = self._ready.popleft()
        self._open.discard(row)
        self._room.release()
        return row.outcome

    @property
    def interrupted(self) -> list[Outcome]:
        """In the end, the requests that were aborted and may have run."""
        return [row.outcome for row in self._open if row.outcome.state in {State.UNKNOWN, State.SUBMITTED}]

    def stop(self) -> None:
        """Send nothing new. What is in flight is finished and handed out."""
        self._stopping.set()
        self._feeding.cancel()
        self._turns.stop()

    def cancel(self) -> None:
        """Abort what is in flight. What may have run is recorded as unknown."""
        self.stop()
        self._running.cancel()

    async def abort(self, error: BaseException | None) -> None:
        """Abort what is in flight, wait until all has ended, and report the outcomes that were not taken."""
        self._running.cancel()
        with anyio.CancelScope(shield=True):
            await self.ended.wait()
        self.report(error)

    def abandon(self) -> None:
        """The consumer is gone: stop, and report the outcomes that were not taken when what is in flight has ended."""
        self._abandoned = True
        if self.ended.is_set():
            self.report(None)
        else:
            self.stop()

    def report(self, error: BaseException | None) -> None:
        """Log the outcomes that were not taken and may have cost money, unless a journal has them."""
        if self._reports:
            _report(self._open, error)

    def _fail(self, error: Exception) -> None:
        self.error = self.error or error
        self.stop()

    def _emit(self, event: Event) -> None:
        if self._on_event is not None:
            self._on_event(event)

    async def _feed(self, tasks: TaskGroup) -> None:
        """Start a row as soon as there is room for it and, if it has to be sent, the pace allows it."""
        try:
            with self._feeding:
                async with aclosing(self._source) as source:
                    async for outcome in source:
                        await self._room.acquire()
                        row = _RunProgress(outcome)
                        if outcome.state is not State.ANSWERED:
                            await self._take_turn(row)
                        if self._stopping.is_set():
                            return
                        tasks.start_soon(self._run_row, row)
                        await anyio.lowlevel.checkpoint()  # rows are sent in their order
        except Exception as error:  # noqa: BLE001 - raised when what is in flight has ended
            self._fail(error)

    async def _take_turn(self, row: _RunProgress) -> None:
        """Wait until a request may be sent, and count it as in flight. When nothing more is sent, its number is 0."""
        request = row.outcome.request
        row.number = 0 if self._stopping.is_set() else await self._turns.take(request, images_asked(request))
        if not row.number:
            self.stop()

    async def _run_row(self, row: _RunProgress) -> None:
        """Bring a row to its outcome, and hand it out."""
        outcome = row.outcome
        self._open.add(row)
        try:
            if outcome.state is State.PLANNED:
                await self._send(row)
                if row.outcome.state is State.PLANNED:  # the run stops before it was sent
                    self._open.discard(row)
                    return
            elif outcome.state is State.SUBMITTED:
                await self._collect(row, outcome.job_id or "")
            if row.outcome.state is State.ANSWERED and outcome.state is not State.ANSWERED:
                self._emit(RowAnswered(row.outcome))
            if row.outcome.state is State.ANSWERED and self._finish is not None:
                async with self._downloads:
                    await self._finish_row(row, self._finish)
        except Exception as error:  # noqa: BLE001 - of the journal; raised when what is in flight has ended
            self._fail(error)
            if row.outcome.state is State.PLANNED:
                self._open.discard(row)
                return
        self._ready.append(row)
        self._available.release()

    async def _send(self, row: _RunProgress) -> None:
        """Send a request until it has an outcome. It stays PLANNED when the run stops before."""
        attempts = failures = 0
        failing_since = 0.0
        while row.number:
            attempts += 1
            if not failures:
                failing_since = time.monotonic()
            attempt, result = await self._attempt(row, attempts)
            if isinstance(result, Generation):
                self._on_response(row)
                await self._record(row, outcome_of_response(attempt, result))
                return
            if isinstance(result, ImageJob):
                recorded = await self._record(row, evolve(attempt, state=State.SUBMITTED, job_id=result.id))
                await self._collect(row, result, recorded=recorded)
                return
            if isinstance(result, Outcome):
                await self._take_over(row, result)
                return
            if isinstance(result, RateLimitError) and result.waiting_helps:
                failures = 0
                await self._take_back(row)
                await self._on_rate_limited(row, result)
                await self._take_turn(row)
                continue
            if is_fatal(result):
                self._turns.end(row.number, responded=False)
                self._fail(result)
                await self._take_back(row)
                return
            failures += 1
            pause = self._pause(result, failures, failing_since)
            if pause is None:
                await self._give_up(row, attempt, result, failing_since)
                return
            await self._take_back(row)
            with anyio.move_on_after(pause):
                await self._stopping.wait()
            if self._stopping.is_set():
                self._turns.end(row.number, responded=False)
                return

    async def _collect(self, row: _RunProgress, submitted: ImageJob | str, *, recorded: bool = True) -> None:
        """Wait for a job. It keeps its place until it is done, because the service counts what is in progress."""
        job = row.outcome
        self._emit(RowSubmitted(job, recorded))
        result: Generation | Exception
        try:
            result = await self._client.wait(submitted, deadline=self._options.job_seconds)
        except Exception as error:  # noqa: BLE001 - every error of a job is an outcome
            result = error
        if isinstance(result, Generation | JobFailedError):
            self._on_response(row)
        else:
            self._turns.end(row.number, responded=False)
        await self._record(row, outcome_of_job(job, result))
        if row.outcome.state is State.SUBMITTED and isinstance(result, Exception) and is_fatal(result):
            self._fail(result)

    async def _take_over(self, row: _RunProgress, found: Outcome) -> None:
        """Go on with a row that another process claimed, as far as that is free: nothing is paid for again."""
        row.outcome = found
        if found.state is State.SUBMITTED:
            await self._collect(row, found.job_id or "")
        else:
            self._turns.end(row.number, responded=False)

    async def _attempt(self, row: _RunProgress, attempts: int) -> tuple[Outcome, _Result]:
        """Send a request once, after it was claimed and recorded."""
        request = row.outcome.request
        cost = cost_of(request, self._options.prices)
        attempt = Outcome(
            request,
            State.SENT,
            cost=cost,
            may_have_been_billed=True,
            sent_at=datetime.now(UTC),
            attempts=attempts,
            server=self._server,
        )
        try:
            try:
                prepare = partial(prepare_call, self._client, request, submit=self._options.submit)
                # Files are read, which takes time.
                call = await anyio.to_thread.run_sync(prepare) if request.files else prepare()
            except RequestError as error:
                return evolve(attempt, sent_at=None, attempts=attempts - 1), error
            if (found := await self._records.announce(attempt)) is not None:
                return attempt, found
            self._emit(RowSent(request))
            row.outcome = attempt
            try:
                return attempt, await call()
            except Exception as error:  # noqa: BLE001 - every error of a request is an outcome
                return attempt, error
        except BaseException as error:  # cancelled, or the journal cannot be written
            billed = getattr(error, "may_have_been_billed", False)
            row.outcome = outcome_of_error(attempt, error) if billed else Outcome(request, State.PLANNED)
            await self._records.abort(row.outcome)
            raise

    async def _record(self, row: _RunProgress, outcome: Outcome) -> bool:
        """Record an outcome. If that fails, which is returned, it is not lost, and nothing new is sent."""
        row.outcome = outcome
        return await self._records.record(outcome)

    async def _take_back(self, row: _RunProgress) -> None:
        """Record that a request certainly did not run."""
        await self._record(row, Outcome(row.outcome.request, State.PLANNED))

    async def _finish_row(self, row: _RunProgress, finish: Finish) -> None:
        """Finish a response. After a failure the others are handed out as they are."""
        if self._finish_failed:
            return
        try:
            outcome = await finish(row.outcome)
        except Exception as error:  # noqa: BLE001 - raised when what is in flight has ended
            self._finish_failed = True
            self._fail(error)
        else:
            await self._record(row, outcome)

    def _on_response(self, row: _RunProgress) -> None:
        """The service responded: its slots are free now, before the outcome is on the disk."""
        self._turns.end(row.number, responded=True)
        self._last_response = time.monotonic()
        self._unknown_in_a_row = 0

    async def _on_rate_limited(self, row: _RunProgress, error: RateLimitError) -> None:
        self._last_response = time.monotonic()
        slowdown = await self._turns.slow_down(row.number, error.retry_after, _server_limit(error.body))
        if slowdown.news:
            self._emit(PaceChanged(slowdown.limit, slowdown.pause, error.reject_reason or "429"))
        if slowdown.exhausted:
            error.explain(f"The service refused every request for {self._policy.deadline:g} s, or asks to wait longer.")
            self._fail(error)

    def _pause(self, error: Exception, failures: int, since: float) -> float | None:
        """Seconds until the same request is sent again; None when it is not."""
        if not isinstance(error, IdeogramError):
            return None
        elapsed = time.monotonic() - since
        decision = self._policy.decide(error, attempt=failures, elapsed=elapsed, random=random.random())  # noqa: S311
        if isinstance(decision, Wait):
            return decision.seconds
        error.explain(decision.why)
        return None

    async def _give_up(self, row: _RunProgress, attempt: Outcome, error: Exception, failing_since: float) -> None:
        if isinstance(error, APIStatusError) and not error.may_have_been_billed:
            self._on_response(row)
        else:
            self._turns.end(row.number, responded=False)
            if isinstance(error, APIConnectionError):
                if self._last_response < failing_since:
                    # No other request got a response either: the network is down.
                    self._fail(error)
                    await self._take_back(row)
                    return
            elif getattr(error, "may_have_been_billed", False):
                self._on_unknown(error)
        await self._record(row, outcome_of_error(attempt, error))

    def _on_unknown(self, error: Exception) -> None:
        self._unknown_in_a_row += 1
        if self._unknown_in_a_row >= self._turns.most + _UNKNOWN_IN_A_ROW:
            stopped = BatchStoppedError(
                f"The last {self._unknown_in_a_row} requests ended with an unknown outcome, so no further one is sent: "
                f"each of them may be billed. The last one: {error}"
            )
            stopped.__cause__ = error
            self._fail(stopped)


def _server_limit(body: bytes) -> int | None:
    """The limit of requests in flight, where a 429 names it."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    limit = document.get("max_inflight_requests") if is_object(document) else None
    return limit if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0 else None


def _report(rows: set[_RunProgress], error: BaseException | None = None) -> None:
    """Log rows that will not be taken any more and may have cost money, once."""
    outcomes = [row.outcome for row in rows]
    rows.clear()
    log_outcomes("The batch ended before all its outcomes were taken.", outcomes, error)
