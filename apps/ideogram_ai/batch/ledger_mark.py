"""A folder knows its ledger: with another one, or with none, everything in it would be paid for once more."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.errors import NOTHING_SENT
from ideogram_ai.client.request import is_object

from .errors import LedgerError
from .manifest import MANIFEST_NAME
from .store import local_folder, open_store

if TYPE_CHECKING:
    import os

    from .ledger import Ledger
    from .store import Store

MARK_NAME: Final = "thumbnails/ledger.json"
"""Beside what belongs to no single row."""
_LONGEST_MARK: Final = 10_000
_WAYS_OUT: Final = (
    "Sending rows could pay for them once more. Put the right ledger back, use another folder, or make the ledger anew "
    f"from the manifest, with --rebuild-ledger (Job.open(..., rebuild=True)). {NOTHING_SENT}"
)


def check_mark(store: Store, ledger: Ledger) -> None:
    """Refuse a ledger that is not the folder's, or an older copy of it.

    Raises:
        LedgerError: It is not.
        StoreError: The folder cannot be read.
    """
    identity, runs = ledger.identity
    mark = read_mark(store)
    name, place = str(ledger.path), store.location
    if mark is None:
        if not any(ledger.counts().values()) and _manifest_has_made_rows(store):
            raise LedgerError(
                f"{place!r} holds the images of a batch that the ledger {name!r} knows nothing of. {_WAYS_OUT}"
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
    """Refuse a place that holds a batch already, when there is no ledger for it.

    Args:
        location: A folder, or a URL of fsspec.

    Raises:
        LedgerError: It holds one.
        StoreError: It cannot be read.
    """
    folder = local_folder(location)
    if folder is not None and not folder.exists():
        return
    with open_store(location) as store:
        if read_mark(store) is not None or _manifest_has_made_rows(store):
            raise LedgerError(
                f"{store.location!r} holds the images of a batch, and its ledger is not there. {_WAYS_OUT}"
            )


def read_mark(store: Store) -> tuple[str, int] | None:
    """What the folder knows its ledger by, and the number of its runs; None when it knows none."""
    if not store.exists(MARK_NAME):
        return None
    with store.open(MARK_NAME) as file:
        data = file.read(_LONGEST_MARK)
    try:
        mark: Any = json.loads(data)
    except (ValueError, RecursionError):
        mark = None
    if not is_object(mark) or not isinstance(mark.get("ledger"), str) or not isinstance(mark.get("runs"), int):
        raise LedgerError(
            f"{store.location!r}: {MARK_NAME!r} was changed, so its ledger cannot be told. Remove it if "
            "you know that the ledger is the right one."
        )
    return mark["ledger"], mark["runs"]


def write_mark(store: Store, ledger: Ledger) -> None:
    """Let the folder know its ledger.

    Raises:
        StoreError: It cannot be written.
    """
    identity, runs = ledger.identity
    with store.write(MARK_NAME) as file:
        file.write(json.dumps({"ledger": identity, "runs": runs}) + "\n")


def _manifest_has_made_rows(store: Store) -> bool:
    """Whether a manifest is there that tells of a row which may have been billed. What cannot be read is one."""
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
