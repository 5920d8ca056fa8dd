"""Reads JSON lines: one object a line, in UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ideogram_ai.client.json_types import is_array, is_object

from .row import InputError, Row
from .source import lines_of
from .strict_json import NoJsonError, parse_json

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator


def read_json_lines(stream: io.BufferedIOBase) -> Iterator[Row]:
    """The rows of JSON lines. Blank lines are passed over.

    Raises:
        InputError: It is no text, or one JSON document and no lines.
    """
    number = 0
    for line_number, line in enumerate(lines_of(stream), start=1):
        text = line.strip()
        if not text:
            continue
        number += 1
        if number == 1:
            _refuse_documents(text, line_number)
        yield _read_line(text, number, line_number)


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
