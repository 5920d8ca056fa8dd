"""The request that `ideogram generate` sends: the prompt as it was written, fields with the contract's types.

Mistakes are reported before anything is sent, each with its cure.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runs import IDEOGRAM, POSTER, SMALL, Command, environment, files, refuse
from contract_document import UNKNOWN
from regenerated import path_to, with_more

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FaultServer

Stdin = Callable[[bytes], None]
NOTHING_SENT = "Nothing was sent, nothing billed."
HINTS = read_contract()["components"]["schemas"][POST_GENERATE_IMAGE_V4.request_model]["x-field-hints"]
WITH_HINT = next(name for name, hint in HINTS.items() if "use" in hint)
WITHOUT_HINT = next(name for name, hint in HINTS.items() if "use" not in hint)


def sent(service: MockServer) -> list[tuple[str, Any]]:
    """The fields of the last request."""
    return list(service.ledger[-1].fields)


def test_text_is_sent_letter_by_letter(ideogram: Command, service: MockServer, stdin: Stdin) -> None:
    text = 'Zwei "Füchse"\r\n--+++\r\n 🦊 \u202e%s $HOME'
    assert ideogram("generate", text, *SMALL).code == 0
    assert sent(service)[0] == ("text_prompt", text)
    assert ideogram("generate", *SMALL, "--", "--json").code == 0
    assert sent(service)[0] == ("text_prompt", "--json")
    stdin("Ein Füchschen \n\n".encode())
    assert ideogram("generate", "-", *SMALL).code == 0
    assert sent(service)[0] == ("text_prompt", "Ein Füchschen \n")


def test_a_structured_prompt_keeps_its_key_order(
    ideogram: Command, service: MockServer, folder: Path, stdin: Stdin
) -> None:
    prompt = {"tags": ["ü", "\u2028"], "extra": {"z": 1, "a": 1.50}, **POSTER}
    data = b"\xef\xbb\xbf" + json.dumps(prompt, ensure_ascii=False).encode()
    (folder / "poster.json").write_bytes(data)
    stdin(data)
    for source in ("poster.json", "-", "@poster.json"):
        run = ideogram("generate", "--json-prompt", source, *SMALL)
        assert run.code == 0
        assert "prompt" not in run.out, "it was not rewritten"
        name, value = sent(service)[0]
        assert (name, json.dumps(value)) == ("json_prompt", json.dumps(prompt))


def test_json_that_cannot_be_a_prompt(ideogram: Command, service: MockServer, folder: Path) -> None:
    for data, says in (
        (b"", "cannot be used as JSON: expecting value, at character 1."),
        (b'{\n  "a": 1,\n  "b" 2\n}', "expecting ':' delimiter, at line 3, column 7."),
        (b'{"a": "\xff"}', "is not UTF-8 text (at byte 7)."),
        (b"[]", "this is JSON of type array, but json_prompt must be of type object."),
        (b"null", "this is JSON of type null, but json_prompt must be of type object."),
        (b'{"a": NaN}', "NaN is not a JSON value"),
        (b'{"a": -Infinity}', "-Infinity is not a JSON value"),
        (b'{"a": 1, "a": 1}', 'the key "a" is there twice at the top'),
        (b'{"x": [0, {"bbox": 1, "y~/z": {"k": 1, "l": 2, "k": 3}}]}', 'the key "k" is there twice in /x/1/y~0~1z'),
        (b'{"a": {"b": 1, "b": 2}, "a": 1}', 'the key "a" is there twice at the top'),
        (b"[" * 100_000, "it nests too deep"),
        (b'{"a": ' + b"9" * 5000 + b"}", "integer string conversion"),
        (b'{"a": 1e999}', "JSON has no inf"),
        (b'{"a": "\\ud800"}', "surrogate"),
    ):
        (folder / "bad.json").write_bytes(data)
        refuse(ideogram, [(["bad.json"], says)], "generate", "--json-prompt")
    refuse(ideogram, [([json.dumps(POSTER)], "use -F json_prompt='{...}'")], "generate", "--json-prompt")
    assert not service.ledger


def test_a_text_that_was_meant_as_something_else(
    ideogram: Command, service: MockServer, folder: Path, stdin: Stdin
) -> None:
    for name in ("prompt", "a prompt of mine"):
        (folder / name).write_text("A cat")
    for text, says in (
        ("poster.json", "--json-prompt poster.json"),
        ("@poster.json", "--json-prompt poster.json"),
        ("./prompt.txt", "-F text_prompt=@./prompt.txt"),
        ("prompt", "-F text_prompt=@prompt"),
        ("a prompt of mine", "-F 'text_prompt=@a prompt of mine'"),
        ("@prompt", "-F text_prompt=@prompt"),
        ("~/x.json", "/x.json"),
        ("C:\\posters\\one.json", "--json-prompt"),
        ("cat.png", "-o cat.png"),
        ("https://example.com/poster.json", "Nothing is fetched"),
        ('{"high_level_description": "a"}', "-F json_prompt='{...}'"),
        ('{"high_level_description": ...}', "--json-prompt FILE"),
        ("{'high_level_description': 'a'}", "--json-prompt FILE"),
        ('\ufeff \n{"high_level_description": "a"}', "--json-prompt FILE"),
        ('```json\n{"a": 1}\n```', "--json-prompt FILE"),
        ('["a", "b"]', "--json-prompt FILE"),
    ):
        refuse(ideogram, [([text], says)], "generate", always="To send it as it is, use --text-prompt.")
    stdin(json.dumps(POSTER).encode())
    refuse(ideogram, [(["-"], "use --json-prompt -.")], "generate")
    assert not service.ledger
    for text in ("poster.json", '{"a": 1}', "-", "@x"):
        assert ideogram("generate", "--text-prompt", text, *SMALL).code == 0
        assert sent(service)[0] == ("text_prompt", text)


def test_a_text_that_only_speaks_of_files_is_a_prompt(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "here").mkdir()
    for text in (
        "a cat reading poster.json", "{curly} braces", "[a sketch]", "@ work", "a sign: https://example.com",
        '"BLUE HOUR"', "5", "poster.json, neon", "here", "a" * 9999,
    ):  # fmt: skip
        assert ideogram("generate", text, *SMALL).code == 0, text
        assert sent(service)[0] == ("text_prompt", text)


def test_a_prompt_and_stdin_are_given_once(
    ideogram: Command, service: MockServer, folder: Path, stdin: Stdin, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "poster.json").write_text(json.dumps(POSTER))
    for others in (["cat"], ["--json-prompt", "poster.json"], ["-F", "text_prompt=b"]):
        run = ideogram("generate", "--text-prompt", "a", *others)
        assert (run.code, "given" in run.err) == (2, True)
    stdin(b"a")
    run = ideogram("generate", "-", "-F", f"{UNKNOWN}=@-")
    assert (run.code, f"TEXT and -F {UNKNOWN} both read stdin" in run.err) == (2, True)
    monkeypatch.setattr(sys, "stdin", None)
    run = ideogram("generate", "-")
    assert (run.code, run.err) == (2, f"error: TEXT: stdin is closed. {NOTHING_SENT}\n")
    assert not service.ledger


def test_fields_have_options_and_names(ideogram: Command, service: MockServer, folder: Path) -> None:
    run = ideogram("generate", "a", *SMALL, "--rendering-speed", "TURBO", "--no-copyright-detection")
    assert (run.code, run.err) == (0, "")
    rest = [("resolution", "512x1536"), ("rendering_speed", "TURBO")]
    assert sent(service) == [("text_prompt", "a"), *rest, ("enable_copyright_detection", False)]
    (folder / "poster.json").write_text(json.dumps(POSTER))
    run = ideogram(
        "generate", "-F", "json_prompt=@poster.json", "-F", "resolution=512x1536",
        "-F", "rendering_speed=TURBO", "-F", "enable_copyright_detection=true",
    )  # fmt: skip
    assert (run.code, run.err) == (0, "")
    assert sent(service) == [("json_prompt", POSTER), *rest, ("enable_copyright_detection", True)]
    (folder / "prompt.txt").write_bytes(b"\xef\xbb\xbfline one\nline two\r\n")
    for value, text in (
        ("a=b", "a=b"), ("@prompt.txt", "line one\nline two"), ("@@home", "@home"), ("@@@", "@@"), ("true", "true"),
        ("5", "5"), (" spaced ", " spaced "),
    ):  # fmt: skip
        assert ideogram("generate", *SMALL, "-F", f"text_prompt={value}").code == 0
        assert sent(service)[0] == ("text_prompt", text)


def test_fields_that_are_refused(ideogram: Command, service: MockServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")  # it is said before a key is asked for
    cases = (
        ("resolution", "write NAME=VALUE"),
        ("=1024x1024", "write NAME=VALUE"),
        ("enable_copyright_detection=True", "'True' is neither true nor false"),
        ("enable_copyright_detection=1", "'1' is neither true nor false"),
        ("text_prompt=b", "text_prompt was given twice, by TEXT and by -F text_prompt"),
        ("json_prompt=[1]", "JSON of type array, but json_prompt must be of type object"),
        ("json_prompt={", "-F json_prompt cannot be used as JSON: expecting property name"),
        ("json_prompt=@nowhere", "'nowhere' cannot be read: No such file"),
        ("json_prompt=@.", "'.' cannot be read: Is a directory"),
        (f"{WITH_HINT}=b", f"Did you mean {HINTS[WITH_HINT]['use']}?"),
        (f"{WITHOUT_HINT}=2", HINTS[WITHOUT_HINT]["because"]),
        (f"{WITHOUT_HINT}=5", "--extra-field"),
        ("rendering_sped=TURBO", "Did you mean rendering_speed?"),
        ('a"b=c', "cannot be the name of a field"),
    )
    refuse(ideogram, [([assignment], says) for assignment, says in cases], "generate", "a", "-F")
    for one, other in (
        (["--resolution", "512x1536"], ["-F", "resolution=512x1536"]),
        (["-F", "resolution=512x1536"], ["-F", "resolution=1024x1024"]),
        (["--extra-field", "x=1"], ["-F", "x=2"]),
    ):
        assert "was given twice" in ideogram("generate", "a", *one, *other).err
    run = ideogram("generate", "a", "--extra-field", "resolution=1x1")
    assert "Use -F resolution=VALUE" in run.err, "it is no way around the contract"
    assert not service.ledger


def test_undocumented_fields_are_sent_as_text(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "a", *SMALL, "-F", f"{UNKNOWN}=model/x", "--extra-field", f"{WITHOUT_HINT}=5")
    assert run.code == 0
    unknown, documented = run.err.splitlines()
    assert unknown.startswith(f'warning: #/{UNKNOWN}: "{UNKNOWN}"')
    assert '"model/x"' in unknown
    assert HINTS[WITHOUT_HINT]["because"] in documented
    assert documented.endswith("It is sent unchanged.")
    assert sent(service)[-2:] == [(UNKNOWN, "model/x"), (WITHOUT_HINT, "5")]


@pytest.mark.slow
def test_a_field_that_regeneration_brings_is_typed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing but the contract changes: the same command takes the new fields, and refuses what they are not."""
    path = path_to(with_more(tmp_path_factory))

    def generate(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*IDEOGRAM, "generate", "a", "-F", "project=p", *arguments, "--mock", *SMALL, "-o", "a.png", "--sidecar"],
            cwd=folder, env=environment(PYTHONPATH=path), text=True, capture_output=True, check=False,
        )  # fmt: skip

    done = generate("-F", "strength=5", "-F", "guidance=1", "-F", "hd=true", "-F", "finish=MATT")
    assert (done.returncode, done.stderr) == (0, "")
    request = json.loads((folder / "a.png.json").read_text())["request"]
    new = {"strength": 5, "guidance": 1, "hd": True, "finish": "MATT"}
    assert {name: request[name] for name in new} == new
    refused = generate("-F", "strength=0.5", "--overwrite")
    assert "JSON of type number, but strength must be of type integer" in refused.stderr
    done = generate("-F", "moods=a", "-F", "moods=b", "--overwrite")
    assert json.loads((folder / "a.png.json").read_text())["request"]["moods"] == ["a", "b"]
    refused = generate("-F", "moods=[a", "--overwrite")
    assert (refused.returncode, "-F moods cannot be used as JSON" in refused.stderr) == (2, True)


def test_all_problems_are_reported_at_once(
    ideogram: Command, service: MockServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")  # it is said before a key is asked for
    run = ideogram("generate", "a", "--resolution", "16:9")
    assert (run.code, run.out, run.err.count("\n")) == (2, "", 1)
    assert run.err.startswith('error: The request breaks the contract: resolution: "16:9" is not one of the 38')
    assert "2560x1440" in run.err
    assert run.err.endswith(f"To send it anyway, use --no-check. {NOTHING_SENT}\n")
    several = ("a", "--resolution", "1x1", "--rendering-speed", "fast", "-F", f"{UNKNOWN}=model/x")
    run = ideogram("generate", *several)
    first, *problems = run.err.splitlines()
    assert first.startswith("error: The request breaks the contract in 3 places. To send it anyway")
    assert [line.split()[0] for line in problems] == ["#/resolution", "#/rendering_speed", f"#/{UNKNOWN}"]
    run = ideogram("generate", "--json", *several)
    assert (run.code, run.err) == (2, "")
    assert [(problem["pointer"], problem["severity"]) for problem in run.json["error"]["problems"]] == [
        ("#/resolution", "breaks the contract"),
        ("#/rendering_speed", "breaks the contract"),
        (f"#/{UNKNOWN}", "not in the contract"),
    ]
    assert all(problem["message"] for problem in run.json["error"]["problems"])
    assert "Did you mean text_prompt?" in ideogram("generate", "-F", "prompt=b").err
    run = ideogram("generate", "a", "-F", "prompt=b", "--resolution", "1x1")
    first, *problems = run.err.splitlines()
    assert "Did you mean text_prompt?" in first, "what the client refuses hides no other problem"
    assert [line.split()[0] for line in problems] == ["#/resolution", "#/prompt"]
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
    (folder / "poster.json").write_text(
        """{"high_level_descripton": "a", "compositional_deconstruction": {"background": "b", "elements": []}}"""
    )
    run = ideogram("generate", "--json-prompt", "poster.json")
    assert run.code == 2
    warning, error = run.err.splitlines()
    assert warning.endswith("Did you mean high_level_description?"), "a misspelt key is named beside what it breaks"
    assert error.startswith("error: The request breaks the contract")
    assert not service.ledger


def test_what_is_odd_about_a_structured_prompt_is_a_warning(
    ideogram: Command, service: MockServer, folder: Path
) -> None:
    (folder / "poster.json").write_text(
        """{"high_level_description": "a", "style_descripton": {}, "compositional_deconstruction": {"background": "b",
        "elements": [{"type": "obj", "bbox": [9, 1, 2, 3], "desc": "a cat"}]}}"""
    )
    run = ideogram("generate", "--json-prompt", "poster.json", *SMALL)
    assert run.code == 0
    assert [line.split()[:2] for line in run.err.splitlines()] == [
        ["warning:", "#/json_prompt/style_descripton:"],
        ["warning:", "#/json_prompt/compositional_deconstruction/elements/0/bbox:"],
    ]
    assert "Did you mean style_description?" in run.err
    assert len(service.ledger) == 1
    quiet = ideogram("generate", "--json-prompt", "poster.json", *SMALL, "-q")
    assert (quiet.code, quiet.err) == (0, "")


def test_values_that_can_mean_one_thing_are_corrected(ideogram: Command, service: MockServer) -> None:
    for size in ("512X1536", "512\u00d71536", "512 x 1536", "512*1536"):
        run = ideogram("generate", "a", "--resolution", size, "--rendering-speed", "turbo")
        assert run.code == 0
        assert run.err == (
            f"note: resolution: sending 512x1536 for {size!r}.\nnote: rendering_speed: sending TURBO for 'turbo'.\n"
        )
        assert sent(service)[1:3] == [("resolution", "512x1536"), ("rendering_speed", "TURBO")]


def test_no_check_leaves_the_judgement_to_the_service(ideogram: Command, service: MockServer) -> None:
    for options, value in ((["--resolution", "2048X2048"], "2048X2048"), (["-F", "rendering_speed=turbo"], "turbo")):
        with FaultServer() as server:  # it takes everything
            run = ideogram("generate", "a", "-o", f"{value}.png", *options, "--no-check", "--base-url", server.url)
            (request,) = server.wait_idle().posts
        assert (run.code, run.err) == (0, "")
        assert f"\r\n\r\n{value}\r\n".encode() in request.body
    both = ("a", "-F", 'json_prompt={"a": 1}', "--no-check")
    refuse(ideogram, [(both, "text_prompt and json_prompt were both given")], "generate")
    assert not service.ledger


def test_a_value_that_is_not_in_service_is_sent_with_a_warning(ideogram: Command, folder: Path) -> None:
    """It may be in service today: the contract knows when it was written."""
    with FaultServer() as server:
        run = ideogram("generate", "a", "-o", "a.png", "--rendering-speed", "FLASH", "--base-url", server.url)
        (request,) = server.wait_idle().posts
    assert run.code == 0
    assert run.err.startswith('warning: #/rendering_speed: rendering_speed: "FLASH" is refused today')
    assert run.err.endswith("It is sent anyway; a refusal is free.\n")
    assert b"FLASH" in request.body
    assert files(folder, "a.png") in ([], ["a-2.png"])
