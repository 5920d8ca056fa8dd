"""A program that has a copy of the client, and a Python that sees the program, httpx and attrs, and nothing else."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import vendor
from vendor import Copy, write_copy


def package(folder: Path) -> Path:
    """Make a package in a package: myapp/_vendor, for a folder of that name."""
    folder.mkdir(parents=True, exist_ok=True)
    for each in (folder, folder.parent):
        (each / "__init__.py").touch()
    return folder


def vendored(copy: Copy, *folders: Path) -> None:
    """Write a copy into packages, which are made."""
    for folder in folders:
        write_copy(package(folder), copy)


def texts(folder: Path) -> dict[str, bytes]:
    """Read all files below a folder, by their names."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class Run(NamedTuple):
    """What a run of the command returned and printed."""

    code: int
    out: str
    err: str


class Command:
    """Runs the command, by default on one folder, and without making the copy each time."""

    def __init__(self, copy: Copy, folder: Path, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.copy, self.folder, self.place = copy, folder, folder / "ideogram_ai"
        self._patch, self._capsys = patch, capsys

    def __call__(self, *options: str, makes: Copy | None = None, destination: Path | None = None) -> Run:
        self._patch.setattr("vendor.make_copy", lambda: makes or self.copy)
        self._capsys.readouterr()
        code = vendor.main([str(destination or self.folder), *options])
        return Run(code, *self._capsys.readouterr())


def run_alone(program: Path, *arguments: str, path: tuple[Path, ...]) -> Any:
    """Run a program that sees these entries of the path and the standard library; it prints JSON."""
    start = f"import runpy, sys; sys.path += {list(map(str, path))!r}; sys.argv = {[str(program), *arguments]!r}"
    start = f"{start}; runpy.run_path(sys.argv[0], run_name='__main__')"
    command = [sys.executable, "-I", "-S", "-B", "-W", "error", "-c", start]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)
