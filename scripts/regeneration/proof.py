"""Has a generated package proven in two processes side by side: mypy reads it, and prove.py runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

from regeneration.audit import audit
from regeneration.errors import RegenerationError
from regeneration.paths import PACKAGE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from regeneration.contract import Contract

_NAME: Final = ".".join(PACKAGE.parts)
_TIMEOUT: Final = 120
_MAX_COMPLAINTS: Final = 10
_MYPY_SETTINGS: Final = (
    "--strict",
    "--config-file=",
    "--explicit-package-bases",
    "--no-error-summary",
    *("--python-version", "3.11"),
    *("--cache-dir", str(ROOT / ".mypy_cache" / "regenerate")),
)


def prove(contract: Contract, root: Path) -> None:
    """Accept a generated package, or refuse it.

    Args:
        contract: The contract that it was generated from.
        root: The folder below which the package was written.

    Raises:
        RegenerationError: Something in the package does not do what the contract says.
    """
    audit(root / PACKAGE)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(ROOT / "scripts")]),
        "MYPYPATH": str(root),
        "PYTHONIOENCODING": "utf-8",
    }
    # -P: not the working folder first. -B: no bytecode in the tree.
    python = (sys.executable, "-P", "-B")
    commands = {
        "mypy": [*python, "-m", "mypy", *_MYPY_SETTINGS, "-p", _NAME],
        "prove": [*python, "-W", "error", "-m", "regeneration.prove", str(root), str(contract.path.resolve())],
    }
    running = {
        name: subprocess.Popen(
            command, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8"
        )
        for name, command in commands.items()
    }
    try:
        output = {name: process.communicate(timeout=_TIMEOUT) for name, process in running.items()}
    except subprocess.TimeoutExpired:
        raise RegenerationError(f"the proof of the generated code did not end within {_TIMEOUT} seconds") from None
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    if running["prove"].returncode:
        raise RegenerationError(f"the generated code fails when it is run:\n{output['prove'][1].strip()}")
    for failure in json.loads(output["prove"][0]):
        raise contract.error(tuple(failure["pointer"]), failure["message"])
    if running["mypy"].returncode:
        complaints = "".join(output["mypy"]).strip().splitlines()
        shown = "\n".join(complaints[:_MAX_COMPLAINTS])
        raise RegenerationError(f"mypy --strict refuses the generated code ({len(complaints)} lines):\n{shown}")
