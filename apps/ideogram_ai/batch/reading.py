"""Opens an input as a stream of bytes, unpacked if it is gzip."""

from __future__ import annotations

import codecs
import gzip
import json
import shutil
import sys
import tempfile
import zlib
from contextlib import contextmanager
from enum import StrEnum
from importlib import import_module
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any, Final, Never

from attrs import evolve

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.problems import shown
from ideogram_ai.contract.view import read_view

from .csv_files import GZIP, LONGEST_LINE, CsvOptions, read_csv, refuse_missing, refuse_other_files
from .model import FILE_MEMBER, KEY_MEMBER, Header, InputError, Row, RowProblem

if TYPE_CHECKING:
    import io
    from collections.abc import Generator, Iterator, Mapping

    from ideogram_ai.contract.view import FieldRule

STDIN: Final = "-"
GZIP_SUFFIX: Final = ".gz"


class Format(StrEnum):
    """The form of an input."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


SUFFIXES: Final = {
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".json": Format.JSON_LINES,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}


def format_of(source: str) -> Format:
    """The format that the name of an input tells: `prompts.csv`, `prompts.jsonl.gz`, or `-` for JSON lines from stdin.

    Raises:
        InputError: The name tells nothing.
    """
    if source == STDIN:
        return Format.JSON_LINES
    path = PurePath(source)
    suffix = PurePath(path.stem).suffix if path.suffix.lower() == GZIP_SUFFIX else path.suffix
    try:
        return SUFFIXES[suffix.lower()]
    except KeyError:
        known = ", ".join(SUFFIXES)
        raise InputError(
            f"{source!r}: the suffix does not tell the format. Known are {known}, each with {GZIP_SUFFIX} too; or say "
            f"which it is: {', '.join(Format)}."
        ) from None


@contextmanager
def open_bytes(source: str) -> Generator[io.BufferedIOBase]:
    """Open a file, or stdin, for reading.

    Args:
        source: A path, or `-`.

    Raises:
        InputError: It cannot be opened, or not be read to its end.
    """
    try:
        with _open(source) as stream:
            if stream.peek(2)[:2] == GZIP:
                with gzip.open(stream) as unpacked:
                    yield unpacked
            else:
                yield stream
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{_name_of(source)}: what gzip packed is damaged or cut off: {error}.") from None
    except OSError as error:
        raise InputError(f"{_name_of(source)} cannot be read: {error.strerror or error}.") from None


@contextmanager
def _open(source: str) -> Generator[io.BufferedReader]:
    if source != STDIN:
        with Path(source).open("rb") as file:
            yield file
        return
    if sys.stdin is None:
        raise InputError("stdin is closed; give a file.")
    yield sys.stdin.buffer  # type: ignore[misc] # typeshed cannot know that it is buffered


@contextmanager
def open_seekable(source: str) -> Generator[io.BufferedIOBase | IO[bytes]]:
    """Open an input that is not read from its beginning to its end: what is packed or piped is put into a file first.

    Raises:
        InputError: It cannot be opened, or not be read to its end.
    """
    with open_bytes(source) as stream:
        if not isinstance(stream, gzip.GzipFile) and stream.seekable():
            yield stream
            return
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(stream, file)
            file.seek(0)
            yield file


@contextmanager
def open_again(source: str) -> Generator[io.BufferedIOBase]:
    """Open an input that is wound back: what is piped is put into a file first.

    Raises:
        InputError: It cannot be opened, or not be read to its end.
    """
    with open_bytes(source) as stream:
        if source != STDIN and Path(source).is_file():
            yield stream
            return
        with tempfile.TemporaryFile() as file:
            shutil.copyfileobj(stream, file)
            file.seek(0)
            yield file


def lines_of(stream: io.BufferedIOBase) -> Iterator[bytes]:
    """The lines of a text, line ends and all, without the byte order mark.

    Raises:
        InputError: This is no text, or a line that does not end.
    """
    number = 0
    while line := stream.readline(LONGEST_LINE + 1):
        number += 1
        if number == 1:
            refuse_other_files(line)
            line = line.removeprefix(codecs.BOM_UTF8)
        if len(line) > LONGEST_LINE:
            raise InputError(f"Line {number} is longer than {LONGEST_LINE:,} bytes. Is there one row a line?")
        yield line


def _name_of(source: str) -> str:
    """A source as messages name it."""
    return "stdin" if source == STDIN else repr(source)


class NoJsonError(ValueError):
    """The text is no JSON, or none that can be taken. The message continues a sentence: "is no JSON: ..."."""


def parse_json(text: str) -> Any:
    """Parse a JSON text, its key order kept.

    Raises:
        NoJsonError: It is none, or not a strict one.
    """
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        # The decoder's own words begin with a capital letter.
        raise NoJsonError(f"{error.msg[:1].lower()}{error.msg[1:]}, at character {error.pos + 1}") from None
    except RecursionError:
        raise NoJsonError("it nests too deep") from None
    except NoJsonError:
        raise
    except ValueError as error:  # an integer of thousands of digits
        raise NoJsonError(str(error)) from None


def _refuse_repeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        keys = [key for key, _ in pairs]
        repeated = next(key for key in values if keys.count(key) > 1)
        raise NoJsonError(f"the key {json.dumps(repeated)} is there twice; keep one of them")
    return values


def _refuse_constant(constant: str) -> Never:
    raise NoJsonError(f"{constant} is no JSON value")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_refuse_repeated, parse_constant=_refuse_constant)


_BOOLEANS: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
"""As spreadsheets and databases write them."""


class CellError(ValueError):
    """A cell cannot be what the contract has for its field. The message continues the field's name."""


def typed(text: str, rule: FieldRule) -> Any:
    """The value of a cell.

    Args:
        text: What stands in the cell.
        rule: The contract's field.

    Returns:
        The text where the contract has text; `true`, `false` (in any case, as spreadsheets write them, or as databases
        do: `t`, `f`, `1`, `0`), a number, an object or an array where it has those.

    Raises:
        CellError: The text is none of what the contract has.
    """
    if not rule.types or "string" in rule.types:
        return text
    word = text.strip()
    if "boolean" in rule.types and word.lower() in _BOOLEANS:
        return _BOOLEANS[word.lower()]
    if set(rule.types) <= {"boolean", "null"}:
        raise CellError(f"is {shown(text)}; write true or false, or leave the cell empty.")
    try:
        return parse_json(word)
    except NoJsonError as error:
        wanted = " or ".join(kind for kind in rule.types if kind != "null")
        raise CellError(f"is no JSON {wanted}: {error}. It is {shown(text)}.") from None


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


_RECORDS: Final = 1024


class _NoJsonTypeError(Exception):
    """A value of a type that JSON does not have."""


def read_parquet(stream: io.BufferedIOBase | IO[bytes], renamed: Mapping[str, str] | None = None) -> Iterator[Row]:
    """The rows of a Parquet file. Nulls are left out, also inside of structs, where columns cannot be absent.

    Args:
        stream: The bytes.
        renamed: Names of columns by their names in the file.

    Raises:
        InputError: It is no Parquet file, is damaged, or pyarrow is missing.
    """
    try:
        parquet, arrow = import_module("pyarrow.parquet"), import_module("pyarrow")
    except ModuleNotFoundError:
        raise InputError(
            "Parquet is read with pyarrow, which the extra batch brings: pip install 'ideogram-ai[batch]'"
        ) from None
    number = 0
    try:
        file = parquet.ParquetFile(stream, pre_buffer=False)
        renamed = renamed or {}
        headings = [str(name) for name in file.schema_arrow.names]
        refuse_missing(renamed, headings)
        names = [renamed.get(name, name) for name in headings]
        _check_columns(names)
        header = Header(1, tuple(names))
        for batch in file.iter_batches(batch_size=_RECORDS, use_threads=False):
            for record in batch.to_pylist(maps_as_pydicts="strict"):
                number += 1
                yield _read_record(dict(zip(names, record.values(), strict=True)), number, header)
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"After row {number} the Parquet file cannot be read: {reason}.") from None


def _check_columns(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"The Parquet file has the column {name!r} twice. Keep one of them.")


def _read_record(record: dict[str, Any], number: int, header: Header) -> Row:
    values: dict[str, Any] = {}
    problems: list[RowProblem] = []
    for name, value in record.items():
        if value is not None:
            try:
                values[name] = _plain(value)
            except _NoJsonTypeError as error:
                message = f"{name} holds {error}, which JSON has no type for; make text of it."
                problems.append(RowProblem(number, name, message))
    return Row(number, number, values, tuple(problems), header)


def _plain(value: Any) -> Any:
    if is_object(value):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if is_array(value):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise _NoJsonTypeError(type(value).__name__)


OWN_COLUMNS: Final = (KEY_MEMBER, FILE_MEMBER)
"""Columns that are no field of the request: what a row is called, and what its image is called."""


def read_rows(
    source: str,
    kind: Format | None = None,
    *,
    renamed: Mapping[str, str] | None = None,
    csv: CsvOptions = CsvOptions(),  # noqa: B008 - frozen
) -> Generator[Row]:
    """Read an input from its beginning to its end, holding some rows of it at a time.

    Args:
        source: A path, or `-` for stdin. What gzip packed is unpacked.
        kind: Its format; None goes by the name.
        renamed: Fields by the headings that the input has for them.
        csv: How a CSV file is written, where it does not tell.

    Yields:
        Rows whose values have the types of the contract, each with what of it could not be read.

    Raises:
        InputError: It cannot be read any further.
    """
    kind = format_of(source) if kind is None else kind
    rules = read_view().fields
    renamed = renamed or {}
    if kind is Format.JSON_LINES:
        with open_bytes(source) as stream:
            yield from _renamed_rows(read_json_lines(stream), renamed)
    elif kind is Format.CSV:
        with open_again(source) as stream:
            rows = read_csv(stream, {*rules, *OWN_COLUMNS}, renamed=renamed, options=csv)
            yield from _typed_rows(rows, rules)
    else:
        # A structured prompt may be text there too, as pandas would write it.
        objects = {name: rule for name, rule in rules.items() if "string" not in rule.types}
        with open_seekable(source) as file:
            yield from _typed_rows(read_parquet(file, renamed), objects)


def _renamed_rows(rows: Iterator[Row], renamed: Mapping[str, str]) -> Iterator[Row]:
    """The rows with the names of fields; which headings the input has shows at its end alone."""
    missing = set(renamed)
    for row in rows:
        missing.difference_update(row.values)
        names = [renamed.get(name, name) for name in row.values]
        twice = next((name for name in names if names.count(name) > 1), None) if renamed else None
        if twice is not None:
            yield Row.unreadable(row.number, row.line, f"it has {twice} twice, once by another name.")
        else:
            yield evolve(row, values=dict(zip(names, row.values.values(), strict=True))) if renamed else row
    refuse_missing(missing, ())


def _typed_rows(rows: Iterator[Row], rules: dict[str, FieldRule]) -> Iterator[Row]:
    for row in rows:
        values: dict[str, Any] = {}
        problems = list(row.problems)
        for name, value in row.values.items():
            rule = rules.get(name)
            try:
                values[name] = value if rule is None or not isinstance(value, str) else typed(value, rule)
            except CellError as error:
                problems.append(RowProblem(row.line, name, f"{name} {error}"))
        yield Row(row.number, row.line, values, tuple(problems), row.header)
