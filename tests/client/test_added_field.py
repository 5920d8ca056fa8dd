"""A field added to the contract: after regeneration alone, generate() accepts it, types it and sends it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from canned import Service
from driver import generate
from regenerated import path_to, with_more_fields

from ideogram_ai.client import UnknownFieldError

RUN = """
import json, sys
import ideogram_ai.generated
from canned import Service
from driver import generate
from ideogram_ai.client import IdeogramError
from ideogram_ai.generated import models
from multipart_reader import read_parts

def call(client_kind, fields):
    service = Service()
    try:
        generate(client_kind, service, **fields)
    except IdeogramError as error:
        return [type(error).__name__, error.message, len(service.requests)]
    return [[part.name, part.content_type, part.data.decode()] for part in read_parts(service.requests[0])]

calls = json.load(sys.stdin)
calls["camera model"] = {"text_prompt": "a", "project": "p", "camera": models.V4Camera(lens="wide", focal_length=28)}
said = {kind: {name: call(kind, fields) for name, fields in calls.items()} for kind in ("sync", "asyncio")}
json.dump([ideogram_ai.generated.__file__, said], sys.stdout)
"""
CALLS: dict[str, dict[str, Any]] = {
    "number": {"text_prompt": "a", "project": "p", "guidance": 7.5},
    "enum value": {"text_prompt": "a", "project": "p", "resolution": "64x64"},
    "camera": {"text_prompt": "a", "project": "p", "camera": {"lens": "wide", "focal-length": 28}},
    "list": {"text_prompt": "a", "project": "p", "moods": ["calm", "dark"]},
    "odd name": {"text_prompt": "a", "project": "p", "x_style": "s"},
    "none": {"text_prompt": "a", "project": "p", "guidance": None, "camera": None},
    "misspelt": {"text_prompt": "a", "project": "p", "guidence": 7.5},
    "wire name": {"text_prompt": "a", "project": "p", "x-style": "s"},
    "extra": {"text_prompt": "a", "project": "p", "extra_fields": {"x-style": "s"}},
    "required": {"text_prompt": "a"},
    "required and none": {"text_prompt": "a", "project": None},
    "neither": {"project": "p", "guidance": 1.0},
}
SENT: dict[str, list[list[str | None]]] = {
    "number": [["project", None, "p"], ["guidance", None, "7.5"]],
    "enum value": [["resolution", None, "64x64"], ["project", None, "p"]],
    "camera": [["camera", "application/json", '{"lens":"wide","focal-length":28}'], ["project", None, "p"]],
    "camera model": [["camera", "application/json", '{"focal-length":28,"lens":"wide"}'], ["project", None, "p"]],
    "list": [["project", None, "p"], ["moods", None, "calm"], ["moods", None, "dark"]],
    "odd name": [["project", None, "p"], ["x-style", None, "s"]],
    "none": [["project", None, "p"]],
}
REFUSED = {
    "misspelt": ("UnknownFieldError", "'guidence' is no request field. Did you mean guidance?"),
    "wire name": ("UnknownFieldError", "'x-style' is no request field. Did you mean x_style?"),
    "extra": ("RequestError", "extra_fields: 'x-style' is a documented field. Give it as the keyword x_style."),
    "required": ("RequestError", "project is missing: the contract requires it."),
    "required and none": ("RequestError", "project is missing: the contract requires it."),
    "neither": ("PromptError", "Neither text_prompt nor json_prompt was given: give exactly one."),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What both clients make of the calls, in a process in which the regenerated package comes first."""
    folder = with_more_fields(tmp_path_factory)
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN],
        input=json.dumps(CALLS),
        env={**os.environ, "PYTHONPATH": path_to(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    place, outcomes = json.loads(result.stdout)
    assert Path(place).is_relative_to(folder)
    found: dict[str, dict[str, Any]] = outcomes
    return found


def test_it_is_accepted_and_sent_or_refused_with_its_name(outcomes: dict[str, dict[str, Any]]) -> None:
    for kind, found in outcomes.items():
        assert found.keys() == {*SENT, *REFUSED}
        for name, sent in SENT.items():
            assert found[name] == [["text_prompt", None, "a"], *sent], (kind, name)
        for name, (error, message) in REFUSED.items():
            assert found[name][0] == error, (kind, name)
            assert found[name][1].startswith(message), (kind, name)
            assert found[name][2] == 0, (kind, name)


def test_help_shows_every_field(outcomes: dict[str, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> None:
    """The words of the contract are in the docstring, the types in the signature."""
    show = (
        "from ideogram_ai.client import Ideogram, AsyncIdeogram; help(Ideogram.generate); help(AsyncIdeogram.generate)"
    )
    env = {**os.environ, "PYTHONPATH": path_to(with_more_fields(tmp_path_factory))}
    shown = subprocess.run([sys.executable, "-c", show], env=env, capture_output=True, text=True, check=True).stdout
    for text in (
        "guidance: 'float | None' = None",
        "guidance: How closely to follow the prompt.",
        "One of MATT, GLOSS.",
    ):
        assert shown.count(text) == 2, text


def test_before_regeneration_it_is_an_unknown_field() -> None:
    with pytest.raises(UnknownFieldError):
        generate("sync", Service(), text_prompt="a", guidance=7.5)
