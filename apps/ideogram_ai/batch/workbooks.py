"""Reads the rows of a workbook (.xlsx) as those of CSV: a header, and every value below it as text."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from datetime import date, time
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import frozen

from .csv_files import headings, refuse_missing, refuse_repeated
from .model import Header, InputError, Row, RowProblem

if TYPE_CHECKING:
    import io
    from collections.abc import Generator, Iterator, Mapping
    from typing import IO

_ERROR: Final = "e"
_FORMULA: Final = "f"
"""Types of cells."""


def read_workbook(
    stream: io.BufferedIOBase | IO[bytes], *, renamed: Mapping[str, str], sheet: str | None = None
) -> Iterator[Row]:
    """The rows of a sheet, without empty ones. The line of a row is its number in the sheet.

    The sheet is read twice: with and without formulas, because one that was never calculated looks like an empty cell.
    Without a name it is the only one that is not empty.
    """
    with _open(stream, values=False) as book:
        name = _choose(book, sheet)
        formulas = {(cell.row, cell.column) for row in _rows(book[name]) for cell in row if cell.data_type == _FORMULA}
    with _open(stream, values=True) as book:
        header: Header | None = None
        names: list[str] = []
        number = 0
        for line, row in enumerate(_rows(book[name]), 1):
            cells = [_Cell.of(cell, is_formula=(line, column) in formulas) for column, cell in enumerate(row, 1)]
            if not any(cell.text.strip() or cell.fault for cell in cells):
                continue
            if header is None:
                names = _names([cell.text for cell in cells], renamed)
                header = Header(line, tuple(filter(None, names)))
                continue
            number += 1
            names += [""] * (len(cells) - len(names))
            nameless = [place for place, cell in enumerate(cells) if not names[place] and (cell.text or cell.fault)]
            if any(nameless):  # R and pandas leave the first column without a name
                raise InputError(
                    f"Row {line} has something in column {nameless[-1] + 1}, and the header has no name for it."
                )
            named = [(name, cell) for name, cell in zip(names, cells, strict=False) if name]
            yield Row(
                number,
                line,
                {name: cell.text for name, cell in named if cell.text and not cell.fault},
                tuple(RowProblem(line, name, f"{name} is {cell.fault}.") for name, cell in named if cell.fault),
                header,
            )
        if header is None:
            raise InputError(f"The sheet {name!r} is empty. Its first row names the columns, text_prompt for example.")


@frozen
class _Cell:
    """A cell: its text, as CSV would have it, or why it has none."""

    text: str
    fault: str = ""

    @classmethod
    def of(cls, cell: Any, *, is_formula: bool) -> Self:
        if cell.value is None:
            return cls(
                "", "a formula that was never calculated; save the workbook in a spreadsheet program" * is_formula
            )
        return cls("", f"the error {cell.value}") if cell.data_type == _ERROR else cls(_text(cell.value))


@contextmanager
def _open(stream: io.BufferedIOBase | IO[bytes], *, values: bool) -> Generator[Any]:
    try:
        load = import_module("openpyxl").load_workbook
    except ModuleNotFoundError:
        raise InputError(
            "Workbooks are read with openpyxl, which the extra batch brings: pip install 'ideogram-ai[batch]'"
        ) from None
    stream.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that nothing here needs
            book = load(stream, read_only=True, data_only=values, keep_links=False)
        yield book
    except InputError:
        raise
    except Exception as error:  # noqa: BLE001 - openpyxl raises many kinds of errors for broken files
        raise InputError(
            f"The input cannot be read as a workbook of the format .xlsx: {error}. Save it again as .xlsx without a "
            "password, or as CSV."
        ) from None


def _choose(book: Any, sheet: str | None) -> str:
    """The name of the sheet with the rows."""
    sheets: list[str] = [each.title for each in book.worksheets]
    if sheet is not None:
        if sheet not in sheets:
            raise InputError(f"There is no sheet {sheet!r}. The workbook has {', '.join(map(repr, sheets))}.")
        return sheet
    filled = [name for name in sheets if any(cell.value is not None for row in _rows(book[name]) for cell in row)]
    if len(filled) > 1:
        names = ", ".join(map(repr, filled))
        raise InputError(f"The workbook has {len(filled)} sheets: {names}. Say which one: --csv sheet=NAME.")
    return (filled or sheets)[0]


def _rows(sheet: Any) -> Iterator[tuple[Any, ...]]:
    """The cells of each row. Some programs write a wrong size of the sheet, which is not asked."""
    sheet.reset_dimensions()
    rows = iter(sheet.iter_rows())
    while True:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            row = next(rows, None)
        if row is None:
            return
        yield row


def _names(texts: list[str], renamed: Mapping[str, str]) -> list[str]:
    found = headings(texts)
    refuse_missing(renamed, filter(None, found))
    names = [renamed.get(heading, heading) for heading in found]
    refuse_repeated(names)
    return names


def _text(value: Any) -> str:
    """A value as CSV would have it. A spreadsheet stores no whole numbers, and shows them without a fraction."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.isoformat() if isinstance(value, date | time) else str(value)
