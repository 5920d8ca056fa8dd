"""Finds what is there twice among the rows, in a file: a million ids would fill the memory."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from types import TracebackType

_CACHE_KIBIBYTES: Final = 2048


class Repeated:
    """Remembers values by column, and the line that each was met in first. Use it as a context manager."""

    def __init__(self) -> None:
        # A database without a name lies in a temporary file, which is gone when it is closed.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.execute(f"PRAGMA cache_size = -{_CACHE_KIBIBYTES}")
        self._database.execute("PRAGMA journal_mode = OFF")
        self._database.execute("CREATE TABLE met (value TEXT PRIMARY KEY, line INTEGER) WITHOUT ROWID")
        self._database.execute("BEGIN")

    def first(self, column: str, value: str, line: int) -> int | None:
        """The line in which a value was met first, or None when that is now.

        Args:
            column: The column that it stands in.
            value: The value.
            line: Its line.
        """
        met = f"{column}:{value.encode('utf-8', 'backslashreplace').decode()}"
        if self._database.execute("INSERT OR IGNORE INTO met VALUES (?, ?)", (met, line)).rowcount:
            return None
        first: int = self._database.execute("SELECT line FROM met WHERE value = ?", (met,)).fetchone()[0]
        return first

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._database.close()
