"""Real disks that fill up, for tests of what outlives that."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Generator
from pathlib import Path

import pytest


@contextlib.contextmanager
def small_disk(place: Path, size: str = "6m") -> Generator[Path]:
    """Mount a small file system of its own; the test is skipped where that is not allowed."""
    place.mkdir()
    if not sys.platform.startswith("linux") or os.geteuid():
        pytest.skip("only root may mount a disk, on Linux")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


@contextlib.contextmanager
def kept_full(disk: Path) -> Generator[None]:
    """Fill a disk, and take whatever room others give back, as long as the context lasts."""
    filler = disk / "filler"
    stop = threading.Event()
    with filler.open("wb", buffering=0) as file:
        fill(file.fileno())

        def keep_full() -> None:
            while not stop.wait(0.0005):
                fill(file.fileno())

        thread = threading.Thread(target=keep_full)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
    filler.unlink()


def fill(handle: int) -> None:
    """Write to a file until its disk is full."""
    piece = b"x" * 4096
    with contextlib.suppress(OSError):
        while True:
            os.write(handle, piece)
