"""Each engine of examples/many_machines makes a batch while its workers are killed. `nox -s engines` installs them."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.engines import ENGINES

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("dbos") is None, reason="`nox -s engines` installs the engines"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def table() -> dict[str, list[str]]:
    """The cells of each line by the name of its engine."""
    command = [sys.executable, "-m", "benchmarks.engines", "--quick", "--parallel", "2"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=1200)
    assert run.returncode == 0, run.stderr
    return {cells[0]: cells for line in run.stdout.splitlines()[2:] for cells in [line.strip("| ").split(" | ")]}


@pytest.mark.parametrize("name", ENGINES)
def test_nothing_is_paid_twice_and_nothing_lost(name: str, table: dict[str, list[str]]) -> None:
    engine = ENGINES[name]
    if engine.missing:
        pytest.skip(f"{engine.name}: there is no {' and no '.join(engine.missing)}")
    *_, rows, kills, made, twice, lost, unknown = map(int, table[engine.name][4:])
    assert (rows, twice, lost) == (20, 0, 0)
    assert 1 <= kills <= 2
    assert rows - unknown <= made <= rows
