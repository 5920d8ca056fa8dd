"""Puts a new tree in the place of the old one, so that at any moment one of the two is whole."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from regeneration.errors import RegenerationError

if TYPE_CHECKING:
    from collections.abc import Generator

PREFIX: Final = ".replacing-"
"""What the names of our own working folders begin with."""
_PREVIOUS: Final = f"{PREFIX}previous"


@contextmanager
def workplace(out: Path, package: Path) -> Generator[Path]:
    """Give a new empty folder on the file system of out, and take it away at the end.

    What a killed run left behind is mended first: a tree that it had moved away comes back, its working folder goes.

    Args:
        out: The folder below which the package stands; made if it is not there.
        package: The path of the tree below it, such as that of a package.

    Raises:
        RegenerationError: Another run is at work here.
    """
    new = not out.exists()
    out.mkdir(parents=True, exist_ok=True)
    try:
        with _exclusive(out):
            _recover(out, package)
            with tempfile.TemporaryDirectory(prefix=PREFIX, dir=out) as folder:
                (Path(folder) / ".gitignore").write_text("*\n", encoding="utf-8")
                yield Path(folder)
    finally:
        if new and not any(out.iterdir()):
            out.rmdir()


def swap(fresh: Path, out: Path, package: Path) -> None:
    """Move the folder fresh to the place of the package; if that fails, the old package is back in its place."""
    target, previous = out / package, out / _PREVIOUS
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists():
        target.rename(previous)
    try:
        fresh.rename(target)
    except BaseException:
        if previous.exists():
            previous.rename(target)
        raise
    shutil.rmtree(previous, ignore_errors=True)  # what could not be removed goes at the start of the next run


def _recover(out: Path, package: Path) -> None:
    target, previous = out / package, out / _PREVIOUS
    if previous.exists() and not target.exists():
        previous.rename(target)
    for left in out.glob(f"{PREFIX}*"):
        shutil.rmtree(left)


@contextmanager
def _exclusive(folder: Path) -> Generator[None]:
    """Hold a lock that ends with this process, however that ends. Windows has none on folders; there it is skipped."""
    if sys.platform == "win32":
        yield
        return
    import fcntl  # noqa: PLC0415 - not on Windows

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RegenerationError(f"another run is at work in {folder}; wait until it has ended") from None
        yield
    finally:
        os.close(descriptor)
