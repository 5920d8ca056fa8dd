"""Reads what users have: the contract and the names of the last commit, and of a package that was just written."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from typing import TYPE_CHECKING, Any, Final

import attrs

from regeneration.paths import OUT, PACKAGE, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_VERSION: Final = ROOT / "overrides" / "ideogram_ai" / "client" / "__init__.py"


@attrs.frozen
class State:
    """A generated package as users see it.

    Attributes:
        document: The contract.
        models: The classes and types in `ideogram_ai.generated.models`.
        methods: The methods of `Ideogram.operations`.
    """

    document: dict[str, Any]
    models: frozenset[str]
    methods: frozenset[str]


def read_package(package: Path) -> State:
    """Read a package from its folder."""
    return _read(lambda name: (package / name).read_bytes())


def read_baseline() -> tuple[State, str] | None:
    """Read package and version number of the last commit; without git, or before the first commit, those of the files.

    The last commit and not the files, so that the words are the same however often somebody regenerates before the
    next one.

    Returns:
        None when there is no package.
    """
    package = OUT / PACKAGE
    if not (package / "contract.json").exists():
        return None
    version = re.search(r'"([0-9.]+)"', _committed(_VERSION).decode())
    return _read(lambda name: _committed(package / name)), version[1] if version else "0.0.0"


def _read(read: Callable[[str], bytes]) -> State:
    models, methods = (ast.parse(read(name)).body for name in ("models/__init__.py", "methods.py"))
    exported = next(node.value for node in models if isinstance(node, ast.Assign))
    own = next(node for node in methods if isinstance(node, ast.ClassDef) and node.name == "Methods")
    return State(
        document=json.loads(read("contract.json")),
        models=frozenset(ast.literal_eval(exported)),
        methods=frozenset(n.name for n in own.body if isinstance(n, ast.FunctionDef) and not n.name.startswith("_")),
    )


def _committed(path: Path) -> bytes:
    try:
        command = ["git", "show", f"HEAD:./{path.name}"]
        return subprocess.run(command, cwd=path.parent, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return path.read_bytes()
