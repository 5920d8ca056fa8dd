"""Programs that type checkers must accept and refuse, line by line: what is an error at run time is one before."""

from pathlib import Path

import pytest
from type_checkers import basedpyright, check_marked, mypy

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((Path(__file__).parent / "typing").glob("*.py"))
FLOORS = [ROOT / "generated", ROOT / "overrides"]
pytestmark = pytest.mark.slow


def test_mypy_refuses_the_marked_lines_and_no_other(tmp_path: Path) -> None:
    check_marked(PROGRAMS, mypy(PROGRAMS, FLOORS, tmp_path))


def test_basedpyright_refuses_the_marked_lines_and_no_other(tmp_path: Path) -> None:
    check_marked(PROGRAMS, basedpyright(PROGRAMS, FLOORS, tmp_path))
