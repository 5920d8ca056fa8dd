"""Reads the rows of an input, typed by the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.testing.contract_view import read_view

from ..request import FILE_MEMBER, KEY_MEMBER
from .cells import CellError, typed
from .csv_rows import read_csv
from .formats import Format, format_of
from .json_lines import read_json_lines
from .parquet import read_parquet
from .row import Row, RowProblem
from .source import open_bytes, open_seekable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from ideogram_ai.testing.contract_view import FieldRule

OWN_COLUMNS: Final = (KEY_MEMBER, FILE_MEMBER)
"""Columns that are no field of the request: what a row is called, and what its image is called."""


def read_rows(source: str, kind: Format | None = None) -> Generator[Row]:
    """Read an input from its beginning to its end, holding some rows of it at a time.

    Args:
        source: A path, or `-` for stdin. What gzip packed is unpacked.
        kind: Its format; None goes by the name.

    Yields:
        Rows whose values have the types of the contract, each with what of it could not be read.

    Raises:
        InputError: It cannot be read any further.
    """
    kind = format_of(source) if kind is None else kind
    rules = read_view().fields
    if kind is Format.JSON_LINES:
        with open_bytes(source) as stream:
            yield from read_json_lines(stream)
    elif kind is Format.CSV:
        with open_bytes(source) as stream:
            yield from _typed_rows(read_csv(stream, {*rules, *OWN_COLUMNS}), rules)
    else:
        # A structured prompt may be text there too, as pandas would write it.
        objects = {name: rule for name, rule in rules.items() if "string" not in rule.types}
        with open_seekable(source) as file:
            yield from _typed_rows(read_parquet(file), objects)


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
        yield Row(row.number, row.line, values, tuple(problems))
