"""The request is held against the contract before it is sent: all that is wrong is told, and --no-check passes."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import Run, environment, files
from unknown_fields import UNKNOWN

from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

Command = Callable[..., Run]
NOTHING_SENT = "Nothing was sent, nothing billed."
SEVERAL = (
    "a", "--resolution", "1x1", "--rendering-speed", "fast", "-F", f"{UNKNOWN}=model/x",
)  # fmt: skip


def test_one_problem_is_told_in_one_line(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", "a", "--resolution", "16:9")
    assert (run.code, run.out) == (2, "")
    assert run.err == (
        'error: The request breaks the contract at #/resolution: resolution: "16:9" is not one of the 38 in the '
        "contract. Sizes with the aspect ratio 16:9: 2560x1440, 1280x720. --no-check sends it all the same. "
        f"{NOTHING_SENT}\n"
    )
    assert not service.ledger
    assert not files(folder)


@pytest.mark.parametrize("size", ["512X1536", "512\u00d71536", "512 x 1536", "512*1536"])
def test_what_can_mean_one_thing_is_put_right_with_a_note(ideogram: Command, service: MockServer, size: str) -> None:
    run = ideogram("generate", "a", "--resolution", size, "--rendering-speed", "turbo")
    assert run.code == 0
    assert run.err == (
        f"note: resolution: {size!r} is taken as 512x1536.\nnote: rendering_speed: 'turbo' is taken as TURBO.\n"
    )
    assert dict(service.ledger[0].fields)["resolution"] == "512x1536"
    assert dict(service.ledger[0].fields)["rendering_speed"] == "TURBO"


def test_what_is_odd_about_a_structured_prompt_is_a_warning(
    ideogram: Command, service: MockServer, folder: Path
) -> None:
    (folder / "poster.json").write_text(
        """{"high_level_description": "a", "style_descripton": {}, "compositional_deconstruction": {"background": "b",
        "elements": [{"type": "obj", "bbox": [9, 1, 2, 3], "desc": "a cat"}]}}"""
    )
    run = ideogram("generate", "--json-prompt", "poster.json", "--resolution", "512x1536")
    assert run.code == 0
    assert [line.split()[:2] for line in run.err.splitlines()] == [
        ["warning:", "#/json_prompt/style_descripton:"],
        ["warning:", "#/json_prompt/compositional_deconstruction/elements/0/bbox:"],
    ]
    assert "Did you mean style_description?" in run.err
    assert len(service.ledger) == 1
    quiet = ideogram("generate", "--json-prompt", "poster.json", "--resolution", "512x1536", "-q")
    assert (quiet.code, quiet.err) == (0, "")


def test_a_misspelt_key_is_named_beside_what_it_breaks(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "poster.json").write_text(
        """{"high_level_descripton": "a", "compositional_deconstruction": {"background": "b", "elements": []}}"""
    )
    run = ideogram("generate", "--json-prompt", "poster.json")
    assert run.code == 2
    warning, error = run.err.splitlines()
    assert warning.endswith("Did you mean high_level_description?")
    assert error.startswith("error: The request breaks the contract at #/json_prompt")
    assert not service.ledger


def test_all_problems_are_told_at_once(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", *SEVERAL)
    assert (run.code, run.out) == (2, "")
    first, *problems = run.err.splitlines()
    assert first == (
        f"error: The request breaks the contract: 3 problems. --no-check sends it all the same. {NOTHING_SENT}"
    )
    assert [line.split()[:2] for line in problems] == [
        ["#/resolution", "resolution:"],
        ["#/rendering_speed", "rendering_speed:"],
        [f"#/{UNKNOWN}", f'"{UNKNOWN}"'],
    ]
    assert not service.ledger


def test_a_structured_prompt_is_checked_in_its_depth(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "poster.json").write_text(
        """{"high_level_description": "a\\u001b[2J", "compositional_deconstruction": {"background": 5, "elements": [
            {"type": "obj", "desc": "a cat", "bbox": [1, 2, 3]}]}}"""
    )
    run = ideogram("generate", "--json-prompt", "poster.json")
    assert run.code == 2
    assert [line.split()[0] for line in run.err.splitlines()[1:]] == [
        "#/json_prompt/compositional_deconstruction/background",
        "#/json_prompt/compositional_deconstruction/elements/0/bbox",
    ]
    assert not service.ledger


def test_machines_get_the_problems_one_by_one(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "--json", *SEVERAL)
    assert (run.code, run.err) == (2, "")
    assert [(problem["pointer"], problem["severity"]) for problem in run.json["error"]["problems"]] == [
        ("#/resolution", "breaks the contract"),
        ("#/rendering_speed", "breaks the contract"),
        (f"#/{UNKNOWN}", "not in the contract"),
    ]
    assert all(problem["message"] for problem in run.json["error"]["problems"])
    assert not service.ledger


def test_what_the_client_refuses_hides_no_other_problem(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "a", "-F", "prompt=b", "--resolution", "1x1")
    assert run.code == 2
    first, *problems = run.err.splitlines()
    assert first == f"error: 'prompt' is no request field. Did you mean text_prompt? {NOTHING_SENT}"
    assert [line.split()[0] for line in problems] == ["#/resolution", "#/prompt"]
    assert not service.ledger


def test_it_is_said_before_a_key_is_asked_for(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")
    assert "breaks the contract at #/resolution" in ideogram("generate", "a", "--resolution", "1x1").err


@pytest.mark.parametrize(
    ("options", "value"),
    [(["--resolution", "2048X2048"], "2048X2048"), (["-F", "rendering_speed=turbo"], "turbo")],
)
def test_no_check_leaves_the_judgement_to_the_service(ideogram: Command, options: list[str], value: str) -> None:
    with FaultServer() as server:  # it takes everything
        run = ideogram("generate", "a", "-o", "a.png", *options, "--no-check", "--base-url", server.url)
        (request,) = server.wait_idle().posts
    assert (run.code, run.err) == (0, "")
    assert f"\r\n\r\n{value}\r\n".encode() in request.body


def test_no_check_is_no_way_around_the_prompt_rule(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "a", "-F", 'json_prompt={"a": 1}', "--no-check")
    assert (run.code, run.err.count("\n")) == (2, 1)
    assert "text_prompt and json_prompt were both given" in run.err
    assert not service.ledger


def test_a_value_that_is_not_in_service_is_sent_with_a_warning(ideogram: Command) -> None:
    """It may be in service today: the contract knows when it was written."""
    with FaultServer() as server:
        run = ideogram("generate", "a", "-o", "a.png", "--rendering-speed", "FLASH", "--base-url", server.url)
        (request,) = server.wait_idle().posts
    assert run.code == 0
    assert run.err == (
        'warning: #/rendering_speed: rendering_speed: "FLASH" is refused today (announced by the provider, not in '
        "service yet). Use one of TURBO, DEFAULT, QUALITY. It is sent all the same; a refusal costs nothing.\n"
    )
    assert b"FLASH" in request.body


def test_the_check_loads_no_more_than_it_needs() -> None:
    program = (
        "import json, sys; from ideogram_ai.cli.main import main; "
        "code = main(['generate', 'a', '--resolution', '1x1']); "
        "print(json.dumps([code, sorted({name.partition('.')[0] for name in sys.modules})]))"
    )
    run = subprocess.run([sys.executable, "-c", program], env=environment(), text=True, capture_output=True, check=True)
    code, loaded = json.loads(run.stdout)
    assert code == 2
    assert "jsonschema_rs" in loaded
    assert not {"PIL", "hypothesis", "starlette", "uvicorn", "respx"} & set(loaded)
