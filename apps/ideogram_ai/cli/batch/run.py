"""One run of `ideogram batch`: read and check, plan, ask, run, and tell how it ended."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeAlias

import click

from ideogram_ai.batch.engine import Limits
from ideogram_ai.batch.errors import BatchError
from ideogram_ai.batch.events import RunStopped, StopReason
from ideogram_ai.batch.job import Job
from ideogram_ai.batch.prices import read_prices
from ideogram_ai.client import IdeogramError
from ideogram_ai.client.fields import NOTHING_SENT

from ..errors import WrongUseError
from ..exit_codes import ExitCode
from ..generate.contract_fields import OPERATION
from ..signals import Terminated
from .access import Access, is_free, open_access
from .asking import ask
from .ending import Ending
from .machine import Machine
from .people import People
from .planning import InvalidRowsError, Planner, ledger_file
from .projections import write_projections
from .signals import Stopping, handled_by
from .tally import Tally

if TYPE_CHECKING:
    from decimal import Decimal

    from ideogram_ai.batch.prices import Prices

    from .forecast import Forecast
    from .options import Options

_Voice: TypeAlias = People | Machine


class _OnlyAskedError(Exception):
    """--dry-run has its answer, and the plan is forgotten."""


def run(options: Options) -> ExitCode:
    """Run a batch, or go on with it.

    Args:
        options: The command line.

    Returns:
        The exit code.
    """
    voice: _Voice = Machine() if options.as_json else People(quiet=options.quiet)
    ending: Ending | None = None
    try:
        ending = _Batch(options, voice).run()
    except InvalidRowsError:
        return ExitCode.WRONG_USE
    except _OnlyAskedError:
        return ExitCode.DONE
    except WrongUseError as error:
        voice.failed(ExitCode.WRONG_USE, error, error.format_message())
        return ExitCode.WRONG_USE
    except (BatchError, IdeogramError) as error:
        voice.failed(ExitCode.WRONG_USE, error, f"{str(error).removesuffix(NOTHING_SENT).rstrip()} {NOTHING_SENT}")
        return ExitCode.WRONG_USE
    except (click.Abort, KeyboardInterrupt) as error:
        terminated = isinstance(error.__cause__ or error, Terminated)
        code = ExitCode.TERMINATED if terminated else ExitCode.INTERRUPTED
        voice.failed(code, error, "Interrupted before anything was sent.")
        return code
    voice.ended(ending)
    return ending.code


class _Batch:
    """One run."""

    def __init__(self, options: Options, voice: _Voice) -> None:
        options.check()
        self._options = options
        self._voice = voice
        self._limits = Limits(
            in_flight=options.in_flight or OPERATION.in_flight_limit or Limits().in_flight,
            downloads=options.downloads or Limits().downloads,
        )
        self._limit = options.limit()
        self._prices: Prices = read_prices(options.prices)
        self._free = is_free(options)
        self._planner = Planner(options, self._prices, self._limits.in_flight, free=self._free, voice=voice)

    def run(self) -> Ending:
        """Everything that can be found out before something is sent is found out first."""
        options = self._options
        known = ledger_file(options).exists()
        if options.source is None and not known:
            raise WrongUseError(f"There is no batch in {options.out!r} yet: give it an INPUT.")
        if options.dry_run and not known:
            self._show(self._planner.forecast())
        with Job.open(options.out, ledger=options.ledger) as job, ExitStack() as opened:
            accesses: list[Access] = []

            def accept(forecast: Forecast) -> None:
                if options.dry_run:
                    self._show(forecast)
                if forecast.estimate.total or forecast.downloads:
                    self._voice.forecast(forecast, asked_for=False)
                    ask(forecast, options)
                    accesses.append(opened.enter_context(open_access(options, self._limits.in_flight)))

            self._planner.plan(job, accept)
            return self._make(job, accesses[0] if accesses else None)

    def _show(self, forecast: Forecast) -> None:
        self._voice.forecast(forecast, asked_for=True)
        raise _OnlyAskedError

    def _make(self, job: Job, access: Access | None) -> Ending:
        tally = Tally()
        stopping = Stopping(job.stop_softly, job.stop_now)
        stopped = RunStopped(StopReason.DONE, "")
        before = job.total_cost()
        if access is not None:
            stopped = self._drive(job, access, tally, stopping)
        return self._ending(job, stopped, tally, stopping, before)

    def _drive(self, job: Job, access: Access, tally: Tally, stopping: Stopping) -> RunStopped:
        options = self._options

        async def drive() -> RunStopped:
            with handled_by(stopping, asyncio.get_running_loop().call_soon_threadsafe):
                async with access.client() as client:
                    return await job.run(
                        client,
                        in_flight=self._limits.in_flight,
                        downloads=self._limits.downloads,
                        prices=self._prices,
                        max_cost=self._limit,
                        retry_unknown=options.retry_unknown,
                        retry_failed=options.retry_failed,
                        on_event=hear,
                    )

        try:
            with self._voice.running(tally) as hear:
                return asyncio.run(drive())
        except (BatchError, IdeogramError) as error:
            return RunStopped(StopReason.ERROR, str(error), error)
        except KeyboardInterrupt as error:  # in the moment before signals are handled, or after
            stopping.code = ExitCode.TERMINATED if isinstance(error, Terminated) else ExitCode.INTERRUPTED
            return RunStopped(StopReason.NOW, "")

    def _ending(self, job: Job, stopped: RunStopped, tally: Tally, stopping: Stopping, before: Decimal) -> Ending:
        options = self._options
        files, unwritten = write_projections(job, gallery=not options.no_gallery, free=self._free)
        return Ending.of(
            job,
            stopped,
            tally,
            spent_before=before,
            signal=stopping.code,
            files=files,
            unwritten=unwritten,
            location=options.out,
            free=self._free,
            resume=options.command_line(),
            retry_unknown=options.command_line("--retry-unknown"),
            retry_failed=options.command_line("--retry-failed"),
        )
