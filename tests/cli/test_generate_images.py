"""The images of `ideogram generate`: none is paid for that cannot be saved, and none that was paid for is lost."""

import errno
import json
import os
import shutil
import signal
import warnings
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cli_runs import SMALL, Command, acting, answering, entry, files, refuse

from ideogram_ai.cli import exit_codes, sending
from ideogram_ai.cli.destination import Destination
from ideogram_ai.client import Ideogram
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FAULTS, Fault, FaultServer, answer_with
from ideogram_ai.testing.faults.exchange import Exchange

LINK = "URL/image.png?exp=4102444800&sig=0a0b"
NO_IMAGE = '{"created": "2026-10-07T12:00:00Z", "data": [{"id": "\u001b[2J"}]}'


def test_a_place_that_cannot_be_used(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "there.png").write_text("mine")
    (folder / "dangling.png").symlink_to("gone")
    os.mkfifo(folder / "fifo")
    (folder / "stdout").symlink_to("fifo")  # as /dev/stdout is
    (folder / "locked").mkdir(mode=0o500)
    before = files(folder)
    cases = (
        ([""], "-o is empty"),
        ([" "], "-o is empty"),
        (["-"], "not written to stdout"),
        (["nowhere/cat.png"], "there is no folder 'nowhere'"),
        (["nowhere/"], "there is no folder 'nowhere'"),
        (["there.png/cat.png"], "there is no folder 'there.png'"),
        (["there.png"], "'there.png' exists. Choose another path, or use --overwrite"),
        (["dangling.png"], "'dangling.png' exists"),
        (["fifo"], "not a regular file"),
        (["fifo", "--overwrite"], "not a regular file"),  # a device is never replaced
        (["stdout", "--overwrite"], "not a regular file"),
        (["n" * 252 + ".png"], "name too long"),
        (["/proc"], "annot write into '/proc'"),
        *([(["locked/cat.png"], "annot write into 'locked': Permission denied")] if os.geteuid() else []),
    )
    refuse(ideogram, cases, "generate", "a", "-o")
    assert not service.ledger
    assert files(folder) == before
    assert (folder / "there.png").read_text() == "mine"


def test_a_disk_without_space_or_to_read_alone(
    ideogram: Command, service: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: usage(10**9, 10**9, 10**6))
    run = ideogram("generate", "a", "-o", "cat.png")
    assert (run.code, service.ledger) == (2, [])
    assert "has 1,000,000 bytes left, and an image can need 16,777,216" in run.err

    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    for name in ("open", "unlink"):  # a read-only disk refuses to remove what is not there
        monkeypatch.setattr(Path, name, refuse)
    run = ideogram("generate", "a", "-o", "cat.png")
    assert (run.code, service.ledger) == (2, [])
    assert "cannot write into '.': Read-only file system" in run.err


def test_overwrite_replaces_the_named_files(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "cat.png.json").write_text("old")
    run = ideogram("generate", "a", "-o", "cat.png", "--sidecar")
    assert (run.code, "'cat.png.json' exists" in run.err, service.ledger) == (2, True, [])
    for name in ("cat.png", "cat-2.png"):
        (folder / name).write_text("old")
    assert ideogram("generate", "a", "-o", "cat.png", "--overwrite", "--sidecar", *SMALL).code == 0
    assert (folder / "cat.png").read_bytes().startswith(b"\x89PNG")
    assert '"prompt": "a"' in (folder / "cat.png.json").read_text()
    assert (folder / "cat-2.png").read_text() == "old"
    assert len(service.ledger) == 1


@pytest.mark.usefixtures("service")
def test_in_a_folder_the_image_is_named_as_in_a_batch(ideogram: Command, folder: Path) -> None:
    for output, name in (([], "an-owl-asleep.png"), (["-o", "."], "an-owl-asleep-2.png")):
        (image,) = ideogram("generate", "An owl, asleep!", *output, "--sidecar", "--json", *SMALL).json["images"]
        assert (image["path"], image["sidecar"]) == (name, f"{name}.json")
    (folder / "con.png.json").write_text("mine")
    ideogram("generate", "Con", "-o", "../here/", "--sidecar", *SMALL)
    assert (folder / "_con.png").exists(), "a name that every system has"
    ideogram("call", "remove_background", "-F", "image=@_con.png", "-o", "./")
    assert (folder / "_con-2.png").exists(), "without a prompt, the name of the file"


@pytest.mark.usefixtures("service")
def test_a_name_that_another_command_takes_at_the_same_moment_stays_its_own(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_free(self: Destination, path: Path, look: Callable[..., bool] = Destination._is_free) -> bool:
        free = look(self, path)
        if path.name == "an-owl.png":
            path.write_text("of another command")
        return free

    monkeypatch.setattr(Destination, "_is_free", is_free)
    assert ideogram("generate", "An owl", "-o", "./", "-q", *SMALL).out == "an-owl-2.png\n"
    assert files(folder) == ["an-owl-2.png", "an-owl.png"]
    assert (folder / "an-owl.png").read_text() == "of another command"


def test_several_images_are_numbered_and_nothing_is_replaced(ideogram: Command, folder: Path) -> None:
    assert (
        ideogram(
            "generate", "a", "--sidecar", at=answering(entry(), entry(), entry(url="URL/..png"), entry(url="URL/!.png"))
        ).code
        == 0
    )
    images = [name for name in files(folder) if not name.endswith(".json")]
    assert images == ["a-2.png", "a-3.png", "a-4.png", "a.png"]
    (folder / "cat-2.png").write_text("mine")
    (folder / "cat-4.png.json").write_text("mine")
    run = ideogram(
        "generate",
        "a",
        "-o",
        "cat.png",
        "--json",
        "--sidecar",
        at=answering(entry(seed=1), entry(seed=2), entry(seed=3)),
    )
    places = [(image["path"], image["seed"]) for image in run.json["images"]]
    assert places == [("cat.png", 1), ("cat-3.png", 2), ("cat-5.png", 3)]
    assert (folder / "cat-2.png").read_text() == (folder / "cat-4.png.json").read_text() == "mine"
    assert '"seed": 3' in (folder / "cat-5.png.json").read_text()


def putting(folder: Path, name: str, answer: Fault) -> Fault:
    """An answer, and a file of somebody else that appears right before it."""

    def act(exchange: Exchange) -> None:
        (folder / name).write_text("somebody else's")
        answer.act(exchange)

    return acting(act)


def test_files_that_appear_in_the_meantime_are_left_alone(ideogram: Command, folder: Path) -> None:
    late = [putting(folder, "cat.png", answering(entry(), entry(seed=8))), putting(folder, "cat-3.png", FAULTS["ok"])]
    run = ideogram("generate", "a", "-o", "cat.png", "--quiet", at=late[0], images=["ok", late[1], "ok"])
    assert (run.code, run.out, run.err) == (0, "cat-2.png\ncat-4.png\n", "")
    assert (folder / "cat.png").read_text() == (folder / "cat-3.png").read_text() == "somebody else's"
    run = ideogram(
        "generate", "a", "-o", "owl.png", "--sidecar", at=putting(folder, "owl.png.json", answering(entry()))
    )
    assert (run.code, run.out.splitlines()[0]) == (6, "saved owl.png")
    assert "'owl.png.json' appeared in the meantime, and was not replaced. The image is saved." in run.err
    assert "link" not in run.err
    assert (folder / "owl.png.json").read_text() == "somebody else's"


@pytest.mark.usefixtures("service")
def test_a_name_that_promises_another_format(ideogram: Command, folder: Path) -> None:
    run = ideogram("generate", "a", "-o", "cat.jpg", *SMALL)
    assert (run.code, run.err) == (0, "note: The image is a PNG, so it is called 'cat.png' and not 'cat.jpg'.\n")
    assert run.out.startswith("saved cat.png\n")
    assert ideogram("generate", "a", "-o", "cat.webp", "-q", "--sidecar", *SMALL).out == "cat-2.png\n", (
        "none is replaced"
    )
    assert ideogram("generate", "a", "-o", "owl.PNG", *SMALL).err == ""
    assert files(folder) == ["cat-2.png", "cat-2.png.json", "cat.png", "owl.PNG"]


def test_a_failed_download_costs_no_other_image_and_no_link(ideogram: Command, folder: Path) -> None:
    three = answering(entry(seed=1, url=LINK), entry(seed=2, url=LINK), entry(seed=3, url=LINK))
    with FaultServer(three, image=["ok", *["status_403"] * 4, "ok"]) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--base-url", server.url)
    assert run.code == 6
    assert files(folder) == ["cat-3.png", "cat.png"]
    assert [line for line in run.out.splitlines() if line.startswith("saved")] == ["saved cat.png", "saved cat-3.png"]
    error, note, link = run.err.splitlines()
    assert error.startswith("error: Image 2 of 3: The image host refused the link (403).")
    assert note.startswith("note: The image is paid for. Download it from this link until 2100-01-01 00:00 UTC")
    assert link == LINK.replace("URL", server.url)
    with FaultServer(answering(entry(url=LINK), entry(url=LINK)), image=["ok", "html_image"]) as server:
        run = ideogram("generate", "a", "-o", "owl.png", "--json", "--base-url", server.url)
    assert (run.code, run.err) == (6, "")
    saved, lost = run.json["images"]
    assert (saved["path"], saved["url"], saved["error"]) == ("owl.png", None, None)
    assert (lost["path"], lost["url"]) == (None, LINK.replace("URL", server.url))
    assert (lost["error"]["type"], lost["error"]["may_have_been_billed"]) == ("DownloadError", True)
    assert run.json["error"] == lost["error"]


def test_a_fault_of_our_own_loses_no_link(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_arguments: object, **_options: object) -> None:
        raise AttributeError("a slip")

    monkeypatch.setattr(Ideogram, "download", download)
    with FaultServer(answering(entry())) as server:
        run = ideogram("generate", "a", "--base-url", server.url)
    assert run.code == 6
    assert "AttributeError('a slip')" in run.err
    assert run.err.splitlines()[-1] == f"{server.url}/image.png"


def test_ctrl_c_during_a_download_leaves_the_link(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exit_codes, "_ECHO_SECONDS", 0.0)

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        signal.raise_signal(signal.SIGINT)

    with FaultServer(answering(entry(), entry(seed=8)), image=["ok", acting(act, may_have_run=False)]) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--base-url", server.url)
    assert (run.code, files(folder)) == (6, ["cat.png"])
    assert "error: Image 2 of 2: Interrupted before it was saved." in run.err
    assert run.err.splitlines()[-1] == f"{server.url}/image.png"


@pytest.mark.parametrize("saved", [False, True])
def test_signals_that_follow_one_another_lose_no_image_and_no_link(
    ideogram: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, saved: bool
) -> None:
    def save(*arguments: Any, real: Callable[..., Iterator[Any]] = sending._save_images) -> Iterator[Any]:
        yield from real(*arguments) if saved else ()
        for _ in range(5):
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(sending, "_save_images", save)
    monkeypatch.setattr(exit_codes, "_ECHO_SECONDS", 0.0)
    with FaultServer(answering(entry())) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--base-url", server.url)
    assert "Nothing was billed" not in run.err
    assert (run.code, files(folder)) == ((0, ["cat.png"]) if saved else (6, []))
    assert saved or run.err.splitlines()[-1] == f"{server.url}/image.png"


def test_a_response_without_an_image_is_kept(ideogram: Command, folder: Path) -> None:
    response = answer_with(200, NO_IMAGE, [("Content-Type", "application/json")])
    for output, name in (("cat.png", "cat.png.answer.txt"), (".", "ideogram.answer.txt")):
        second = name.replace(".answer", "-2.answer")
        with FaultServer(response) as server:
            run = ideogram("generate", "a", "-o", output, "--base-url", server.url)
            again = ideogram("generate", "a", "-o", output, "--json", "--base-url", server.url)
        assert (run.code, run.out) == (4, "")
        assert f"The complete response is in '{name}'" in run.err
        assert (folder / name).read_text("utf-8") == (folder / second).read_text("utf-8") == NO_IMAGE
        assert (again.code, again.json["outcome"]) == (4, "outcome_unknown")
        assert (again.json["error"]["type"], again.json["answer_file"]) == ("ResponseValidationError", second)
    name = "n" * 248 + ".png"  # there is no room for a suffix
    run = ideogram("generate", "a", "-o", name, at=response)
    assert run.code == 4
    assert "(File name too long). It is:" in run.err
    assert r'"data": [{"id": "\x1b[2J"}]}' in run.err


def test_a_response_that_is_cut_or_odd_is_kept(ideogram: Command, folder: Path) -> None:
    run = ideogram("generate", "a", "-o", "cat.png", "--json", at="close_in_body")
    assert (run.code, run.json["error"]["type"]) == (4, "OutcomeUnknownError")
    assert (folder / "cat.png.answer.txt").read_bytes().startswith(b'{"')
    odd = answering({"url": LINK, "seed": "seven"}, {"nothing": "of use"})
    with FaultServer(odd) as server, warnings.catch_warnings(record=True) as python_warnings:
        warnings.simplefilter("always")
        run = ideogram("generate", "a", "-o", "owl.png", "--base-url", server.url)
    assert (run.code, python_warnings) == (0, [])
    assert run.err.count("data[0].prompt is missing") == 1
    assert json.loads((folder / "owl.png.answer.txt").read_text())["data"][1] == {"nothing": "of use"}
    assert run.out.splitlines()[0] == "saved owl.png"
    assert run.out.splitlines()[-1].split() == ["safety", "unknown"]
