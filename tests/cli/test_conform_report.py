"""What a conformance run tells on the terminal: causes first, every failure counted, colours for people only."""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from altered_contract import schemas
from altered_server import Asked, Told, by_contract, refused, rewriting
from served_app import serve
from terminals import Terminal

from ideogram_ai.cli.main import main

COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9]")
STRUCTURED = "json_prompt"


@pytest.fixture(scope="module")
def blind_url() -> Iterator[str]:
    """A server that never looks into a JSON prompt."""

    def look_away(asked: Asked) -> Asked | Told:
        if not asked.has_part(STRUCTURED) or asked.has_part("text_prompt"):
            return asked
        head, _, _ = asked.body.partition(b"\r\n\r\n")
        end = b"\r\n--" + asked.boundary + b"--\r\n"
        whole = json.dumps({"high_level_description": "a", "compositional_deconstruction": VALID}).encode()
        return Asked(asked.headers, asked.query, head + b"\r\n\r\n" + whole + end)

    with serve(rewriting(ask=look_away)) as url:
        yield url


VALID = {"background": "b", "elements": []}


def failures(folder: Path) -> dict[str, str]:
    content = json.loads((folder / "report.json").read_text("utf-8"))
    return {each["requirement"]["id"]: each["cause"] for each in content["results"] if each["verdict"] == "failed"}


def test_failures_of_one_cause_are_one_entry_with_the_plainest_example(
    blind_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["conform", "server", blind_url, "--report", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    failed = failures(tmp_path)
    alike = [name for name, cause in failed.items() if cause == "Invalid values of json_prompt are accepted."]
    assert len(alike) > 25
    assert lines[0] == f"FAILED ({len(alike)} requirements): Invalid values of json_prompt are accepted."
    # No JSON at all is what tells most.
    assert lines[1].startswith("    for example request.json_prompt.malformed-refused: ")
    assert "json_prompt is b'{': it was accepted" in lines[1]
    assert f"and {len(alike) - 4} more" in lines[3]
    assert len(lines) < 25
    # The files have every one of them.
    page = (tmp_path / "report.html").read_text("utf-8")
    tests = (tmp_path / "report.xml").read_text("utf-8")
    assert all(f'id="{name}"' in page and f'name="{name}"' in tests for name in failed)
    assert page.count("Invalid values of json_prompt are accepted.") == len(alike)
    assert tests.count("Invalid values of json_prompt are accepted.") == len(alike)


def test_a_failure_of_another_cause_stands_apart(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def without_two_limits(document: dict[str, object]) -> None:
        del schemas(document)["V4PromptBbox"]["minItems"], schemas(document)["V4PromptBbox"]["maxItems"]

    with serve(by_contract(without_two_limits)) as url:
        assert main(["conform", "server", url, "--report", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    for name in ("request.refused.V4PromptBbox.minItems", "request.refused.V4PromptBbox.maxItems"):
        assert f"FAILED: {name}\n" in out
    assert "requirements): " not in out


def test_a_server_that_lets_nobody_in_is_told_in_a_few_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serve(rewriting(ask=lambda _: refused())) as url:
        assert main(["conform", "server", url, "--report", str(tmp_path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"FAILED \(\d+ requirements\): No valid request at all is accepted\.", lines[0])
    assert len(lines) < 40


@pytest.mark.parametrize(("variable", "colours"), [("LC_ALL", True), ("NO_COLOR", False)])
def test_colours_are_for_terminals_that_want_them(variable: str, colours: bool, tmp_path: Path) -> None:
    code = 'import json; print(json.dumps({"outcome": "unknown"}))'
    arguments = ["conform", "client", "--scenario", "answer.401", "--", sys.executable, "-S", "-c", code]
    variables = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR"}}
    terminal = Terminal(arguments, tmp_path, variables | {"TERM": "xterm-256color", variable: "C.UTF-8"})
    assert terminal.finish() == 1
    told = terminal.shown.partition("FAILED")
    assert bool(COLOUR.search(told[0][-12:])) is colours
    assert "FAILED: answer.401" in terminal.plain


def test_a_pipe_gets_no_colours(tmp_path: Path) -> None:
    read, write = os.pipe()
    code = 'import json; print(json.dumps({"outcome": "unknown"}))'
    arguments = ["conform", "client", "--scenario", "answer.401", "--", sys.executable, "-S", "-c", code]
    terminal = Terminal(arguments, tmp_path, dict(os.environ), stdout=write)
    os.close(write)
    assert terminal.finish() == 1
    with open(read, encoding="utf-8") as pipe:
        out = pipe.read()
    assert out.startswith("FAILED: answer.401\n")
    assert "\x1b" not in out


def test_a_run_that_tried_nothing_says_so_and_ends_in_3(capsys: pytest.CaptureFixture[str]) -> None:
    code = 'import json; print(json.dumps({"outcome": "unsupported"}))'
    arguments = ["conform", "client", "--scenario", "answer.401", "--", sys.executable, "-S", "-c", code]
    assert main(arguments) == 3
    out = capsys.readouterr().out
    assert "Nothing was tried, so nothing is known.\n" in out
    assert "not tried: answer.401\n    The program does not support it.\n" in out
