"""Failures that are known: a list in a file, which also says when one of them is gone."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import TYPE_CHECKING, Final

from attrs import Factory, frozen

from .results import Report, Result, Verdict

if TYPE_CHECKING:
    from pathlib import Path

ALL_HELD: Final = 0
NOT_CONFORMANT: Final = 1
NOTHING_KNOWN: Final = 3


class ExpectedFailuresError(ValueError):
    """The file cannot be read, or does not fit the run. The message names the line and the cure."""


@frozen
class Outcome:
    """A report in the light of the failures that were expected.

    Attributes:
        failures: Requirements that failed, and nobody expected it.
        unexpected_passes: Requirements that held although a failure was expected.
        expected_failures: Requirements that failed as expected.
        harness_faults: Requirements of which nothing is known, because the harness failed.
        reasons: Why each failure was expected, by the requirement's id.
        learnt_nothing: Whether nothing at all was tried, so that a run without a failure says nothing.
    """

    failures: tuple[Result, ...]
    unexpected_passes: tuple[Result, ...]
    expected_failures: tuple[Result, ...]
    harness_faults: tuple[Result, ...]
    reasons: Mapping[str, str] = Factory(dict[str, str])
    learnt_nothing: bool = False

    @property
    def exit_code(self) -> int:
        """0 nothing failed unexpectedly, 1 something failed or passed unexpectedly, 3 nothing is known.

        Nothing is known where the harness failed, and where not one requirement was tried. A fault that was found stays
        one when the harness fails elsewhere: 1 goes before 3.
        """
        if self.failures or self.unexpected_passes:
            return NOT_CONFORMANT
        return NOTHING_KNOWN if self.harness_faults or self.learnt_nothing else ALL_HELD


def apply_expected(report: Report, path: Path | None = None) -> Outcome:
    """Judge a report by the failures that were expected.

    Args:
        report: The report.
        path: A file with the id of one requirement a line, and after a `#` why it fails; blank lines and lines that
            begin with `#` say nothing. None expects no failure.

    Raises:
        ExpectedFailuresError: The file cannot be read, has an id twice, or one that the run does not have.
    """
    reasons = {} if path is None else read_expected(path, {result.requirement.id for result in report.results})
    failed = report.of(Verdict.FAILED, Verdict.ADVICE)
    return Outcome(
        failures=tuple(r for r in failed if r.verdict is Verdict.FAILED and r.requirement.id not in reasons),
        unexpected_passes=tuple(r for r in report.of(Verdict.HELD) if r.requirement.id in reasons),
        expected_failures=tuple(r for r in failed if r.requirement.id in reasons),
        harness_faults=tuple(report.of(Verdict.HARNESS_FAULT)),
        reasons=reasons,
        learnt_nothing=len(report.of(Verdict.NOT_TRIED)) == len(report.results) > 0,
    )


def read_expected(path: Path, known: Container[str]) -> dict[str, str]:
    """Read a file of expected failures.

    Args:
        path: The file.
        known: The ids of the run.

    Returns:
        Why each is expected to fail, by id.

    Raises:
        ExpectedFailuresError: It cannot be read, has an id twice, or one that the run does not have.
    """
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        raise ExpectedFailuresError(f"{str(path)!r} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise ExpectedFailuresError(f"{str(path)!r} is not UTF-8 at byte {error.start}.") from None
    reasons: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        name, _, reason = (part.strip() for part in line.partition("#"))
        if not name:
            continue
        if name not in known:
            raise ExpectedFailuresError(
                f"{str(path)!r}, line {number}: {name!r} is no requirement of this run. The ids stand in report.json; "
                "a line has one, and after # why it fails."
            )
        if name in reasons:
            raise ExpectedFailuresError(f"{str(path)!r}, line {number}: {name!r} stands there twice; keep one.")
        reasons[name] = reason
    return reasons
