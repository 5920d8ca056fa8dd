"""A field added to the contract: after regeneration alone, generate() accepts it, types it and sends it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from altered_contract import fields, put, schemas, write_altered
from canned import Service, generate
from type_checkers import check_marked, mypy

import ideogram_ai.client
from ideogram_ai.client import UnknownFieldError

ROOT = Path(__file__).parents[2]
CAMERA = {
    "type": "object",
    "required": ["lens"],
    "properties": {"focal-length": {"type": "integer"}, "lens": {"type": "string"}},
}
RUN = """
import json, sys
import ideogram_ai.generated
from canned import Service, generate
from ideogram_ai.client import IdeogramError
from ideogram_ai.generated import models
from multipart_reader import read_parts

def call(shell, fields):
    service = Service()
    try:
        generate(shell, service, **fields)
    except IdeogramError as error:
        return [type(error).__name__, error.message, len(service.requests)]
    return [[part.name, part.content_type, part.data.decode()] for part in read_parts(service.requests[0])]

calls = json.load(sys.stdin)
calls["camera model"] = {"text_prompt": "a", "project": "p", "camera": models.V4Camera(lens="wide", focal_length=28)}
said = {shell: {name: call(shell, fields) for name, fields in calls.items()} for shell in ("sync", "asyncio")}
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
    "number": [["guidance", None, "7.5"], ["project", None, "p"]],
    "enum value": [["resolution", None, "64x64"], ["project", None, "p"]],
    "camera": [["project", None, "p"], ["camera", "application/json", '{"lens":"wide","focal-length":28}']],
    "camera model": [["project", None, "p"], ["camera", "application/json", '{"focal-length":28,"lens":"wide"}']],
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
PROGRAM = """
from ideogram_ai.client import AsyncIdeogram, Ideogram
from ideogram_ai.generated.models import V4Camera

client = Ideogram()
client.generate(text_prompt="a", project="p")
client.generate(json_prompt={}, project="p", guidance=7.5, resolution="64x64", x_style="s")
client.generate(text_prompt="a", project="p", guidance=None, camera=None, moods=None)
client.generate(text_prompt="a", project="p", camera=V4Camera(lens="wide"), moods=["calm"])
client.generate(text_prompt="a", project="p", camera={"lens": "wide"})
client.generate(text_prompt="a")  # error: project is required
client.generate(text_prompt="a", project=None)  # error: project is required
client.generate(text_prompt="a", project="p", guidance="strong")  # error: no number
client.generate(text_prompt="a", project="p", guidence=7.5)  # error: misspelt
client.generate(text_prompt="a", project="p", resolution="64x65")  # error: no such size
client.generate(text_prompt="a", project="p", camera="wide")  # error: no object
client.generate(text_prompt="a", project="p", moods=[7])  # error: no text
V4Camera(focal_length=28)  # error: lens is required
client.generate(project="p")  # error: neither


async def main() -> None:
    async with AsyncIdeogram() as also:
        await also.generate(text_prompt="a", project="p", guidance=7.5)
        await also.generate(text_prompt="a", project="p", guidance="strong")  # error: no number
"""


@pytest.fixture(scope="module")
def regenerated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the project's own command makes of a contract with more in it."""
    folder = tmp_path_factory.mktemp("regenerated")
    contract = write_altered(
        folder / "contract.yaml",
        put(
            fields,
            guidance={"type": "number"},
            project={"type": "string"},
            camera={"$ref": "#/components/schemas/V4Camera"},
            moods={"type": "array", "items": {"type": "string"}},
            **{"x-style": {"type": "string"}},
        ),
        put(schemas, V4Camera=CAMERA),
        lambda document: schemas(document)["ResolutionV4"]["enum"].append("64x64"),
        lambda document: schemas(document)["GenerateImageRequestV4"].update(required=["project"]),
    )
    script, out = str(ROOT / "scripts/regenerate.py"), str(folder / "generated")
    command = [sys.executable, script, "--contract", str(contract), "--out", out]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder / "generated"


@pytest.fixture(scope="module")
def said(regenerated: Path) -> dict[str, dict[str, Any]]:
    """What both clients make of the calls, in a process in which the regenerated floor comes first."""
    path = os.pathsep.join([str(regenerated), str(ROOT / "tests/support"), os.environ["PYTHONPATH"]])
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUN],
        input=json.dumps(CALLS),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    place, outcomes = json.loads(result.stdout)
    assert Path(place).is_relative_to(regenerated)
    answers: dict[str, dict[str, Any]] = outcomes
    return answers


@pytest.mark.parametrize("shell", ["sync", "asyncio"])
@pytest.mark.parametrize("name", SENT)
def test_it_is_accepted_and_sent(said: dict[str, dict[str, Any]], shell: str, name: str) -> None:
    assert said[shell][name] == [["text_prompt", None, "a"], *SENT[name]]


@pytest.mark.parametrize("shell", ["sync", "asyncio"])
@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_when_it_is_wrong(said: dict[str, dict[str, Any]], shell: str, name: str) -> None:
    kind, message, sent = said[shell][name]
    assert (kind, sent) == (REFUSED[name][0], 0)
    assert message.startswith(REFUSED[name][1])


def test_every_call_has_an_expectation(said: dict[str, dict[str, Any]]) -> None:
    assert said["sync"].keys() == {*SENT, *REFUSED}


def test_it_is_typed(regenerated: Path, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    merged = tmp_path / "merged"
    shutil.copytree(regenerated, merged)
    shutil.copytree(Path(ideogram_ai.client.__file__).parent, merged / "ideogram_ai/client")
    (merged / "ideogram_ai/__init__.py").touch()  # or mypy would take the installed portions
    check_marked([program], mypy([program], [merged], tmp_path))


def test_before_regeneration_it_is_an_unknown_field() -> None:
    with pytest.raises(UnknownFieldError):
        generate("sync", Service(), text_prompt="a", guidance=7.5)
