"""Where the ledger of a batch lies, and the downloads that are not finished."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from .store import local_folder

if TYPE_CHECKING:
    import os

LEDGER_NAME: Final = "ledger.sqlite3"


@frozen
class Places:
    """Where a batch keeps what is no image, on this machine in any case.

    SQLite needs a disk whose locks it can trust, and an upload needs the whole image.

    Attributes:
        ledger: The ledger's file.
        workspace: The folder of unfinished downloads; None where the store has its own.
    """

    ledger: Path
    workspace: Path | None


def places_of(location: str | os.PathLike[str]) -> Places:
    """The places of a batch: inside its folder or, for a URL, in the user's state folder under a hash of the URL.

    Args:
        location: A folder or URL.

    Raises:
        StoreError: The location has no name, or names another machine.
    """
    folder = local_folder(location)
    if folder is not None:
        return Places(folder / LEDGER_NAME, None)
    import platformdirs  # noqa: PLC0415 - a folder needs none

    name = hashlib.sha256(str(location).rstrip("/").encode("utf-8", "surrogatepass")).hexdigest()[:32]
    state = platformdirs.user_state_path("ideogram-ai", appauthor=False) / "batches" / name
    return Places(state / LEDGER_NAME, state / "parts")
