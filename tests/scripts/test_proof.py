"""What was generated is proven before it is accepted: the generator's exit code says nothing, and neither do files."""

import re
from pathlib import Path

import pytest
from altered_contract import Change, Document, fields, post, put, schemas, write_altered
from regeneration.checks import read_checked
from regeneration.documents import PACKAGE, Contract, RegenerationError
from regeneration.proof import prove, prove_sending, prove_types
from regeneration.tree import write_tree

MODEL = "models/generate_image_request_v4.py"


def spoil(root: Path, file: str, old: str, new: str) -> None:
    """Replace something in a generated file."""
    path = root / PACKAGE / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def prompt_rule_as_any_of(document: Document) -> None:
    request = schemas(document)["GenerateImageRequestV4"]
    request["anyOf"] = request["oneOf"]


def an_operation_behind_a_reference(document: Document) -> None:
    operation = {"operationId": "list_things", "responses": {"200": {"description": "Things."}}}
    document["components"]["pathItems"] = {"Things": {"get": operation}}
    document["paths"]["/things"] = {"$ref": "#/components/pathItems/Things"}


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (prompt_rule_as_any_of, "requestBody/content", "dropped this request body: it would never be sent. An anyOf"),
        (an_operation_behind_a_reference, "~1things", "the generator left this operation out"),
        (put(fields, **{'a"b': {"type": "string"}}), '/properties/a"b', 'the field a"b was sent as'),
    ],
)
def test_what_is_lost_in_silence_is_refused(change: Change, pointer: str, message: str, tmp_path: Path) -> None:
    path = write_altered(tmp_path / "contract.yaml", change)

    def regenerate() -> None:
        changed = read_checked(path)
        write_tree(changed, tmp_path / "root" / PACKAGE)
        prove_sending(changed, tmp_path / "root")

    with pytest.raises(RegenerationError, match=re.escape(message)) as caught:
        regenerate()
    assert re.match(rf"{re.escape(str(path))}:\d+:\d+: /(paths|components/schemas)/\S*{pointer}: ", str(caught.value))


def test_what_the_contract_makes_is_accepted(built: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    prove(contract, built)
    assert not list(built.rglob("__pycache__"))


def an_operation_with_parameters(document: Document) -> None:
    shared = [{"name": "thing-id", "in": "path", "required": True, "schema": {"type": "string"}}]
    page = {"name": "page", "in": "query", "schema": {"type": "integer"}}
    body = post(document)["requestBody"]
    responses = {"200": {"description": "A thing."}}
    made = {"operationId": "make_thing", "parameters": [page], "requestBody": body, "responses": responses}
    document["paths"]["/things/{thing-id}"] = {"parameters": shared, "post": made}
    document["paths"]["/things"] = {"get": {"operationId": "list_things", "responses": responses}}


def test_an_operation_with_parameters_or_without_a_body_gets_no_method(tmp_path: Path) -> None:
    changed = read_checked(write_altered(tmp_path / "contract.yaml", an_operation_with_parameters))
    write_tree(changed, tmp_path / "root" / PACKAGE)
    prove_sending(changed, tmp_path / "root")
    methods = (tmp_path / "root" / PACKAGE / "methods.py").read_text()
    assert "make_thing: it has parameters (thing-id, page)" in methods
    assert "list_things: it has no request body that is an object" in methods
    assert "def make_thing" not in methods


NOTHING = "from ..types import UNSET, Unset, nothing"


@pytest.mark.parametrize(
    ("message", "spoiling"),
    [
        ("resolution was sent as '2048x2048' and arrived as None", ("methods.py", '"resolution": resolution,', "")),
        ("the field text_prompt was sent as", ("methods.py", '"text_prompt": text_prompt', '"text_prompt": "a"')),
        ("the field json_prompt was sent as", ("operations.py", '("desc", "desc"), ("color', '("color')),
        ("the generator left this operation out", ("operations.py", 'method="POST"', 'method="PUT"')),
        (
            "the field resolution was sent as",
            (MODEL, "resolution = check_res", "resolution = None and check_res"),
        ),
        ("operations.py lists the fields", ("operations.py", 'wire_name="resolution"', 'wire_name="size"')),
        ("contract.json in the package does not say", ("contract.json", '"Api-Key"', '"Bearer"')),
        ("is not the one that it was generated from", ("contract.yaml", "Api-Key", "Bearer")),
        ("cannot be imported: ImportError", ("models/rejection.py", "from ..types import UNSET, Unset", NOTHING)),
        ("fails with KeyError", ("operations.py", '"V4JsonPrompt": (', '"V4Prompt": (')),
    ],
)
def test_a_package_that_was_spoilt_is_refused(
    message: str, spoiling: tuple[str, str, str], built: Path, contract: Contract
) -> None:
    spoil(built, *spoiling)
    with pytest.raises(RegenerationError, match=re.escape(message)):
        prove_sending(contract, built)


def test_types_that_do_not_fit_are_refused(built: Path) -> None:
    spoil(built, MODEL, "text_prompt: str | Unset = UNSET", "text_prompt: str | Unset = 1")
    with pytest.raises(RegenerationError, match=r"mypy --strict refuses .*\n.*Incompatible types in assignment"):
        prove_types(built)
