"""Writes to stdout and stderr: whole, harmless, and without losing what stdout does not take."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import unicodedata
from typing import TYPE_CHECKING, TextIO
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Generator

_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def printable(text: str) -> str:
    """One line of text that cannot steer a terminal: control characters and half surrogates as escapes.

    Services, servers and file names choose what stands in a message.
    """
    return "".join(_escape(character) for character in text)


def _escape(character: str) -> str:
    if unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _BIDI_CONTROLS:
        return character.encode("unicode_escape").decode()
    return character


_abandoned: WeakSet[TextIO] = WeakSet()


def stdout_is_gone() -> bool:
    """Whether stdout takes nothing any more, and what is written goes to stderr: then only what matters should."""
    return sys.stdout is None or sys.stdout in _abandoned


def write_out(text: str) -> None:
    """Write a report to stdout. What stdout does not take goes to stderr, because it may tell where paid images are."""
    if not text:
        return
    if sys.stdout in _abandoned:
        write_error(text)
        return
    try:
        _write(sys.stdout, text)
    except OSError as error:
        _abandon(sys.stdout)
        why = "" if error.errno == errno.EPIPE else f" ({error.strerror})"
        write_error(f"stdout is closed{why}; this was for it:\n{text}")


def write_error(text: str) -> None:
    """Write to stderr."""
    with stderr_may_be_gone():
        _write(sys.stderr, text)


@contextlib.contextmanager
def stderr_may_be_gone() -> Generator[None]:
    """Write to stderr inside. When that is gone too, a closed terminal for example, there is nobody left to tell."""
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
    """Encode what an encoding does not have: bytes of a file name as they are, anything else as escapes."""
    try:
        return text.encode(encoding, "surrogateescape")
    except UnicodeEncodeError:
        return text.encode(encoding, "backslashreplace")


def _abandon(stream: TextIO | None) -> None:
    """Let Python's own flush at exit succeed: it would end the program with code 120."""
    if stream is None:
        return
    _abandoned.add(stream)
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
