"""The ledger of a batch: an SQLite file that knows, at any moment, what was planned, sent, answered and saved."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import socket
import sqlite3
import threading
from array import array
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import urlsplit, urlunsplit

import httpx
from attrs import asdict, evolve

from ideogram_ai.client import Generation
from ideogram_ai.client import Job as ImageJob
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.images import parse_generation
from ideogram_ai.client.jobs import read_job
from ideogram_ai.client.request import is_array, is_object

from .model import BEFORE, BatchRequest, ImageOutcome, LedgerChangeError, LedgerError, LedgerLockedError, Outcome, State
from .names import is_reserved
from .operations import GENERATE, images_asked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

APPLICATION_ID: Final = 0x49444742  # "IDGB"
VERSION: Final = 4

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
}
"""Columns that later versions added."""
_IDENTIFIED: Final = 2
"""The first version whose ledgers have an id, and rows without an id are known by their content."""
_ADDED: Final = (
    "CREATE INDEX rows_by_content ON rows (content, file_name, position) WHERE content IS NOT NULL",
    # One row: what the folder of the batch knows its ledger by, how many runs there were, and the last one's server.
    "CREATE TABLE batch (id TEXT NOT NULL, runs INTEGER NOT NULL, server TEXT) STRICT",
    # Files of rehearsals that are still to be removed.
    "CREATE TABLE leftovers (file TEXT PRIMARY KEY, sha256 TEXT) STRICT",
)
_INDEX: Final = "CREATE INDEX rows_by_state ON rows (state, position)"
_SIDE_FILES: Final = ("", "-wal", "-shm", "-journal", "-pid")

REQUEST_COLUMNS: Final = "position, key, file_name, line, fields, content, operation, files"
_COLUMNS: Final = (
    f"{REQUEST_COLUMNS}, state, attempts, cost, earlier_cost, may_have_been_billed, images,"
    " error_type, error, status_code, sent_at, answered_at, saved_at, server, absent, replaced_by, job_id"
)
_TIMES: Final = ("sent_at", "answered_at", "saved_at")
_PLAIN: Final = ("error_type", "error", "status_code", "attempts", "server", "replaced_by", "job_id")
"""Columns that hold an attribute of an outcome as it is."""
_SENT: Final = (
    "UPDATE rows SET state = 'sent', attempts = attempts + 1, sent_at = :sent_at, cost = :cost,"
    " may_have_been_billed = 1, error_type = NULL, error = NULL, status_code = NULL, body = NULL, images = '[]',"
    " answered_at = NULL, saved_at = NULL, job_id = NULL, server = (SELECT server FROM batch)"
    " WHERE key = :key AND state = 'planned'"
)
_UNSENT: Final = (
    "UPDATE rows SET state = 'planned', cost = NULL, may_have_been_billed = 0 WHERE key = :key AND state = 'sent'"
)
_ENDED: Final = (
    "UPDATE rows SET state = :state, cost = :cost, may_have_been_billed = :may_have_been_billed, images = {images},"
    " body = {body}, error_type = :error_type, error = :error, status_code = :status_code, answered_at = :answered_at,"
    " saved_at = :saved_at, job_id = coalesce(:job_id, job_id) WHERE key = :key AND state IN ({before})"
)
_PAGE: Final = 500
WITHOUT_LINKS: Final = frozenset({State.SAVED, State.WITHHELD})
"""States of rows whose links nobody needs any more: their signatures are dropped."""
INTERRUPTED: Final = (
    "The process ended while the request was on its way: the image may have been made, and billed. Check the usage of "
    "the account, or what your webhook received, before it is sent again."
)
_json = json.JSONEncoder(sort_keys=True)


def without_signature(url: str) -> str:
    """A link without its query string, which holds the signature."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


def cut_signatures(document: str | bytes | None) -> str | bytes | None:
    """A JSON document whose `url` members have no signatures, which would let any reader fetch the images."""
    try:
        value: Any = json.loads(document or b"null")
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
            name: without_signature(item) if name == "url" and isinstance(item, str) else _cut(item)
            for name, item in value.items()
        }
    return [_cut(item) for item in value] if is_array(value) else value


def content_of(fields: Mapping[str, Any]) -> str:
    """What identifies a row without an id: a hash of its fields, whatever the order of their members."""
    return hashlib.sha256(_json.encode(fields).encode()).hexdigest()[:32]


def _content_of_text(fields: str) -> str:
    return content_of(json.loads(fields))


def fields_text(fields: Mapping[str, Any]) -> str:
    """A request's fields as the ledger has them: JSON in ASCII, which keeps lone surrogates. Its files too."""
    return json.dumps(fields)


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def request_of(row: sqlite3.Row | Mapping[str, Any]) -> BatchRequest:
    """The request of a row with REQUEST_COLUMNS."""
    fields = json.loads(row["fields"])
    return BatchRequest(
        row["key"],
        fields,
        row["file_name"],
        row["line"],
        nameless=row["content"] is not None,
        operation=row["operation"],
        files=json.loads(row["files"]),
    )


def outcome_of(row: sqlite3.Row | Mapping[str, Any]) -> Outcome:
    """The outcome of a row with the columns of a ledger."""
    others: dict[str, Any] = {name: row[name] for name in _PLAIN} | {name: _time(row[name]) for name in _TIMES}
    return Outcome(
        request=request_of(row),
        state=State(row["state"]),
        images=tuple(ImageOutcome(**image) for image in json.loads(row["images"])),
        cost=None if row["cost"] is None else Decimal(row["cost"]),
        earlier_cost=Decimal(row["earlier_cost"]),
        may_have_been_billed=bool(row["may_have_been_billed"]),
        absent=bool(row["absent"]),
        **others,
    )


def row_values(outcome: Outcome) -> dict[str, Any]:
    """What a row of the ledger has of an outcome, by column. The request and the response have columns of their own."""
    times: dict[str, datetime | None] = {name: getattr(outcome, name) for name in _TIMES}
    return {
        "state": outcome.state.value,
        "images": json.dumps([asdict(image) for image in outcome.images]),
        "cost": None if outcome.cost is None else str(outcome.cost),
        "earlier_cost": str(outcome.earlier_cost),
        "may_have_been_billed": int(outcome.may_have_been_billed),
        "absent": int(outcome.absent),
        **{name: time and time.timestamp() for name, time in times.items()},
        **{name: getattr(outcome, name) for name in _PLAIN},
        # A message quotes what a server said, even a lone surrogate, which SQLite rejects.
        "error": outcome.error and outcome.error.encode("utf-8", "backslashreplace").decode(),
    }


def with_generation(outcome: Outcome, body: bytes) -> Outcome:
    """An ANSWERED outcome with its response, read from the body.

    Raises:
        LedgerError: The response names no image.
    """
    response: object
    if outcome.job_id is None:
        response = parse_generation(status=200, headers=httpx.Headers(), body=body, complete=True)
    else:
        job = read_job(body, job_id=outcome.job_id)
        response = job.generation if isinstance(job, ImageJob) else job
    if not isinstance(response, Generation):  # a response without images never becomes an answered row
        raise LedgerError(f"What is recorded as the answer to row {outcome.request.key!r:.80} names no image.")
    return evolve(outcome, generation=evolve(response, request=outcome.request.fields))


class Ledger:
    """Every request of a batch, its state and its cost. Only one process at a time has it open.

    Its methods block, and may be called from any thread, one at a time. Use it as a context manager, or close it.

    Attributes:
        path: The file.
        recovered: Keys of the rows that were on their way when the process ended that had the ledger open before.
    """

    def __init__(self, path: Path, database: sqlite3.Connection, *, is_new: bool = False) -> None:
        self.path = path
        self._is_new = is_new
        self.recovered: Sequence[str] = ()
        self._database = database
        self._lock = threading.RLock()
        database.row_factory = sqlite3.Row

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a ledger, or create it. Requests that a dead process had sent become unknown.

        Args:
            path: The file, in a folder that exists.

        Raises:
            LedgerLockedError: Another process has it open.
            LedgerError: It is not a ledger, is newer than this program, or cannot be read or written.
        """
        file = Path(path)
        database, is_new = _open_database(file)
        ledger = cls(file, database, is_new=is_new)
        try:
            with ledger.transaction() as database:
                rows = database.execute("SELECT key FROM rows WHERE state = 'sent' ORDER BY position").fetchall()
                database.execute(
                    "UPDATE rows SET state = 'unknown', error_type = 'InterruptedError', error = ?"
                    " WHERE state = 'sent'",
                    (INTERRUPTED,),
                )
            ledger.recovered = tuple(row["key"] for row in rows)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @property
    def identity(self) -> tuple[str, int]:
        """The id by which the folder of the batch knows its ledger, and the number of runs that sent something."""
        with self.reading() as database:
            row = database.execute("SELECT id, runs FROM batch").fetchone()
        return row["id"], row["runs"]

    @property
    def server(self) -> str | None:
        """The server of the last run, as Outcome.server has it."""
        with self.reading() as database:
            server: str | None = database.execute("SELECT server FROM batch").fetchone()["server"]
        return server

    def begin_run(self) -> None:
        """Count a run that is about to send something, after the files of rehearsals were removed."""
        with self.transaction() as database:
            database.execute("DELETE FROM leftovers")
            database.execute("UPDATE batch SET runs = runs + 1")

    def leftovers(self) -> Sequence[tuple[str, str | None, bool]]:
        """Files of rehearsals to remove: the name, the SHA-256, and whether another row has the same image."""
        with self.reading() as database:
            rows = database.execute(
                "SELECT file, sha256, sha256 IN (SELECT json_extract(image.value, '$.sha256')"
                " FROM rows, json_each(rows.images) AS image) AS kept FROM leftovers"
            ).fetchall()
        return [(row["file"], row["sha256"], bool(row["kept"])) for row in rows]

    def counts(self, *, absent: bool | None = None) -> Mapping[State, int]:
        """The number of rows in each state, zeros included.

        Args:
            absent: Whether to count only rows that the input no longer has, or only those it has; None for all.
        """
        with self.reading() as database:
            rows = database.execute(
                "SELECT state, count(*) FROM rows WHERE :absent IS NULL OR absent = :absent GROUP BY state",
                {"absent": absent},
            ).fetchall()
        return dict.fromkeys(State, 0) | {State(state): count for state, count in rows}

    def total_cost(self) -> Decimal:
        """US dollars that all rows cost so far, or may have cost, including those that are on their way or unknown."""
        with self.reading() as database:
            rows = database.execute(
                "SELECT cost, earlier_cost, count(*) FROM rows GROUP BY cost, earlier_cost"
            ).fetchall()
        return sum(((Decimal(cost or 0) + Decimal(earlier)) * count for cost, earlier, count in rows), Decimal(0))

    def unpriced(self) -> int:
        """The number of images that may have been billed, and whose price nobody knows."""
        with self.reading() as database:
            statement = f"SELECT {REQUEST_COLUMNS}, images FROM rows WHERE may_have_been_billed AND cost IS NULL"  # noqa: S608
            return sum(
                len(json.loads(row["images"])) or images_asked(request_of(row)) for row in database.execute(statement)
            )

    def withheld(self) -> int:
        """The number of withheld images of rows whose other images are saved, without absent rows."""
        with self.reading() as database:
            number: int = database.execute(
                "SELECT count(*) FROM rows, json_each(rows.images) AS image WHERE state = 'saved' AND NOT absent"
                " AND json_extract(image.value, '$.file') IS NULL"
            ).fetchone()[0]
        return number

    def outcomes(self, *states: State) -> Iterator[Outcome]:
        """The rows in these states, or all, in the order of the input.

        They are read in pages as they are needed, so that memory stays flat. Between two pages other rows may change.
        """
        for row in self._pages(_COLUMNS, states):
            yield outcome_of(row)

    def planned(self) -> Iterator[BatchRequest]:
        """The requests to send, in the order of the input, read in pages."""
        for row in self._pages(f"{REQUEST_COLUMNS}, absent", [State.PLANNED]):
            if not row["absent"]:
                yield request_of(row)

    def planned_positions(self) -> Sequence[int]:
        """The places of the requests to send, in the order of the input."""
        with self.reading() as database:
            rows = database.execute(
                "SELECT position FROM rows WHERE state = 'planned' AND NOT absent ORDER BY position"
            )
            return array("q", (row["position"] for row in rows))

    def planned_at(self, positions: Sequence[int]) -> Sequence[BatchRequest]:
        """The requests at these places that are still to be sent."""
        places = ", ".join(map(str, positions))
        statement = f"SELECT {REQUEST_COLUMNS} FROM rows WHERE position IN ({places}) AND state = 'planned'"  # noqa: S608
        with self.reading() as database:
            return [request_of(row) for row in database.execute(statement)]

    def answered(self) -> Iterator[Outcome]:
        """The rows whose images are still to be saved, with their responses, read in pages."""
        for row in self._pages(f"{_COLUMNS}, body", [State.ANSWERED]):
            yield with_generation(outcome_of(row), row["body"])

    def body(self, key: str) -> bytes | None:
        """The body of the response to a request, unchanged; None without one, or without the row."""
        with self.reading() as database:
            row = database.execute("SELECT body FROM rows WHERE key = ?", (key,)).fetchone()
        return row["body"] if row else None

    def stem(self, key: str) -> str:
        """The file name of a row's image without its suffix, unique in the batch.

        Raises:
            LedgerError: There is no such row.
        """
        with self.reading() as database:
            row = database.execute("SELECT stem FROM rows WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise LedgerError(f"The ledger {str(self.path)!r} has no row {key!r:.80}.")
        stem: str = row["stem"]
        # An image of unknown format has no suffix.
        return f"_{stem}" if is_reserved(stem, self.path.name) else stem

    def apply(self, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes, in their order, in one transaction. They are on the disk when this returns.

        SENT is a request that is about to leave, PLANNED one that certainly did not run.

        Raises:
            LedgerChangeError: A row was not in a state that allows the change; the others were made.
            LedgerError: The ledger cannot be written; no change was made.
        """
        with self.transaction() as database:
            refused = [outcome for outcome in outcomes if not _record(database, outcome)]
        if refused:
            raise LedgerChangeError(
                f"The ledger {str(self.path)!r} has no row {refused[0].request.key!r:.80} that can be "
                f"{refused[0].state.value} now. Another program may have changed it.",
                keys=frozenset(outcome.request.key for outcome in refused),
            )

    def note_files(self, found: Mapping[str, str]) -> None:
        """Note the file that may be the image of an unknown row, by key."""
        with self.transaction() as database:
            for key, file in found.items():
                database.execute(
                    "UPDATE rows SET error = error || ? WHERE key = ? AND state = 'unknown'",
                    (f" The file {file!r} is there, and may be its image.", key),
                )

    def retry_unknown(self) -> int:
        """Plan rows of unknown outcome again: each of them may be billed once more. Absent rows are skipped.

        Their jobs, which the service did not know, are forgotten.

        Returns:
            How many there were.
        """
        return self._change(
            "UPDATE rows SET state = 'planned', earlier_cost = add_decimals(earlier_cost, cost), cost = NULL,"
            " job_id = NULL WHERE state = 'unknown' AND NOT absent"
        )

    def ask_again(self) -> int:
        """Ask once more for jobs that this server did not know: that is free, and the key may have been another one.

        Returns:
            How many there were.
        """
        return self._change(
            "UPDATE rows SET state = 'submitted'"
            " WHERE state = 'unknown' AND job_id IS NOT NULL AND server = (SELECT server FROM batch)"
        )

    def retry_failed(self) -> int:
        """Plan rows again that failed without being billed, and download again where an image failed.

        Images that are paid for are downloaded for absent rows too.

        Returns:
            How many there were.
        """
        with self.transaction():
            return self._change(
                "UPDATE rows SET state = 'answered' WHERE state = 'failed' AND body IS NOT NULL"
            ) + self._change(
                "UPDATE rows SET state = 'planned', cost = NULL, job_id = NULL"
                " WHERE state = 'failed' AND NOT may_have_been_billed AND NOT absent"
            )

    def close(self) -> None:
        """Close the file, so that another process can open it. A new one that was never used is removed."""
        with self._lock:
            with suppress(OSError):
                _pid_file(self.path).unlink()
            with suppress(OSError, sqlite3.Error, LedgerError):
                # After a run, the folder knows it.
                if self._is_new and not self.identity[1] and not any(self.counts().values()):
                    # While it is locked, and without side files: another process may open it at any moment.
                    self._database.execute("PRAGMA journal_mode = DELETE")
                    self.path.unlink()
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Commit what is done inside, or roll it back after an exception. Inside another one it is part of that."""
        with self.reading() as database:
            if database.in_transaction:
                yield database
                return
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Generator[sqlite3.Connection]:
        """Use the database, as the only thread."""
        with self._lock:
            try:
                yield self._database
            except sqlite3.Error as error:
                raise LedgerError(f"The ledger {str(self.path)!r} cannot be used: {error}.") from error

    def _change(self, statement: str) -> int:
        with self.transaction() as database:
            return database.execute(statement).rowcount

    def _pages(self, columns: str, states: Sequence[State]) -> Iterator[sqlite3.Row]:
        where = f"state IN ({', '.join('?' * len(states))}) AND" if states else ""
        statement = f"SELECT {columns} FROM rows WHERE {where} position > ? ORDER BY position LIMIT {_PAGE}"  # noqa: S608
        position = 0
        while True:
            with self.reading() as database:
                rows = database.execute(statement, (*states, position)).fetchall()
            yield from rows
            if len(rows) < _PAGE:
                return
            position = rows[-1]["position"]


def _record(database: sqlite3.Connection, outcome: Outcome) -> bool:
    """Write an outcome. False when the row is not in a state that allows it."""
    state = outcome.state
    values = {"key": outcome.request.key, **row_values(outcome)}
    if state is State.PLANNED:
        database.execute(_UNSENT, values)
        return True  # where `sent` could not be written, there is nothing to take back
    if state is State.SENT:
        return bool(database.execute(_SENT, values).rowcount)
    values["body"] = outcome.body if outcome.generation is None else outcome.generation.raw
    images, body = ":images", "coalesce(:body, body)"
    if state in WITHOUT_LINKS:
        images, body = f"without_signatures({images})", f"without_signatures({body})"
    statement = _ENDED.format(images=images, body=body, before=", ".join(f"'{each}'" for each in BEFORE[state]))
    return bool(database.execute(statement, values).rowcount)


def _open_database(path: Path) -> tuple[sqlite3.Connection, bool]:
    """Open the file for this process alone, or create it, readable by its owner only: it holds signed links.

    The lock is SQLite's own and ends with the process. Earlier versions are migrated.

    Returns:
        The database, and whether it is new.
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
            _pid_file(path).write_text(f"{os.getpid()} {socket.gethostname()}\n", encoding="utf-8")
            _pid_file(path).chmod(0o600)
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
    if version < VERSION:
        database.execute(f"PRAGMA user_version = {VERSION}")
    database.execute("COMMIT")
    if application and version < _IDENTIFIED:
        database.execute("VACUUM")  # the signatures that version 1 dropped without overwriting them


def _translate(error: sqlite3.Error, path: Path) -> LedgerError:
    if error.sqlite_errorcode in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        try:
            pid, host = _pid_file(path).read_text(encoding="utf-8").split()
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


def _pid_file(path: Path) -> Path:
    return path.with_name(f"{path.name}-pid")


def _add_decimals(left: str | None, right: str | None) -> str:
    return str(Decimal(left or 0) + Decimal(right or 0))
