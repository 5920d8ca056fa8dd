"""What a running batch tells, for progress displays and logs."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeAlias

from attrs import frozen

from .outcome import Outcome
from .request import BatchRequest


class StopReason(StrEnum):
    """Why a run ended."""

    DONE = "done"
    """Every row was run."""
    ASKED = "asked"
    """stop_softly() was called."""
    NOW = "now"
    """stop_now() was called, or the run was cancelled."""
    MAX_COST = "max_cost"
    """The next row might pass max_cost."""
    ERROR = "error"
    """An error that every other row would meet too."""


@frozen
class RunStarted:
    """A run begins.

    Attributes:
        planned: Rows to be sent.
        answered: Rows whose images are made already and wait to be downloaded.
    """

    planned: int
    answered: int


@frozen
class RowSent:
    """A request leaves."""

    request: BatchRequest


@frozen
class RowAnswered:
    """An answer is here and in the ledger; its images are downloaded next."""

    outcome: Outcome


@frozen
class RowDone:
    """A row is done in this run, in whatever state."""

    outcome: Outcome


@frozen
class PaceChanged:
    """The service asked for fewer requests, or bore more of them.

    Attributes:
        limit: How many may be in flight from now on.
        pause: Seconds, 0 or more, in which none is sent.
        reason: What the service said, as `inflight_limit`; None when the limit grew.
    """

    limit: int
    pause: float = 0.0
    reason: str | None = None


@frozen
class RunStopping:
    """No further row is sent; those in flight are finished.

    Attributes:
        reason: Why.
        message: The same for people.
        error: What every other row would meet too; None when there is no such thing.
    """

    reason: StopReason
    message: str
    error: Exception | None = None


@frozen
class RunStopped:
    """The run has ended.

    Attributes:
        reason: Why.
        message: The same for people, with the way to go on.
        error: What every other row would meet too; None when there is no such thing.
        unrecorded: What became of rows that the ledger does not have, because it could not be written. The next run
            may take them for unknown.
    """

    reason: StopReason
    message: str
    error: Exception | None = None
    unrecorded: tuple[Outcome, ...] = ()


Event: TypeAlias = RunStarted | RowSent | RowAnswered | RowDone | PaceChanged | RunStopping | RunStopped
