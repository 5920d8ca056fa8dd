"""Claims: how many machines share a batch. What became of each row is written where the images go.

A process claims a row before it sends it, with a file that only one process can create. What became of the row is put
beside the claim. So no row is sent twice, whatever an engine repeats and whichever machine dies:

    claims/batch.json                        the server of the batch
    claims/owners/OWNER.json                 a process that is at work; it renews this file
    claims/0f3/ROW.1.sent.json               the claim: the first attempt at a row, and who makes it
    claims/0f3/ROW.1.saved.json              what became of it; before that `submitted`, `answered` and so on

Whoever finds a claim goes by the file beside it: what is saved is done, a job is asked for by its id, and what was
answered is downloaded. A claim alone is on its way while its owner lives, and unknown when the owner is dead. The
clocks of machines decide nothing: owners are dated by the clock of the place.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import evolve, frozen

from ideogram_ai.client.errors import NOTHING_SENT

from .ledger import INTERRUPTED, WITHOUT_LINKS, content_of, cut_signatures, outcome_of, row_values, with_generation
from .manifest import CLAIMS_NAME, MARK_NAME
from .model import BEFORE, LedgerChangeError, LedgerError, Outcome, PlanError, State, StoreError
from .planning import enter_row, request_columns
from .presence import Presence

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping

    from .ledger import Ledger
    from .model import BatchRequest
    from .store import Store

_VERSION: Final = 1
_FOLDER: Final = "claims"
_NAME: Final = re.compile(r"claims/[0-9a-f]{3}/(?P<row>[0-9a-f]{32})\.(?P<attempt>[0-9]+)\.(?P<state>[a-z]+)\.json")
_ORDER: Final = (
    State.SENT, State.PLANNED, State.SUBMITTED, State.UNKNOWN,
    State.ANSWERED, State.FAILED, State.WITHHELD, State.SAVED,
)  # fmt: skip
"""How far an attempt got, where there are several files of it."""
_STATES: Final = frozenset(state.value for state in _ORDER)
_OPEN: Final = frozenset({State.SENT, State.SUBMITTED, State.ANSWERED})
_AGAIN: Final = frozenset({State.UNKNOWN, State.FAILED})
"""States of rows whose jobs are asked for again, and whose images are downloaded again."""
_AS_BYTES: Final = ("utf-8", "surrogateescape")
"""How a body, which may be any bytes, is kept as text."""
_JSON_COLUMNS: Final = ("fields", "files", "images")
_READERS: Final = 32
_MOST_REFUSED: Final = 100
_UPDATE_SECONDS: Final = 5.0
_UPDATE_SHARE: Final = 10.0
"""Looking for what others did takes at most a tenth of the time."""
_ROUNDS: Final = 20
_PAUSES: Final = (0.2, 1.0, 3.0, None)
"""Seconds after each attempt to write what became of a row that was paid for."""


def row_name(key: str) -> str:
    """What the files of a row are named by: keys may be long, and hold any character."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@frozen
class _Record:
    """A file of an attempt at a row."""

    row: str
    attempt: int
    state: State

    @classmethod
    def of(cls, name: str) -> Self | None:
        match = _NAME.fullmatch(name)
        if match is None or match["state"] not in _STATES:
            return None
        return cls(match["row"], int(match["attempt"]), State(match["state"]))

    @property
    def name(self) -> str:
        return f"{folder_of(self.row)}/{self.row}.{self.attempt}.{self.state}.json"

    @property
    def rank(self) -> tuple[int, int]:
        return self.attempt, _ORDER.index(self.state)


def folder_of(row: str) -> str:
    """The folder of a row's files: with a million rows, it has some hundred."""
    return f"{_FOLDER}/{row[:3]}"


@frozen
class Found:
    """What the place says of a row.

    Attributes:
        outcome: The outcome of its latest attempt. A claim of a dead owner is UNKNOWN.
        attempt: The number of the attempt, from 1.
        busy: Whether a living process works on it, so that nobody else should.
        owner: That process, or the dead one; None when nobody is to work on it.
        is_latest: Whether no later attempt was made on purpose. An earlier one that made images stays a row of its own.
        body: The body of its response, as it came.
        run: The run that made the attempt; see Claims.
    """

    outcome: Outcome
    attempt: int
    busy: bool = False
    owner: str | None = None
    is_latest: bool = True
    body: bytes | None = None
    run: str | None = None

    @property
    def may_be_retried(self) -> bool:
        """Whether another attempt takes its place. Otherwise it stays as what was made before."""
        return _may_be_retried(self.outcome)

    def to_go_on_with(self, *, retry_failed: bool) -> Outcome:
        """The outcome to go on with, as far as that is free: a job is asked for, and what was made is downloaded."""
        outcome = self.outcome
        if outcome.state is State.UNKNOWN and outcome.job_id is not None:
            return evolve(outcome, state=State.SUBMITTED)
        if retry_failed and outcome.state is State.FAILED and self.body is not None:
            return with_generation(evolve(outcome, state=State.ANSWERED), self.body)
        return outcome


def _may_be_retried(outcome: Outcome) -> bool:
    if outcome.state is State.FAILED:
        return not outcome.may_have_been_billed
    return outcome.state in {State.PLANNED, State.UNKNOWN}


@frozen
class _Known:
    """What this process knows of a row in the place.

    Attributes:
        attempt: The number of the latest attempt, from 1; 0 when there is none.
        state: How far that got; PLANNED when it was taken back, or there is none.
        earlier: US dollars that earlier attempts may have cost in vain.
        carried: The same for the next attempt.
    """

    attempt: int
    state: State
    earlier: Decimal = Decimal(0)
    carried: Decimal = Decimal(0)

    @classmethod
    def of(cls, attempt: int, outcome: Outcome) -> Self:
        """What is known when this outcome of an attempt was read or written."""
        carried = outcome.earlier_cost + (outcome.cost or 0) if _may_be_retried(outcome) else Decimal(0)
        return cls(attempt, outcome.state, outcome.earlier_cost, carried)


_NOTHING: Final = _Known(0, State.PLANNED)


class Claims:
    """The claims of a batch that many processes share. Its methods block, and may be called from any thread.

    Attributes:
        store: The place where the images go.
        busy: Rows that other living processes work on, by key.
        left: Whether others left rows to this process since it was set to False: to be sent, asked for or downloaded.
        unrecorded: Outcomes by key that could not be written to the place.
    """

    def __init__(self, store: Store, index: Ledger | None = None, *, run: str | None = None) -> None:
        """Open the claims of a place.

        Args:
            store: The place.
            index: A ledger of this process alone that shows what the place says.
            run: What the processes of one run have in common. What an engine repeats in a run is no retry on purpose:
                a row that became unknown in this run is not sent again by it, whatever was allowed.
        """
        self.store = store
        self._run = run
        self.busy: dict[str, BatchRequest] = {}
        self.left = False
        self.unrecorded: dict[str, Outcome] = {}
        self._index = index
        self._presence = Presence(store)
        self._known: dict[str, _Known] = {}
        self._taken: set[str] = set()
        self._is_planned = False
        self._offered: set[str] = set()
        self._refused = 0
        self._updated = float("-inf")
        self._update_seconds = 0.0

    def check_server(self, server: str) -> bool:
        """Check that the batch of this place is that of a server. False when there is no batch yet.

        Raises:
            LedgerError: It is the batch of another server, or one that a ledger knows.
        """
        data = self.store.read(CLAIMS_NAME)
        if data is None:
            if self.store.exists(MARK_NAME):
                raise LedgerError(
                    f"{self.store.location!r} holds a batch whose ledger is on one machine. Go on there without "
                    f"--shared (shared=False), or use another folder. {NOTHING_SENT}"
                )
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
        """Join the batch of this place, or begin one. To be called before the first claim.

        Raises:
            LedgerError: The place holds another batch.
            StoreError: It cannot be written to, or cannot refuse to replace a file.
        """
        if not self.check_server(server):
            self.store.check_exclusive()
            about = {"version": _VERSION, "server": server, "by": self._presence.owner}
            if not self.store.create(CLAIMS_NAME, json.dumps(about).encode()):
                self.check_server(server)
        self._presence.start()

    def close(self) -> None:
        """Tell the others that this process is gone."""
        self._presence.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def claim(self, attempt: Outcome, *, retry_unknown: bool = False, retry_failed: bool = False) -> Found | None:
        """Claim a row. When this returns None it may be sent, by this process alone.

        An attempt after another one needs a reason: the index has that one, and the row was planned again since; or one
        of the arguments allows it.

        Args:
            attempt: The attempt: its state is SENT.
            retry_unknown: Claim a row of unknown outcome again: it may be billed twice.
            retry_failed: Claim a row again that failed and was not billed.

        Returns:
            None, or what another process made, makes, or may have made. For a row that asks for something else than
            the claimed one of the same key, a FAILED outcome.

        Raises:
            StoreError: The place cannot be written to. Nothing should be sent.
        """
        request = attempt.request
        row = row_name(request.key)
        # Only an index has rows that were made and are planned again on purpose.
        known = _NOTHING if self._index is None else self._known.get(row, _NOTHING)
        number, carried = known.attempt + 1, known.carried
        for pause in range(_ROUNDS):
            record = _Record(row, number, State.SENT)
            if self._create(record, evolve(attempt, earlier_cost=carried)):
                self._known[row] = _Known(number, State.SENT, carried)
                return None
            found = self.find(request.key)
            if found is None or found.attempt < number:  # a place that lists late
                time.sleep(0.05 * pause)
                continue
            if not self._is_wanted(found, retry_unknown=retry_unknown, retry_failed=retry_failed):
                return self._note(found, request)
            number, carried = found.attempt + 1, _Known.of(found.attempt, found.outcome).carried
        raise LedgerError(f"Row {request.key!r:.80} is claimed and taken back again and again. {NOTHING_SENT}")

    def look(self, request: BatchRequest, *, retry_unknown: bool = False, retry_failed: bool = False) -> Found | None:
        """What claim would return for a row at this moment, and None where it would claim the row."""
        found = self.find(request.key)
        if found is None or self._is_wanted(found, retry_unknown=retry_unknown, retry_failed=retry_failed):
            return None
        return self._note(found, request)

    def _is_wanted(self, found: Found, *, retry_unknown: bool, retry_failed: bool) -> bool:
        state = found.outcome.state
        if state is State.PLANNED:
            return True
        wanted = {State.UNKNOWN: retry_unknown, State.FAILED: retry_failed}.get(state, False)
        return wanted and found.may_be_retried and (self._run is None or found.run != self._run)

    def release(self, request: BatchRequest) -> None:
        """Take back the claim of a request that certainly did not run: anybody may claim the next attempt.

        The claim itself stays. Were it removed, two processes could claim what each takes for another attempt.
        """
        row = row_name(request.key)
        known = self._known.get(row, _NOTHING)
        if known.state is State.SENT:
            outcome = Outcome(request, State.PLANNED, earlier_cost=known.earlier)
            self.store.put(_Record(row, known.attempt, State.PLANNED).name, self._document(outcome))
            self._known[row] = _Known.of(known.attempt, outcome)

    def record(self, outcome: Outcome) -> None:
        """Write down what became of a row that this process claimed or goes on with. It is durable when this returns.

        Raises:
            LedgerChangeError: The row is not in a state that allows it.
            LedgerError: The place cannot be written to. The outcome is among `unrecorded`.
        """
        row, state = row_name(outcome.request.key), outcome.state
        known = self._known.get(row, _NOTHING)
        never_sent = known.state in _AGAIN and state is State.FAILED and outcome.sent_at is None
        if never_sent or (known.state is State.PLANNED and State.PLANNED in BEFORE[state]):
            return  # this attempt was never claimed: another machine may still send the row
        if known.state not in BEFORE[state] | _AGAIN:
            raise LedgerChangeError(
                f"Row {outcome.request.key!r:.80} of {self.store.location!r} cannot be {state} now.",
                keys=frozenset({outcome.request.key}),
            )
        record = _Record(row, known.attempt, state)
        outcome = evolve(outcome, earlier_cost=known.earlier)
        self._write(record, self._document(outcome), outcome)
        self._known[row] = _Known.of(known.attempt, outcome)
        if known.state not in {State.SENT, state}:
            with suppress(StoreError):  # only tidiness: the file that is further counts
                self.store.remove(_Record(row, known.attempt, known.state).name)

    def find(self, key: str) -> Found | None:
        """What the place says of a row; None when nobody claimed it.

        Raises:
            LedgerError: A file of the row cannot be read.
            StoreError: The place cannot be read.
        """
        row = row_name(key)
        for pause in range(_ROUNDS):
            records = [each for each in map(_Record.of, self.store.names(folder_of(row))) if each and each.row == row]
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
        self._known[row] = _Known.of(found.attempt, found.outcome)

    def _listed(self) -> dict[str, dict[int, _Record]]:
        """The file that counts of each attempt at each row."""
        rows: dict[str, dict[int, _Record]] = {}
        for record in map(_Record.of, self.store.names(_FOLDER)):
            if record is not None:
                attempts = rows.setdefault(record.row, {})
                attempts[record.attempt] = max(attempts.get(record.attempt, record), record, key=lambda each: each.rank)
        return rows

    def _news(self, listed: Mapping[str, Mapping[int, _Record]]) -> Iterator[Found]:
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
                elif not found.may_be_retried:
                    yield evolve(found, is_latest=False)

    def _is_news(self, record: _Record, last: int) -> bool:
        known = self._known.get(record.row, _NOTHING)
        if record.attempt < last:  # made again on purpose; what made no image is of no interest any more
            made = record.state not in {State.SENT, State.PLANNED, State.UNKNOWN}
            return made and (record.attempt > known.attempt or record.state in _OPEN)
        return (record.attempt, record.state) != (known.attempt, known.state) or record.state in _OPEN

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

    def _create(self, record: _Record, outcome: Outcome) -> bool:
        data = self._document(outcome)
        try:
            return self.store.create(record.name, data)
        except StoreError:
            # The claim may be there, and nothing will be sent for it.
            with suppress(StoreError):
                if self.store.read(record.name) == data:
                    self._known[record.row] = _Known(record.attempt, State.SENT, outcome.earlier_cost)
                    self.release(outcome.request)
            raise

    def _document(self, outcome: Outcome) -> bytes:
        """The content of a file: the columns of a ledger's row. A claim is unique by its owner and a random part."""
        body: str | bytes | None = outcome.body if outcome.generation is None else outcome.generation.raw
        columns = {**request_columns(outcome.request), **row_values(outcome)}
        if outcome.state in WITHOUT_LINKS:
            columns["images"], body = cut_signatures(columns["images"]), cut_signatures(body)
        document = {
            "version": _VERSION,
            # Nobody works on a row that failed and waits for another run.
            "owner": self._presence.owner if outcome.state in _OPEN and outcome.error is None else None,
            "run": self._run,
            "nonce": secrets.token_hex(8),
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "row": {name: json.loads(value) if name in _JSON_COLUMNS else value for name, value in columns.items()},
            "body": body.decode(*_AS_BYTES) if isinstance(body, bytes) else body,
        }
        return json.dumps(document).encode()

    def _write(self, record: _Record, data: bytes, outcome: Outcome) -> None:
        # Where another outcome could not be written, the driver's own attempts are enough.
        for pause in _PAUSES if not self.unrecorded else _PAUSES[-1:]:
            try:
                self.store.put(record.name, data)
            except StoreError as error:
                self.unrecorded[outcome.request.key] = outcome
                if pause is None:
                    what = f"What became of row {outcome.request.key!r:.80} cannot be written down"
                    raise LedgerError(f"{what}: {error}") from error
                time.sleep(pause)
            else:
                self.unrecorded.pop(outcome.request.key, None)
                return

    def _read(self, record: _Record, *, last: bool = True) -> Found | None:
        """Read a file; None when it is gone, or is being written unless this is the last try."""
        data = self.store.read(record.name)
        if data is None or (not data and not last):
            return None
        try:
            document: Any = json.loads(data)
            row: Mapping[str, Any] = document["row"]
            columns = {name: json.dumps(value) if name in _JSON_COLUMNS else value for name, value in row.items()}
            outcome = outcome_of(columns)
            owner, body, run = document["owner"], document["body"], document.get("run")
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, ArithmeticError) as error:
            # A folder without hard links has a claim that is empty when its process died in this very moment.
            cure = "Its process sent nothing yet: remove the file." if not data else "Was it changed?"
            raise LedgerError(f"{record.name!r} in {self.store.location!r} cannot be read. {cure}") from error
        busy = outcome.state in _OPEN and owner is not None and self._presence.is_alive(owner)
        if busy:  # whatever it did so far, others leave it alone
            outcome = evolve(outcome, state=State.SENT)
        elif outcome.state is State.SENT:
            outcome = evolve(outcome, state=State.UNKNOWN, error_type="InterruptedError", error=INTERRUPTED)
        content = None if body is None else body.encode(*_AS_BYTES)
        if outcome.state is State.ANSWERED:
            outcome = with_generation(outcome, content or b"")
        return Found(outcome, record.attempt, busy, owner, body=content, run=run)


def _place_in_input(found: Found) -> tuple[int, str, bool]:
    request = found.outcome.request
    return request.line or 0, request.key, not found.is_latest


def _conflict(request: BatchRequest) -> Outcome:
    message = (
        f"Another process claimed row {request.key!r:.80}, and asks for something else by that id. Give one of the two "
        f"another id. {NOTHING_SENT}"
    )
    return Outcome(request, State.FAILED, error_type="PlanError", error=message, cost=Decimal(0))
