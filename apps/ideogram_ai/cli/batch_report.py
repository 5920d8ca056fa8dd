"""Reports on a batch while it is checked, runs and ends: as text for people, or as JSON for programs."""

from __future__ import annotations

import json
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.batch.events import (
    Event,
    PaceChanged,
    RowAnswered,
    RowDone,
    RowSent,
    RowSubmitted,
    RunStarted,
    RunStopping,
    RunWaiting,
    StopReason,
)
from ideogram_ai.batch.manifest import manifest_members
from ideogram_ai.batch.model import Outcome, RowProblem, State
from ideogram_ai.client.errors import NOTHING_SENT

from . import terminal
from .batch_input import Forecast, RowProblems
from .batch_summary import (
    BatchSummary,
    FailureGroups,
    Progress,
    as_member,
    place_of,
    state_counts,
    state_line,
)
from .exit_codes import ExitCode
from .terminal import count, indented, print_error, print_note, print_warning, write_error, write_out

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import click
    from rich.console import Group

    from ideogram_ai.batch.planning import Planned

_MOST_LINKS: Final = 200
_MOST_WARNINGS: Final = 5
_LONGEST_DATA_LINK: Final = 80
_LINES_OFTEN: Final = 12
_WORTH_A_WARNING: Final = frozenset({State.FAILED, State.UNKNOWN, State.SUBMITTED, State.ANSWERED})


class BatchReporter:
    """Reports to people, errors and progress on stderr and the summary on stdout; or to programs, JSON lines on stdout.

    Args:
        as_json: Report to programs.
        quiet: Report to people only what is wrong.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False) -> None:
        self._as_json = as_json
        self._shown = not (as_json or quiet)
        self._bad_rows = RowProblems()
        self._odd_rows = RowProblems()

    def bad_row(self, problem: RowProblem) -> None:
        """Report a row that cannot be sent. People get a list of them in the end."""
        self._bad_rows.add(problem)
        if self._as_json:
            _write_event("bad_row", line=problem.line, field=problem.field, message=problem.message)

    def odd_row(self, remark: RowProblem) -> None:
        """Report what is odd about a row, of each field some remarks. People get a list of them in the end."""
        if self._odd_rows.add(remark) and self._as_json:
            _write_event("odd_row", line=remark.line, field=remark.field, message=remark.message)

    def checked(self, rows: int, bad: int, *, skipped: bool) -> None:
        """Report that all rows were checked."""
        odd = self._odd_rows.by_field.total()
        if self._as_json:
            _write_event("checked", rows=rows, bad=bad, skipped=skipped, remarks=odd)
            if bad and not skipped:
                message = f"{bad} of {rows} rows cannot be sent. {NOTHING_SENT}"
                _write_end(ExitCode.WRONG_USE, "InvalidRowsError", message)
            return
        if odd and self._shown:
            print_warning(f"{count(odd, 'remark')} on rows that are sent anyway:")
            write_error(indented(self._odd_rows.lines()))
        if not bad:
            return
        bad_rows = f"{bad:,} of {count(rows, 'row')} cannot be sent"
        if skipped:
            print_warning(f"{bad_rows} and are skipped:")
        else:
            cure = " To make the others, use --skip-invalid." if bad < rows else ""
            print_error(f"{bad_rows}.{cure} {NOTHING_SENT}")
        write_error(indented(self._bad_rows.lines()))
        if self._bad_rows.has_unknown_fields:
            print_note(
                "The first line of a table names its columns. To use a column as a field, give --map HEADING=FIELD. To "
                "leave it out, --ignore-field NAME. To send it as it is, --extra-field NAME."
            )

    def changed(self, planned: Planned) -> None:
        """Report rows that changed after they were made."""
        if self._as_json:
            for row in planned.changed:
                _write_event("changed_row", id=row.key, line=row.line, message=row.what)
            return
        print_warning(
            f"{count(planned.changes, 'row')} changed after being made, and may have been billed. This is refused "
            "without --replace. With it they are made as new rows, which the forecast counts, and what was made is "
            "kept:"
        )
        write_error(indented(planned.lines()))

    def forecast(self, forecast: Forecast, *, dry_run: bool) -> None:
        """Report the forecast, and the end of a dry run."""
        if self._as_json:
            _write_event("forecast", **forecast.members())
            if dry_run:
                _write_event("end", outcome=ExitCode.DONE.name.lower(), code=int(ExitCode.DONE), error=None)
        elif dry_run:
            write_out("".join(f"{line}\n" for line in forecast.lines()))
        elif self._shown:
            cost = "for free" if forecast.free else f"for {forecast.cost}"
            print_note(f"{forecast.summary(f' {cost}, {forecast.in_flight:,} at a time')}.")

    @contextmanager
    def running(self, progress: Progress) -> Generator[Callable[[Event], None]]:
        """Report events. People get a bar on a terminal or a line now and then, and warnings at once."""
        bar = self._shown and terminal.is_terminal(sys.stderr)
        display = _Display(progress, notes=self._shown, lines=self._shown and not bar)

        def on_event(event: Event) -> None:
            progress.add(event)
            if isinstance(event, RowSubmitted) and not event.recorded:
                print_error(  # at once: nothing else has the id, should this process end now
                    f"{place_of(event.outcome.request)}: the ledger cannot be written. The row was submitted as job "
                    f"{event.outcome.job_id}; `ideogram fetch` gets its image by that id."
                )
            if self._as_json:
                _write_run_event(event)
            else:
                display.show(event)

        if not bar:
            yield on_event
            return
        from rich.live import Live  # noqa: PLC0415 - for terminals only

        live = Live(display, console=terminal.error_console(), refresh_per_second=4, transient=True)
        with terminal.stderr_may_be_gone():  # a terminal that is closed does not stop the run
            live.start()
        try:
            yield on_event
        finally:
            with terminal.stderr_may_be_gone():
                live.stop()

    def failed(self, code: ExitCode, error: BaseException, message: str, unsaved: Sequence[Outcome] = ()) -> None:
        """Report an end without a summary, and the links of paid images."""
        if self._as_json:
            _write_end(code, type(error).__name__, message, unsaved=[as_member(outcome) for outcome in unsaved])
        else:
            print_error(message)
        _print_unsaved(unsaved)

    def ended(self, summary: BatchSummary) -> None:
        """Report the end: what went wrong, and the commands that go on. The links of paid images are always printed."""
        if self._as_json:
            _write_event("end", **summary.members())
        else:
            if self._shown:
                write_out(summary.text())
            _print_what_is_left(summary)
        _print_unsaved(summary.unsaved, summary.unrecorded, manifest="manifest" in summary.files)


def _print_what_is_left(summary: BatchSummary) -> None:
    """Print what went wrong, and the commands that go on."""
    for message in (summary.message, summary.unwritten):
        if message:
            print_error(message)
    _print_rows(summary.refused, "{} failed at no cost:")
    if summary.refused.total:
        print_note(f"To send them again: {summary.resume('--retry-failed')}")
    _print_rows(summary.lost, "{} made and billed, with an image that cannot be downloaded any more:")
    if summary.lost.total:
        print_note(f"To try these downloads again, which is free: {summary.resume('--retry-failed')}")
    _print_rows(summary.unknown, "{} with an unknown outcome:")
    if summary.unknown.total:
        print_note(
            "They were sent, and may have been billed. Check the usage of your account first. To send them again, "
            f"which may be billed twice: {summary.resume('--retry-unknown')}"
        )
    if any(summary.absent.values()):
        print_note(
            f"{count(sum(summary.absent.values()), 'row')} left alone, because the input no longer has them or they "
            f"were made again: {state_line(summary.absent)}."
        )
    if summary.withheld:
        print_note(f"{count(summary.withheld, 'image')} of saved rows withheld by the safety check. They are billed.")
    downloads, jobs, elsewhere = (summary.counts[state] for state in (State.ANSWERED, State.SUBMITTED, State.SENT))
    rest = [
        *([f"{count(summary.left, 'row')} not sent"] if summary.left else []),
        *([f"{count(downloads, 'row')} not downloaded"] if downloads else []),
        *([f"{count(jobs, 'job')} in progress, which the next run asks for"] if jobs else []),
        *([f"{count(elsewhere, 'row')} in progress elsewhere"] if elsewhere and not summary.unknown.total else []),
    ]
    if rest:
        how = "Resume with a higher --max-cost" if summary.reason is StopReason.MAX_COST else "Resume with"
        print_note(f"{' and '.join(rest)}. {how}: {summary.resume()}")


def _print_rows(rows: FailureGroups, message: str) -> None:
    if rows.total:
        print_error(message.format(count(rows.total, "row")))
        write_error(indented(rows.lines()))


def _print_unsaved(unsaved: Sequence[Outcome], unrecorded: Sequence[Outcome] = (), *, manifest: bool = False) -> None:
    """Print what the ledger lacks, and links of paid images that are not saved: all, unless the manifest has them."""
    if unsaved:
        print_error(f"{count(len(unsaved), 'row')} paid for, with images that are not saved. Their links:")
        shown = unsaved[:_MOST_LINKS] if manifest else unsaved
        for outcome in shown:
            links = [_link(image.url, manifest) for image in outcome.images if image.url and not image.file]
            write_error(indented([f"{place_of(outcome.request)}: {' '.join(links)}"]))
        if len(shown) < len(unsaved):
            write_error(indented([f"and {len(unsaved) - len(shown):,} more, all in the manifest"]))
    if unrecorded:
        print_error(
            f"{count(len(unrecorded), 'row')} ended, and the ledger could not be written. The next run may treat them "
            "as unknown:"
        )
        for outcome in unrecorded:
            files = [f"saved as {image.file}" for image in outcome.images if image.file]
            urls = [image.url for image in outcome.images if image.url]
            job = [f"job {outcome.job_id}"] if outcome.job_id else []
            parts = [outcome.state.value, *job, *files, *urls, *([outcome.error] if outcome.error else [])]
            write_error(indented([f"{place_of(outcome.request)}: {', '.join(parts)}"]))


def _link(url: str, manifest: bool) -> str:
    """Shorten a link that contains its image, if the manifest has it."""
    too_long = manifest and url[:5].lower() == "data:" and len(url) > _LONGEST_DATA_LINK
    return f"{url[:_LONGEST_DATA_LINK]}..." if too_long else url


class _Display:
    """Shows how a run goes: warnings and notes at once, figures in lines or as what rich draws.

    Args:
        progress: Counts the events.
        notes: Whether to print notes.
        lines: Whether to print a line every ten seconds at first, and every minute later.
    """

    def __init__(self, progress: Progress, *, notes: bool, lines: bool) -> None:
        self._progress = progress
        self._notes = notes
        self._lines = lines
        self._lines_printed = 0
        self._last_line = progress.clock()
        self._reasons: set[str | None] = set()
        self._slowed = False
        self._waits = False
        self._cancelled = False

    def show(self, event: Event) -> None:
        """Print what the user may want to act on."""
        match event:
            case RowDone() if event.outcome.error and event.outcome.state in _WORTH_A_WARNING and not self._cancelled:
                # Each reason once, and some of them: the summary has all, with their rows.
                if event.outcome.error not in self._reasons and len(self._reasons) < _MOST_WARNINGS:
                    self._reasons.add(event.outcome.error)
                    print_warning(f"{place_of(event.outcome.request)}: {event.outcome.error}")
            case PaceChanged() if self._notes and event.reason is not None and not self._slowed:
                self._slowed = True
                print_note(f"The service asks for fewer requests ({event.reason}). The batch slows down by itself.")
            case RunWaiting() if self._notes and not self._waits:
                self._waits = True
                print_note(f"All is done here. Waiting for {count(event.rows, 'row')} that other processes work on.")
            case RunStopping() if event.reason in {StopReason.ASKED, StopReason.NOW}:
                self._cancelled = event.reason is StopReason.NOW
                if self._notes:
                    print_note(event.message + ("" if self._cancelled else " Press Ctrl-C again to cancel it."))
            case _:
                pass
        if self._lines:
            self._print_line()

    def _print_line(self) -> None:
        progress = self._progress
        now = progress.clock()
        if now - self._last_line < (10 if self._lines_printed < _LINES_OFTEN else 60):
            return
        self._last_line = now
        self._lines_printed += 1
        figures = ", ".join([*progress.figures(), *progress.time_left()])
        write_error(f"{progress.done:,} of {progress.total:,}: {state_line(progress.states)}; {figures}\n")

    def __rich__(self) -> Group:
        """The bar and two lines of figures, drawn several times a second."""
        from rich.console import Group  # noqa: PLC0415 - for terminals only
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        progress = self._progress
        bar = Table.grid(padding=(0, 2))
        bar.add_row(
            ProgressBar(total=max(1, progress.total), completed=progress.done, width=30),
            Text(f"{progress.done:,} of {progress.total:,}"),
            Text("".join(progress.time_left()), style="dim"),
        )
        states = Text("  ").join(Text(text, style) for text, style in state_counts(progress.states))
        figures = Text("  ".join(progress.figures()), style="dim")
        return Group(bar, *(line for line in (states, figures) if line.plain))


def report_usage_error(error: click.UsageError) -> None:
    """Report in JSON that the command line is wrong."""
    _write_end(ExitCode.WRONG_USE, type(error).__name__, error.format_message())


def _write_event(event: str, **members: Any) -> None:
    write_out(json.dumps({"event": event, **members}) + "\n")  # in ASCII


def _write_end(code: ExitCode, kind: str, message: str, **members: Any) -> None:
    error = {"type": kind, "message": message}
    _write_event("end", outcome=code.name.lower(), code=int(code), error=error, **members)


def _write_run_event(event: Event) -> None:
    """Write an event of a run. If stdout is gone, only what stops it and rows that are not saved go to stderr."""
    saved = isinstance(event, RowDone) and event.outcome.state in {State.SAVED, State.WITHHELD}
    if terminal.stdout_is_gone() and (saved or not isinstance(event, RowDone | RunStopping)):
        return
    match event:
        case RunStarted():
            _write_event("started", to_send=event.planned, to_download=event.answered, to_ask_for=event.submitted)
        case RowSent():
            _write_event("sent", id=event.request.key, line=event.request.line)
        case RowSubmitted():
            request = event.outcome.request
            _write_event("submitted", id=request.key, line=request.line, job_id=event.outcome.job_id)
        case RowAnswered():
            _write_event("answered", **manifest_members(event.outcome))
        case RowDone():
            _write_event("done", **manifest_members(event.outcome))
        case PaceChanged():
            _write_event("pace", in_flight=event.limit, pause_seconds=event.pause, reason=event.reason)
        case RunWaiting():
            _write_event("waiting", rows=event.rows)
        case RunStopping():
            _write_event("stopping", reason=event.reason.value, message=event.message)
        case _:
            pass
