"""A row of the input, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
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
class Row:
    """A row as it stands in the input.

    Attributes:
        number: Its place among the rows, from 1.
        line: The line of the input that it begins in, from 1; for Parquet the row's number.
        values: What it holds, by column. What is empty or null is left out.
        problems: What of it could not be read.
    """

    number: int
    line: int
    values: Mapping[str, Any] = field(factory=dict[str, Any])
    problems: tuple[RowProblem, ...] = ()

    @classmethod
    def unreadable(cls, number: int, line: int, message: str) -> Row:
        """A row that cannot be read at all."""
        return cls(number, line, problems=(RowProblem(line, None, message),))


class InputError(BatchError):
    """The input cannot be read any further. The message names the place and the cure."""
