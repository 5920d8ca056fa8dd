"""Opens an input as a stream of bytes, unpacked if it is gzip."""

from __future__ import annotations

import codecs
import gzip
import shutil
import sys
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from .formats import STDIN
from .row import InputError

if TYPE_CHECKING:
    import io
    from collections.abc import Generator, Iterator

LONGEST_LINE: Final = 16 * 2**20
"""Bytes of a line. A longer one is no row but a file of another kind, which would fill the memory."""

_GZIP: Final = b"\x1f\x8b"
_NO_TEXT: Final = {
    codecs.BOM_UTF16_LE: "text in UTF-16; save it as UTF-8",
    codecs.BOM_UTF16_BE: "text in UTF-16; save it as UTF-8",
    b"PK\x03\x04": "a ZIP file or a workbook; save it as CSV in UTF-8",
    b"PAR1": "a Parquet file; say that its format is parquet",
    _GZIP: "packed with gzip twice; unpack it once",
}


@contextmanager
def open_bytes(source: str) -> Generator[io.BufferedIOBase]:
    """Open a file, or stdin, for reading.

    Args:
        source: A path, or `-`.

    Raises:
        InputError: It cannot be opened, or not be read to its end.
    """
    try:
        with _open(source) as stream:
            if stream.peek(2)[:2] == _GZIP:
                with gzip.open(stream) as unpacked:
                    yield unpacked
            else:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{shown(source)}: what gzip packed is damaged or cut off: {error}.") from None
    except OSError as error:
        raise InputError(f"{shown(source)} cannot be read: {error.strerror or error}.") from None


@contextmanager
def _open(source: str) -> Generator[io.BufferedReader]:
    if source != STDIN:
        with Path(source).open("rb") as file:
            yield file
        return
    if sys.stdin is None:
        raise InputError("stdin is closed; give a file.")
    yield sys.stdin.buffer  # type: ignore[misc] # typeshed cannot know that it is buffered


@contextmanager
def open_seekable(source: str) -> Generator[io.BufferedIOBase | IO[bytes]]:
    """Open an input that is not read from its beginning to its end: what is packed or piped is put into a file first.

    Raises:
        InputError: It cannot be opened, or not be read to its end.
    """
    with open_bytes(source) as stream:
        if not isinstance(stream, gzip.GzipFile) and stream.seekable():
            yield stream
            return
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(stream, file)
            file.seek(0)
            yield file


@contextmanager
def open_again(source: str) -> Generator[io.BufferedIOBase]:
    """Open an input that is wound back: what is piped is put into a file first.

    Raises:
        InputError: It cannot be opened, or not be read to its end.
    """
    with open_bytes(source) as stream:
        if source != STDIN and Path(source).is_file():
            yield stream
            return
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(stream, file)
            file.seek(0)
            yield file


def lines_of(stream: io.BufferedIOBase) -> Iterator[bytes]:
    """The lines of a text, line ends and all, without the byte order mark.

    Raises:
        InputError: This is no text, or a line that does not end.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            refuse_other_files(line)
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > LONGEST_LINE:
            raise InputError(f"Line {number} is longer than {LONGEST_LINE:,} bytes. Is there one row a line?")
        yield line


def refuse_other_files(start: bytes) -> None:
    """Refuse what is no text, by its first bytes.

    Raises:
        InputError: They are those of another kind of file.
    """
    for magic, what in _NO_TEXT.items():
        if start.startswith(magic):
            raise InputError(f"The input is {what}.")


def shown(source: str) -> str:
    """A source as messages name it."""
    return "stdin" if source == STDIN else repr(source)
