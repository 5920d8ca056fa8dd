"""What people are told on stderr while a command runs, and in which colour."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from .streams import printable, stderr_may_be_gone, write_error

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.console import Console
    from rich.text import Text


@cache
def error_console() -> Console:
    """The console of stderr: one, so that a message does not tear the spinner. It respects NO_COLOR and TERM."""
    from rich.console import Console  # noqa: PLC0415 - for terminals only

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def on_terminal() -> bool:
    """Whether somebody sees stderr as it is written."""
    return sys.stderr is not None and not sys.stderr.closed and sys.stderr.isatty()


def tell_error(message: str) -> None:
    """Say why the command failed."""
    _tell("error:", "bold red", message)


def tell_warning(message: str) -> None:
    """Say what is odd, although it goes on."""
    _tell("warning:", "bold yellow", message)


def tell_note(message: str) -> None:
    """Say what is good to know."""
    _tell("note:", "bold cyan", message)


def _tell(label: str, style: str, message: str) -> None:
    line = printable(message)
    if not on_terminal():
        write_error(f"{label} {line}\n")
        return
    from rich.text import Text  # noqa: PLC0415

    with stderr_may_be_gone():
        # soft_wrap: the terminal breaks the line, so that a link in it can be copied.
        error_console().print(Text.assemble((label, style), " ", line), soft_wrap=True)


@contextmanager
def spinner(doing: str, *, shown: bool) -> Generator[None]:
    """Turn a spinner with the elapsed seconds on stderr, if that is a terminal.

    Args:
        doing: What is waited for.
        shown: False turns none.
    """
    if not (shown and on_terminal()):
        yield
        return
    from rich.status import Status  # noqa: PLC0415

    with Status(_Elapsed(doing), console=error_console()):
        yield


class _Elapsed:
    """A text with the seconds since it was made, counted anew whenever it is drawn."""

    def __init__(self, doing: str) -> None:
        self._doing = doing
        self._began = error_console().get_time()

    def __rich__(self) -> Text:
        from rich.text import Text  # noqa: PLC0415

        seconds = int(error_console().get_time() - self._began)
        return Text.assemble(self._doing, (f"  {seconds} s", "dim"))
