"""Has a generated package proven: its code is read first, and then mypy and prove.py judge it side by side."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from regeneration.audit import audit
from regeneration.errors import RegenerationError
from regeneration.paths import PACKAGE, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from regeneration.contract import Contract

_TIMEOUT: Final = 300
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
    with ThreadPoolExecutor() as pool:
        types = pool.submit(prove_types, root)
        prove_running(contract, root)
        types.result()


def prove_running(contract: Contract, root: Path) -> None:
    """Import a package in a process of its own, look for every field, and send a request through it.

    Raises:
        RegenerationError: A part of the contract is missing in the package, or does not arrive.
    """
    done = _python(root, "-W", "error", "-m", "regeneration.prove", str(root.absolute()), str(contract.path.absolute()))
    if done.returncode:
        raise RegenerationError(f"the generated code cannot be tried out:\n{done.stderr.strip()}")
    for failure in json.loads(done.stdout):
        raise contract.error(tuple(failure["pointer"]), failure["message"])


def prove_types(root: Path) -> None:
    """Let mypy judge a package.

    Raises:
        RegenerationError: mypy --strict finds an error.
    """
    done = _python(root, "-m", "mypy", *_MYPY_SETTINGS, "-p", ".".join(PACKAGE.parts))
    if done.returncode:
        complaints = (done.stdout + done.stderr).strip().splitlines()
        shown = "\n".join(complaints[:_MAX_COMPLAINTS])
        raise RegenerationError(f"mypy --strict refuses the generated code ({len(complaints)} lines):\n{shown}")


def _python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the package that is proven first on its path, and so that it leaves no bytecode there."""
    package, scripts = str(root.absolute()), str(ROOT / "scripts")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [package, scripts, os.environ.get("PYTHONPATH")])),
        "MYPYPATH": package,
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-P", "-B", *arguments]
    try:
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, encoding="utf-8", timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RegenerationError(f"the proof of the generated code did not end within {_TIMEOUT} seconds") from None
