"""What a conformance run found out."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from attrs import frozen

from .requirement import Requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Verdict(StrEnum):
    """What became of a requirement."""

    HELD = "held"
    FAILED = "failed"
    ADVICE = "advice"
    """It was not met in a way that is worth a look and no fault, or the requirement is advisory."""
    NOT_TRIED = "not tried"
    """It could not be tried here, or what came proves nothing; the detail says why."""
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
        cause: What a failure comes from, in the same words for all requirements that fail for it; empty where nothing
            is known of it.
    """

    requirement: Requirement
    verdict: Verdict
    detail: str
    exchanges: tuple[RecordedExchange, ...] = ()
    cause: str = ""


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


def by_cause(results: Iterable[Result]) -> list[list[Result]]:
    """Results of one cause together, the largest group first, each in the order of the report: plain things first."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.cause or f"alone: {result.requirement.id}", []).append(result)
    return sorted(groups.values(), key=len, reverse=True)
