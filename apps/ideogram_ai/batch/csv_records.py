"""Splits CSV into records: rows of cells, over several lines where a cell has line ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from attrs import define, field, frozen

from .model import InputError

if TYPE_CHECKING:
    import io
    from collections.abc import Sequence

LONGEST_LINE: Final = 16 * 2**20
"""Bytes of a line. A longer one is not a row but a file of another kind, which would fill the memory."""
LONGEST_CELL: Final = 16 * 2**20
"""Characters of a quoted cell. A longer one is not a prompt: its quote was never closed."""
_NULLS: Final = frozenset({"NULL", r"\N", "NA"})
"""How databases and R write a missing value, without quotes."""
_ESCAPES: Final = {r"\n": "\n", r"\t": "\t", r"\r": "\r"}
_DAMAGE: Final = re.compile("[\0\r\n\udc80-\udcff]")
_ESCAPED: Final = re.compile(r"\\.", re.DOTALL)
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
_ESCAPED_LETTERS: Final = re.compile(r"\\[nt\\]")


@frozen
class Dialect:
    """How a CSV file is written.

    Attributes:
        line_end: What ends a line, in quotes and outside: LF (with or without CR before it) or CR.
        quotes: Whether quotes enclose cells; otherwise they are text.
        backslashes: Whether a backslash escapes the next character.
        skipped: Lines before the header.
    """

    encoding: str = "utf-8-sig"
    line_end: str = "\n"
    delimiter: str = ","
    quotes: bool = True
    backslashes: bool = False
    skipped: int = 0


@define
class CsvRecord:
    """The cells of a row, from the line `line` to the line `last`.

    `fault` is why it cannot be read. `stray` says that a cell without quotes around it has an odd number of quotes.
    """

    line: int
    last: int
    cells: list[str] = field(factory=list[str])
    fault: str | None = None
    stray: bool = False

    def fit(self, names: Sequence[str]) -> list[str]:
        """The cells without empty ones after the last column: some programs end each line in a delimiter."""
        count = len(self.cells)
        while count > len(names) and not self.cells[count - 1]:
            count -= 1
        return self.cells[:count]


class _BrokenQuoteError(Exception):
    """A quote neither ends a cell nor stands for itself."""


class RecordReader(Iterator[CsvRecord]):
    """Splits CSV into records, without empty lines, and notes what shows how the file is written.

    Attributes:
        number: The last line that was read.
        has_quoted: Whether a cell stood in quotes.
        has_backslashes: Whether there was one.
        has_nulls: Whether a cell was the null of backslash dialects.
        letters: The first line with a backslash that may stand for a line end or a tab.
        not_utf8: The first line that is not UTF-8, and what to say about it.
        has_unicode: Whether a line has characters beyond ASCII that are UTF-8.
    """

    def __init__(self, text: io.TextIOBase, dialect: Dialect) -> None:
        mark = dialect.delimiter
        self._lines = _lines(text, dialect)
        self._mark = mark
        self._quotes = dialect.quotes
        self._backslashes = dialect.backslashes
        # What ends a cell is a match of one character; longer ones stand for others.
        self._ends_quoted = re.compile(r'""|\\.|"' if dialect.backslashes else '""|"', re.DOTALL)
        ends = rf"\\.|\\\Z|{re.escape(mark)}" if dialect.backslashes else re.escape(mark)
        self._ends_plain = re.compile(ends, re.DOTALL)
        self._meanings = {'""': '"', r"\0": "\0"} | {f"\\{sign}": sign for sign in ('"', "\\", mark, "\r", "\n")}
        if mark == "\t":
            self._meanings |= _ESCAPES
        self._text = ""
        self._place: int = 0
        self._stray = False
        self.number = dialect.skipped
        self.has_quoted = False
        self.has_backslashes = False
        self.has_nulls = False
        self.letters: int | None = None
        self.not_utf8: tuple[int, str] | None = None
        self.has_unicode = False

    def __next__(self) -> CsvRecord:
        while True:
            line = self._next_line()
            if line is None:
                raise StopIteration
            body = line.rstrip("\r\n")
            if body:
                return self._record(line, body)

    def skip_all(self) -> int:
        """Skip to the end, because nobody can tell which lines belong to a broken row, and return the last line."""
        while self._next_line() is not None:
            pass
        return self.number

    def _record(self, line: str, body: str) -> CsvRecord:
        if (self._quotes and '"' in body) or (self._backslashes and "\\" in body):
            record = self._split(line)
        else:
            record = CsvRecord(self.number, self.number, [_without_null(cell) for cell in body.split(self._mark)])
        if "\\" in body:
            self._note_backslashes(body)
        if record.fault is None:
            record.fault = self._damage(record, body)
        return record

    def _split(self, line: str) -> CsvRecord:
        self._text, self._place, self._stray = line, 0, False
        first, cells = self.number, list[str]()
        try:
            while True:
                quoted = self._quotes and self._text.startswith('"', self._place)
                cells.append(self._quoted_cell() if quoted else self._plain_cell(len(cells) + 1))
                if self._place >= _end(self._text):
                    return CsvRecord(first, self.number, cells, stray=self._stray)
                self._place += 1
        except _BrokenQuoteError as error:
            self.skip_all()
            return CsvRecord(first, self.number, cells, fault=f"{error}")

    def _quoted_cell(self) -> str:
        """The cell whose opening quote is at the place; the place moves behind its closing quote."""
        self.has_quoted = True
        self._place += 1
        raw = self._up_to_end(self._ends_quoted, len(self._text))
        parts, size = [raw], len(raw)
        while self._place >= len(self._text):
            line = self._next_line()
            if line is None:
                raise _BrokenQuoteError("unexpected end of data")
            self._text, self._place = line, 0
            parts.append(self._up_to_end(self._ends_quoted, len(line)))
            size += len(parts[-1])
            if size > LONGEST_CELL:
                raise _BrokenQuoteError(f"a quoted cell has more than {LONGEST_CELL:,} characters")
        self._place += 1
        behind = self._place
        while self._text.startswith(" ", behind):
            behind += 1
        if behind < _end(self._text) and not self._text.startswith(self._mark, behind):
            where = f"in line {self.number} at character {self._place + 1}"
            raise _BrokenQuoteError(f"{self._mark!r} expected after '\"', {where}")
        self._place = behind
        return self._read(self._ends_quoted, "".join(parts))

    def _plain_cell(self, number: int) -> str:
        """The cell without quotes that begins at the place; the place moves behind it."""
        raw = self._up_to_end(self._ends_plain, _end(self._text))
        while self._text.startswith("\\", self._place):  # it escapes the end of the line
            raw += self._text[self._place :]
            self._text, self._place = self._next_line() or "", 0
            raw += self._up_to_end(self._ends_plain, _end(self._text))
        if self._quotes and raw.lstrip(" ").startswith('"'):
            raise _BrokenQuoteError(
                f"in line {self.number} a space is before the quote of cell {number}; remove the space"
            )
        if self._quotes and raw.count('"') % 2:
            self._stray = True
        return "" if raw in _NULLS else self._read(self._ends_plain, raw)

    def _up_to_end(self, ends: re.Pattern[str], stop: int) -> str:
        """What is written before the end of a cell, or of what is there of it. The place moves there."""
        begin = self._place
        found = (match.start() for match in ends.finditer(self._text, begin, stop) if len(match[0]) == 1)
        self._place = next(found, stop)
        return self._text[begin : self._place]

    def _read(self, ends: re.Pattern[str], raw: str) -> str:
        """What a cell is, by how it is written."""
        return ends.sub(lambda match: self._meanings.get(match[0], match[0]), raw)

    def _next_line(self) -> str | None:
        line = next(self._lines, None)
        if line is not None:
            self.number += 1
        return line

    def _note_backslashes(self, body: str) -> None:
        self.has_backslashes = True
        for cell in body.split(self._mark):
            self.has_nulls |= cell == r"\N"
            json = cell.lstrip(' "').startswith(("{", "["))
            if self.letters is None and not json and _ESCAPED_LETTERS.search(cell):
                self.letters = self.number

    def _damage(self, record: CsvRecord, body: str) -> str | None:
        """Characters that no program writes on purpose, so that the row cannot be trusted."""
        one_line = record.line == record.last
        if not self.has_unicode and not body.isascii() and not _NOT_UTF8.search(body):
            self.has_unicode = True
        if one_line and not self._backslashes:
            if (len(body) - len(body.rstrip("\\"))) % 2:
                return "it ends in a backslash, as some programs write a line end inside of a cell; quote the cell"
            if not _DAMAGE.search(body):
                return None
        for number, cell in enumerate(record.cells, start=1):
            if "\0" in cell:
                return f"cell {number} holds a NUL: the file is damaged, or is not CSV"
            half = _NOT_UTF8.search(cell)
            if half:
                fault = _explain_encoding(cell, half.start(), number)
                self.not_utf8 = self.not_utf8 or (record.line, fault)
                return fault
        outside = "".join((_ESCAPED.sub("", body) if self._backslashes else body).split('"')[::2])
        if one_line and ("\r" in outside or "\n" in outside):
            other = "carriage return" if "\r" in outside else "line feed"
            return f"a {other} is outside quotes; give all lines the same end, and quote the cell"
        return None


def _lines(text: io.TextIOBase, dialect: Dialect) -> Iterator[str]:
    number = 0
    try:
        while line := text.readline(LONGEST_LINE + 1):
            number += 1
            if len(line) > LONGEST_LINE:
                raise InputError(f"Line {number} is longer than {LONGEST_LINE:,} characters. Is there one row a line?")
            if number > dialect.skipped:
                yield line
    except UnicodeError as error:
        raise InputError(
            f"After line {number} the file is not in {dialect.encoding}: {error}. Save it as CSV in UTF-8, or name "
            "its encoding, for example --csv encoding=cp1252."
        ) from None


def _explain_encoding(cell: str, place: int, number: int) -> str:
    data = cell.encode("utf-8", "surrogateescape")
    start = len(cell[:place].encode("utf-8", "surrogateescape"))
    guess = data[max(0, start - 20) : start + 20].decode("cp1252", "replace").strip()
    return (
        f"cell {number}, byte {start + 1} ({data[start]:#04x}) is not UTF-8. Save the file as CSV in UTF-8. If the "
        f'cell should be "{guess}", the file is in Windows-1252: use --csv encoding=cp1252'
    )


def _end(text: str) -> int:
    """The place of a line's end."""
    return len(text.rstrip("\r\n"))


def _without_null(cell: str) -> str:
    return "" if cell in _NULLS else cell
