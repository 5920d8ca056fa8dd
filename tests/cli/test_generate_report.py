"""Programs rely on the exit code and on --json: each outcome has one, and both agree."""

import json
from pathlib import Path

import pytest
from cli_runs import POSTER, SMALL, Command, answering, entry, files, refuse

from ideogram_ai.cli.exit_codes import ExitCode
from ideogram_ai.testing import UNSAFE_WORD, WITHHELD_WORD, MockServer
from ideogram_ai.testing.faults import FaultServer, answer_with


def test_wrong_use(ideogram: Command, service: MockServer, folder: Path) -> None:
    cases = (
        (["generate"], "There is no prompt"),
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
        (
            ["generate", "a", "--base-url", "https://api.ideogram.ai/v1/ideogram-v4/generate"],
            "generate is part of the API's path",
        ),
        (["generate", "half of a pair: \udce4"], "surrogate"),
        (["generate", "--nope", "--", "--json"], "--nope"),
        (["nope"], "nope"),
    )
    refuse(ideogram, cases)
    assert (service.ledger, files(folder)) == ([], [])


def test_refused(ideogram: Command, folder: Path) -> None:
    daily_limit = answer_with(429, '{"reject_reason": "daily_limit"}')
    for fault, says in (
        ("status_401", "Check the API key"), ("html_403", "403"), ("status_422", "safety check"),
        ("status_429", "4 attempts"), (daily_limit, "daily_limit"), ("refuse", "never left"),
    ):  # fmt: skip
        with FaultServer(fault) as server:
            run = ideogram("generate", "a", "-o", "a.png", "--base-url", server.url)
            assert server.wait_idle().may_have_run == 0
        assert (run.code, run.out, files(folder)) == (3, "", []), fault
        assert says in run.err, run.err
        assert "othing was billed" in run.err


def test_outcome_unknown(ideogram: Command) -> None:
    faults = ("reset_after_request", "not_http", "status_500")
    for fault in (*faults, "empty_200"):
        with FaultServer(fault) as server:
            run = ideogram("generate", "a", "-o", "a.png", "--base-url", server.url)
            assert len(server.wait_idle().posts) == 1
        assert (run.code, run.out, "billed" in run.err) == (4, "", True), fault


def test_withheld(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", f"A {WITHHELD_WORD} cat", "-o", "cat.png")
    assert (run.code, run.out, files(folder)) == (5, "", [])
    assert "withheld" in run.err
    assert "billed" in run.err
    assert service.ledger[0].billed
    run = ideogram("generate", "a", "-o", "a.png", at=answering(entry(url=None, is_image_safe=False), entry()))
    assert (run.code, files(folder)) == (0, ["a-2.png"]), "some withheld is done, with a warning"
    assert run.err.startswith("warning: Image 1 of 2: The image was withheld")


MEMBERS = {"outcome", "images", "job", "error", "answer_file", "cost_usd", "cost_source", "would_send"}
IMAGE_MEMBERS = {
    "path", "sidecar", "seed", "resolution", "is_image_safe", "withheld", "prompt", "url", "expires_at", "error",
}  # fmt: skip
ERROR_MEMBERS = {"type", "message", "may_have_been_billed", "status_code", "problems"}


def test_a_saved_image_in_json(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", "Ein Füchschen 🦊", "-o", "cat.png", "--json", "--sidecar", *SMALL)
    assert (run.code, run.err, run.out.count("\n"), run.out.isascii()) == (0, "", 1, True)
    assert set(run.json) == MEMBERS
    assert (run.json["outcome"], run.json["error"], run.json["answer_file"]) == ("done", None, None)
    (image,) = run.json["images"]
    assert set(image) == IMAGE_MEMBERS
    assert (image["path"], image["sidecar"], image["url"]) == ("cat.png", "cat.png.json", None)
    assert (image["prompt"], image["resolution"], image["is_image_safe"]) == ("Ein Füchschen 🦊", "512x1536", True)
    assert image["seed"] == json.loads((folder / "cat.png.json").read_text())["seed"]
    assert len(service.ledger) == 1


def test_odd_values_in_json(ideogram: Command) -> None:
    odd = entry(prompt="\ud800\u001b[2J", seed=10**30, resolution=None, url="URL/image.png?exp=4102444800&sig=0a")
    run = ideogram("generate", "a", "-o", "cat.png", "--json", at=answering(odd))
    (image,) = run.json["images"]
    assert run.code == 0
    assert (image["prompt"], image["seed"], image["resolution"]) == ("\ud800\u001b[2J", 10**30, None)
    assert image["expires_at"] == "2100-01-01T00:00:00+00:00"
    assert run.json["answer_file"] == "cat.png.answer.txt"


@pytest.mark.usefixtures("service")
def test_errors_in_json(ideogram: Command) -> None:
    for arguments, outcome, kind, status in (
        (["a", "--nope"], "wrong_use", "NoSuchOption", None),
        (["a", "--timeout", "soon"], "wrong_use", "BadParameter", None),
        (["a", "-o"], "wrong_use", "BadOptionUsage", None),
        ([], "wrong_use", "WrongUseError", None),
        (["a", "--quiet"], "wrong_use", "WrongUseError", None),
        (["a", "-F", "prompt=b"], "wrong_use", "UnknownFieldError", None),
        (["a", "-F", "json_prompt={}"], "wrong_use", "PromptError", None),
        (["a", "--timeout", "-1"], "wrong_use", "ConfigurationError", None),
        (["a", "--resolution", "1x1"], "wrong_use", "InvalidRequestError", None),
        (["a", "--resolution", "1x1", "--no-check"], "refused", "BadRequestError", 400),
        ([f"a {UNSAFE_WORD}"], "refused", "UnprocessableEntityError", 422),
    ):
        run = ideogram("generate", "--json", *arguments)
        assert (run.json["outcome"], run.code) == (outcome, ExitCode[outcome.upper()]), arguments
        assert set(run.json) == MEMBERS
        error = run.json["error"]
        assert set(error) == ERROR_MEMBERS
        assert (error["type"], error["status_code"], error["may_have_been_billed"]) == (kind, status, False)
        assert run.json["images"] == []
        assert "error:" not in run.err, "it is reported once"
    run = ideogram("generate", f"a {WITHHELD_WORD}", "--json")
    assert (run.code, run.json["outcome"], run.json["images"][0]["withheld"]) == (5, "withheld", True)


@pytest.mark.usefixtures("service")
def test_quiet_prints_the_paths_alone(ideogram: Command) -> None:
    run = ideogram("generate", "a", "-q", "-o", "ü.jpg", "-F", "odd=1", *SMALL)
    assert (run.code, run.out, run.err) == (0, "ü.png\n", "")
