"""Between a row of the ledger's table and the outcome that it tells of."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import httpx
from attrs import asdict, evolve

from ideogram_ai.client import Generation
from ideogram_ai.client.response import parse_generation

from ..errors import LedgerError
from ..outcome import ImageOutcome, Outcome, State
from ..request import BatchRequest

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

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
