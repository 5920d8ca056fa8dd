"""run_batch: the outcomes of requests as they come, as an asynchronous iterator whose run has a task of its own."""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias

from .model import BatchRequest, Outcome, State
from .runner import DOWNLOADS, IN_FLIGHT, JOB_SECONDS, Runner, RunOptions

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Never, Self

    from ideogram_ai.client import AsyncIdeogram

    from .journal import Journal
    from .prices import Prices
    from .runner import Finish

Requests: TypeAlias = Iterable[BatchRequest | Mapping[str, Any]] | AsyncIterable[BatchRequest | Mapping[str, Any]]


def run_batch(
    requests: Requests,
    *,
    client: AsyncIdeogram,
    in_flight: int = IN_FLIGHT,
    finish: Finish | None = None,
    downloads: int = DOWNLOADS,
    prices: Prices | None = None,
    journal: Journal | None = None,
    submit: bool = False,
    job_seconds: float = JOB_SECONDS,
) -> Outcomes:
    """Send many requests, some at a time, and yield the outcome of each as soon as it is known, on asyncio or trio.

    An error of one request is an outcome, not an exception. An error that all others would meet too ends the run, once
    the requests in flight have ended: 401, 402 and 404, a 429 that waiting does not lift, a network or a service that
    does not respond. Requests that were not sent by then have no outcome.

        async with run_batch(requests, client=client) as outcomes:
            async for outcome in outcomes:
                ...

    Leaving the `async with` early, by `break` or by an exception, sends nothing new and waits for what is in flight,
    because that is paid for. Being cancelled, also while waiting, aborts it, and it may be still billed. The log
    and a note on the exception name every outcome that was not taken, with the links of its images.

    Args:
        requests: Mappings of request fields, optionally with an `id`, a `file_name` and an `operation`, or
            BatchRequests. They are read one ahead of what is sent, so a stream may have any length. An async generator
            is closed in the end.
        client: Sends and, in `finish`, downloads. Its RetryPolicy says how often a request that never left is sent;
            what may have been billed is never sent again.
        in_flight: The most images in progress at a time, 1 or more. A request for more images than that waits until
            it can go alone. A 429 lowers the number for a while.
        finish: Awaited with each response; returns the new outcome. For example, it downloads the images. Without it
            the outcomes are ANSWERED, and their `generation` has the images.
        downloads: The most responses that are finished at a time, 1 or more.
        prices: Prices for the `cost` of the outcomes.
        journal: Records each request before it is sent, and each outcome.
        submit: Submit each request as a job, and ask for it until it is done: once the id of the job is there, which
            takes a fraction of a second, its outcome cannot become unknown.
        job_seconds: Seconds to wait for a job, more than 0. A job that takes longer ends SUBMITTED, with its `job_id`.

    Returns:
        An asynchronous iterator of an Outcome for each request, in the order of completion, and its context manager.
        Each image is billed, withheld ones too.

    Raises:
        ValueError: in_flight or downloads is not a whole number from 1.
        IdeogramError: An error that every request would meet.
        BatchError: A row is not a request, or the run was stopped because one request after the other ended unknown.
    """
    options = RunOptions(
        in_flight=in_flight, downloads=downloads, prices=prices, submit=submit, job_seconds=job_seconds
    )
    return Outcomes(Runner(_read(requests), client, options, finish=finish, journal=journal))


async def _read(requests: Requests) -> AsyncGenerator[Outcome]:
    numbers = count(1)
    if not isinstance(requests, AsyncIterable):
        for row in requests:
            yield Outcome(BatchRequest.of(row, next(numbers)), State.PLANNED)
        return
    async with AsyncExitStack() as closing:
        if isinstance(requests, AsyncGenerator):
            closing.push_async_callback(requests.aclose)
        async for row in requests:
            yield Outcome(BatchRequest.of(row, next(numbers)), State.PLANNED)


class Outcomes(AsyncGenerator[Outcome, None]):
    """The outcomes of requests, as they come. Use it in `async with`: leaving that waits for what is in flight.

    What is in flight is paid for. Being cancelled, also while waiting, aborts it. Outcomes that were not taken are
    named, with their links, in the log and in a note on the exception.

    It is not a generator function: those never see the exception that they are closed for, and one that is forgotten
    is closed when its event loop is gone. And it holds no task group, because a consumer may leave it to the garbage
    collector; so the run has a task of its own.
    """

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._begun = False
        self._over = False

    async def asend(self, value: None) -> Outcome:  # noqa: ARG002 - the signature of a generator
        """Wait for the next outcome.

        Raises:
            StopAsyncIteration: There is no other.
            Exception: What stopped the run, once everything in flight has ended.
        """
        if self._over:
            raise StopAsyncIteration
        if not self._begun:
            self._begun = True
            call_soon = _start_task(self._runner)
            weakref.finalize(self, _abandon, self._runner, call_soon).atexit = False
        try:
            outcome = await self._runner.take()
        except BaseException as error:
            self._over = True
            await self._runner.abort(error)
            raise
        if outcome is not None:
            return outcome
        self._over = True
        if self._runner.error is not None:
            raise self._runner.error
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
        """Send nothing new, wait for what is in flight, and report the outcomes that were not taken."""
        if self._over or not self._begun:
            self._over = True
            return
        self._over = True
        left_by = sys.exception()
        self._runner.stop()
        try:
            await self._runner.ended.wait()
        except BaseException as error:
            left_by = error
            raise
        finally:
            await self._runner.abort(left_by)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


_CallSoon: TypeAlias = Callable[[Callable[[], None]], object]
_tasks: set[asyncio.Task[None]] = set()
"""asyncio itself keeps no task alive."""


def _start_task(runner: Runner) -> _CallSoon:
    """Start a run in a task that belongs to no caller, and return what calls a function in its event loop soon."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415 - a program that runs on trio has it

        trio.lowlevel.spawn_system_task(runner.run)
        return trio.lowlevel.current_trio_token().run_sync_soon
    task = loop.create_task(runner.run())
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return loop.call_soon_threadsafe


def _abandon(runner: Runner, call_soon: _CallSoon) -> None:
    try:
        call_soon(runner.abandon)
    except RuntimeError:  # the event loop is gone
        runner.report(None)
