"""An image that cannot be saved is not paid for: the place is tried out before anything is sent."""

import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import Run, answering, entry, files

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FAULTS, Fault, FaultServer, Phase
from ideogram_ai.testing.faults.exchange import Exchange

Command = Callable[..., Run]
TOO_LONG = "n" * 252 + ".png"


@pytest.mark.parametrize(
    ("output", "says"),
    [
        ("", "-o is empty"),
        (" ", "-o is empty"),
        ("-", "not written to stdout"),
        ("nowhere/cat.png", "there is no folder 'nowhere'"),
        ("nowhere/", "there is no folder 'nowhere'"),
        ("there.png/cat.png", "there is no folder 'there.png'"),
        ("there.png", "'there.png' exists. Choose another path, or replace it with --overwrite"),
        ("dangling.png", "'dangling.png' exists"),
        ("fifo", "no regular file"),
        (TOO_LONG, "name too long"),
        ("/proc", "nothing can be written into '/proc'"),
    ],
)
def test_a_place_that_will_not_do(ideogram: Command, service: MockServer, folder: Path, output: str, says: str) -> None:
    (folder / "there.png").write_text("mine")
    (folder / "dangling.png").symlink_to("gone")
    os.mkfifo(folder / "fifo")
    before = files(folder)
    run = ideogram("generate", "a", "-o", output)
    assert (run.code, run.out) == (2, "")
    assert says.lower() in run.err.lower()
    assert not service.ledger
    assert files(folder) == before
    assert (folder / "there.png").read_text() == "mine"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "locked").mkdir(mode=0o500)
    run = ideogram("generate", "a", "-o", "locked/cat.png")
    assert run.code == 2
    assert "nothing can be written into 'locked': Permission denied" in run.err
    assert not service.ledger


def test_a_disk_without_space(ideogram: Command, service: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(10**9, 10**9, 10**6))
    run = ideogram("generate", "a", "-o", "cat.png")
    assert run.code == 2
    assert "has 1,000,000 bytes left, and an image may take 16,777,216" in run.err
    assert not service.ledger


def test_a_sidecar_that_is_there(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "cat.png.json").write_text("mine")
    run = ideogram("generate", "a", "-o", "cat.png", "--sidecar")
    assert run.code == 2
    assert "'cat.png.json' exists" in run.err
    assert not service.ledger
    assert ideogram("generate", "a", "-o", "cat.png", "--resolution", "512x1536").code == 0


def test_overwrite_replaces_the_named_files(ideogram: Command, service: MockServer, folder: Path) -> None:
    for name in ("cat.png", "cat.png.json", "cat-2.png"):
        (folder / name).write_text("old")
    run = ideogram("generate", "a", "-o", "cat.png", "--overwrite", "--sidecar", "--resolution", "512x1536")
    assert run.code == 0
    assert (folder / "cat.png").read_bytes().startswith(b"\x89PNG")
    assert '"prompt": "a"' in (folder / "cat.png.json").read_text()
    assert (folder / "cat-2.png").read_text() == "old"
    assert len(service.ledger) == 1


def test_overwrite_never_replaces_a_device(ideogram: Command, service: MockServer, folder: Path) -> None:
    os.mkfifo(folder / "fifo")
    assert ideogram("generate", "a", "-o", "fifo", "--overwrite").code == 2
    assert not service.ledger


@pytest.mark.parametrize("output", [[], ["-o", "."], ["-o", "../here/"]])
@pytest.mark.usefixtures("service")
def test_in_a_folder_the_image_is_named_after_its_link(ideogram: Command, folder: Path, output: list[str]) -> None:
    run = ideogram("generate", "a", *output, "--sidecar", "--json", "--resolution", "512x1536")
    (image,) = run.json["images"]
    name = Path(image["path"]).name
    assert name.endswith(".png")
    assert files(folder) == sorted([name, f"{name}.json"])


def test_images_with_the_same_link_are_all_saved(ideogram: Command, folder: Path) -> None:
    with FaultServer(answering(entry(), entry(), entry(url="URL/..png"), entry(url="URL/!.png"))) as server:
        run = ideogram("generate", "a", "--base-url", server.url, "--sidecar")
    assert run.code == 0
    images = [name for name in files(folder) if not name.endswith(".json")]
    assert images == ["image-2.png", "image-3.png", "image-4.png", "image.png"]


def test_several_images_are_numbered_and_nothing_is_replaced(ideogram: Command, folder: Path) -> None:
    (folder / "cat-2.png").write_text("mine")
    (folder / "cat-4.png.json").write_text("mine")
    with FaultServer(answering(entry(seed=1), entry(seed=2), entry(seed=3))) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--json", "--sidecar", "--base-url", server.url)
    assert [(image["path"], image["seed"]) for image in run.json["images"]] == [
        ("cat.png", 1),
        ("cat-3.png", 2),
        ("cat-5.png", 3),
    ]
    assert (folder / "cat-2.png").read_text() == (folder / "cat-4.png.json").read_text() == "mine"
    assert '"seed": 3' in (folder / "cat-5.png.json").read_text()


def putting(folder: Path, name: str, answer: Fault) -> Fault:
    """An answer, and a file of somebody else that appears right before it."""

    def act(exchange: Exchange) -> None:
        (folder / name).write_text("somebody else's")
        answer.act(exchange)

    return Fault("putting", "Puts a file in the way.", Phase.IN_ANSWER, may_have_run=True, act=act)


def test_files_that_appear_in_the_meantime_are_left_alone(ideogram: Command, folder: Path) -> None:
    images = answering(entry(), entry(seed=8))
    with FaultServer(
        putting(folder, "cat.png", images), image=["ok", putting(folder, "cat-3.png", FAULTS["ok"]), "ok"]
    ) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--quiet", "--base-url", server.url)
    assert (run.code, run.out, run.err) == (0, "cat-2.png\ncat-4.png\n", "")
    assert (folder / "cat.png").read_text() == (folder / "cat-3.png").read_text() == "somebody else's"


@pytest.mark.usefixtures("service")
def test_a_name_that_promises_another_format_is_told(ideogram: Command) -> None:
    run = ideogram("generate", "a", "-o", "cat.jpg", "--resolution", "512x1536")
    assert run.code == 0
    assert run.err == "warning: 'cat.jpg' holds a PNG image, whatever its name says.\n"
    assert ideogram("generate", "a", "-o", "cat.PNG", "--resolution", "512x1536").err == ""
