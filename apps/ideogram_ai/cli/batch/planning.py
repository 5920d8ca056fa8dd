"""From the rows of the input to what a run is about to do: all rows are looked at before the first is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from attrs import evolve

from ideogram_ai.batch.checking import Checker
from ideogram_ai.batch.job import ledger_path
from ideogram_ai.batch.model import State
from ideogram_ai.batch.prices import Estimate
from ideogram_ai.batch.reading import read_rows

from ..errors import WrongUseError
from .forecast import Forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ideogram_ai.batch.job import Job
    from ideogram_ai.batch.model import BatchRequest, RowProblem
    from ideogram_ai.batch.planning import Planned

    from .options import Options
    from .settings import Settings


class Voice(Protocol):
    """Tells of the rows."""

    def bad_row(self, problem: RowProblem) -> None:
        """A row cannot be sent."""
        ...

    def odd_row(self, remark: RowProblem) -> None:
        """A row is sent, and something is odd about it."""
        ...

    def checked(self, rows: int, bad: int, *, skipped: bool) -> None:
        """All rows were looked at."""
        ...

    def changed(self, planned: Planned) -> None:
        """Rows changed after they were made, which only --replace allows."""
        ...


class InvalidRowsError(Exception):
    """Some rows cannot be sent; it was told which, and why."""


class Planner:
    """Looks at the rows of an input, and counts what they cost.

    Args:
        options: The options.
        settings: What they come to.
        voice: Tells of bad rows.
    """

    def __init__(self, options: Options, settings: Settings, voice: Voice) -> None:
        self._options = options
        self._settings = settings
        self._voice = voice
        self._estimate = Estimate(settings.prices)

    def forecast(self) -> Forecast:
        """What a new batch would do.

        Raises:
            InvalidRowsError: Some rows cannot be sent.
            InputError: The input cannot be read.
        """
        for _ in self._requests():
            pass
        return self._forecast(rows=self._estimate.total, finished=0, downloads=0)

    def plan(self, job: Job, accept: Callable[[Forecast], None]) -> Forecast:
        """Plan the rows, all of them or none.

        Args:
            job: The batch.
            accept: Is given what the run is about to do; when it raises, nothing is planned.

        Raises:
            InvalidRowsError: Some rows cannot be sent.
            InputError: The input cannot be read.
            PlanError: A row contradicts what the ledger has.
        """
        options = self._options
        fresh = not any(job.counts().values())
        # What is planned is forgotten again when something is raised in here.
        with job.ledger.transaction():
            rehearsed = job.meet(self._settings.base_url, rehearsal=options.mock, replace=options.replace)
            planned = job.plan(
                () if options.source is None else self._requests(),
                # --dry-run tells of all changed rows, as if they were made anew.
                replace=options.replace or options.dry_run,
                redo=options.redo,
                whole=options.source is not None,
            )
            if planned.changes and not options.replace:
                self._voice.changed(planned)
            forecast = self._forecast_of(job, planned, fresh=fresh, rehearsed=rehearsed)
            accept(forecast)
        return forecast

    def _requests(self) -> Iterator[BatchRequest]:
        options = self._options
        checker = Checker(options.rules(), self._voice.bad_row, self._voice.odd_row)
        rows = read_rows(options.source or "", options.format, renamed=options.renamed(), csv=options.csv())
        for request in checker.requests(rows):
            self._estimate.add(request.fields)
            yield request
        if not checker.rows:
            raise WrongUseError("INPUT has no rows.")
        self._voice.checked(checker.rows, checker.bad, skipped=options.skip_invalid)
        if checker.bad and not options.skip_invalid:
            raise InvalidRowsError

    def _forecast_of(self, job: Job, planned: Planned, *, fresh: bool, rehearsed: int) -> Forecast:
        if not fresh:
            self._estimate = Estimate(self._settings.prices)
            for request in job.ledger.planned():
                self._estimate.add(request.fields)
        counts = job.ledger.counts(absent=False)
        again = [State.UNKNOWN] if self._options.retry_unknown else []
        again += [State.FAILED] if self._options.retry_failed else []
        for outcome in job.outcomes(*again) if again else ():
            if not outcome.absent and (outcome.state is State.UNKNOWN or not outcome.may_have_been_billed):
                self._estimate.add(outcome.request.fields)
        rows = sum(counts.values())
        return evolve(
            self._forecast(
                rows=rows,
                finished=rows - counts[State.ANSWERED] - self._estimate.total,
                downloads=job.counts()[State.ANSWERED],
            ),
            updated=planned.updated,
            replaced=planned.replaced,
            rehearsed=rehearsed,
            absent=sum(job.ledger.counts(absent=True).values()),
        )

    def _forecast(self, *, rows: int, finished: int, downloads: int) -> Forecast:
        return Forecast(rows, finished, downloads, self._estimate, self._settings.in_flight, self._settings.free)


def ledger_file(options: Options) -> Path:
    """Where the ledger of the batch is, whether or not it is there."""
    return options.ledger or ledger_path(options.out)
