"""Rows of the ledger: what their columns have of a request and of its outcome, and how they are entered."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
from attrs import asdict, evolve

from ideogram_ai.client import Generation
from ideogram_ai.client import Job as ImageJob
from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.images import parse_generation
from ideogram_ai.client.jobs import read_job
from ideogram_ai.client.request import is_array, is_object

from .model import BatchRequest, ImageOutcome, LedgerError, Outcome, PlanError, State
from .names import folded, stem_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

T = TypeVar("T")

REQUEST_COLUMNS: Final = "position, key, file_name, line, fields, content, operation, files"
COLUMNS: Final = (
    f"{REQUEST_COLUMNS}, state, attempts, cost, earlier_cost, earlier_billed, may_have_been_billed, images,"
    " error_type, error, status_code, sent_at, answered_at, saved_at, server, absent, replaced_by, job_id"
)
_TIMES: Final = ("sent_at", "answered_at", "saved_at")
_PLAIN: Final = ("error_type", "error", "status_code", "attempts", "server", "replaced_by", "job_id")
"""Columns that hold an attribute of an outcome as it is."""
WITHOUT_LINKS: Final = frozenset({State.SAVED, State.WITHHELD})
"""States of rows whose links nobody needs any more: their signatures are dropped."""
INTERRUPTED: Final = (
    "The process ended while the request was on its way: the image may have been made, and billed. Check the usage of "
    "the account, or what your webhook received, before it is sent again."
)
DEEPEST: Final = 200
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])')


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
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()[:32]


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
        earlier_billed=bool(row["earlier_billed"]),
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
        "earlier_billed": int(outcome.earlier_billed),
        "may_have_been_billed": int(outcome.may_have_been_billed),
        "absent": int(outcome.absent),
        **{name: time and time.timestamp() for name, time in times.items()},
        **{name: _recordable(getattr(outcome, name)) for name in _PLAIN},
    }


def _recordable(value: T) -> T | str:
    """A value as SQLite accepts it: what a server says may have a lone surrogate in it, which becomes an escape."""
    return value.encode("utf-8", "backslashreplace").decode() if isinstance(value, str) else value


def with_generation(outcome: Outcome, body: bytes) -> Outcome:
    """An ANSWERED outcome with its response, read from the body."""
    response: object
    if outcome.job_id is None:
        response = parse_generation(status=200, headers=httpx.Headers(), body=body, complete=True)
    else:
        job = read_job(body, job_id=outcome.job_id)
        response = job.generation if isinstance(job, ImageJob) else job
    if not isinstance(response, Generation):  # a response without images never becomes an answered row
        raise LedgerError(f"What is recorded as the answer to row {outcome.request.key!r:.80} names no image.")
    return evolve(outcome, generation=evolve(response, request=outcome.request.fields))


def contradiction(request: BatchRequest, what: str) -> PlanError:
    """The error about a row that cannot be planned."""
    line = f"line {request.line}, " if request.line else ""
    return PlanError(f"{line}row {request.key!r:.80}: {what}. {NOTHING_SENT}", key=request.key, line=request.line)


def is_too_deep(text: str) -> bool:
    """Whether a JSON text is nested deeper than any request, and perhaps than a later reader can handle."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = deepest = 0
    for opens, closes in _BRACKETS.findall(text):
        depth += bool(opens) - bool(closes)
        deepest = max(deepest, depth)
    return deepest > DEEPEST


def enter_row(database: sqlite3.Connection, request: BatchRequest, position: int | None = None, **more: Any) -> int:
    """Enter a row into the ledger, in its position or the next one, and return that. Further columns may be given."""
    stem = free_stem(database, request, position)
    values = {
        "position": position,
        "stem": stem,
        "folded_stem": folded(stem),
        **request_columns(request),
        **more,
    }
    places = ", ".join(f":{name}" for name in values)
    statement = f"INSERT INTO rows ({', '.join(values)}) VALUES ({places}) RETURNING position"  # noqa: S608 - names of ours
    entered: int = database.execute(statement, values).fetchone()[0]
    return entered


def request_columns(request: BatchRequest) -> dict[str, Any]:
    """What a row of the ledger has of its request, by column."""
    return {
        "key": request.key,
        "file_name": request.file_name,
        "line": request.line,
        "fields": fields_text(request.fields),
        "content": content_of(request.identity) if request.nameless else None,
        "operation": request.operation,
        "files": fields_text(request.files),
    }


def free_stem(database: sqlite3.Connection, request: BatchRequest, position: int | None = None) -> str:
    """A name for a row's image that no other row has, on any file system. A given one that is taken is a PlanError."""
    stem = stem_of(request)
    taken = database.execute(
        "SELECT key FROM rows WHERE folded_stem = ? AND position IS NOT ?", (folded(stem), position)
    ).fetchone()
    if taken and request.file_name:
        raise contradiction(
            request,
            f"the file name {request.file_name!r:.80} is that of row {taken['key']!r:.80} too; give each row its own",
        )
    # Two keys that some file systems do not distinguish.
    return f"{stem}-{hashlib.sha256(request.key.encode()).hexdigest()[:16]}" if taken else stem


def make_again(database: sqlite3.Connection, request: BatchRequest, position: int) -> None:
    """Plan a row once more in its place. The earlier outcome stays, under another key."""
    number = 1
    while database.execute("SELECT 1 FROM rows WHERE key = ?", (f"{request.key}~{number}",)).fetchone():
        number += 1
    release_name(database, position)
    database.execute(
        "UPDATE rows SET key = ?, position = (SELECT max(position) + 1 FROM rows), absent = 1, replaced_by = ?,"
        " content = NULL WHERE position = ?",
        (f"{request.key}~{number}", request.key, position),
    )
    enter_row(database, request, position)


def release_name(database: sqlite3.Connection, position: int) -> None:
    """Free the name of a row's image for another row. A saved image keeps its file."""
    stem = database.execute("SELECT stem FROM rows WHERE position = ?", (position,)).fetchone()[0]
    number = 1
    while database.execute("SELECT 1 FROM rows WHERE folded_stem = ?", (folded(f"{stem}~{number}"),)).fetchone():
        number += 1
    stem = f"{stem}~{number}"
    database.execute("UPDATE rows SET stem = ?, folded_stem = ? WHERE position = ?", (stem, folded(stem), position))
