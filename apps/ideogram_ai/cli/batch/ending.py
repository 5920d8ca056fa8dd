"""How a run ended: its exit code, and what is told of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ideogram_ai.batch.model import MOCK, LedgerError, Outcome, State, StopReason, StoreError
from ideogram_ai.client import DownloadError

from ..exit_codes import ExitCode
from .groups import Groups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ideogram_ai.batch.job import Job
    from ideogram_ai.batch.model import RunStopped

    from .tally import Tally


@frozen
class Ending:
    """How a batch stands at the end of a run.

    Attributes:
        reason: Why the run ended.
        message: The same for people, when it did not end because all was done.
        counts: Rows by state.
        absent: Those among them, by state, that the input does not have any more. They say nothing for the exit code,
            unless an image that was paid for waits to be downloaded.
        unknown: Rows whose outcome nobody knows.
        refused: Rows that failed and cost nothing.
        lost: Rows whose image was made, and billed, and cannot be had any more.
        run_cost: US dollars that this run cost.
        total_cost: US dollars that all runs cost, or may have cost.
        signal: The exit code of the signal that ended it; None without one.
        location: Where the files are.
        free: Whether nobody was billed.
        mock: Whether the mock server of a rehearsal made the images: then the sums are what they would have cost.
        files: Names of the manifest and the gallery, by what they are.
        unwritten: Why one of them is not there; None when both are.
        unwritable: Whether the run stopped because something could not be written.
        unsaved: Rows with images that are paid for and not saved, and whose links are known.
        unrecorded: Rows whose outcome the ledger does not know, because it could not be written.
        resume: The command that goes on.
        retry_unknown: The command that sends unknown rows again.
        retry_failed: The command that sends failed rows again.
    """

    reason: StopReason
    message: str
    counts: Mapping[State, int]
    unknown: Groups
    refused: Groups
    lost: Groups
    run_cost: Decimal
    total_cost: Decimal
    location: str
    resume: str
    retry_unknown: str
    retry_failed: str
    absent: Mapping[State, int] = field(factory=Counter[State])
    signal: ExitCode | None = None
    free: bool = False
    mock: bool = False
    files: Mapping[str, str] = field(factory=dict[str, str])
    unwritten: str | None = None
    unwritable: bool = False
    unsaved: Sequence[Outcome] = ()
    unrecorded: Sequence[Outcome] = ()

    @classmethod
    def of(cls, job: Job, stopped: RunStopped, tally: Tally, *, spent_before: Decimal, **rest: Any) -> Ending:
        """How a batch stands.

        Args:
            job: The batch.
            stopped: How the run ended.
            tally: What it did.
            spent_before: US dollars that earlier runs cost.
            rest: The attributes that do not come from these.
        """
        counts = job.counts()
        total = job.total_cost()
        return cls(
            reason=stopped.reason,
            message=_message(stopped, tally),
            unwritable=_is_of_a_disk(stopped.error),
            counts=counts,
            absent=job.ledger.counts(absent=True),
            unknown=Groups.of(_present(job, State.UNKNOWN, State.SENT)),
            refused=Groups.of(row for row in _present(job, State.FAILED) if not row.may_have_been_billed),
            lost=Groups.of(row for row in _present(job, State.FAILED) if row.may_have_been_billed),
            run_cost=total - spent_before,
            total_cost=total,
            mock=job.ledger.server == MOCK,
            **rest,
        )

    @property
    def left(self) -> int:
        """Rows that were not sent."""
        return self.counts[State.PLANNED] - self.absent[State.PLANNED]

    @property
    def waiting(self) -> int:
        """Rows whose images are made and paid for, and still to be downloaded."""
        return self.counts[State.ANSWERED]

    @property
    def code(self) -> ExitCode:
        """The exit code: what is worst for the money comes first."""
        if self.unknown.number:
            return ExitCode.OUTCOME_UNKNOWN
        unwritten = self.unwritten or self.unrecorded or self.unwritable
        if self.lost.number or unwritten or (self.waiting and self.signal is None):
            return ExitCode.DOWNLOAD_FAILED
        if self.signal is not None and (self.left or self.waiting):
            return self.signal
        if self.left or self.refused.number:
            return ExitCode.REFUSED
        withheld = self.counts[State.WITHHELD] - self.absent[State.WITHHELD]
        return ExitCode.WITHHELD if withheld else ExitCode.DONE

    def members(self) -> dict[str, Any]:
        """What machines are told."""
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
            "folder": self.location,
            **self.files,
            "unsaved": [named(outcome) for outcome in self.unsaved],
            "unrecorded": [named(outcome) for outcome in self.unrecorded],
            "resume": self.resume if self.left or self.waiting else None,
            "error": None,
        }


def named(outcome: Outcome) -> dict[str, Any]:
    """What finds a row and its images, also when nothing else tells of it."""
    return {
        "id": outcome.request.key,
        "line": outcome.request.line,
        "state": outcome.state.value,
        "files": [image.file for image in outcome.images if image.file],
        "urls": [image.url for image in outcome.images if image.url],
    }


def _is_of_a_disk(error: Exception | None) -> bool:
    """Whether it is the ledger that cannot be written, or the place of the images."""
    return isinstance(error, LedgerError | StoreError | OSError) or (
        error is not None and isinstance(error.__cause__, StoreError | OSError | DownloadError)
    )


def _present(job: Job, *states: State) -> Iterator[Outcome]:
    return (outcome for outcome in job.outcomes(*states) if not outcome.absent)


def _message(stopped: RunStopped, tally: Tally) -> str:
    """Why a run stopped that nobody stopped."""
    if stopped.reason not in {StopReason.ERROR, StopReason.MAX_COST}:
        return ""
    return tally.stopping.message if tally.stopping else stopped.message
