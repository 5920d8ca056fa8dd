"""The ledger of a batch: an SQLite file that knows, at any moment, what was paid for."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from ..errors import LedgerChangeError, LedgerError
from ..outcome import State
from .planning import Planned, plan_rows
from .rows import COLUMNS, outcome_of, request_of, with_generation
from .schema import open_database, remove_pid_file

if TYPE_CHECKING:
    import os
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from ..outcome import Outcome
    from ..request import BatchRequest
    from .changes import Change

_PAGE: Final = 500
_INTERRUPTED: Final = (
    "The process ended while the request was on its way: the image may have been made, and billed. Look at the "
    "account's usage before it is sent again."
)


class Ledger:
    """Every request of a batch, how far it got and what it cost. One process at a time has it open.

    Its methods block, may be called from any thread, and take their turns. Use it as a context manager, or close it.
    """

    def __init__(self, path: Path, database: sqlite3.Connection) -> None:
        self._path = path
        self._database = database
        self._lock = threading.RLock()
        self._recovered: tuple[str, ...] = ()
        database.row_factory = sqlite3.Row

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Open a ledger, or make it. Requests that a dead process had sent become unknown.

        Args:
            path: The file; its folder exists.

        Raises:
            LedgerLockedError: Another process has it open.
            LedgerError: It is no ledger, is newer than this program, or cannot be read or written.
        """
        file = Path(path)
        ledger = cls(file, open_database(file))
        try:
            ledger._recover()
        except BaseException:
            ledger.close()
            raise
        return ledger

    @property
    def path(self) -> Path:
        """The file."""
        return self._path

    def plan(self, requests: Iterable[BatchRequest]) -> Planned:
        """Enter the rows of an input that are new, all or none, and compare the others.

        Args:
            requests: The input, in its order. It is read as a stream, and an exception that it raises undoes all.

        Raises:
            PlanError: A row contradicts the ledger, or another row.
            LedgerError: The ledger cannot be written.
        """
        with self._transaction() as database:
            return plan_rows(database, requests)

    def counts(self) -> Mapping[State, int]:
        """How many rows are in each state; every state is there."""
        with self._reading() as database:
            rows = database.execute("SELECT state, count(*) FROM rows GROUP BY state").fetchall()
        return dict.fromkeys(State, 0) | {State(state): count for state, count in rows}

    def total_cost(self) -> Decimal:
        """US dollars that all rows cost so far, or may have cost: those on their way and unknown ones count."""
        with self._reading() as database:
            rows = database.execute(
                "SELECT cost, earlier_cost, count(*) FROM rows GROUP BY cost, earlier_cost"
            ).fetchall()
        return sum(((Decimal(cost or 0) + Decimal(earlier)) * count for cost, earlier, count in rows), Decimal(0))

    def outcomes(self, *states: State) -> Iterator[Outcome]:
        """The rows in these states, or all, in the order of the input.

        They are read in pages as they are asked for, so that memory stays flat; between two pages other rows may
        change.
        """
        for row in self._pages(COLUMNS, states):
            yield outcome_of(row)

    def planned(self) -> Iterator[BatchRequest]:
        """The requests that are to be sent, in the order of the input, read in pages as they are asked for."""
        for row in self._pages("position, key, file_name, line, fields", [State.PLANNED]):
            yield request_of(row)

    def answered(self) -> Iterator[Outcome]:
        """The rows whose images wait to be saved, with their answers, read in pages as they are asked for."""
        for row in self._pages(f"{COLUMNS}, body", [State.ANSWERED]):
            yield with_generation(outcome_of(row), row["body"])

    def body(self, key: str) -> bytes | None:
        """The body of the answer to a request, as it came; None when there is none, or no such row."""
        with self._reading() as database:
            row = database.execute("SELECT body FROM rows WHERE key = ?", (key,)).fetchone()
        return row["body"] if row else None

    def stem(self, key: str) -> str:
        """The name of a row's image without its suffix, unlike any other row's.

        Raises:
            LedgerError: There is no such row.
        """
        with self._reading() as database:
            row = database.execute("SELECT stem FROM rows WHERE key = ?", (key,)).fetchone()
        if row is None:
            raise LedgerError(f"The ledger {str(self._path)!r} has no row {key!r:.80}.")
        stem: str = row["stem"]
        return stem

    def apply(self, changes: Sequence[Change]) -> None:
        """Make changes in one transaction. They are on the disk when this returns.

        Raises:
            LedgerChangeError: A row is not in a state from which it may change so; the other changes were made.
            LedgerError: The ledger cannot be written; no change was made.
        """
        refused: list[Change] = []
        with self._transaction() as database:
            refused.extend(
                change
                for change in changes
                if not database.execute(change.statement, change.parameters).rowcount and change.needed
            )
        if refused:
            raise LedgerChangeError(
                f"The ledger {str(self._path)!r} has no row {refused[0].key!r:.80} that can be {refused[0].what} now. "
                "Another program may have changed it.",
                keys=frozenset(change.key for change in refused),
            )

    def retry_unknown(self) -> int:
        """Plan the rows again whose outcome is unknown: each of them may be billed once more.

        Returns:
            How many there were.
        """
        return self._retry(
            "UPDATE rows SET state = 'planned', earlier_cost = add_decimals(earlier_cost, cost), cost = NULL"
            " WHERE state = 'unknown'"
        )

    def retry_failed(self) -> int:
        """Plan the rows again that failed without being billed, and download again where an image failed.

        Returns:
            How many there were.
        """
        with self._transaction():
            images = self._retry("UPDATE rows SET state = 'answered' WHERE state = 'failed' AND body IS NOT NULL")
            return images + self._retry(
                "UPDATE rows SET state = 'planned', cost = NULL WHERE state = 'failed' AND NOT may_have_been_billed"
            )

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            remove_pid_file(self._path)
            self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def recovered(self) -> Sequence[str]:
        """Keys of the rows that were on their way when the process ended that had the ledger open before."""
        return self._recovered

    def _recover(self) -> None:
        with self._reading() as database:
            rows = database.execute("SELECT key FROM rows WHERE state = 'sent' ORDER BY position").fetchall()
        self._recovered = tuple(row["key"] for row in rows)
        self._retry(
            "UPDATE rows SET state = 'unknown', error_type = 'InterruptedError', error = ? WHERE state = 'sent'",
            _INTERRUPTED,
        )

    def _retry(self, statement: str, *parameters: str) -> int:
        with self._transaction() as database:
            return database.execute(statement, parameters).rowcount

    def _pages(self, columns: str, states: Sequence[State]) -> Iterator[sqlite3.Row]:
        where = f"state IN ({', '.join('?' * len(states))}) AND" if states else ""
        statement = f"SELECT {columns} FROM rows WHERE {where} position > ? ORDER BY position LIMIT {_PAGE}"  # noqa: S608
        position = 0
        while True:
            with self._reading() as database:
                rows = database.execute(statement, (*states, position)).fetchall()
            yield from rows
            if len(rows) < _PAGE:
                return
            position = rows[-1]["position"]

    @contextmanager
    def _reading(self) -> Generator[sqlite3.Connection]:
        with self._lock:
            try:
                yield self._database
            except sqlite3.Error as error:
                raise LedgerError(f"The ledger {str(self._path)!r} cannot be used: {error}.") from error

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        """Commit what is done inside, or undo it. Inside another one it is part of that."""
        with self._reading() as database:
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
