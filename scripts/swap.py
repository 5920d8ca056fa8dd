"""Replace a folder as a whole: even if the program is killed, the old or the new one is complete. Hash its files.

Needs nothing but Python, as vendor.py does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Generator

PREFIX: Final = ".replacing-"
"""What the names of temporary folders begin with."""
_PREVIOUS: Final = f"{PREFIX}previous"


LOCK: Final = "lock.json"


def files(folder: Path) -> list[Path]:
    """List all files below a folder, without what Python leaves there when it imports."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir() and "__pycache__" not in path.parts)


def tree_sha256(folder: Path) -> str:
    """Hash the names and bytes of all files below a folder but the lock of a generated package."""
    names = sorted(path.relative_to(folder).as_posix() for path in files(folder) if path != folder / LOCK)
    hashes = ((name, hashlib.sha256((folder / name).read_bytes()).hexdigest()) for name in names)
    return hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in hashes).encode()).hexdigest()


class InUseError(Exception):
    """Another run holds the lock; the message names the folder."""


@contextmanager
def locked(parent: Path, target: Path) -> Generator[None]:
    """Lock parent, which holds the temporary folders, against other runs, and clean up what a killed run left in it.

    The lock ends with this process at the latest. Windows has no locks on folders, so there it is skipped.
    """
    descriptor = os.open(parent, os.O_RDONLY) if sys.platform != "win32" else -1
    try:
        if sys.platform != "win32":
            import fcntl  # noqa: PLC0415 - not on Windows

            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InUseError(f"another run is at work in {parent}; wait until it has ended") from None
        if (parent / _PREVIOUS).exists() and not target.exists():  # a run was killed between its two renames
            (parent / _PREVIOUS).rename(target)
        for left in parent.glob(f"{PREFIX}*"):
            shutil.rmtree(left)
        yield
    finally:
        if descriptor >= 0:
            os.close(descriptor)


@contextmanager
def work_folder(parent: Path) -> Generator[Path]:
    """Make a temporary folder on the file system of another; git ignores it, in case this run is killed."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=parent) as folder:
        Path(folder, ".gitignore").write_text("*\n", "utf-8")
        yield Path(folder)


def replace(fresh: Path, parent: Path, target: Path) -> None:
    """Move the folder fresh to target, below the locked parent. If that fails, the old folder is back."""
    previous = parent / _PREVIOUS
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(previous)
    try:
        fresh.rename(target)
    except BaseException:
        if previous.exists():
            previous.rename(target)
        raise
    shutil.rmtree(previous, ignore_errors=True)  # the next run removes what is left
