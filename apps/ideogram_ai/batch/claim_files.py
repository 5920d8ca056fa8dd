"""The files of claims: their names, what is written into them, and what is found there.

claims/batch.json                        the server of the batch
claims/owners/OWNER.json                 a process that is at work; it renews this file
claims/0f3/ROW.1.sent.json               the claim: the first attempt at a row, and who makes it
claims/0f3/ROW.1.saved.json              what became of it; before that `submitted`, `answered` and so on
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import evolve, frozen

from .model import Outcome, State
from .rows import INTERRUPTED, WITHOUT_LINKS, cut_signatures, outcome_of, request_columns, row_values, with_generation

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION: Final = 1
FOLDER: Final = "claims"
_NAME: Final = re.compile(r"claims/[0-9a-f]{3}/(?P<row>[0-9a-f]{32})\.(?P<attempt>[0-9]+)\.(?P<state>[a-z]+)\.json")
_ORDER: Final = (
    State.SENT, State.PLANNED, State.SUBMITTED, State.UNKNOWN,
    State.ANSWERED, State.FAILED, State.WITHHELD, State.SAVED,
)  # fmt: skip
"""How far an attempt got, where there are several files of it."""
_STATES: Final = frozenset(state.value for state in _ORDER)
OPEN: Final = frozenset({State.SENT, State.SUBMITTED, State.ANSWERED})
_AS_BYTES: Final = ("utf-8", "surrogateescape")
"""How a body, which may be any bytes, is kept as text."""
_JSON_COLUMNS: Final = ("fields", "files", "images")


def row_name(key: str) -> str:
    """What the files of a row are named by: keys may be long, and hold any character."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


@frozen
class ClaimFile:
    """A file of an attempt at a row."""

    row: str
    attempt: int
    state: State

    @classmethod
    def of(cls, name: str) -> Self | None:
        """Read the name of a file; None for another one."""
        match = _NAME.fullmatch(name)
        if match is None or match["state"] not in _STATES:
            return None
        return cls(match["row"], int(match["attempt"]), State(match["state"]))

    @property
    def name(self) -> str:
        """The name of the file."""
        return f"{folder_of(self.row)}/{self.row}.{self.attempt}.{self.state}.json"

    @property
    def rank(self) -> tuple[int, int]:
        """How far a row got with it: the highest one counts."""
        return self.attempt, _ORDER.index(self.state)


def folder_of(row: str) -> str:
    """The folder of a row's files: with a million rows, it has some hundred."""
    return f"{FOLDER}/{row[:3]}"


@frozen
class Found:
    """What the place says of a row: the outcome of an attempt, where a claim of a dead owner is UNKNOWN.

    Attributes:
        busy: Whether a living process works on it, so that nobody else should.
        owner: That process, or the dead one; None when nobody is to work on it.
        is_latest: Whether no later attempt was made on purpose. An earlier one that made images stays a row of its own.
        run: The run that made the attempt; see Claims.
    """

    outcome: Outcome
    attempt: int
    busy: bool = False
    owner: str | None = None
    is_latest: bool = True
    body: bytes | None = None
    run: str | None = None


def may_be_retried(outcome: Outcome) -> bool:
    """Whether another attempt takes the place of this one. Otherwise it stays as what was made before."""
    if outcome.state is State.FAILED:
        return not outcome.may_have_been_billed
    return outcome.state in {State.PLANNED, State.UNKNOWN}


def document(outcome: Outcome, owner: str, run: str | None) -> bytes:
    """The content of a file: the columns of a ledger's row. A claim is unique by its owner and a random part."""
    body: str | bytes | None = outcome.body if outcome.generation is None else outcome.generation.raw
    columns = {**request_columns(outcome.request), **row_values(outcome)}
    if outcome.state in WITHOUT_LINKS:
        columns["images"], body = cut_signatures(columns["images"]), cut_signatures(body)
    members = {
        "version": VERSION,
        # Nobody works on a row that failed and waits for another run.
        "owner": owner if outcome.state in OPEN and outcome.error is None else None,
        "run": run,
        "nonce": secrets.token_hex(8),
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "row": {name: json.loads(value) if name in _JSON_COLUMNS else value for name, value in columns.items()},
        "body": body.decode(*_AS_BYTES) if isinstance(body, bytes) else body,
    }
    return json.dumps(members).encode()


def found_in(data: bytes, attempt: int, is_alive: Callable[[str], bool]) -> Found:
    """What a file of an attempt says. What `document` did not write raises any error of values."""
    members: Any = json.loads(data)
    row: Mapping[str, Any] = members["row"]
    earlier = {"earlier_billed": row["earlier_cost"] != "0"}  # earlier versions did not write it
    outcome = outcome_of(
        earlier | {name: json.dumps(value) if name in _JSON_COLUMNS else value for name, value in row.items()}
    )
    owner, body = members["owner"], members["body"]
    content = None if body is None else body.encode(*_AS_BYTES)
    busy = outcome.state in OPEN and owner is not None and is_alive(owner)
    if busy:  # whatever it did so far, others leave it alone
        outcome = evolve(outcome, state=State.SENT)
    elif outcome.state is State.SENT:
        outcome = evolve(outcome, state=State.UNKNOWN, error_type="InterruptedError", error=INTERRUPTED)
    elif outcome.state is State.ANSWERED:
        outcome = with_generation(outcome, content or b"")
    return Found(outcome, attempt, busy, owner, body=content, run=members.get("run"))
