"""Files of a batch in a folder of this machine."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit
from urllib.request import url2pathname

from .store import Store, StoreError

WORKSPACE = ".parts"
"""Inside the folder, and so on its file system: a finished file is moved and never copied."""


def path_of_url(url: str) -> Path:
    """The path that a `file://` URL stands for.

    Raises:
        StoreError: It names another machine.
    """
    parts = urlsplit(url)
    if parts.netloc not in {"", "localhost"}:
        raise StoreError(f"{url!r} names the machine {parts.netloc!r}. Write three slashes: 'file:///folder'.")
    return Path(url2pathname(parts.path))


class LocalStore(Store):
    """Writes beside, brings it to the disk, and moves it into place.

    Args:
        folder: The folder; it is made when it is not there.

    Raises:
        StoreError: No file can be written there.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), folder / WORKSPACE)
        self.folder = folder
        with self._explained("it cannot be written to"):
            self.workspace.mkdir(parents=True, exist_ok=True)
            # A small file, because permissions tell little, and nothing of a disk that is full or read-only.
            trial = self.workspace / f"{secrets.token_hex(8)}.trial"
            try:
                trial.write_bytes(b"\0")
                trial.replace(folder / trial.name)
            finally:
                trial.unlink(missing_ok=True)
                (folder / trial.name).unlink(missing_ok=True)

    @property
    def title(self) -> str:
        """What the folder is called."""
        return self.folder.resolve().name or self.location

    def replace(self, source: Path, name: str) -> None:
        """Move a finished file into the store, in place of what has that name."""
        with self._explained(f"{name!r} cannot be written"):
            target = self._target(name)
            _to_disk(source)
            source.replace(target)
            _to_disk_folder(target.parent)

    def exists(self, name: str) -> bool:
        """Whether there is a file of that name."""
        with self._explained(f"{name!r} cannot be looked for"):
            return (self.folder / name).exists()

    def open(self, name: str) -> IO[bytes]:
        """Open a file to read its bytes."""
        with self._explained(f"{name!r} cannot be read"):
            return (self.folder / name).open("rb")

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with self._explained(f"{name!r} cannot be removed"):
            (self.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the workspace when nothing unfinished is in it."""
        with contextlib.suppress(OSError):
            self.workspace.rmdir()

    def _put_new(self, source: Path, name: str) -> bool:
        with self._explained(f"{name!r} cannot be written"):
            target = self._target(name)
            _to_disk(source)
            try:
                os.link(source, target)
            except FileExistsError:
                return False
            except OSError:
                # A file system without hard links: claim the name with an empty file, and replace that.
                try:
                    target.open("xb").close()
                except FileExistsError:
                    return False
                try:
                    source.replace(target)
                except BaseException:
                    target.unlink()
                    raise
            _to_disk_folder(target.parent)
        return True

    def _size(self, name: str) -> int:
        return (self.folder / name).stat().st_size

    def _target(self, name: str) -> Path:
        target = self.folder / name
        if target.parent != self.folder:
            target.parent.mkdir(exist_ok=True)
        return target

    def _explained(self, what: str) -> contextlib.AbstractContextManager[None]:
        return self.on_disk(what)


def _to_disk(path: Path) -> None:
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def _to_disk_folder(folder: Path) -> None:
    """Make a new name last through a power cut, where the system lets a folder be opened."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
