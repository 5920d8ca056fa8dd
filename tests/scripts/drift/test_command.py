"""The command: exit codes, text for people, JSON for programs."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import drift
import pytest
from drifting.check import read_known
from provider_history import KNOWN, OURS, PATH, fields, june, october, operation, ref
from regeneration.documents import CONTRACT, ROOT
from small_documents import sending, serving

Write = Callable[[Any], str]
Captured = pytest.CaptureFixture[str]
OCTOBER = ["--contract", str(OURS), "--known", str(KNOWN)]
"""Our side at the time of these documents."""
SCRIPT = str(ROOT / "scripts" / "drift.py")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a document into a file."""

    def write(document: Any) -> str:
        file = tmp_path / "openapi.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(file)

    return write


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    """The document of October with a change."""
    document = october()
    change(document)
    return document


def added(name: str = "new") -> dict[str, Any]:
    return changed(lambda it: fields(it).update({name: {"type": "string"}}))


def moved(operation_id: str) -> dict[str, Any]:
    document = changed(lambda it: operation(it).update(operationId=operation_id))
    document["paths"] = {"/v2/generate": document["paths"][PATH]}
    return document


CASES = [
    (october(), 0, "Nothing has changed that is not known. (0 breaking, 0 additive, 0 cosmetic, 20 known, 0 stale)"),
    (changed(lambda it: operation(it).update(operationId="other")), 0, "cosmetic  request: operationId is another"),
    (added(), 1, "additive  request: new: the property new is new"),
    (changed(lambda it: fields(it).pop("seed")), 1, "of the known differences, request: seed: property added: there"),
    (changed(lambda it: fields(it).pop("seed")), 1, "Nothing is new, but known differences are stale. (0 breaking, 0"),
    (june(), 2, "breaking  request: json_prompt.style_description.aesthetics: aesthetics is required now"),
    (changed(lambda it: fields(it).update(json_prompt=ref("None"))), 3, "the $ref #/components/schemas/None is broken"),
    (
        changed(lambda it: it["components"]["schemas"]["V4PromptElement"]["oneOf"].append(ref("V4JsonPrompt"))),
        3,
        "the references are cyclic",
    ),
    (moved("other"), 3, f"POST {PATH} has gone"),
    (moved("post_generate_image_v4"), 3, f"POST {PATH} has moved: POST /v2/generate has its operationId"),
    (added("\x1b[2J\u202e"), 1, "\\x1b[2J\\u202e"),  # not to the terminal as it is
]


def test_exit_codes_text_and_json(write: Write, capsys: Captured) -> None:
    for document, code, line in CASES:
        file = write(document)
        assert drift.main([file, *OCTOBER]) == code
        assert line in capsys.readouterr().out
        assert drift.main([file, "--format", "json", *OCTOBER]) == code
        assert json.loads(capsys.readouterr().out)["outcome"] == ["nothing", "additive", "breaking", "unknown"][code]
    for source in ("<html></html>", "{", "[]", '{"openapi": "3.1.0", "a": NaN}'):  # cannot be read
        file = write(source)
        assert drift.main([file, *OCTOBER]) == 3
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith(f"error: {file}")
        assert drift.main([file, "--format", "json", *OCTOBER]) == 3
        report = json.loads(capsys.readouterr().out)
        assert report["outcome"] == "unknown"
        assert report["problem"] == printed.err.removeprefix("error: ").rstrip("\n")


def test_the_json_has_the_documented_form(write: Write, capsys: Captured) -> None:
    drift.main([write(added()), "--format", "json", *OCTOBER])
    report = json.loads(capsys.readouterr().out)
    example = (ROOT / "docs" / "drift.md").read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    documented = json.loads(example)
    (news,) = [each for each in report["operations"][0]["differences"] if each["verdict"] != "known"]
    assert report.keys() == documented.keys()
    assert report["operations"][0].keys() == documented["operations"][0].keys()
    assert news == documented["operations"][0]["differences"][0]


def test_the_default_is_the_projects_own_contract_and_known_differences(capsys: Captured) -> None:
    assert drift.main([str(CONTRACT), "--format", "json"]) == 1  # nothing differs, so every entry is stale
    report = json.loads(capsys.readouterr().out)
    assert report["contract"]["source"] == "openapi/ideogram-v1.yaml"
    assert not any(compared["differences"] for compared in report["operations"])
    assert len(report["stale"]) == len(read_known(ROOT / "openapi" / "known-differences.yaml").entries)


def test_a_failure_never_looks_like_a_verdict(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    for arguments in (["a", "b"], ["--format", "xml", "a"], ["a", "--timeout", "0"], ["a", "--timeout", "x"]):
        with pytest.raises(SystemExit) as ended:
            drift.main(arguments)
        assert ended.value.code == 3
        assert "usage:" in capsys.readouterr().err
    monkeypatch.setattr("drifting.check.check", lambda *_, **__: 1 // 0)
    assert drift.main([write(october()), *OCTOBER]) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err
    (tmp_path / "jsonschema_rs.py").touch()  # as a release without what is imported
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    for options, lacking in ((["-E", "-S"], "No module named 'attrs'"), ([], "cannot import name")):
        command = [sys.executable, *options, SCRIPT]
        bare = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
        assert (bare.returncode, bare.stdout) == (3, "")
        assert bare.stderr.startswith(f"error: {lacking}")
        assert "; pip install -r requirements.lock" in bare.stderr


def test_without_an_argument_the_url_of_the_known_differences_is_read(tmp_path: Path, capsys: Captured) -> None:
    with serving(sending(json.dumps(june()).encode())) as url:
        known = tmp_path / "known.yaml"
        known.write_text(f"document: {url}\ndifferences: []\n")
        assert drift.main(["--contract", str(OURS), "--known", str(known)]) == 2
    assert f"theirs: {url} (OpenAPI 3.0.2)" in capsys.readouterr().out


def test_the_program_from_another_folder_into_a_pipe_that_takes_only_ascii(write: Write) -> None:
    command = [sys.executable, SCRIPT, write(added("größe")), *OCTOBER]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command, capture_output=True, text=True, env=env, cwd="/", check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert r"the property gr\xf6\xdfe is new" in ended.stdout
    assert "Something is new, and breaks no caller." in ended.stdout
