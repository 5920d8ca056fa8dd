"""Claims: how many machines share a batch. What became of each row is written where the images go.

A process claims a row before it sends it, with a file that only one process can create. What became of the row is put
beside the claim (`claim_files.py`). So no row is sent twice, whatever an engine repeats and whichever machine dies.

Whoever finds a claim goes by the file beside it: what is saved is done, a job is asked for by its id, and what was
answered is downloaded. A claim alone is on its way while its owner lives, and unknown when the owner is dead. The
clocks of machines decide nothing: owners are dated by the clock of the place.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any, Final, Self

from attrs import evolve, field, frozen

from ideogram_ai.client.errors import NOTHING_SENT

from .claim_files import (
    FOLDER,
    OPEN,
    VERSION,
    ClaimFile,
    Found,
    document,
    folder_of,
    found_in,
    may_be_retried,
    row_name,
)
from .journal import reserve_space
from .manifest import CLAIMS_NAME, MARK_NAME
from .model import BEFORE, LedgerChangeError, LedgerError, Outcome, PlanError, State, StoreError
from .presence import Presence
from .rows import content_of, enter_row, request_columns, row_values, with_generation
from .store import local_folder

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from .ledger import Ledger
    from .model import BatchRequest
    from .store import Store

_AGAIN: Final = frozenset({State.UNKNOWN, State.FAILED})
"""States of rows whose jobs are asked for again, and whose images are downloaded again."""
_READERS: Final = 32
_MOST_REFUSED: Final = 100
_UPDATE_SECONDS: Final = 5.0
_UPDATE_SHARE: Final = 10.0
"""Looking for what others did takes at most a tenth of the time."""
_ROUNDS: Final = 20
_RESERVED_BYTES: Final = 1024 * 1024
"""Of the disk of a shared folder, for each process: when it is full, what was paid for can still be written down."""
_PAUSES: Final = (0.2, 1.0, 3.0, None)
"""Seconds after each attempt to write what became of a row that was paid for."""


@frozen
class _KnownRow:
    """What this process knows of a row in the place: its latest attempt, from 1, or 0 when there is none.

    Attributes:
        state: How far that got; PLANNED when it was taken back, or there is none.
        earlier: What an outcome says of earlier attempts, which may have cost something in vain.
        carried: The same for the next attempt.
    """

    attempt: int
    state: State
    earlier: Mapping[str, Any] = field(factory=dict[str, Any])
    carried: Mapping[str, Any] = field(factory=dict[str, Any])

    @classmethod
    def of(cls, attempt: int, outcome: Outcome) -> Self:
        """What is known when this outcome of an attempt was read or written."""
        carried = _earlier(
            outcome.earlier_cost + (outcome.cost or 0), outcome.earlier_billed or outcome.may_have_been_billed
        )
        earlier = _earlier(outcome.earlier_cost, outcome.earlier_billed)
        return cls(attempt, outcome.state, earlier, carried if may_be_retried(outcome) else {})


def _earlier(cost: Decimal, billed: bool) -> Mapping[str, Any]:
    return {"earlier_cost": cost, "earlier_billed": billed}


_NOTHING: Final = _KnownRow(0, State.PLANNED)


class Claims:
    """The claims of a batch that many processes share. Its methods block, and may be called from any thread.

    Args:
        index: A ledger of this process alone that shows what the place says.
        run: What the processes of one run have in common. What an engine repeats in a run is no retry on purpose: a row
            that became unknown in this run is not sent again by it, whatever was allowed.

    Attributes:
        store: The place where the images go.
        busy: Rows that other living processes work on, by key.
        retry_unknown: Whether rows of unknown outcome are claimed again: they may be billed twice.
        retry_failed: Whether rows are claimed again that failed and were not billed, and failed images downloaded.
        left: Whether others left rows to this process since it was set to False: to be sent, asked for or downloaded.
        unrecorded: Outcomes by key that could not be written to the place.
    """

    def __init__(
        self,
        store: Store,
        index: Ledger | None = None,
        *,
        run: str | None = None,
        retry_unknown: bool = False,
        retry_failed: bool = False,
    ) -> None:
        self.store = store
        self.retry_unknown = retry_unknown
        self.retry_failed = retry_failed
        self._run = run
        self.busy: dict[str, BatchRequest] = {}
        self.left = False
        self.unrecorded: dict[str, Outcome] = {}
        self._index = index
        self._presence = Presence(store)
        self._reserve: IO[bytes] | None = None
        self._known: dict[str, _KnownRow] = {}
        self._taken: set[str] = set()
        self._is_planned = False
        self._offered: set[str] = set()
        self._refused = 0
        self._updated = float("-inf")
        self._update_seconds = 0.0

    def check_server(self, server: str) -> bool:
        """Refuse a place whose batch is that of another server, or of a ledger. False when there is no batch yet."""
        data = self.store.read(CLAIMS_NAME)
        if data is None:
            self._check_no_ledger()
            return False
        try:
            theirs: Any = json.loads(data)["server"]
        except (ValueError, TypeError, KeyError):
            raise LedgerError(f"{CLAIMS_NAME!r} in {self.store.location!r} was changed. {NOTHING_SENT}") from None
        if theirs != server:
            raise LedgerError(
                f"The shared batch in {self.store.location!r} is made by {theirs}, and this run would ask {server}. "
                f"Use another folder: what different servers make is never mixed. {NOTHING_SENT}"
            )
        return True

    def begin(self, server: str) -> None:
        """Join the batch of this place, or begin one, before the first claim."""
        if not self.check_server(server):
            self.store.check_exclusive()
            about = {"version": VERSION, "server": server, "by": self._presence.owner}
            if not self.store.create(CLAIMS_NAME, json.dumps(about).encode()):
                self.check_server(server)
            try:
                self._check_no_ledger()
            except LedgerError:  # it was begun at this very moment
                if self.store.read(CLAIMS_NAME) == json.dumps(about).encode():
                    self.store.remove(CLAIMS_NAME)
                raise
        self._presence.start()
        if self._reserve is None and local_folder(self.store.location) is not None:
            self._reserve = reserve_space(self.store.workspace, _RESERVED_BYTES)

    def _check_no_ledger(self) -> None:
        if self.store.exists(MARK_NAME):
            raise LedgerError(
                f"{self.store.location!r} holds a batch whose ledger is on one machine. Go on there without "
                f"--shared (shared=False), or use another folder. {NOTHING_SENT}"
            )

    def close(self) -> None:
        """Tell the others that this process is gone."""
        self._free_reserve()
        self._presence.stop()

    def _free_reserve(self) -> None:
        reserve, self._reserve = self._reserve, None
        if reserve is not None:
            reserve.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def claim(self, attempt: Outcome) -> Found | None:
        """Claim a row for an attempt, which is SENT. When this returns None it may be sent, by this process alone.

        An attempt after another one needs a reason: the index has that one, and the row was planned again since; or
        `retry_unknown` or `retry_failed` allows it. Without one, this returns what another process made, makes, or may
        have made; and a FAILED outcome for a row that asks for something else than the claimed one of the same key. If
        it raises, nothing should be sent.
        """
        request = attempt.request
        row = row_name(request.key)
        # Only an index has rows that were made and are planned again on purpose.
        known = _NOTHING if self._index is None else self._known.get(row, _NOTHING)
        number, carried = known.attempt + 1, known.carried
        for pause in range(_ROUNDS):
            record = ClaimFile(row, number, State.SENT)
            if self._create(record, evolve(attempt, **carried)):
                self._known[row] = _KnownRow(number, State.SENT, carried)
                return None
            found = self.find(request.key)
            if found is None or found.attempt < number:  # a place that lists late
                time.sleep(0.05 * pause)
                continue
            if not self._is_wanted(found):
                return self._note(found, request)
            number, carried = found.attempt + 1, _KnownRow.of(found.attempt, found.outcome).carried
        raise LedgerError(f"Row {request.key!r:.80} is claimed and taken back again and again. {NOTHING_SENT}")

    def look(self, request: BatchRequest) -> Found | None:
        """What claim would return for a row at this moment, and None where it would claim the row."""
        found = self.find(request.key)
        return None if found is None or self._is_wanted(found) else self._note(found, request)

    def resume(self, found: Found) -> Outcome:
        """The outcome to go on with, as far as that is free: a job is asked for, and what was made is downloaded."""
        outcome = found.outcome
        if outcome.state is State.UNKNOWN and outcome.job_id is not None:
            return evolve(outcome, state=State.SUBMITTED)
        if self.retry_failed and outcome.state is State.FAILED and found.body is not None:
            return with_generation(evolve(outcome, state=State.ANSWERED), found.body)
        return outcome

    def _is_wanted(self, found: Found) -> bool:
        state = found.outcome.state
        if state is State.PLANNED:
            return True
        wanted = {State.UNKNOWN: self.retry_unknown, State.FAILED: self.retry_failed}.get(state, False)
        return wanted and may_be_retried(found.outcome) and (self._run is None or found.run != self._run)

    def release(self, request: BatchRequest) -> None:
        """Take back the claim of a request that certainly did not run: anybody may claim the next attempt.

        The claim itself stays. Were it removed, two processes could claim what each takes for another attempt.
        """
        row = row_name(request.key)
        known = self._known.get(row, _NOTHING)
        if known.state is State.SENT:
            outcome = Outcome(request, State.PLANNED, **known.earlier)
            outcome = evolve(outcome, may_have_been_billed=outcome.earlier_billed)
            self.store.put(
                ClaimFile(row, known.attempt, State.PLANNED).name, document(outcome, self._presence.owner, self._run)
            )
            self._known[row] = _KnownRow.of(known.attempt, outcome)

    def record(self, outcome: Outcome) -> None:
        """Write down what became of a row that this process claimed or goes on with. It is durable when this returns.

        PLANNED takes its claim back. What cannot be written is among `unrecorded`.
        """
        row, state = row_name(outcome.request.key), outcome.state
        if state is State.PLANNED:
            self.release(outcome.request)
            return
        known = self._known.get(row, _NOTHING)
        never_sent = known.state in _AGAIN and state is State.FAILED and outcome.sent_at is None
        if never_sent or (known.state is State.PLANNED and State.PLANNED in BEFORE[state]):
            return  # this attempt was never claimed: another machine may still send the row
        if known.state not in BEFORE[state] | _AGAIN:
            raise LedgerChangeError(
                f"Row {outcome.request.key!r:.80} of {self.store.location!r} cannot be {state} now.",
                keys=frozenset({outcome.request.key}),
            )
        record = ClaimFile(row, known.attempt, state)
        outcome = evolve(outcome, **known.earlier)
        self._write(record, document(outcome, self._presence.owner, self._run), outcome)
        self._known[row] = _KnownRow.of(known.attempt, outcome)
        if known.state not in {State.SENT, state}:
            with suppress(StoreError):  # only tidiness: the file that is further counts
                self.store.remove(ClaimFile(row, known.attempt, known.state).name)

    def find(self, key: str) -> Found | None:
        """What the place says of a row; None when nobody claimed it."""
        row = row_name(key)
        for pause in range(_ROUNDS):
            records = [each for each in map(ClaimFile.of, self.store.names(folder_of(row))) if each and each.row == row]
            if not records:
                return None
            found = self._read(max(records, key=lambda each: each.rank), last=pause == _ROUNDS - 1)
            if found is not None:
                return found
            time.sleep(0.05 * pause)  # it was replaced by another one, or is being written
        raise LedgerError(f"The claims of row {key!r:.80} in {self.store.location!r} change all the time.")

    @property
    def is_stale(self) -> bool:
        """Whether so many claims were refused that it is cheaper to look for what others did."""
        since = time.monotonic() - self._updated
        return self._refused >= _MOST_REFUSED or (
            self._refused > 0 and since > max(_UPDATE_SECONDS, _UPDATE_SHARE * self._update_seconds)
        )

    def note_taken(self) -> None:
        """Note by its name each row that others claimed meanwhile. No file is read, so that sending goes on soon."""
        began = time.monotonic()
        self._refused = 0
        self._taken = {
            row
            for row, attempts in self._listed().items()
            if (last := max(attempts)) > self._known.get(row, _NOTHING).attempt
            and attempts[last].state is not State.PLANNED
        }
        self._updated = time.monotonic()
        self._update_seconds = self._updated - began

    def is_taken(self, key: str) -> bool:
        """Whether another process had claimed a row at the last `note_taken`; `update` tells what became of it."""
        return row_name(key) in self._taken

    def update(self) -> None:
        """Enter into the index what other processes wrote since the last time."""
        assert self._index is not None  # noqa: S101 - of a job
        self._refused = 0
        listed = self._listed()
        news = sorted(self._news(listed), key=_place_in_input)
        new = {found.outcome.request.key for found in news}
        before, self.busy = self.busy, {}
        with self._index.transaction() as database:
            for found in news:
                self._enter(database, found)
                self.left |= self._is_left(found)
            for key, request in before.items():
                if key not in new:
                    self.busy[key] = request
                statement = "SELECT count(*) FROM rows WHERE key = ? AND state IN ('planned', 'submitted', 'answered')"
                self.left |= bool(database.execute(statement, (key,)).fetchone()[0])
            if self._taken:  # some may have been taken back
                self._taken = set()
                statement = "SELECT count(*) FROM rows WHERE state = 'planned' AND NOT absent"
                self.left |= bool(database.execute(statement).fetchone()[0])
        self._is_planned = True
        self._updated = time.monotonic()

    def _is_left(self, found: Found) -> bool:
        """Whether the owner of a row died and left a job or images to collect, the first time that this is seen."""
        key = found.outcome.request.key
        if found.outcome.state not in {State.SUBMITTED, State.ANSWERED} or key in self._offered:
            return False
        self._offered.add(key)
        return self._is_planned  # before that, the run collects everything that is there

    def _note(self, found: Found, request: BatchRequest) -> Found:
        """Note what another process has of a row, also in the index."""
        self._refused += 1
        if content_of(found.outcome.request.identity) != content_of(request.identity):
            return Found(_conflict(request), found.attempt)
        self._remember(found)
        if self._index is not None:
            with self._index.transaction() as database:
                self._enter(database, found)
        return found

    def _remember(self, found: Found) -> None:
        row = row_name(found.outcome.request.key)
        self._known[row] = _KnownRow.of(found.attempt, found.outcome)

    def _listed(self) -> dict[str, dict[int, ClaimFile]]:
        """The file that counts of each attempt at each row."""
        rows: dict[str, dict[int, ClaimFile]] = {}
        for record in map(ClaimFile.of, self.store.names(FOLDER)):
            if record is not None:
                attempts = rows.setdefault(record.row, {})
                attempts[record.attempt] = max(attempts.get(record.attempt, record), record, key=lambda each: each.rank)
        return rows

    def _news(self, listed: Mapping[str, Mapping[int, ClaimFile]]) -> Iterator[Found]:
        """What the place says and this process does not know yet."""
        wanted = [
            record
            for attempts in listed.values()
            for record in attempts.values()
            if self._is_news(record, max(attempts))
        ]
        with ThreadPoolExecutor(_READERS) as pool:
            for record, found in zip(wanted, pool.map(self._read, wanted), strict=True):
                # Without it, it got further at this moment, and is news next time.
                if found is None or found.owner == self._presence.owner:
                    continue
                if record.attempt == max(listed[record.row]):
                    self._remember(found)
                    yield found
                elif not may_be_retried(found.outcome):
                    yield evolve(found, is_latest=False)

    def _is_news(self, record: ClaimFile, last: int) -> bool:
        known = self._known.get(record.row, _NOTHING)
        if record.attempt < last:  # made again on purpose; what made no image is of no interest any more
            made = record.state not in {State.SENT, State.PLANNED, State.UNKNOWN}
            return made and (record.attempt > known.attempt or record.state in OPEN)
        return (record.attempt, record.state) != (known.attempt, known.state) or record.state in OPEN

    def _enter(self, database: sqlite3.Connection, found: Found) -> None:
        outcome = found.outcome
        request = outcome.request
        if found.busy:
            self.busy[request.key] = request
        if not found.is_latest:
            outcome = evolve(outcome, absent=True, replaced_by=request.key)
            request = evolve(request, key=f"{request.key}~{found.attempt}", file_name=None, nameless=False)
        columns: dict[str, Any] = {**row_values(outcome), "body": found.body}
        row = database.execute("SELECT position FROM rows WHERE key = ?", (request.key,)).fetchone()
        if row is None:
            columns["absent"] |= self._is_planned  # it is in the input of another process
            try:
                enter_row(database, request, **columns)
            except PlanError:  # nobody planned these rows together, and another one has its file name
                enter_row(database, evolve(request, file_name=None), **columns)
            return
        del columns["absent"]
        columns |= request_columns(request)
        names = ", ".join(f"{name} = :{name}" for name in columns)
        database.execute(f"UPDATE rows SET {names} WHERE position = :at", {**columns, "at": row["position"]})  # noqa: S608

    def _create(self, record: ClaimFile, outcome: Outcome) -> bool:
        data = document(outcome, self._presence.owner, self._run)
        try:
            return self.store.create(record.name, data)
        except StoreError:
            # The claim may be there, and nothing will be sent for it.
            with suppress(StoreError):
                if self.store.read(record.name) == data:
                    self._known[record.row] = _KnownRow.of(record.attempt, outcome)
                    self.release(outcome.request)
            raise

    def _write(self, record: ClaimFile, data: bytes, outcome: Outcome) -> None:
        # Where another outcome could not be written, the driver's own attempts are enough.
        for pause in _PAUSES if not self.unrecorded else _PAUSES[-1:]:
            try:
                self.store.put(record.name, data)
            except StoreError as error:
                self._free_reserve()  # the disk may be full
                self.unrecorded[outcome.request.key] = outcome
                if pause is None:
                    what = f"What became of row {outcome.request.key!r:.80} cannot be written down"
                    raise LedgerError(f"{what}: {error}") from error
                time.sleep(pause)
            else:
                self.unrecorded.pop(outcome.request.key, None)
                return

    def _read(self, record: ClaimFile, *, last: bool = True) -> Found | None:
        """Read a file; None when it is gone, or is being written unless this is the last try."""
        data = self.store.read(record.name)
        if data is None or (not data and not last):
            return None
        try:
            return found_in(data, record.attempt, self._presence.is_alive)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError) as error:
            # A folder without hard links has a claim that is empty when its process died in this very moment.
            cure = "Its process sent nothing yet: remove the file." if not data else "Was it changed?"
            raise LedgerError(f"{record.name!r} in {self.store.location!r} cannot be read. {cure}") from error


def _place_in_input(found: Found) -> tuple[int, str, bool]:
    request = found.outcome.request
    return request.line or 0, request.key, not found.is_latest


def _conflict(request: BatchRequest) -> Outcome:
    message = (
        f"Another process claimed row {request.key!r:.80}, and asks for something else by that id. Give one of the two "
        f"another id. {NOTHING_SENT}"
    )
    return Outcome(request, State.FAILED, error_type="PlanError", error=message, cost=Decimal(0))
