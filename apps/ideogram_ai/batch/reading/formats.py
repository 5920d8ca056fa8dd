"""Which form an input has."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePath
from typing import Final

from .row import InputError

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
