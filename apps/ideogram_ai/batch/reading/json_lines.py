"""Reads JSON lines: one object a line, in UTF-8."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object

from .row import InputError, Row
from .source import lines_of
from .strict_json import NoJsonError, parse_json

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator

_LONGEST_LOOK: Final = 2**16
"""Bytes of a broken row in which its end is looked for. Behind them, all that follows counts as a part of it."""


def read_json_lines(stream: io.BufferedIOBase) -> Iterator[Row]:
    """The rows of JSON lines. Blank lines are passed over.

    Raises:
        InputError: It is no text, or one JSON document and no lines.
    """
    number = 0
    broken: _Broken | None = None
    for line_number, line in enumerate(lines_of(stream), start=1):
        text = line.strip()
        if not text:
            continue
        if broken is not None:
            if broken.takes(text, line_number):
                continue
            yield broken.row()
            broken = None
        number += 1
        if number == 1:
            _refuse_documents(text, line_number)
        row = _read_line(text, number, line_number)
        if row.problems and _goes_on(text):
            broken = _Broken(row, text)
        else:
            yield row
    if broken is not None:
        yield broken.row()


class _Broken:
    """A row that does not end in its line: what belongs to it is no row of its own, although it may look like one.

    Args:
        row: The row, as far as its first line has it.
        text: That line.
    """

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


def _read_line(data: bytes, number: int, line: int) -> Row:
    try:
        value: Any = parse_json(data.decode())
    except UnicodeDecodeError as error:
        return Row.unreadable(number, line, f"byte {error.start + 1} ({error.object[error.start]:#04x}) is no UTF-8.")
    except NoJsonError as error:
        return Row.unreadable(number, line, f"this is no JSON object in one line: {error}.")
    if not is_object(value):
        kind = "an array" if is_array(value) else "a single value"
        return Row.unreadable(number, line, f"this is {kind}; a row is an object with the fields of a request.")
    return Row(number, line, {name: item for name, item in value.items() if item is not None})


def _refuse_documents(text: bytes, line: int) -> None:
    """Tell the first line of a JSON document from a row, or every line of it would be listed."""
    if text in {b"[", b"{"} or text.startswith((b"[{", b"[ {")):
        raise InputError(
            f"Line {line}: this looks like one JSON document. JSON lines have one object in each line, and nothing "
            "around them; `jq -c '.[]'` makes them of an array."
        )
