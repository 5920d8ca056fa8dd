"""The report for people: a table on a terminal, plain lines elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from drifting.check import Outcome
from drifting.difference import Verdict
from drifting.words import describe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from drifting.check import Report
    from drifting.difference import Difference

_COLOURS: Final = {
    Verdict.BREAKING: "bold red",
    Verdict.ADDITIVE: "yellow",
    Verdict.COSMETIC: "dim",
    Verdict.KNOWN: "dim",
}
_OUTCOMES: Final = {
    Outcome.NOTHING: "Nothing has changed that is not known.",
    Outcome.ADDITIVE: "Something is new, and breaks no caller.",
    Outcome.BREAKING: "Something breaks callers.",
    Outcome.UNKNOWN: "It cannot be told whether something has changed.",
}


def text_report(report: Report) -> str:
    """Write the report as plain lines: for a file, a pipe, or the text of an issue."""
    lines = _beginning(report)
    for difference in _sorted(report):
        lines += [f"{difference.verdict:8}  {difference.where}: {describe(difference)}"]
        lines += [
            f"          ours   #{difference.old.pointer_text}",
            f"          theirs #{difference.new.pointer_text}",
        ]
        lines += [f"          {difference.reason}"] if difference.reason else []
    return _printable("\n".join([*lines, *_endings(report)]))


def print_table(report: Report) -> None:
    """Print the report on a terminal."""
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(highlight=False, markup=False, emoji=False)
    table = Table("verdict", "where", "what", "ours, theirs", show_lines=True)
    for difference in _sorted(report):
        what = describe(difference) + (f"\n{difference.reason}" if difference.reason else "")
        places = f"#{difference.old.pointer_text}\n#{difference.new.pointer_text}"
        cells: list[Any] = [Text(_printable(cell), overflow="fold") for cell in (difference.where, what, places)]
        table.add_row(Text(difference.verdict, style=_COLOURS[difference.verdict]), *cells)
    console.print(_printable("\n".join(_beginning(report))))
    if table.row_count:
        console.print(table)
    console.print(_printable("\n".join(_endings(report))))


def _beginning(report: Report) -> list[str]:
    return [f"ours:   {report.contract[0]}", f"theirs: {report.document[0]} (OpenAPI {report.document[2]})", ""]


def _sorted(report: Report) -> list[Difference]:
    """What needs attention first."""
    order = list(Verdict)
    return sorted(report.differences, key=lambda difference: order.index(difference.verdict))


def _endings(report: Report) -> Iterator[str]:
    for entry, why in report.stale:
        yield f"stale     line {entry.line} of the known differences, {entry.where}: {entry.change}: {why}"
    for compared in report.operations:
        if compared.problem:
            yield f"unknown   {compared.problem}"
    counts = [sum(d.verdict is verdict for d in report.differences) for verdict in Verdict]
    numbers = ", ".join(f"{count} {verdict}" for count, verdict in zip(counts, Verdict, strict=True))
    yield f"{_OUTCOMES[report.outcome]} ({numbers}, {len(report.stale)} stale)"


def _printable(text: str) -> str:
    """Show what would move the cursor or change colours as an escape: the document is not ours."""
    return "".join(c if c.isprintable() or c == "\n" else ascii(c)[1:-1] for c in text)
