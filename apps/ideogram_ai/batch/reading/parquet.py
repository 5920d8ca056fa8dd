"""Reads Parquet, a batch of records at a time."""

from __future__ import annotations

from importlib import import_module
from typing import IO, TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object

from .row import Header, InputError, Row, RowProblem, refuse_missing

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Mapping

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
