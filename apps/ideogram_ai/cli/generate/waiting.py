"""Ctrl-C while an image is made: once waits for what may be paid for and saves it, twice breaks it off."""

from __future__ import annotations

import contextlib
import logging
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ideogram_ai.client.transport import LEAVES

from ..messages import tell_note
from ..signals import Terminated, signals_go_to

if TYPE_CHECKING:
    from collections.abc import Generator

_MAKING = "Waiting for the image, which may be paid for already. Ctrl-C again breaks it off."
_SAVING = "Saving the image first. Ctrl-C again breaks it off, and shows its link."


class Waiting(logging.Handler):
    """What signals do while a request is under way. As a log handler, it hears from the client how far that is.

    Args:
        shown: Whether people are told of attempts.
    """

    def __init__(self, *, shown: bool) -> None:
        super().__init__()
        self._shown = shown
        self._under_way = False
        self._saving = False
        self._first: int | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Hear what the client logs: a request leaves, or an attempt that cost nothing failed and another comes."""
        if record.msg is LEAVES:
            self._under_way = True
        elif record.levelno == logging.INFO:
            self._under_way = False
            if self._first is not None:
                _break_off(self._first)
            if self._shown:
                tell_note(record.getMessage())

    def answered(self) -> None:
        """The answer is here, and its images are to be saved."""
        self._under_way = self._saving = True

    def hear(self, number: int) -> None:
        """A signal has come.

        Raises:
            KeyboardInterrupt: Nothing is under way that may be paid for, or it is the second one.
        """
        if not self._under_way or self._first is not None:
            _break_off(number if self._first is None else self._first)
        self._first = number
        # The main program may be writing itself, and a closed terminal takes nothing any more.
        with contextlib.suppress(OSError, RuntimeError):
            tell_note(_SAVING if self._saving else _MAKING)


@contextmanager
def waiting(*, shown: bool) -> Generator[Waiting]:
    """Let signals wait for what may be paid for.

    Args:
        shown: Whether people are told of attempts.
    """
    logger = logging.getLogger("ideogram_ai.client")
    before = logger.level
    state = Waiting(shown=shown)
    logger.addHandler(state)
    logger.setLevel(logging.DEBUG)
    try:
        with signals_go_to(state.hear):
            yield state
    finally:
        logger.removeHandler(state)
        logger.setLevel(before)


def _break_off(number: int) -> None:
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated(signal.Signals(number).name)
