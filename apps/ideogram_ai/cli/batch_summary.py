"""What a batch has to report: the forecast, the progress, and the summary."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import define, evolve, field, frozen

from ideogram_ai.batch.events import (
    Event,
    RowAnswered,
    RowDone,
    RowSent,
    RowSubmitted,
    RunStarted,
    RunStopped,
    RunStopping,
    StopReason,
)
from ideogram_ai.batch.model import MOCK, LedgerError, Outcome, State, StoreError
from ideogram_ai.client import DownloadError

from .exit_codes import ExitCode
from .terminal import count, duration, indented, priced, usd

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ideogram_ai.batch.job import Job
    from ideogram_ai.batch.model import BatchRequest

_STYLES: Final = {
    State.SAVED: "green",
    State.WITHHELD: "yellow",
    State.FAILED: "red",
    State.UNKNOWN: "bold magenta",
    State.ANSWERED: "cyan",
    State.SUBMITTED: "cyan",
    State.SENT: "bold magenta",
    State.PLANNED: "dim",
}
"""The states in the order in which they are shown, each with its colour."""
_STATE_NAMES: Final = {
    State.ANSWERED: "not downloaded yet",
    State.SUBMITTED: "in progress",
    State.PLANNED: "not sent",
    State.SENT: "on their way",
}
_MOST_GROUPS: Final = 10
_MOST_PLACES: Final = 6
_RATE_SECONDS: Final = 60.0


def state_counts(counts: Mapping[State, int]) -> list[tuple[str, str]]:
    """Return what there is of each state, as text and its colour."""
    return [
        (f"{counts[state]:,} {_STATE_NAMES.get(state, state.value)}", style)
        for state, style in _STYLES.items()
        if counts.get(state)
    ]


def state_line(counts: Mapping[State, int]) -> str:
    """Return what there is of each state in one line."""
    return ", ".join(text for text, _ in state_counts(counts)) or "nothing yet"


def place_of(request: BatchRequest) -> str:
    """Return where people find a row: its line, and its id if it was given one."""
    if request.line is None:
        return f"id {request.key}"
    return f"line {request.line}" if request.key.isdigit() else f"line {request.line}, id {request.key}"


def is_unsaved(outcome: Outcome) -> bool:
    """Whether a row has an image that is paid for, is not saved, and has a link."""
    return outcome.state in {State.ANSWERED, State.FAILED} and any(
        image.url and not image.file for image in outcome.images
    )


@define
class FailureGroups:
    """Rows grouped by what went wrong, so that an error of many rows is printed once."""

    most: int = _MOST_GROUPS
    total: int = 0
    _groups: dict[str, _FailureGroup] = field(factory=dict[str, "_FailureGroup"])

    @classmethod
    def of(cls, outcomes: Iterable[Outcome]) -> FailureGroups:
        """Group rows, given in the order of the input."""
        groups = cls()
        for outcome in outcomes:
            groups.add(outcome.request, outcome.error or "no reason is known")
        return groups

    def add(self, request: BatchRequest, message: str) -> None:
        """Add a row, later in the input than those before."""
        self.total += 1
        if message in self._groups or len(self._groups) < self.most:
            self._groups.setdefault(message, _FailureGroup()).add(request)

    def lines(self) -> Iterator[str]:
        """Yield the lines for people."""
        for message, group in self._groups.items():
            yield f"{group}: {message}"
        if rest := self.total - sum(group.total for group in self._groups.values()):
            yield f"and {count(rest, 'row')} with other reasons, all in the manifest"


class _FailureGroup:
    """The first places of rows with the same error: lines, the first and the last of those in sequence, and ids."""

    def __init__(self) -> None:
        self.total = 0
        self._shown = 0
        self._places: list[list[int | str]] = []

    def add(self, request: BatchRequest) -> None:
        self.total += 1
        line = request.line
        if line is not None and self._places and self._places[-1][-1] == line - 1:
            self._places[-1][1:] = [line]
        elif len(self._places) == _MOST_PLACES:
            return
        else:
            self._places.append([request.key if line is None else line])
        self._shown += 1

    def __str__(self) -> str:
        noun = ("line" if isinstance(self._places[0][0], int) else "id") + "s"[: self.total != 1]
        more = f" and {self.total - self._shown:,} more" if self.total > self._shown else ""
        return f"{noun} {', '.join(' to '.join(map(str, place)) for place in self._places)}{more}"


@define
class Progress:
    """What a run has done so far, counted from its events.

    Attributes:
        begun: Whether a request may have been sent.
        states: Rows that are done, by state.
        doubtful: US dollars that rows with an unknown outcome may have cost.
        stopping: Why no further row is sent. None while some are.
        unsaved: Rows of this run whose images are paid for and not saved, by key.
        in_flight: Keys of rows that were sent and have no response, also those that wait for another attempt.
        saving: US dollars of rows whose images are being downloaded, by key.
    """

    clock: Callable[[], float] = time.monotonic
    begun: bool = False
    total: int = 0
    states: Counter[State] = field(factory=Counter[State])
    doubtful: Decimal = Decimal(0)
    stopping: RunStopping | None = None
    unsaved: dict[str, Outcome] = field(factory=dict[str, Outcome])
    in_flight: set[str] = field(factory=set[str])
    saving: dict[str, Decimal] = field(factory=dict[str, Decimal])
    _cost: Decimal = Decimal(0)
    _began: float = field(init=False)
    _moments: deque[float] = field(factory=deque[float], init=False)

    def __attrs_post_init__(self) -> None:
        self._began = self.clock()

    def add(self, event: Event) -> None:
        """Count an event."""
        match event:
            case RunStarted():
                self.begun = True
                self.total = event.planned + event.answered + event.submitted
                self._began = self.clock()
            case RowSent():
                self.in_flight.add(event.request.key)
            case RowSubmitted():
                self.in_flight.add(event.outcome.request.key)
            case RowAnswered():
                key = event.outcome.request.key
                self.in_flight.discard(key)
                self.saving[key] = event.outcome.cost or Decimal(0)
                self.unsaved[key] = evolve(event.outcome, generation=None)
            case RowDone():
                self._add_done(event.outcome)
            case RunStopping():
                self.stopping = event
            case _:
                pass

    @property
    def done(self) -> int:
        """Rows that are done."""
        return self.states.total()

    @property
    def spent(self) -> Decimal:
        """US dollars that this run has cost, with images that are made and not saved yet."""
        return self._cost + sum(self.saving.values(), Decimal(0))

    def per_minute(self) -> float | None:
        """Rows that were done in the last minute. None in the first second."""
        now = self.clock()
        self._forget(now)
        seconds = min(_RATE_SECONDS, now - self._began)
        return len(self._moments) / seconds * 60 if self._moments and seconds >= 1 else None

    def seconds_left(self) -> float | None:
        """Seconds until the run is done, at the present rate. None if that is not known."""
        rate = None if self.stopping is not None else self.per_minute()
        return max(0, self.total - self.done) / rate * 60 if rate else None

    def figures(self) -> list[str]:
        """Return what is under way, how fast it goes, and what it cost."""
        busy = [f"{len(self.in_flight):,} in flight", *([f"{len(self.saving):,} being saved"] if self.saving else [])]
        if self.stopping is not None:
            return ["finishing", *busy]
        rate = self.per_minute()
        doubt = f" (and perhaps {usd(self.doubtful)})" if self.doubtful else ""
        return [*busy, *([f"{rate:,.0f} rows a minute"] if rate else []), f"{usd(self.spent)}{doubt}"]

    def time_left(self) -> list[str]:
        """Return the time until the run is done, or nothing if it is not known."""
        left = self.seconds_left()
        return [f"{duration(left)} left"] if left else []

    def _add_done(self, outcome: Outcome) -> None:
        key = outcome.request.key
        self.in_flight.discard(key)
        self.saving.pop(key, None)
        if is_unsaved(outcome):
            self.unsaved[key] = evolve(outcome, generation=None)
        else:
            self.unsaved.pop(key, None)
        self.states[outcome.state] += 1
        if outcome.state in {State.UNKNOWN, State.SUBMITTED}:
            self.doubtful += outcome.cost or 0
        else:
            self._cost += outcome.cost or 0
        self._moments.append(self.clock())
        self._forget(self._moments[-1])

    def _forget(self, now: float) -> None:
        while self._moments and self._moments[0] < now - _RATE_SECONDS:
            self._moments.popleft()


@frozen(kw_only=True)
class BatchSummary:
    """How a batch stands at the end of a run.

    Attributes:
        message: Why the run ended before all rows were done; empty otherwise.
        absent: Rows by state that are not in the input any more. They do not count for the exit code, unless a paid
            image waits to be downloaded.
        lost: Rows whose image was made and billed, and cannot be downloaded any more.
        resume: Returns the command that resumes the batch, with more options behind it.
        signal: The exit code of the signal that ended the run.
        mock: Whether a mock server made the images, so that the sums are what they would have cost.
        unwritten: Why the gallery or the manifest was not written.
        unwritable: Whether the run stopped because something could not be written.
        unsaved: Rows with images that are paid for and not saved, and whose links are known.
        unrecorded: Rows whose outcome the ledger lacks, because it could not be written.
        unpriced: Images that were asked for, and whose price nobody knows.
        withheld: Withheld images of rows whose other images are saved.
    """

    reason: StopReason
    message: str
    counts: Mapping[State, int]
    unknown: FailureGroups
    refused: FailureGroups
    lost: FailureGroups
    run_cost: Decimal
    total_cost: Decimal
    location: str
    resume: Callable[..., str]
    absent: Mapping[State, int] = field(factory=Counter[State])
    signal: ExitCode | None = None
    free: bool = False
    mock: bool = False
    files: Mapping[str, str] = field(factory=dict[str, str])
    unwritten: str | None = None
    unwritable: bool = False
    unsaved: Sequence[Outcome] = ()
    unrecorded: Sequence[Outcome] = ()
    unpriced: int = 0
    withheld: int = 0

    @classmethod
    def of(cls, job: Job, stopped: RunStopped, progress: Progress, *, spent_before: Decimal, **rest: Any) -> Self:
        """Summarize a batch. `rest` are the attributes that do not follow from the other arguments."""
        total = job.total_cost()
        stopping = progress.stopping or stopped

        def present(*states: State) -> Iterator[Outcome]:
            return (outcome for outcome in job.outcomes(*states) if not outcome.absent)

        return cls(
            reason=stopped.reason,
            message=stopping.message if stopped.reason in {StopReason.ERROR, StopReason.MAX_COST} else "",
            unwritable=_is_about_a_disk(stopped.error),
            counts=job.counts(),
            absent=job.ledger.counts(absent=True),
            # In a shared batch, what is sent is in good hands: another process is alive, and works on it.
            unknown=FailureGroups.of(present(State.UNKNOWN, *([State.SENT] if job.claims is None else []))),
            refused=FailureGroups.of(row for row in present(State.FAILED) if not row.may_have_been_billed),
            lost=FailureGroups.of(row for row in present(State.FAILED) if row.may_have_been_billed),
            run_cost=total - spent_before,
            total_cost=total,
            mock=job.ledger.server == MOCK,
            unsaved=[outcome for outcome in job.outcomes(State.ANSWERED, State.FAILED) if is_unsaved(outcome)],
            unrecorded=tuple(job.unrecorded.values()),
            unpriced=job.ledger.unpriced(),
            withheld=job.ledger.withheld(),
            **rest,
        )

    @property
    def left(self) -> int:
        """Rows that were not sent."""
        return self.counts[State.PLANNED] - self.absent[State.PLANNED]

    @property
    def waiting(self) -> int:
        """Rows whose images are in progress, or made and paid for, and are still to be downloaded."""
        return self.counts[State.ANSWERED] + self.counts[State.SUBMITTED] + self.counts[State.SENT]

    @property
    def code(self) -> ExitCode:
        """The exit code: what is worst for the money comes first."""
        if self.unknown.total:
            return ExitCode.OUTCOME_UNKNOWN
        unwritten = self.unwritten or self.unrecorded or self.unwritable
        if self.lost.total or unwritten or (self.waiting and self.signal is None):
            return ExitCode.DOWNLOAD_FAILED
        if self.signal is not None and (self.left or self.waiting):
            return self.signal
        if self.left or self.refused.total:
            return ExitCode.REFUSED
        withheld = self.withheld or self.counts[State.WITHHELD] - self.absent[State.WITHHELD]
        return ExitCode.WITHHELD if withheld else ExitCode.DONE

    def members(self) -> dict[str, Any]:
        """Return the members of the JSON event `end`."""
        return {
            "outcome": self.code.name.lower(),
            "code": int(self.code),
            "reason": self.reason.value,
            "message": self.message or self.unwritten,
            "rows": {state.value: number for state, number in self.counts.items()},
            "absent": {state.value: self.absent[state] for state in self.counts},
            "rehearsal": self.free,
            "cost_usd": "0" if self.mock else f"{self.run_cost:f}",
            "total_cost_usd": "0" if self.mock else f"{self.total_cost:f}",
            "images_of_unknown_price": self.unpriced,
            "withheld_images_of_saved_rows": self.withheld,
            "folder": self.location,
            **self.files,
            "unsaved": [as_member(outcome) for outcome in self.unsaved],
            "unrecorded": [as_member(outcome) for outcome in self.unrecorded],
            "resume": self.resume() if self.left or self.waiting else None,
            "error": None,
        }

    def text(self) -> str:
        """Return the table for people."""
        cost = priced(self.total_cost, self.unpriced)
        if self.run_cost != self.total_cost:
            cost += f" in all runs together, {usd(self.run_cost)} in this one"
        if self.free:
            cost += ", had it not been a rehearsal"
        folder = self.location.rstrip("/")
        lines = {"images": self.location, **{what: f"{folder}/{name}" for what, name in self.files.items()}}
        table = indented(f"{label:<9} {text}" for label, text in {**lines, "cost": cost}.items())
        return f"{count(sum(self.counts.values()), 'row')}: {state_line(self.counts)}\n{table}"


def _is_about_a_disk(error: Exception | None) -> bool:
    """Whether the ledger or the images could not be written."""
    return isinstance(error, LedgerError | StoreError | OSError) or (
        error is not None and isinstance(error.__cause__, StoreError | OSError | DownloadError)
    )


def as_member(outcome: Outcome) -> dict[str, Any]:
    """Return what finds a row and its images if nothing else does."""
    return {
        "id": outcome.request.key,
        "line": outcome.request.line,
        "state": outcome.state.value,
        "files": [image.file for image in outcome.images if image.file],
        "urls": [image.url for image in outcome.images if image.url],
        "job_id": outcome.job_id,
    }
