"""A plugin for pytest: what is tested is a vendored copy, in this process and in the programs that tests start.

See copy_finder, which this process has at work already.
"""

import os
import subprocess
import sys

import pytest
from copy_finder import REPLACED, ROOT, CopyFinder


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests() -> None:
    """Put those who find the copy first: pytest and our plugin, which is loaded by now, find our modules too."""
    sys.meta_path.sort(key=lambda finder: not isinstance(finder, CopyFinder))


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Put the folder that gives programs the copy before the one that the other tests give them."""
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT / "tests/support/vendored"), os.environ["PYTHONPATH"]])


def pytest_sessionfinish() -> None:
    """Check that none of our modules was tested: a module of the copy keeps its own name."""
    names = [getattr(module, "__name__", "") for module in list(sys.modules.values())]
    ours = [name for name in names if name.startswith(tuple(REPLACED))]
    assert not ours, f"ours and not the copy's: {ours}"
    name = f"{os.environ['VENDORED_COPY']}.client"
    program = [sys.executable, "-c", "import ideogram_ai.client; print(ideogram_ai.client.__name__)"]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout.strip() == name
