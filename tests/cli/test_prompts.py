"""The prompt goes to the service as its author wrote it, from wherever it is read, and slips are told before a cent."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli_runs import POSTER, Run
from unknown_fields import UNKNOWN

from ideogram_ai.testing import MockServer

Command = Callable[..., Run]
SMALL = ("--resolution", "512x1536")


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put something on stdin."""
    return lambda data: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_text_is_sent_letter_by_letter(ideogram: Command, service: MockServer) -> None:
    text = 'Zwei "Füchse"\r\n--+++\r\n 🦊 \u202e%s $HOME'
    run = ideogram("generate", text, *SMALL)
    assert run.code == 0
    assert service.ledger[0].fields[0] == ("text_prompt", text)


def test_a_prompt_that_looks_like_an_option_stands_behind_two_dashes(ideogram: Command, service: MockServer) -> None:
    assert ideogram("generate", *SMALL, "--", "--json").code == 0
    assert service.ledger[0].fields[0] == ("text_prompt", "--json")


def test_a_dash_reads_the_text_from_stdin(
    ideogram: Command, service: MockServer, stdin: Callable[[bytes], None]
) -> None:
    stdin("Ein Füchschen \n\n".encode())
    assert ideogram("generate", "-", *SMALL).code == 0
    assert service.ledger[0].fields[0] == ("text_prompt", "Ein Füchschen \n")


@pytest.mark.parametrize("source", ["poster.json", "-"])
def test_a_structured_prompt_keeps_its_key_order(
    ideogram: Command, service: MockServer, folder: Path, stdin: Callable[[bytes], None], source: str
) -> None:
    prompt = {"tags": ["ü", "\u2028"], "extra": {"z": 1, "a": 1.50}, **POSTER}
    data = b"\xef\xbb\xbf" + json.dumps(prompt, ensure_ascii=False).encode()
    (folder / "poster.json").write_bytes(data)
    stdin(data)
    run = ideogram("generate", "--json-prompt", source, *SMALL)
    assert run.code == 0
    assert "prompt" not in run.out, "it was not rewritten"
    ((name, value), *_) = service.ledger[0].fields
    assert (name, json.dumps(value)) == ("json_prompt", json.dumps(prompt))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "line 1, column 1: Expecting value."),
        (b'{\n  "a": 1,\n  "b" 2\n}', "line 3, column 7: Expecting ':' delimiter."),
        (b'{"a": "\xff"}', "is not UTF-8 at byte 7."),
        (b"[]", "this is JSON of type array, and json_prompt is of type object."),
        (b"null", "this is JSON of type null, and json_prompt is of type object."),
        (b'{"a": NaN}', "it has no NaN"),
        (b'{"a": -Infinity}', "it has no -Infinity"),
        (b'{"a": 1, "a": 1}', 'has the key "a" twice at the top'),
        (b'{"x": [0, {"bbox": 1, "y~/z": {"k": 1, "l": 2, "k": 3}}]}', 'has the key "k" twice in /x/1/y~0~1z'),
        (b'{"a": {"b": 1, "b": 2}, "a": 1}', 'has the key "a" twice at the top'),
        (b"[" * 100_000, "nests too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "is no JSON"),
        (b'{"a": 1e999}', "JSON has no inf"),
        (b'{"a": "\\ud800"}', "surrogate"),
    ],
)
def test_a_file_that_is_no_prompt(ideogram: Command, service: MockServer, folder: Path, data: bytes, says: str) -> None:
    (folder / "bad.json").write_bytes(data)
    run = ideogram("generate", "--json-prompt", "bad.json")
    assert (run.code, run.out) == (2, "")
    assert says in run.err
    assert len(run.err.splitlines()) == 1
    assert not service.ledger


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("poster.json", "--json-prompt poster.json"),
        ("@poster.json", "--json-prompt poster.json"),
        ("no-such-file.json", "--json-prompt no-such-file.json"),
        ("./prompt.txt", "-F text_prompt=@./prompt.txt"),
        ("prompt", "-F text_prompt=@prompt"),
        ("a prompt of mine", "-F 'text_prompt=@a prompt of mine'"),
        ("@prompt", "-F text_prompt=@prompt"),
        ("~/x.json", "/x.json"),
        ("C:\\posters\\one.json", "--json-prompt"),
        ("cat.png", "-o cat.png"),
        ("https://example.com/poster", "No page or file is fetched"),
        ("https://example.com/poster.json", "No page or file is fetched"),
        ('{"high_level_description": "a"}', "-F json_prompt='{...}'"),
        ('{"high_level_description": ...}', "--json-prompt FILE"),
        ("{'high_level_description': 'a'}", "--json-prompt FILE"),
        ('\ufeff \n{"high_level_description": "a"}', "--json-prompt FILE"),
        ('```json\n{"a": 1}\n```', "--json-prompt FILE"),
        ("{}", "--json-prompt FILE"),
        ('["a", "b"]', "--json-prompt FILE"),
    ],
)
def test_a_file_or_json_is_no_prompt(
    ideogram: Command, service: MockServer, folder: Path, text: str, says: str
) -> None:
    for name in ("poster.json", "prompt.txt", "prompt", "a prompt of mine"):
        (folder / name).write_text("{}")
    run = ideogram("generate", "--", text)
    assert (run.code, run.out) == (2, "")
    assert run.err.startswith("error: TEXT is ")
    assert says in run.err
    assert run.err.endswith("--text-prompt sends it as it is. Nothing was sent, nothing billed.\n")
    assert not service.ledger


@pytest.mark.parametrize(
    "text",
    [
        "a poster.json on a desk",
        "A file {icon} in a folder",
        "[cat] on a mat",
        "{cat}",
        "cat",
        "Node.js",
        "a sign: https://example.com",
        '"BLUE HOUR"',
        "5",
        "poster.json, neon",
        "here",
        "a" * 9999,
    ],
)
def test_what_only_speaks_of_files_is_a_prompt(ideogram: Command, service: MockServer, folder: Path, text: str) -> None:
    (folder / "here").mkdir()
    assert ideogram("generate", text, *SMALL).code == 0
    assert service.ledger[0].fields[0] == ("text_prompt", text)


@pytest.mark.parametrize("text", ["poster.json", '{"a": 1}', "-", "@x"])
def test_whoever_insists_gets_the_text_sent(ideogram: Command, service: MockServer, text: str) -> None:
    assert ideogram("generate", "--text-prompt", text, *SMALL).code == 0
    assert service.ledger[0].fields[0] == ("text_prompt", text)


def test_json_on_stdin_is_no_text(ideogram: Command, service: MockServer, stdin: Callable[[bytes], None]) -> None:
    stdin(json.dumps(POSTER).encode())
    run = ideogram("generate", "-")
    assert run.code == 2
    assert "give --json-prompt -." in run.err
    assert not service.ledger


@pytest.mark.parametrize("others", [["cat"], ["--json-prompt", "poster.json"], ["-F", "text_prompt=b"]])
def test_a_prompt_is_given_once(ideogram: Command, service: MockServer, folder: Path, others: list[str]) -> None:
    (folder / "poster.json").write_text(json.dumps(POSTER))
    run = ideogram("generate", "--text-prompt", "a", *others)
    assert run.code == 2
    assert "given" in run.err
    assert not service.ledger


def test_the_file_of_a_structured_prompt_may_have_an_at_sign(
    ideogram: Command, service: MockServer, folder: Path
) -> None:
    (folder / "poster.json").write_text(json.dumps(POSTER))
    assert ideogram("generate", "--json-prompt", "@poster.json", *SMALL).code == 0
    assert service.ledger[0].fields[0] == ("json_prompt", POSTER)
    run = ideogram("generate", "--json-prompt", json.dumps(POSTER))
    assert run.code == 2
    assert "-F json_prompt='{...}' takes JSON itself" in run.err


def test_stdin_is_read_once(ideogram: Command, service: MockServer, stdin: Callable[[bytes], None]) -> None:
    stdin(b"a")
    run = ideogram("generate", "-", "-F", f"{UNKNOWN}=@-")
    assert run.code == 2
    assert f"TEXT and -F {UNKNOWN} both read stdin" in run.err
    assert not service.ledger


def test_stdin_that_is_closed(ideogram: Command, service: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    run = ideogram("generate", "-")
    assert (run.code, run.err) == (2, "error: TEXT: stdin is closed. Nothing was sent, nothing billed.\n")
    assert not service.ledger
