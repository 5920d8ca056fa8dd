"""Programs that type checkers must accept and refuse, line by line: what is an error at run time is one before."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = sorted((Path(__file__).parent / "typing").glob("*.py"))
FLOORS = [str(ROOT / floor) for floor in ("generated", "overrides")]
MARKED = re.compile(r"# error: \w")
Lines = set[tuple[str, int]]


def marked() -> Lines:
    return {
        (program.name, number)
        for program in PROGRAMS
        for number, line in enumerate(program.read_text("utf-8").splitlines(), 1)
        if MARKED.search(line)
    }


def run(*command: str | Path, cwd: Path) -> str:
    result = subprocess.run(list(map(str, command)), cwd=cwd, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


def report(found: dict[tuple[str, int], list[str]]) -> None:
    """Fail with the words of the type checker if it refused another set of lines than the marked one."""
    expected = marked()
    assert expected, "no program holds a marked line"
    accepted = sorted(expected - found.keys())
    refused = {place: words for place, words in found.items() if place not in expected}
    assert (accepted, refused) == ([], {})


def test_mypy_refuses_the_marked_lines_and_no_other(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    cache = pytestconfig.cache
    folder = cache.mkdir("mypy") if cache else tmp_path
    settings = tmp_path / "mypy.ini"
    settings.write_text(f"[mypy]\nmypy_path = {':'.join(FLOORS)}\nexplicit_package_bases = True\n", "utf-8")
    options: list[str | Path] = ["--strict", "--output", "json", "--config-file", settings, "--cache-dir", folder]
    output = run(sys.executable, "-m", "mypy", *options, *PROGRAMS, cwd=tmp_path)
    found: dict[tuple[str, int], list[str]] = {}
    for line in output.splitlines():
        each = json.loads(line)
        if each["severity"] == "error":
            found.setdefault((Path(each["file"]).name, each["line"]), []).append(each["message"])
    report(found)


def test_basedpyright_refuses_the_marked_lines_and_no_other(tmp_path: Path) -> None:
    settings: dict[str, Any] = {
        "typeCheckingMode": "strict",
        "extraPaths": FLOORS,
        "include": [str(program) for program in PROGRAMS],
        "pythonVersion": "3.11",
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    checker = Path(sys.executable).parent / "basedpyright"
    output = run(checker, "--outputjson", "--pythonpath", sys.executable, "-p", tmp_path, cwd=tmp_path)
    found: dict[tuple[str, int], list[str]] = {}
    for each in json.loads(output)["generalDiagnostics"]:
        place = Path(each["file"]).name, each["range"]["start"]["line"] + 1
        if each["severity"] == "error":
            found.setdefault(place, []).append(each["message"])
    report(found)
