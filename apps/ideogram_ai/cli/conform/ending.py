"""Tells how a conformance run ended, on stdout and in the report's files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from ideogram_ai.testing.conformance import Outcome, Report, Result, Verdict, apply_expected, write_report

from ..errors import WrongUseError
from ..streams import printable, write_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_MOST_NAMES: Final = 3


def make_folder(folder: Path | None) -> None:
    """Make the report's folder before the run, so that no run is for nothing.

    Raises:
        WrongUseError: It cannot be made, or not be written to.
    """
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUseError(f"--report: {os.fspath(folder)!r} cannot be made: {error.strerror}.") from None
    if not os.access(folder, os.W_OK):
        raise WrongUseError(f"--report: {os.fspath(folder)!r} cannot be written to.")


def end(report: Report, folder: Path | None, expected: Path | None) -> int:
    """Tell what became of the requirements, and write the report.

    Args:
        report: The report.
        folder: Where its files go; None writes none.
        expected: The file of expected failures.

    Returns:
        The exit code.
    """
    outcome = apply_expected(report, expected)
    write_out("".join(f"{line}\n" for line in _lines(report, outcome)))
    if folder is not None:
        write_report(report, folder, outcome)
        write_out(f"report: {printable(os.fspath(folder / 'report.html'))}\n")
    return outcome.exit_code


def _lines(report: Report, outcome: Outcome) -> Iterator[str]:
    for result in outcome.failures:
        yield from _told("FAILED", result)
    for result in outcome.unexpected_passes:
        yield f"HELD, although a failure was expected: {result.requirement.id}"
    expected = outcome.expected_failures
    for result in (result for result in report.of(Verdict.ADVICE) if result not in expected):
        yield from _told("advice", result)
    yield from _grouped("HARNESS FAULT", outcome.harness_faults)
    yield from _grouped("not tried", report.of(Verdict.NOT_TRIED))
    for result in expected:
        reason = outcome.reasons[result.requirement.id]
        yield f"failed as expected: {result.requirement.id}" + (f" ({printable(reason)})" if reason else "")
    yield from map(printable, report.notes)
    counts = ", ".join(f"{len(report.of(verdict))} {verdict}" for verdict in Verdict if report.of(verdict))
    yield f"{len(report.results)} requirements: {counts}"


def _told(word: str, result: Result) -> Iterator[str]:
    yield f"{word}: {result.requirement.id}"
    yield f"    {printable(result.detail)}"
    yield f"    {result.requirement.pointer}"


def _grouped(word: str, results: Iterable[Result]) -> Iterator[str]:
    """Requirements of which the same is to be said, together."""
    groups: dict[str, list[str]] = {}
    for result in results:
        groups.setdefault(result.detail, []).append(result.requirement.id)
    for detail, names in groups.items():
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        yield f"{word}: {', '.join(names[:_MOST_NAMES])}{more}"
        yield f"    {printable(detail)}"
