"""The client's own tests pass on a copy, below another name and with ours off the path.

Here a part of them; `nox -s vendored` sets VENDORED_TESTS=all and runs them all.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from vendor import Copy
from vendored_app import vendored

ROOT = Path(__file__).parents[3]
TESTS = ROOT / "tests"
ALL = os.environ.get("VENDORED_TESTS") == "all"
pytestmark = pytest.mark.slow
PART = ("prompt_rule", "sidecar")
# These are about this repository: they regenerate the client, check the types of its folders, or list what was
# imported by our names. Tests below, and in test_alone, cover a copy.
NOT_OF_THE_CLIENT = ("added_field", "typing", "import")


def test_the_clients_own_tests_pass_on_a_copy(copy: Copy, tmp_path: Path) -> None:
    vendored(copy, tmp_path / "some_program/_libs")
    modules = {path.stem.removeprefix("test_") for path in (TESTS / "client").glob("test_*.py")}
    assert {*PART, *NOT_OF_THE_CLIENT} <= modules
    chosen = modules.difference(NOT_OF_THE_CLIENT) if ALL else PART
    path = [TESTS / "support/vendored", TESTS / "support", TESTS / "support/guard", tmp_path]
    environment = {
        **os.environ,
        "VENDORED_COPY": "some_program._libs.ideogram_ai",
        "PYTHONPATH": os.pathsep.join(map(str, path)),
    }
    files = [f"tests/client/test_{name}.py" for name in sorted(chosen)]
    workers = ("-n", "auto" if ALL else "0")
    plugins = ("-p", "vendored_copy", "-p", "no:cacheprovider")
    command = [sys.executable, "-m", "pytest", "-q", *workers, *plugins, *files]
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    counted = re.search(r"^(\d+) passed(?:, \d+ skipped)? in", result.stdout, flags=re.MULTILINE)
    assert counted
    assert int(counted[1]) > (200 if ALL else 10)
