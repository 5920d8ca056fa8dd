"""The command as it is run: exit codes, the text for people, the JSON for programs."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import drift
import pytest
from drifting.check import read_known
from provider_history import KNOWN, OURS, PATH, fields, june, october, operation, ref
from regeneration.documents import CONTRACT, ROOT

Write = Callable[[Any], str]
OCTOBER = ["--contract", str(OURS), "--known", str(KNOWN)]
"""Our side as it was when the documents of these tests were."""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a document into a file."""

    def write(document: Any) -> str:
        file = tmp_path / "openapi.json"
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return str(file)

    return write


def additive() -> dict[str, Any]:
    document = october()
    fields(document)["new"] = {"type": "string"}
    return document


def broken() -> dict[str, Any]:
    document = october()
    fields(document)["json_prompt"] = ref("None")
    return document


def cyclic() -> dict[str, Any]:
    document = october()
    document["components"]["schemas"]["V4PromptElement"]["oneOf"].append(ref("V4JsonPrompt"))
    return document


def gone() -> dict[str, Any]:
    document = october()
    document["paths"]["/v2/generate"] = document["paths"].pop(PATH)
    document["paths"]["/v2/generate"]["post"]["operationId"] = "other"
    return document


def moved() -> dict[str, Any]:
    document = october()
    document["paths"] = {"/v2/generate": document["paths"][PATH]}
    return document


def cosmetic() -> dict[str, Any]:
    document = october()
    operation(document)["operationId"] = "other"
    return document


@pytest.mark.parametrize(
    ("make", "code", "words"),
    [
        (october, 0, "Nothing has changed that is not known. (0 breaking, 0 additive, 0 cosmetic, 20 known, 0 stale)"),
        (cosmetic, 0, "cosmetic  request: operationId is another"),
        (additive, 1, "additive  request: new: the property new is new"),
        (june, 2, "breaking  request: json_prompt.style_description.aesthetics: aesthetics is required now"),
        (broken, 3, "the $ref #/components/schemas/None is broken"),
        (cyclic, 3, "the references are cyclic"),
        (gone, 3, f"POST {PATH} has gone"),
        (moved, 3, f"POST {PATH} has moved: POST /v2/generate has its operationId"),
    ],
)
def test_exit_codes(
    make: Callable[[], Any], code: int, words: str, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(make())
    assert drift.main([file, *OCTOBER]) == code
    assert words in capsys.readouterr().out
    assert drift.main([file, "--format", "json", *OCTOBER]) == code
    assert json.loads(capsys.readouterr().out)["outcome"] == ["nothing", "additive", "breaking", "unknown"][code]


@pytest.mark.parametrize("source", ["<html></html>", "{", "[]", '{"openapi": "3.1.0", "a": NaN}'])
def test_what_cannot_be_read(source: str, write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(source)
    assert drift.main([file, *OCTOBER]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.startswith(f"error: {file}")
    assert drift.main([file, "--format", "json", *OCTOBER]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["outcome"] == "unknown"
    assert report["problem"] == told.err.removeprefix("error: ").rstrip("\n")


def test_the_json_has_the_form_that_is_documented(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    drift.main([write(additive()), "--format", "json", *OCTOBER])
    report = json.loads(capsys.readouterr().out)
    example = (ROOT / "docs" / "drift.md").read_text("utf-8").partition("```json\n")[2].partition("```")[0]
    documented = json.loads(example)
    (news,) = [each for each in report["operations"][0]["differences"] if each["verdict"] != "known"]
    assert report.keys() == documented.keys()
    assert report["operations"][0].keys() == documented["operations"][0].keys()
    assert news == documented["operations"][0]["differences"][0]


def test_by_default_it_reads_the_contract_and_the_known_differences_of_the_project(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert drift.main([str(CONTRACT), "--format", "json"]) == 1  # nothing differs, so that every entry is stale
    report = json.loads(capsys.readouterr().out)
    assert report["contract"]["source"] == "openapi/ideogram-v4.yaml"
    assert not any(compared["differences"] for compared in report["operations"])
    assert len(report["stale"]) == len(read_known(ROOT / "openapi" / "known-differences.yaml").entries)


def test_a_stale_entry_is_told(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    document = october()
    del fields(document)["seed"]
    assert drift.main([write(document), *OCTOBER]) == 1
    assert "of the known differences, request: seed: property added: there is no" in capsys.readouterr().out
    drift.main([write(document), "--format", "json", *OCTOBER])
    (stale,) = json.loads(capsys.readouterr().out)["stale"]
    assert (stale["where"], stale["change"]) == ("request: seed", "property added")


@pytest.mark.parametrize(
    "arguments", [["a", "b"], ["--format", "xml", "a"], ["a", "--timeout", "0"], ["a", "--timeout", "x"]]
)
def test_wrong_use_cannot_be_taken_for_a_verdict(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        drift.main(arguments)
    assert ended.value.code == 3
    assert "usage:" in capsys.readouterr().err


def test_an_error_of_our_own_cannot_be_taken_for_a_verdict(
    write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("drifting.check.check", fail)
    assert drift.main([write(october()), *OCTOBER]) == 3
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_without_an_argument_the_address_of_the_known_differences_is_read(
    tmp_path: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(june())

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any) -> None:
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        known = tmp_path / "known.yaml"
        known.write_text(f"document: http://127.0.0.1:{server.server_port}/openapi.json\ndifferences: []\n")
        assert drift.main(["--contract", str(OURS), "--known", str(known)]) == 2
        server.shutdown()
        thread.join()
    assert f"theirs: http://127.0.0.1:{server.server_port}/openapi.json (OpenAPI 3.0.2)" in capsys.readouterr().out


def test_what_a_document_says_does_not_reach_the_terminal_as_it_is(
    write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    document = october()
    fields(document)["\x1b[2J\u202e"] = {"type": "string"}
    assert drift.main([write(document), *OCTOBER]) == 1
    assert "\\x1b[2J\\u202e" in capsys.readouterr().out


def test_the_program_itself(write: Write) -> None:
    """From another folder, in a process of its own, into a pipe."""
    command = [sys.executable, str(ROOT / "scripts" / "drift.py"), write(additive()), *OCTOBER]
    ended = subprocess.run(command, capture_output=True, text=True, cwd="/", check=False)
    assert ended.stderr == ""
    assert ended.returncode == 1
    assert "Something is new, and breaks no caller." in ended.stdout


def test_a_pipe_that_takes_only_ascii(write: Write) -> None:
    document = october()
    fields(document)["größe"] = {"type": "string"}
    command = [sys.executable, str(ROOT / "scripts" / "drift.py"), write(document), *OCTOBER]
    env = {**os.environ, "PYTHONIOENCODING": "ascii"}
    ended = subprocess.run(command, capture_output=True, text=True, env=env, check=False)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert r"the property gr\xf6\xdfe is new" in ended.stdout


def test_a_table_on_a_terminal(write: Write) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, str(ROOT / "scripts" / "drift.py"), write(additive()), *OCTOBER]
    env = {**os.environ, "COLUMNS": "160", "TERM": "xterm"}
    with subprocess.Popen(command, stdout=theirs, env=env) as process:
        os.close(theirs)
        shown = b""
        while chunk := _read(ours):
            shown += chunk
    os.close(ours)
    assert process.returncode == 1
    text = shown.decode()
    assert "┃" in text
    assert "the property new is new" in text
    assert "Something is new, and breaks no caller." in text


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end is closed
        return b""
