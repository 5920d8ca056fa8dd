"""Lets a command that is told to end clean up and report, as it does on Ctrl-C."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM or SIGHUP arrived. Handled like Ctrl-C wherever that is."""


def _terminate(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the signature of a handler
    raise Terminated(signal.Signals(number).name)


@contextmanager
def signals_go_to(hear: Callable[[int], None]) -> Generator[None]:
    """Let a function hear of SIGINT, SIGTERM and SIGHUP; what it raises is raised where the program is.

    Args:
        hear: Is given the signal's number.
    """
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            # nohup ignores SIGHUP, and whoever starts a program so wants it to live on.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, lambda number, _frame: hear(number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def termination_interrupts() -> Generator[None]:
    """Turn SIGTERM and SIGHUP into an exception, unless somebody else handles or ignores them (nohup does)."""
    before: dict[int, signal.Handlers] = {}
    # Only the main thread may set handlers; elsewhere the program around us decides.
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is signal.SIG_DFL:
                before[number] = signal.SIG_DFL
                signal.signal(number, _terminate)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
