"""Tells programs how a batch goes: one JSON object a line, on stdout."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ideogram_ai.batch.manifest import manifest_line
from ideogram_ai.batch.model import PaceChanged, RowAnswered, RowDone, RowSent, RunStarted, RunStopping, State
from ideogram_ai.client.errors import NOTHING_SENT

from ..exit_codes import ExitCode
from ..streams import stdout_is_gone, write_out
from .bad_rows import BadRows
from .ending import named
from .people import tell_unsaved

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from ideogram_ai.batch.model import Event, Outcome, RowProblem
    from ideogram_ai.batch.planning import Planned

    from .ending import Ending
    from .forecast import Forecast
    from .tally import Tally


class Machine:
    """Speaks to programs, with the names and the arguments of `People`."""

    def __init__(self) -> None:
        self._odd_rows = BadRows()

    def bad_row(self, problem: RowProblem) -> None:
        """A row cannot be sent."""
        tell("bad_row", line=problem.line, field=problem.field, message=problem.message)

    def odd_row(self, remark: RowProblem) -> None:
        """A row is sent, and something is odd about it. Some of each field are told, and all are counted."""
        if self._odd_rows.add(remark):
            tell("odd_row", line=remark.line, field=remark.field, message=remark.message)

    def checked(self, rows: int, bad: int, *, skipped: bool) -> None:
        """All rows were looked at."""
        tell("checked", rows=rows, bad=bad, skipped=skipped, remarks=self._odd_rows.by_field.total())
        if bad and not skipped:
            message = f"{bad} of {rows} rows cannot be sent. {NOTHING_SENT}"
            tell_failure(ExitCode.WRONG_USE, "InvalidRowsError", message)

    def changed(self, planned: Planned) -> None:
        """Rows changed after they were made, which only --replace allows."""
        for row in planned.changed:
            tell("changed_row", id=row.key, line=row.line, message=row.what)

    def forecast(self, forecast: Forecast, *, asked_for: bool) -> None:
        """What is about to be done."""
        tell("forecast", **forecast.members())
        if asked_for:
            tell("end", outcome=ExitCode.DONE.name.lower(), code=int(ExitCode.DONE), error=None)

    @contextmanager
    def running(self, tally: Tally) -> Generator[Callable[[Event], None]]:
        """Tell each event."""

        def hear(event: Event) -> None:
            tally.add(event)
            tell_event(event)

        yield hear

    def failed(self, code: ExitCode, error: BaseException, message: str, unsaved: Sequence[Outcome] = ()) -> None:
        """It ended without an ending."""
        tell_failure(code, type(error).__name__, message, unsaved=[named(outcome) for outcome in unsaved])
        tell_unsaved(unsaved)

    def ended(self, ending: Ending) -> None:
        """How it ended. What is paid for and nowhere saved is on stderr too."""
        tell("end", **ending.members())
        tell_unsaved(ending.unsaved, ending.unrecorded, manifest="manifest" in ending.files)


def tell(event: str, **members: Any) -> None:
    """Write an event, in ASCII."""
    write_out(json.dumps({"event": event, **members}) + "\n")


def tell_failure(code: ExitCode, kind: str, message: str, **members: Any) -> None:
    """It ended without an ending."""
    tell("end", outcome=code.name.lower(), code=int(code), error={"type": kind, "message": message}, **members)


def tell_event(event: Event) -> None:
    """An event of a run. Where stdout is gone, stderr is told what is stopping it, and of rows that are not saved."""
    kept = isinstance(event, RowDone) and event.outcome.state in {State.SAVED, State.WITHHELD}
    if stdout_is_gone() and (kept or not isinstance(event, RowDone | RunStopping)):
        return
    match event:
        case RunStarted():
            tell("started", to_send=event.planned, to_download=event.answered)
        case RowSent():
            tell("sent", id=event.request.key, line=event.request.line)
        case RowAnswered():
            tell("answered", **json.loads(manifest_line(event.outcome)))
        case RowDone():
            tell("done", **json.loads(manifest_line(event.outcome)))
        case PaceChanged():
            tell("pace", in_flight=event.limit, pause_seconds=event.pause, reason=event.reason)
        case RunStopping():
            tell("stopping", reason=event.reason.value, message=event.message)
        case _:
            pass
