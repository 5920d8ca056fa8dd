"""Drives a batch that was planned and agreed to, until it ends or is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeAlias

from ideogram_ai.batch.model import BatchError, Event, RunStopped, State, StopReason
from ideogram_ai.client import IdeogramError

from ..exit_codes import ExitCode
from ..signals import Terminated
from .ending import Ending
from .projections import write_projections
from .signals import Stopping, handled_by
from .tally import Tally, is_unsaved

if TYPE_CHECKING:
    from ideogram_ai.batch.job import Job

    from .access import Access
    from .options import Options
    from .settings import Settings

Running: TypeAlias = Callable[[Tally], AbstractContextManager[Callable[[Event], None]]]
"""Shows how it goes, and gives a function that is told every event."""


def conclude(
    job: Job, options: Options, settings: Settings, access: Access | None, *, tally: Tally, running: Running
) -> Ending:
    """Run what is planned, and write what can be read of it. What fails on the way is told in the ending.

    Args:
        job: The batch.
        options: The options.
        settings: What they come to.
        access: The way to the server; None when there is nothing to be sent or downloaded.
        tally: Counts what the run does.
        running: Shows how it goes.

    Returns:
        How the batch stands.

    Raises:
        LedgerError: The ledger cannot be read; the tally knows what is not saved.
    """
    stopping = Stopping(job.stop_softly, job.stop_now)
    before = job.total_cost()
    stopped = RunStopped(StopReason.DONE, "")
    if access is not None:
        with running(tally) as hear:
            stopped = _drive(job, options, settings, access, stopping=stopping, hear=hear)
    files, unwritten = write_projections(job, gallery=not options.no_gallery, free=settings.free)
    return Ending.of(
        job,
        stopped,
        tally,
        spent_before=before,
        signal=stopping.code,
        files=files,
        unwritten=unwritten,
        unsaved=[outcome for outcome in job.outcomes(State.ANSWERED, State.FAILED) if is_unsaved(outcome)],
        unrecorded=tuple(job.unrecorded.values()),
        location=options.out,
        free=settings.free,
        resume=options.command_line(),
        retry_unknown=options.command_line("--retry-unknown"),
        retry_failed=options.command_line("--retry-failed"),
    )


def _drive(
    job: Job, options: Options, settings: Settings, access: Access, *, stopping: Stopping, hear: Callable[[Event], None]
) -> RunStopped:
    async def drive() -> RunStopped:
        with handled_by(stopping, asyncio.get_running_loop().call_soon_threadsafe):
            async with access.client() as client:
                return await job.run(
                    client,
                    in_flight=settings.in_flight,
                    downloads=settings.downloads,
                    prices=settings.prices,
                    max_cost=settings.max_cost,
                    retry_unknown=options.retry_unknown,
                    retry_failed=options.retry_failed,
                    rehearsal=options.mock,
                    on_event=hear,
                )

    try:
        return asyncio.run(drive())
    except (BatchError, IdeogramError) as error:
        return RunStopped(StopReason.ERROR, str(error), error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the images that are paid for are told of
        return RunStopped(StopReason.ERROR, f"{type(error).__name__}: {error}", error)
    except KeyboardInterrupt as error:  # in the moment before signals are handled, or after
        stopping.code = ExitCode.TERMINATED if isinstance(error, Terminated) else ExitCode.INTERRUPTED
        return RunStopped(StopReason.NOW, "")
