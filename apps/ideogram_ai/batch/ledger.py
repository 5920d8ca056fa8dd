"""The ledger of a batch: an SQLite file that knows, at any moment, what was planned, sent, answered and saved."""

from __future__ import annotations

import json
import sqlite3
import threading
from array import array
from contextlib import contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from attrs import evolve

from .ledger_file import open_database, pid_file
from .model import BEFORE, LedgerChangeError, LedgerError, Outcome, State
from .names import is_reserved
from .prices import images_asked
from .rows import (
    COLUMNS,
    INTERRUPTED,
    REQUEST_COLUMNS,
    WITHOUT_LINKS,
    outcome_of,
    request_of,
    row_values,
    with_generation,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from .model import BatchRequest

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
_FREE: Final = "It was not billed: send it again with --retry-failed"


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

        Raises:
            LedgerLockedError: Another process has it open.
            LedgerError: It is not a ledger, is newer than this program, or cannot be read or written.
        """
        file = Path(path)
        database, is_new = open_database(file)
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
        """The number of rows in each state, zeros included: of all, or of those that the input has no longer."""
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
        for row in self._pages(COLUMNS, states):
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
        """The rows whose images are still to be saved, with their responses, read in pages.

        A row whose response cannot be read is recorded and returned as FAILED: it must not stop the others.
        """
        for row in self._pages(f"{COLUMNS}, body", [State.ANSWERED]):
            outcome = outcome_of(row)
            try:
                outcome = with_generation(outcome, row["body"] or b"")
            except LedgerError as error:
                cure = "Make it again, which is billed again, with --redo" if row["may_have_been_billed"] else _FREE
                message = f"{error} {cure}."
                outcome = evolve(outcome, state=State.FAILED, error_type=type(error).__name__, error=message)
                self.apply([outcome])
            yield outcome

    def body(self, key: str) -> bytes | None:
        """The body of the response to a request, unchanged; None without one, or without the row."""
        with self.reading() as database:
            row = database.execute("SELECT body FROM rows WHERE key = ?", (key,)).fetchone()
        return row["body"] if row else None

    def stem(self, key: str) -> str:
        """The file name of a row's image without its suffix, unique in the batch."""
        with self.reading() as database:
            row = database.execute("SELECT stem FROM rows WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise LedgerError(f"The ledger {str(self.path)!r} has no row {key!r:.80}.")
        stem: str = row["stem"]
        # An image of unknown format has no suffix.
        return f"_{stem}" if is_reserved(stem, self.path.name) else stem

    def apply(self, outcomes: Sequence[Outcome]) -> None:
        """Record outcomes, in their order, in one transaction. They are on the disk when this returns.

        SENT is a request that is about to leave, PLANNED one that certainly did not run. Rows whose state does not
        allow the change are in a LedgerChangeError; the other changes are made. Otherwise it is all or none.
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
        """
        return self._change(
            "UPDATE rows SET state = 'planned', earlier_cost = add_decimals(earlier_cost, cost), cost = NULL,"
            " job_id = NULL WHERE state = 'unknown' AND NOT absent"
        )

    def ask_again(self) -> int:
        """Ask once more for jobs that this server did not know: that is free, and the key may have been another one."""
        return self._change(
            "UPDATE rows SET state = 'submitted'"
            " WHERE state = 'unknown' AND job_id IS NOT NULL AND server = (SELECT server FROM batch)"
        )

    def retry_failed(self) -> int:
        """Plan rows again that failed without being billed, and download again where an image failed.

        Images that are paid for are downloaded for absent rows too.
        """
        with self.transaction():
            return self._change(
                "UPDATE rows SET state = 'answered'"
                " WHERE state = 'failed' AND may_have_been_billed AND body IS NOT NULL"
            ) + self._change(
                "UPDATE rows SET state = 'planned', cost = NULL, job_id = NULL"
                " WHERE state = 'failed' AND NOT may_have_been_billed AND NOT absent"
            )

    def close(self) -> None:
        """Close the file, so that another process can open it. A new one that was never used is removed."""
        with self._lock:
            with suppress(OSError):
                pid_file(self.path).unlink()
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
    # Only the body of an answered row names its images; what a poll said earlier does not.
    images, body = ":images", "coalesce(:body, CASE state WHEN 'answered' THEN body END)"
    if state in WITHOUT_LINKS:
        images, body = f"without_signatures({images})", f"without_signatures({body})"
    statement = _ENDED.format(images=images, body=body, before=", ".join(f"'{each}'" for each in BEFORE[state]))
    return bool(database.execute(statement, values).rowcount)
