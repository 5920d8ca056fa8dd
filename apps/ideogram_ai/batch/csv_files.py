"""Reads CSV as spreadsheets, statistics programs and databases write it: a header, and rows below it."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any, Final, Self

from attrs import define, evolve, field, frozen

from .csv_records import CsvRecord, Dialect, RecordReader
from .model import Header, InputError, Row

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set

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


def refuse_repeated(names: Sequence[str]) -> None:
    """Raise InputError for two columns of one name."""
    for name in filter(None, names):
        if names.count(name) > 1:
            raise InputError(f"The header has {name!r} twice. Keep one of the columns.")


def headings(cells: Iterable[str]) -> list[str]:
    """The names of columns as they are compared: with single spaces, and none around them."""
    return [" ".join(cell.split()) for cell in cells]


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

    The stream is read twice from where it is, because its end may show how it is written. By the known names of
    columns, the delimiter is detected.
    """
    file = _CsvFile(stream, known, renamed or {}, options)
    survey = file.choose()
    survey.check()
    names = survey.names
    header = Header(survey.dialect.skipped + 1, tuple(name for name in names if name))
    number = 0
    with file.records(survey.dialect) as records:
        next(records)
        for record in records:
            cells = record.fit(names)
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


class _CsvFile:
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
                    letters = survey.notes.letters
                    if (
                        mark == "\t"
                        and letters
                        and not survey.dialect.backslashes
                        and self._options.backslashes is None
                    ):
                        raise InputError(
                            f"Line {letters} has a backslash before a letter. Databases write a line end or a tab so, "
                            "and spreadsheets what was typed: say --csv backslashes=yes, or --csv backslashes=no."
                        )
                    return survey
        assert first is not None  # noqa: S101 - there is always a delimiter
        return first

    @contextmanager
    def records(self, dialect: Dialect) -> Generator[RecordReader]:
        """Its records, the header's first."""
        self._stream.seek(self._start)
        errors = "surrogateescape" if dialect.encoding == Dialect().encoding else "strict"
        text = io.TextIOWrapper(self._stream, dialect.encoding, errors, newline=dialect.line_end)  # type: ignore[type-var]
        try:
            yield RecordReader(text, dialect)
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
            names = headings(head.cells) if head else []
            if head is None or head.line > dialect.skipped + 1 or not any(names):
                raise InputError(
                    "The first line of the CSV file is empty. It has to name the columns, for example id,text_prompt."
                )
            refuse_missing(self._renamed, names)
            survey = _Survey(dialect, [self._renamed.get(name, name) for name in names], records, records.has_quoted)
            for record in records:
                survey.add(record)
            if records.not_utf8 is not None and not records.has_unicode and survey.faults > 1:
                line, fault = records.not_utf8
                raise InputError(f"The file is not in UTF-8. Line {line}, {fault}.")
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
                names[mark] = headings(head.cells) if head else []
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
        if self._options.backslashes is None and survey.notes.has_backslashes:
            # A program that writes a null with a backslash writes other escapes too.
            backslashes = [True, False] if survey.notes.has_nulls else [False, True]
        for escaped in backslashes:
            # Databases that write tabs and backslashes write no quotes around cells.
            for quoted in reversed(quotes) if escaped and not survey.quoted_header else quotes:
                yield evolve(plain, quotes=quoted, backslashes=escaped)


@define
class _Survey:
    """What a file is like when it is read in a dialect.

    Attributes:
        quoted_header: Whether a heading stands in quotes.
        good: Rows with a cell for each column.
        faults: Rows that cannot be read.
        wrong: Rows with another number of cells, by that number.
        filled: The first line with a cell below a blank heading, by place of the column from 0.
    """

    dialect: Dialect
    names: list[str]
    notes: RecordReader
    quoted_header: bool
    good: int = 0
    faults: int = 0
    wrong: Counter[int] = field(factory=Counter[int])
    filled: dict[int, int] = field(factory=dict[int, int])

    def add(self, record: CsvRecord) -> None:
        """Count a row."""
        cells = record.fit(self.names)
        if record.fault is not None:
            self.faults += 1
        elif len(cells) == len(self.names):
            self.good += 1
            if "" in self.names:
                for place, (name, cell) in enumerate(zip(self.names, cells, strict=True)):
                    if not name and cell.strip():
                        self.filled.setdefault(place, record.line)
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
        refuse_repeated(self.names)
        if not self.good and self.wrong.total() > 1:
            cells, _ = self.wrong.most_common(1)[0]
            rows = "Each row has" if len(self.wrong) == 1 else "No row fits the header, most have"
            mark = _name_of(self.dialect.delimiter)
            raise InputError(
                f"{rows} {cells} cells, and the header in line {line} has {len(self.names)}, with {mark} "
                f"between them. Is a heading missing, or {mark} in no quotes? --csv delimiter=X names another one."
            )


def _explain(fault: str, first: int, last: int) -> str:
    where = f"lines {first} to {last} cannot be read" if last > first else "it cannot be read"
    quote = last > first or "expected" in fault
    return f"{where}: {fault}.{' Is a quote not closed, or not doubled inside a quoted cell?' if quote else ''}"


def _name_of(mark: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tab"}.get(mark, repr(mark))


def _count(cells: list[str]) -> str:
    return f"{len(cells)} cell{'s'[: len(cells) != 1]}"
