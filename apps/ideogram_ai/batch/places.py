"""Where the ledger of a batch lies, and the downloads that are not finished."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attrs import frozen

from .store import is_remote

if TYPE_CHECKING:
    import os

LEDGER_NAME: Final = "ledger.sqlite3"


@frozen
class RemotePlaces:
    """The folders on this machine of a batch whose images go elsewhere.

    SQLite needs a disk whose locks it can trust, and an upload needs the whole image.

    Attributes:
        ledger: The ledger's file.
        workspace: The folder of unfinished downloads.
    """

    ledger: Path
    workspace: Path


def remote_places(location: str | os.PathLike[str]) -> RemotePlaces | None:
    """The folders of a batch that goes to a URL: in the user's own state folder, told apart by a hash of the URL.

    Args:
        location: A folder or URL.

    Returns:
        The places; None for a folder of this machine, which holds everything itself.
    """
    if not is_remote(location):
        return None
    import platformdirs  # noqa: PLC0415 - a folder needs none

    name = hashlib.sha256(str(location).rstrip("/").encode("utf-8", "surrogatepass")).hexdigest()[:32]
    folder = platformdirs.user_state_path("ideogram-ai", appauthor=False) / "batches" / name
    return RemotePlaces(folder / LEDGER_NAME, folder / "parts")
