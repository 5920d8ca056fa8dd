"""If replacing a copy fails, one of the two is whole, and the next run repairs the rest."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import vendor
from vendored_app import texts

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


@pytest.mark.parametrize("room", [0, 4096])
@pytest.mark.parametrize("before", ["nothing", "a copy"])
def test_a_full_disk_leaves_what_was_there(
    room: int, before: str, command: Callable[..., int], vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if before == "a copy":
        command()
        (vendor_folder / "ideogram_ai/client/retry.py").write_bytes(b"# older\n")
    there = texts(vendor_folder)
    with full_disk(room):
        assert command("--force") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("error: ")
    assert said[0].endswith(": File too large")
    assert said[1:] == ["nothing was changed"]
    assert texts(vendor_folder) == there
    assert command("--force") == 0


@contextmanager
def as_nobody() -> Iterator[None]:
    """Drop the rights of root, who may write anywhere."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


@pytest.mark.parametrize("before", ["nothing", "a copy"])
def test_a_folder_that_is_not_writable_is_named(
    before: str,
    command: Callable[..., int],
    vendor_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if before == "a copy":
        command()
        (vendor_folder / "ideogram_ai/client/retry.py").write_bytes(b"# older\n")
    there = texts(vendor_folder)
    monkeypatch.chdir(vendor_folder)  # nobody may look into the folders above
    vendor_folder.chmod(0o555)
    try:
        with as_nobody():
            assert command("--force", destination=Path()) == 1
            assert command("--check", destination=Path()) == 1, "it can be judged all the same"
    finally:
        vendor_folder.chmod(0o755)
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("error: ")
    assert said[0].endswith(": Permission denied")
    assert said[1] == "nothing was changed"
    assert texts(vendor_folder) == there


def test_a_file_of_the_copy_that_cannot_be_read_is_named(
    command: Callable[..., int],
    vendor_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    command()
    monkeypatch.chdir(vendor_folder)
    (vendor_folder / "ideogram_ai/LICENSE").chmod(0)
    with as_nobody():
        assert command("--check", destination=Path()) == 1
    assert capsys.readouterr().err == "error: ideogram_ai/LICENSE: Permission denied\nnothing was changed\n"


def test_two_runs_do_not_meet(
    command: Callable[..., int], vendor_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import fcntl

    held = os.open(vendor_folder, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        assert command() == 1
    finally:
        os.close(held)
    assert capsys.readouterr().err.startswith(f"error: another run is at work in {vendor_folder}")
    assert command() == 0


def test_a_run_that_is_killed_leaves_one_of_the_two(tmp_path: Path) -> None:
    """The copy is away between two renames alone, and the next run brings it back."""
    program = [sys.executable, str(Path(__file__).with_name("killed.py")), str(SCRIPTS), str(tmp_path)]
    result = subprocess.run(program, capture_output=True, text=True, check=True)
    (steps, first, second), said = json.loads(result.stdout)
    assert 100 < first < second < steps
    assert len(said) == 10
    for moment, after_kill, after_next_run, names in said:
        expected = "old" if moment <= first else "away" if moment <= second else "new"
        assert (moment, after_kill, after_next_run, names) == (moment, expected, "new", ["ideogram_ai"])
