"""Shows on stderr how far a run is: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from ..messages import error_console, on_terminal
from ..streams import printable, write_error

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    Show = Callable[[int, int, str], None]

_LINES: Final = 10
_LONGEST: Final = 60


@contextmanager
def progress() -> Generator[Show]:
    """Give a function that is told how many went before, how many there are, and what comes next."""
    if on_terminal():
        with _bar() as show:
            yield show
    else:
        yield _Lines().show


@contextmanager
def _bar() -> Generator[Show]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415 - for terminals only

    columns = (BarColumn(bar_width=30), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=error_console(), transient=True) as bar:
        task = bar.add_task("making the requests", total=None)

        def show(number: int, total: int, what: str) -> None:
            bar.update(task, completed=number, total=total, description=printable(what)[:_LONGEST])

        yield show


class _Lines:
    """A line whenever another tenth is done."""

    def __init__(self) -> None:
        self._told = -1

    def show(self, number: int, total: int, what: str) -> None:
        tenth = number * _LINES // max(1, total)
        if tenth > self._told:
            self._told = tenth
            write_error(f"{number} of {total}: {printable(what)}\n")
