"""Reads CSV as spreadsheets, statistics programs and databases write it: a header, and rows below it."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, Self

from attrs import define, evolve, field, frozen

from .model import Header, InputError, Row

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence, Set

LONGEST_LINE: Final = 16 * 2**20
"""Bytes of a line. A longer one is not a row but a file of another kind, which would fill the memory."""
LONGEST_CELL: Final = 16 * 2**20
"""Characters of a quoted cell. A longer one is not a prompt: its quote was never closed."""
GZIP: Final = b"\x1f\x8b"
_OTHER_FILES: Final = {
    codecs.BOM_UTF16_LE: "text in UTF-16; save it as UTF-8",
    codecs.BOM_UTF16_BE: "text in UTF-16; save it as UTF-8",
    b"PK\x03\x04": "a ZIP file or a workbook; if it is a workbook, say that its format is xlsx",
    b"PAR1": "a Parquet file; say that its format is parquet",
    GZIP: "packed with gzip twice; unpack it once",
}
_DELIMITERS: Final = (",", ";", "\t", "|")
_UTF16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_HEAD: Final = 2**16
"""Bytes in which the encoding and the line ends are looked for."""
_NULLS: Final = frozenset({"NULL", r"\N", "NA"})
"""How databases and R write a missing value, without quotes."""
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_DAMAGE: Final = re.compile("[\0\r\udc80-\udcff]")
_NOT_UTF8: Final = re.compile("[\udc80-\udcff]")
_ESCAPED_LETTERS: Final = re.compile(r"\\[nt\\]")
_FIRST_LINE_END: Final = re.compile(r'(?:"(?:[^"]|"")*"|[^"\r\n])*?(\r\n|\r|\n)')
_EXCEL_HINT: Final = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)', re.IGNORECASE)


def refuse_other_files(start: bytes) -> None:
    """Raise InputError for the first bytes of a file that is not text."""
    for magic, what in _OTHER_FILES.items():
        if start.startswith(magic):
            raise InputError(f"The input is {what}.")


def refuse_missing(renamed: Iterable[str], headings: Iterable[str]) -> None:
    """Raise InputError for a column that is to be renamed and not in the input. No headings: they are not known."""
    there = list(headings)
    for name in renamed:
        if name not in there:
            known = f" It has {', '.join(map(repr, there))}." if there else ""
            raise InputError(f"The input has no column {name!r} to be renamed.{known}")


@frozen
class CsvOptions:
    """How a CSV file is written; None is detected.

    Attributes:
        encoding: Its encoding, by a name that Python knows.
        delimiter: The character between two cells.
        quotes: Whether quotes enclose cells.
        backslashes: Whether a backslash escapes the next character.
        sheet: Of a workbook, the sheet that is read.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quotes: bool | None = None
    backslashes: bool | None = None
    sheet: str | None = None

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Self:
        """Read settings by name: encoding, delimiter, quotes, backslashes and sheet. Two of them are `yes` or `no`.

        Raises:
            InputError: A name or a value is invalid.
        """
        values: dict[str, Any] = dict(settings)
        for name, value in settings.items():
            if name in {"quotes", "backslashes"}:
                if value not in {"yes", "no"}:
                    raise InputError(f"{name}={value}: write {name}=yes or {name}=no.")
                values[name] = value == "yes"
            elif name == "delimiter":
                values[name] = "\t" if value == "tab" else value
                if len(values[name]) != 1 or value in '"\\\r\n ':
                    raise InputError(f"delimiter={value}: give one character, or tab.")
            elif name not in {"encoding", "sheet"}:
                raise InputError(f"{name}: the settings are encoding, delimiter, quotes, backslashes and sheet.")
        try:
            codecs.lookup(settings.get("encoding", "utf-8"))
        except LookupError:
            message = f"encoding={settings['encoding']}: there is no such encoding; cp1252, for example, is one."
            raise InputError(message) from None
        return cls(**values)


def read_csv(
    stream: io.BufferedIOBase | IO[bytes],
    known: Set[str],
    *,
    renamed: Mapping[str, str] | None = None,
    options: CsvOptions = CsvOptions(),
) -> Iterator[Row]:
    """The rows of CSV, every value as text, without empty cells and empty lines.

    The file is read twice, because its end may show how it is written.

    Args:
        stream: The bytes, at their beginning; it is wound back.
        known: Names of possible columns, by which the delimiter is detected.
        renamed: Names of columns by heading.
        options: What is known of how it is written.

    Raises:
        InputError: It is not text, has no usable header, or can be read in two ways.
    """
    file = _File(stream, known, renamed or {}, options)
    survey = file.choose()
    survey.check()
    names = survey.names
    header = Header(survey.dialect.skipped + 1, tuple(name for name in names if name))
    number = 0
    with file.records(survey.dialect) as records:
        next(records)
        for record in records:
            cells = _fit(record.cells, names)
            if record.fault is None and not any(cell.strip() for cell in cells):
                continue
            number += 1
            if record.fault is not None:
                message = _explain(record.fault, record.line, record.last)
            elif record.stray and len(cells) != len(names):
                fault = f"a quote is inside a cell without quotes around it, and the row has {_count(cells)}"
                message = _explain(fault, record.line, records.skip_all())
            elif len(cells) != len(names):
                mark = _name_of(survey.dialect.delimiter)
                message = f"it has {_count(cells)}, and the header has {len(names)}. Is {mark} in no quotes?"
            else:
                values = {name: cell for name, cell in zip(names, cells, strict=True) if cell and name}
                yield Row(number, record.line, values, header=header)
                continue
            yield Row.unreadable(number, record.line, message, header)


@frozen
class Dialect:
    """How a CSV file is written.

    Attributes:
        encoding: Python's name of it.
        line_end: What ends a line, in quotes and outside: LF (with or without CR before it) or CR.
        delimiter: The character between two cells.
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
class _Record:
    """The cells of a row, from the line `line` to the line `last`.

    `fault` is why it cannot be read. `stray` says that a cell without quotes around it has an odd number of quotes.
    """

    line: int
    last: int
    cells: list[str] = field(factory=list[str])
    fault: str | None = None
    stray: bool = False


class _BrokenQuoteError(Exception):
    """A quote neither ends a cell nor stands for itself."""


class _Records(Iterator[_Record]):
    """Splits CSV into records, without empty lines, and notes what shows how the file is written."""

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
        self.number = dialect.skipped  # the last line that was read
        self.has_quoted = False  # whether a cell stood in quotes
        self.has_backslashes = False
        self.has_nulls = False  # whether a cell was the null of backslash dialects
        self.letters: int | None = None  # the first line with a backslash that may stand for a line end or a tab
        self.not_utf8: tuple[int, str] | None = None  # the first line that is not UTF-8, and what to say about it
        self.has_unicode = False  # whether a line has characters beyond ASCII that are UTF-8

    def __next__(self) -> _Record:
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

    def _record(self, line: str, body: str) -> _Record:
        first = self.number
        backslash = "\\" in body
        if not backslash and (not self._quotes or '"' not in body):
            record = _Record(first, first, [_without_null(cell) for cell in body.split(self._mark)])
        else:
            cells = None if backslash else self._read_quickly(line)
            record = self._read_carefully(line, first) if cells is None else _Record(first, first, cells)
        if backslash:
            self._note_backslashes(body)
        if record.fault is None:
            record.fault = self._damage(record, body)
        return record

    def _read_quickly(self, line: str) -> list[str] | None:
        """The cells of a plain line with some quotes; None where each character has to be checked."""
        try:
            cells: list[str] = next(csv.reader((line,), delimiter=self._mark, strict=True))
        except csv.Error:  # it continues in the next line, is long, or has a fault
            return None
        if any('"' in cell or cell in _NULLS for cell in cells):
            return None
        self.has_quoted = True
        return cells

    def _read_carefully(self, line: str, first: int) -> _Record:
        self._text, self._place, self._stray = line, 0, False
        cells: list[str] = []
        try:
            while True:
                quoted = self._quotes and self._text.startswith('"', self._place)
                cells.append(self._quoted_cell() if quoted else self._plain_cell(len(cells) + 1))
                if self._place >= _end(self._text):
                    return _Record(first, self.number, cells, stray=self._stray)
                self._place += 1
        except _BrokenQuoteError as error:
            self.skip_all()
            return _Record(first, self.number, cells, fault=f"{error}")

    def _quoted_cell(self) -> str:
        """The cell whose opening quote is at the place; the place moves behind its closing quote."""
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
                place = self._place
                while self._text.startswith(" ", place):
                    place += 1
                if place < _end(self._text) and not self._text.startswith(self._mark, place):
                    where = f"in line {self.number} at character {self._place + 1}"
                    raise _BrokenQuoteError(f"{self._mark!r} expected after '\"', {where}")
                self._place = place
                return "".join(parts)

    def _plain_cell(self, number: int) -> str:
        """The cell without quotes that begins at the place; the place moves behind it."""
        if not self._backslashes:
            begin, stop = self._place, self._text.find(self._mark, self._place)
            self._place = _end(self._text) if stop < 0 else stop
            cell = raw = self._text[begin : self._place]
        else:
            cell, raw = self._escaped_cell()
        if self._quotes and raw.lstrip(" ").startswith('"'):
            raise _BrokenQuoteError(
                f"in line {self.number} a space is before the quote of cell {number}; remove the space"
            )
        if self._quotes and raw.count('"') % 2:
            self._stray = True
        return _without_null(cell) if raw in {cell, r"\N"} else cell

    def _escaped_cell(self) -> tuple[str, str]:
        """A cell with escapes: its text, and how it is written."""
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
        """What a backslash and the character at the place stand for."""
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
        if self._mark == "\t" and character in _ESCAPES:
            return _ESCAPES[character]
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
            json = cell.lstrip(' "').startswith(("{", "["))
            if self.letters is None and not json and _ESCAPED_LETTERS.search(cell):
                self.letters = self.number

    def _damage(self, record: _Record, body: str) -> str | None:
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
        if one_line and "\r" in "".join(body.split('"')[::2]):
            return "a carriage return is outside quotes; give all lines the same end, and quote the cell"
        return None


def _explain_encoding(cell: str, place: int, number: int) -> str:
    data = cell.encode("utf-8", "surrogateescape")
    start = len(cell[:place].encode("utf-8", "surrogateescape"))
    guess = data[max(0, start - 20) : start + 20].decode("cp1252", "replace").strip()
    return (
        f"cell {number}, byte {start + 1} ({data[start]:#04x}) is not UTF-8. Save the file as CSV in UTF-8. Or if it "
        f'is in Windows-1252 it reads "{guess}" there: use --csv encoding=cp1252'
    )


class _File:
    """A CSV file that can be read again."""

    def __init__(
        self, stream: io.BufferedIOBase | IO[bytes], known: Set[str], renamed: Mapping[str, str], options: CsvOptions
    ) -> None:
        self._stream = stream
        self._known = known
        self._renamed = renamed
        self._options = options
        self._start = stream.tell()

    def choose(self) -> _Survey:
        """Detect how it is written: as most programs do, unless only another way is clean."""
        plain = self._detect()
        first: _Survey | None = None
        for mark in self._delimiters(plain):
            dialect = evolve(plain, delimiter=mark)
            survey = self._survey(dialect)
            for other in self._variants(survey):
                survey = survey if other == dialect else self._survey(other)
                first = first or survey
                if survey.clean:
                    tabs = mark == "\t" and not survey.dialect.backslashes
                    if tabs and survey.letters is not None and self._options.backslashes is None:
                        raise InputError(
                            f"Line {survey.letters} has a backslash before a letter. Databases write a line end or a "
                            "tab so, and spreadsheets what was typed: say --csv backslashes=yes, or --csv "
                            "backslashes=no."
                        )
                    return survey
        assert first is not None  # noqa: S101 - there is always a delimiter
        return first

    @contextmanager
    def records(self, dialect: Dialect) -> Generator[_Records]:
        """Its records, the header's first."""
        self._stream.seek(self._start)
        errors = "surrogateescape" if dialect.encoding == Dialect().encoding else "strict"
        text = io.TextIOWrapper(self._stream, dialect.encoding, errors, newline=dialect.line_end)  # type: ignore[type-var]
        try:
            yield _Records(_lines(text, dialect), dialect)
        finally:
            text.detach()

    def _survey(self, dialect: Dialect) -> _Survey:
        """Read all of it in a dialect, and note how well that works."""
        with self.records(dialect) as records:
            head = next(records, None)
            if head is not None and head.fault is not None:
                raise InputError(
                    f"The header cannot be read: {head.fault}. The first line has to hold the name of each column."
                )
            names = [" ".join(name.split()) for name in head.cells] if head else []
            if head is None or head.line > dialect.skipped + 1 or not any(names):
                raise InputError(
                    "The CSV file has no header in its first line: it names the columns, text_prompt for example."
                )
            refuse_missing(self._renamed, names)
            survey = _Survey(dialect, [self._renamed.get(name, name) for name in names], records.has_quoted)
            for record in records:
                survey.add(record.line, _fit(record.cells, names), fault=record.fault is not None)
            if records.not_utf8 is not None and not records.has_unicode and survey.faults > 1:
                line, fault = records.not_utf8
                raise InputError(f"The file is not in UTF-8. Line {line}, {fault}.")
            survey.backslashes, survey.nulls = records.has_backslashes, records.has_nulls
            survey.letters = records.letters
            return survey

    def _detect(self) -> Dialect:
        head = self._stream.read(_HEAD)
        utf16 = head.startswith(_UTF16_MARKS)
        if not utf16:
            refuse_other_files(head)
        encoding = self._options.encoding or ("utf-16" if utf16 else Dialect().encoding)
        text = head.decode(encoding, "replace").removeprefix("\ufeff")
        hint = _EXCEL_HINT.match(text)
        line_end = _FIRST_LINE_END.match(text, hint.end() if hint else 0)
        return Dialect(
            encoding=encoding,
            line_end="\r" if line_end and line_end[1] == "\r" else "\n",
            delimiter=self._options.delimiter or (hint[1] if hint else ""),
            quotes=self._options.quotes is not False,
            backslashes=bool(self._options.backslashes),
            skipped=1 if hint else 0,
        )

    def _delimiters(self, plain: Dialect) -> Sequence[str]:
        """The delimiter by which the header has most known names; without any, those that split it at all."""
        if plain.delimiter:
            return [plain.delimiter]
        names: dict[str, list[str]] = {}
        for mark in _DELIMITERS:
            with self.records(evolve(plain, delimiter=mark)) as records:
                head = next(records, None)
                names[mark] = [" ".join(name.split()) for name in head.cells] if head else []
        wanted = {*self._known, *self._renamed}
        best = max(_DELIMITERS, key=lambda mark: (len(wanted & set(names[mark])), len(names[mark])))
        if wanted & set(names[best]):
            return [best]
        return sorted((mark for mark in _DELIMITERS if len(names[mark]) > 1), key=lambda mark: -len(names[mark])) or [
            ","
        ]

    def _variants(self, survey: _Survey) -> Iterator[Dialect]:
        """Ways to read it, the most likely first."""
        plain = survey.dialect
        quotes = [plain.quotes]
        if self._options.quotes is None and plain.delimiter == "\t":
            quotes.append(False)  # the format of the clipboard, which some programs write into files
        backslashes = [plain.backslashes]
        if self._options.backslashes is None and survey.backslashes:
            # A program that writes a null with a backslash writes other escapes too.
            backslashes = [True, False] if survey.nulls else [False, True]
        for escaped in backslashes:
            # Databases that write tabs and backslashes write no quotes around cells.
            for quoted in reversed(quotes) if escaped and not survey.quoted_header else quotes:
                yield evolve(plain, quotes=quoted, backslashes=escaped)


@define
class _Survey:
    """What a file is like when it is read in a dialect.

    Attributes:
        dialect: The dialect.
        names: The names of the columns.
        quoted_header: Whether a heading stands in quotes.
        good: Rows with a cell for each column.
        faults: Rows that cannot be read.
        wrong: Rows with another number of cells, by that number.
        filled: The first line with a cell below a blank heading, by place of the column from 0.
        backslashes: Whether there are any.
        nulls: Whether there is a null that is written with a backslash.
        letters: The first line with a backslash that may stand for a line end.
    """

    dialect: Dialect
    names: list[str]
    quoted_header: bool
    good: int = 0
    faults: int = 0
    wrong: Counter[int] = field(factory=Counter[int])
    filled: dict[int, int] = field(factory=dict[int, int])
    backslashes: bool = False
    nulls: bool = False
    letters: int | None = None

    def add(self, line: int, cells: list[str], *, fault: bool) -> None:
        """Count a row."""
        if fault:
            self.faults += 1
        elif len(cells) == len(self.names):
            self.good += 1
            if "" in self.names:
                for place, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
                    if not name and cell.strip():
                        self.filled.setdefault(place, line)
        elif any(cell.strip() for cell in cells):
            self.wrong[len(cells)] += 1

    @property
    def clean(self) -> bool:
        """Whether each row can be read, and has a cell for each column."""
        return not self.faults and not self.wrong

    def check(self) -> None:
        """Raise InputError for a header with a missing or repeated name, or if no row has as many cells."""
        line = self.dialect.skipped + 1
        for place, name in enumerate(self.names):
            # R and pandas leave the first column without a name, for names or numbers of rows.
            if not name and place and place in self.filled:
                below = f"line {self.filled[place]} has something there"
                raise InputError(
                    f"The header has no name for column {place + 1}, and {below}. Name it, or remove the column."
                )
            if name and name in self.names[:place]:
                raise InputError(f"The header has {name!r} twice. Keep one of the columns.")
        if not self.good and self.wrong.total() > 1:
            cells, _ = self.wrong.most_common(1)[0]
            rows = "Each row has" if len(self.wrong) == 1 else "No row fits the header, most have"
            mark = _name_of(self.dialect.delimiter)
            raise InputError(
                f"{rows} {cells} cells, and the header in line {line} has {len(self.names)}, with {mark} "
                f"between them. Is a heading missing, or {mark} in no quotes? --csv delimiter=X names another one."
            )


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
            f"Behind line {number} the file is not in {dialect.encoding}: {error}. Save it as CSV in UTF-8, or name "
            "its encoding: --csv encoding=cp1252, for example."
        ) from None


def _fit(cells: list[str], names: Sequence[str]) -> list[str]:
    """The cells without empty ones after the last column: some programs end each line in a delimiter."""
    count = len(cells)
    while count > len(names) and not cells[count - 1]:
        count -= 1
    return cells[:count]


def _explain(fault: str, first: int, last: int) -> str:
    where = f"lines {first} to {last} cannot be read" if last > first else "it cannot be read"
    quote = last > first or "expected" in fault
    return f"{where}: {fault}.{' Is a quote not closed, or not doubled inside a quoted cell?' if quote else ''}"


def _name_of(mark: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tab"}.get(mark, repr(mark))


def _count(cells: list[str]) -> str:
    return f"{len(cells)} cell{'s'[: len(cells) != 1]}"


def _end(text: str) -> int:
    """The place of a line's end."""
    return len(text.rstrip("\r\n"))


def _without_null(cell: str) -> str:
    return "" if cell in _NULLS else cell
