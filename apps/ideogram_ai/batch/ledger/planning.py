"""Takes the rows of an input into the ledger, all or none, and refuses what contradicts it."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ..errors import PlanError
from ..store_names import folded, stem_of
from .rows import fields_text

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from ..request import BatchRequest

_SHOWN: Final = 200


@frozen
class Planned:
    """What planning found.

    Attributes:
        new: Rows that the ledger did not have.
        known: Rows that it had already, with the same request.
        absent: Rows of the ledger that the input does not have any more. They are run like all others.
    """

    new: int
    known: int
    absent: int


def plan_rows(database: sqlite3.Connection, requests: Iterable[BatchRequest]) -> Planned:
    """Enter requests that are not in the ledger yet, inside the transaction of the caller.

    Args:
        database: The ledger's.
        requests: The input, in its order. It is read as a stream.

    Raises:
        PlanError: A row has another request than the ledger has for its key, or the key or the file name of another.
    """
    before = database.execute("SELECT count(*), coalesce(max(position), 0) FROM rows").fetchone()
    new = known = 0
    for request in requests:
        _check_text(request)
        row = database.execute(
            "SELECT position, line, fields, file_name FROM rows WHERE key = ?", (request.key,)
        ).fetchone()
        if row is None:
            _enter(database, request)
            new += 1
        elif row["position"] > before[1]:
            place = f"line {row['line']}" if row["line"] else "an earlier row"
            raise _contradiction(request, f"{place} has this id too; give each row an id of its own")
        else:
            _compare(request, row)
            known += 1
    return Planned(new=new, known=known, absent=before[0] - known)


def _check_text(request: BatchRequest) -> None:
    for what, text in (("id", request.key), ("file name", request.file_name or "")):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _contradiction(request, f"its {what} has half of a character in it, as in {text!r:.80}") from None


def _enter(database: sqlite3.Connection, request: BatchRequest) -> None:
    stem = stem_of(request)
    taken = database.execute("SELECT key FROM rows WHERE folded_stem = ?", (folded(stem),)).fetchone()
    if taken and request.file_name:
        raise _contradiction(
            request,
            f"the file name {request.file_name!r:.80} is that of row {taken['key']!r:.80} too; give each row its own",
        )
    if taken:
        # Two keys that differ in what file systems do not tell apart.
        stem = f"{stem}-{hashlib.sha256(request.key.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    database.execute(
        "INSERT INTO rows (key, stem, folded_stem, file_name, line, fields) VALUES (?, ?, ?, ?, ?, ?)",
        (request.key, stem, folded(stem), request.file_name, request.line, fields_text(request.fields)),
    )


def _compare(request: BatchRequest, row: sqlite3.Row) -> None:
    old, new = row["fields"], fields_text(request.fields)
    if old != new and json.loads(old) != json.loads(new):
        raise _contradiction(
            request,
            f"the ledger has another request for it: it was {_shown(old)} and is {_shown(new)}. Give the changed row "
            "a new id, or use another folder",
        )
    was = row["file_name"]
    if was != request.file_name:
        raise _contradiction(
            request,
            f"the ledger has another file name for it: it was {was!r:.80} and is {request.file_name!r:.80}. Give the "
            "changed row a new id, or use another folder",
        )


def _contradiction(request: BatchRequest, what: str) -> PlanError:
    line = f"line {request.line}, " if request.line else ""
    return PlanError(
        f"{line}row {request.key!r:.80}: {what}. Nothing was planned, nothing sent.", key=request.key, line=request.line
    )


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
