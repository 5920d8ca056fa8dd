"""What stands in the generated package beside the generator's own code: the contract, and the operations."""

import hashlib
import json
import shutil
import subprocess
import sys
import typing
import zipfile
from pathlib import Path
from typing import Any

import attrs
import pytest
import yaml
from altered_contract import PATH, Document, fields, post, schemas
from regeneration.documents import CONTRACT, OUT, PACKAGE

from ideogram_ai.generated import contract as data
from ideogram_ai.generated import models, operations
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, PostGenerateImageV4Fields

FOLDER = OUT / PACKAGE


@pytest.fixture(scope="module")
def document() -> Document:
    """The contract, read by another program than the regeneration."""
    loaded: Document = yaml.safe_load(CONTRACT.read_bytes())
    return loaded


def test_the_contract_is_inside_byte_for_byte() -> None:
    assert data.read_contract_source() == CONTRACT.read_bytes()
    assert hashlib.sha256(CONTRACT.read_bytes()).hexdigest() == data.CONTRACT_SHA256


def test_the_parsed_contract_keeps_the_order_of_keys(document: Document) -> None:
    assert json.dumps(data.read_contract()) == json.dumps(document)


def test_every_reader_gets_a_copy_of_its_own() -> None:
    data.read_contract()["paths"].clear()
    assert data.read_contract()["paths"]


def test_each_operation_has_a_constant() -> None:
    assert {"post_generate_image_v4": POST_GENERATE_IMAGE_V4} == OPERATIONS
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        POST_GENERATE_IMAGE_V4.path = "/"  # type: ignore[misc]


def test_the_operation_is_that_of_the_contract(document: Document) -> None:
    operation = POST_GENERATE_IMAGE_V4
    assert document["servers"][0]["url"] == operations.SERVER_URL
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == operations.API_KEY_HEADER
    assert (operation.method, operation.path) == ("POST", PATH)
    assert [operation.media_type] == list(post(document)["requestBody"]["content"])
    assert [field.wire_name for field in operation.fields] == list(fields(document))
    assert {f.wire_name: f.content_type for f in operation.fields if f.content_type} == {
        "json_prompt": "application/json"
    }
    assert operation.exactly_one_of == (("text_prompt", "json_prompt"),)
    assert issubclass(getattr(models, operation.request_model), models.GenerateImageRequestV4)


def test_the_answers_are_those_of_the_contract(document: Document) -> None:
    responses = post(document)["responses"]
    observed = {entry["status"]: entry["billed"] for entry in post(document)["x-observed-statuses"]}
    documented = {int(status): response["x-billed"] for status, response in responses.items()}
    expected = {
        status: None if billed == "unknown" else billed for status, billed in {**documented, **observed}.items()
    }
    assert expected == POST_GENERATE_IMAGE_V4.billed
    assert list(POST_GENERATE_IMAGE_V4.billed.values()).count(None) == 1
    assert POST_GENERATE_IMAGE_V4.in_flight_limit == responses["429"]["x-in-flight-limit"]
    known = schemas(document)["Rejection"]["properties"]["reject_reason"]["x-known-values"]
    assert {entry["value"]: entry["waiting_helps"] for entry in known} == POST_GENERATE_IMAGE_V4.reject_reasons


def test_the_hints_are_those_of_the_contract(document: Document) -> None:
    hints = schemas(document)["GenerateImageRequestV4"]["x-field-hints"]
    found = {name: attrs.asdict(hint) for name, hint in POST_GENERATE_IMAGE_V4.field_hints.items()}
    assert found == {name: {"use": None, "because": None, **hint} for name, hint in hints.items()}


def test_keyword_arguments_are_all_fields_but_those_of_the_prompt_rule(document: Document) -> None:
    ruled = {name for group in POST_GENERATE_IMAGE_V4.exactly_one_of for name in group}
    assert list(PostGenerateImageV4Fields.__annotations__) == [name for name in fields(document) if name not in ruled]


def test_keyword_arguments_have_the_types_of_the_model() -> None:
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


def run(code: str, folder: Path) -> Any:
    """Run code in a process that finds packages in the folder first; returns what it prints as JSON."""
    command = [sys.executable, "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {code}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    return json.loads(done.stdout)


def test_contract_and_operations_load_neither_httpx_nor_models() -> None:
    code = "from ideogram_ai.generated import contract, operations; import json; print(json.dumps([*sys.modules]))"
    loaded = run(code, OUT)
    assert "ideogram_ai.generated.operations" in loaded
    assert not [name for name in loaded if name == "httpx" or name.startswith("ideogram_ai.generated.models")]


def test_nothing_is_there_that_is_not_used() -> None:
    names = {path.name for path in FOLDER.iterdir()} - {"__pycache__"}
    code = {"__init__.py", "contract.py", "methods.py", "models", "operations.py", "py.typed", "types.py"}
    assert names == {*code, "contract.json", "contract.yaml", "lock.json"}
    assert not [path for path in FOLDER.rglob("*.py") if "boundary" in path.read_text()]


CODE = """
import json
from vendored.inside import contract, operations
from vendored.inside.methods import Methods
print(json.dumps([contract.read_contract(), contract.read_contract_source().decode(), [*operations.OPERATIONS]]))
"""


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_a_vendored_copy_under_another_name_carries_the_contract(
    zipped: bool, tmp_path: Path, document: Document
) -> None:
    copy = tmp_path / "vendored" / "inside"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy.parent / "__init__.py").touch()
    place = tmp_path
    if zipped:
        place = tmp_path / "all.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for file in copy.parent.rglob("*"):
                archive.write(file, file.relative_to(tmp_path))
        shutil.rmtree(copy.parent)
    assert run(f"exec({CODE!r})", place) == [document, CONTRACT.read_text("utf-8"), ["post_generate_image_v4"]]


def test_it_is_typed() -> None:
    assert (FOLDER / "py.typed").read_bytes() == b""
