"""The contract is edited and regenerated, nothing else is done by hand: every part of the project follows.

The client is used on real sockets against the mock server, both with the regenerated package first on their path.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import pytest
from altered_contract import Change, write_altered
from contract_changes import ANSWERS, FIELDS, LESS, MAGIC, MORE, POSTER, FieldChange, field_of_the_page, page
from filelock import FileLock
from regeneration import summary
from regeneration.baseline import read_package
from regeneration.paths import OUT, PACKAGE
from type_checkers import check_marked, mypy

import ideogram_ai.client
from ideogram_ai.generated.contract import read_contract

ROOT = Path(__file__).parents[2]
LEAST = {"text_prompt": "a", "project": "p"}
Told = dict[str, Any]


class Changed:
    """A contract after changes, and all that follows from it by command."""

    def __init__(self, folder: Path) -> None:
        self.generated = folder / "generated"
        self.printed = (folder / "printed.txt").read_text("utf-8")
        self.vectors = {
            path.name: json.loads(path.read_text("utf-8")) for path in sorted((folder / "vectors").iterdir())
        }
        self.told: Told = json.loads((folder / "told.json").read_text("utf-8"))


def _command(*arguments: object, path: str, asked: object = None) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", *map(str, arguments)],
        input=None if asked is None else json.dumps(asked),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [path, os.environ["PYTHONPATH"]]))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _make(folder: Path, changes: list[Change], asked: dict[str, Any]) -> None:
    folder.mkdir()
    contract = write_altered(folder / "contract.yaml", *changes)
    generated = folder / "generated"
    regenerate, vectors = ROOT / "scripts/regenerate.py", ROOT / "scripts/vectors.py"
    printed = _command(regenerate, "--contract", contract, "--out", generated, path="")
    (folder / "printed.txt").write_text(printed, "utf-8")
    _command(vectors, "--generated", generated, "--out", folder / "vectors", path="")
    path = os.pathsep.join([str(generated), str(ROOT / "tests/support")])
    told = _command(ROOT / "tests/support/on_changed_contract.py", path=path, asked={**asked, "folder": str(folder)})
    (folder / "told.json").write_text(told, "utf-8")


def _changed(factory: pytest.TempPathFactory, name: str, changes: list[Change], asked: dict[str, Any]) -> Changed:
    """Made once for all processes of a run: each takes seconds."""
    shared = factory.getbasetemp()
    shared = shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared
    folder = shared / f"contract-with-{name}"
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            _make(folder, changes, asked)
    return Changed(folder)


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
    return _changed(tmp_path_factory, "more", MORE, asked)


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
    return _changed(tmp_path_factory, "less", LESS, asked)


BOTH = pytest.mark.parametrize("shell", ["sync", "async"])
CASES = pytest.mark.parametrize("name", FIELDS)


def test_the_regenerated_package_is_what_was_used(more: Changed, less: Changed) -> None:
    for changed in (more, less):
        assert Path(changed.told["package"]).is_relative_to(changed.generated)


@BOTH
@CASES
def test_the_client_sends_it_and_the_mock_server_takes_it(more: Changed, name: str, shell: str) -> None:
    outcome = more.told["calls"][name][shell]
    assert outcome.get("type") == "Generation", outcome
    [[path, arrived, status]] = outcome["arrived"]
    assert (path, status) == ("/v1/ideogram-v4/generate", 200)
    assert arrived == _prompted(FIELDS[name].arrives)


@BOTH
@CASES
def test_the_mock_server_refuses_what_breaks_it(more: Changed, name: str, shell: str) -> None:
    outcome = more.told["calls"][f"{name}, broken"][shell]
    assert (outcome.get("error"), outcome["arrived"][0][2]) == ("BadRequestError", 400), outcome
    assert FIELDS[name].complaint in outcome["body"].replace('\\"', '"')


@BOTH
def test_the_client_asks_for_a_required_field_before_it_sends(more: Changed, shell: str) -> None:
    outcome = more.told["calls"]["without the required field"][shell]
    assert (outcome["error"], outcome["arrived"]) == ("RequestError", [])
    assert outcome["message"].startswith("project is missing: the contract requires it.")


@CASES
def test_the_strategies_draw_it_and_break_it(more: Changed, name: str) -> None:
    drawn = more.told["strategies"]["post_generate_image_v4"]
    assert FIELDS[name].drawn in drawn["drawn"]
    assert f"#/components/schemas/{FIELDS[name].rule}" in drawn["rules"]


def test_what_the_strategies_draw_is_judged_as_it_should_be(more: Changed, less: Changed) -> None:
    for changed in (more, less):
        for drawn in changed.told["strategies"].values():
            assert (drawn["refused"], drawn["passed"]) == ([], [])
            assert "BadRequestError" in drawn["kinds"]


@pytest.mark.parametrize("name", [name for name, case in FIELDS.items() if case.option])
def test_the_command_line_takes_it_typed(more: Changed, name: str) -> None:
    run = more.told["cli"]["all"]
    assert run["code"] == 0, run["said"]
    field, _, text = FIELDS[name].option.partition("=")
    value = run["arrived"][0][field]
    assert value == (text if isinstance(value, str) else json.loads(text))


@pytest.mark.parametrize(("run", "field"), [("no number", "steps"), ("no list", "sizes")])
def test_the_command_line_refuses_another_type(more: Changed, run: str, field: str) -> None:
    told = more.told["cli"][run]
    assert (told["code"], told["arrived"]) == (2, [])
    assert f"-F {field}" in told["said"]


@CASES
def test_the_vectors_have_it(more: Changed, name: str) -> None:
    vector = more.vectors[FIELDS[name].vector]
    field = next(iter(FIELDS[name].arrives))
    assert field in vector["request"]
    assert vector["expect"]["fields"][field] == vector["request"][field]


def test_every_vector_that_has_to_arrive_has_what_is_required(more: Changed) -> None:
    sent = [vector for vector in more.vectors.values() if "request" in vector]
    assert len(sent) > 50
    assert all("project" in vector["request"] for vector in sent)


def test_a_new_error_code_with_a_schema(more: Changed) -> None:
    outcome = more.told["statuses"]["409"]
    assert (outcome["error"], outcome["billed"]) == ("APIStatusError", False)
    assert json.loads(outcome["body"]) == {"code": "paused", "tries": 2}
    assert outcome["drawn"] is True
    assert more.vectors["answer.409.json"]["service"][0]["body"] == {"code": "paused", "tries": 2}
    assert more.vectors["answer.409.json"]["expect"]["endings"] == [{"outcome": "refused", "status": 409}]


def test_a_new_error_code_without_a_schema(more: Changed) -> None:
    outcome = more.told["statuses"]["410"]
    assert (outcome["error"], outcome["billed"]) == ("APIStatusError", True)  # the contract does not say
    assert outcome["drawn"] is True
    assert more.vectors["answer.410.json"]["expect"]["endings"] == [{"outcome": "unknown", "status": 410}]


@pytest.mark.parametrize("shell", ["", ", async"])
def test_a_second_operation_is_a_method_that_answers_with_its_model(more: Changed, shell: str) -> None:
    outcome = more.told["operations"][f"sound{shell}"]
    assert outcome["type"] == "MagicPromptResponse"
    assert outcome["gave"]["json_prompt"]["compositional_deconstruction"]["elements"]
    assert outcome["arrived"] == [[MAGIC, {"text_prompt": "a cat", "variety": 2, "notes": ["x"]}, 200]]
    assert more.told["operations"][f"unknown to the contract{shell}"]["arrived"][0][1] == {"text_prompt": "a", "new": 1}


@pytest.mark.parametrize("shell", ["", ", async"])
def test_a_second_operation_is_refused_as_the_first_is(more: Changed, shell: str) -> None:
    broken = more.told["operations"][f"broken{shell}"]
    assert (broken["error"], broken["billed"], broken["arrived"][0][2]) == ("BadRequestError", True, 400)
    assert "variety: 99 is greater than the maximum of 9" in broken["message"]
    for label, error in (("incomplete", "RequestError"), ("misspelt", "UnknownFieldError")):
        outcome = more.told["operations"][f"{label}{shell}"]
        assert (outcome["error"], outcome["arrived"]) == (error, [])


def test_the_strategies_draw_a_second_operation(more: Changed) -> None:
    drawn = more.told["strategies"]["post_magic_prompt_v4"]
    assert set(drawn["drawn"]) == {"text_prompt", "variety", "notes"}
    assert "#/components/schemas/MagicPromptRequest/required" in drawn["rules"]


@BOTH
def test_a_removed_field_is_gone(less: Changed, shell: str) -> None:
    outcome = less.told["calls"]["removed"][shell]
    assert (outcome["error"], outcome["arrived"]) == ("UnknownFieldError", [])
    assert "enable_copyright_detection" not in less.told["strategies"]["post_generate_image_v4"]["drawn"]
    assert not [name for name in less.vectors if "enable_copyright_detection" in name]
    assert less.told["cli"]["removed"]["arrived"] in (
        [],
        [{"text_prompt": "A cat", "enable_copyright_detection": "true"}],
    )


@BOTH
def test_renamed_schemas_change_nothing_on_the_wire(less: Changed, shell: str) -> None:
    for call, sent in (
        ("plain", {"text_prompt": "a", "rendering_speed": "TURBO"}),
        ("structured", {"json_prompt": POSTER}),
    ):
        outcome = less.told["calls"][call][shell]
        assert (outcome["type"], outcome["arrived"][0][1:]) == ("Generation", [sent, 200])
    assert less.told["cli"]["all"]["code"] == 0


def test_the_page_for_maintainers_holds(less: Changed) -> None:
    assert less.told["program"] == [[{"text_prompt": "A photo of a cat", "style_strength": 40}, 200]]
    assert less.told["cli"]["of the page"]["arrived"] == [{"text_prompt": "A cat", "style_strength": 40}]
    assert less.told["cli"]["of the page, broken"]["arrived"] == []
    assert "request.style_strength.json" in less.vectors
    document = read_contract()
    field_of_the_page(document)
    now = read_package(OUT / PACKAGE)
    assert summary.summary(now, "0.1.0", attrs.evolve(now, document=document)).strip() == page("text").strip()


def test_the_command_prints_what_changes(more: Changed, less: Changed) -> None:
    assert "\n  breaks    added     generate() request: the field project is new (string, required)\n" in more.printed
    assert "\n  harmless  added     POST /v1/ideogram-v4/magic-prompt: the operation is new\n" in more.printed
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
client.operations.post_magic_prompt_v4(variety=2)  # error: the prompt is required
client.operations.post_magic_prompt_v4(text_prompt="a", variety="2")  # error: no number
client.operations.post_magic_prompt_v4(text_prompt="a", variaty=2)  # error: misspelt
client.operations.post_generate_image_v4(text_prompt="a")  # error: generate() is the method


async def main() -> None:
    async with AsyncIdeogram() as also:
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
    merged = folder / "merged"
    shutil.copytree(changed.generated, merged)
    shutil.copytree(Path(ideogram_ai.client.__file__).parent, merged / "ideogram_ai/client")
    (merged / "ideogram_ai/__init__.py").touch()  # or mypy would take the installed portions
    check_marked([program], mypy([program], [merged], folder))


def test_its_types_know_what_is_new(more: Changed, tmp_path: Path) -> None:
    def lines(case: FieldChange) -> list[str]:
        start = 'client.generate(text_prompt="a", ' + ("" if "project" in case.sends else 'project="p", ')
        taken = [f"{start}{case.typed})"] if case.typed else []
        return [*taken, *([f"{start}{case.untyped})  # error: another type"] if case.untyped else [])]

    text = "\n".join(line for case in FIELDS.values() for line in lines(case))
    _check_types(more, PROGRAM.replace("{lines}", text), tmp_path)


def test_its_types_know_what_is_gone(less: Changed, tmp_path: Path) -> None:
    _check_types(less, OTHER_PROGRAM, tmp_path)
