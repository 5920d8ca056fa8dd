"""The events of a run, and why it ends."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

from attrs import frozen

from .model import BatchRequest, Outcome

STOPPING_SOFTLY: Final = "Nothing new is sent; what is in flight is finished and saved."


class StopReason(StrEnum):
    """Why a run ended."""

    DONE = "done"
    """Every row was run."""
    ASKED = "asked"
    """stop_softly() was called."""
    NOW = "now"
    """stop_now() was called, or the run was cancelled."""
    MAX_COST = "max_cost"
    """The next row might exceed max_cost."""
    ERROR = "error"
    """An error that every other row would meet too."""


@frozen
class RunStarted:
    """A run begins.

    Attributes:
        planned: Rows to send.
        answered: Rows whose images are made and still have to be downloaded.
        submitted: Rows that an earlier run submitted, and whose jobs are asked for.
    """

    planned: int
    answered: int
    submitted: int = 0


@frozen
class RowSent:
    """A request is sent."""

    request: BatchRequest


@frozen
class RowSubmitted:
    """The service is making a row's images as a job, which is asked for next.

    Attributes:
        outcome: It has the id of the job.
        recorded: Whether the ledger has the id. If not, nothing but this event and the end of the run has it.
    """

    outcome: Outcome
    recorded: bool = True


@frozen
class RowAnswered:
    """A response arrived and is in the ledger. Its images are downloaded next."""

    outcome: Outcome


@frozen
class RowDone:
    """A row is done in this run, in any state."""

    outcome: Outcome


@frozen
class PaceChanged:
    """The service asked for fewer requests.

    Attributes:
        limit: How many may be in flight from now on.
        pause: Seconds, 0 or more, without a new request.
        reason: The reason that the service gave, for example `inflight_limit`.
    """

    limit: int
    pause: float = 0.0
    reason: str | None = None


@frozen
class RunWaiting:
    """All rows of this process are done, and it waits for those that other processes work on. Only in a shared batch.

    Attributes:
        rows: The number of those rows.
    """

    rows: int


@frozen
class RunStopping:
    """No further row is sent, and requests in flight are finished.

    Attributes:
        reason: Why.
        message: The reason for people.
        error: The error that every other row would meet too, if there is one.
    """

    reason: StopReason
    message: str
    error: Exception | None = None


@frozen
class RunStopped:
    """The run has ended.

    Attributes:
        reason: Why.
        message: The reason for people, and what is left to do.
        error: The error that every other row would meet too, if there is one.
        unrecorded: Outcomes that the ledger does not have, because it could not be written. The next run may treat
            these rows as unknown.
    """

    reason: StopReason
    message: str
    error: Exception | None = None
    unrecorded: tuple[Outcome, ...] = ()


Event: TypeAlias = (
    RunStarted | RowSent | RowSubmitted | RowAnswered | RowDone | PaceChanged | RunWaiting | RunStopping | RunStopped
)
