"""A plugin for pytest: what is tested is a vendored copy, in this process and in the programs that tests start.

See copy_finder, which this process has at work already.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from copy_finder import REPLACED, ROOT


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Put the folder that gives programs the copy before the one that the other tests give them."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests/vendored"), os.environ["PYTHONPATH"]])


def pytest_sessionfinish() -> None:
    """Make sure that nothing of ours was tested."""
    files = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    loaded = [file for file in files if any(Path(file).is_relative_to(folder) for folder in REPLACED.values())]
    assert not loaded, f"ours and not the copy's: {loaded}"
    name = f"{os.environ['VENDORED_COPY']}.client"
    assert name in sys.modules
    program = [sys.executable, "-c", "import ideogram_ai.client; print(ideogram_ai.client.__name__)"]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip() == name
