"""Tells how a conformance run ended, on stdout and in the report's files."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ideogram_ai.testing.conformance import Outcome, Report, Result, Verdict, apply_expected, by_cause, write_report

from ..errors import WrongUseError
from ..streams import printable, write_out

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
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
    write_out(_text(list(_lines(report, outcome, shortens=folder is None))))
    if folder is not None:
        write_report(report, folder, outcome)
        write_out(f"report: {printable(os.fspath(folder / 'report.html'))}\n")
    return outcome.exit_code


@frozen
class _Line:
    """A line of what is told: a word in a colour, and the rest of it."""

    rest: str
    word: str = ""
    style: str = ""


def _text(lines: Iterable[_Line]) -> str:
    """The lines, in colours if they go to a terminal that wants them."""
    if sys.stdout is None or sys.stdout.closed or not sys.stdout.isatty():
        return "".join(f"{line.word}{line.rest}\n" for line in lines)
    from rich.console import Console  # noqa: PLC0415 - for terminals only
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)  # it respects NO_COLOR and TERM
    with console.capture() as captured:
        for line in lines:
            style = "" if line.word else line.style
            console.print(Text.assemble((line.word, line.style), (line.rest, style)), soft_wrap=True)
    return captured.get()


def _lines(report: Report, outcome: Outcome, *, shortens: bool) -> Iterator[_Line]:
    yield from _by_cause("FAILED", "bold red", outcome.failures)
    for result in outcome.unexpected_passes:
        yield _Line(f", although a failure was expected: {result.requirement.id}", "HELD", "bold red")
    expected = outcome.expected_failures
    advice = [result for result in report.of(Verdict.ADVICE) if result not in expected]
    yield from _by_cause("advice", "bold yellow", advice)
    yield from _grouped("HARNESS FAULT", "bold magenta", outcome.harness_faults)
    yield from _grouped("not tried", "bold cyan", report.of(Verdict.NOT_TRIED))
    for result in expected:
        reason = outcome.reasons[result.requirement.id]
        rest = f": {result.requirement.id}" + (f" ({printable(reason)})" if reason else "")
        yield _Line(rest, "failed as expected", "cyan")
    yield from (_Line(printable(note)) for note in report.notes)
    counts = ", ".join(f"{len(report.of(verdict))} {verdict}" for verdict in Verdict if report.of(verdict))
    style = "bold red" if outcome.exit_code else "bold green"
    yield _Line(f"{len(report.results)} requirements: {counts}", style=style)
    if outcome.learnt_nothing:
        yield _Line("Nothing was tried, so nothing is known.", style=style)
    if shortens and outcome.failures:
        yield _Line("Give --report DIR for every one of them, with its exchanges.")


def _by_cause(word: str, style: str, results: Iterable[Result]) -> Iterator[_Line]:
    """Requirements that failed. Many of one cause are one entry, with the plainest of them as its example."""
    for group in by_cause(results):
        if len(group) > _MOST_NAMES:
            example, *others = group
            seen = _detail(example)
            more = "" if seen.casefold() == example.cause.casefold() else f": {printable(seen)}"
            yield _Line(f" ({len(group)} requirements): {printable(example.cause)}", word, style)
            yield _Line(f"    for example {example.requirement.id}{more}")
            yield _Line(f"    {example.requirement.pointer}", style="dim")
            yield _Line(f"    and {_names(others)}")
            continue
        for result in group:
            yield _Line(f": {result.requirement.id}", word, style)
            yield _Line(f"    {printable(_detail(result))}")
            yield _Line(f"    {result.requirement.pointer}", style="dim")


def _detail(result: Result) -> str:
    """What was seen, without the name of the scenario that the requirement has anyway."""
    return result.detail.removeprefix(f"{result.requirement.id}: ")


def _grouped(word: str, style: str, results: Iterable[Result]) -> Iterator[_Line]:
    """Requirements of which the same is to be said, together."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.detail, []).append(result)
    for detail, same in groups.items():
        yield _Line(f": {_names(same)}", word, style)
        yield _Line(f"    {printable(detail)}")


def _names(results: Sequence[Result]) -> str:
    names = [result.requirement.id for result in results]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"
