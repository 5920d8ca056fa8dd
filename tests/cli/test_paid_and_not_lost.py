"""What was paid for is on the disk, or the way to it is on the screen: no failure costs more than itself."""

import json
import signal
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import Run, answering, entry, files

from ideogram_ai.client import Ideogram
from ideogram_ai.testing.faults import Fault, FaultServer, answer_with
from ideogram_ai.testing.faults.exchange import Exchange

Command = Callable[..., Run]
LINK = "URL/image.png?exp=4102444800&sig=0a0b"


def test_a_failed_download_costs_no_other_image(ideogram: Command, folder: Path) -> None:
    three = answering(entry(seed=1, url=LINK), entry(seed=2, url=LINK), entry(seed=3, url=LINK))
    with FaultServer(three, image=["ok", *["status_403"] * 4, "ok"]) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--base-url", server.url)
        link = LINK.replace("URL", server.url)
    assert run.code == 6
    assert files(folder) == ["cat-3.png", "cat.png"]
    assert [line for line in run.out.splitlines() if line.startswith("saved")] == ["saved cat.png", "saved cat-3.png"]
    first, second, third = run.err.splitlines()
    assert first.startswith("error: Image 2 of 3: The image host refused the link (403).")
    assert second.startswith("note: The image is paid for, and this link is the only way to it, until 2100-01-01 00:00")
    assert third == link


def test_the_link_of_what_was_not_saved_is_in_the_json(ideogram: Command) -> None:
    with FaultServer(answering(entry(url=LINK), entry(url=LINK)), image=["ok", "html_image"]) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--json", "--base-url", server.url)
        link = LINK.replace("URL", server.url)
    assert (run.code, run.err) == (6, "")
    saved, lost = run.json["images"]
    assert (saved["path"], saved["url"], saved["error"]) == ("cat.png", None, None)
    assert (lost["path"], lost["url"], lost["error"]["type"]) == (None, link, "DownloadError")
    assert run.json["error"] == lost["error"]
    assert lost["error"]["may_have_been_billed"] is True


def test_a_fault_of_our_own_loses_no_link(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def download(*_arguments: object, **_options: object) -> None:
        raise AttributeError("a slip")

    monkeypatch.setattr(Ideogram, "download", download)
    with FaultServer(answering(entry())) as server:
        run = ideogram("generate", "a", "--base-url", server.url)
    assert run.code == 6
    assert "AttributeError('a slip')" in run.err
    assert run.err.splitlines()[-1] == f"{server.url}/image.png"


def test_ctrl_c_while_an_image_comes_leaves_its_link(ideogram: Command, folder: Path) -> None:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        signal.raise_signal(signal.SIGINT)

    interrupting = Fault("interrupting", "Presses Ctrl-C.", answer_with(200).phase, may_have_run=False, act=act)
    with FaultServer(answering(entry(), entry(seed=8)), image=["ok", interrupting]) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--base-url", server.url)
    assert run.code == 6
    assert files(folder) == ["cat.png"]
    assert "error: Image 2 of 2: Interrupted before it was saved." in run.err
    assert run.err.splitlines()[-1] == f"{server.url}/image.png"


def test_a_sidecar_that_cannot_be_written_is_told(ideogram: Command, folder: Path) -> None:
    def act(exchange: Exchange) -> None:
        (folder / "cat.png.json").write_text("somebody else's")
        answering(entry()).act(exchange)

    late = Fault("late", "Puts a file in the way.", answer_with(200).phase, may_have_run=True, act=act)
    with FaultServer(late) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--sidecar", "--base-url", server.url)
    assert run.code == 6
    assert run.out.startswith("saved cat.png\n")
    assert "'cat.png.json' appeared in the meantime" in run.err
    assert "The image itself is saved." in run.err
    assert "link" not in run.err
    assert (folder / "cat.png.json").read_text() == "somebody else's"


NO_IMAGE = '{"created": "2026-10-07T12:00:00Z", "data": [{"id": "\u001b[2J"}]}'


@pytest.mark.parametrize("output", ["cat.png", "."])
def test_an_answer_without_an_image_is_kept(ideogram: Command, folder: Path, output: str) -> None:
    name = "cat.png.answer.txt" if output == "cat.png" else "ideogram.answer.txt"
    second = name.replace(".answer", "-2.answer")
    with FaultServer(answer_with(200, NO_IMAGE, [("Content-Type", "application/json")])) as server:
        run = ideogram("generate", "a", "-o", output, "--base-url", server.url)
        again = ideogram("generate", "a", "-o", output, "--json", "--base-url", server.url)
    assert (run.code, run.out) == (4, "")
    assert f"The whole answer was kept in '{name}'" in run.err
    assert (folder / name).read_text("utf-8") == NO_IMAGE
    assert again.code == 4
    assert again.json["outcome"] == "outcome_unknown"
    assert again.json["error"]["type"] == "ResponseValidationError"
    assert again.json["answer_file"] == second
    assert files(folder) == sorted([name, second])


def test_an_answer_that_broke_off_is_kept(ideogram: Command, folder: Path) -> None:
    with FaultServer("close_in_body") as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--json", "--base-url", server.url)
    assert run.code == 4
    assert run.json["error"]["type"] == "OutcomeUnknownError"
    assert (folder / "cat.png.answer.txt").read_bytes().startswith(b'{"')


def test_an_answer_that_cannot_be_kept_is_shown(ideogram: Command, folder: Path) -> None:
    name = "n" * 248 + ".png"  # there is no room behind it
    with FaultServer(answer_with(200, NO_IMAGE)) as server:
        run = ideogram("generate", "a", "-o", name, "--base-url", server.url)
    assert run.code == 4
    assert "cannot be kept in a file (File name too long); here it is:" in run.err
    assert r'"data": [{"id": "\x1b[2J"}]}' in run.err
    assert not files(folder)


def test_an_answer_that_breaks_the_contract_is_kept_beside_its_image(ideogram: Command, folder: Path) -> None:
    odd = answering({"url": LINK, "seed": "seven"}, {"nothing": "of use"})
    with FaultServer(odd) as server, warnings.catch_warnings(record=True) as told_by_python:
        warnings.simplefilter("always")
        run = ideogram("generate", "a", "-o", "cat.png", "--base-url", server.url)
    assert run.code == 0
    assert told_by_python == []
    assert run.err.count("data[0].prompt is missing") == 1
    assert "kept in 'cat.png.answer.txt'" in run.err
    assert json.loads((folder / "cat.png.answer.txt").read_text())["data"][1] == {"nothing": "of use"}
    assert run.out.splitlines()[0] == "saved cat.png"
    assert run.out.splitlines()[-1].split() == ["safety", "unknown"]


def test_the_image_is_asked_for_once(ideogram: Command) -> None:
    with FaultServer("ok", image=["status_500", "status_500", "ok"]) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--base-url", server.url)
        ledger = server.wait_idle()
    assert run.code == 0
    assert ledger.may_have_run == 1
    assert len(ledger.gets) == 4  # the example of the contract has two images
