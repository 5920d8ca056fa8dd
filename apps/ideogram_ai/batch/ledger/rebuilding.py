"""Makes a ledger that is gone anew from the manifest, which knows every row."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.request import is_array, is_object

from ..errors import LedgerError
from ..ledger_mark import read_mark
from ..manifest import MANIFEST_NAME
from ..outcome import ImageOutcome, State
from ..request import BatchRequest
from ..store_names import stem_of
from .identity import content_of
from .planning import is_too_deep, name_of
from .rows import fields_text, images_text, seconds

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from ..store import Store
    from .ledger import Ledger

_LINK_IS_GONE: Final = (
    "The ledger was lost, and with it the link of this image, which was made and billed: the manifest does not have it."
)
_WAS_SENT: Final = "The ledger was lost while the request was on its way: the image may have been made, and billed."


def rebuild_ledger(ledger: Ledger, store: Store) -> int:
    """Enter the rows of the manifest into a ledger that has none, all or none.

    Args:
        ledger: The new ledger.
        store: Where the manifest is.

    Returns:
        How many rows there are.

    Raises:
        LedgerError: The ledger has rows, or there is no manifest that could be used.
        StoreError: The manifest cannot be read.
    """
    if any(ledger.counts().values()):
        raise LedgerError(
            f"The ledger {str(ledger.path)!r} has rows, and is not made anew. Move it away first, if it is the wrong "
            f"one. {NOTHING_SENT}"
        )
    if not store.exists(MANIFEST_NAME):
        raise LedgerError(f"{store.location!r} has no {MANIFEST_NAME} to make the ledger anew from. {NOTHING_SENT}")
    number = 0
    with store.open(MANIFEST_NAME) as file, ledger.transaction() as database:
        for number, line in enumerate(file, start=1):
            try:
                _enter(database, json.loads(line))
            except (ValueError, TypeError, KeyError, RecursionError, InvalidOperation, AttributeError) as error:
                what = "it nests too deep" if isinstance(error, RecursionError) else f"{type(error).__name__}: {error}"
                raise LedgerError(
                    f"Line {number} of {MANIFEST_NAME} in {store.location!r} is none that a batch wrote ({what:.200}), "
                    f"so the ledger is not made anew. {NOTHING_SENT}"
                ) from error
        servers = database.execute("SELECT DISTINCT server FROM rows WHERE server IS NOT NULL").fetchall()
        if len(servers) == 1:
            database.execute("UPDATE batch SET server = ?", (servers[0]["server"],))
        mark = read_mark(store)
        if mark is not None:
            ledger.adopt(*mark)
    return number


def _enter(database: sqlite3.Connection, row: Any) -> None:
    if not is_object(row) or not is_object(row["request"]) or not is_array(row["further_images"]):
        raise ValueError("this is no row")
    if is_too_deep(fields_text(row["request"])):
        raise RecursionError
    key, state = _text(row["id"]), State(row["state"])
    images = [_image(each) for each in (row, *row["further_images"]) if each["withheld"] is not None]
    error_type, error = row["error_type"], row["error"]
    if state is State.SENT:
        state, error_type, error = State.UNKNOWN, "InterruptedError", _WAS_SENT
    if state is State.ANSWERED and not all(image.url or image.withheld or image.file for image in images):
        state, error_type, error = State.FAILED, "DownloadError", _LINK_IS_GONE
    # An id that is a number may be one that nobody gave: then the row is known by what it asks for, too.
    nameless = key.isascii() and key.isdigit() and len(key) >= 6
    request = BatchRequest(key, row["request"], line=row["line"], nameless=nameless)
    request = evolve(request, file_name=row["file_name"] if "file_name" in row else _file_name(request, row["file"]))
    stem, folded_stem = name_of(database, request)
    values: Mapping[str, Any] = {
        "key": key,
        "stem": stem,
        "folded_stem": folded_stem,
        "file_name": request.file_name,
        "line": row["line"],
        "fields": fields_text(row["request"]),
        "content": content_of(row["request"]) if nameless and row.get("replaced_by") is None else None,
        "state": state.value,
        "attempts": row["attempts"],
        "cost": _money(row["cost_usd"]),
        "earlier_cost": _money(row["earlier_cost_usd"]) or "0",
        "may_have_been_billed": int(row["may_have_been_billed"]),
        "images": images_text(images),
        "body": _body(images)
        if state in {State.ANSWERED, State.FAILED} and any(image.url for image in images)
        else None,
        "error_type": error_type,
        "error": error,
        "status_code": row["status_code"],
        "sent_at": _time(row["sent_at"]),
        "answered_at": _time(row["answered_at"]),
        "saved_at": _time(row["saved_at"]),
        "server": row.get("server"),
        "absent": int(not row.get("in_input", True)),
        "replaced_by": row.get("replaced_by"),
    }
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    database.execute(f"INSERT INTO rows ({names}) VALUES ({places})", values)  # noqa: S608 - names of ours


def _file_name(request: BatchRequest, file: str | None) -> str | None:
    """The file name that a row was given, of a manifest that does not say it: the file's, if that is no usual one."""
    return None if file is None or file.startswith(stem_of(request)) else file


def _image(row: Mapping[str, Any]) -> ImageOutcome:
    return ImageOutcome(
        seed=row["seed"],
        prompt=row["prompt"],
        resolution=row["resolution"],
        url=row.get("url"),
        withheld=bool(row["withheld"]),
        file=row["file"],
        sha256=row["sha256"],
        size=row["size"],
        error=row["image_error"],
    )


def _body(images: list[ImageOutcome]) -> bytes:
    """The answer, as far as the manifest tells: it is what the images are downloaded by."""
    data = [
        {
            "url": image.url,
            "prompt": image.prompt,
            "resolution": image.resolution,
            "seed": image.seed,
            "is_image_safe": not image.withheld,
        }
        for image in images
    ]
    return json.dumps({"data": data}).encode()


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("its id is no text")
    return value


def _money(amount: str | None) -> str | None:
    return None if amount is None else str(Decimal(amount))


def _time(text: str | None) -> float | None:
    return None if text is None else seconds(datetime.fromisoformat(text))
