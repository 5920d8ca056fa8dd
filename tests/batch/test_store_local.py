"""Stores in a folder of this machine: disks that are full, file systems without links, folders that are none."""

import errno
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ideogram_ai.batch.model import StoreError
from ideogram_ai.batch.store import open_store


@contextmanager
def files_no_larger_than(size: int) -> Iterator[None]:
    """Have the system refuse what goes beyond, as a full disk does."""
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_what_does_not_fit_leaves_the_earlier_one(tmp_path: Path) -> None:
    with open_store(tmp_path) as store:
        with store.write("manifest.jsonl") as file:
            file.write("earlier")
        with (
            files_no_larger_than(10_000),
            pytest.raises(StoreError, match=r"'manifest\.jsonl' cannot be written: File too large.*run the same again"),
            store.write("manifest.jsonl") as file,
        ):
            file.write("x" * 20_000)
        assert (tmp_path / "manifest.jsonl").read_text() == "earlier"
        assert list(store.workspace.iterdir()) == []


def test_a_file_system_without_links_replaces_none_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(source: Path, target: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", link)
    with open_store(tmp_path) as store:
        names: list[str] = []
        for data in (b"one", b"two"):
            with store.part() as part:
                part.write_bytes(data)
                names.append(store.add(part, "cat.png"))
        assert names == ["cat.png", "cat-2.png"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat-2.png", "cat.png"]


def test_a_disk_that_refuses_gives_the_claimed_name_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with open_store(tmp_path) as store, store.part() as part:
        part.write_bytes(b"paid for")
        monkeypatch.setattr(os, "link", refuse)
        monkeypatch.setattr(Path, "replace", refuse)
        with pytest.raises(StoreError, match="No space left"):
            store.add(part, "cat.png")
        assert not (tmp_path / "cat.png").exists()
        assert part.read_bytes() == b"paid for"


@pytest.mark.parametrize("place", ["a-file", "a-file/out", "x" * 300])
def test_what_is_no_folder_is_told(tmp_path: Path, place: str) -> None:
    (tmp_path / "a-file").write_bytes(b"x")
    with pytest.raises(StoreError, match=r"it cannot be written to: (File exists|Not a directory|File name too long)"):
        open_store(tmp_path / place)
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_a_url_of_another_machine_is_refused() -> None:
    with pytest.raises(StoreError, match="names the machine 'server'"):
        open_store("file://server/share")


def test_a_drive_of_windows_is_no_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with open_store("C:out") as store:
        assert store.location == "C:out"


def test_a_folder_needs_no_fsspec(tmp_path: Path) -> None:
    program = (
        "import sys; from ideogram_ai.batch.store import open_store; open_store(sys.argv[1]).close();"
        "assert not {'fsspec', 'PIL', 'aiohttp'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "out")], check=True)
    assert list((tmp_path / "out").iterdir()) == []
