"""Writes down what a generated tree was made of."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from regeneration.paths import CONFIGURATION, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from regeneration.contract import Contract

LOCK: Final = "lock.json"
_TOOLS: Final = ("openapi-python-client", "ruff")
_SCRIPTS: Final = (
    *("arguments.py", "by_hand.py", "described.py", "operations.py"),
    *("overlay.py", "schemas.py", "tree.py", "yaml_reader.py"),
)
"""The scripts that shape the bytes of the tree."""


def write_lock(contract: Contract, package: Path) -> None:
    """Write lock.json into a generated package that is otherwise complete."""
    scripts = [ROOT / "scripts" / "regeneration" / name for name in _SCRIPTS]
    lock = {
        "contract": contract.sha256,
        "configuration": _sha256(ROOT, [*files(CONFIGURATION), *scripts]),
        "tree": tree_sha256(package),
        "versions": {tool: version(tool) for tool in _TOOLS},
    }
    (package / LOCK).write_bytes(f"{json.dumps(lock, indent=2)}\n".encode())


def tree_sha256(package: Path) -> str:
    """Hash the names and bytes of all files of a generated package but its lock."""
    return _sha256(package, [path for path in files(package) if path != package / LOCK])


def files(folder: Path) -> list[Path]:
    """List all files below a folder, without what Python leaves there when it imports."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir() and "__pycache__" not in path.parts)


def explain(old: Path, new: Path) -> list[str]:
    """Say in which entries two locks differ.

    Args:
        old: The lock of the tree that is there; it may be missing or damaged.
        new: The lock of the tree that should be there.
    """
    try:
        was = _flat(json.loads(old.read_bytes()))
    except (OSError, ValueError, AttributeError):
        return [f"there is no readable {LOCK}"]
    return [
        f"{name} was {was.get(name, 'not locked')} and is {value}"
        for name, value in _flat(json.loads(new.read_bytes())).items()
        if was.get(name) != value
    ]


def _flat(lock: dict[str, Any]) -> dict[str, Any]:
    entries = {name: value for name, value in lock.items() if name != "versions"}
    return {**entries, **lock.get("versions", {})}


def _sha256(base: Path, paths: Iterable[Path]) -> str:
    """Hash the names and bytes of files; base is what the names are relative to."""
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(base).as_posix(), path) for path in paths):
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()
