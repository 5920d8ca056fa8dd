"""Generated code is proven before it is accepted, because the exit code of the generator says little."""

import re
from pathlib import Path

import pytest
from altered_contract import Change, Document, fields, put, schemas, write_altered
from regeneration.checks import read_checked
from regeneration.documents import PACKAGE, Contract, RegenerationError
from regeneration.proof import prove, prove_sending, prove_types
from regeneration.tree import write_tree

pytestmark = pytest.mark.slow

MODEL = "models/generate_image_request_v4.py"


def any_of_that_is_no_rule(document: Document) -> None:
    schemas(document)["GenerateImageRequestV4"]["anyOf"] = [{"required": ["text_prompt"], "minProperties": 2}, {}]


def an_operation_behind_a_reference(document: Document) -> None:
    operation = {"operationId": "list_things", "responses": {"200": {"description": "Things."}}}
    document["components"]["pathItems"] = {"Things": {"get": operation}}
    document["paths"]["/things"] = {"$ref": "#/components/pathItems/Things"}


def test_lost_requests_and_operations_are_refused(tmp_path: Path) -> None:
    cases: list[tuple[Change, str, str]] = [
        (any_of_that_is_no_rule, "requestBody/content", "dropped this request body: it would never be sent. An anyOf"),
        (an_operation_behind_a_reference, "~1things", "the generator left this operation out"),
        (put(fields, **{'a"b': {"type": "string"}}), '/properties/a"b', 'the field a"b was sent as'),
    ]
    for number, (change, pointer, message) in enumerate(cases):
        alone = change is not any_of_that_is_no_rule  # without arguments of any operation there would be no module
        path = write_altered(tmp_path / "contract.yaml", change, generate_alone=alone)
        changed, root = read_checked(path), tmp_path / str(number)
        with pytest.raises(RegenerationError, match=re.escape(message)) as caught:  # noqa: PT012 - in either step
            write_tree(changed, root / PACKAGE)
            prove_sending(changed, root)
        place = rf"{re.escape(str(path))}:\d+:\d+: /(paths|components/schemas)/\S*{pointer}: "
        assert re.match(place, str(caught.value))


def test_the_tree_of_the_projects_contract_is_accepted(
    built: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    prove(contract, built)
    assert not list(built.rglob("__pycache__"))


NOTHING = "from ..types import UNSET, Unset, nothing"


SPOILT = [
    ("resolution was sent as '2048x2048' and arrived as None", "methods.py", '"resolution": resolution,', ""),
    ("the field text_prompt was sent as", "methods.py", '"text_prompt": text_prompt', '"text_prompt": "a"'),
    ("the field json_prompt was sent as", "operations.py", '("desc", "desc"), ("color', '("color'),
    ("the generator left this operation out", "operations.py", 'method="POST"', 'method="PUT"'),
    ("the field resolution was sent as", MODEL, "resolution = check_res", "resolution = None and check_res"),
    ("operations.py lists the fields", "operations.py", 'wire_name="resolution"', 'wire_name="size"'),
    ("contract.json in the package does not say", "contract.json", '"Api-Key"', '"Bearer"'),
    ("is not the one that it was generated from", "contract.yaml", "Api-Key", "Bearer"),
    ("cannot be imported: ImportError", "models/rejection.py", "from ..types import UNSET, Unset", NOTHING),
    ("fails with KeyError", "operations.py", '"V4JsonPrompt": (', '"V4Prompt": ('),
    ("the field webhook_url was sent as", "methods.py", '"webhook_url": webhook_url,', ""),
    ("operations.py lists the fields", "operations.py", 'place="query",', ""),
    ("the field generation_id was sent as", "methods.py", '"generation_id": generation_id', '"generation_id": "a"'),
    ("the field image was sent as", "methods.py", '"image": image', '"image": b"another"'),
    ("fails with FieldValueError", "operations.py", "is_file=True,", ""),
    ("the key arrives in the header api-key, and the", "operations.py", "authenticated=False", "authenticated=True"),
    ("the key does not arrive in the header Api-Key", "operations.py", "authenticated=True", "authenticated=False"),
    ("the method got the name describe", "operations.py", 'method_name="remix"', 'method_name="describe"'),
    ("fails with AttributeError: 'Ideogram' object has no attribute 'job'", "methods.py", "def job(", "def jobs("),
]


def test_a_spoilt_package_is_refused(built: Path, contract: Contract) -> None:
    for message, file, old, new in SPOILT:
        path = built / PACKAGE / file
        text = path.read_text("utf-8")
        assert old in text
        path.write_text(text.replace(old, new), "utf-8")
        with pytest.raises(RegenerationError, match=re.escape(message)):
            prove_sending(contract, built)
        path.write_text(text, "utf-8")
    # One client alone:
    path = built / PACKAGE / "methods.py"
    text = path.read_text("utf-8")
    path.write_text(text.replace("    async def describe(", "    async def tell("), "utf-8")
    with pytest.raises(RegenerationError, match="AttributeError: 'AsyncIdeogram' object has no attribute 'describe'"):
        prove_sending(contract, built)
    path.write_text(text, "utf-8")
    model = built / PACKAGE / MODEL
    field = "text_prompt: str | Unset = "
    model.write_text(model.read_text("utf-8").replace(f"{field}UNSET", f"{field}1"), "utf-8")
    with pytest.raises(RegenerationError, match=r"mypy --strict refuses .*\n.*Incompatible types in assignment"):
        prove_types(built)
