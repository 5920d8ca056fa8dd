"""The tables of a ledger, and the file that they lie in."""

from __future__ import annotations

import os
import socket
import sqlite3
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ..errors import LedgerError, LedgerLockedError

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID: Final = 0x49444742  # "IDGB"
VERSION: Final = 1

_ROWS: Final = """
CREATE TABLE rows (
  position INTEGER PRIMARY KEY,      -- order of the input, from 1
  key TEXT NOT NULL UNIQUE,
  stem TEXT NOT NULL,                -- name of its image's file without the suffix
  folded_stem TEXT NOT NULL UNIQUE,  -- the same as file systems see it that do not tell cases apart
  file_name TEXT,                    -- as the input gave it
  line INTEGER,
  fields TEXT NOT NULL,              -- JSON, keys in the author's order
  state TEXT NOT NULL DEFAULT 'planned',
  attempts INTEGER NOT NULL DEFAULT 0,
  cost TEXT,                         -- decimal, US dollars; what a row that is on its way may cost
  earlier_cost TEXT NOT NULL DEFAULT '0',
  may_have_been_billed INTEGER NOT NULL DEFAULT 0,
  images TEXT NOT NULL DEFAULT '[]', -- JSON
  body BLOB,                         -- of the answer, as it came
  error_type TEXT,
  error TEXT,
  status_code INTEGER,
  sent_at REAL,
  answered_at REAL,
  saved_at REAL
) STRICT
"""
_INDEX: Final = "CREATE INDEX rows_by_state ON rows (state, position)"


def open_database(path: Path) -> sqlite3.Connection:
    """Open a ledger's file for this process alone, or make it.

    The lock is SQLite's own and dies with the process.

    Raises:
        LedgerLockedError: Another process has it open.
        LedgerError: It is no ledger, is newer than this program, or cannot be read or written.
    """
    try:
        database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except sqlite3.Error as error:
        raise LedgerError(f"The ledger {str(path)!r} cannot be opened: {error}.") from error
    try:
        # Before the first access, or other processes could share the file.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check_owner(database, path)
        database.execute("PRAGMA journal_mode = WAL")
        # A row that is told to be sent is on the disk before its request leaves, also when the power fails.
        database.execute("PRAGMA synchronous = FULL")
        database.execute("BEGIN EXCLUSIVE")
        if database.execute("PRAGMA application_id").fetchone()[0] == 0:
            _create(database)
        database.execute("COMMIT")
        database.create_function("add_decimals", 2, _add_decimals, deterministic=True)
        with suppress(OSError):  # it only helps a message
            _pid_file(path).write_text(f"{os.getpid()} {socket.gethostname()}\n", encoding="utf-8")
    except BaseException as error:
        database.close()
        if isinstance(error, sqlite3.Error):
            raise _translate(error, path) from error
        raise
    return database


def _check_owner(database: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that is not ours, before anything in it is changed."""
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    empty = not database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if application == APPLICATION_ID:
        if version > VERSION:
            raise LedgerError(
                f"The ledger {str(path)!r} was written by a newer version of this program (its schema is {version}, "
                f"this one knows {VERSION}). Use that version, or another folder."
            )
    elif application or version or not empty:
        raise LedgerError(f"{str(path)!r} is a database of another program and is left as it is. Use another folder.")


def _create(database: sqlite3.Connection) -> None:
    database.execute(_ROWS)
    database.execute(_INDEX)
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {VERSION}")


def _translate(error: sqlite3.Error, path: Path) -> LedgerError:
    if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LedgerLockedError(
            f"{_owner(path)} runs the batch of {str(path)!r}. Wait until it has ended, or use another folder. Nothing "
            "was sent."
        )
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return LedgerError(f"{str(path)!r} is no ledger and is left as it is. Use another folder.")
    return LedgerError(f"The ledger {str(path)!r} cannot be used: {error}.")


def _owner(path: Path) -> str:
    try:
        pid, host = _pid_file(path).read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return "Another process"
    mine = (pid, host) == (str(os.getpid()), socket.gethostname())
    return "This very process" if mine else f"Another process ({pid} on {host})"


def _pid_file(path: Path) -> Path:
    return path.with_name(f"{path.name}-pid")


def remove_pid_file(path: Path) -> None:
    """Forget who had the ledger open."""
    with suppress(OSError):
        _pid_file(path).unlink()


def _add_decimals(left: str | None, right: str | None) -> str:
    return str(Decimal(left or 0) + Decimal(right or 0))
