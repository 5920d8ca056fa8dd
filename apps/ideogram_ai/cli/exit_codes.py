"""How a command ends: its exit code, the error for wrong use, and the signals that interrupt it."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable


class ExitCode(IntEnum):
    """The exit code of a command. Its name in lower case is the `outcome` of `--json`."""

    DONE = 0
    WRONG_USE = 2
    REFUSED = 3
    OUTCOME_UNKNOWN = 4
    WITHHELD = 5
    DOWNLOAD_FAILED = 6
    INTERRUPTED = 128 + signal.SIGINT
    TERMINATED = 128 + signal.SIGTERM

    @classmethod
    def of_interruption(cls, error: BaseException) -> ExitCode:
        """Return the code for a KeyboardInterrupt, or for the click.Abort that it became."""
        return cls.TERMINATED if isinstance(error.__cause__ or error, Terminated) else cls.INTERRUPTED

    @classmethod
    def of_signal(cls, number: int) -> ExitCode:
        """Return the code for a signal."""
        return cls.INTERRUPTED if number == signal.SIGINT else cls.TERMINATED

    @classmethod
    def gravest(cls, codes: Iterable[ExitCode]) -> ExitCode:
        """Return the code of several requests."""
        gravest_first = (
            cls.WRONG_USE, cls.OUTCOME_UNKNOWN, cls.DOWNLOAD_FAILED, cls.INTERRUPTED, cls.TERMINATED, cls.REFUSED,
            cls.WITHHELD, cls.DONE,
        )  # fmt: skip
        return min(codes, key=gravest_first.index)


class WrongUseError(Exception):
    """An argument, an option or a file cannot be used. Nothing was sent, and nothing was billed."""


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP arrived. It is handled like Ctrl-C."""


_SETTLE_SECONDS: Final = 2.0
"""So long after an interruption further signals change nothing: they would interrupt the report on what was paid for.
A terminal repeats keys, and programs that start others forward signals which these have already."""
_interrupted_at = float("-inf")
_ECHO_SECONDS: Final = 0.5
"""A signal so soon after another one is the same one: coreutils' timeout, npm and others send each of theirs twice."""


def raise_interrupt(number: int, *, may_have_been_billed: bool = False) -> None:
    """Raise the exception for a signal, unless one was raised a moment ago.

    Raises:
        KeyboardInterrupt: For SIGINT.
        Terminated: For SIGTERM and SIGHUP.
    """
    global _interrupted_at  # noqa: PLW0603 - signals are the process's
    if time.monotonic() - _interrupted_at < _SETTLE_SECONDS:
        return
    _interrupted_at = time.monotonic()
    error = KeyboardInterrupt() if number == signal.SIGINT else Terminated(signal.Signals(number).name)
    error.may_have_been_billed = may_have_been_billed  # type: ignore[attr-defined]
    raise error


@contextmanager
def handle_signals(handler: Callable[[int], object], *, only_default: bool = False) -> Generator[None]:
    """Call a function on SIGINT, SIGTERM and SIGHUP, once for an echo too, and restore the earlier handlers in the end.

    Only the main thread may set handlers; in another one this does nothing.

    Args:
        handler: Gets the signal's number. What it raises is raised where the program is.
        only_default: Leave signals alone that Python or somebody else handles.
    """
    global _interrupted_at  # noqa: PLW0603
    _interrupted_at = float("-inf")
    before: dict[int, Any] = {}
    last = float("-inf")

    def on_signal(number: int, _frame: object) -> None:
        nonlocal last
        earlier, last = last, time.monotonic()
        if last - earlier >= _ECHO_SECONDS:
            handler(number)

    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            current = None if number is None else signal.getsignal(number)
            # nohup ignores SIGHUP: the user wants the program to go on.
            if number is None or current is signal.SIG_IGN or (only_default and current is not signal.SIG_DFL):
                continue
            before[number] = signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)
