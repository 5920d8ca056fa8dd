"""--json: one object of ASCII on stdout for every outcome, with all its members, whatever a service answers."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import Run, answering, entry

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]
MEMBERS = {"outcome", "images", "error", "answer_file"}
IMAGE_MEMBERS = {
    "path", "sidecar", "seed", "resolution", "is_image_safe", "withheld", "prompt", "url", "expires_at", "error",
}  # fmt: skip
ERROR_MEMBERS = {"type", "message", "may_have_been_billed", "status_code", "problems"}


def test_a_saved_image(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", "Ein Füchschen 🦊", "-o", "cat.png", "--json", "--sidecar", "--resolution", "512x1536")
    assert (run.code, run.err, run.out.count("\n"), run.out.isascii()) == (0, "", 1, True)
    assert set(run.json) == MEMBERS
    assert (run.json["outcome"], run.json["error"], run.json["answer_file"]) == ("done", None, None)
    (image,) = run.json["images"]
    assert set(image) == IMAGE_MEMBERS
    assert (image["path"], image["sidecar"], image["url"]) == ("cat.png", "cat.png.json", None)
    assert (image["prompt"], image["resolution"], image["is_image_safe"]) == ("Ein Füchschen 🦊", "512x1536", True)
    assert image["seed"] == json.loads((folder / "cat.png.json").read_text())["seed"]
    assert len(service.ledger) == 1


def test_expiry_and_odd_values(ideogram: Command) -> None:
    odd = entry(prompt="\ud800\u001b[2J", seed=10**30, resolution=None, url="URL/image.png?exp=4102444800&sig=0a")
    with FaultServer(answering(odd)) as server:
        run = ideogram("generate", "a", "-o", "cat.png", "--json", "--base-url", server.url)
    (image,) = run.json["images"]
    assert run.code == 0
    assert (image["prompt"], image["seed"], image["resolution"]) == ("\ud800\u001b[2J", 10**30, None)
    assert image["expires_at"] == "2100-01-01T00:00:00+00:00"
    assert run.json["answer_file"] == "cat.png.answer.txt"


@pytest.mark.parametrize(
    ("arguments", "kind", "status"),
    [
        (["a", "--nope"], "NoSuchOption", None),
        (["a", "--timeout", "soon"], "BadParameter", None),
        (["a", "-o"], "BadOptionUsage", None),
        ([], "WrongUseError", None),
        (["a", "--quiet"], "WrongUseError", None),
        (["a", "-F", "prompt=b"], "UnknownFieldError", None),
        (["a", "-F", "json_prompt={}"], "PromptError", None),
        (["a", "--timeout", "-1"], "ConfigurationError", None),
        (["a", "--resolution", "1x1"], "InvalidRequestError", None),
        (["a", "--resolution", "1x1", "--no-check"], "BadRequestError", 400),
        (["mock-unsafe"], "UnprocessableEntityError", 422),
    ],
)
@pytest.mark.usefixtures("service")
def test_an_error(ideogram: Command, arguments: list[str], kind: str, status: int | None) -> None:
    run = ideogram("generate", "--json", *arguments)
    assert run.code in {2, 3}
    assert set(run.json) == MEMBERS
    assert set(run.json["error"]) == ERROR_MEMBERS
    assert (run.json["error"]["type"], run.json["error"]["status_code"]) == (kind, status)
    assert run.json["error"]["may_have_been_billed"] is False
    assert run.json["images"] == []
    assert "error:" not in run.err, "it is told once"


def test_json_behind_two_dashes_is_a_prompt(ideogram: Command) -> None:
    run = ideogram("generate", "--nope", "--", "--json")
    assert (run.code, run.out) == (2, "")
    assert "--nope" in run.err


@pytest.mark.usefixtures("service")
def test_quiet_prints_the_paths_alone(ideogram: Command) -> None:
    run = ideogram("generate", "a", "-q", "-o", "ü.jpg", "-F", "odd=1", "--resolution", "512x1536")
    assert (run.code, run.out, run.err) == (0, "ü.jpg\n", "")
