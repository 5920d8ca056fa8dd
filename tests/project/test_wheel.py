"""The wheel: what is in it, what is not, and that it works with nothing but its requirements."""

import json
import re
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest
from dependencies import link_dependencies
from packaging.requirements import Requirement

from ideogram_ai.client import __version__

ROOT = Path(__file__).parents[2]
DOOR = {"__init__.py", "py.typed"}
"""What lies beside the floors."""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_it_holds_every_file_of_the_floors_and_nothing_else(wheel: Path) -> None:
    """Data files too: the contract, fonts, and everything else that a floor reads at run time."""
    names = set(zipfile.ZipFile(wheel).namelist())
    floors = {path.parent.name for path in ROOT.glob("*/ideogram_ai/*/__init__.py")}
    assert {"generated", "client", "testing", "cli"} <= floors
    assert {name.split("/")[1] for name in names if name.startswith("ideogram_ai/")} == {*floors, *DOOR}
    assert {f"ideogram_ai/{floor}/py.typed" for floor in floors} <= names
    files = [path for path in ROOT.glob("*/ideogram_ai/*/**/*") if path.is_file() and path.parent.name != "__pycache__"]
    present = {path.relative_to(ROOT).as_posix().partition("/")[2] for path in files}
    assert {"ideogram_ai/generated/contract.yaml", "ideogram_ai/generated/contract.json"} <= present
    assert present - names == set()
    others = {name for name in names if not name.startswith("ideogram_ai/")}
    expected = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    assert {re.sub(r"^ideogram_ai-[^/]+\.dist-info/", "", name) for name in others} == expected
    suffixes = {Path(name).suffix for name in names if name.startswith("ideogram_ai/")}
    assert not suffixes & {".pyc", ".jinja", ".whl", ".lock"}


def test_it_requires_httpx_and_attrs_and_the_rest_is_extra(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        metadata = Parser().parsestr(archive.read(name).decode())
    requirements = [Requirement(text) for text in metadata.get_all("Requires-Dist", [])]
    assert {requirement.name for requirement in requirements if not requirement.marker} == {"attrs", "httpx"}
    assert {"all", "cli", "testing"} <= set(metadata.get_all("Provides-Extra", []))
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["Version"] == __version__


def test_it_works_alone(wheel: Path, tmp_path: Path) -> None:
    """In a folder that holds the wheel, httpx, attrs and what these two need, and nothing more."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    link_dependencies(tmp_path)
    start = f"import runpy, sys; sys.path.append({str(tmp_path)!r}); runpy.run_path(sys.argv[1], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", start, str(Path(__file__).with_name("first_steps.py"))]
    result = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == ["ideogram_ai"]
