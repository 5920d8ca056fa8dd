"""Runs mypy and basedpyright, both strict, over programs in which every line that must be refused is marked."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

Found = dict[tuple[str, int], list[str]]
"""What a type checker said, by file name and line."""
CACHE = Path(__file__).parents[2] / ".mypy_cache/programs"
_MARKED = re.compile(r"# error: \w")


def mypy(programs: Sequence[Path], floors: Iterable[Path], work: Path) -> Found:
    """The errors of mypy --strict.

    Args:
        programs: The files to check.
        floors: Folders to find packages in; an installed portion of a namespace package is found before these.
        work: An empty folder for settings.
    """
    settings = work / "mypy.ini"
    path = ":".join(map(str, floors))
    settings.write_text(f"[mypy]\nmypy_path = {path}\nexplicit_package_bases = True\n", "utf-8")
    options = ("--strict", "--output=json", f"--config-file={settings}", f"--cache-dir={CACHE}")
    output = _run(work, sys.executable, "-m", "mypy", *options, *map(str, programs))
    said = [json.loads(line) for line in output.splitlines()]
    return _collect((each["file"], each["line"], each["message"]) for each in said if each["severity"] == "error")


def basedpyright(programs: Sequence[Path], floors: Iterable[Path], work: Path) -> Found:
    """The errors of basedpyright in strict mode.

    Args:
        programs: The files to check.
        floors: Folders to find packages in, before any other.
        work: An empty folder for settings.
    """
    settings = {
        "typeCheckingMode": "strict",
        "extraPaths": list(map(str, floors)),
        "include": list(map(str, programs)),
        "pythonVersion": "3.11",
    }
    (work / "pyrightconfig.json").write_text(json.dumps(settings), "utf-8")
    command = str(Path(sys.executable).parent / "basedpyright")
    output = _run(work, command, "--outputjson", "--pythonpath", sys.executable, "-p", str(work))
    said = json.loads(output)["generalDiagnostics"]
    return _collect(
        (each["file"], each["range"]["start"]["line"] + 1, each["message"])
        for each in said
        if each["severity"] == "error"
    )


def check_marked(programs: Sequence[Path], found: Found) -> None:
    """Fail, with the checker's words, unless it refused the lines that end in `# error: ...` and no other."""
    marked = {
        (program.name, number)
        for program in programs
        for number, line in enumerate(program.read_text("utf-8").splitlines(), 1)
        if _MARKED.search(line)
    }
    assert marked, "no program holds a marked line"
    accepted = sorted(marked - found.keys())
    refused = {place: words for place, words in found.items() if place not in marked}
    assert (accepted, refused) == ([], {})


def _run(work: Path, *command: str) -> str:
    result = subprocess.run(command, cwd=work, capture_output=True, text=True, check=False)
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stdout


def _collect(said: Iterable[tuple[str, int, str]]) -> Found:
    found: Found = {}
    for file, line, words in said:
        found.setdefault((Path(file).name, line), []).append(words)
    return found
