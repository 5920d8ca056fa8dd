"""What a folder records of its batch: the manifest, a line of JSON for each row, and the mark of its ledger.

With another ledger, or with none, everything in a folder would be paid for again. A lost ledger is rebuilt from the
manifest.
"""

from __future__ import annotations

import json
import re
import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.request import is_array, is_object

from .model import MOCK, BatchRequest, ImageOutcome, LedgerError, Outcome, State, StoreError
from .names import stem_of
from .operations import GENERATE
from .rows import enter_row, fields_text, is_too_deep, row_values, without_signature
from .store import NotExclusiveError, local_folder, open_store

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Iterable, Mapping

    from .ledger import Ledger
    from .store import Store

MANIFEST_NAME: Final = "manifest.jsonl"
MARK_NAME: Final = "thumbnails/ledger.json"
CLAIMS_NAME: Final = "claims/batch.json"
"""The mark of a batch that machines share: its rows are claimed here, and no ledger is needed."""
_RUN_NAME: Final = "thumbnails/run-{}.txt"
_OTHERS_SECONDS: Final = 0.5
"""Where a mark cannot be created exclusively: how long others may take to write theirs after they looked."""
_IMAGE_MEMBERS: Final = ("file", "sha256", "size", "seed", "prompt", "resolution", "upscaled_resolution", "withheld")
# Lone surrogates, which UTF-8 cannot encode, and what some programs treat as a line end or a change of direction.
_ESCAPED: Final = re.compile("[\ud800-\udfff\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_WAYS_OUT: Final = (
    "Sending rows could pay for them once more. Put the right ledger back, use another folder, or rebuild the ledger "
    f"from the manifest, with --rebuild-ledger (Job.open(..., rebuild=True)). {NOTHING_SENT}"
)
_LINK_IS_LOST: Final = (
    "The ledger was lost, and with it the link of this image, which was made and billed: the manifest does not have it."
)
_WAS_SENT: Final = "The ledger was lost while the request was on its way: the image may have been made, and billed."


def write_manifest(store: Store, outcomes: Iterable[Outcome]) -> None:
    """Write the manifest, or replace it, completely or not at all. The outcomes are read as a stream."""
    with store.write(MANIFEST_NAME) as file:
        for outcome in outcomes:
            file.write(manifest_line(outcome))


def manifest_line(outcome: Outcome) -> str:
    """A line of the manifest, with its end."""
    text = json.dumps(manifest_members(outcome), ensure_ascii=False, separators=(",", ":"))
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text) + "\n"


def manifest_members(outcome: Outcome) -> dict[str, Any]:
    """The members of a line of the manifest: always the same in the same order; unknown ones are None.

    Money is text, because binary fractions cannot hold it; times are ISO 8601 in UTC. What the mock server of a
    rehearsal made cost nothing.
    """
    request = outcome.request
    if outcome.server == MOCK:
        cost = None if outcome.cost is None else Decimal(0)
        outcome = evolve(outcome, cost=cost, earlier_cost=Decimal(0), may_have_been_billed=False, earlier_billed=False)
    first, *further = map(_image_members, outcome.images or (None,))
    return {
        "id": request.key,
        "line": request.line,
        "state": outcome.state.value,
        "request": dict(request.fields),
        **first,
        "further_images": further,
        "cost_usd": _money(outcome.cost),
        "earlier_cost_usd": _money(outcome.earlier_cost),
        "may_have_been_billed": outcome.may_have_been_billed or outcome.earlier_billed,
        "attempts": outcome.attempts,
        "sent_at": _time(outcome.sent_at),
        "answered_at": _time(outcome.answered_at),
        "saved_at": _time(outcome.saved_at),
        "status_code": outcome.status_code,
        "error_type": outcome.error_type,
        "error": outcome.error,
        "server": outcome.server,
        "rehearsal": outcome.rehearsed,
        "in_input": not outcome.absent,
        "replaced_by": outcome.replaced_by,
        "file_name": request.file_name,
        "operation": request.operation,
        "files": dict(request.files),
        "job_id": outcome.job_id,
    }


def _image_members(image: ImageOutcome | None) -> dict[str, Any]:
    members: dict[str, Any] = {name: getattr(image, name, None) for name in _IMAGE_MEMBERS}
    url = image.url if image else None
    if url and image and (image.file or image.withheld):
        url = without_signature(url)  # nobody needs it any more, and with it any reader could fetch the image
    return {**members, "image_error": image.error if image else None, "url": url}


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:f}"


def _time(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def check_mark(store: Store, ledger: Ledger, *, written: bytes | None = None) -> None:
    """Check that a ledger is the folder's own, and not an older copy of it.

    In a place that machines began to share at this moment, the mark that was just written is removed.
    """
    try:
        _check_unshared(store)
    except LedgerError:
        if written is not None and store.read(MARK_NAME) == written:
            store.remove(MARK_NAME)
        raise
    identity, runs = ledger.identity
    mark = _read_mark(store)
    name, place = str(ledger.path), store.location
    if mark is None:
        if not any(ledger.counts().values()) and _has_made_rows(store):
            raise LedgerError(
                f"{place!r} holds the images of a batch that the ledger {name!r} does not know. {_WAYS_OUT}"
            )
    elif mark[0] != identity and not runs and any(ledger.counts().values()):
        raise LedgerError(
            f"Another process began a batch in {place!r} after this one had planned its rows. Wait for it and use its "
            "ledger, or use another folder. Machines that make one batch together are all started with --shared "
            f"(shared=True). {NOTHING_SENT}"
        )
    elif mark[0] != identity:
        raise LedgerError(
            f"{place!r} holds the images of a batch whose ledger is another one than {name!r}. {_WAYS_OUT}"
        )
    elif mark[1] > runs:
        raise LedgerError(
            f"The ledger {name!r} is older than the images in {place!r}: it knows of {runs} runs, and there were "
            f"{mark[1]}. Was it restored from a copy? {_WAYS_OUT}"
        )


def check_place(location: str | os.PathLike[str]) -> None:
    """Check that a folder or URL without a ledger holds no batch."""
    folder = local_folder(location)
    if folder is not None and not folder.exists():
        return
    with open_store(location) as store:
        _check_unshared(store)
        if _read_mark(store) is not None or _has_made_rows(store):
            raise LedgerError(
                f"{store.location!r} holds the images of a batch, and its ledger is not there. {_WAYS_OUT}"
            )


def is_shared(location: str | os.PathLike[str]) -> bool:
    """Whether a folder or URL holds a batch that machines share."""
    folder = local_folder(location)
    if folder is not None:
        return (folder / CLAIMS_NAME).exists()
    with open_store(location) as store:
        return store.exists(CLAIMS_NAME)


def _check_unshared(store: Store) -> None:
    if store.exists(CLAIMS_NAME):
        raise LedgerError(
            f"{store.location!r} holds a batch that machines share, which has no ledger. Go on with it by --shared "
            f"(shared=True), or use another folder. {NOTHING_SENT}"
        )


def is_own(store: Store, ledger: Ledger) -> bool:
    """Whether the folder has the mark of this ledger. Its lock then keeps every other process away from the folder."""
    identity, runs = ledger.identity
    mark = _read_mark(store)
    return mark is not None and mark[0] == identity and mark[1] <= runs


def take_place(store: Store, ledger: Ledger) -> bool:
    """Check the mark, or make this ledger the folder's own: of all that try at the same moment, only one can.

    It returns whether that is new.
    """
    check_mark(store, ledger)
    if _read_mark(store) is not None:
        return False
    data = _mark_of(ledger)
    _create_alone(store, MARK_NAME, data)
    check_mark(store, ledger, written=data)
    return True


def _create_alone(store: Store, name: str, data: bytes) -> bool:
    """Create a file, or return False: of all that try at the same moment, only one can.

    Where files cannot be created exclusively it is written, and read again after a moment. There two machines that
    start together are found out unless one of them takes longer than that between its look and its writing.
    """
    try:
        return store.create(name, data)
    except NotExclusiveError:
        store.put(name, data)
        time.sleep(_OTHERS_SECONDS)
        return store.read(name) == data


def begin_run(store: Store, ledger: Ledger) -> None:
    """Count a run that is about to send something, in the ledger and in the mark of the folder.

    Copies of a ledger may begin one at the same moment. Only one of them can create the file of the run.
    """
    _, before = ledger.identity
    by = f"{socket.gethostname()} {ledger.path.absolute()}"
    name = _RUN_NAME.format(before + 1)
    if not _create_alone(store, name, by.encode("utf-8", "surrogateescape")):
        raise LedgerError(
            f"A copy of the ledger {str(ledger.path)!r} begins a run in {store.location!r}: {name!r} there says on "
            "which machine. Only one of the two can go on with the batch. Remove that file if nothing runs there. "
            f"{NOTHING_SENT}"
        )
    check_mark(store, ledger)  # a copy may have had more runs since the last look
    ledger.begin_run()
    store.put(MARK_NAME, _mark_of(ledger))
    with suppress(StoreError):  # some credentials do not allow it
        store.remove(_RUN_NAME.format(before))


def _mark_of(ledger: Ledger) -> bytes:
    identity, runs = ledger.identity
    return json.dumps({"ledger": identity, "runs": runs}).encode() + b"\n"


def _read_mark(store: Store) -> tuple[str, int] | None:
    """The id of the folder's ledger and the number of its runs; None without a mark."""
    data = store.read(MARK_NAME)
    if data is None:
        return None
    try:
        mark: Any = json.loads(data)
    except (ValueError, RecursionError):
        mark = None
    if not is_object(mark) or not isinstance(mark.get("ledger"), str) or not isinstance(mark.get("runs"), int):
        raise LedgerError(
            f"{store.location!r}: {MARK_NAME!r} was changed, so it does not say which ledger is the right one. Remove "
            "it if you know that this ledger is."
        )
    return mark["ledger"], mark["runs"]


def _has_made_rows(store: Store) -> bool:
    """Whether the manifest has a row that may have been billed, or cannot be read."""
    if not store.exists(MANIFEST_NAME):
        return False
    with store.open(MANIFEST_NAME) as file:
        for line in file:
            try:
                row: Any = json.loads(line)
            except (ValueError, RecursionError):
                return True
            if not is_object(row) or row.get("may_have_been_billed") is not False:
                return True
    return False


def rebuild_ledger(ledger: Ledger, store: Store) -> None:
    """Enter the rows of the manifest into an empty ledger, all or none."""
    if any(ledger.counts().values()):
        raise LedgerError(
            f"The ledger {str(ledger.path)!r} has rows, and is not rebuilt. Move it away first, if it is the wrong "
            f"one. {NOTHING_SENT}"
        )
    if not store.exists(MANIFEST_NAME):
        raise LedgerError(f"{store.location!r} has no {MANIFEST_NAME} to rebuild the ledger from. {NOTHING_SENT}")
    with store.open(MANIFEST_NAME) as file, ledger.transaction() as database:
        for number, line in enumerate(file, start=1):
            try:
                _enter(database, json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError, InvalidOperation, AttributeError) as error:
                what = "it nests too deep" if isinstance(error, RecursionError) else f"{type(error).__name__}: {error}"
                raise LedgerError(
                    f"Line {number} of {MANIFEST_NAME} in {store.location!r} was not written by a batch ({what:.200}), "
                    f"so the ledger is not rebuilt. {NOTHING_SENT}"
                ) from error
        servers = database.execute("SELECT DISTINCT server FROM rows WHERE server IS NOT NULL").fetchall()
        if len(servers) == 1:
            database.execute("UPDATE batch SET server = ?", (servers[0]["server"],))
        mark = _read_mark(store)
        if mark is not None:
            database.execute("UPDATE batch SET id = ?, runs = ?", mark)


def _enter(database: sqlite3.Connection, row: Any) -> None:
    """Enter a row of the manifest, with the response as far as the manifest has it: images are downloaded from it."""
    if not is_object(row) or not is_object(row["request"]) or not is_array(row["further_images"]):
        raise ValueError("this is not a row")
    if is_too_deep(fields_text(row["request"])):
        raise RecursionError
    outcome = outcome_of_members(row)
    images = outcome.images
    names = ("url", "prompt", "resolution", "seed")
    data = [{"is_image_safe": not each.withheld, **{name: getattr(each, name) for name in names}} for each in images]
    to_download = outcome.state in {State.ANSWERED, State.FAILED} and any(image.url for image in images)
    body = json.dumps({"data": data}).encode() if to_download else None
    enter_row(database, outcome.request, body=body, **row_values(outcome))


def _request_of(row: Mapping[str, Any]) -> BatchRequest:
    key, files = row["id"], row.get("files")
    if not isinstance(key, str) or not key:
        raise ValueError("its id is not text")
    request = BatchRequest(
        key,
        row["request"],
        line=row["line"],
        # An id that is a number may have been assigned: then the row is identified by its content as well.
        nameless=key.isascii() and key.isdigit() and len(key) >= 6 and row.get("replaced_by") is None,
        operation=str(row.get("operation") or GENERATE),
        files=files if is_object(files) else {},
    )
    file_name = row.get("file_name")
    if "file_name" not in row and row["file"] is not None and not row["file"].startswith(stem_of(request)):
        file_name = row["file"]  # an older manifest: the row was given its file's name
    return evolve(request, file_name=file_name)


def outcome_of_members(row: Mapping[str, Any]) -> Outcome:
    """The outcome that a line of the manifest is about, as far as the line says, and as it is without its ledger."""
    times = ("sent_at", "answered_at", "saved_at")
    others: dict[str, Any] = {
        **{name: row[name] and datetime.fromisoformat(row[name]) for name in times},
        **{name: row[name] for name in ("error_type", "error", "status_code", "attempts", "may_have_been_billed")},
        **{name: row.get(name) for name in ("server", "replaced_by", "job_id")},
    }
    outcome = Outcome(
        _request_of(row),
        State(row["state"]),
        tuple(_image_of(each) for each in (row, *row["further_images"]) if each["withheld"] is not None),
        cost=None if row["cost_usd"] is None else Decimal(row["cost_usd"]),
        earlier_cost=Decimal(row["earlier_cost_usd"] or 0),
        absent=not row.get("in_input", True),
        **others,
    )
    # Without images, only an earlier attempt of such a row may have been billed.
    only_earlier = (
        not outcome.images and outcome.state in {State.PLANNED, State.FAILED} and outcome.may_have_been_billed
    )
    outcome = evolve(
        outcome,
        earlier_billed=only_earlier or bool(outcome.earlier_cost),
        may_have_been_billed=outcome.may_have_been_billed and not (only_earlier and outcome.state is State.FAILED),
    )
    if outcome.state is State.SENT:
        return evolve(outcome, state=State.UNKNOWN, error_type="InterruptedError", error=_WAS_SENT)
    if outcome.state is State.ANSWERED and not all(
        image.url or image.withheld or image.file for image in outcome.images
    ):
        return evolve(outcome, state=State.FAILED, error_type="DownloadError", error=_LINK_IS_LOST)
    return outcome


def _image_of(row: Mapping[str, Any]) -> ImageOutcome:
    named: dict[str, Any] = {name: row.get(name) for name in _IMAGE_MEMBERS}
    named["withheld"] = bool(named["withheld"])
    return ImageOutcome(**named, url=row.get("url"), error=row["image_error"])
