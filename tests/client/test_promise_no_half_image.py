"""Half an image under its real name looks like the image until somebody opens it, and by then the link is dead.

So an image is there whole or not at all, whatever the host, the disk, the user and the system do; nothing is left
behind; and no file is overwritten that the caller did not give up.
"""

import asyncio
import errno
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from driver import HURRY, KINDS, Kind, against, case, image_at, patience
from image_downloads import PNG, WHOLE_IMAGES, doing, download, refusal, wait

from ideogram_ai.client import DownloadError, RetryPolicy
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, FaultServer, Phase

NOT_ON_THIS_MACHINE = {"redirect_to_private", "redirect_to_private_ipv6", "redirect_to_link_local"}
"""Addresses that a client of a loopback service may connect to, and a test may not."""
OF_ANY_SERVER = {name for name, fault in FAULTS.items() if fault.phase is not Phase.CONNECT}
LINKING = pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])


def not_permitted(*_: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


def test_an_image_is_there_whole_or_not_at_all(kind: Kind, tmp_path: Path) -> None:
    """After every fault of an image host, and with one client, after those of every kind of server too."""
    faults = IMAGE_FAULTS.keys() - NOT_ON_THIS_MACHINE
    if kind == "sync":  # redirects of POSTs lead to a name that no test may look up
        faults |= {name for name in OF_ANY_SERVER if not name.startswith("redirect_")}
    retry = RetryPolicy(max_attempts=2)
    for name in sorted(faults):
        folder = tmp_path / name
        folder.mkdir()
        path = folder / "cat.png"
        with case(name), FaultServer(image=name, expanded_size=1 << 20) as server:
            try:
                download(kind, server, path, max_bytes=1 << 21, timeout=patience(name), retry=retry)
            except DownloadError:
                assert list(folder.iterdir()) == []
            else:
                # The bombs are an image and a megabyte of spaces behind it, which is kept as it came.
                assert path.read_bytes().rstrip(b" ") in WHOLE_IMAGES
                assert list(folder.iterdir()) == [path]


def test_a_file_that_appears_in_the_meantime_is_kept(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    with FaultServer(image=doing(lambda: path.write_bytes(b"mine"))) as server:
        assert refusal(kind, server, path).reason == "exists"
    assert (path.read_bytes(), list(tmp_path.iterdir())) == (b"mine", [path])


def test_a_file_that_may_be_replaced_stays_until_the_new_one_is_whole(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    meanwhile: list[bytes] = []
    look = doing(lambda: meanwhile.append(path.read_bytes()), then=lambda _: None)
    for fault in ("ok", "always_cut", "html_image", "status_500"):
        path.write_bytes(b"old")
        with FaultServer(image=[look, fault]) as server:
            (download if fault == "ok" else refusal)(kind, server, path, overwrite=True)
        assert meanwhile.pop() == b"old"
        assert path.read_bytes() == (PNG if fault == "ok" else b"old"), fault
        assert list(tmp_path.iterdir()) == [path]


def test_an_image_is_on_the_disk_before_it_has_its_name(
    kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after the rename would leave a file of the right name and no content otherwise."""
    synced: list[tuple[int, bool]] = []
    fsync = os.fsync

    def spy(handle: int) -> None:
        fsync(handle)
        file = os.fstat(handle)
        if os.path.samestat(file, tmp_path.stat()) or file.st_size == len(PNG):  # threads of other tests sync too
            synced.append((file.st_size, path.exists()))

    monkeypatch.setattr(os, "fsync", spy)
    for overwrite in (False, True):
        path = tmp_path / f"{overwrite}.png"
        synced.clear()
        with FaultServer() as server:
            download(kind, server, path, overwrite=overwrite)
        assert synced[0] == (len(PNG), False)
        assert [named for _, named in synced] == [False, True]


def test_a_name_that_cannot_be_claimed_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without hard links, the name is claimed with an empty file: that must not stay."""
    monkeypatch.setattr(os, "link", not_permitted)
    monkeypatch.setattr(Path, "replace", not_permitted)
    with FaultServer() as server:
        assert refusal("sync", server, tmp_path / "cat.png").reason == "unwritable"
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system refuses to write further, as it does when a disk or a quota is full."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # a .pyc that is cut would be kept
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resuming = ["always_cut", "ok"]
    for room, image in (
        (4096, "ok"),
        (4096, ["always_cut", "cut_then_ignores_range"]),
        (8192, resuming),
        (12288, "ok"),
    ):
        with case((room, image)), FaultServer(image=image) as server:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
            try:
                error = refusal(kind, server, tmp_path / "cat.png")
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)
            assert error.reason == "unwritable"
            assert "File too large" in error.message
            assert list(tmp_path.iterdir()) == []


def test_ctrl_c_leaves_nothing(kind: Kind, tmp_path: Path) -> None:
    main = threading.main_thread().ident
    assert main is not None
    fault = doing(lambda: signal.pthread_kill(main, signal.SIGINT), then=wait)
    with FaultServer(image=fault) as server, pytest.raises(KeyboardInterrupt):
        download(kind, server, tmp_path / "cat.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_cancelled_task_leaves_nothing(kind: Kind, tmp_path: Path) -> None:
    async def use(client: Any) -> bool:
        with anyio.move_on_after(HURRY) as scope:
            await client.download(image_at(server.image_url), tmp_path / "cat.png", max_bytes=1 << 40)
        return scope.cancelled_caught

    for fault in (doing(lambda: None, then=wait), "silence", "endless_body"):
        with case(fault), against(kind, image=fault) as (client, server):
            assert client.run(use)
            server.wait_closed()
            assert list(tmp_path.iterdir()) == []


@LINKING
def test_a_task_that_is_cancelled_at_the_very_end(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio cancels a task while its thread still moves the file: the thread works on, and nobody waits for it."""
    if not links:
        monkeypatch.setattr(os, "link", not_permitted)
    at_work = threading.Event()

    def slow(_handle: int) -> None:
        at_work.set()
        time.sleep(0.3)

    monkeypatch.setattr(os, "fsync", slow)

    async def use(client: Any) -> None:
        task = asyncio.create_task(client.download(image_at(server.image_url), tmp_path / "cat.png"))
        await asyncio.to_thread(at_work.wait, 10)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with against("asyncio") as (client, server):
        client.run(use)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] in ([], [("cat.png", PNG)])


PROGRAM = """
import sys
from ideogram_ai.client import GeneratedImage, Ideogram
base_url, url, path = sys.argv[1:]
image = GeneratedImage(url=url, prompt=None, resolution=None, seed=None, is_image_safe=True)
Ideogram("a-key-of-a-test", base_url=base_url).download(image, path)
"""


def test_a_killed_program_leaves_no_half_image(tmp_path: Path) -> None:
    """Nobody can clean up after SIGKILL: a hidden file may stay, and never one of the image's name."""
    half_sent = threading.Event()
    path = tmp_path / "cat.png"
    with FaultServer(image=[doing(half_sent.set, then=wait), "ok"]) as server:
        with subprocess.Popen([sys.executable, "-c", PROGRAM, server.url, server.image_url, str(path)]) as program:
            assert half_sent.wait(60)
            while not list(tmp_path.iterdir()):
                time.sleep(0.01)
            program.kill()
        assert program.returncode == -signal.SIGKILL
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(".")
        assert left.name.endswith(".part")
        assert download("sync", server, path).read_bytes() == PNG


def test_the_size_is_counted_in_bytes_of_the_image(kind: Kind, tmp_path: Path) -> None:
    for fault in ("ok", "gzip", "close_delimited", "gzip_twice"):
        with case(fault), FaultServer(image=fault) as server:
            for limit in (len(PNG) - 1, 1):
                assert refusal(kind, server, tmp_path / "cat.png", max_bytes=limit).reason == "too_large"
                assert list(tmp_path.iterdir()) == []
            path = download(kind, server, tmp_path / "cat.png", max_bytes=len(PNG))
            assert path.read_bytes() == PNG
            path.unlink()
            assert len(server.wait_idle().gets) == 3
