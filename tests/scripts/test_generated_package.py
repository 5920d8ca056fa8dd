"""What the generated package contains beside the models: the contract and the operations."""

import hashlib
import json
import shutil
import typing
from pathlib import Path

import attrs
import pytest
import yaml
from altered_contract import PATH, Document, fields, post, schemas
from regenerated import run_python
from regeneration.documents import CONTRACT, OUT, PACKAGE

from ideogram_ai.generated import contract as data
from ideogram_ai.generated import models, operations
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, PostGenerateImageV4Fields

FOLDER = OUT / PACKAGE


@pytest.fixture(scope="module")
def document() -> Document:
    """The contract, read by another program than the regeneration."""
    loaded: Document = yaml.load(CONTRACT.read_bytes(), yaml.CSafeLoader)
    return loaded


def test_the_contract_is_inside(document: Document) -> None:
    assert data.read_contract_source() == CONTRACT.read_bytes()
    assert hashlib.sha256(CONTRACT.read_bytes()).hexdigest() == data.CONTRACT_SHA256
    assert json.dumps(data.read_contract()) == json.dumps(document), "in the order of its keys too"
    data.read_contract()["paths"].clear()
    assert data.read_contract()["paths"], "every reader gets a copy"


def test_the_operation_is_that_of_the_contract(document: Document) -> None:
    operation = POST_GENERATE_IMAGE_V4
    assert {"post_generate_image_v4": operation} == OPERATIONS
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        operation.path = "/"  # type: ignore[misc]
    assert document["servers"][0]["url"] == operations.SERVER_URL
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == operations.API_KEY_HEADER
    assert (operation.method, operation.path) == ("POST", PATH)
    assert [operation.media_type] == list(post(document)["requestBody"]["content"])
    assert [field.wire_name for field in operation.fields] == list(fields(document))
    content_types = {field.wire_name: field.content_type for field in operation.fields if field.content_type}
    assert content_types == {"json_prompt": "application/json"}
    assert operation.exactly_one_of == (("text_prompt", "json_prompt"),)
    assert issubclass(getattr(models, operation.request_model), models.GenerateImageRequestV4)
    hints = schemas(document)["GenerateImageRequestV4"]["x-field-hints"]
    found = {name: attrs.asdict(hint) for name, hint in operation.field_hints.items()}
    assert found == {name: {"use": None, "because": None, **hint} for name, hint in hints.items()}


def test_the_responses_are_those_of_the_contract(document: Document) -> None:
    responses = post(document)["responses"]
    billed = {int(status): response["x-billed"] for status, response in responses.items()}
    billed |= {entry["status"]: entry["billed"] for entry in post(document)["x-observed-statuses"]}
    expected = {status: None if value == "unknown" else value for status, value in billed.items()}
    assert expected == POST_GENERATE_IMAGE_V4.billed
    assert list(POST_GENERATE_IMAGE_V4.billed.values()).count(None) == 1
    assert POST_GENERATE_IMAGE_V4.in_flight_limit == responses["429"]["x-in-flight-limit"]
    known = schemas(document)["Rejection"]["properties"]["reject_reason"]["x-known-values"]
    assert {entry["value"]: entry["waiting_helps"] for entry in known} == POST_GENERATE_IMAGE_V4.reject_reasons


def test_keyword_arguments_are_the_fields_without_the_prompt_with_the_types_of_the_model(document: Document) -> None:
    ruled = {name for group in POST_GENERATE_IMAGE_V4.exactly_one_of for name in group}
    assert list(PostGenerateImageV4Fields.__annotations__) == [name for name in fields(document) if name not in ruled]
    hints = typing.get_type_hints(PostGenerateImageV4Fields, localns=vars(models))
    assert hints["resolution"] == models.ResolutionV4 | None
    assert hints["rendering_speed"] == models.RenderingSpeedV4 | None
    assert hints["enable_copyright_detection"] == bool | None


def test_the_fields_of_every_model_keep_the_order_of_the_contract(document: Document) -> None:
    for name, schema in schemas(document).items():
        if "properties" in schema:
            assert [wire for _, wire in operations.MODEL_FIELDS[name]] == list(schema["properties"]), name
    generated = {name for name in models.__all__ if attrs.has(getattr(models, name))}
    assert operations.MODEL_FIELDS.keys() == generated
    for name, pairs in operations.MODEL_FIELDS.items():
        own = {field.name for field in attrs.fields(getattr(models, name))} - {"additional_properties"}
        assert {python for python, _ in pairs} == own
    assert ("type_", "type") in operations.MODEL_FIELDS["V4ObjPromptElement"]


def test_it_holds_nothing_that_is_not_used() -> None:
    names = {path.name for path in FOLDER.iterdir()} - {"__pycache__"}
    code = {"__init__.py", "contract.py", "methods.py", "models", "operations.py", "py.typed", "types.py"}
    assert names == {*code, "contract.json", "contract.yaml", "lock.json"}
    assert not [path for path in FOLDER.rglob("*.py") if "boundary" in path.read_text()]
    assert (FOLDER / "py.typed").read_bytes() == b""


CODE = """
import json, sys
from vendored.inside import contract, operations
said = [contract.read_contract(), contract.read_contract_source().decode(), [*operations.OPERATIONS]]
loaded = [*sys.modules]
from vendored.inside.methods import Methods
print(json.dumps([said, loaded]))
"""


def test_it_works_under_another_name_in_a_folder_and_in_a_zip_and_loads_little(
    tmp_path: Path, document: Document
) -> None:
    copy = tmp_path / "folder/vendored/inside"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy.parent / "__init__.py").touch()
    archive = shutil.make_archive(str(tmp_path / "all"), "zip", tmp_path / "folder")
    for place in (tmp_path / "folder", archive):
        code = f"import sys; sys.path.insert(0, {str(place)!r}); exec({CODE!r})"
        said, loaded = json.loads(run_python("-c", code))
        assert said == [document, CONTRACT.read_text("utf-8"), ["post_generate_image_v4"]]
        assert "vendored.inside.operations" in loaded
        assert not [name for name in loaded if name == "httpx" or name.startswith("vendored.inside.models")]
