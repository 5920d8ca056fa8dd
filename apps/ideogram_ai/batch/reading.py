"""Reads the rows of a batch as a stream: JSON lines or an array, CSV, Parquet or a workbook, a file or stdin."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sys
import tempfile
import zlib
from contextlib import contextmanager, nullcontext
from enum import StrEnum
from importlib import import_module
from pathlib import Path, PurePath
from typing import IO, TYPE_CHECKING, Any, Final

from attrs import evolve

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.problems import shown
from ideogram_ai.contract.strict_json import JsonError, parse_json

from .csv_files import GZIP, CsvOptions, read_csv, refuse_missing, refuse_repeated
from .json_files import read_json
from .model import FILE_MEMBER, KEY_MEMBER, OPERATION_MEMBER, BatchRowError, Header, InputError, Row, RowProblem
from .operations import all_fields
from .workbooks import read_workbook

if TYPE_CHECKING:
    import io
    from collections.abc import Generator, Iterator, Mapping

    from ideogram_ai.contract.view import FieldRule

STDIN: Final = "-"
OWN_COLUMNS: Final = (KEY_MEMBER, FILE_MEMBER, OPERATION_MEMBER)
"""Columns that are not fields of the request: what a row is called, what its image is called, and what it asks for."""
_GZIP_SUFFIX: Final = ".gz"
_BOOLEANS: Final = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}
"""As spreadsheets and databases write them."""
_RECORDS: Final = 1024
_DOCUMENT: Final = re.compile(r"[^{\[\"\n]+\.json", re.IGNORECASE)


class Format(StrEnum):
    """The format of an input."""

    JSON_LINES = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    WORKBOOK = "xlsx"


SUFFIXES: Final = {
    ".jsonl": Format.JSON_LINES,
    ".ndjson": Format.JSON_LINES,
    ".json": Format.JSON_LINES,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".xlsx": Format.WORKBOOK,
}


def format_of(source: str) -> Format:
    """The format of an input by its name: `prompts.csv`, `prompts.jsonl.gz`, or `-` for JSON lines from stdin."""
    if source == STDIN:
        return Format.JSON_LINES
    path = PurePath(source)
    suffix = PurePath(path.stem).suffix if path.suffix.lower() == _GZIP_SUFFIX else path.suffix
    try:
        return SUFFIXES[suffix.lower()]
    except KeyError:
        if not path.suffix and not os.path.lexists(source):
            raise InputError(f"{source!r}: there is no such file.") from None
        raise InputError(
            f"{source!r}: the format of {suffix or 'a file without a suffix'} is not known. Save the rows as CSV or "
            f".xlsx, or name the format: --format {'|'.join(Format)}. Known suffixes are {', '.join(SUFFIXES)}, each "
            f"with {_GZIP_SUFFIX} too."
        ) from None


def read_rows(
    source: str,
    kind: Format | None = None,
    *,
    renamed: Mapping[str, str] | None = None,
    csv: CsvOptions = CsvOptions(),  # noqa: B008 - frozen
) -> Generator[Row]:
    """Read an input as a stream, holding some rows of it at a time.

    Args:
        source: A path, or `-` for stdin. Gzip is unpacked.
        kind: Its format; None takes it from the name.
        renamed: Fields by the headings that the input has for them.
        csv: How a CSV file is written, where that cannot be detected.

    Yields:
        Rows whose values have the types of the contract, each with what could not be read.

    Raises:
        InputError: It cannot be read any further.
    """
    folder = Path() if source == STDIN else Path(source).parent
    for row in _read(source, format_of(source) if kind is None else kind, renamed or {}, csv):
        yield _with_documents(row, folder)


def _read(source: str, kind: Format, renamed: Mapping[str, str], csv: CsvOptions) -> Iterator[Row]:
    if kind is Format.JSON_LINES:
        with _open_bytes(source) as stream:
            yield from _renamed_rows(read_json(stream), renamed)
    elif kind is Format.CSV:
        with _open_bytes(source, rewindable=True) as stream:
            yield from _typed_rows(read_csv(stream, {*all_fields(), *OWN_COLUMNS}, renamed=renamed, options=csv))
    else:
        # A structured prompt may be text in both, as pandas would write it.
        with _open_bytes(source, random_access=True) as stream:
            if kind is Format.PARQUET:
                yield from _typed_rows(_read_parquet(stream, renamed))
            else:
                yield from _typed_rows(read_workbook(stream, renamed=renamed, sheet=csv.sheet))


def _with_documents(row: Row, folder: Path) -> Row:
    """The row with the JSON of the files that it names where the contract has an object."""
    values, problems = dict(row.values), list(row.problems)
    for name, value in row.values.items():
        rule = all_fields().get(name)
        if rule is None or not isinstance(value, str) or not _names_document(value, rule):
            continue
        path = folder / os.path.expanduser(value.strip().removeprefix("@"))  # noqa: PTH111 - as in checking.py
        try:
            values[name] = parse_json(path.read_text("utf-8-sig"))
        except OSError as error:
            problems.append(RowProblem(row.line, name, f"{name}: {str(path)!r} cannot be read: {error.strerror}."))
        except ValueError as error:  # JsonError, or not UTF-8
            problems.append(RowProblem(row.line, name, f"{name}: {str(path)!r} cannot be used as JSON: {error}."))
    return row if values == row.values and not problems else evolve(row, values=values, problems=tuple(problems))


def _names_document(text: str, rule: FieldRule) -> bool:
    """Whether a text is the name of a JSON file, for a field that has an object."""
    return "object" in rule.types and "string" not in rule.types and _DOCUMENT.fullmatch(text.strip()) is not None


def _renamed_rows(rows: Iterator[Row], renamed: Mapping[str, str]) -> Iterator[Row]:
    """The rows with the names of fields. Only the end of the input shows which headings it has."""
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


def _typed_rows(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        values, faults = _json_values(row.values)
        found = (RowProblem(row.line, name, message) for name, message in faults.items())
        yield evolve(row, values=values, problems=(*row.problems, *found))


def _json_values(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of a row as JSON has them, without nulls and in the types of their fields; and faults by name."""
    values: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for name, value in row.items():
        rule = all_fields().get(name)
        try:
            if value is not None:
                values[name] = parse_cell(value, rule) if rule and isinstance(value, str) else _plain(value)
        except CellError as error:
            faults[name] = f"{name} {error}"
        except TypeError as error:
            faults[name] = f"{name} holds {error}, which JSON has no type for; make text of it."
    return values, faults


class CellError(ValueError):
    """A cell does not have the type of its field. The message continues the field's name."""


def parse_cell(text: str, rule: FieldRule) -> Any:
    """The value of a cell by the types of the contract's field. CellError if it has none of them.

    It is the text where the contract has text; `true`, `false` (in any case, as spreadsheets write them, or as
    databases do: `t`, `f`, `1`, `0`), a number, an object or an array where it has those. A single file is written
    bare, also where it has a list of files. So is the name of a JSON file with an object.
    """
    if not rule.types or "string" in rule.types:
        return text
    word = text.strip()
    if "boolean" in rule.types and word.lower() in _BOOLEANS:
        return _BOOLEANS[word.lower()]
    if (rule.takes_files and not word.startswith("[")) or _names_document(text, rule):
        return text
    if set(rule.types) <= {"boolean", "null"}:
        raise CellError(f"is {shown(text)}; write true or false, or leave the cell empty.")
    try:
        return parse_json(word)
    except JsonError as error:
        wanted = " or ".join(kind for kind in rule.types if kind != "null")
        cure = ' Write a list as ["a", "b"].' if "array" in rule.types else ""
        raise CellError(f"is not a JSON {wanted}: {error}. It is {shown(text)}.{cure}") from None


@contextmanager
def _open_bytes(
    source: str, *, rewindable: bool = False, random_access: bool = False
) -> Generator[io.BufferedIOBase | IO[bytes]]:
    """Open a file, or stdin, and unpack gzip. It is copied to a temporary file if it cannot be read as it has to be."""
    name = "stdin" if source == STDIN else repr(source)
    try:
        with _open(source) as stream:
            packed = stream.peek(2)[:2] == GZIP
            with gzip.open(stream) if packed else nullcontext(stream) as unpacked:
                seekable = not packed and stream.seekable()
                # Packed files are unpacked twice to be rewound, which needs no space on the disk.
                if seekable or not (rewindable or random_access) or (rewindable and packed and Path(source).is_file()):
                    yield unpacked
                    return
                with tempfile.TemporaryFile() as file:
                    shutil.copyfileobj(unpacked, file)
                    file.seek(0)
                    yield file
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InputError(f"{name}: what gzip packed is damaged or cut off: {error}.") from None
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror or error}.") from None


@contextmanager
def _open(source: str) -> Generator[io.BufferedReader]:
    if source != STDIN:
        with Path(source).open("rb") as file:
            yield file
        return
    if sys.stdin is None:
        raise InputError("stdin is closed; give a file.")
    yield sys.stdin.buffer  # type: ignore[misc] # typeshed cannot know that it is buffered


def _read_parquet(stream: io.BufferedIOBase | IO[bytes], renamed: Mapping[str, str]) -> Iterator[Row]:
    """The rows of a Parquet file. Nulls are left out, also inside structs, where columns cannot be absent."""
    try:
        parquet, arrow = import_module("pyarrow.parquet"), import_module("pyarrow")
    except ModuleNotFoundError:
        raise InputError(
            "Parquet is read with pyarrow, which the extra batch brings: pip install 'ideogram-ai[batch]'"
        ) from None
    number = 0
    try:
        file = parquet.ParquetFile(stream, pre_buffer=False)
        headings = [str(name) for name in file.schema_arrow.names]
        refuse_missing(renamed, headings)
        names = [renamed.get(name, name) for name in headings]
        refuse_repeated(names)
        header = Header(1, tuple(names))
        for batch in file.iter_batches(batch_size=_RECORDS, use_threads=False):
            for record in batch.to_pylist(maps_as_pydicts="strict"):
                number += 1
                yield Row(number, number, dict(zip(names, record.values(), strict=True)), header=header)
    except (arrow.ArrowException, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"After row {number} the Parquet file cannot be read: {reason}.") from None


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a row of a table, as `_json_values` has them."""
    values, faults = _json_values(row)
    for fault in faults.values():
        raise BatchRowError(fault)
    return values


def _plain(value: Any) -> Any:
    """A value as JSON has it. Raises TypeError with the name of a type that JSON does not have."""
    if is_object(value):
        return {name: _plain(item) for name, item in value.items() if item is not None}
    if is_array(value):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise TypeError(type(value).__name__)
