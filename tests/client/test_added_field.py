"""A field added to the contract: after regeneration alone, generate() accepts it, types it and sends it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from canned import Service
from driver import generate, raised
from regenerated import path_to, with_more

from ideogram_ai.client import UnknownFieldError

RUN = """
import json, sys
import ideogram_ai.generated
from canned import Service
from driver import generate
from ideogram_ai.client import IdeogramError
from ideogram_ai.generated import models
from multipart_reader import read_parts

def call(kind, fields):
    service = Service()
    if fields.pop("lens", None):
        fields["camera"] = models.V4Camera(lens="wide", focal_length=28)
    try:
        generate(kind, service, **fields)
    except IdeogramError as error:
        return [type(error).__name__, error.message, len(service.requests)]
    return [[part.name, part.content_type, part.data.decode()] for part in read_parts(service.requests[0])]

calls = json.load(sys.stdin)
found = [[call(kind, dict(fields)) for fields in calls] for kind in ("sync", "asyncio")]
json.dump([ideogram_ai.generated.__file__, *found], sys.stdout)
"""
PROJECT = ["project", None, "p"]
MISSING = "project is missing: the contract requires it."
SENT: list[tuple[dict[str, Any], list[list[str | None]]]] = [
    ({"guidance": 7.5}, [PROJECT, ["guidance", None, "7.5"]]),
    ({"resolution": "64x64"}, [["resolution", None, "64x64"], PROJECT]),
    (
        {"camera": {"lens": "wide", "focal-length": 28}},
        [["camera", "application/json", '{"lens":"wide","focal-length":28}'], PROJECT],
    ),
    ({"lens": "of a model"}, [["camera", "application/json", '{"focal-length":28,"lens":"wide"}'], PROJECT]),
    ({"moods": ["calm", "dark"]}, [PROJECT, ["moods", None, "calm"], ["moods", None, "dark"]]),
    ({"x_style": "s"}, [PROJECT, ["x-style", None, "s"]]),
    ({"guidance": None, "camera": None}, [PROJECT]),
]
REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({"guidence": 7.5}, "UnknownFieldError", "'guidence' is not a request field. Did you mean guidance?"),
    ({"x-style": "s"}, "UnknownFieldError", "'x-style' is not a request field. Did you mean x_style?"),
    (
        {"extra_fields": {"x-style": "s"}},
        "RequestError",
        "extra_fields: 'x-style' is a documented field. Give it as the keyword x_style.",
    ),
    ({"project": None}, "RequestError", MISSING),
    ({"text_prompt": None, "guidance": 1.0}, "PromptError", "Neither text_prompt nor json_prompt was given: give exac"),
]


@pytest.mark.slow
def test_it_is_sent_or_refused_with_its_name(tmp_path_factory: pytest.TempPathFactory) -> None:
    """By both clients, in a process in which the regenerated package comes first."""
    folder = with_more(tmp_path_factory)
    always = {"text_prompt": "a", "project": "p"}
    calls = [always | row[0] for row in SENT] + [always | row[0] for row in REFUSED]
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN],
        input=json.dumps([*calls, {"text_prompt": "a"}]),
        env={**os.environ, "PYTHONPATH": path_to(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    place, *found = json.loads(result.stdout)
    assert Path(place).is_relative_to(folder)
    for outcomes in found:
        sent, refused = outcomes[: len(SENT)], outcomes[len(SENT) :]
        assert sent == [[["text_prompt", None, "a"], *parts] for _, parts in SENT]
        expected = [
            *(error for _, *error in REFUSED),
            ["RequestError", "project is missing: the contract requires it."],
        ]
        for (name, message, requests), (error, start) in zip(refused, expected, strict=True):
            assert (name, requests) == (error, 0), message
            assert message.startswith(start), message


@pytest.mark.slow
def test_help_shows_every_field(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The docstring has the text of the contract, the signature the types."""
    show = (
        "from ideogram_ai.client import Ideogram, AsyncIdeogram; help(Ideogram.generate); help(AsyncIdeogram.generate)"
    )
    env = {**os.environ, "PYTHONPATH": path_to(with_more(tmp_path_factory))}
    shown = subprocess.run([sys.executable, "-c", show], env=env, capture_output=True, text=True, check=True).stdout
    for text in (
        "guidance: 'float | None' = None",
        "guidance: How closely to follow the prompt.",
        "One of MATT, GLOSS.",
    ):
        assert shown.count(text) == 2, text


def test_before_regeneration_it_is_an_unknown_field() -> None:
    raised(UnknownFieldError, generate, "sync", Service(), text_prompt="a", guidance=7.5)
