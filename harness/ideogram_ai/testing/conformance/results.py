"""What a conformance run found out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from .requirement import Requirement

if TYPE_CHECKING:
    from collections.abc import Sequence


class Verdict(StrEnum):
    """What became of a requirement."""

    HELD = "held"
    FAILED = "failed"
    ADVICE = "advice"
    """An advisory requirement was not met: worth a look, no fault."""
    NOT_TRIED = "not tried"
    """It could not be tried here; the detail says why."""
    HARNESS_FAULT = "harness fault"
    """The kit, or the way to the subject, failed: nothing is known of the subject."""


@frozen
class RecordedExchange:
    """A request and its answer as people read them, without the key.

    Attributes:
        request: The request: its first line, headers, a blank line and the body.
        answer: The answer in the same form, or why there is none.
        note: What this exchange is for, and what is wrong with it if something is.
    """

    request: str
    answer: str
    note: str


@frozen
class Result:
    """What became of one requirement.

    Attributes:
        requirement: The requirement.
        verdict: What became of it.
        detail: Why, in a sentence or two; for a failure what came and what was to come.
        exchanges: The exchanges that tell; of a failure those that failed come first.
    """

    requirement: Requirement
    verdict: Verdict
    detail: str
    exchanges: tuple[RecordedExchange, ...] = ()


@frozen
class Report:
    """What a run found out.

    Attributes:
        subject: What was tested: a URL, or a command.
        kind: Which of the two it was.
        contract_sha256: Hash of the contract that it was tested against.
        seed: The seed of everything that was generated; None when nothing was.
        began: When the run began, in UTC.
        results: One for each requirement, in the order in which they are told.
        notes: What is true of the whole run, what it could have cost say.
    """

    subject: str
    kind: Literal["server", "client"]
    contract_sha256: str
    seed: int | None
    began: datetime
    results: tuple[Result, ...]
    notes: tuple[str, ...] = ()

    def of(self, *verdicts: Verdict) -> Sequence[Result]:
        """The results with one of these verdicts."""
        return [result for result in self.results if result.verdict in verdicts]
