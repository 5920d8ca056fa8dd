"""What is to be made: compares an input with the ledger, and what another server made with the server of this run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from attrs import define, evolve, field, frozen

from ideogram_ai.client import RequestError
from ideogram_ai.client.errors import NOTHING_SENT

from .model import MOCK, BatchRequest, LedgerError, PlanError, Rank, position_key, rank_of
from .names import folded, stem_of
from .operations import file_fields, identified_files
from .rows import (
    DEEPEST,
    REQUEST_COLUMNS,
    content_of,
    contradiction,
    enter_row,
    fields_text,
    free_stem,
    is_too_deep,
    make_again,
    release_name,
    request_of,
)

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Iterator

    from .ledger import Ledger

_BILLED: Final = "((may_have_been_billed OR earlier_billed) AND server IS NOT 'mock')"
"""Whether a row may have cost money. What the mock server of a rehearsal made did not."""
_NEVER_SENT: Final = (
    "state = 'planned', attempts = 0, cost = NULL, earlier_cost = '0', earlier_billed = 0, may_have_been_billed = 0,"
    " images = '[]', body = NULL, error_type = NULL, error = NULL, status_code = NULL, sent_at = NULL,"
    " answered_at = NULL, saved_at = NULL, server = NULL, job_id = NULL"
)
_LEAVE_FILES: Final = (
    "INSERT OR REPLACE INTO leftovers SELECT json_extract(image.value, '$.file'), json_extract(image.value, '$.sha256')"
    " FROM rows, json_each(rows.images) AS image WHERE json_extract(image.value, '$.file') IS NOT NULL AND "
)
"""Notes the files of rehearsed rows, which are about to be made again."""
_ROW: Final = f"SELECT {REQUEST_COLUMNS}, state, {_BILLED} AS billed FROM rows"  # noqa: S608 - names of ours
_UNSEEN: Final = "position NOT IN (SELECT position FROM seen)"
_SHOWN: Final = 200
_LISTED: Final = 20


@frozen
class ChangedRow:
    """A row that was made, may have been billed, and has changed in the input."""

    key: str
    line: int | None
    what: str

    def __str__(self) -> str:
        return f"{f'line {self.line}, ' if self.line else ''}row {self.key!r:.80}: {self.what}"


@define
class Planned:
    """The result of planning.

    Attributes:
        new: Rows that the ledger did not have.
        known: Rows that it had already.
        absent: Rows of the ledger that the input no longer has.
        updated: Rows that never cost anything and changed, or are tried again.
        replaced: Rows among the known that are made again; the earlier images keep their files, under another key.
        changed: The first of the rows that changed after they were made.
        changes: The number of those rows.
    """

    new: int = 0
    known: int = 0
    absent: int = 0
    updated: int = 0
    replaced: int = 0
    changed: list[ChangedRow] = field(factory=list[ChangedRow])
    changes: int = 0

    def lines(self) -> Iterator[str]:
        """A line for each changed row that is listed, and one for the rest."""
        yield from map(str, self.changed)
        if self.changes > len(self.changed):
            yield f"and {self.changes - len(self.changed):,} more"


def plan_rows(
    ledger: Ledger,
    requests: Iterable[BatchRequest],
    *,
    replace: bool = False,
    redo: Collection[str] = (),
    whole: bool = False,
    shared: bool = False,
) -> Planned:
    """Enter the rows of an input that are new, all or none, and compare the others. See Job.plan.

    A changed row that never cost anything becomes what the input says. A row without an id is identified by its
    content, which for a file is the file's. In a shared batch other machines plan too: then the key of a row without an
    id has a part of its content in it, so that no two machines have one key for different rows.
    """
    with ledger.transaction() as database:
        plan = _Plan(database, replace=replace, redo=redo, whole=whole, shared=shared)
        for request in requests:
            plan.add(request)
        planned = plan.finish()
        if shared:
            _order_by_line(database)
        return planned


def _order_by_line(database: sqlite3.Connection) -> None:
    """Bring the rows into the order of the input: those that other machines made were entered before the others."""
    database.execute(
        "UPDATE rows SET position = -place FROM (SELECT position AS before,"
        " row_number() OVER (ORDER BY line IS NULL, line, position) AS place FROM rows) WHERE position = before"
    )
    database.execute("UPDATE rows SET position = -position")


def use_server(ledger: Ledger, server: str, *, replace: bool = False) -> int:
    """Prepare for a server: what a rehearsal made counts as not made for another one, and is never mixed.

    It returns the number of rehearsed rows that are planned again; their files are among the leftovers. Rows that
    another server may have billed are refused; `replace` makes them again, and keeps those images.
    """
    again = 0
    with ledger.transaction() as database:
        if server == MOCK:  # each run has a mock server of its own, which knows no job of another one
            again += _forget_jobs(database, MOCK)
        if ledger.server == server:
            return again
        found = database.execute("SELECT DISTINCT server FROM rows WHERE server IS NOT NULL").fetchall()
        others = [row["server"] for row in found if row["server"] != server]
        rank = rank_of(server)
        for other in others:
            if rank_of(other) < rank or (rank_of(other) is rank and rank is not Rank.REMOTE):
                continue
            # No rehearsal goes into the folder of paid images, not even for rows that the input no longer has.
            among = "" if rank < rank_of(other) else " AND NOT absent"
            statement = f"SELECT {REQUEST_COLUMNS} FROM rows WHERE server = ? AND {_BILLED}{among}"  # noqa: S608
            rows = database.execute(statement, (other,)).fetchall()
            if replace and rank is Rank.REMOTE:
                for row in rows:
                    make_again(database, request_of(row), row["position"])
            elif rows:
                raise LedgerError(_other_server(len(rows), other, server))
        for other in others:
            again += _forget_jobs(database, other) if rank is not Rank.REMOTE else 0
            if rank_of(other) < rank:
                database.execute(f"{_LEAVE_FILES} server = ?", (other,))
                database.execute("DELETE FROM rows WHERE server = ? AND replaced_by IS NOT NULL", (other,))
                again += database.execute(
                    f"UPDATE rows SET {_NEVER_SENT} WHERE server = ?",  # noqa: S608
                    (other,),
                ).rowcount
        database.execute("UPDATE batch SET server = ?", (server,))
        return again


def _forget_jobs(database: sqlite3.Connection, server: str) -> int:
    """Plan rows again whose jobs nobody can ask for: a server that bills nobody has them."""
    statement = f"UPDATE rows SET {_NEVER_SENT} WHERE state = 'submitted' AND server = ?"  # noqa: S608
    return database.execute(statement, (server,)).rowcount


def _other_server(count: int, other: str, server: str) -> str:
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


class _Plan:
    """An input on its way into the ledger."""

    def __init__(
        self, database: sqlite3.Connection, *, replace: bool, redo: Collection[str], whole: bool, shared: bool
    ) -> None:
        self._database = database
        self._shared = shared
        self._whole = whole
        self._replace = replace
        self._redo = set(redo)
        self._before: int = database.execute("SELECT coalesce(max(position), 0) FROM rows").fetchone()[0]
        self._planned = Planned()
        self._first_nameless: BatchRequest | None = None
        self._last_found: tuple[str, str | None, int] = ("", None, 0)
        self._released: set[int] = set()
        self._hint = ""
        database.execute("CREATE TEMP TABLE IF NOT EXISTS seen (position INTEGER PRIMARY KEY)")
        database.execute("DELETE FROM seen")

    def add(self, request: BatchRequest) -> None:
        request = with_files(request)
        check_text(request)
        row = self._find(request)
        if row is None:
            self._enter(request)
            return
        if not self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (row["position"],)).rowcount:
            place = f"line {row['line']}" if row["line"] else "an earlier row"
            raise contradiction(request, f"{place} has this id too; give each row an id of its own")
        if row["position"] in self._released:
            raise contradiction(request, f"an earlier row has its file name {request.file_name!r:.80} too")
        self._planned.known += 1
        self._compare(request, row)

    def finish(self) -> Planned:
        """Decide what only the whole input shows."""
        if self._first_nameless is not None:
            self._find_renamed()
            if self._whole:
                self._check_any_left(self._first_nameless)
        if self._planned.changes and not self._replace:
            raise self._refusal()
        for key in sorted(self._redo):
            self._redo_row(key)
        if self._whole:
            self._database.execute(f"UPDATE rows SET absent = 1 WHERE NOT absent AND {_UNSEEN}")  # noqa: S608
        self._database.execute(
            "UPDATE rows SET absent = 0 WHERE absent AND replaced_by IS NULL"
            " AND position IN (SELECT position FROM seen)"
        )
        self._planned.absent = self._database.execute(
            f"SELECT count(*) FROM rows WHERE replaced_by IS NULL AND {_UNSEEN}"  # noqa: S608
        ).fetchone()[0]
        return self._planned

    def _find(self, request: BatchRequest) -> sqlite3.Row | None:
        """The ledger's row of a request: by its key or, without an id, the next one with the same content."""
        row: sqlite3.Row | None
        if not request.nameless:
            row = self._database.execute(f"{_ROW} WHERE key = ?", (request.key,)).fetchone()
            return row
        if not self._before:
            return None
        content = content_of(request.identity)
        # Rows with the same content mostly follow each other: those before the last one are not searched again.
        after = self._last_found[2] if self._last_found[:2] == (content, request.file_name) else 0
        row = self._database.execute(
            f"{_ROW} WHERE content = ? AND file_name IS ? AND position > ? AND position <= ?"
            f" AND {_UNSEEN} ORDER BY position LIMIT 1",
            (content, request.file_name, after, self._before),
        ).fetchone()
        if row is not None:
            self._last_found = (content, request.file_name, row["position"])
        return row

    def _enter(self, request: BatchRequest) -> None:
        if request.nameless:
            request = evolve(request, key=self._free_key(request))
            self._first_nameless = self._first_nameless or request
        self._take_name(request)
        position = enter_row(self._database, request)
        self._database.execute("INSERT INTO seen VALUES (?)", (position,))
        self._planned.new += 1

    def _take_name(self, request: BatchRequest) -> None:
        """Take the file name of a row that the complete input, as far as it is read, no longer has."""
        if not self._whole or request.file_name is None:
            return
        row = self._database.execute(
            f"SELECT position FROM rows WHERE folded_stem = ? AND position <= ? AND {_UNSEEN}",  # noqa: S608
            (folded(stem_of(request)), self._before),
        ).fetchone()
        if row is not None:
            release_name(self._database, row["position"])
            self._released.add(row["position"])

    def _free_key(self, request: BatchRequest) -> str:
        """An unused number: the place in the input, unless rows were inserted there."""
        part = shared_key(request).removeprefix(request.key) if self._shared else ""
        key, number = f"{request.key}{part}", 0
        while self._database.execute("SELECT 1 FROM rows WHERE key = ?", (key,)).fetchone():
            number = 1 + (number or self._database.execute("SELECT max(position) FROM rows").fetchone()[0])
            key = f"{position_key(number)}{part}"
        return key

    def _compare(self, request: BatchRequest, row: sqlite3.Row) -> None:
        fields = fields_text(request.fields)
        same = (row["fields"], row["operation"], row["files"]) == (
            fields, request.operation, fields_text(request.files),
        )  # fmt: skip
        old, new = ("", "") if same else (fields_text(each.identity) for each in (request_of(row), request))
        differs = old != new and json.loads(old) != json.loads(new)
        if not differs and _same_name(row["file_name"], request.file_name):
            if row["line"] != request.line or (request.files and not same):  # the files may have another place
                self._database.execute(
                    "UPDATE rows SET line = ?, fields = ? WHERE position = ?", (request.line, fields, row["position"])
                )
        elif row["state"] == "sent":
            raise contradiction(request, "it changed, and is on its way right now; wait until the run has ended")
        elif not row["billed"]:
            self._update(request, row["position"])
        elif request.key in self._redo:
            self._redo.remove(request.key)
            self._make_again(request, row["position"])
        elif differs:
            self._note(request.key, request.line, f"it was {_shortened(old)} and is {_shortened(new)}")
            if self._replace:
                self._make_again(request, row["position"])
        else:
            self._note_name(request.key, request.line, row["file_name"], request.file_name)
            # Another name is no reason to pay again.
            self._rename(row["position"], request.file_name, request.line)

    def _update(self, request: BatchRequest, position: int) -> None:
        """Take over what the input says of a row that never cost anything."""
        self._database.execute(f"{_LEAVE_FILES} rows.position = ?", (position,))
        self._take_name(request)
        stem = free_stem(self._database, request, position)
        self._database.execute(
            f"UPDATE rows SET {_NEVER_SENT}, stem = ?, folded_stem = ?, file_name = ?, line = ?, fields = ?,"  # noqa: S608
            " operation = ?, files = ? WHERE position = ?",
            (
                *(stem, folded(stem), request.file_name, request.line, fields_text(request.fields)),
                *(request.operation, fields_text(request.files), position),
            ),
        )
        self._redo.discard(request.key)
        self._planned.updated += 1

    def _make_again(self, request: BatchRequest, position: int) -> None:
        make_again(self._database, request, position)
        self._planned.replaced += 1

    def _rename(self, position: int, file_name: str | None, line: int | None) -> None:
        self._database.execute(
            "UPDATE rows SET file_name = ?, line = ? WHERE position = ?", (file_name, line, position)
        )

    def _redo_row(self, key: str) -> None:
        row = self._database.execute(f"{_ROW} WHERE key = ? AND replaced_by IS NULL", (key,)).fetchone()
        if row is None:
            raise PlanError(
                f"There is no row {key!r:.80} that could be made again: neither the ledger nor the input has it. "
                f"{NOTHING_SENT}",
                key=key,
                line=None,
            )
        self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (row["position"],))
        request = request_of(row)
        if row["state"] == "sent":
            raise contradiction(request, "it is on its way right now; wait until the run has ended")
        if row["billed"]:
            self._make_again(request, row["position"])
        elif row["state"] != "planned":
            self._update(request, row["position"])

    def _find_renamed(self) -> None:
        """Find rows without an id that differ from a row that is gone in the file name only."""
        pairs = self._database.execute(
            "SELECT new.position AS new, new.file_name AS file_name, new.line AS line, old.position AS old,"  # noqa: S608
            " old.file_name AS was, old.key AS key FROM rows AS new JOIN rows AS old ON new.content = old.content"
            f" WHERE new.position > ? AND old.position <= ? AND old.{_UNSEEN}"
            f" AND old.position IN (SELECT position FROM rows WHERE {_BILLED}) ORDER BY new.position, old.position",
            (self._before, self._before),
        ).fetchall()
        done: set[int] = set()
        for pair in pairs:
            if pair["new"] in done or pair["old"] in done:
                continue
            done |= {pair["new"], pair["old"]}
            self._note_name(pair["key"], pair["line"], pair["was"], pair["file_name"])
            self._database.execute("DELETE FROM rows WHERE position = ?", (pair["new"],))
            self._database.execute("INSERT INTO seen VALUES (?)", (pair["old"],))
            self._rename(pair["old"], pair["file_name"], pair["line"])
            self._planned.new -= 1
            self._planned.known += 1

    def _check_any_left(self, request: BatchRequest) -> None:
        """Note all rows without an id if the input has none of them: an option for all rows may have changed."""
        made = f"content IS NOT NULL AND position <= ? AND NOT absent AND {_BILLED}"
        kept = f"SELECT 1 FROM rows WHERE {made} AND position IN (SELECT position FROM seen)"  # noqa: S608
        if self._database.execute(kept, (self._before,)).fetchone():
            return
        for row in self._database.execute(
            f"SELECT {REQUEST_COLUMNS} FROM rows WHERE {made} ORDER BY position",  # noqa: S608
            (self._before,),
        ):
            was = _shortened(fields_text(request_of(row).identity))
            self._note(row["key"], None, f"it was {was}, and the input no longer has it")
        if self._planned.changes:
            self._hint = (
                f" The first new row without an id is {_shortened(fields_text(request.identity))}. Did an option for "
                "all rows, --resolution for example, change?"
            )

    def _note(self, key: str, line: int | None, what: str) -> None:
        self._planned.changes += 1
        if len(self._planned.changed) < _LISTED:
            self._planned.changed.append(ChangedRow(key, line, what))

    def _note_name(self, key: str, line: int | None, was: str | None, now: str | None) -> None:
        self._note(key, line, f"its file name was {was!r:.80} and is {now!r:.80}")

    def _refusal(self) -> PlanError:
        changes, first = self._planned.changes, self._planned.changed[0]
        rows = "1 row" if changes == 1 else f"{changes:,} rows"
        listed = "; ".join(self._planned.lines())
        return PlanError(
            f"{rows} changed after being made, and may have been billed: {listed}.{self._hint} Undo the change, give "
            "the changed row a new id, or take all of them as new rows and keep what was made, with --replace "
            f"(replace=True). {NOTHING_SENT}",
            key=first.key,
            line=first.line,
        )


def shared_key(request: BatchRequest) -> str:
    """The key of a row among processes that plan on their own: without an id, it has a part of the content in it."""
    part = f"-{content_of(request.identity)[:8]}"
    return f"{request.key.removesuffix(part)}{part}" if request.nameless else request.key


def with_files(request: BatchRequest) -> BatchRequest:
    """The request with the content of its files, by which it is identified."""
    if not file_fields(request.operation).intersection(request.fields):
        return request
    try:
        fields, files = identified_files(request.operation, request.fields)
    except RequestError as error:
        raise contradiction(request, error.message.removesuffix(NOTHING_SENT).rstrip(" .")) from None
    return evolve(request, fields=fields, files=files)


def check_text(request: BatchRequest) -> None:
    """Refuse a row whose texts no ledger can hold, or no later reader."""
    for what, text in (("id", request.key), ("file name", request.file_name or "")):
        try:
            text.encode()
        except UnicodeEncodeError:
            raise contradiction(request, f"its {what} has half of a character in it, as in {text!r:.80}") from None
    try:
        deep = is_too_deep(fields_text(request.fields))
    except RecursionError:
        deep = True
    if deep:
        raise contradiction(request, f"its fields are nested deeper than {DEEPEST} levels; no request is")


def _same_name(one: str | None, other: str | None) -> bool:
    """Whether two file names of an input are the same apart from the suffix, which follows from the image."""
    if one is None or other is None:
        return one is other
    return one == other or stem_of(BatchRequest("", {}, one)) == stem_of(BatchRequest("", {}, other))


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
