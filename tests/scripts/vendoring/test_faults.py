"""If replacing a copy fails, the old or the new one is complete, and the next run repairs the rest."""

import fcntl
import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count, product
from pathlib import Path

import pytest
import vendor
from vendored_app import Command, package, texts

SCRIPTS = Path(vendor.__file__).parent


@contextmanager
def full_disk(room: int) -> Iterator[None]:
    """Limit the size of files, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only, and drop the rights of root, who may write anywhere."""
    mine = os.geteuid()
    folder.chmod(0o555)
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)
        folder.chmod(0o755)


def folders(command: Command, folder: Path) -> Iterator[Path]:
    """A package without a copy, and one with an older copy."""
    yield package(folder / "empty")
    command(destination=package(folder / "older"))
    (folder / "older/ideogram_ai/client/retry.py").write_bytes(b"# older\n")
    yield folder / "older"


def test_a_full_disk_leaves_what_was_there(command: Command, tmp_path: Path) -> None:
    for folder in folders(command, tmp_path):
        there = texts(folder)
        for room in (0, 4096):
            with full_disk(room):
                run = command("--force", destination=folder)
            said = run.err.splitlines()
            assert (run.code, said[1:]) == (1, ["nothing was changed"])
            assert said[0].startswith("error: ")
            assert said[0].endswith(": File too large")
            assert texts(folder) == there
        assert command("--force", destination=folder).code == 0


def test_files_that_cannot_be_written_or_read_are_named(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in folders(command, tmp_path):
        there = texts(folder)
        monkeypatch.chdir(folder)  # nobody may look into the folders above
        with read_only(folder):
            run = command("--force", destination=Path())
            assert command("--check", destination=Path()).code == 1, "it can be judged all the same"
        said = run.err.splitlines()
        assert (run.code, said[1:]) == (1, ["nothing was changed"])
        assert said[0].startswith("error: ")
        assert said[0].endswith(": Permission denied")
        assert texts(folder) == there
    (folder / "ideogram_ai/LICENSE").chmod(0)
    with read_only(folder):
        run = command("--check", destination=Path())
    assert run == (1, "", "error: ideogram_ai/LICENSE: Permission denied\nnothing was changed\n")


def test_a_second_run_is_refused_while_the_first_is_at_work(command: Command) -> None:
    held = os.open(command.folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        run = command()
    finally:
        os.close(held)
    assert run.code == 1
    assert run.err.startswith(f"error: another run is at work in {command.folder}")
    assert command().code == 0


def test_a_failure_of_either_rename_brings_the_old_copy_back(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command()
    (command.place / "client/retry.py").write_bytes(b"# older\n")
    there, original = texts(command.folder), Path.rename
    for error, failing in product((OSError(5, "disk"), KeyboardInterrupt()), (1, 2)):
        calls = count(1)

        def rename(self: Path, target: Path, error: BaseException = error, failing: int = failing) -> Path:
            if next(calls) == failing:  # noqa: B023
                raise error
            return original(self, target)

        with monkeypatch.context() as patched, suppress(KeyboardInterrupt):
            patched.setattr(Path, "rename", rename)
            assert command("--force").code == 1
        assert next(calls) == 2 * failing, "after a second failure, a third rename brings it back"
        assert texts(command.folder) == there


def test_a_killed_run_leaves_the_old_or_the_new_copy(tmp_path: Path) -> None:
    """The copy is missing only between two renames, and the next run restores it."""
    program = [sys.executable, str(Path(__file__).with_name("killed.py")), str(SCRIPTS), str(tmp_path)]
    result = subprocess.run(program, capture_output=True, text=True, check=True)
    (steps, first, second), said = json.loads(result.stdout)
    assert 100 < first < second < steps
    assert len(said) == 10
    for moment, after_kill, after_next_run, names in said:
        expected = "old" if moment <= first else "away" if moment <= second else "new"
        assert (moment, after_kill, after_next_run, names) == (moment, expected, "new", ["ideogram_ai"])
