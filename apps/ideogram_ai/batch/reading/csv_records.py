"""Splits CSV into records. Quotes, escapes and line ends are as a dialect has them; the rest is an explained fault."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from typing import Final

from attrs import define, field, frozen

LONGEST_CELL: Final = 16 * 2**20
"""Characters of a quoted cell. One that is longer is no prompt: its quote was never closed."""

_NULLS: Final = frozenset({"NULL", r"\N", "NA"})
"""How databases and R write, without quotes, that there is no value."""
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r"}
_DAMAGE: Final = re.compile("[\0\r\udc80-\udcff]")
_NO_UTF8: Final = re.compile("[\udc80-\udcff]")
_LETTERS: Final = re.compile(r"\\[nt\\]")


@frozen
class Dialect:
    """How a CSV file is written.

    Attributes:
        encoding: Python's name of it.
        line_end: What ends a line, in quotes and outside: LF (with or without CR before it) or CR.
        delimiter: What stands between two cells.
        quotes: Whether quotes enclose cells. Where they do not, they are text.
        backslashes: Whether a backslash takes the meaning from the character behind it.
        skipped: Lines before the header.
    """

    encoding: str = "utf-8-sig"
    line_end: str = "\n"
    delimiter: str = ","
    quotes: bool = True
    backslashes: bool = False
    skipped: int = 0


@define
class Record:
    """A record: the cells of one row.

    Attributes:
        line: The line that it begins in, from 1.
        last: The line that it ends in.
        cells: Its cells; what is null is empty.
        fault: Why it cannot be read; None when it can.
        stray: Whether a cell without quotes around it has an odd number of quotes inside.
    """

    line: int
    last: int
    cells: list[str] = field(factory=list[str])
    fault: str | None = None
    stray: bool = False


class _BrokenQuoteError(Exception):
    """A quote that neither ends a cell nor stands for itself."""


class Records(Iterator[Record]):
    """The records of CSV, empty lines left out.

    Args:
        lines: The lines with their ends.
        dialect: How they are written.
    """

    def __init__(self, lines: Iterator[str], dialect: Dialect) -> None:
        self._lines = lines
        self._mark = dialect.delimiter
        self._quotes = dialect.quotes
        self._backslashes = dialect.backslashes
        self._special = re.compile(r'["\\]' if dialect.backslashes else '"')
        self._stops = re.compile(rf"[\\{re.escape(self._mark)}]")
        self._text = ""
        self._place: int = 0
        self._stray = False
        self.has_quoted = False
        """Whether a cell stood in quotes."""
        self.number = dialect.skipped
        """The last line that was read."""
        self.has_nulls = False
        """Whether a cell was the null of backslash dialects."""
        self.letters: int | None = None
        """The first line with a backslash that may stand for a line end or a tab, with a letter behind it."""
        self.foreign: tuple[int, str] | None = None
        """The first line that is no UTF-8, and what to say of it."""
        self.has_unicode = False
        """Whether a line has characters beyond ASCII that are UTF-8."""
        self.has_backslashes = False
        """Whether there was a backslash at all."""

    def __next__(self) -> Record:
        while True:
            line = self._next_line()
            if line is None:
                raise StopIteration
            body = line.rstrip("\r\n")
            if body:
                return self._record(line, body)

    def skip_all(self) -> int:
        """Go to the end, where nobody can tell which lines belong to a broken row, and return the last line."""
        while self._next_line() is not None:
            pass
        return self.number

    def _record(self, line: str, body: str) -> Record:
        first = self.number
        backslash = "\\" in body
        if not backslash and (not self._quotes or '"' not in body):
            record = Record(first, first, [_unless_null(cell) for cell in body.split(self._mark)])
        else:
            cells = None if backslash else self._read_quickly(line)
            record = self._read_carefully(line, first) if cells is None else Record(first, first, cells)
        if backslash:
            self._note_backslashes(body)
        if record.fault is None:
            record.fault = self._damage(record, body)
        return record

    def _read_quickly(self, line: str) -> list[str] | None:
        """The cells of a plain line with quotes around some; None where each character has to be looked at."""
        try:
            cells: list[str] = next(csv.reader((line,), delimiter=self._mark, strict=True))
        except csv.Error:  # it goes on in the next line, is long, or has a fault
            return None
        if any('"' in cell or cell in _NULLS for cell in cells):
            return None
        self.has_quoted = True
        return cells

    def _read_carefully(self, line: str, first: int) -> Record:
        self._text, self._place, self._stray = line, 0, False
        cells: list[str] = []
        try:
            while True:
                quoted = self._quotes and self._text.startswith('"', self._place)
                cells.append(self._quoted_cell() if quoted else self._plain_cell(len(cells) + 1))
                if self._place >= _end(self._text):
                    return Record(first, self.number, cells, stray=self._stray)
                self._place += 1
        except _BrokenQuoteError as error:
            self.skip_all()
            return Record(first, self.number, cells, fault=f"{error}")

    def _quoted_cell(self) -> str:
        """The cell whose opening quote the place is at; afterwards the place is behind its closing quote."""
        self.has_quoted = True
        self._place += 1
        parts: list[str] = []
        size = 0
        while True:
            special = self._special.search(self._text, self._place)
            stop = len(self._text) if special is None else special.start()
            parts.append(self._text[self._place : stop])
            size += stop - self._place
            if size > LONGEST_CELL:
                raise _BrokenQuoteError(f"a quoted cell has more than {LONGEST_CELL:,} characters")
            self._place = stop + 1
            if special is None:
                line = self._next_line()
                if line is None:
                    raise _BrokenQuoteError("unexpected end of data")
                self._text, self._place = line, 0
            elif special.group() == "\\":
                parts.append(self._escaped())
            elif self._text.startswith('"', self._place):
                parts.append('"')
                self._place += 1
            else:
                self._close_quote()
                return "".join(parts)

    def _close_quote(self) -> None:
        place = self._place
        while self._text.startswith(" ", place):
            place += 1
        if place < _end(self._text) and not self._text.startswith(self._mark, place):
            raise _BrokenQuoteError(
                f"{self._mark!r} expected after '\"', in line {self.number} at character {self._place + 1}"
            )
        self._place = place

    def _plain_cell(self, number: int) -> str:
        """The cell without quotes around it that begins at the place; afterwards the place is behind it."""
        begin = self._place
        if not self._backslashes:
            stop = self._text.find(self._mark, begin)
            self._place = _end(self._text) if stop < 0 else stop
            cell = raw = self._text[begin : self._place]
        else:
            cell, raw = self._escaped_cell()
        if self._quotes and raw.lstrip(" ").startswith('"'):
            raise _BrokenQuoteError(
                f"in line {self.number} a space stands before the quote of cell {number}; remove the space"
            )
        if self._quotes and raw.count('"') % 2:
            self._stray = True
        return _unless_null(cell) if raw in {cell, r"\N"} else cell

    def _escaped_cell(self) -> tuple[str, str]:
        """A cell in which backslashes have a meaning: its text, and how it is written."""
        parts: list[str] = []
        raw: list[str] = []
        begin = self._place
        while True:
            end = _end(self._text)
            found = self._stops.search(self._text, begin, end)
            stop = end if found is None else found.start()
            parts.append(self._text[begin:stop])
            raw.append(self._text[begin:stop])
            if stop >= end or self._text[stop] != "\\":
                self._place = stop
                text = "".join(raw)
                return (text if text == r"\N" else "".join(parts)), text
            self._place = stop + 1
            character = self._text[self._place : self._place + 1]
            parts.append(self._escaped())
            raw.append(f"\\{character}")
            begin = self._place

    def _escaped(self) -> str:
        """What a backslash and the character behind it stand for; the place is at that character."""
        character = self._text[self._place : self._place + 1]
        if character and self._place >= _end(self._text):
            line_end = self._text[self._place :]
            self._text, self._place = self._next_line() or "", 0
            return line_end
        self._place += 1
        if character in {'"', "\\", self._mark}:
            return character
        if character == "0":
            return "\0"
        if self._mark == "\t" and character in _ESCAPED:
            return _ESCAPED[character]
        return f"\\{character}"

    def _next_line(self) -> str | None:
        line = next(self._lines, None)
        if line is not None:
            self.number += 1
        return line

    def _note_backslashes(self, body: str) -> None:
        self.has_backslashes = True
        for cell in body.split(self._mark):
            self.has_nulls |= cell == r"\N"
            if self.letters is None and not cell.lstrip(' "').startswith(("{", "[")) and _LETTERS.search(cell):
                self.letters = self.number

    def _damage(self, record: Record, body: str) -> str | None:
        """What must not stand in a record, because nobody can tell what it was meant to be."""
        one_line = record.line == record.last
        if not self.has_unicode and not body.isascii() and not _NO_UTF8.search(body):
            self.has_unicode = True
        if one_line and not self._backslashes:
            if (len(body) - len(body.rstrip("\\"))) % 2:
                return "it ends in a backslash, as some programs write a line end inside of a cell; quote the cell"
            if not _DAMAGE.search(body):
                return None
        for number, cell in enumerate(record.cells, start=1):
            if "\0" in cell:
                return f"cell {number} holds a NUL: the file is damaged, or is no CSV"
            half = _NO_UTF8.search(cell)
            if half:
                fault = _explain_encoding(cell, half.start(), number)
                self.foreign = self.foreign or (record.line, fault)
                return fault
        if one_line and "\r" in "".join(body.split('"')[::2]):
            return "a carriage return stands outside of quotes; give all lines the same end, and quote the cell"
        return None


def _explain_encoding(cell: str, place: int, number: int) -> str:
    data = cell.encode("utf-8", "surrogateescape")
    start = len(cell[:place].encode("utf-8", "surrogateescape"))
    guess = data[max(0, start - 20) : start + 20].decode("cp1252", "replace").strip()
    return (
        f"cell {number}, byte {start + 1} ({data[start]:#04x}) is no UTF-8. Save the file as CSV in UTF-8; or if it is "
        f'in Windows-1252 it reads "{guess}" there: say so with --csv encoding=cp1252'
    )


def _end(text: str) -> int:
    """Where the line end of a line begins."""
    return len(text.rstrip("\r\n"))


def _unless_null(cell: str) -> str:
    return "" if cell in _NULLS else cell
