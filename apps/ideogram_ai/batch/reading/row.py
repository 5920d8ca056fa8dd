"""A row of the input, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen

from ..errors import BatchError


@frozen
class RowProblem:
    """One thing that is wrong with a row.

    Attributes:
        line: The line of the input that the row begins in, from 1; for Parquet the row's number.
        field: The column; None when it is the row as a whole.
        message: What is wrong, with the value and the cure.
    """

    line: int
    field: str | None
    message: str


@frozen
class Header:
    """What names the columns of all rows.

    Attributes:
        line: The line of the input that it stands in, from 1.
        columns: The names.
    """

    line: int
    columns: tuple[str, ...]


@frozen
class Row:
    """A row as it stands in the input.

    Attributes:
        number: Its place among the rows, from 1.
        line: The line of the input that it begins in, from 1; for Parquet the row's number.
        values: What it holds, by column. What is empty or null is left out.
        problems: What of it could not be read.
        header: What names its columns; None when it does so itself.
    """

    number: int
    line: int
    values: Mapping[str, Any] = field(factory=dict[str, Any])
    problems: tuple[RowProblem, ...] = ()
    header: Header | None = field(default=None, eq=False)

    @classmethod
    def unreadable(cls, number: int, line: int, message: str, header: Header | None = None) -> Row:
        """A row that cannot be read at all."""
        return cls(number, line, problems=(RowProblem(line, None, message),), header=header)


class InputError(BatchError):
    """The input cannot be read any further. The message names the place and the cure."""


def refuse_missing(renamed: Iterable[str], headings: Iterable[str]) -> None:
    """Refuse to rename columns that the input does not have.

    Args:
        renamed: The headings that are to be renamed.
        headings: Those of the input; empty when they are not known.

    Raises:
        InputError: One of them is not there.
    """
    there = list(headings)
    for name in renamed:
        if name not in there:
            known = f" It has {', '.join(repr(heading) for heading in there)}." if there else ""
            raise InputError(f"The input has no column {name!r} to be renamed.{known}")
