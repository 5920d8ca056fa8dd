"""The outcomes of a batch as an asynchronous iterator, whose run has a task of its own, on asyncio and trio."""

from __future__ import annotations

import asyncio
import sys
import weakref
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Never, Self

    from .model import Outcome
    from .runner import Runner


class Outcomes(AsyncGenerator["Outcome", None]):
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
