"""After an edit of the contract and a regeneration, every part of the project follows.

The client is used on real sockets against the mock server, both with the regenerated package first on their path.
"""

import json
from functools import partial
from pathlib import Path
from typing import Any

import attrs
import pytest
from contract_changes import FIELD_CHANGES, MAGIC, POSTER, RESPONSES, WILDNESS, FieldChange, add_field_of_page, page
from regenerated import made_once, merged, path_to, run_python, with_less, with_more
from regeneration import summary
from regeneration.documents import OUT, PACKAGE, ROOT
from regeneration.summary import read_package
from type_checkers import check_marked, mypy

from ideogram_ai.generated.contract import read_contract

pytestmark = pytest.mark.slow

KINDS = ("sync", "async")
GENERATE = "post_generate_image_v4"
SCRIPT = ROOT / "scripts/vectors.py"


class Changed:
    """A regenerated package, its vectors, and what a program printed that used it (see on_changed_contract)."""

    def __init__(self, factory: pytest.TempPathFactory, generated: Path, asked: dict[str, Any]) -> None:
        self.generated = generated
        self.printed = (generated / "printed.txt").read_text("utf-8")
        folder = made_once(factory, f"{generated.name}-used", partial(_use, generated=generated, asked=asked))
        vectors = sorted((folder / "vectors").iterdir())
        self.vectors = {path.name: json.loads(path.read_text("utf-8")) for path in vectors}
        self.used: dict[str, Any] = json.loads((folder / "used.json").read_text("utf-8"))
        self.page = (folder / "operations.md").read_text("utf-8")


def _use(folder: Path, generated: Path, asked: dict[str, Any]) -> None:
    run_python(ROOT / "scripts/vectors.py", "--generated", generated, "--out", folder / "vectors")
    program = ROOT / "tests/support/on_changed_contract.py"
    used = run_python(program, path=path_to(generated), asked={**asked, "folder": str(folder)})
    (folder / "used.json").write_text(used, "utf-8")
    run_python(ROOT / "scripts/operations_page.py", "--out", folder / "operations.md", path=path_to(generated))


def _prompted(values: dict[str, Any]) -> dict[str, Any]:
    return {"project": "p", **({} if "json_prompt" in values else {"text_prompt": "a"}), **values}


def _arguments(change: FieldChange, values: dict[str, Any]) -> dict[str, Any]:
    return _prompted({change.argument: values[change.field]})


@pytest.fixture(scope="session")
def more(tmp_path_factory: pytest.TempPathFactory) -> Changed:
    """The contract with more in it."""
    asked = {
        "calls": {
            **{change.name: _arguments(change, change.value) for change in FIELD_CHANGES},
            **{f"{change.name}, broken": _arguments(change, change.broken) for change in FIELD_CHANGES},
            "without the required field": {"text_prompt": "a"},
        },
        "least": {"text_prompt": "a", "project": "p"},
        "program": "",
        "statuses": [int(status) for status in RESPONSES],
        "operations": {
            "valid": {"text_prompt": "a cat", "variety": 2, "notes": ["x"]},
            "unknown to the contract": {"text_prompt": "a", "extra_fields": {"new": 1}},
            "broken": {"text_prompt": "a cat", "variety": 99},
            "incomplete": {"variety": 2},
            "misspelt": {"text_prompt": "a", "variaty": 2},
        },
        "inpaint": {"name": "wildness", "values": [3, 12, "wild"]},
        "cli": {
            "all": [change.option for change in FIELD_CHANGES if change.option],
            "not a number": ["project=p", "steps=many"],
            "not a list": ["project=p", "sizes=big"],
        },
    }
    return Changed(tmp_path_factory, with_more(tmp_path_factory), asked)


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
        "inpaint": {},
        "cli": {
            "all": ["rendering_speed=TURBO"],
            "removed": ["enable_copyright_detection=true"],
            "of the page": ["style_strength=40"],
            "of the page, broken": ["style_strength=101"],
        },
    }
    return Changed(tmp_path_factory, with_less(tmp_path_factory), asked)


def test_the_client_the_strategies_and_the_vectors_follow(more: Changed, less: Changed) -> None:
    drawn = more.used["strategies"][GENERATE]
    for change in FIELD_CHANGES:
        for kind in KINDS:
            outcome = more.used["calls"][change.name][kind]
            assert outcome.get("type") == "Generation", (change.name, outcome)
            assert outcome["arrived"] == [["/v1/ideogram-v4/generate", _prompted(change.value), 200]]
            broken = more.used["calls"][f"{change.name}, broken"][kind]
            assert (broken.get("error"), broken["arrived"][0][2]) == ("BadRequestError", 400), (change.name, broken)
            assert change.complaint in broken["body"].replace('\\"', '"')
        assert change.argument in drawn["drawn"]
        assert f"#/components/schemas/{change.rule}" in drawn["rules"]
        vector = more.vectors[change.vector]
        assert vector["expect"]["fields"][change.field] == vector["request"][change.field], change.name
    for changed in (more, less):
        assert Path(changed.used["package"]).is_relative_to(changed.generated)
        for drawn in changed.used["strategies"].values():
            assert (drawn["refused"], drawn["passed"]) == ([], [])
            assert "BadRequestError" in drawn["kinds"] or not drawn["rules"]


def test_a_required_field_is_checked_before_sending_and_is_in_every_vector(more: Changed) -> None:
    for kind in KINDS:
        outcome = more.used["calls"]["without the required field"][kind]
        assert (outcome["error"], outcome["arrived"]) == ("RequestError", [])
        assert outcome["message"].startswith("project is missing: the contract requires it.")
    sent = [vector for vector in more.vectors.values() if "request" in vector and "operation" not in vector]
    assert len(sent) > 50
    assert all("project" in vector["request"] for vector in sent)


def test_the_command_line_types_new_fields(more: Changed) -> None:
    run = more.used["cli"]["all"]
    assert run["code"] == 0, run["said"]
    for change in FIELD_CHANGES:
        if change.option:
            assert run["arrived"][0][change.field] == change.value[change.field]
    for label, field in (("not a number", "steps"), ("not a list", "sizes")):
        run = more.used["cli"][label]
        assert (run["code"], run["arrived"]) == (2, [])
        assert f"-F {field}" in run["said"]


def test_new_error_codes(more: Changed) -> None:
    paused, gone = more.used["statuses"]["409"], more.used["statuses"]["410"]
    assert (paused["error"], paused["billed"], paused["drawn"]) == ("APIStatusError", False, True)
    assert json.loads(paused["body"]) == {"code": "paused", "tries": 2}
    assert more.vectors["answer.409.json"]["service"][0]["body"] == {"code": "paused", "tries": 2}
    assert more.vectors["answer.409.json"]["expect"]["endings"] == [{"outcome": "refused", "status": 409}]
    # Without a schema, and the contract does not say whether it is billed.
    assert (gone["error"], gone["billed"], gone["drawn"]) == ("APIStatusError", True, True)
    assert more.vectors["answer.410.json"]["expect"]["endings"] == [{"outcome": "unknown", "status": 410}]


def test_a_new_operation_is_a_method_that_returns_its_model(more: Changed) -> None:
    for kind in KINDS:
        outcomes = {name: found[kind] for name, found in more.used["operations"].items()}
        assert outcomes["valid"]["type"] == "MagicPromptResponse"
        assert outcomes["valid"]["gave"]["json_prompt"]["compositional_deconstruction"]["elements"]
        assert outcomes["valid"]["arrived"] == [[MAGIC, {"text_prompt": "a cat", "variety": 2, "notes": ["x"]}, 200]]
        assert outcomes["unknown to the contract"]["arrived"][0][1] == {"text_prompt": "a", "new": 1}
        broken = outcomes["broken"]
        assert (broken["error"], broken["billed"], broken["arrived"][0][2]) == ("BadRequestError", True, 400)
        assert "variety: 99 is greater than the maximum of 9" in broken["message"]
        for label, error in (("incomplete", "RequestError"), ("misspelt", "UnknownFieldError")):
            assert (outcomes[label]["error"], outcomes[label]["arrived"]) == (error, [])
    drawn = more.used["strategies"]["post_wording_v4"]
    assert set(drawn["drawn"]) == {"text_prompt", "variety", "notes"}
    assert "#/components/schemas/MagicPromptRequest/required" in drawn["rules"]


def test_a_field_of_any_operation_is_in_the_client_its_help_the_mock_server_a_batch_and_the_docs(more: Changed) -> None:
    """One edit and one command; nothing was written for this operation, or for this field."""
    found, about = more.used["inpaint"], WILDNESS["description"].rstrip(".")
    assert (found["3"]["type"], found["3"]["arrived"][0][1]["wildness"]) == ("Generation", 3)
    for value, complaint in (("12", "wildness: 12 is greater than the maximum of 9"), ("wild", "wildness is not JSON")):
        assert (found[value]["error"], found[value]["arrived"][0][2]) == ("BadRequestError", 400)
        assert complaint in found[value]["message"]
    assert "wildness: int | None = None" in found["signature"].replace("'", "")
    for text in (found["documentation"], found["help"], more.page):
        assert about in " ".join(text.split())
    assert f"| `wildness` | whole number, from 1, up to 9. {about}. |\n" in more.page
    assert more.page.count("| `wildness` |") == 2  # v3.edit has it too
    assert (found["batch"], found["rows"][0]["wildness"]) == (0, 3), found["said"]


def test_a_removed_field_is_gone_and_renamed_schemas_change_nothing_on_the_wire(less: Changed) -> None:
    sent = {"plain": {"text_prompt": "a", "rendering_speed": "TURBO"}, "structured": {"json_prompt": POSTER}}
    for kind in KINDS:
        outcome = less.used["calls"]["removed"][kind]
        assert (outcome["error"], outcome["arrived"]) == ("UnknownFieldError", [])
        for call, fields in sent.items():
            outcome = less.used["calls"][call][kind]
            assert (outcome["type"], outcome["arrived"][0][1:]) == ("Generation", [fields, 200])
    assert less.used["cli"]["all"]["code"] == 0
    assert "enable_copyright_detection" not in less.used["strategies"][GENERATE]["drawn"]
    assert not [name for name in less.vectors if "enable_copyright_detection" in name]
    as_text = [{"text_prompt": "A cat", "enable_copyright_detection": "true"}]
    assert less.used["cli"]["removed"]["arrived"] in ([], as_text)


def test_the_page_for_maintainers_is_correct(less: Changed) -> None:
    assert less.used["program"] == [[{"text_prompt": "A photo of a cat", "style_strength": 40}, 200]]
    assert less.used["cli"]["of the page"]["arrived"] == [{"text_prompt": "A cat", "style_strength": 40}]
    assert less.used["cli"]["of the page, broken"]["arrived"] == []
    assert "request.style_strength.json" in less.vectors
    document = read_contract()
    add_field_of_page(document)
    now = read_package(OUT / PACKAGE)
    assert summary.summary(now, "0.1.0", attrs.evolve(now, document=document)).strip() == page("text").strip()


def test_the_command_prints_what_changes(more: Changed, less: Changed) -> None:
    for line in (
        "breaks    added     generate(), submit() request: the field project is new (string, required)",
        "harmless  added     post_wording_v4() is new: Write a structured prompt",
    ):
        assert f"\n  {line}\n" in more.printed
    assert (
        "\n- **Breaking:** `generate()`, `submit()` request: there is no field `enable_copyright_detection` any more.\n"
        in less.printed
    )


PROGRAM = """
from ideogram_ai.client import AsyncIdeogram, Ideogram
from ideogram_ai.generated.models import MagicPromptResponse, V4Camera, V4Framing

client = Ideogram()
client.generate(text_prompt="a", project="p")
client.generate(text_prompt="a")  # error: project is required
V4Framing(angle="lower")  # error: no such angle
{lines}
answer: MagicPromptResponse = client.operations.post_wording_v4(text_prompt="a", variety=2)
words: str = answer.json_prompt.high_level_description
client.post_wording_v4(text_prompt="a", variety=None)
client.post_wording_v4(variety=2)  # error: the prompt is required
client.operations.post_wording_v4(variety=2)  # error: the prompt is required
client.generate(text_prompt="a", project="p", stepps=7)  # error: misspelt
client.generate(project="p")  # error: neither
V4Camera(focal_length=28)  # error: lens is required
client.operations.post_wording_v4(text_prompt="a", variety="2")  # error: not a number
client.operations.post_wording_v4(text_prompt="a", variaty=2)  # error: misspelt
client.operations.post_generate_image_v4(text_prompt="a")  # error: generate() is the method


async def main() -> None:
    async with AsyncIdeogram() as also:
        await also.generate(text_prompt="a", project="p", steps="7")  # error: not a number
        more: MagicPromptResponse = await also.operations.post_wording_v4(text_prompt="a", timeout=5)
        no: str = await also.operations.post_wording_v4(text_prompt="a")  # error: it is a model
"""
OTHER_PROGRAM = """
from ideogram_ai.client import Ideogram
from ideogram_ai.generated.models import StructuredPrompt, V4CompositionalDeconstruction
from ideogram_ai.generated.models import V4JsonPrompt  # error: it has another name

client = Ideogram()
scene = V4CompositionalDeconstruction(background="paper", elements=[])
client.generate(json_prompt=StructuredPrompt(high_level_description="a", compositional_deconstruction=scene))
client.generate(json_prompt={"high_level_description": "a"})
client.generate(json_prompt=7)  # error: not a prompt
client.generate(text_prompt="a", enable_copyright_detection=True)  # error: it is gone
client.generate(text_prompt="a", style_strength=40)
client.generate(text_prompt="a", style_strength="40")  # error: not a number
"""


def test_type_checkers_accept_what_is_new_and_refuse_what_is_gone(more: Changed, less: Changed, tmp_path: Path) -> None:
    lines: list[str] = []
    for change in FIELD_CHANGES:
        start = 'client.generate(text_prompt="a", ' + ("" if change.field == "project" else 'project="p", ')
        lines += [f"{start}{change.typed})"] if change.typed else []
        lines += [f"{start}{change.untyped})  # error: another type"] if change.untyped else []
    programs = ((more, PROGRAM.replace("{lines}", "\n".join(lines))), (less, OTHER_PROGRAM))
    for changed, text in programs:
        folder = tmp_path / changed.generated.name
        folder.mkdir()
        program = folder / "program.py"
        program.write_text(text, "utf-8")
        check_marked([program], mypy([program], [merged(changed.generated, folder / "merged")], folder))
