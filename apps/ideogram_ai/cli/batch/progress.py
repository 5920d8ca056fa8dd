"""Shows on stderr how a run goes: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ideogram_ai.batch.model import PaceChanged, RowDone, RunStopping, State, StopReason

from ..messages import error_console, on_terminal, tell_note, tell_warning
from ..streams import stderr_may_be_gone, write_error
from .words import duration, place, states, states_in_a_line, usd

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from rich.console import Group

    from ideogram_ai.batch.model import Event, Outcome

    from .tally import Tally

_FAILURES_TOLD: Final = 5
_ASKED: Final = frozenset({StopReason.ASKED, StopReason.NOW})
_FIRST_SECONDS: Final = 10.0
_LATER_SECONDS: Final = 60.0
_LINES_OFTEN: Final = 12


@contextmanager
def progress(tally: Tally, *, shown: bool) -> Generator[Callable[[Event], None]]:
    """Give a function that is told every event.

    Args:
        tally: Counts them.
        shown: Whether anything is shown; False leaves warnings.
    """
    remarks = _Remarks(notes=shown)

    def hear(event: Event) -> None:
        tally.add(event)
        remarks.hear(event)

    if not shown:
        yield hear
    elif on_terminal():
        from rich.live import Live  # noqa: PLC0415 - for terminals only

        live = Live(_Bar(tally), console=error_console(), refresh_per_second=4, transient=True)
        # A terminal that is closed ends no run.
        with stderr_may_be_gone():
            live.start()
        try:
            yield hear
        finally:
            with stderr_may_be_gone():
                live.stop()
    else:
        lines = _Lines(tally)

        def hear_and_show(event: Event) -> None:
            hear(event)
            lines.show()

        yield hear_and_show


class _Remarks:
    """Tells at once what somebody may want to act on: the first failures, and what the service asks for."""

    def __init__(self, *, notes: bool) -> None:
        self._notes = notes
        self._told: set[str | None] = set()
        self._slowed = False
        self._breaking_off = False

    def hear(self, event: Event) -> None:
        match event:
            case RowDone() if event.outcome.state in {State.FAILED, State.UNKNOWN} and not self._breaking_off:
                self._tell_failure(event.outcome)
            case PaceChanged() if self._notes and event.reason is not None and not self._slowed:
                self._slowed = True
                tell_note(f"The service asks for fewer requests ({event.reason}); the pace follows it by itself.")
            case RunStopping() if event.reason in _ASKED:
                self._breaking_off = event.reason is StopReason.NOW
                again = " Ctrl-C again breaks it off." if event.reason is StopReason.ASKED else ""
                if self._notes:
                    tell_note(f"{event.message}{again}")
            case _:
                pass

    def _tell_failure(self, outcome: Outcome) -> None:
        """Each reason once, and some of them: the end has them all, with their rows."""
        if outcome.error not in self._told and len(self._told) < _FAILURES_TOLD:
            self._told.add(outcome.error)
            tell_warning(f"{place(outcome.request)}: {outcome.error}")


class _Bar:
    """The bar and two lines of figures, drawn anew several times a second."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def __rich__(self) -> Group:
        from rich.console import Group  # noqa: PLC0415
        from rich.progress_bar import ProgressBar  # noqa: PLC0415
        from rich.table import Table  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        tally = self._tally
        left = tally.seconds_left()
        bar = Table.grid(padding=(0, 2))
        bar.add_row(
            ProgressBar(total=max(1, tally.total), completed=tally.done, width=30),
            Text(f"{tally.done:,} of {tally.total:,}"),
            Text(f"{duration(left)} left" if left else "", style="dim"),
        )
        figures = Text("  ").join(Text(text, style) for text, style in states(tally.states))
        pace = Text("  ".join(_figures(tally)), style="dim")
        return Group(bar, *(line for line in (figures, pace) if line.plain))


def _figures(tally: Tally) -> list[str]:
    rate = tally.per_minute()
    doubt = f" (and perhaps {usd(tally.doubtful)})" if tally.doubtful else ""
    busy = [f"{tally.under_way:,} in flight", *([f"{tally.saving:,} being saved"] if tally.saving else [])]
    if tally.stopping is not None:
        return ["finishing", *busy]
    return [
        *busy,
        *([f"{rate:,.0f} images a minute"] if rate else []),
        f"{usd(tally.spent)}{doubt}",
    ]


class _Lines:
    """A line every ten seconds at first, and every minute later."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally
        self._told = 0
        self._last = tally.clock()

    def show(self) -> None:
        tally = self._tally
        now = tally.clock()
        if now - self._last < (_FIRST_SECONDS if self._told < _LINES_OFTEN else _LATER_SECONDS):
            return
        self._last = now
        self._told += 1
        left = tally.seconds_left()
        rest = [*_figures(tally), *([f"{duration(left)} left"] if left else [])]
        write_error(f"{tally.done:,} of {tally.total:,}: {states_in_a_line(tally.states)}; {', '.join(rest)}\n")
