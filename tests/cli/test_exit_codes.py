"""Scripts go by the exit code: each one stands for what it says, and says so on stderr or in the JSON object alike."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import POSTER, Run, answering, entry, files

from ideogram_ai.cli.exit_codes import ExitCode
from ideogram_ai.testing import UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.faults import Fault, FaultServer, answer_with

Command = Callable[..., Run]


def test_done(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", "A photo of a cat", "-o", "cat.png", "--resolution", "1280x800")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    assert lines[0] == "saved cat.png"
    assert [line.split() for line in lines[2:]] == [["resolution", "1280x800"], ["safety", "passed"]]
    assert lines[1].split()[0] == "seed"
    assert (folder / "cat.png").read_bytes().startswith(b"\x89PNG")
    assert len(service.ledger) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["generate"], "No prompt"),
        (["generate", ""], "blank"),
        (["generate", " \t"], "blank"),
        (["generate", "-F", "text_prompt=", "-o", "x.png"], "blank (-F text_prompt)"),
        (["generate", "A", "photo"], "quotes"),
        (["generate", "a", "--json-prompt", "nowhere.json"], "TEXT and --json-prompt were both given"),
        (["generate", "a", "-F", f"json_prompt={json.dumps(POSTER)}"], "text_prompt and json_prompt were both given"),
        (["generate", "a", "--mock", "--base-url", "http://localhost"], "--mock and --base-url"),
        (["generate", "a", "--api-key", "k"], "--api-key"),
        (["generate", "a", "--nope"], "--nope"),
        (["generate", "a", "--timeout", "soon"], "'soon'"),
        (["generate", "a", "--timeout", "0"], "timeout"),
        (["generate", "a", "--base-url", "http://example.org"], "https"),
        (["generate", "a", "--base-url", "https://api.ideogram.ai/v1/ideogram-v4/generate"], "part of the API's path"),
        (["generate", "half of a pair: \udce4"], "surrogate"),
        (["nope"], "nope"),
    ],
)
def test_wrong_use(ideogram: Command, service: MockServer, folder: Path, arguments: list[str], says: str) -> None:
    run = ideogram(*arguments)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: ")
    assert says in run.err
    assert len(run.err.splitlines()) <= 2
    assert not service.ledger
    assert not files(folder)


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        ("status_400", "Correct the request"),
        ("status_401", "Check the API key"),
        ("status_402", "balance"),
        ("html_403", "403"),
        ("status_422", "safety check"),
        ("status_429", "Given up after 4 attempts"),
        (answer_with(429, '{"reject_reason": "daily_limit"}'), "daily_limit"),
        ("redirect_307", "No redirect is followed"),
        ("refuse", "never left"),
    ],
)
def test_refused(ideogram: Command, folder: Path, fault: Fault | str, says: str) -> None:
    with FaultServer(fault) as server:
        run = ideogram("generate", "a", "-o", "a.png", "--base-url", server.url)
        ledger = server.wait_idle()
    assert (run.code, run.out) == (3, "")
    assert says in run.err
    assert "othing was billed" in run.err
    assert ledger.may_have_run == 0
    assert not files(folder)


UNKNOWN = ["reset_after_request", "close_in_headers", "not_http", "status_500", "html_520", "status_408", "empty_200"]


@pytest.mark.parametrize("fault", UNKNOWN)
def test_outcome_unknown(ideogram: Command, fault: str) -> None:
    with FaultServer(fault) as server:
        run = ideogram("generate", "a", "-o", "a.png", "--base-url", server.url)
        assert len(server.wait_idle().posts) == 1
    assert (run.code, run.out) == (4, "")
    assert "billed" in run.err


def test_withheld(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", f"A {WITHHELD_WORD} cat", "-o", "cat.png")
    assert (run.code, run.out) == (5, "")
    assert "withheld" in run.err
    assert "billed all the same" in run.err
    assert not files(folder)
    assert service.ledger[0].billed


def test_some_withheld_is_done_with_a_word(ideogram: Command, folder: Path) -> None:
    withheld = entry(url=None, is_image_safe=False)
    with FaultServer(answering(withheld, entry())) as server:
        run = ideogram("generate", "a", "-o", "a.png", "--base-url", server.url)
    assert run.code == 0
    assert run.err.startswith("warning: Image 1 of 2: The image was withheld")
    assert files(folder) == ["a-2.png"]


def test_download_failed(ideogram: Command, folder: Path) -> None:
    with FaultServer(answering(entry(url="URL/image.png?exp=4102444800&sig=0a0b")), image="status_404") as server:
        run = ideogram("generate", "a", "-o", "a.png", "--base-url", server.url)
    assert (run.code, run.out) == (6, "")
    assert "refused the link (404)" in run.err
    assert run.err.splitlines()[-1] == f"{server.url}/image.png?exp=4102444800&sig=0a0b"
    assert "until 2100-01-01 00:00 UTC" in run.err
    assert not files(folder)


@pytest.mark.parametrize(
    ("prompt", "code", "outcome"),
    [("a", 0, "done"), (f"a {UNSAFE_WORD}", 3, "refused"), (f"a {WITHHELD_WORD}", 5, "withheld"), ("", 2, "wrong_use")],
)
@pytest.mark.usefixtures("service")
def test_the_code_is_the_same_with_json(ideogram: Command, prompt: str, code: int, outcome: str) -> None:
    run = ideogram("generate", prompt, "--json", "--resolution", "512x1536")
    assert (run.code, run.json["outcome"]) == (code, outcome)
    assert (run.json["error"] is None) == (code == 0)


def test_every_code_of_the_design_has_its_number() -> None:
    numbers = {code.name: int(code) for code in ExitCode}
    assert numbers == {
        "DONE": 0,
        "WRONG_USE": 2,
        "REFUSED": 3,
        "OUTCOME_UNKNOWN": 4,
        "WITHHELD": 5,
        "DOWNLOAD_FAILED": 6,
        "INTERRUPTED": 130,
        "TERMINATED": 143,
    }
