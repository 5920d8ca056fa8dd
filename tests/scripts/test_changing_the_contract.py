"""After an edit of the contract and a regeneration, every part of the project follows.

The client is used on real sockets against the mock server, both with the regenerated package first on their path.
"""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from contract_changes import ANSWERS, FIELDS, MAGIC, POSTER, FieldChange, field_of_the_page, page
from regenerated import made_once, merged, path_to, with_less, with_more
from regeneration import summary
from regeneration.documents import OUT, PACKAGE, ROOT
from regeneration.summary import read_package
from type_checkers import check_marked, mypy

from ideogram_ai.generated.contract import read_contract

LEAST = {"text_prompt": "a", "project": "p"}


class Changed:
    """A regenerated package, and all that follows from it by command."""

    def __init__(self, generated: Path, folder: Path) -> None:
        self.generated = generated
        self.printed = (generated / "printed.txt").read_text("utf-8")
        self.vectors = {
            path.name: json.loads(path.read_text("utf-8")) for path in sorted((folder / "vectors").iterdir())
        }
        self.used: dict[str, Any] = json.loads((folder / "used.json").read_text("utf-8"))


def _command(*arguments: object, path: str, asked: object = None) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        input=None if asked is None else json.dumps(asked),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _use(folder: Path, generated: Path, asked: dict[str, Any]) -> None:
    vectors, program = ROOT / "scripts/vectors.py", ROOT / "tests/support/on_changed_contract.py"
    _command(vectors, "--generated", generated, "--out", folder / "vectors", path=os.environ["PYTHONPATH"])
    used = _command(program, path=path_to(generated), asked={**asked, "folder": str(folder)})
    (folder / "used.json").write_text(used, "utf-8")


def _changed(factory: pytest.TempPathFactory, generated: Path, asked: dict[str, Any]) -> Changed:
    make = partial(_use, generated=generated, asked=asked)
    return Changed(generated, made_once(factory, f"{generated.name}-used", make))


def _prompted(arguments: dict[str, Any]) -> dict[str, Any]:
    prompt = {} if "json_prompt" in arguments else {"text_prompt": "a"}
    return {"project": "p", **prompt, **arguments}


@pytest.fixture(scope="session")
def more(tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """The contract with more in it."""
    magic = "post_magic_prompt_v4"
    asked = {
        "calls": {
            **{name: _prompted(case.sends) for name, case in FIELDS.items()},
            **{f"{name}, broken": _prompted(case.refused) for name, case in FIELDS.items()},
            "without the required field": {"text_prompt": "a"},
        },
        "least": LEAST,
        "program": "",
        "statuses": [int(status) for status in ANSWERS],
        "operations": {
            "sound": {"method": magic, "fields": {"text_prompt": "a cat", "variety": 2, "notes": ["x"]}},
            "unknown to the contract": {"method": magic, "fields": {"text_prompt": "a", "extra_fields": {"new": 1}}},
            "broken": {"method": magic, "fields": {"text_prompt": "a cat", "variety": 99}},
            "incomplete": {"method": magic, "fields": {"variety": 2}},
            "misspelt": {"method": magic, "fields": {"text_prompt": "a", "variaty": 2}},
        },
        "cli": {
            "all": [case.option for case in FIELDS.values() if case.option],
            "no number": ["project=p", "steps=many"],
            "no list": ["project=p", "sizes=3"],
        },
    }
    return _changed(tmp_path_factory, with_more(tmp_path_factory), asked)


@pytest.fixture(scope="session")
def less(tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """The contract with less in it, and other names."""
    asked = {
        "calls": {
            "plain": {"text_prompt": "a", "rendering_speed": "TURBO"},
            "structured": {"json_prompt": POSTER},
            "removed": {"text_prompt": "a", "enable_copyright_detection": True},
        },
        "least": {"text_prompt": "a"},
        "program": page("python"),
        "statuses": [],
        "operations": {},
        "cli": {
            "all": ["rendering_speed=TURBO"],
            "removed": ["enable_copyright_detection=true"],
            "of the page": ["style_strength=40"],
            "of the page, broken": ["style_strength=101"],
        },
    }
    return _changed(tmp_path_factory, with_less(tmp_path_factory), asked)


KINDS = ("sync", "async")


def test_the_regenerated_package_is_what_was_used(more: Changed, less: Changed) -> None:
    for changed in (more, less):
        assert Path(changed.used["package"]).is_relative_to(changed.generated)


@pytest.mark.parametrize("name", FIELDS)
def test_every_part_of_the_project_follows(more: Changed, name: str) -> None:
    case = FIELDS[name]
    for kind in KINDS:
        outcome = more.used["calls"][name][kind]
        assert outcome.get("type") == "Generation", outcome
        assert outcome["arrived"] == [["/v1/ideogram-v4/generate", _prompted(case.arrives), 200]]
        broken = more.used["calls"][f"{name}, broken"][kind]
        assert (broken.get("error"), broken["arrived"][0][2]) == ("BadRequestError", 400), broken
        assert case.complaint in broken["body"].replace('\\"', '"')
    drawn = more.used["strategies"]["post_generate_image_v4"]
    assert case.drawn in drawn["drawn"]
    assert f"#/components/schemas/{case.rule}" in drawn["rules"]
    vector, field = more.vectors[case.vector], next(iter(case.arrives))
    assert vector["expect"]["fields"][field] == vector["request"][field]


def test_the_client_asks_for_a_required_field_before_it_sends(more: Changed) -> None:
    for kind in KINDS:
        outcome = more.used["calls"]["without the required field"][kind]
        assert (outcome["error"], outcome["arrived"]) == ("RequestError", [])
        assert outcome["message"].startswith("project is missing: the contract requires it.")


def test_what_the_strategies_draw_is_judged_as_it_should_be(more: Changed, less: Changed) -> None:
    for changed in (more, less):
        for drawn in changed.used["strategies"].values():
            assert (drawn["refused"], drawn["passed"]) == ([], [])
            assert "BadRequestError" in drawn["kinds"]


def test_the_command_line_takes_it_typed_and_refuses_another_type(more: Changed) -> None:
    run = more.used["cli"]["all"]
    assert run["code"] == 0, run["said"]
    for case in FIELDS.values():
        field, _, text = case.option.partition("=")
        if field:
            value = run["arrived"][0][field]
            assert value == (text if isinstance(value, str) else json.loads(text)), field
    for label, field in (("no number", "steps"), ("no list", "sizes")):
        run = more.used["cli"][label]
        assert (run["code"], run["arrived"]) == (2, [])
        assert f"-F {field}" in run["said"]


def test_every_vector_that_has_to_arrive_has_what_is_required(more: Changed) -> None:
    sent = [vector for vector in more.vectors.values() if "request" in vector]
    assert len(sent) > 50
    assert all("project" in vector["request"] for vector in sent)


def test_new_error_codes(more: Changed) -> None:
    paused, gone = more.used["statuses"]["409"], more.used["statuses"]["410"]
    assert (paused["error"], paused["billed"], paused["drawn"]) == ("APIStatusError", False, True)
    assert json.loads(paused["body"]) == {"code": "paused", "tries": 2}
    assert more.vectors["answer.409.json"]["service"][0]["body"] == {"code": "paused", "tries": 2}
    assert more.vectors["answer.409.json"]["expect"]["endings"] == [{"outcome": "refused", "status": 409}]
    # Without a schema, and the contract does not say whether it is billed.
    assert (gone["error"], gone["billed"], gone["drawn"]) == ("APIStatusError", True, True)
    assert more.vectors["answer.410.json"]["expect"]["endings"] == [{"outcome": "unknown", "status": 410}]


def test_a_second_operation_is_a_method_that_answers_with_its_model(more: Changed) -> None:
    for kind in ("", ", async"):
        outcome = more.used["operations"][f"sound{kind}"]
        assert outcome["type"] == "MagicPromptResponse"
        assert outcome["gave"]["json_prompt"]["compositional_deconstruction"]["elements"]
        assert outcome["arrived"] == [[MAGIC, {"text_prompt": "a cat", "variety": 2, "notes": ["x"]}, 200]]
        unknown = more.used["operations"][f"unknown to the contract{kind}"]
        assert unknown["arrived"][0][1] == {"text_prompt": "a", "new": 1}
        broken = more.used["operations"][f"broken{kind}"]
        assert (broken["error"], broken["billed"], broken["arrived"][0][2]) == ("BadRequestError", True, 400)
        assert "variety: 99 is greater than the maximum of 9" in broken["message"]
        for label, error in (("incomplete", "RequestError"), ("misspelt", "UnknownFieldError")):
            outcome = more.used["operations"][f"{label}{kind}"]
            assert (outcome["error"], outcome["arrived"]) == (error, [])
    drawn = more.used["strategies"]["post_magic_prompt_v4"]
    assert set(drawn["drawn"]) == {"text_prompt", "variety", "notes"}
    assert "#/components/schemas/MagicPromptRequest/required" in drawn["rules"]


def test_a_removed_field_is_gone(less: Changed) -> None:
    for kind in KINDS:
        outcome = less.used["calls"]["removed"][kind]
        assert (outcome["error"], outcome["arrived"]) == ("UnknownFieldError", [])
    assert "enable_copyright_detection" not in less.used["strategies"]["post_generate_image_v4"]["drawn"]
    assert not [name for name in less.vectors if "enable_copyright_detection" in name]
    assert less.used["cli"]["removed"]["arrived"] in (
        [],
        [{"text_prompt": "A cat", "enable_copyright_detection": "true"}],
    )


def test_renamed_schemas_change_nothing_on_the_wire(less: Changed) -> None:
    for call, sent in (
        ("plain", {"text_prompt": "a", "rendering_speed": "TURBO"}),
        ("structured", {"json_prompt": POSTER}),
    ):
        for kind in KINDS:
            outcome = less.used["calls"][call][kind]
            assert (outcome["type"], outcome["arrived"][0][1:]) == ("Generation", [sent, 200])
    assert less.used["cli"]["all"]["code"] == 0


def test_the_page_for_maintainers_holds(less: Changed) -> None:
    assert less.used["program"] == [[{"text_prompt": "A photo of a cat", "style_strength": 40}, 200]]
    assert less.used["cli"]["of the page"]["arrived"] == [{"text_prompt": "A cat", "style_strength": 40}]
    assert less.used["cli"]["of the page, broken"]["arrived"] == []
    assert "request.style_strength.json" in less.vectors
    document = read_contract()
    field_of_the_page(document)
    now = read_package(OUT / PACKAGE)
    assert summary.summary(now, "0.1.0", attrs.evolve(now, document=document)).strip() == page("text").strip()


def test_the_command_prints_what_changes(more: Changed, less: Changed) -> None:
    assert "\n  breaks    added     generate() request: the field project is new (string, required)\n" in more.printed
    assert "\n  harmless  added     POST /v1/ideogram-v4/magic-prompt: the operation is new\n" in more.printed
    assert (
        "\n  harmless  added     Python: the method post_magic_prompt_v4 of Ideogram.operations is new\n"
        in more.printed
    )
    assert "\n- **Breaking:** request: there is no field `enable_copyright_detection` any more.\n" in less.printed


PROGRAM = """
from ideogram_ai.client import AsyncIdeogram, Ideogram
from ideogram_ai.generated.models import MagicPromptResponse, V4Camera, V4Framing

client = Ideogram()
client.generate(text_prompt="a", project="p")
client.generate(text_prompt="a")  # error: project is required
V4Framing(angle="lower")  # error: no such angle
{lines}
answer: MagicPromptResponse = client.operations.post_magic_prompt_v4(text_prompt="a", variety=2)
words: str = answer.json_prompt.high_level_description
client.post_magic_prompt_v4(text_prompt="a", variety=None)
client.post_magic_prompt_v4(variety=2)  # error: the prompt is required
client.operations.post_magic_prompt_v4(variety=2)  # error: the prompt is required
client.generate(text_prompt="a", project="p", stepps=7)  # error: misspelt
client.generate(project="p")  # error: neither
V4Camera(focal_length=28)  # error: lens is required
client.operations.post_magic_prompt_v4(text_prompt="a", variety="2")  # error: no number
client.operations.post_magic_prompt_v4(text_prompt="a", variaty=2)  # error: misspelt
client.operations.post_generate_image_v4(text_prompt="a")  # error: generate() is the method


async def main() -> None:
    async with AsyncIdeogram() as also:
        await also.generate(text_prompt="a", project="p", steps="7")  # error: no number
        more: MagicPromptResponse = await also.operations.post_magic_prompt_v4(text_prompt="a", timeout=5)
        no: str = await also.operations.post_magic_prompt_v4(text_prompt="a")  # error: it is a model
"""
OTHER_PROGRAM = """
from ideogram_ai.client import Ideogram
from ideogram_ai.generated.models import StructuredPrompt, V4CompositionalDeconstruction
from ideogram_ai.generated.models import V4JsonPrompt  # error: it has another name

client = Ideogram()
scene = V4CompositionalDeconstruction(background="paper", elements=[])
client.generate(json_prompt=StructuredPrompt(high_level_description="a", compositional_deconstruction=scene))
client.generate(json_prompt={"high_level_description": "a"})
client.generate(json_prompt=7)  # error: no prompt
client.generate(text_prompt="a", enable_copyright_detection=True)  # error: it is gone
client.generate(text_prompt="a", style_strength=40)
client.generate(text_prompt="a", style_strength="40")  # error: no number
"""


def _check_types(changed: Changed, text: str, folder: Path) -> None:
    program = folder / "program.py"
    program.write_text(text, "utf-8")
    check_marked([program], mypy([program], [merged(changed.generated, folder / "merged")], folder))


def test_its_types_know_what_is_new(more: Changed, tmp_path: Path) -> None:
    def lines(case: FieldChange) -> list[str]:
        start = 'client.generate(text_prompt="a", ' + ("" if "project" in case.sends else 'project="p", ')
        taken = [f"{start}{case.typed})"] if case.typed else []
        return [*taken, *([f"{start}{case.untyped})  # error: another type"] if case.untyped else [])]

    text = "\n".join(line for case in FIELDS.values() for line in lines(case))
    _check_types(more, PROGRAM.replace("{lines}", text), tmp_path)


def test_its_types_know_what_is_gone(less: Changed, tmp_path: Path) -> None:
    _check_types(less, OTHER_PROGRAM, tmp_path)
