"""Reads the rows of an input, typed by the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ideogram_ai.contract.view import read_view

from ..request import FILE_MEMBER, KEY_MEMBER
from .cells import CellError, typed
from .csv_rows import CsvOptions, read_csv
from .formats import Format, format_of
from .json_lines import read_json_lines
from .parquet import read_parquet
from .row import Row, RowProblem, refuse_missing
from .source import open_again, open_bytes, open_seekable

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from ideogram_ai.contract.view import FieldRule

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
