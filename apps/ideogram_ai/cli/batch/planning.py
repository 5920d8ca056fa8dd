"""From the rows of the input to what a run is about to do: all rows are looked at before the first is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from ideogram_ai.batch.checking import Checker
from ideogram_ai.batch.estimate import Estimate
from ideogram_ai.batch.outcome import State
from ideogram_ai.batch.places import places_of
from ideogram_ai.batch.reading import read_rows

from ..errors import WrongUseError
from .forecast import Forecast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from ideogram_ai.batch.job import Job
    from ideogram_ai.batch.reading import RowProblem
    from ideogram_ai.batch.request import BatchRequest

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
        fresh = not any(job.counts().values())
        forecast: list[Forecast] = []

        def requests() -> Iterator[BatchRequest]:
            if self._options.source is not None:
                yield from self._requests()
            # Now the ledger has every row, and would forget them again.
            forecast.append(self._forecast_of(job, fresh=fresh))
            accept(forecast[0])

        job.plan(requests())
        return forecast[0]

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

    def _forecast_of(self, job: Job, *, fresh: bool) -> Forecast:
        if not fresh:
            self._estimate = Estimate(self._settings.prices)
            for request in job.ledger.planned():
                self._estimate.add(request.fields)
        counts = job.counts()
        again = [State.UNKNOWN] if self._options.retry_unknown else []
        again += [State.FAILED] if self._options.retry_failed else []
        for outcome in job.outcomes(*again) if again else ():
            if outcome.state is State.UNKNOWN or not outcome.may_have_been_billed:
                self._estimate.add(outcome.request.fields)
        rows, downloads = sum(counts.values()), counts[State.ANSWERED]
        return self._forecast(rows=rows, finished=rows - downloads - self._estimate.total, downloads=downloads)

    def _forecast(self, *, rows: int, finished: int, downloads: int) -> Forecast:
        return Forecast(rows, finished, downloads, self._estimate, self._settings.in_flight, self._settings.free)


def ledger_file(options: Options) -> Path:
    """Where the ledger of the batch is, whether or not it is there."""
    return options.ledger or places_of(options.out).ledger
