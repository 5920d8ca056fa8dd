"""What -F and --extra-field send: typed by the contract where it knows the field, and left alone where it does not."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runs import IDEOGRAM, POSTER, Run, environment
from regenerated import path_to, with_more_fields
from unknown_fields import UNKNOWN

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer

Command = Callable[..., Run]
SMALL = ("--resolution", "512x1536")
HINTS = read_contract()["components"]["schemas"][POST_GENERATE_IMAGE_V4.request_model]["x-field-hints"]
WITH_ONE = next(name for name, hint in HINTS.items() if "use" in hint)
WITHOUT_ONE = next(name for name, hint in HINTS.items() if "use" not in hint)


def sent(service: MockServer) -> list[tuple[str, Any]]:
    """The fields of the last request."""
    return list(service.ledger[-1].fields)


def test_the_options_are_the_fields_of_their_names(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "a", *SMALL, "--rendering-speed", "TURBO", "--no-copyright-detection")
    assert (run.code, run.err) == (0, "")
    assert sent(service) == [
        ("text_prompt", "a"),
        ("resolution", "512x1536"),
        ("rendering_speed", "TURBO"),
        ("enable_copyright_detection", False),
    ]
    ideogram("generate", "a", *SMALL, "--copyright-detection")
    assert ("enable_copyright_detection", True) in sent(service)


def test_every_field_can_be_given_by_its_name(ideogram: Command, service: MockServer, folder: Path) -> None:
    (folder / "poster.json").write_text(json.dumps(POSTER))
    run = ideogram(
        "generate", "-F", "json_prompt=@poster.json", "-F", "resolution=512x1536",
        "-F", "rendering_speed=QUALITY", "-F", "enable_copyright_detection=true",
    )  # fmt: skip
    assert (run.code, run.err) == (0, "")
    assert sent(service) == [
        ("json_prompt", POSTER),
        ("resolution", "512x1536"),
        ("rendering_speed", "QUALITY"),
        ("enable_copyright_detection", True),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a=b", "a=b"),
        ("@prompt.txt", "line one\nline two"),
        ("@@home", "@home"),
        ("@@@", "@@"),
        ("true", "true"),
        ("5", "5"),
        (" spaced ", " spaced "),
    ],
)
def test_text_is_sent_as_it_is(ideogram: Command, service: MockServer, folder: Path, value: str, text: str) -> None:
    (folder / "prompt.txt").write_bytes(b"\xef\xbb\xbfline one\nline two\r\n")
    assert ideogram("generate", *SMALL, "-F", f"text_prompt={value}").code == 0
    assert sent(service)[0] == ("text_prompt", text)


@pytest.mark.parametrize(
    ("assignment", "says"),
    [
        ("resolution", "write NAME=VALUE"),
        ("=1024x1024", "write NAME=VALUE"),
        ("enable_copyright_detection=True", "'True' is neither true nor false"),
        ("enable_copyright_detection=", "'' is neither true nor false"),
        ("enable_copyright_detection=1", "'1' is neither true nor false"),
        ("text_prompt=b", "text_prompt was given twice, by TEXT and by -F text_prompt"),
        ("json_prompt=[1]", "JSON of type array, and json_prompt is of type object"),
        ("json_prompt={", "-F json_prompt, line 1, column 2"),
        ("json_prompt=@nowhere", "'nowhere' cannot be read: No such file"),
        ("json_prompt=@.", "'.' cannot be read: Is a directory"),
        (f"{WITH_ONE}=b", f"Did you mean {HINTS[WITH_ONE]['use']}?"),
        (f"{WITHOUT_ONE}=2", HINTS[WITHOUT_ONE]["because"]),
        (f"{WITHOUT_ONE}=5", "--extra-field sends an undocumented field all the same"),
        ("rendering_sped=TURBO", "Did you mean rendering_speed?"),
        ('a"b=c', "cannot be the name of a field"),
    ],
)
def test_what_is_refused_before_anything_is_sent(
    ideogram: Command, service: MockServer, monkeypatch: pytest.MonkeyPatch, assignment: str, says: str
) -> None:
    monkeypatch.delenv("IDEOGRAM_API_KEY")  # it is said before a key is asked for
    run = ideogram("generate", "a", "-F", assignment)
    assert (run.code, run.out) == (2, "")
    assert says in run.err
    assert not service.ledger


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["--resolution", "512x1536"], ["-F", "resolution=512x1536"]),
        (["-F", "resolution=512x1536"], ["-F", "resolution=1024x1024"]),
        (["--extra-field", "x=1"], ["-F", "x=2"]),
    ],
)
def test_a_field_is_given_once(ideogram: Command, service: MockServer, first: list[str], second: list[str]) -> None:
    run = ideogram("generate", "a", *first, *second)
    assert run.code == 2
    assert "was given twice" in run.err
    assert not service.ledger


def test_undocumented_fields_are_sent_as_text(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "a", *SMALL, "-F", f"{UNKNOWN}=model/x", "--extra-field", f"{WITHOUT_ONE}=5")
    assert run.code == 0
    of_one, of_the_other = run.err.splitlines()
    assert of_one == (
        f'warning: #/{UNKNOWN}: "{UNKNOWN}" is no field of this operation. Its value is "model/x". It is sent as it is.'
    )
    because = HINTS[WITHOUT_ONE]["because"]
    assert of_the_other.startswith(
        f'warning: #/{WITHOUT_ONE}: "{WITHOUT_ONE}" is no field of this operation ({because}'
    )
    assert of_the_other.endswith('Its value is "5". It is sent as it is.')
    assert sent(service)[-2:] == [(UNKNOWN, "model/x"), (WITHOUT_ONE, "5")]


def test_an_extra_field_is_no_way_around_the_contract(ideogram: Command, service: MockServer) -> None:
    run = ideogram("generate", "a", "--extra-field", "resolution=1x1")
    assert run.code == 2
    assert "give it with -F" in run.err
    assert not service.ledger


def test_a_field_that_regeneration_brings_is_typed(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing but the contract changes: the same command takes the new fields, and refuses what they are not."""
    path = path_to(with_more_fields(tmp_path_factory))

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
    assert "JSON of type number, and strength is of type integer" in refused.stderr
    refused = generate("-F", "moods=a", "-F", "finish=SATIN", "--overwrite")
    assert "-F moods, line 1, column 1" in refused.stderr
    assert refused.returncode == 2
