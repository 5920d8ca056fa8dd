"""Reads the rows of a batch, one after the other: JSON lines, CSV or Parquet, out of a file or stdin."""

from .formats import Format, format_of
from .read import read_rows
from .row import InputError, Row, RowProblem

__all__ = ["Format", "InputError", "Row", "RowProblem", "format_of", "read_rows"]
