"""The folder that holds a copy, and the copy that is there."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from vendoring.errors import DestinationError, VendoringError
from vendoring.imports import NAME
from vendoring.manifest import MANIFEST, Manifest, read_manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

_NO_FILE: Final = "not a regular file"
"""Stands for the hash of what is none, such as a link; no file has it."""


class Existing(NamedTuple):
    """The copy that is there.

    Attributes:
        manifest: What it was made of; None when that is damaged or was edited.
        files: SHA-256 of each file by its path, the manifest's among them; without what Python leaves there.
    """

    manifest: Manifest | None
    files: dict[str, str]


def find_copy(destination: Path) -> Path:
    """Say where the copy lies, or will lie, below a folder.

    Raises:
        DestinationError: The folder is none, or something else lies in the place of the copy.
    """
    if not destination.exists():
        raise DestinationError(f"{destination} does not exist. Make the folder, with an empty __init__.py in it")
    if not destination.is_dir():
        raise DestinationError(f"{destination} is no folder. Give the folder that shall hold the copy")
    if (destination / MANIFEST).exists():
        raise DestinationError(f"{destination} is a copy. Give the folder that holds it: {destination.parent}")
    place = destination / NAME
    if place.is_symlink():
        raise DestinationError(f"{place} is a link to {place.readlink()}. Remove it, or give the folder it leads into")
    if place.exists() and not place.is_dir():
        raise DestinationError(f"{place} is in the way: the copy is a folder of that name. Move it away")
    return place


def read_copy(place: Path) -> Existing | None:
    """Read the copy that is there; None when there is none.

    Raises:
        VendoringError: The folder holds files and no manifest, so they are somebody else's.
    """
    found = dict(_hashes(place)) if place.is_dir() else {}
    if not found:  # version control removes files and leaves __pycache__
        return None
    if MANIFEST not in found:
        raise VendoringError(f"{place} holds files and no {MANIFEST}: they are not ours to replace. Move them away")
    manifest = read_manifest((place / MANIFEST).read_bytes()) if found[MANIFEST] != _NO_FILE else None
    return Existing(manifest, found)


def import_name(destination: Path) -> str | None:
    """The name of the package that the folder is; None when it has no __init__.py."""
    folder, names = destination.resolve(), list[str]()
    while (folder / "__init__.py").is_file():
        names.insert(0, folder.name)
        folder = folder.parent
    return ".".join(names) or None


def _hashes(place: Path) -> Iterator[tuple[str, str]]:
    for folder, folders, names in os.walk(place):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for path in (Path(folder, name) for name in sorted([*names, *links])):
            regular = path.is_file() and not path.is_symlink()
            digest = hashlib.sha256(path.read_bytes()).hexdigest() if regular else _NO_FILE
            yield path.relative_to(place).as_posix(), digest
