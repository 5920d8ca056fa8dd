"""How a run ended: its exit code, and what is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ideogram_ai.batch.errors import LedgerError
from ideogram_ai.batch.events import StopReason
from ideogram_ai.batch.outcome import Outcome, State
from ideogram_ai.batch.store import StoreError
from ideogram_ai.client import DownloadError

from ..exit_codes import ExitCode
from .groups import Groups

if TYPE_CHECKING:
    from ideogram_ai.batch.events import RunStopped
    from ideogram_ai.batch.job import Job

    from .tally import Tally


@frozen
class Ending:
    """How a batch stands at the end of a run.

    Attributes:
        reason: Why the run ended.
        message: The same for people, when it did not end because all was done.
        counts: Rows by state.
        unknown: Rows whose outcome nobody knows.
        refused: Rows that failed and cost nothing.
        lost: Rows whose image was made, and billed, and cannot be had any more.
        run_cost: US dollars that this run cost.
        total_cost: US dollars that all runs cost, or may have cost.
        signal: The exit code of the signal that ended it; None without one.
        location: Where the files are.
        free: Whether nobody was billed.
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
    signal: ExitCode | None = None
    free: bool = False
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
            unknown=Groups.of(job.outcomes(State.UNKNOWN, State.SENT)),
            refused=Groups.of(outcome for outcome in job.outcomes(State.FAILED) if not outcome.may_have_been_billed),
            lost=Groups.of(outcome for outcome in job.outcomes(State.FAILED) if outcome.may_have_been_billed),
            run_cost=total - spent_before,
            total_cost=total,
            **rest,
        )

    @property
    def left(self) -> int:
        """Rows that were not sent."""
        return self.counts[State.PLANNED]

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
        return ExitCode.WITHHELD if self.counts[State.WITHHELD] else ExitCode.DONE

    def members(self) -> dict[str, Any]:
        """What machines are told."""
        return {
            "outcome": self.code.name.lower(),
            "code": int(self.code),
            "reason": self.reason.value,
            "message": self.message or self.unwritten,
            "rows": {state.value: number for state, number in self.counts.items()},
            "cost_usd": f"{self.run_cost:f}",
            "total_cost_usd": f"{self.total_cost:f}",
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


def _message(stopped: RunStopped, tally: Tally) -> str:
    """Why a run stopped that nobody stopped."""
    if stopped.reason not in {StopReason.ERROR, StopReason.MAX_COST}:
        return ""
    return tally.stopping.message if tally.stopping else stopped.message
