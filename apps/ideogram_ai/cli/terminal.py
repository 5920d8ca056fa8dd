"""What people see: lines on stdout and stderr, messages in colour, a spinner, and numbers as they are read."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
import unicodedata
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, TextIO
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from decimal import Decimal

    from rich.console import Console, RenderableType

LINE_SECONDS = 15.0
"""Seconds from one line of progress to the next, where there is no terminal."""
CONFIRM_ABOVE = 20
"""As many images are made without a question."""
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_abandoned: WeakSet[TextIO] = WeakSet()
_spinning: list[Callable[[str], None]] = []
"""What writes beside the spinner that is shown."""


def printable(text: str) -> str:
    """Escape what could control a terminal: control characters, half surrogates and changes of direction.

    Services, servers and file names decide what a message contains.
    """
    return "".join(_escape(character) for character in text)


def _escape(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDI_CONTROLS:
        return character.encode("unicode_escape").decode()
    return character


def stdout_is_gone() -> bool:
    """Whether stdout cannot be written any more. What is written then goes to stderr, so write what matters only."""
    return sys.stdout is None or sys.stdout in _abandoned


def write_out(text: str) -> None:
    """Write to stdout, or to stderr when stdout is closed or full: the text may say where paid images are."""
    if not text:
        return
    if sys.stdout in _abandoned:
        write_error(text)
        return
    try:
        _write(sys.stdout, text)
    except KeyboardInterrupt:
        _abandon(sys.stdout)  # nobody reads the pipe: the report on what is interrupted now goes to stderr
        raise
    except OSError as error:
        _abandon(sys.stdout)
        reason = "is closed" if error.errno == errno.EPIPE else f"cannot be written ({error.strerror})"
        write_error(f"stdout {reason}; its output follows here:\n{text}")


def write_error(text: str) -> None:
    """Write to stderr."""
    with stderr_may_be_gone():
        _write(sys.stderr, text)


@contextmanager
def stderr_may_be_gone() -> Generator[None]:
    """Ignore that stderr cannot be written, for example because the terminal was closed."""
    try:
        yield
    except OSError:
        _abandon(sys.stderr)


def _write(stream: TextIO | None, text: str) -> None:
    if stream is None or stream.closed:  # the shell's `>&-`
        raise OSError(errno.EPIPE, os.strerror(errno.EPIPE))
    try:
        stream.write(text)
    except UnicodeEncodeError:
        stream.flush()
        stream.buffer.write(_encode(text, stream.encoding))
    stream.flush()


def _encode(text: str, encoding: str) -> bytes:
    """Encode what the encoding lacks: bytes of a file name as they are, anything else escaped."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")


def _abandon(stream: TextIO | None) -> None:
    """Send a broken stream to the null device, so that Python's flush at exit does not fail with code 120."""
    if stream is None:
        return
    _abandoned.add(stream)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


@cache
def error_console() -> Console:
    """Return the one console of stderr, so that a message does not break the spinner. It respects NO_COLOR and TERM."""
    from rich.console import Console  # noqa: PLC0415 - for terminals only

    return Console(stderr=True, highlight=False, markup=False, emoji=False)


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a stream is open and is a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def can_prompt() -> bool:
    """Whether a question on stderr reaches somebody who can answer it on stdin."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def print_error(message: str) -> None:
    """Print why the command failed."""
    _print("error:", "bold red", message)


def print_warning(message: str) -> None:
    """Print what is odd; the command goes on."""
    _print("warning:", "bold yellow", message)


def print_note(message: str) -> None:
    """Print what is good to know."""
    _print("note:", "bold cyan", message)


def _print(label: str, style: str, message: str) -> None:
    line = printable(message)
    if not is_terminal(sys.stderr):
        write_error(f"{label} {line}\n")
        return
    from rich.text import Text  # noqa: PLC0415

    with stderr_may_be_gone():
        # soft_wrap: the terminal breaks the line, so that a link in it can be copied.
        error_console().print(Text.assemble((label, style), " ", line), soft_wrap=True)


def styled(*parts: RenderableType) -> str:
    """Render parts, each on lines of its own, for a stdout that is a terminal. It respects NO_COLOR and TERM."""
    from rich.console import Console  # noqa: PLC0415 - for terminals only

    console = Console(highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for part in parts:
            console.print(part, soft_wrap=isinstance(part, str) or hasattr(part, "plain"))
    return captured.get()


@contextmanager
def spinner(activity: str, *, shown: bool) -> Generator[None]:
    """If `shown`, show a spinner with the elapsed seconds on stderr, or a line now and then if that is no terminal."""
    if not shown:
        yield
        return
    if not is_terminal(sys.stderr):
        with _lines_now_and_then(activity):
            yield
        return
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*columns, console=error_console(), transient=True) as progress:
        task = progress.add_task(activity, total=None)
        _spinning.append(lambda note: progress.update(task, description=f"{activity}, {note}"))
        try:
            yield
        finally:
            _spinning.clear()


@contextmanager
def _lines_now_and_then(activity: str) -> Generator[None]:
    ended, began = threading.Event(), time.monotonic()

    def write_lines() -> None:
        while not ended.wait(LINE_SECONDS):
            write_error(f"{activity}, {duration(time.monotonic() - began)}\n")

    threading.Thread(target=write_lines, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def note_progress(note: str) -> None:
    """Show how far something is, beside the spinner if there is one."""
    for show in _spinning:
        show(note)


def count(number: int, noun: str) -> str:
    """Format a number with its noun, for example `1,200 rows`."""
    return f"{number:,} {noun}{'s'[: number != 1]}"


def usd(amount: Decimal) -> str:
    """Format a sum of money, with as many places as it has and two at least."""
    whole, _, places = f"{amount:,f}".partition(".")
    return f"{whole}.{places.rstrip('0').ljust(2, '0')} USD"


def priced(amount: Decimal, unpriced: int) -> str:
    """Return a sum of money, and the number of images whose price nobody knows."""
    unknown = f"{count(unpriced, 'image')} of unknown price" if unpriced else ""
    return " and ".join(filter(None, (usd(amount) if amount or not unpriced else "", unknown)))


def duration(seconds: float) -> str:
    """Format a time in seconds, minutes or hours, without digits that help nobody."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    if minutes < 90:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if hours < 10 else f"{round(minutes / 60):,} h"


def indented(lines: Iterable[str]) -> str:
    """Format lines of a list below a message."""
    return "".join(f"  {printable(line)}\n" for line in lines)
