"""`ideogram batch`: reads and checks the rows, plans, asks, runs, and reports."""

from __future__ import annotations

import asyncio
import logging
import shlex
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal, InvalidOperation
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click
from attrs import define, field, fields_dict

from ideogram_ai.batch.events import Event, RunStopped, StopReason
from ideogram_ai.batch.gallery import page_name, write_gallery
from ideogram_ai.batch.job import Job, ledger_path
from ideogram_ai.batch.manifest import MANIFEST_NAME, check_place, is_shared, write_manifest
from ideogram_ai.batch.model import BatchError, State
from ideogram_ai.batch.operations import image_operations, submit_operation
from ideogram_ai.batch.prices import Estimate, Prices, read_prices
from ideogram_ai.batch.runner import DOWNLOADS, IN_FLIGHT
from ideogram_ai.client import AsyncIdeogram, IdeogramError
from ideogram_ai.client.config import resolve_api_key
from ideogram_ai.client.errors import NOTHING_SENT

from .batch_input import Forecast, InvalidRowsError, RowOptions
from .batch_report import BatchReporter
from .batch_summary import BatchSummary, FailureGroups, Progress
from .contract_input import OPERATION, STDIN
from .exit_codes import ExitCode, WrongUseError, handle_signals
from .service import ClientArguments, ServiceOptions, client_warnings, open_service, option_message, refuse_both
from .terminal import CONFIRM_ABOVE, can_prompt, count

if TYPE_CHECKING:
    from ideogram_ai.batch.model import BatchRequest

_NEVER_RESUMED: Final = frozenset(
    {"--retry-unknown", "--retry-failed", "--redo", "--replace", "--rebuild-ledger", "--dry-run"}
)
"""Options that are given each time on purpose, because they may cost something."""


def resume_command(ctx: click.Context) -> Callable[..., str]:
    """Return a function that writes the command that resumes this batch, for a shell, with more options behind it.

    Without stdin, which is read already, it resumes with the rows of the ledger.
    """
    source = None if ctx.params["source"] == STDIN else ctx.params["source"]
    words = ["ideogram", "batch", *([source] if source else [])]
    for parameter in ctx.command.params:
        option, value = parameter.opts[0], ctx.params.get(parameter.name or "")
        skipped = option in _NEVER_RESUMED or (parameter.name in fields_dict(RowOptions) and not source)
        if not value or skipped or isinstance(parameter, click.Argument):
            continue
        values = value if parameter.multiple else [value]
        words += [option] if value is True else [word for each in values for word in (option, str(each))]
    return lambda *more: shlex.join([*words, *more])


def run(ctx: click.Context) -> ExitCode:
    """Run a batch, or resume it."""
    options = dict(ctx.params)
    rows = {name: options.pop(name) for name in fields_dict(RowOptions)}
    given = (str(parameter.opts[0]) for parameter in ctx.command.params if rows.get(str(parameter.name)))
    batch = _Batch(resume=resume_command(ctx), rows=RowOptions(**rows), about_rows=next(given, None), **options)
    # A driver of S3 reports a broken connection by an exception; a line for each task behind it would bury the links.
    logging.getLogger("asyncio").addFilter(lambda record: "aiohttp" not in record.getMessage())
    try:
        with client_warnings():
            summary = batch.run()
    except InvalidRowsError:
        return ExitCode.WRONG_USE
    except _DryRunDone:
        return ExitCode.DONE
    except (WrongUseError, BatchError, IdeogramError) as error:
        return batch.fail(error, option_message(error))
    except ModuleNotFoundError as error:
        return batch.fail(error, f"This needs {error.name}: run pip install 'ideogram-ai[batch]'.")
    except (click.Abort, KeyboardInterrupt) as error:
        return batch.fail(error, "Interrupted.")
    except Exception as error:
        if not batch.progress.begun:
            raise
        return batch.fail(error, f"{type(error).__name__}: {str(error).removesuffix('.')}.")
    batch.reporter.ended(summary)
    return summary.code


class _DryRunDone(Exception):  # noqa: N818 - no error
    """The forecast of --dry-run is printed, and nothing is kept."""


def _read_max_cost(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        limit = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        limit = Decimal("NaN")
    if not limit.is_finite() or limit < 0:
        raise WrongUseError(f"--max-cost: {text!r} is not an amount of US dollars. Write it as 12.50.")
    return limit


@define(kw_only=True)
class _Batch(ServiceOptions):
    """The options of the command, and the run that they ask for.

    Attributes:
        resume: Returns the command that resumes the batch, with more options behind it.
        rows: The options on rows.
        about_rows: The first of them that was given.
        progress: What the run has done so far.
    """

    resume: Callable[..., str]
    rows: RowOptions
    about_rows: str | None
    source: str | None
    out: str
    as_jobs: bool
    in_flight: int | None
    downloads: int | None
    dry_run: bool
    max_cost: str | None
    prices: str | None
    yes: bool
    retry_unknown: bool
    retry_failed: bool
    redo: tuple[str, ...]
    replace: bool
    rebuild_ledger: bool
    no_gallery: bool
    ledger: str | None
    shared: bool
    engine: str | None
    address: str | None
    reporter: BatchReporter = field(init=False)
    progress: Progress = field(factory=Progress)
    _signal: ExitCode | None = None
    _at_a_time: int = field(init=False)
    _limit: Decimal | None = field(init=False)
    _prices: Prices = field(init=False)
    _free: bool = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.reporter = BatchReporter(as_json=self.as_json, quiet=self.quiet)
        self.shared = self.shared or self.engine is not None

    def run(self) -> BatchSummary:
        """Check everything that can be checked before something is sent; then run."""
        self.check()
        rows = None if self.source is None else self.rows.read(self.source, self.reporter, shown=self.shown)
        if not self._is_begun():
            if rows is None:
                raise WrongUseError(f"There is no batch in {self.out!r} yet: give an INPUT.")
            if self.dry_run:
                estimate = self._estimate(rows)
                self._finish_dry_run(Forecast(estimate.rows, 0, 0, estimate, self._at_a_time, self._free))
        opened = Job.open(self.out, ledger=self.ledger, rebuild=self.rebuild_ledger, shared=self.shared)
        with opened as job, ExitStack() as stack:
            arguments: ClientArguments | None = None
            with job.ledger.transaction():  # what raises in here undoes the plan
                forecast = self._plan(job, rows)
                if self.dry_run:
                    self._finish_dry_run(forecast)
                others = job.claims is not None and job.claims.busy  # work on rows, which are waited for
                if forecast.estimate.total or forecast.downloads or forecast.jobs or others:
                    self.reporter.forecast(forecast, dry_run=False)
                    self._confirm_cost(forecast)
                    arguments = stack.enter_context(open_service(self, in_flight=self._at_a_time))
                    if self.engine is not None:
                        stack.enter_context(_connect(self.address))
            before = job.total_cost()
            stopped = RunStopped(StopReason.DONE, "")
            if arguments is not None:
                with self.reporter.running(self.progress) as on_event:
                    stopped = self._send(job, arguments, on_event)
            files, unwritten = self._write_files(job)
            return BatchSummary.of(
                job,
                stopped,
                self.progress,
                spent_before=before,
                signal=self._signal,
                files=files,
                unwritten=unwritten,
                location=self.out,
                free=self._free,
                resume=self.resume,
            )

    def fail(self, error: BaseException, message: str) -> ExitCode:
        """Report that the run ended without a summary."""
        if self.progress.begun:
            code = ExitCode.OUTCOME_UNKNOWN
            message = f"{message} Requests were sent. The ledger has their outcome; run the same command to resume."
        else:
            interrupted = isinstance(error, click.Abort | KeyboardInterrupt)
            code = ExitCode.of_interruption(error) if interrupted else ExitCode.WRONG_USE
            message = f"{message.removesuffix(NOTHING_SENT).rstrip()} {NOTHING_SENT}"
        self.reporter.failed(code, error, message, tuple(self.progress.unsaved.values()))
        return code

    def _is_begun(self) -> bool:
        """Whether there is a batch in the folder already."""
        if self.rebuild_ledger:
            return True
        if self.shared:
            return is_shared(self.out)
        if (Path(self.ledger) if self.ledger else ledger_path(self.out)).exists():
            return True
        if self.source is None or self.dry_run:
            check_place(self.out)
        return False

    def check(self) -> None:
        """Refuse options that cannot be used, and read those that hold for the whole run."""
        super().check()
        refuse_both("--dry-run", "--rebuild-ledger", given=self.dry_run and self.rebuild_ledger)
        refuse_both("--engine", "--mock", given=self.engine is not None and self.mock)
        if self.address is not None and self.engine is None:
            raise WrongUseError("--address names the cluster of --engine ray. Give both.")
        refuse_both("--shared", "--ledger", given=self.shared and self.ledger is not None)
        refuse_both("--shared", "--rebuild-ledger", given=self.shared and self.rebuild_ledger)
        for name, value in (("--out", self.out), ("INPUT", self.source)):
            if value is not None and not value.strip():
                raise WrongUseError(f"{name} is empty. Is a shell variable unset?")
        if self.source is None and self.about_rows:
            raise WrongUseError(f"{self.about_rows} is about the rows of INPUT, but there is no INPUT.")
        self._at_a_time = self.in_flight or OPERATION.in_flight_limit or IN_FLIGHT
        self._limit = _read_max_cost(self.max_cost)
        self._prices = read_prices(Path(self.prices) if self.prices else None)
        self._free = self.is_rehearsal  # refuses the base URL too

    def _plan(self, job: Job, rows: Iterator[BatchRequest] | None) -> Forecast:
        """Plan the rows of the input, or those of the ledger, and count what they cost."""
        rehearsed = job.meet(self.server, rehearsal=self.mock, replace=self.replace)
        # --dry-run reports all changed rows, as if they were replaced.
        replace = self.replace or self.dry_run
        planned = job.plan(() if rows is None else rows, replace=replace, redo=self.redo, whole=rows is not None)
        if planned.changes and not self.replace:
            self.reporter.changed(planned)
        if not self.retry_unknown:
            job.ledger.ask_again()  # as the run does, if there is one
        again = [State.UNKNOWN] * self.retry_unknown + [State.FAILED] * self.retry_failed
        estimate = self._estimate(
            chain(
                job.ledger.planned(),
                (
                    outcome.request
                    for outcome in (job.outcomes(*again) if again else ())
                    if not outcome.absent and (outcome.state is State.UNKNOWN or not outcome.may_have_been_billed)
                ),
            )
        )
        counts = job.ledger.counts(absent=False)
        total = sum(counts.values())
        return Forecast(
            rows=total,
            finished=total - counts[State.ANSWERED] - counts[State.SUBMITTED] - estimate.rows,
            downloads=job.counts()[State.ANSWERED],
            jobs=job.counts()[State.SUBMITTED],
            estimate=estimate,
            in_flight=self._at_a_time,
            free=self._free,
            updated=planned.updated,
            replaced=planned.replaced,
            rehearsed=rehearsed,
            absent=sum(job.ledger.counts(absent=True).values()),
        )

    def _estimate(self, requests: Iterable[BatchRequest]) -> Estimate:
        """Count what requests cost, and refuse --async for those that no job can make."""
        estimate, without_jobs = Estimate(self._prices), FailureGroups(most=len(image_operations()))
        for request in requests:
            estimate.add(request)
            if self.as_jobs and submit_operation(request.operation) is None:
                without_jobs.add(request, request.operation)
        if without_jobs.total:
            rows = "; ".join(without_jobs.lines())
            raise WrongUseError(
                f"--async: the contract has no jobs for what some rows ask for ({rows}). Leave out --async, or put "
                f"those rows into a batch of their own. {NOTHING_SENT}"
            )
        return estimate

    def _finish_dry_run(self, forecast: Forecast) -> NoReturn:
        self.reporter.forecast(forecast, dry_run=True)
        raise _DryRunDone

    def _confirm_cost(self, forecast: Forecast) -> None:
        """Ask before many images are made, unless the command line has the answer, or they are free."""
        images = forecast.estimate.total
        if unpriced := list(forecast.estimate.unpriced) if self._limit is not None else []:
            raise WrongUseError(
                f"--max-cost cannot be kept, because nobody knows the price of {', '.join(unpriced)}. Leave those rows "
                f"out, or the limit. {NOTHING_SENT}"
            )
        if images <= CONFIRM_ABOVE or self.yes or self._free:
            return
        cost = f"{count(images, 'image')} for {forecast.cost}"
        if can_prompt() and not self.as_json:
            if not click.confirm(f"Make {cost}?", err=True):
                raise WrongUseError(f"Not confirmed. {NOTHING_SENT}")
        elif self._limit is None:
            raise WrongUseError(f"{cost}: confirm with --yes, or set a limit with --max-cost USD. {NOTHING_SENT}")

    def _send(self, job: Job, arguments: ClientArguments, on_event: Callable[[Event], None]) -> RunStopped:
        """Send the planned rows and save their images. Ctrl-C finishes those in flight, a second one cancels them."""
        options: dict[str, Any] = {
            "in_flight": self._at_a_time,
            "downloads": self.downloads or DOWNLOADS,
            "submit": self.as_jobs,
            "max_cost": self._limit,
            "prices": self._prices,
            "retry_unknown": self.retry_unknown,
            "retry_failed": self.retry_failed,
        }
        try:
            if self.engine is not None:
                return self._send_from_cluster(job, arguments, on_event, options)
            return asyncio.run(self._send_from_here(job, arguments, on_event, options))
        except (BatchError, IdeogramError) as error:
            if not self.progress.begun:  # the place may be that of another batch
                raise
            return RunStopped(StopReason.ERROR, str(error), error)
        except Exception as error:
            if self.engine is not None:
                raise
            # Whatever it is, the summary has the paid images.
            return RunStopped(StopReason.ERROR, f"{type(error).__name__}: {error}", error)
        except KeyboardInterrupt as error:  # just before signals are handled, or after
            if not self.progress.begun:
                raise
            self._signal = self._signal or ExitCode.of_interruption(error)
            return RunStopped(StopReason.NOW, "")

    async def _send_from_here(
        self, job: Job, arguments: ClientArguments, on_event: Callable[[Event], None], options: dict[str, Any]
    ) -> RunStopped:
        def on_signal(number: int) -> None:
            first, self._signal = self._signal is None, self._signal or ExitCode.of_signal(number)
            (job.stop_softly if first else job.stop_now)()

        # Not in the signal handler: the loop may be anywhere, or asleep.
        call_soon = asyncio.get_running_loop().call_soon_threadsafe
        with handle_signals(lambda number: call_soon(on_signal, number)):
            async with AsyncIdeogram(**arguments) as client:
                return await job.run(client, rehearsal=self.mock, on_event=on_event, **options)

    def _send_from_cluster(
        self, job: Job, arguments: ClientArguments, on_event: Callable[[Event], None], options: dict[str, Any]
    ) -> RunStopped:
        from ideogram_ai.batch.ray import Settings, absolute, run_job  # noqa: PLC0415 - an extra, which is there

        place = absolute(self.out)
        settings = Settings(
            out=place, base_url=self.server, allow_http=self.allow_http, timeout=self.timeout, planned=True, **options
        )
        stop: list[Callable[[], None]] = []

        def on_signal(number: int) -> None:
            if self._signal is not None or not stop:
                raise KeyboardInterrupt
            self._signal = ExitCode.of_signal(number)
            stop[0]()

        key = resolve_api_key(arguments["api_key"])
        assert not isinstance(key, str)  # noqa: S101 - the service was opened with it
        with handle_signals(on_signal):
            return run_job(job, settings, key.reveal(), on_event, stop.append)

    def _write_files(self, job: Job) -> tuple[dict[str, str], str | None]:
        """Write the manifest and the gallery, and return their names, and why one was not written."""
        files: dict[str, str] = {}
        unwritten: list[str] = []
        writers = [("manifest", MANIFEST_NAME, write_manifest)]  # first what programs read
        if not self.no_gallery:
            writers.append(("gallery", page_name(1), partial(write_gallery, free=self._free)))
        try:
            for what, name, write in writers:
                try:
                    write(job.store, job.outcomes())
                    files = {what: name, **files}
                except Exception as error:  # noqa: BLE001 - whatever it is, the images are saved
                    unwritten.append(str(error))
        except KeyboardInterrupt:
            return files, "Interrupted while the manifest and the gallery were written. Run the same command again."
        if not unwritten:
            return files, None
        complete = "" if job.unrecorded else ", but the ledger is complete"
        return files, f"The manifest or the gallery was not written{complete}: {' '.join(dict.fromkeys(unwritten))}"


@contextmanager
def _connect(address: str | None) -> Generator[None]:
    """Connect to a Ray cluster for as long as the context lasts.

    Args:
        address: The cluster; None is that of RAY_ADDRESS or of this machine, or a new one for this run.

    Raises:
        WrongUseError: Ray is not installed, or there is no such cluster.
    """
    try:
        ray: Any = import_module("ray")
        data: Any = import_module("ray.data")
    except ModuleNotFoundError as error:
        raise WrongUseError(f"--engine ray needs {error.name}: run pip install 'ideogram-ai[ray]'.") from None
    try:
        # The command shows the progress itself.
        ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=None)
    except (ConnectionError, ValueError, RuntimeError) as error:
        place = "RAY_ADDRESS" if address is None else f"--address {address!r}"
        raise WrongUseError(f"{place}: there is no Ray cluster to connect to: {error}") from None
    data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()
