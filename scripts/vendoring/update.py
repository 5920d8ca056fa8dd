"""Writes a copy, or replaces the one that is there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from regeneration.tree import swap, workplace

from vendoring.comparison import lost_by_update, what_is_written
from vendoring.destination import find_copy, read_copy
from vendoring.errors import VendoringError
from vendoring.imports import NAME

if TYPE_CHECKING:
    from vendoring.comparison import Difference
    from vendoring.contents import Copy
    from vendoring.manifest import Manifest


class Update(NamedTuple):
    """What was done, or would be.

    Attributes:
        before: What the copy was made of that was there; None without one.
        files: What happened to the files; none when the copy was up to date already.
        first: Whether there was no copy.
    """

    before: Manifest | None
    files: list[Difference]
    first: bool


def plan_update(destination: Path, copy: Copy, *, force: bool) -> Update:
    """Say what an update would do; nothing is written.

    Raises:
        VendoringError: It would be refused.
    """
    there = read_copy(find_copy(destination))
    lost = lost_by_update(there, copy) if there else []
    if lost and not force:
        files = "\n".join(f"  {each}" for each in lost)
        raise VendoringError(
            f"this would be lost, since it is not what was copied to {destination / NAME}:\n{files}\n"
            "Bring it into the project that the copy is of, or keep it elsewhere; --force overwrites it"
        )
    return Update(there.manifest if there else None, what_is_written(there, copy), first=there is None)


def write_copy(destination: Path, copy: Copy, *, force: bool) -> Update:
    """Write a copy; until it is there whole, the one of before stays as it was.

    Args:
        destination: The folder that holds the copy.
        copy: What is written.
        force: Overwrite local changes.

    Raises:
        VendoringError: Something there would be lost, or is in the way.
        RegenerationError: Another run is at work there.
    """
    find_copy(destination)
    with workplace(destination, Path(NAME)) as folder:  # it brings back what a run that was killed had moved away
        update = plan_update(destination, copy, force=force)
        if update.files:
            _write(folder / NAME, copy.files)
            swap(folder / NAME, destination, Path(NAME))
    return update


def _write(place: Path, files: dict[str, bytes]) -> None:
    """Write files, readable by all whatever the umask is."""
    for name, data in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        path.chmod(0o644)
    for folder in [place, *(path for path in place.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
