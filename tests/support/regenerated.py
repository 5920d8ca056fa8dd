"""Packages regenerated from changed contracts. Each takes seconds, so all processes of a test run share one."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
import regenerate
from altered_contract import Change, write_altered
from contract_changes import add_every_form, extend, reduce
from filelock import FileLock

import ideogram_ai.client


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """Return a folder that one process fills and all others reuse.

    Args:
        factory: Knows the folder of the run.
        name: The name of the folder.
        make: Fills it.
    """
    shared = factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder = shared / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            unfinished = shared / f"{name}.unfinished"
            unfinished.mkdir()
            make(unfinished)
            unfinished.rename(folder)
    return folder


def regenerated(factory: pytest.TempPathFactory, name: str, *changes: Change) -> Path:
    """Return a folder with the package of a changed contract, and the output of the command in printed.txt."""

    def make(folder: Path) -> None:
        contract = write_altered(folder.parent / f"{name}.yaml", *changes)
        printed = StringIO()
        with redirect_stdout(printed):
            assert regenerate.main(["--contract", str(contract), "--out", str(folder)]) == 0
        (folder / "printed.txt").write_text(printed.getvalue(), "utf-8")

    return made_once(factory, f"regenerated-{name}", make)


def with_more(factory: pytest.TempPathFactory) -> Path:
    """The package of the contract with more in it."""
    return regenerated(factory, "more", extend)


def with_less(factory: pytest.TempPathFactory) -> Path:
    """The package of the contract with less in it, and with other names."""
    return regenerated(factory, "less", reduce)


def with_every_form(factory: pytest.TempPathFactory) -> Path:
    """The package of the contract with one operation of every form."""
    return regenerated(factory, "every-form", add_every_form)


def path_to(generated: Path) -> str:
    """The PYTHONPATH on which a regenerated package comes first."""
    support = str(Path(__file__).parent)
    return os.pathsep.join([str(generated), support, os.environ["PYTHONPATH"]])


def run_python(*arguments: str | Path, path: str | None = None, asked: object = None) -> str:
    """Run a Python that must succeed, and return what it prints.

    Args:
        arguments: The arguments of Python.
        path: Its PYTHONPATH; that of this process by default.
        asked: What it reads from stdin, as JSON.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        input=json.dumps(asked),
        env={**os.environ, "PYTHONPATH": path or os.environ["PYTHONPATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def merged(generated: Path, folder: Path) -> Path:
    """Copy a regenerated package and the client into one tree, in which type checkers find both."""
    shutil.copytree(generated, folder)
    shutil.copytree(Path(ideogram_ai.client.__file__).parent, folder / "ideogram_ai/client")
    (folder / "ideogram_ai/__init__.py").touch()  # or mypy would take the installed portions
    return folder
