"""The tables of a ledger, and the file that they lie in."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, overload
from urllib.parse import urlsplit, urlunsplit

import httpx
from attrs import asdict, evolve

from ideogram_ai.client import Generation
from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.client.response import parse_generation

from .model import BatchRequest, ImageOutcome, LedgerError, LedgerLockedError, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_LINK = "url"


def without_signature(url: str) -> str:
    """A link without its query string, which holds the signature."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


@overload
def without_signatures(document: str) -> str: ...
@overload
def without_signatures(document: bytes) -> bytes: ...
@overload
def without_signatures(document: None) -> None: ...
def without_signatures(document: str | bytes | None) -> str | bytes | None:
    """A JSON document whose members called `url` have no query strings. One without such a member stays as it is.

    Args:
        document: The document; what is no JSON has no link in it that anybody could have read.
    """
    if document is None:
        return None
    try:
        value: Any = json.loads(document)
    except (ValueError, RecursionError):
        return document
    cut = _cut(value)
    if cut == value:
        return document
    text = json.dumps(cut)
    return text.encode() if isinstance(document, bytes) else text


def _cut(value: Any) -> Any:
    if is_object(value):
        return {
            name: without_signature(item) if name == _LINK and isinstance(item, str) else _cut(item)
            for name, item in value.items()
        }
    return [_cut(item) for item in value] if is_array(value) else value


_ENCODER: Final = json.JSONEncoder(sort_keys=True)


def content_of(fields: Mapping[str, Any]) -> str:
    """The same for requests with the same fields, in whatever order their members stand."""
    return hashlib.sha256(_ENCODER.encode(fields).encode()).hexdigest()[:32]


def content_of_text(fields: str) -> str:
    """The same for fields as the ledger keeps them."""
    return content_of(json.loads(fields))


REQUEST_COLUMNS: Final = "position, key, file_name, line, fields, content"
COLUMNS: Final = (
    f"{REQUEST_COLUMNS}, state, attempts, cost, earlier_cost, may_have_been_billed, images,"
    " error_type, error, status_code, sent_at, answered_at, saved_at, server, absent, replaced_by"
)


def request_of(row: sqlite3.Row) -> BatchRequest:
    """The request of a row."""
    return BatchRequest(
        key=row["key"],
        fields=json.loads(row["fields"]),
        file_name=row["file_name"],
        line=row["line"],
        nameless=row["content"] is not None,
    )


def outcome_of(row: sqlite3.Row) -> Outcome:
    """The outcome of a row."""
    return Outcome(
        request=request_of(row),
        state=State(row["state"]),
        images=tuple(ImageOutcome(**image) for image in json.loads(row["images"])),
        error_type=row["error_type"],
        error=row["error"],
        status_code=row["status_code"],
        cost=None if row["cost"] is None else Decimal(row["cost"]),
        earlier_cost=Decimal(row["earlier_cost"]),
        may_have_been_billed=bool(row["may_have_been_billed"]),
        sent_at=_time(row["sent_at"]),
        answered_at=_time(row["answered_at"]),
        saved_at=_time(row["saved_at"]),
        attempts=row["attempts"],
        server=row["server"],
        absent=bool(row["absent"]),
        replaced_by=row["replaced_by"],
    )


def with_generation(outcome: Outcome, body: bytes) -> Outcome:
    """An answered outcome with the answer that it was read from."""
    answer = parse_generation(status=200, headers=httpx.Headers(), body=body, complete=True)
    if not isinstance(answer, Generation):  # an answer without images never becomes an answered row
        raise LedgerError(f"The ledger's answer to row {outcome.request.key!r:.80} names no image: {answer.message}")
    return evolve(outcome, generation=evolve(answer, request=outcome.request.fields))


def fields_text(fields: Mapping[str, Any]) -> str:
    """A request's fields as they are kept: as JSON in ASCII, so that a lone surrogate is kept too."""
    return json.dumps(fields)


def images_text(images: Iterable[ImageOutcome]) -> str:
    """The images of an outcome as they are kept."""
    return json.dumps([asdict(image) for image in images])


def seconds(time: datetime | None) -> float | None:
    """A time as it is kept."""
    return None if time is None else time.timestamp()


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


APPLICATION_ID: Final = 0x49444742  # "IDGB"
VERSION: Final = 2

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
  saved_at REAL{further}
) STRICT
"""
_FURTHER: Final = (
    "server TEXT",  # that it was last sent to; NULL when it never was, or version 1 did not write it down
    "absent INTEGER NOT NULL DEFAULT 0",  # whether the last whole input does not have it
    "replaced_by TEXT",  # the row that was made in its place on purpose
    "content TEXT",  # what a row without an id is known by
)
"""Columns that version 2 added."""
_ADDED: Final = (
    "CREATE INDEX rows_by_content ON rows (content, file_name, position) WHERE content IS NOT NULL",
    # One row: what the folder of the batch knows its ledger by, how many runs there were, and the last one's server.
    "CREATE TABLE batch (id TEXT NOT NULL, runs INTEGER NOT NULL, server TEXT) STRICT",
    # Files of rehearsals that are still to be removed.
    "CREATE TABLE leftovers (file TEXT PRIMARY KEY, sha256 TEXT) STRICT",
)
_INDEX: Final = "CREATE INDEX rows_by_state ON rows (state, position)"
_SIDE_FILES: Final = ("", "-wal", "-shm", "-journal", "-pid")


def open_database(path: Path) -> sqlite3.Connection:
    """Open a ledger's file for this process alone, or make it, for its owner's eyes: it holds signed links.

    The lock is SQLite's own and dies with the process. A ledger of version 1 becomes one of version 2.

    Raises:
        LedgerLockedError: Another process has it open.
        LedgerError: It is no ledger, is newer than this program, or cannot be read or written.
    """
    try:
        # Never opened here when it is there: to close it would drop the locks that this process has on it.
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise LedgerError(f"The ledger {str(path)!r} cannot be opened: {why}.") from error
    try:
        database.create_function("add_decimals", 2, _add_decimals, deterministic=True)
        database.create_function("without_signatures", 1, without_signatures, deterministic=True)
        database.create_function("content_of", 1, content_of_text, deterministic=True)
        # Before the first access, or other processes could share the file.
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        _check_owner(database, path)
        _make_private(path)
        database.execute("PRAGMA journal_mode = WAL")
        # A row that is told to be sent is on the disk before its request leaves, also when the power fails.
        database.execute("PRAGMA synchronous = FULL")
        # And in the file itself: a side file that is lost takes nothing along that a caller was told is written.
        database.execute("PRAGMA wal_autocheckpoint = 1")
        # What is dropped, the signature of a link for example, is overwritten.
        database.execute("PRAGMA secure_delete = ON")
        _bring_up_to_date(database)
        with suppress(OSError):  # it only helps a message
            _pid_file(path).write_text(f"{os.getpid()} {socket.gethostname()}\n", encoding="utf-8")
            _pid_file(path).chmod(0o600)
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


def _make_private(path: Path) -> None:
    """Let nobody but its owner read the file, nor those beside it. SQLite makes these as it finds the file."""
    for side in _SIDE_FILES:
        # A ledger of somebody else is that one's to protect.
        with suppress(FileNotFoundError, PermissionError):
            path.with_name(f"{path.name}{side}").chmod(0o600)


def _bring_up_to_date(database: sqlite3.Connection) -> None:
    database.execute("BEGIN EXCLUSIVE")
    application = database.execute("PRAGMA application_id").fetchone()[0]
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if not application:
        database.execute(_ROWS.format(further="".join(f",\n  {column}" for column in _FURTHER)))
        database.execute(_INDEX)
        database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    elif version < VERSION:
        for column in _FURTHER:
            database.execute(f"ALTER TABLE rows ADD COLUMN {column}")
        # Rows without an id had their place for a key, and are known by what they ask for from now on.
        database.execute(
            "UPDATE rows SET content = content_of(fields) WHERE length(key) >= 6 AND key NOT GLOB '*[^0-9]*'"
        )
        database.execute(
            "UPDATE rows SET body = without_signatures(body), images = without_signatures(images) WHERE state = 'saved'"
        )
    if version < VERSION:
        for statement in _ADDED:
            database.execute(statement)
        database.execute("INSERT INTO batch VALUES (?, 0, NULL)", (secrets.token_hex(16),))
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")
    if application and version < VERSION:
        database.execute("VACUUM")  # the signatures that version 1 dropped and did not overwrite


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
