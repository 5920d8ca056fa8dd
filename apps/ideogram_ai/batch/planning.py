"""Takes the rows of an input into the ledger, all or none, and finds out which of them changed."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from .model import BatchRequest, PlanError, position_key
from .names import folded, stem_of
from .schema import REQUEST_COLUMNS, content_of, fields_text, request_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator

BILLED: Final = "((may_have_been_billed OR earlier_cost <> '0') AND server IS NOT 'mock')"
"""Whether a row may have cost money. What the mock server of a rehearsal made did not."""
NEVER_SENT: Final = (
    "state = 'planned', attempts = 0, cost = NULL, earlier_cost = '0', may_have_been_billed = 0, images = '[]',"
    " body = NULL, error_type = NULL, error = NULL, status_code = NULL, sent_at = NULL, answered_at = NULL,"
    " saved_at = NULL, server = NULL"
)
"""The columns of a row that was never sent."""
LEAVE_FILES: Final = (
    "INSERT OR REPLACE INTO leftovers SELECT json_extract(image.value, '$.file'), json_extract(image.value, '$.sha256')"
    " FROM rows, json_each(rows.images) AS image WHERE json_extract(image.value, '$.file') IS NOT NULL AND "
)
"""Takes note of the files of rehearsed rows, which are about to be made anew."""
_SHOWN: Final = 200
_LISTED: Final = 20
_DEEPEST: Final = 200
_ROW: Final = f"SELECT {REQUEST_COLUMNS}, state, {BILLED} AS billed FROM rows"  # noqa: S608 - names of ours
_BRACKETS: Final = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])')


@frozen
class ChangedRow:
    """A row that was made, may have been billed, and is asked for in another way now.

    Attributes:
        key: Its key.
        line: Its line in the input, if it has one.
        what: What changed, for people.
    """

    key: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{f'line {self.line}, ' if self.line else ''}row {self.key!r:.80}: {self.what}"


@frozen
class Planned:
    """What planning found.

    Attributes:
        new: Rows that the ledger did not have.
        known: Rows that it had already.
        absent: Rows of the ledger that the input does not have any more.
        updated: Rows that never cost anything and changed, or are tried again.
        replaced: Rows among the known that are made again: what was made before keeps its files, under another key.
        changed: The first of those that changed after they were made.
        changes: How many those are.
    """

    new: int
    known: int
    absent: int
    updated: int = 0
    replaced: int = 0
    changed: tuple[ChangedRow, ...] = ()
    changes: int = 0

    def lines(self) -> Iterator[str]:
        """The changed rows, a line for each that is listed."""
        for row in self.changed:
            yield str(row)
        if self.changes > len(self.changed):
            yield f"and {self.changes - len(self.changed):,} more"


def plan_rows(
    database: sqlite3.Connection,
    requests: Iterable[BatchRequest],
    *,
    replace: bool = False,
    redo: Collection[str] = (),
    whole: bool = False,
) -> Planned:
    """Enter requests that are not in the ledger yet, inside the transaction of the caller.

    Args:
        database: The ledger's.
        requests: The input, in its order. It is read as a stream.
        replace: Whether rows that changed after they were made are made anew.
        redo: Keys of rows that are made again.
        whole: Whether rows that the input does not have are left alone from now on.

    Raises:
        PlanError: A row has the key or the file name of another, or changed after it was made.
    """
    plan = _Plan(database, replace=replace, redo=redo, whole=whole)
    for request in requests:
        plan.take(request)
    return plan.end()


def make_anew(database: sqlite3.Connection, request: BatchRequest, position: int) -> None:
    """Plan a row once more in its place. What was made of it before stays, under another key.

    Args:
        database: The ledger's.
        request: What is asked for from now on; its key is the row's.
        position: The row's.
    """
    number = 1
    while database.execute("SELECT 1 FROM rows WHERE key = ?", (f"{request.key}~{number}",)).fetchone():
        number += 1
    _release_name(database, position)
    database.execute(
        "UPDATE rows SET key = ?, position = (SELECT max(position) + 1 FROM rows), absent = 1, replaced_by = ?,"
        " content = NULL WHERE position = ?",
        (f"{request.key}~{number}", request.key, position),
    )
    _insert(database, request, position)


def _release_name(database: sqlite3.Connection, position: int) -> None:
    """Let another row have the name of this one's image. One that is saved already keeps it."""
    stem = database.execute("SELECT stem FROM rows WHERE position = ?", (position,)).fetchone()[0]
    number = 1
    while database.execute("SELECT 1 FROM rows WHERE folded_stem = ?", (folded(f"{stem}~{number}"),)).fetchone():
        number += 1
    stem = f"{stem}~{number}"
    database.execute("UPDATE rows SET stem = ?, folded_stem = ? WHERE position = ?", (stem, folded(stem), position))


class _Plan:
    """An input on its way into the ledger."""

    def __init__(self, database: sqlite3.Connection, *, replace: bool, redo: Collection[str], whole: bool) -> None:
        self._database = database
        self._whole = whole
        self._replace = replace
        self._redo = set(redo)
        self._before: int = database.execute("SELECT coalesce(max(position), 0) FROM rows").fetchone()[0]
        self._new = self._known = self._updated = self._replaced = self._changes = 0
        self._changed: list[ChangedRow] = []
        self._nameless: BatchRequest | None = None
        self._last: tuple[str, str | None, int] = ("", None, 0)
        self._released: set[int] = set()
        self._remark = ""
        database.execute("CREATE TEMP TABLE IF NOT EXISTS seen (position INTEGER PRIMARY KEY)")
        database.execute("DELETE FROM seen")

    def take(self, request: BatchRequest) -> None:
        _check_text(request)
        row = self._find(request)
        if row is None:
            self._enter(request)
            return
        if not self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (row["position"],)).rowcount:
            place = f"line {row['line']}" if row["line"] else "an earlier row"
            raise _contradiction(request, f"{place} has this id too; give each row an id of its own")
        if row["position"] in self._released:
            raise _contradiction(request, f"an earlier row has its file name {request.file_name!r:.80} too")
        self._known += 1
        self._compare(request, row)

    def end(self) -> Planned:
        """What is found out when all rows are there."""
        if self._nameless is not None:
            self._find_renamed()
            if self._whole:
                self._find_none_left(self._nameless)
        if self._changes and not self._replace:
            raise self._refusal()
        for key in sorted(self._redo):
            self._make_again(key)
        if self._whole:
            self._database.execute(
                "UPDATE rows SET absent = 1 WHERE NOT absent AND position NOT IN (SELECT position FROM seen)"
            )
        self._database.execute(
            "UPDATE rows SET absent = 0 WHERE absent AND replaced_by IS NULL"
            " AND position IN (SELECT position FROM seen)"
        )
        absent: int = self._database.execute(
            "SELECT count(*) FROM rows WHERE replaced_by IS NULL AND position NOT IN (SELECT position FROM seen)"
        ).fetchone()[0]
        return Planned(
            new=self._new,
            known=self._known,
            absent=absent,
            updated=self._updated,
            replaced=self._replaced,
            changed=tuple(self._changed),
            changes=self._changes,
        )

    def _find(self, request: BatchRequest) -> sqlite3.Row | None:
        """The ledger's row of a request: by its key or, where nobody gave it one, the next that asks for the same."""
        row: sqlite3.Row | None
        if not request.nameless:
            row = self._database.execute(f"{_ROW} WHERE key = ?", (request.key,)).fetchone()
            return row
        if not self._before:
            return None
        content = content_of(request.fields)
        # Rows that ask for the same stand behind each other, as a rule: those before are not looked at again.
        after = self._last[2] if self._last[:2] == (content, request.file_name) else 0
        row = self._database.execute(
            f"{_ROW} WHERE content = ? AND file_name IS ? AND position > ? AND position <= ?"  # noqa: S608
            " AND position NOT IN (SELECT position FROM seen) ORDER BY position LIMIT 1",
            (content, request.file_name, after, self._before),
        ).fetchone()
        if row is not None:
            self._last = (content, request.file_name, row["position"])
        return row

    def _enter(self, request: BatchRequest) -> None:
        if request.nameless:
            key = self._free_key(request.key)
            request = request if key == request.key else evolve(request, key=key)
            self._nameless = self._nameless or request
        self._take_name(request)
        position = _insert(self._database, request)
        self._database.execute("INSERT INTO seen VALUES (?)", (position,))
        self._new += 1

    def _take_name(self, request: BatchRequest) -> None:
        """Take the file name of a row that the whole input does not have any more, as far as it is read."""
        if not self._whole or request.file_name is None:
            return
        row = self._database.execute(
            "SELECT position FROM rows WHERE folded_stem = ? AND position <= ?"
            " AND position NOT IN (SELECT position FROM seen)",
            (folded(stem_of(request)), self._before),
        ).fetchone()
        if row is not None:
            _release_name(self._database, row["position"])
            self._released.add(row["position"])

    def _free_key(self, key: str) -> str:
        """A number that no other row has: the place in the input, as long as nothing is inserted there."""
        number: int | None = None
        while self._database.execute("SELECT 1 FROM rows WHERE key = ?", (key,)).fetchone():
            if number is None:
                number = self._database.execute("SELECT max(position) FROM rows").fetchone()[0]
            number = (number or 0) + 1
            key = position_key(number)
        return key

    def _compare(self, request: BatchRequest, row: sqlite3.Row) -> None:
        old, new = row["fields"], fields_text(request.fields)
        differs = old != new and json.loads(old) != json.loads(new)
        if not differs and _same_name(row["file_name"], request.file_name):
            if row["line"] != request.line:
                self._database.execute("UPDATE rows SET line = ? WHERE position = ?", (request.line, row["position"]))
        elif row["state"] == "sent":
            raise _contradiction(request, "it changed, and is on its way right now; wait until the run has ended")
        elif not row["billed"]:
            self._update(request, row["position"])
        elif request.key in self._redo:
            self._redo.remove(request.key)
            self._make_anew(request, row["position"])
        elif differs:
            self._note(request.key, request.line, f"it was {_shown(old)} and is {_shown(new)}")
            if self._replace:
                self._make_anew(request, row["position"])
        else:
            was = row["file_name"]
            self._note(request.key, request.line, f"its file name was {was!r:.80} and is {request.file_name!r:.80}")
            # Nobody pays once more for another name.
            self._rename(request, row["position"])

    def _update(self, request: BatchRequest, position: int) -> None:
        """A row that never cost anything is what the input says it is."""
        self._database.execute(f"{LEAVE_FILES} rows.position = ?", (position,))
        self._take_name(request)
        stem = _free_stem(self._database, request, position)
        self._database.execute(
            f"UPDATE rows SET {NEVER_SENT}, stem = ?, folded_stem = ?, file_name = ?, line = ?, fields = ?"  # noqa: S608
            " WHERE position = ?",
            (stem, folded(stem), request.file_name, request.line, fields_text(request.fields), position),
        )
        self._redo.discard(request.key)
        self._updated += 1

    def _make_anew(self, request: BatchRequest, position: int) -> None:
        make_anew(self._database, request, position)
        self._replaced += 1

    def _rename(self, request: BatchRequest, position: int) -> None:
        self._database.execute(
            "UPDATE rows SET file_name = ?, line = ? WHERE position = ?", (request.file_name, request.line, position)
        )

    def _make_again(self, key: str) -> None:
        row = self._database.execute(f"{_ROW} WHERE key = ? AND replaced_by IS NULL", (key,)).fetchone()
        if row is None:
            raise PlanError(
                f"There is no row {key!r:.80} that could be made again: neither the ledger nor the input has it. "
                "Nothing was planned, nothing sent.",
                key=key,
                line=None,
            )
        self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (row["position"],))
        request = request_of(row)
        if row["state"] == "sent":
            raise _contradiction(request, "it is on its way right now; wait until the run has ended")
        if row["billed"]:
            self._make_anew(request, row["position"])
        elif row["state"] != "planned":
            self._update(request, row["position"])

    def _find_renamed(self) -> None:
        """Rows without an id that ask for what another row asked for that is gone, with another file name only."""
        pairs = self._database.execute(
            "SELECT new.position AS new, new.file_name AS file_name, new.line AS line, old.position AS old,"  # noqa: S608
            " old.file_name AS was, old.key AS key FROM rows AS new JOIN rows AS old ON new.content = old.content"
            " WHERE new.position > ? AND old.position <= ? AND old.position NOT IN (SELECT position FROM seen)"
            f" AND old.position IN (SELECT position FROM rows WHERE {BILLED}) ORDER BY new.position, old.position",
            (self._before, self._before),
        ).fetchall()
        done: set[int] = set()
        for pair in pairs:
            if pair["new"] in done or pair["old"] in done:
                continue
            done |= {pair["new"], pair["old"]}
            self._note(
                pair["key"], pair["line"], f"its file name was {pair['was']!r:.80} and is {pair['file_name']!r:.80}"
            )
            self._database.execute("DELETE FROM rows WHERE position = ?", (pair["new"],))
            self._database.execute("INSERT INTO seen VALUES (?)", (pair["old"],))
            self._database.execute(
                "UPDATE rows SET file_name = ?, line = ? WHERE position = ?",
                (pair["file_name"], pair["line"], pair["old"]),
            )
            self._new -= 1
            self._known += 1

    def _find_none_left(self, request: BatchRequest) -> None:
        """Rows without an id, of which the input has none any more: an option for all rows may be another one."""
        made = f"content IS NOT NULL AND position <= ? AND NOT absent AND {BILLED}"
        kept = f"SELECT 1 FROM rows WHERE {made} AND position IN (SELECT position FROM seen)"  # noqa: S608
        if self._database.execute(kept, (self._before,)).fetchone():
            return
        for row in self._database.execute(
            f"SELECT key, fields FROM rows WHERE {made} ORDER BY position",  # noqa: S608
            (self._before,),
        ):
            self._note(row["key"], None, f"it was {_shown(row['fields'])}, and the input has it no more")
        if self._changes:
            now = fields_text(request.fields)
            self._remark = (
                f" The first new row without an id is {_shown(now)}. Did an option for all rows, --resolution for "
                "example, change?"
            )

    def _note(self, key: str, line: int | None, what: str) -> None:
        self._changes += 1
        if len(self._changed) < _LISTED:
            self._changed.append(ChangedRow(key, line, what))

    def _refusal(self) -> PlanError:
        rows = "1 row" if self._changes == 1 else f"{self._changes:,} rows"
        listed = "; ".join(Planned(0, 0, 0, changed=tuple(self._changed), changes=self._changes).lines())
        return PlanError(
            f"{rows} changed after being made, and may have been billed: {listed}.{self._remark} Undo the change, give "
            "the changed row a new id, or take all of them as new rows and keep what was made, with --replace "
            "(replace=True). Nothing was planned, nothing sent.",
            key=self._changed[0].key,
            line=self._changed[0].line,
        )


def _check_text(request: BatchRequest) -> None:
    for what, text in (("id", request.key), ("file name", request.file_name or "")):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise _contradiction(request, f"its {what} has half of a character in it, as in {text!r:.80}") from None
    try:
        deep = is_too_deep(fields_text(request.fields))
    except RecursionError:
        deep = True
    if deep:
        raise _contradiction(request, f"its fields are nested deeper than {_DEEPEST} levels; no request is")


def is_too_deep(text: str) -> bool:
    """Whether a JSON text is nested deeper than any request is, and than what reads it later may bear."""
    if text.count("[") + text.count("{") <= _DEEPEST:
        return False
    depth = deepest = 0
    for opens, closes in _BRACKETS.findall(text):
        depth += bool(opens) - bool(closes)
        deepest = max(deepest, depth)
    return deepest > _DEEPEST


def name_of(database: sqlite3.Connection, request: BatchRequest) -> tuple[str, str]:
    """The name of a new row's image, and the same as file systems see it that do not tell cases apart."""
    stem = _free_stem(database, request, None)
    return stem, folded(stem)


def _insert(database: sqlite3.Connection, request: BatchRequest, position: int | None = None) -> int:
    stem = _free_stem(database, request, position)
    entered = database.execute(
        "INSERT INTO rows (position, key, stem, folded_stem, file_name, line, fields, content)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING position",
        (
            position,
            request.key,
            stem,
            folded(stem),
            request.file_name,
            request.line,
            fields_text(request.fields),
            content_of(request.fields) if request.nameless else None,
        ),
    ).fetchone()
    place: int = entered[0]
    return place


def _free_stem(database: sqlite3.Connection, request: BatchRequest, position: int | None) -> str:
    """A name that no other row has, whatever system looks at it."""
    stem = stem_of(request)
    taken = database.execute(
        "SELECT key FROM rows WHERE folded_stem = ? AND position IS NOT ?", (folded(stem), position)
    ).fetchone()
    if taken and request.file_name:
        raise _contradiction(
            request,
            f"the file name {request.file_name!r:.80} is that of row {taken['key']!r:.80} too; give each row its own",
        )
    # Two keys that differ in what file systems do not tell apart.
    return f"{stem}-{hashlib.sha256(request.key.encode()).hexdigest()[:16]}" if taken else stem


def _same_name(one: str | None, other: str | None) -> bool:
    """Whether two file names of an input come to the same: the suffix is the image's."""
    if one is None or other is None:
        return one is other
    return one == other or stem_of(BatchRequest("", {}, one)) == stem_of(BatchRequest("", {}, other))


def _contradiction(request: BatchRequest, what: str) -> PlanError:
    line = f"line {request.line}, " if request.line else ""
    return PlanError(
        f"{line}row {request.key!r:.80}: {what}. Nothing was planned, nothing sent.", key=request.key, line=request.line
    )


def _shown(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
