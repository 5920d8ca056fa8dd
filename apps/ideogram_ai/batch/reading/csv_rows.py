"""Reads CSV: a header, and rows in UTF-8 with commas, semicolons or tabs."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from .row import InputError, Row
from .source import lines_of

if TYPE_CHECKING:
    import io
    from collections.abc import Iterable, Iterator, Set

_DELIMITERS: Final = (",", ";", "\t")


def read_csv(stream: io.BufferedIOBase, known: Set[str]) -> Iterator[Row]:
    """The rows of CSV, every value as text. Empty cells are left out, and lines without any are passed over.

    Args:
        stream: The bytes.
        known: Names of columns that may be there, to tell the delimiter by.

    Raises:
        InputError: It is no text, or has no header that could be used.
    """
    text = _Text(lines_of(stream))
    head = next(text, None)
    if head is None or not head.strip():
        raise InputError("The CSV file has no header in its first line: it names the columns, text_prompt say.")
    if text.damage:
        raise InputError(f"The header is not UTF-8: {text.damage}. Save the file as CSV in UTF-8.")
    delimiter = max(_DELIMITERS, key=lambda mark: len(known & set(_split(head, mark))))  # the first of the best
    names = _split(head, delimiter)
    _check_header(names)
    yield from _rows(text, names, delimiter)


def _rows(text: _Text, names: list[str], delimiter: str) -> Iterator[Row]:
    rows = csv.reader(text, delimiter=delimiter, strict=True)
    number = 0
    while True:
        line, text.damage = text.number + 1, None
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            number += 1
            yield Row.unreadable(number, line, _explain(error, line, text.number))
            continue
        if not any(cells):
            continue
        number += 1
        if text.damage:
            yield Row.unreadable(number, line, f"{text.damage}. Save the file as CSV in UTF-8.")
        elif len(cells) != len(names):
            yield Row.unreadable(
                number, line, f"it has {_count(cells)}, and the header has {len(names)}. Is a comma in no quotes?"
            )
        else:
            yield Row(number, line, {name: cell for name, cell in zip(names, cells, strict=True) if cell})


class _Text:
    """The lines as text, counted, with what is not UTF-8 in them."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self.number = 0
        self.damage: str | None = None

    def __iter__(self) -> _Text:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.number += 1
        try:
            return line.decode()
        except UnicodeDecodeError as error:
            self.damage = f"line {self.number}, byte {error.start + 1} ({line[error.start]:#04x}) is no UTF-8"
            return line.decode(errors="replace")


def _split(head: str, delimiter: str) -> list[str]:
    try:
        return [name.strip() for name in next(csv.reader([head], delimiter=delimiter, strict=True))]
    except csv.Error as error:
        raise InputError(f"The header cannot be read: {error}. Each column's name stands in the first line.") from None


def _check_header(names: list[str]) -> None:
    for place, name in enumerate(names, start=1):
        if not name:
            raise InputError(f"The header has no name for column {place}. Name it, or remove the column.")
        if name in names[: place - 1]:
            raise InputError(f"The header has {name!r} twice. Keep one of the columns.")


def _explain(error: csv.Error, first: int, last: int) -> str:
    cure = "Is a quote not closed, or not doubled inside a quoted cell?"
    if "new-line character" in str(error):
        cure = "Its lines end in CR alone, as on very old machines; save it with other line ends."
    where = f"lines {first} to {last} cannot be read" if last > first else "it cannot be read"
    return f"{where}: {error}. {cure}"


def _count(cells: list[str]) -> str:
    return f"{len(cells)} cell{'s'[: len(cells) != 1]}"
