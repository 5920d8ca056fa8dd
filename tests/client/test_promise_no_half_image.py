"""Half an image under its real name looks like the image until somebody opens it, and by then the link is dead.

So an image is there whole or not at all, whatever the host, the disk, the user and the system do; nothing is left
behind; and no file is overwritten that the caller did not give up.
"""

import asyncio
import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import anyio
import pytest
from driver import HURRY, KINDS, Driver, Kind, case, each_kind, image_at, patience
from image_downloads import PNG, WHOLE_IMAGES, doing, download, refusal, wait

from ideogram_ai.client import DownloadError, RetryPolicy
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, FaultServer, Phase

NOT_ON_THIS_MACHINE = {"redirect_to_private", "redirect_to_private_ipv6", "redirect_to_link_local"}
"""Addresses that a client of a loopback service may connect to, and a test may not."""
OF_ANY_SERVER = {name for name, fault in FAULTS.items() if fault.phase is not Phase.CONNECT}
LINKING = pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Call it to have a file system without hard links."""
    return lambda: monkeypatch.setattr(os, "link", not_permitted)


def not_permitted(*_: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@each_kind
def test_an_image_is_there_whole_or_not_at_all(kind: Kind, tmp_path: Path) -> None:
    """After every fault of an image host, and with one client, after those of every kind of server too."""
    faults = IMAGE_FAULTS.keys() - NOT_ON_THIS_MACHINE
    if kind == "sync":  # redirects of POSTs lead to a name that no test may look up
        faults |= {name for name in OF_ANY_SERVER if not name.startswith("redirect_")}
    for name in sorted(faults):
        folder = tmp_path / name
        folder.mkdir()
        with case(name), FaultServer(image=name, expanded_size=1 << 20) as server:
            settings: dict[str, Any] = {
                "max_bytes": 1 << 21,
                "timeout": patience(name),
                "retry": RetryPolicy(max_attempts=2),
            }
            try:
                path = download(kind, server, folder / "cat.png", **settings)
            except DownloadError:
                assert list(folder.iterdir()) == []
            else:
                # The bombs are an image and a megabyte of spaces behind it, which is kept as it came.
                assert path.read_bytes().rstrip(b" ") in WHOLE_IMAGES
                assert list(folder.iterdir()) == [path]


@each_kind
@LINKING
def test_a_file_that_appears_in_the_meantime_is_kept(kind: Kind, links: bool, tmp_path: Path, no_links: Any) -> None:
    if not links:
        no_links()
    path = tmp_path / "cat.png"
    with FaultServer(image=doing(lambda: path.write_bytes(b"mine"))) as server:
        assert refusal(kind, server, path).reason == "exists"
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


@each_kind
def test_a_file_that_may_be_replaced_stays_until_the_new_one_is_whole(kind: Kind, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    meanwhile: list[bytes] = []
    look = doing(lambda: meanwhile.append(path.read_bytes()), then=lambda _: None)
    for fault in ("ok", "always_cut", "html_image", "status_500"):
        path.write_bytes(b"old")
        with FaultServer(image=[look, fault]) as server:
            if fault == "ok":
                download(kind, server, path, overwrite=True)
            else:
                refusal(kind, server, path, overwrite=True)
        assert meanwhile.pop() == b"old"
        assert path.read_bytes() == (PNG if fault == "ok" else b"old"), fault
        assert list(tmp_path.iterdir()) == [path]


@each_kind
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


@each_kind
def test_a_name_that_cannot_be_claimed_is_given_back(
    kind: Kind, tmp_path: Path, no_links: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without hard links, the name is claimed with an empty file: that must not stay."""
    no_links()
    monkeypatch.setattr(Path, "replace", not_permitted)
    with FaultServer() as server:
        assert refusal(kind, server, tmp_path / "cat.png").reason == "unwritable"
    assert list(tmp_path.iterdir()) == []


PROGRAM = """
import resource, sys
from ideogram_ai.client import DownloadError, GeneratedImage, Ideogram
room, *calls = sys.argv[1:]
if room != "any":
    sys.dont_write_bytecode = True  # a .pyc that is cut would be kept
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
for base_url, url, path in zip(calls[::3], calls[1::3], calls[2::3]):
    image = GeneratedImage(url=url, prompt=None, resolution=None, seed=None, is_image_safe=True)
    with Ideogram("a-key-of-a-test", base_url=base_url) as client:
        try:
            client.download(image, path)
        except DownloadError as error:
            print(error.reason, error)
"""


def command(room: str, *servers: FaultServer, path: Path) -> list[str]:
    """A program that saves the image of each server."""
    calls = [text for server in servers for text in (server.url, server.image_url, str(path))]
    return [sys.executable, "-W", "error", "-c", PROGRAM, room, *calls]


def test_a_disk_without_room(tmp_path: Path) -> None:
    """The system refuses to write further, as it does when a disk or a quota is full."""
    cut = FaultServer(image=["always_cut", "cut_then_ignores_range"])
    with FaultServer() as server, cut, FaultServer(image=["always_cut", "ok"]) as resuming:
        for room, servers in (("4096", [server, cut]), ("8192", [resuming]), ("12288", [server])):
            program = command(room, *servers, path=tmp_path / "cat.png")
            done = subprocess.run(program, capture_output=True, text=True, check=True, timeout=60)
            lines = done.stdout.splitlines()
            assert len(lines) == len(servers), room
            assert all(line.startswith("unwritable ") and "File too large" in line for line in lines), room
            assert done.stderr == ""
            assert list(tmp_path.iterdir()) == []


@each_kind
def test_a_folder_that_takes_no_file(kind: Kind, tmp_path: Path) -> None:
    """No request is made then: the link may be good for one fetch."""
    with FaultServer() as server:
        for path in (tmp_path / "missing" / "cat.png", Path("/proc/cat.png"), Path("/dev/null/cat.png")):
            assert refusal(kind, server, path).reason == "unwritable"
        assert server.wait_idle().connections == 0


@each_kind
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
            await client.download(image_at(server.image_url), tmp_path / "cat.png")
        return scope.cancelled_caught

    with FaultServer(image=doing(lambda: None, then=wait)) as server, Driver(kind, base_url=server.url) as client:
        assert client.run(use)
    assert list(tmp_path.iterdir()) == []


@LINKING
def test_a_task_that_is_cancelled_at_the_very_end(
    links: bool, tmp_path: Path, no_links: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """asyncio cancels a task while its thread still moves the file: the thread works on, and nobody waits for it."""
    if not links:
        no_links()
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

    with FaultServer() as server, Driver("asyncio", base_url=server.url) as client:
        client.run(use)
    left = list(tmp_path.iterdir())
    assert [path.read_bytes() for path in left] in ([], [PNG])
    assert [path.name for path in left] in ([], ["cat.png"])


def test_a_killed_program_leaves_no_half_image(tmp_path: Path) -> None:
    """Nobody can clean up after SIGKILL: a hidden file may stay, and never one of the image's name."""
    half_sent = threading.Event()
    path = tmp_path / "cat.png"
    with FaultServer(image=[doing(half_sent.set, then=wait), "ok"]) as server:
        with subprocess.Popen(command("any", server, path=path)) as program:
            assert half_sent.wait(60)
            while not list(tmp_path.iterdir()):
                time.sleep(0.01)
            program.kill()
        assert program.returncode == -signal.SIGKILL
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(".")
        assert left.name.endswith(".part")
        assert download("sync", server, path).read_bytes() == PNG


@each_kind
def test_an_image_is_recognized_by_its_bytes(kind: Kind, tmp_path: Path) -> None:
    with FaultServer(image=["html_labelled_png", "html_image", "png_labelled_text", "ok"]) as server:
        error = refusal(kind, server, tmp_path / "cat.png", retry=RetryPolicy(max_attempts=2))
        assert error.reason == "not_an_image"
        assert download(kind, server, tmp_path / "cat.html").read_bytes() == PNG
        assert download(kind, server, tmp_path).name == "image.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat.html", "image.png"]


@each_kind
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
