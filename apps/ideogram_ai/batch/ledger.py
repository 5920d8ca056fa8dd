"""The ledger of a batch: an SQLite file that knows, at any moment, what was paid for."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import frozen

from ideogram_ai.client.errors import NOTHING_SENT

from .model import MOCK, LedgerChangeError, LedgerError, Outcome, Rank, State, rank_of
from .names import is_reserved
from .planning import BILLED, LEAVE_FILES, NEVER_SENT, Planned, make_anew, plan_rows
from .schema import (
    COLUMNS,
    REQUEST_COLUMNS,
    images_text,
    open_database,
    outcome_of,
    remove_pid_file,
    request_of,
    seconds,
    with_generation,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Collection, Generator, Iterable, Iterator, Sequence

    from .model import BatchRequest

_COMES_FROM: Final[Mapping[State, tuple[State, ...]]] = {
    State.ANSWERED: (State.SENT, State.ANSWERED),
    State.SAVED: (State.ANSWERED,),
    State.WITHHELD: (State.SENT, State.ANSWERED),
    State.FAILED: (State.PLANNED, State.SENT, State.ANSWERED),
    State.UNKNOWN: (State.SENT,),
}


def _kept(value: str, state: State) -> str:
    """An expression of SQL, without the links' signatures once nobody needs them any more."""
    return f"without_signatures({value})" if state in {State.SAVED, State.WITHHELD} else value


_ENDED: Final[Mapping[State, str]] = {
    state: (
        "UPDATE rows SET state = :state, cost = :cost, may_have_been_billed = :billed,"  # noqa: S608
        f" images = {_kept(':images', state)}, body = {_kept('coalesce(:body, body)', state)},"
        " error_type = :error_type, error = :error, status_code = :status_code,"
        " answered_at = :answered_at, saved_at = :saved_at"
        f" WHERE key = :key AND state IN ({', '.join(repr(source.value) for source in sources)})"
    )
    for state, sources in _COMES_FROM.items()
}


@frozen
class Change:
    """A statement that must change exactly one row.

    Attributes:
        key: The row.
        what: What happens to it, for messages.
        statement: SQL.
        parameters: Its parameters by name.
        needed: Whether it is wrong that no row changes.
    """

    key: str
    what: str
    statement: str
    parameters: Mapping[str, Any]
    needed: bool = True


def sent(attempt: Outcome) -> Change:
    """A planned request leaves now.

    Args:
        attempt: The attempt; its cost is what it may cost.
    """
    return Change(
        attempt.request.key,
        State.SENT.value,
        "UPDATE rows SET state = 'sent', attempts = attempts + 1, sent_at = :at, cost = :cost,"
        " may_have_been_billed = 1, error_type = NULL, error = NULL, status_code = NULL, body = NULL, images = '[]',"
        " answered_at = NULL, saved_at = NULL, server = (SELECT server FROM batch)"
        " WHERE key = :key AND state = 'planned'",
        {"key": attempt.request.key, "at": seconds(attempt.sent_at), "cost": _money(attempt.cost)},
    )


def unsent(request: BatchRequest) -> Change:
    """A request that was told to be sent did surely not run, and may be sent again."""
    return Change(
        request.key,
        "unsent",
        "UPDATE rows SET state = 'planned', cost = NULL, may_have_been_billed = 0 WHERE key = :key AND state = 'sent'",
        {"key": request.key},
        needed=False,  # where telling of the sending failed, there is nothing to take back
    )


def ended(outcome: Outcome) -> Change:
    """A request came to this outcome: answered, or what follows. The body of the answer is kept."""
    body = outcome.body if outcome.generation is None else outcome.generation.raw
    return Change(
        outcome.request.key,
        outcome.state.value,
        _ENDED[outcome.state],
        {
            "key": outcome.request.key,
            "state": outcome.state.value,
            "cost": _money(outcome.cost),
            "billed": int(outcome.may_have_been_billed),
            "images": images_text(outcome.images),
            "body": body,
            "error_type": outcome.error_type,
            # A message quotes what a server said, half a character, too, which is no text to SQLite.
            "error": outcome.error and outcome.error.encode("utf-8", "backslashreplace").decode(),
            "status_code": outcome.status_code,
            "answered_at": seconds(outcome.answered_at),
            "saved_at": seconds(outcome.saved_at),
        },
    )


def found(key: str, file: str) -> Change:
    """A file that has the name of an unknown row's image is in the store."""
    return Change(
        key,
        "found",
        "UPDATE rows SET error = error || :note WHERE key = :key AND state = 'unknown'",
        {"key": key, "note": f" The file {file!r} is there, and may be its image."},
        needed=False,
    )


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


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

    @property
    def identity(self) -> tuple[str, int]:
        """What the folder of the batch knows its ledger by, and the number of runs that sent something."""
        with self._reading() as database:
            row = database.execute("SELECT id, runs FROM batch").fetchone()
        return row["id"], row["runs"]

    @property
    def server(self) -> str | None:
        """The server of the last run, as Outcome.server has it."""
        with self._reading() as database:
            server: str | None = database.execute("SELECT server FROM batch").fetchone()["server"]
        return server

    def plan(
        self,
        requests: Iterable[BatchRequest],
        *,
        replace: bool = False,
        redo: Collection[str] = (),
        whole: bool = False,
    ) -> Planned:
        """Enter the rows of an input that are new, all or none, and compare the others.

        A row that changed and never cost anything is what the input says. A row without an id is known by what it
        asks for.

        Args:
            requests: The input, in its order. It is read as a stream, and an exception that it raises undoes all.
            replace: Whether rows that changed after they were made are made anew. What was made stays, under the key
                with a number behind it.
            redo: Keys of rows that are made again, in the same way.
            whole: Whether rows that the input does not have are not sent from now on. An input that has them again
                brings them back.

        Raises:
            PlanError: A row has the key or the file name of another, or changed after it was made.
            LedgerError: The ledger cannot be written.
        """
        with self.transaction() as database:
            return plan_rows(database, requests, replace=replace, redo=redo, whole=whole)

    def meet(self, server: str, *, replace: bool = False) -> int:
        """Get ready for a server: what a rehearsal made counts as not made for another one, and is never mixed.

        Args:
            server: The server, as Outcome.server has it.
            replace: Whether rows that another server made are made anew, and kept.

        Returns:
            How many rows of a rehearsal are planned again. Their files are among the leftovers.

        Raises:
            LedgerError: Rows that may have been billed were made by a server that this one is not.
        """
        with self.transaction() as database:
            if self.server == server:
                return 0
            found = database.execute("SELECT DISTINCT server FROM rows WHERE server IS NOT NULL").fetchall()
            others = [row["server"] for row in found if row["server"] != server]
            rank = rank_of(server)
            for other in others:
                if rank_of(other) > rank or rank_of(other) is rank is Rank.REMOTE:
                    self._refuse_or_replace(database, server, other, replace=replace and rank is Rank.REMOTE)
            again = sum(_forget_rehearsal(database, other) for other in others if rank_of(other) < rank)
            database.execute("UPDATE batch SET server = ?", (server,))
            return again

    def begin_run(self) -> None:
        """Count a run that is about to send something."""
        with self.transaction() as database:
            database.execute("UPDATE batch SET runs = runs + 1")

    def adopt(self, identity: str, runs: int) -> None:
        """Take the place of a ledger that is gone."""
        with self.transaction() as database:
            database.execute("UPDATE batch SET id = ?, runs = ?", (identity, runs))

    def leftovers(self) -> Sequence[tuple[str, str | None, bool]]:
        """Files of rehearsals that are to be removed: the name, the SHA-256, and whether another row has the same."""
        with self._reading() as database:
            rows = database.execute(
                "SELECT file, sha256, sha256 IN (SELECT json_extract(image.value, '$.sha256')"
                " FROM rows, json_each(rows.images) AS image) AS kept FROM leftovers"
            ).fetchall()
        return [(row["file"], row["sha256"], bool(row["kept"])) for row in rows]

    def forget_leftovers(self) -> None:
        """The files of rehearsals were removed."""
        with self.transaction() as database:
            database.execute("DELETE FROM leftovers")

    def counts(self, *, absent: bool | None = None) -> Mapping[State, int]:
        """How many rows are in each state; every state is there.

        Args:
            absent: Whether those count that the input does not have any more; None for all rows.
        """
        with self._reading() as database:
            rows = database.execute(
                "SELECT state, count(*) FROM rows WHERE :absent IS NULL OR absent = :absent GROUP BY state",
                {"absent": absent},
            ).fetchall()
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
        for row in self._pages(f"{REQUEST_COLUMNS}, absent", [State.PLANNED]):
            if not row["absent"]:
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
        # An image without a known format has no suffix.
        return f"_{stem}" if is_reserved(stem, self._path.name) else stem

    def apply(self, changes: Sequence[Change]) -> None:
        """Make changes in one transaction. They are on the disk when this returns.

        Raises:
            LedgerChangeError: A row is not in a state from which it may change so; the other changes were made.
            LedgerError: The ledger cannot be written; no change was made.
        """
        refused: list[Change] = []
        with self.transaction() as database:
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
        """Plan the rows again whose outcome is unknown: each of them may be billed once more. Absent ones stay.

        Returns:
            How many there were.
        """
        return self._retry(
            "UPDATE rows SET state = 'planned', earlier_cost = add_decimals(earlier_cost, cost), cost = NULL"
            " WHERE state = 'unknown' AND NOT absent"
        )

    def retry_failed(self) -> int:
        """Plan the rows again that failed without being billed, and download again where an image failed.

        What was paid for is downloaded for rows that are absent, too.

        Returns:
            How many there were.
        """
        with self.transaction():
            images = self._retry("UPDATE rows SET state = 'answered' WHERE state = 'failed' AND body IS NOT NULL")
            return images + self._retry(
                "UPDATE rows SET state = 'planned', cost = NULL"
                " WHERE state = 'failed' AND NOT may_have_been_billed AND NOT absent"
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
        with self.transaction() as database:
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

    @staticmethod
    def _refuse_or_replace(database: sqlite3.Connection, server: str, other: str, *, replace: bool) -> None:
        """See to the rows that another server made, and that may have been billed."""
        # Into the folder of real images goes no rehearsal, whatever the input still has of them.
        among = "" if rank_of(server) < rank_of(other) else " AND NOT absent"
        statement = f"SELECT {REQUEST_COLUMNS} FROM rows WHERE server = ? AND {BILLED}{among}"  # noqa: S608
        rows = database.execute(statement, (other,)).fetchall()
        if replace:
            for row in rows:
                make_anew(database, request_of(row), row["position"])
        elif rows:
            raise LedgerError(_mixed(len(rows), other, server))

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
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


def _forget_rehearsal(database: sqlite3.Connection, server: str) -> int:
    """Plan all rows again that were sent to the server of a rehearsal."""
    database.execute(f"{LEAVE_FILES} server = ?", (server,))
    database.execute("DELETE FROM rows WHERE server = ? AND replaced_by IS NOT NULL", (server,))
    return database.execute(f"UPDATE rows SET {NEVER_SENT} WHERE server = ?", (server,)).rowcount  # noqa: S608


def _mixed(count: int, other: str, server: str) -> str:
    rows = f"{count:,} row{'s'[: count != 1]}"
    if rank_of(server) is Rank.REMOTE:
        return (
            f"{rows} of this batch went to {other} and may have been billed there; this run would ask {server}. Go on "
            f"with --base-url {other}, use another folder, or make them again here and keep what was made, with "
            f"--replace (replace=True). {NOTHING_SENT}"
        )
    what = "the mock server" if server == MOCK else server
    return (
        f"{rows} of this batch went to {other} and may have been billed; this run would rehearse with {what}. Rehearse "
        f"in another folder: images that were paid for are never mixed with others. {NOTHING_SENT}"
    )
