"""Compares the tree that is there with the tree that should be there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regeneration.lock import files
from regeneration.swap import PREFIX

if TYPE_CHECKING:
    from pathlib import Path


def compare(there: Path, expected: Path) -> list[str]:
    """Find the files in which two folders differ.

    Args:
        there: The folder that is judged; every file in it counts, whether or not version control knows it.
        expected: The folder as it should be.

    Returns:
        A line for each file that differs, is missing or is extra; none when the folders are the same.
    """
    old = {path.relative_to(there).as_posix(): path for path in files(there) if not _is_ours(path.relative_to(there))}
    new = {path.relative_to(expected).as_posix(): path for path in files(expected)}
    lines = [(name, "missing") for name in new.keys() - old.keys()]
    lines += [(name, "extra") for name in old.keys() - new.keys()]
    lines += [(name, "differs") for name in old.keys() & new.keys() if not _same(old[name], new[name])]
    return [f"{what:8} {name}" for name, what in sorted(lines)]


def _is_ours(name: Path) -> bool:
    return name.parts[0].startswith(PREFIX)


def _same(old: Path, new: Path) -> bool:
    return old.is_file() and not old.is_symlink() and old.read_bytes() == new.read_bytes()
