"""The file of a ledger: its schema, who may open it, and the migration of earlier versions."""

from __future__ import annotations

import json
import os
import secrets
import socket
import sqlite3
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from ideogram_ai.client.errors import NOTHING_SENT

from .model import LedgerError, LedgerLockedError
from .operations import GENERATE
from .rows import content_of, cut_signatures

if TYPE_CHECKING:
    from pathlib import Path

APPLICATION_ID: Final = 0x49444742  # "IDGB"
VERSION: Final = 5

_TABLE: Final = """
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
  saved_at REAL{further}
) STRICT
"""
_FURTHER: Final = {
    2: (
        "server TEXT",  # that it was last sent to; NULL when it never was, or version 1 did not write it down
        "absent INTEGER NOT NULL DEFAULT 0",  # whether the last whole input does not have it
        "replaced_by TEXT",  # the row that was made in its place on purpose
        "content TEXT",  # what a row without an id is known by
    ),
    3: (
        f"operation TEXT NOT NULL DEFAULT '{GENERATE}'",
        "files TEXT NOT NULL DEFAULT '{}'",  # JSON: the SHA-256 of each file among the fields
        "job_id TEXT",  # of a row that was submitted
    ),
    4: (),  # rows ask for operations, and images have members, that earlier versions do not know
    5: ("earlier_billed INTEGER NOT NULL DEFAULT 0",),  # whether an earlier attempt may have been billed
}
"""Columns that later versions added."""
_IDENTIFIED: Final = 2
"""The first version whose ledgers have an id, and rows without an id are known by their content."""
_REMEMBERED: Final = 5
"""The first version whose ledgers say of each row whether an earlier attempt may have been billed."""
_ADDED: Final = (
    "CREATE INDEX rows_by_content ON rows (content, file_name, position) WHERE content IS NOT NULL",
    # One row: what the folder of the batch knows its ledger by, how many runs there were, and the last one's server.
    "CREATE TABLE batch (id TEXT NOT NULL, runs INTEGER NOT NULL, server TEXT) STRICT",
    # Files of rehearsals that are still to be removed.
    "CREATE TABLE leftovers (file TEXT PRIMARY KEY, sha256 TEXT) STRICT",
)
_INDEX: Final = "CREATE INDEX rows_by_state ON rows (state, position)"
_SIDE_FILES: Final = ("", "-wal", "-shm", "-journal", "-pid")


def open_database(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the file for this process alone, or create it, readable by its owner only: it holds signed links.

    The lock is SQLite's own and ends with the process. Earlier versions are migrated. Also return whether it is new.
    """
    is_new = False
    try:
        # An existing file is not opened here: closing it would drop the locks that this process has on it.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
            is_new = True
        database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise LedgerError(f"The ledger {str(path)!r} cannot be opened: {why}.") from error
    try:
        database.create_function("add_decimals", 2, _add_decimals, deterministic=True)
        database.create_function("without_signatures", 1, cut_signatures, deterministic=True)
        database.create_function("content_of", 1, _content_of_text, deterministic=True)
        # Before the first access, or other processes could share the file.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check_owner(database, path)
        for side in _SIDE_FILES:  # SQLite creates the others with the permissions of the first
            with suppress(FileNotFoundError, PermissionError):
                path.with_name(f"{path.name}{side}").chmod(0o600)
        database.execute("PRAGMA journal_mode = WAL")
        # A row that is recorded as sent is on the disk before its request leaves, even if the power fails.
        database.execute("PRAGMA synchronous = FULL")
        # And in the file itself, so that nothing is lost with a side file.
        database.execute("PRAGMA wal_autocheckpoint = 1")
        # What is dropped is overwritten, for example the signature of a link.
        database.execute("PRAGMA secure_delete = ON")
        _migrate(database)
        with suppress(OSError):  # it only improves a message
            pid_file(path).write_text(f"{os.getpid()} {socket.gethostname()}\n", encoding="utf-8")
            pid_file(path).chmod(0o600)
        _check_there(path)
    except BaseException as error:
        database.close()
        if isinstance(error, sqlite3.Error):
            raise _translate(error, path) from error
        raise
    return database, is_new


def _check_there(path: Path) -> None:
    """Refuse a file that its process removed, unused, before this process had the lock."""
    if not path.exists():
        raise LedgerError(f"The ledger {str(path)!r} was removed at this moment. Run the same again. {NOTHING_SENT}")


def _check_owner(database: sqlite3.Connection, path: Path) -> None:
    """Refuse a file of another program before anything in it is changed."""
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if application == APPLICATION_ID:
        if version > VERSION:
            raise LedgerError(
                f"The ledger {str(path)!r} was written by a newer version of this program (its schema is {version}, "
                f"this one knows {VERSION}). Use that version, or another folder."
            )
    elif application or version or database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
        raise LedgerError(f"{str(path)!r} is a database of another program and is left unchanged. Use another folder.")


def _migrate(database: sqlite3.Connection) -> None:
    """Create the tables, or bring those of an earlier version up to date."""
    database.execute("BEGIN EXCLUSIVE")
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if not application:
        further = (column for columns in _FURTHER.values() for column in columns)
        database.execute(_TABLE.format(further="".join(f",\n  {column}" for column in further)))
        database.execute(_INDEX)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    else:
        for number, columns in _FURTHER.items():
            for column in columns if version < number else ():
                database.execute(f"ALTER TABLE rows ADD COLUMN {column}")
    if application and version < _IDENTIFIED:
        # Rows without an id had their place for a key; from now on they are identified by their content.
        database.execute(
            "UPDATE rows SET content = content_of(fields) WHERE length(key) >= 6 AND key NOT GLOB '*[^0-9]*'"
        )
        database.execute(
            "UPDATE rows SET body = without_signatures(body), images = without_signatures(images) WHERE state = 'saved'"
        )
    if version < _IDENTIFIED:
        for statement in _ADDED:
            database.execute(statement)
        database.execute("INSERT INTO batch VALUES (?, 0, NULL)", (secrets.token_hex(16),))
    if application and version < _REMEMBERED:
        database.execute(
            "UPDATE rows SET earlier_billed = 1, may_have_been_billed = may_have_been_billed OR state = 'planned'"
            " WHERE earlier_cost <> '0' OR (state = 'planned' AND may_have_been_billed)"
        )
    if version < VERSION:
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")
    if application and version < _IDENTIFIED:
        database.execute("VACUUM")  # the signatures that version 1 dropped without overwriting them


def _translate(error: sqlite3.Error, path: Path) -> LedgerError:
    if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        try:
            pid, host = pid_file(path).read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            owner = "Another process"
        else:
            ours = (pid, host) == (str(os.getpid()), socket.gethostname())
            owner = "This very process" if ours else f"Another process ({pid} on {host})"
        return LedgerLockedError(
            f"{owner} runs the batch of {str(path)!r}. Wait until it has ended, or use another folder. Nothing was "
            "sent."
        )
    if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
        return LedgerError(f"{str(path)!r} is not a ledger and is left unchanged. Use another folder.")
    return LedgerError(f"The ledger {str(path)!r} cannot be used: {error}.")


def pid_file(path: Path) -> Path:
    """The file that names the process that has a ledger open."""
    return path.with_name(f"{path.name}-pid")


def _content_of_text(fields: str) -> str:
    return content_of(json.loads(fields))


def _add_decimals(left: str | None, right: str | None) -> str:
    return str(Decimal(left or 0) + Decimal(right or 0))
