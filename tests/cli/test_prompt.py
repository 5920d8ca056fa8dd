"""`ideogram prompt` (a template, its check, its schema), and what else helps to type a command. Nothing is sent."""

import json
import os
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cli_runs import SMALL, Command, answering, entry, environment, forked_ideogram, refuse

from ideogram_ai.contract.check import check_request
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer


def changed(prompt: dict[str, Any], change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """A copy of a prompt with a change."""
    copy: dict[str, Any] = json.loads(json.dumps(prompt))
    change(copy)
    return copy


def element(prompt: dict[str, Any], number: int) -> dict[str, Any]:
    """An element of a prompt."""
    found: dict[str, Any] = prompt["compositional_deconstruction"]["elements"][number]
    return found


def test_the_schema_judges_as_the_contract_does(ideogram: Command, folder: Path) -> None:
    """A validator of somebody else, as in an editor."""
    assert ideogram("prompt", "schema", "-o", "schema.json").code == 0
    schema = json.loads((folder / "schema.json").read_text())
    assert schema == ideogram("prompt", "schema").json
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    text = json.dumps(schema)
    assert "x-advice" not in text
    assert "#/components" not in text
    assert schema["$defs"]["V4StyleDescription"]["properties"]["photo"]["description"], "what an editor shows"
    template = ideogram("prompt", "new").json
    prompts = [
        template,
        changed(template, lambda prompt: prompt.pop("high_level_description")),
        changed(template, lambda prompt: prompt.update(high_level_description=7)),
        changed(template, lambda prompt: prompt.update(more=7)),
        changed(template, lambda prompt: element(prompt, 0).pop("desc")),
        changed(template, lambda prompt: element(prompt, 0).update(bbox=[1, 2, 3])),
        changed(template, lambda prompt: element(prompt, 0).update(bbox=[1, 2, 3, 1001])),
        changed(template, lambda prompt: element(prompt, 1).update(type="image")),
        changed(template, lambda prompt: element(prompt, 1).update(color_palette=["red"])),
        changed(template, lambda prompt: element(prompt, 1).update(color_palette=["#ff0000"])),
    ]
    verdicts = [not check_request({"json_prompt": prompt}) for prompt in prompts]
    assert [validator.is_valid(prompt) for prompt in prompts] == verdicts
    assert verdicts.count(True) == 3


def test_a_template_is_a_prompt(ideogram: Command, folder: Path) -> None:
    assert ideogram("prompt", "new", "-o", "poster.json").out == "saved poster.json\n"
    run = ideogram("prompt", "check", "poster.json")
    assert (run.code, run.out, run.err) == (0, "poster.json: no problems found\n", "")
    assert ideogram("generate", "--json-prompt", "poster.json", *SMALL, "--mock").code == 0
    refuse(ideogram, [(["poster.json"], "exists"), (["none/poster.json"], "there is no folder")], "prompt", "new", "-o")
    assert ideogram("prompt", "schema", "-o", "poster.json", "--overwrite").code == 0


def test_the_check_has_errors_and_warnings(ideogram: Command, folder: Path) -> None:
    template = ideogram("prompt", "new").json
    odd = changed(template, lambda prompt: element(prompt, 0).update(bbox=[900, 0, 1, 1], colour_palette=["#FFFFFF"]))
    (folder / "odd.json").write_text(json.dumps(odd))
    (folder / "bad.json").write_text(json.dumps(changed(template, lambda prompt: element(prompt, 1).pop("text"))))
    (folder / "list.json").write_text("[]")
    (folder / "twice.json").write_text('{"a": 1, "a": 2}')
    run = ideogram("prompt", "check", "odd.json")
    assert run.code == 0
    warnings = run.err.splitlines()
    place = "/compositional_deconstruction/elements/0"
    assert [line.partition(": the")[0].partition(": [")[0] for line in warnings] == [
        f"warning: odd.json: {place}/colour_palette", f"warning: odd.json: {place}/bbox",
    ]  # fmt: skip
    assert "Did you mean" in warnings[0] or "Known are" in warnings[0]
    run = ideogram("prompt", "check", "list.json", "bad.json", "twice.json", "none.json", "odd.json")
    assert run.code == 2
    starts = (
        "error: FILE",
        "error: bad.json: json_prompt.comp",
        "error: FILE",
        "error: FILE: 'none.json' cannot be read",
        "warning: odd",
    )
    assert all(line.startswith(start) for line, start in zip(run.err.splitlines(), starts, strict=False))
    assert len(run.err.splitlines()) == 4 + 2


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        (["16:9"], "2560x1440"),
        (["9x16"], "1440x2560"),
        ([" 1 : 1 "], "2048x2048"),
        (["3/2"], "2496x1664"),
        (["16:9", "--transparent"], None),
    ],
)
def test_an_aspect_ratio_selects_a_resolution(ideogram: Command, arguments: list[str], size: str | None) -> None:
    (ratio, *more) = arguments
    fields = ideogram("generate", "a", "--dry-run", "--json", "--aspect-ratio", ratio, *more).json["would_send"][
        "fields"
    ]
    assert fields.get("resolution") == size
    assert fields.get("aspect_ratio") == (None if size else "16x9")


def test_a_ratio_that_no_size_has_is_refused(ideogram: Command) -> None:
    cases = (
        (["16:10.5"], "No size has the aspect ratio 16:10.5; the nearest are"),
        (["wide"], "--aspect-ratio 'wide': write width:height, for example 16:9."),
        (["16:9", "--resolution", "2048x2048"], "--aspect-ratio and --resolution cannot be used together."),
    )
    refuse(ideogram, cases, "generate", "a", "--dry-run", "--aspect-ratio")


def test_each_image_is_opened_when_it_is_saved(folder: Path) -> None:
    tools = folder / "tools"
    tools.mkdir()
    viewer = tools / "xdg-open"
    viewer.write_text(f'#!/bin/sh\necho "$1" >> {folder}/opened\n')
    viewer.chmod(0o755)
    with FaultServer(answering(entry())) as server:
        command = [*forked_ideogram(), "generate", "a -b", "--open", "--variants", "2", "--base-url", server.url]
        for path, warned in ((f"{tools}:{os.environ['PATH']}", False), (str(folder), True)):
            variables = environment(PATH=path)
            run = subprocess.run(
                ["/bin/sh", "-c", '"$@" 2>&1', "sh", *command],
                cwd=folder, env=variables, text=True, capture_output=True, check=False,
            )  # fmt: skip
            words = re.findall("^saved|cannot be shown", run.stdout, flags=re.MULTILINE)
            assert (run.returncode, words) == (0, ["saved", "cannot be shown"] * 2 if warned else ["saved"] * 2)
    deadline = time.monotonic() + 20
    while sorted((folder / "opened").read_text().splitlines()) != ["a-b-2.png", "a-b.png"]:
        assert time.monotonic() < deadline


def test_progress_without_a_terminal(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ideogram_ai.cli.terminal.LINE_SECONDS", 0.05)
    with MockServer(latency=0.4) as server:
        for options, lines in (([], True), (["--quiet"], False), (["--json"], False)):
            run = ideogram("generate", "a", "--base-url", server.url, *SMALL, *options)
            assert (run.code, "Making the image, 1 s\n" in run.err) == (0, lines)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell(ideogram: Command, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    run = ideogram("completion", shell)
    assert (run.code, "_IDEOGRAM_COMPLETE" in run.out, f"{shell}_complete" in run.out) == (0, True, True)
    monkeypatch.setenv("SHELL", f"/usr/bin/{shell}")
    assert ideogram("completion").out == run.out
    if shell == "bash":
        loaded = subprocess.run(
            ["bash", "-c", f"{run.out}\ncomplete -p ideogram"], text=True, capture_output=True, check=True
        )
        assert "-F _ideogram_completion ideogram" in loaded.stdout


def test_what_is_misspelt_is_answered_with_what_was_meant(ideogram: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = (
        (["genrate", "a"], "'generate'"), (["promt"], "'prompt'"), (["prompt", "chek"], "'check'"),
        (["generate", "--varients", "2"], "'--variants'"),
        (["remove-background", "cat.png"], "Use: ideogram call remove_background\n"),
    )  # fmt: skip
    refuse(ideogram, cases)
    monkeypatch.setenv("SHELL", "/bin/tcsh")
    refuse(ideogram, [([], "Give bash, zsh or fish."), (["csh"], "Give bash, zsh or fish.")], "completion")
    assert ideogram("-V").out == ideogram("--version").out
