"""Reads CSV: a header, and rows below it, as spreadsheets, statistics programs and databases write them."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from attrs import define, evolve, field, frozen

from .model import Header, InputError, Row

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence, Set

LONGEST_LINE: Final = 16 * 2**20
"""Bytes of a line. A longer one is no row but a file of another kind, which would fill the memory."""

GZIP: Final = b"\x1f\x8b"
_NO_TEXT: Final = {
    codecs.BOM_UTF16_LE: "text in UTF-16; save it as UTF-8",
    codecs.BOM_UTF16_BE: "text in UTF-16; save it as UTF-8",
    b"PK\x03\x04": "a ZIP file or a workbook; save it as CSV in UTF-8",
    b"PAR1": "a Parquet file; say that its format is parquet",
    GZIP: "packed with gzip twice; unpack it once",
}


def refuse_missing(renamed: Iterable[str], headings: Iterable[str]) -> None:
    """Raise InputError for a column that is to be renamed and not in the input. No headings: they are not known."""
    there = list(headings)
    for name in renamed:
        if name not in there:
            known = f" It has {', '.join(repr(heading) for heading in there)}." if there else ""
            raise InputError(f"The input has no column {name!r} to be renamed.{known}")


def refuse_other_files(start: bytes) -> None:
    """Refuse what is no text, by its first bytes.

    Raises:
        InputError: They are those of another kind of file.
    """
    for magic, what in _NO_TEXT.items():
        if start.startswith(magic):
            raise InputError(f"The input is {what}.")


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


_DELIMITERS: Final = (",", ";", "\t", "|")
_HEAD: Final = 2**16
"""Bytes that tell the encoding and the line ends."""
_BYTE_ORDER_MARKS: Final = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_FIRST_LINE_END: Final = re.compile(r'(?:"(?:[^"]|"")*"|[^"\r\n])*?(\r\n|\r|\n)')
_EXCEL_HINT: Final = re.compile(r'"?sep=(.)"?(?:\r\n|\r|\n)', re.IGNORECASE)
_CURE: Final = " Is a quote not closed, or not doubled inside a quoted cell?"


@frozen
class CsvOptions:
    """What somebody said of how a CSV file is written; None is told by the file.

    Attributes:
        encoding: Its encoding, by a name that Python knows.
        delimiter: What stands between two cells: one character.
        quotes: Whether quotes enclose cells.
        backslashes: Whether a backslash takes the meaning from the character behind it.
    """

    encoding: str | None = None
    delimiter: str | None = None
    quotes: bool | None = None
    backslashes: bool | None = None

    @classmethod
    def of(cls, settings: Mapping[str, str]) -> Self:
        """Read settings by name: encoding, delimiter, quotes and backslashes, the last two `yes` or `no`.

        Raises:
            InputError: A name or a value is none that can be.
        """
        flags = {"yes": True, "no": False}
        values: dict[str, str | bool] = {}
        for name, value in settings.items():
            if name in {"quotes", "backslashes"}:
                if value not in flags:
                    raise InputError(f"{name}={value}: write {name}=yes or {name}=no.")
                values[name] = flags[value]
            elif name == "delimiter":
                mark = {"tab": "\t"}.get(value, value)
                if len(mark) != 1 or mark in '"\\\r\n ':
                    raise InputError(f"delimiter={value}: give one character, or tab.")
                values[name] = mark
            elif name == "encoding":
                try:
                    codecs.lookup(value)
                except LookupError:
                    raise InputError(
                        f"encoding={value}: there is no such encoding; cp1252, for example, is one."
                    ) from None
                values[name] = value
            else:
                raise InputError(f"{name}: the settings are encoding, delimiter, quotes and backslashes.")
        return cls(**values)  # type: ignore[arg-type] # each was looked at


def read_csv(
    stream: io.BufferedIOBase,
    known: Set[str],
    *,
    renamed: Mapping[str, str] | None = None,
    options: CsvOptions = CsvOptions(),
) -> Iterator[Row]:
    """The rows of CSV, every value as text. Empty cells are left out, and lines without any are passed over.

    The file is read twice: how it is written shows at its end, perhaps.

    Args:
        stream: The bytes, at their beginning; it is wound back.
        known: Names of columns that may be there, to tell the delimiter by.
        renamed: Names of columns by heading.
        options: What is known of how it is written.

    Raises:
        InputError: It is no text, has no header that could be used, or may be read in two ways.
    """
    file = _File(stream, known, renamed or {}, options)
    survey = file.choose()
    survey.check()
    yield from _rows(file, survey)


def _rows(file: _File, survey: _Survey) -> Iterator[Row]:
    names = survey.names
    header = Header(survey.dialect.skipped + 1, tuple(name for name in names if name))
    with file.records(survey.dialect) as records:
        next(records)
        number = 0
        for record in records:
            cells = _fit(record.cells, names)
            if record.fault is None and not any(cell.strip() for cell in cells):
                continue
            number += 1
            if record.fault is not None:
                message = _explain(record.fault, record.line, record.last)
                yield Row.unreadable(number, record.line, message, header)
            elif record.stray and len(cells) != len(names):
                fault = f"a quote stands inside of a cell that has none around it, and the row has {_count(cells)}"
                message = _explain(fault, record.line, records.skip_all())
                yield Row.unreadable(number, record.line, message, header)
            elif len(cells) != len(names):
                mark = _called(survey.dialect.delimiter)
                yield Row.unreadable(
                    number,
                    record.line,
                    f"it has {_count(cells)}, and the header has {len(names)}. Is {mark} in no quotes?",
                    header,
                )
            else:
                values = {name: cell for name, cell in zip(names, cells, strict=True) if cell and name}
                yield Row(number, record.line, values, header=header)


class _File:
    """A CSV file that can be read again.

    Args:
        stream: Its bytes.
        known: Names of columns that may be there.
        renamed: Names of columns by heading.
        options: What is known of how it is written.
    """

    def __init__(
        self, stream: io.BufferedIOBase, known: Set[str], renamed: Mapping[str, str], options: CsvOptions
    ) -> None:
        self._stream = stream
        self._known = known
        self._renamed = renamed
        self._options = options
        self._start = stream.tell()

    def choose(self) -> _Survey:
        """Find out how it is written: as most programs do, unless it cannot be read so and can be read otherwise."""
        plain = self._first_look()
        first: _Survey | None = None
        for mark in self._delimiters(plain):
            dialect = evolve(plain, delimiter=mark)
            survey = self.survey(dialect)
            for other in self._variants(survey):
                survey = survey if other == dialect else self.survey(other)
                first = first or survey
                if survey.clean:
                    self._refuse_letters(survey)
                    return survey
        assert first is not None  # noqa: S101 - there is always a delimiter
        return first

    @contextmanager
    def records(self, dialect: Dialect) -> Generator[Records]:
        """Its records, the header's first."""
        self._stream.seek(self._start)
        errors = "surrogateescape" if dialect.encoding == Dialect().encoding else "strict"
        text = io.TextIOWrapper(self._stream, dialect.encoding, errors, newline=dialect.line_end)  # type: ignore[type-var]
        try:
            yield Records(_lines(text, dialect), dialect)
        finally:
            text.detach()

    def survey(self, dialect: Dialect) -> _Survey:
        """Read it all in a dialect, and see how well that goes."""
        with self.records(dialect) as records:
            head = next(records, None)
            if head is not None and head.fault is not None:
                raise InputError(
                    f"The header cannot be read: {head.fault}. Each column's name stands in the first line."
                )
            names = [" ".join(name.split()) for name in head.cells] if head else []
            if head is None or head.line > dialect.skipped + 1 or not any(names):
                raise InputError(
                    "The CSV file has no header in its first line: it names the columns, text_prompt for example."
                )
            refuse_missing(self._renamed, names)
            quoted_header = records.has_quoted
            survey = _Survey(dialect, [self._renamed.get(name, name) for name in names])
            for record in records:
                survey.add(record.line, _fit(record.cells, names), fault=record.fault is not None)
            if records.foreign is not None and not records.has_unicode and survey.faults > 1:
                line, fault = records.foreign
                raise InputError(f"The file is not in UTF-8. Line {line}, {fault}.")
            survey.quoted_header = quoted_header
            survey.backslashes = records.has_backslashes
            survey.nulls = records.has_nulls
            survey.letters = records.letters
            return survey

    def _first_look(self) -> Dialect:
        head = self._stream.read(_HEAD)
        mark = next((mark for mark in _BYTE_ORDER_MARKS if head.startswith(mark)), None)
        if mark is None:
            refuse_other_files(head)
        encoding = self._options.encoding or (_BYTE_ORDER_MARKS[mark] if mark else Dialect().encoding)
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
        """Ways to read it, the likeliest first."""
        plain = survey.dialect
        quotes = [plain.quotes]
        if self._options.quotes is None and plain.delimiter == "\t":
            quotes.append(False)  # the clipboard's form, which some programs write into files
        backslashes = [plain.backslashes]
        if self._options.backslashes is None and survey.backslashes:
            # A null that is written with a backslash tells of a program that writes others too.
            backslashes = [True, False] if survey.nulls else [False, True]
        for escaped in backslashes:
            # Databases that write tabs and backslashes write no quotes around cells.
            likelier = reversed(quotes) if escaped and not survey.quoted_header else quotes
            for quoted in likelier:
                yield evolve(plain, quotes=quoted, backslashes=escaped)

    def _refuse_letters(self, survey: _Survey) -> None:
        """Databases write a line end as a backslash and n in such files, and spreadsheets what was typed."""
        tabs = survey.dialect.delimiter == "\t" and not survey.dialect.backslashes
        if tabs and survey.letters is not None and self._options.backslashes is None:
            raise InputError(
                f"Line {survey.letters} has a backslash before a letter. Databases write a line end or a tab so, and "
                "spreadsheets what was typed: say --csv backslashes=yes, or --csv backslashes=no."
            )


@define
class _Survey:
    """What a file is like when it is read in a dialect.

    Attributes:
        dialect: The dialect.
        names: What the header calls the columns.
        good: Rows with a cell for each column.
        faults: Rows that cannot be read.
        wrong: Rows with another number of cells, by that number.
        filled: The first line with a cell below a blank heading, by place of the column from 0.
        quoted_header: Whether a heading stands in quotes.
        backslashes: Whether there are any.
        nulls: Whether there is a null that is written with a backslash.
        letters: The first line with a backslash that may stand for a line end.
    """

    dialect: Dialect
    names: list[str]
    good: int = 0
    faults: int = 0
    wrong: Counter[int] = field(factory=Counter[int])
    filled: dict[int, int] = field(factory=dict[int, int])
    quoted_header: bool = False
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
        """Whether each row could be read, and has a cell for each column."""
        return not self.faults and not self.wrong

    def check(self) -> None:
        """Refuse a header that cannot be used.

        Raises:
            InputError: A name is missing or there twice, or no row has as many cells.
        """
        line = self.dialect.skipped + 1
        for place, name in enumerate(self.names):
            # R and pandas leave the first one without a name, for names or numbers of rows.
            if not name and place and place in self.filled:
                below = f"line {self.filled[place]} has something there"
                raise InputError(
                    f"The header has no name for column {place + 1}, and {below}. Name it, or remove the column."
                )
            if name and name in self.names[:place]:
                raise InputError(f"The header has {name!r} twice. Keep one of the columns.")
        if not self.good and self.wrong.total() > 1:
            cells, _ = self.wrong.most_common(1)[0]
            each = "Each row" if len(self.wrong) == 1 else "No row fits the header, most"
            verb = "has" if len(self.wrong) == 1 else "have"
            mark = _called(self.dialect.delimiter)
            raise InputError(
                f"{each} {verb} {cells} cells, and the header in line {line} has {len(self.names)}, with {mark} "
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
    """The cells without empty ones behind the last column: some programs end each line in a delimiter."""
    count = len(cells)
    while count > len(names) and not cells[count - 1]:
        count -= 1
    return cells[:count]


def _explain(fault: str, first: int, last: int) -> str:
    where = f"lines {first} to {last} cannot be read" if last > first else "it cannot be read"
    return f"{where}: {fault}.{_CURE if last > first or 'expected' in fault else ''}"


def _called(mark: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tab"}.get(mark, repr(mark))


def _count(cells: list[str]) -> str:
    return f"{len(cells)} cell{'s'[: len(cells) != 1]}"
