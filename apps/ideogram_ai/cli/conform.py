"""`ideogram conform`: runs the conformance kit on a server or a client, and prints what it found.

Importing it raises a WrongUseError if the kit is not installed.
"""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ideogram_ai.client import ConfigurationError

from . import terminal
from .exit_codes import ExitCode, WrongUseError
from .service import warn_about_http
from .terminal import can_prompt, is_terminal, print_error, print_note, printable, write_error, write_out

try:
    from ideogram_ai.testing.conformance import (
        ExpectedFailuresError,
        Verdict,
        apply_expected,
        by_cause,
        client,
        server,
        write_report,
    )
    from ideogram_ai.testing.conformance.kit import read_expected
except ModuleNotFoundError as error:
    message = f"ideogram conform needs {error.name}: run pip install 'ideogram-ai[conformance]'."
    raise WrongUseError(message) from None

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Generator, Iterable, Iterator, Sequence

    from ideogram_ai.testing.conformance import Outcome, Report, Result

    Line = tuple[str, str, str]
    """A word, its style, and the rest of the line. Without a word, the whole line has the style."""

_MOST_NAMES: Final = 3
_LONGEST_NAME: Final = 60
_PROGRESS_LINES: Final = 10


def run_on_server(
    *,
    url: str,
    operations: tuple[str, ...],
    max_images: int | None,
    yes: bool,
    key_env: str | None,
    allow_http: bool,
    seed: int,
    timeout: float,
    report: str | None,
    expected: str | None,
) -> int:
    """Run `ideogram conform server`; its help has the options."""
    key = None if key_env is None else os.environ.get(key_env)
    if key_env is not None and not key:
        raise WrongUseError(f"--key-env: the environment variable {key_env!r} is not set, or is empty.")
    try:
        options = server.check_options(
            server.ServerOptions(url, key, max_images, seed, timeout, allow_http=allow_http, operations=operations)
        )
    except ConfigurationError as error:
        message = str(error).replace("base_url", "URL", 1)
        raise WrongUseError(f"--{message}" if message.startswith("operation ") else message) from None
    expected_file = _check_expected(expected, server.requirements_of(options.operations))
    warn_about_http(url, allow_http=allow_http)
    folder = _make_folder(report)
    _confirm(options, yes=yes)
    sent = 0

    def show(number: int, total: int, what: str) -> None:
        nonlocal sent
        sent = number
        progress(number, total, what)

    try:
        with _progress() as progress:
            found = server.run_server(options, show)
    except KeyboardInterrupt as error:
        print_error(f"Interrupted at request {sent}; no report was written.")
        return ExitCode.of_interruption(error)
    return _finish(found, folder, expected_file)


def run_on_client(
    *,
    command: tuple[str, ...],
    timeout: float,
    workers: int,
    scenarios: tuple[str, ...],
    operations: tuple[str, ...],
    report: str | None,
    expected: str | None,
) -> int:
    """Run `ideogram conform client`; its help has the options."""
    try:
        options = client.check_options(client.ClientOptions(command, timeout, workers, scenarios, operations))
        expected_file = _check_expected(expected, client.requirements_for(options))
        folder = _make_folder(report)
        with _progress() as progress:
            found = client.run_client(options, progress)
    except ConfigurationError as error:
        raise WrongUseError(f"--{error}") from None
    except client.CommandError as error:
        raise WrongUseError(str(error)) from None
    except KeyboardInterrupt as error:
        print_error("Interrupted; no report was written.")
        return ExitCode.of_interruption(error)
    return _finish(found, folder, expected_file)


def _check_expected(file: str | None, known: Container[str]) -> Path | None:
    if file is None:
        return None
    try:
        read_expected(Path(file), known)
    except ExpectedFailuresError as error:
        raise WrongUseError(f"--expected-failures: {error}") from None
    return Path(file)


def _make_folder(report: str | None) -> Path | None:
    """Create the report's folder before the run, so that no run is for nothing."""
    if report is None:
        return None
    folder = Path(report)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUseError(f"--report: {report!r} cannot be created: {error.strerror}.") from None
    if not os.access(folder, os.W_OK):
        raise WrongUseError(f"--report: {report!r} is not writable.")
    return folder


def _confirm(options: server.ServerOptions, *, yes: bool) -> None:
    """Ask before money is spent. Nothing was sent so far."""
    if not options.limit or options.on_loopback:
        return
    print_note(server.describe_cost(options.limit, operations=options.operations))
    if yes:
        return
    if not can_prompt():
        raise WrongUseError("This costs money, and there is no terminal to ask on: use --yes. Nothing was sent.")
    if not click.confirm(f"Send requests to {options.url} that may be billed?", err=True):
        raise WrongUseError("Not confirmed. Nothing was sent.")


@contextmanager
def _progress() -> Generator[Callable[[int, int, str], None]]:
    """Yield a function that shows progress: a bar on a terminal, a line for each tenth elsewhere.

    It gets how many requests or runs are done, how many there are, and what comes next.
    """
    if not is_terminal(sys.stderr):
        printed = -1

        def print_tenth(number: int, total: int, what: str) -> None:
            nonlocal printed
            tenth = number * _PROGRESS_LINES // max(1, total)
            if tenth > printed:
                printed = tenth
                write_error(f"{number} of {total}: {printable(what)}\n")

        yield print_tenth
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - for terminals only

    columns = (BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=terminal.error_console(), transient=True) as bar:
        task = bar.add_task("preparing the requests", total=None)

        def move(number: int, total: int, what: str) -> None:
            bar.update(task, completed=number, total=total, description=printable(what)[:_LONGEST_NAME])

        yield move


def _finish(report: Report, folder: Path | None, expected: Path | None) -> int:
    """Print the results, write the report, and return the exit code."""
    outcome = apply_expected(report, expected)
    lines = list(_lines(report, outcome, more=folder is None))
    if is_terminal(sys.stdout):
        from rich.text import Text  # noqa: PLC0415 - for terminals only

        parts = [Text.assemble((word, style), (rest, "" if word else style)) for word, style, rest in lines]
        write_out(terminal.styled(*parts))
    else:
        write_out("".join(f"{word}{rest}\n" for word, _, rest in lines))
    if folder is not None:
        write_report(report, folder, outcome)
        write_out(f"report: {printable(os.fspath(folder / 'report.html'))}\n")
    return outcome.exit_code


def _lines(report: Report, outcome: Outcome, *, more: bool) -> Iterator[Line]:
    for group in by_cause(outcome.failures):
        yield from _failures("FAILED", "bold red", group)
    for result in outcome.unexpected_passes:
        yield "HELD", "bold red", f", although a failure was expected: {result.requirement.id}"
    for group in by_cause(each for each in report.of(Verdict.ADVICE) if each not in outcome.expected_failures):
        yield from _failures("advice", "bold yellow", group)
    yield from _same_detail("HARNESS FAULT", "bold magenta", outcome.harness_faults)
    yield from _same_detail("not tried", "bold cyan", report.of(Verdict.NOT_TRIED))
    for result in outcome.expected_failures:
        reason = outcome.reasons[result.requirement.id]
        yield (
            "failed as expected",
            "cyan",
            f": {result.requirement.id}" + f" ({printable(reason)})" * bool(reason),
        )
    yield from (("", "", printable(note)) for note in report.notes)
    style = "bold red" if outcome.exit_code else "bold green"
    counts = ", ".join(f"{len(report.of(verdict))} {verdict}" for verdict in Verdict if report.of(verdict))
    yield "", style, f"{len(report.results)} requirements: {counts}"
    if outcome.learnt_nothing:
        yield "", style, "Nothing was tried, so nothing is known."
    if more and outcome.failures:
        yield "", "", "Use --report DIR for all of them, with their requests and responses."


def _failures(word: str, style: str, results: Sequence[Result]) -> Iterator[Line]:
    """Describe requirements that failed for one cause. Many are one entry, with the plainest as its example."""
    if len(results) <= _MOST_NAMES:
        for result in results:
            yield word, style, f": {result.requirement.id}"
            yield "", "", f"    {printable(_detail(result))}"
            yield "", "dim", f"    {result.requirement.pointer}"
        return
    example, *others = results
    seen = _detail(example)
    yield word, style, f" ({len(results)} requirements): {printable(example.cause)}"
    detail = "" if seen.casefold() == example.cause.casefold() else f": {printable(seen)}"
    yield "", "", f"    for example {example.requirement.id}{detail}"
    yield "", "dim", f"    {example.requirement.pointer}"
    yield "", "", f"    and {_names(others)}"


def _detail(result: Result) -> str:
    """Return what was seen, without the name of the scenario that the requirement has anyway."""
    return result.detail.removeprefix(f"{result.requirement.id}: ")


def _same_detail(word: str, style: str, results: Iterable[Result]) -> Iterator[Line]:
    """Describe requirements with the same detail together."""
    groups: dict[str, list[Result]] = {}
    for result in results:
        groups.setdefault(result.detail, []).append(result)
    for detail, same in groups.items():
        yield word, style, f": {_names(same)}"
        yield "", "", f"    {printable(detail)}"


def _names(results: Sequence[Result]) -> str:
    names = [result.requirement.id for result in results]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"
