"""Ctrl-C in a batch: once finishes what is in flight, twice breaks it off. SIGTERM and SIGHUP are alike."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")


class Stopping:
    """What signals asked for.

    Attributes:
        code: The exit code of the first one; None before.
    """

    def __init__(self, softly: Callable[[], None], now: Callable[[], None]) -> None:
        self.code: ExitCode | None = None
        self._softly = softly
        self._now = now

    def hear(self, number: int) -> None:
        """A signal has come."""
        if self.code is None:
            self.code = ExitCode.INTERRUPTED if number == signal.SIGINT else ExitCode.TERMINATED
            self._softly()
        else:
            self._now()


@contextmanager
def handled_by(stopping: Stopping, call_soon: Callable[..., Any]) -> Generator[None]:
    """Let signals stop the run.

    Args:
        stopping: What is to be done.
        call_soon: Calls a function in the event loop, from a signal handler; it wakes the loop.
    """
    before: dict[int, Any] = {}
    for name in _NAMES:
        number = getattr(signal, name, None)
        # nohup ignores SIGHUP, and whoever starts a batch so wants it to live on.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            before[number] = signal.signal(number, lambda number, _frame: call_soon(stopping.hear, number))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
