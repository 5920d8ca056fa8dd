"""Reads CSV: a header, and rows below it, as spreadsheets, statistics programs and databases write them."""

from __future__ import annotations

import codecs
import io
import re
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from attrs import define, evolve, field, frozen

from .csv_records import Dialect, Records
from .row import Header, InputError, Row, refuse_missing
from .source import LONGEST_LINE, refuse_other_files

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence, Set

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
