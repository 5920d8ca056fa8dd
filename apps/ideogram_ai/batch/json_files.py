"""Reads rows of JSON: an object in each line, or an array of them."""

from __future__ import annotations

import codecs
import json
from typing import IO, TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.strict_json import JsonError, parse_json

from .csv_files import refuse_other_files
from .csv_records import LONGEST_LINE
from .model import InputError, Row

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

_LONGEST_LOOK: Final = 2**16
"""Bytes of a broken row in which its end is looked for. Everything behind them belongs to it."""
_PIECE: Final = 2**16
_EXTENT: Final = json.JSONDecoder(strict=False, parse_int=str, parse_float=str)
"""Finds where a value ends. What it is worth is decided later."""
_LONGEST_TOKEN: Final = 16
"""Characters in which a literal or an escape may be cut off."""


def read_json(stream: io.BufferedIOBase | IO[bytes]) -> Iterator[Row]:
    """The rows of JSON lines, or of an array, in UTF-8 with or without a mark. Blank lines are skipped.

    Raises:
        InputError: It is not text, or one JSON document instead of lines.
    """
    number = line_number = 0
    broken: _BrokenRow | None = None
    while line := stream.readline(LONGEST_LINE + 1):
        line_number += 1
        if line_number == 1:
            refuse_other_files(line)
            line = line.removeprefix(codecs.BOM_UTF8)
        text = _checked_line(line, line_number)
        if not text:
            continue
        if broken is not None:
            if broken.takes(text, line_number):
                continue
            yield broken.row()
            broken = None
        number += 1
        if number == 1 and text.startswith(b"["):
            yield from _JsonArray(line, stream, line_number).rows()
            return
        if number == 1:
            _refuse_document(text, line_number)
        row = _read_json_line(text, number, line_number)
        if row.problems and _goes_on(text):
            broken = _BrokenRow(row, text)
        else:
            yield row
    if broken is not None:
        yield broken.row()


def _checked_line(line: bytes, number: int) -> bytes:
    if len(line) > LONGEST_LINE:
        raise InputError(f"Line {number} is longer than {LONGEST_LINE:,} bytes. Is there one row a line?")
    return line.strip()


def _refuse_document(text: bytes, line: int) -> None:
    """Refuse one object of several lines. Otherwise each of them would be listed as a bad row."""
    if text == b"{":
        raise InputError(
            f"Line {line}: this looks like one JSON document. JSON lines have one object in each line, and nothing "
            "around them; an array of objects is read too."
        )


class _JsonArray:
    """Splits a JSON array into its items, and holds one of them at a time. `start` is read already."""

    def __init__(self, start: bytes, stream: io.BufferedIOBase | IO[bytes], line: int) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._stream = stream
        self._line = line
        self._place = 0
        self._text = ""
        self._add(start)

    def rows(self) -> Iterator[Row]:
        """Its items as rows.

        Raises:
            InputError: It cannot be read any further.
        """
        self._take("[")
        number = 0
        while self._next_sign() != "]":
            if number:
                self._take(",")
                self._next_sign()
            number, line = number + 1, self._line
            yield _read_json(self._item(), number, line)
        self._place += 1
        if self._next_sign():
            raise InputError(f"Line {self._line}: something follows the array, which has to be all of the input.")

    def _next_sign(self) -> str:
        """Skip space, and return the character behind it; empty at the end."""
        while True:
            rest = self._text[self._place :].lstrip(" \t\r\n")
            behind = len(self._text) - len(rest)
            self._line += self._text.count("\n", self._place, behind)
            self._place = behind
            if rest or not self._read_more():
                return rest[:1]

    def _take(self, sign: str) -> None:
        if self._next_sign() != sign:
            raise InputError(f"Line {self._line}: {sign!r} is missing here. Is the array cut off?")
        self._place += 1

    def _item(self) -> str:
        while True:
            try:
                _, end = _EXTENT.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                cut = error.pos > len(self._text) - _LONGEST_TOKEN or error.msg.startswith("Unterminated")
                line = self._line + self._text.count("\n", self._place, error.pos)
                if not cut or not self._read_more():
                    fault = f"{error.msg[:1].lower()}{error.msg[1:]}"
                    raise InputError(f"Line {line}: the array cannot be read any further: {fault}.") from None
            except RecursionError:
                raise InputError(f"Line {self._line}: an item of the array nests too deep.") from None
            else:  # where the text ends, a number might go on; but a row is an object
                item = self._text[self._place : end]
                self._line, self._place = self._line + item.count("\n"), end
                return item

    def _read_more(self) -> bool:
        """Read as much again as there is; False at the end."""
        self._text, self._place = self._text[self._place :], 0
        if len(self._text) > LONGEST_LINE:
            raise InputError(f"Line {self._line}: an item of the array is longer than {LONGEST_LINE:,} characters.")
        data = self._stream.read(max(_PIECE, len(self._text)))
        self._add(data)
        return bool(data)

    def _add(self, data: bytes) -> None:
        try:
            self._text += self._decoder.decode(data, final=not data)
        except UnicodeDecodeError:
            raise InputError(f"After line {self._line} the array is not UTF-8.") from None


class _BrokenRow:
    """A row that does not end in its line. The lines that belong to it are no rows, even if they look like some."""

    def __init__(self, row: Row, text: bytes) -> None:
        self._row = row
        self._text: bytes | None = text
        self._last = row.line

    def takes(self, text: bytes, line: int) -> bool:
        """Whether the next line belongs to it, as far as anybody can tell."""
        if self._text is None:
            return False
        if len(self._text) <= _LONGEST_LOOK:
            whole = self._text + b"\n" + text
            goes_on = _goes_on(whole)
            if goes_on is None:
                return False
            self._text = whole if goes_on else None
        self._last = line
        return True

    def row(self) -> Row:
        """All of it as one bad row."""
        if self._last == self._row.line:
            return self._row
        message = f"lines {self._row.line} to {self._last} are one JSON value; a row is an object in one line."
        return Row.unreadable(self._row.number, self._row.line, message)


def _goes_on(text: bytes) -> bool | None:
    """Whether JSON breaks off at the end of a text; None when it is broken before that, and False when it is whole."""
    document = text.decode(errors="replace")
    try:
        json.JSONDecoder(strict=False).decode(document)
    except json.JSONDecodeError as error:
        return True if error.pos >= len(document) or error.msg.startswith("Unterminated string") else None
    except (ValueError, RecursionError):
        return None
    return False


def _read_json_line(data: bytes, number: int, line: int) -> Row:
    try:
        return _read_json(data.decode(), number, line, " in one line")
    except UnicodeDecodeError as error:
        return Row.unreadable(number, line, f"byte {error.start + 1} ({error.object[error.start]:#04x}) is not UTF-8.")


def _read_json(text: str, number: int, line: int, where: str = "") -> Row:
    try:
        value: Any = parse_json(text)
    except JsonError as error:
        return Row.unreadable(number, line, f"this is not a JSON object{where}: {error}.")
    if not is_object(value):
        kind = "an array" if is_array(value) else "a single value"
        return Row.unreadable(number, line, f"this is {kind}; a row is an object with the fields of a request.")
    return Row(number, line, {name: item for name, item in value.items() if item is not None})
