"""The packages that the client needs, and no others, in a folder for a Python that sees nothing else."""

from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def link_dependencies(folder: Path, *more: str) -> None:
    """Link httpx, attrs, others and what these need into a folder, but for what it holds already."""
    for name in _closure("httpx", "attrs", *more):
        for file in distribution(name).files or []:
            top = Path(file.parts[0])
            if top.suffix != ".pth" and ".." not in file.parts and not (folder / top).exists():
                (folder / top).symlink_to(str(distribution(name).locate_file(top)))


def _closure(*roots: str) -> set[str]:
    """Name the installed distributions that these need, extras left out."""
    waiting, found = list(roots), set[str]()
    while waiting:
        name = canonicalize_name(waiting.pop())
        if name in found:
            continue
        found.add(name)
        asked = [Requirement(text) for text in distribution(name).requires or []]
        waiting += [item.name for item in asked if not item.marker or item.marker.evaluate({"extra": ""})]
    return found
