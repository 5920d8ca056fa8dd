"""Why this matters: half an image under its real name looks like the image until somebody opens it, and by then the
link is dead and the money is gone. A file that was there before may be worth more than the new one.

So an image is there whole or not at all, whatever the host, the disk, the user and the system do; nothing is left
behind; and nothing is overwritten that the caller did not give up.
"""

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
from both_clients import HURRY, SHELLS, Shell, image_at, patience, run
from image_downloads import PNG, WHOLE_IMAGES, doing, download, refusal, wait

from ideogram_ai.client import DownloadError, RetryPolicy
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, FaultServer, Phase

each_shell = pytest.mark.parametrize("shell", SHELLS)


NOT_ON_THIS_MACHINE = {"redirect_to_private", "redirect_to_private_ipv6", "redirect_to_link_local"}
"""Addresses that a client of a loopback service may ask, and a test may not."""


@each_shell
@pytest.mark.parametrize("fault", [fault for fault in IMAGE_FAULTS if fault not in NOT_ON_THIS_MACHINE])
def test_an_image_is_there_whole_or_not_at_all(fault: str, shell: Shell, tmp_path: Path) -> None:
    check_whole_or_nothing(shell, fault, tmp_path)


@pytest.mark.parametrize("fault", [fault.name for fault in FAULTS.values() if fault.phase is not Phase.CONNECT])
def test_faults_of_every_kind_of_server_too(fault: str, tmp_path: Path) -> None:
    if not fault.startswith("redirect_"):  # to a name that no test may look up
        check_whole_or_nothing("sync", fault, tmp_path)


def check_whole_or_nothing(shell: Shell, fault: str, folder: Path) -> None:
    with FaultServer(image=fault, expanded_size=1 << 20) as server:
        try:
            retry = RetryPolicy(max_attempts=2)
            path = download(shell, server, folder / "cat.png", max_bytes=1 << 21, timeout=patience(fault), retry=retry)
        except DownloadError:
            assert list(folder.iterdir()) == []
        else:
            # The bombs are an image and a megabyte of spaces behind it, which is kept as it came.
            assert path.read_bytes().rstrip(b" ") in WHOLE_IMAGES
            assert list(folder.iterdir()) == [path]


@each_shell
@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_file_that_appears_in_the_meantime_is_kept(
    shell: Shell, links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not links:
        monkeypatch.setattr(os, "link", without_links)
    path = tmp_path / "cat.png"
    with FaultServer(image=doing(lambda: path.write_bytes(b"mine"))) as server:
        assert refusal(shell, server, path).reason == "exists"
    assert path.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [path]


def without_links(*_: object) -> None:
    raise OSError(errno.EPERM, "Operation not permitted")


@each_shell
@pytest.mark.parametrize("fault", ["ok", "always_cut", "html_image", "status_500"])
def test_a_file_that_may_be_replaced_stays_until_the_new_one_is_whole(shell: Shell, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "cat.png"
    path.write_bytes(b"old")
    meanwhile: list[bytes] = []
    with FaultServer(image=[doing(lambda: meanwhile.append(path.read_bytes()), then=lambda _: None), fault]) as server:
        if fault == "ok":
            download(shell, server, path, overwrite=True)
        else:
            refusal(shell, server, path, overwrite=True)
    assert meanwhile == [b"old"]
    assert path.read_bytes() == (PNG if fault == "ok" else b"old")
    assert list(tmp_path.iterdir()) == [path]


@each_shell
@pytest.mark.parametrize("overwrite", [False, True])
def test_an_image_is_on_the_disk_before_it_has_its_name(
    shell: Shell, overwrite: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power cut after the rename would leave a file of the right name and no content otherwise."""
    path = tmp_path / "cat.png"
    synced: list[tuple[int, bool]] = []
    fsync = os.fsync

    def spy(handle: int) -> None:
        fsync(handle)
        synced.append((os.fstat(handle).st_size, path.exists()))

    monkeypatch.setattr(os, "fsync", spy)
    with FaultServer() as server:
        download(shell, server, path, overwrite=overwrite)
    assert synced[0] == (len(PNG), False)
    assert [named for _, named in synced] == [False, True]


@each_shell
def test_a_name_that_cannot_be_claimed_is_given_back(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without hard links, the name is claimed with an empty file: that must not stay."""
    monkeypatch.setattr(os, "link", without_links)
    monkeypatch.setattr(Path, "replace", without_links)
    with FaultServer() as server:
        assert refusal(shell, server, tmp_path / "cat.png").reason == "unwritable"
    assert list(tmp_path.iterdir()) == []


FULL = """
import resource, sys
from ideogram_ai.client import DownloadError, GeneratedImage, Ideogram
base_url, url, path, room = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_FSIZE, (int(room), int(room)))
image = GeneratedImage(url=url, prompt=None, resolution=None, seed=None, is_image_safe=True)
with Ideogram("a-key-of-a-test", base_url=base_url) as client:
    try:
        client.download(image, path)
    except DownloadError as error:
        print(error.reason, error)
"""


@pytest.mark.parametrize(
    ("room", "script"),
    [(4096, ["ok"]), (8192, ["always_cut", "ok"]), (4096, ["always_cut", "cut_then_ignores_range"]), (12288, ["ok"])],
)
def test_a_disk_without_room(room: int, script: list[str], tmp_path: Path) -> None:
    """The system refuses to write further, as it does when a disk or a quota is full."""
    with FaultServer(image=script) as server:
        program = [sys.executable, "-W", "error", "-c", FULL]
        arguments = [server.url, server.image_url, str(tmp_path / "cat.png"), str(room)]
        said = subprocess.run([*program, *arguments], capture_output=True, text=True, check=True, timeout=60)
    assert said.stdout.startswith("unwritable ")
    assert "File too large" in said.stdout
    assert said.stderr == ""
    assert list(tmp_path.iterdir()) == []


@each_shell
def test_a_folder_that_takes_no_file(shell: Shell, tmp_path: Path) -> None:
    """Nothing is asked for then: the link may be good for one fetch."""
    with FaultServer() as server:
        for path in (tmp_path / "missing" / "cat.png", Path("/proc/cat.png"), Path("/dev/null/cat.png")):
            assert refusal(shell, server, path).reason == "unwritable"
        assert server.wait_idle().connections == 0


@each_shell
def test_ctrl_c_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    main = threading.main_thread().ident
    assert main is not None
    fault = doing(lambda: signal.pthread_kill(main, signal.SIGINT), then=wait)
    with FaultServer(image=fault) as server, pytest.raises(KeyboardInterrupt):
        download(shell, server, tmp_path / "cat.png")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("shell", ["asyncio", "trio"])
def test_a_cancelled_task_leaves_nothing(shell: Shell, tmp_path: Path) -> None:
    async def use(client: Any) -> bool:
        with anyio.move_on_after(HURRY) as scope:
            await client.download(image_at(server.image_url), tmp_path / "cat.png")
        return scope.cancelled_caught

    with FaultServer(image=doing(lambda: None, then=wait)) as server:
        assert run(shell, use, base_url=server.url, timeout=20)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("links", [True, False], ids=["hard links", "no hard links"])
def test_a_task_that_is_cancelled_at_the_very_end(links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """asyncio cancels a task while its thread still moves the file: the thread works on, and nobody waits for it."""
    import asyncio

    if not links:
        monkeypatch.setattr(os, "link", without_links)
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

    with FaultServer() as server:
        run("asyncio", use, base_url=server.url)
    left = list(tmp_path.iterdir())
    assert [path.read_bytes() for path in left] in ([], [PNG])
    assert [path.name for path in left] in ([], ["cat.png"])


KILLED = """
import sys
from ideogram_ai.client import GeneratedImage, Ideogram
base_url, url, path = sys.argv[1:]
image = GeneratedImage(url=url, prompt=None, resolution=None, seed=None, is_image_safe=True)
with Ideogram("a-key-of-a-test", base_url=base_url) as client:
    client.download(image, path)
"""


def test_a_killed_program_leaves_no_half_image(tmp_path: Path) -> None:
    """Nobody can clean up after SIGKILL: a hidden file may stay, and never one of the image's name."""
    half_sent = threading.Event()
    path = tmp_path / "cat.png"
    with FaultServer(image=[doing(half_sent.set, then=wait), "ok"]) as server:
        command = [sys.executable, "-c", KILLED, server.url, server.image_url, str(path)]
        with subprocess.Popen(command) as program:
            assert half_sent.wait(60)
            while not list(tmp_path.iterdir()):
                time.sleep(0.01)
            program.kill()
        assert program.returncode == -signal.SIGKILL
        (left,) = tmp_path.iterdir()
        assert left.name.startswith(".")
        assert left.name.endswith(".part")
        assert download("sync", server, path).read_bytes() == PNG


@each_shell
def test_an_image_is_known_by_its_bytes(shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image=["html_labelled_png", "html_image", "png_labelled_text", "ok"]) as server:
        error = refusal(shell, server, tmp_path / "cat.png", retry=RetryPolicy(max_attempts=2))
        assert error.reason == "not_an_image"
        assert download(shell, server, tmp_path / "cat.html").read_bytes() == PNG
        assert download(shell, server, tmp_path).name == "image.png"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cat.html", "image.png"]


@each_shell
@pytest.mark.parametrize(("limit", "saved"), [(len(PNG), True), (len(PNG) - 1, False), (1, False)])
@pytest.mark.parametrize("fault", ["ok", "gzip", "close_delimited", "gzip_twice"])
def test_the_size_is_counted_in_bytes_of_the_image(
    shell: Shell, limit: int, saved: bool, fault: str, tmp_path: Path
) -> None:
    with FaultServer(image=fault) as server:
        if saved:
            assert download(shell, server, tmp_path / "cat.png", max_bytes=limit).read_bytes() == PNG
        else:
            assert refusal(shell, server, tmp_path / "cat.png", max_bytes=limit).reason == "too_large"
            assert list(tmp_path.iterdir()) == []
        assert len(server.wait_idle().gets) == 1
