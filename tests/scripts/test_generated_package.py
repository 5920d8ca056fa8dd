"""What the generated package contains beside the models: the contract and the operations."""

import hashlib
import json
import os
import typing
from collections.abc import Iterator
from functools import reduce

import attrs
import pytest
import yaml
from altered_contract import Document, fields, post, schemas
from contract_document import responses_of
from regeneration.documents import CONTRACT, OUT, PACKAGE

from ideogram_ai.generated import contract as data
from ideogram_ai.generated import models, operations
from ideogram_ai.generated.operations import (
    OPERATIONS,
    POST_GENERATE_IMAGE_V4,
    Operation,
    PostGenerateImageV4Fields,
    PostRemixImageV4Fields,
)

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


def every_operation(document: Document) -> Iterator[tuple[Operation, Document]]:
    """What was generated of each operation, and the operation itself."""
    for path, item in document["paths"].items():
        for method, raw in item.items():
            operation = OPERATIONS[raw["operationId"]]
            assert (operation.path, operation.method) == (path, method.upper())
            yield operation, raw


def resolved(document: Document, node: Document) -> Document:
    if "$ref" not in node:
        return node
    return resolved(document, reduce(lambda found, key: found[key], node["$ref"][2:].split("/"), document))


def test_the_operations_are_those_of_the_contract(document: Document) -> None:
    operation = POST_GENERATE_IMAGE_V4
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        operation.path = "/"  # type: ignore[misc]
    assert document["servers"][0]["url"] == operations.SERVER_URL
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == operations.API_KEY_HEADER
    assert len(list(every_operation(document))) == len(OPERATIONS) == 33
    for each, raw in every_operation(document):
        assert (each.method_name, each.result) == (raw["x-method"], raw.get("x-result", "model"))
        assert each.authenticated is ("security" not in raw)
        assert each.is_free is (raw["responses"]["200"]["x-billed"] is False)
        content = raw.get("requestBody", {}).get("content", {})
        assert [each.media_type] == (list(content) or [""])
        body = [resolved(document, media["schema"])["properties"] for media in content.values()]
        expected = [("body", name) for properties in body for name in properties]
        expected += [(said["in"], said["name"]) for said in (resolved(document, p) for p in raw.get("parameters", ()))]
        assert [(field.place, field.wire_name) for field in each.fields] == expected
        kinds = {name: kind.get("items", kind) for properties in body for name, kind in properties.items()}
        binary = {name for name, kind in kinds.items() if kind.get("format") == "binary"}
        assert {field.wire_name for field in each.fields if field.is_file} == binary
        schema = next((resolved(document, media["schema"]) for media in content.values()), {})
        assert each.exclusive == tuple(tuple(part["not"]["required"]) for part in schema.get("allOf", ()))
        for keyword, groups in (("oneOf", each.exactly_one_of), ("anyOf", each.at_least_one_of)):
            group = tuple(part["required"][0] for part in schema.get(keyword, ()))
            assert groups == ((group,) if group else ())
        assert each.same_length == tuple(map(tuple, schema.get("x-same-length", ())))
        assert each.deprecated is raw.get("deprecated", False)
        cases = [(case["field"], case.get("value"), case["price"]) for case in raw.get("x-price-when", ())]
        others = [(other.field, other.value, dict(other.price.usd)) for other in each.other_prices]
        assert others == [(field, value, document["x-prices"][name]["usd"]) for field, value, name in cases]
        price = document["x-prices"].get(raw.get("x-price"))
        assert (each.price is None) is (price is None)
        if each.price and price:
            usd = price["usd"] if "by" in price else {"": price["usd"]}
            found = (each.price.usd, each.price.by, each.price.per, each.price.as_of, each.price.source)
            assert found == (usd, price.get("by"), price["per"], price["as_of"], price["source"])
            assert each.price.default == (
                resolved(document, body[0][price["by"]])["default"] if "by" in price else None
            )
    assert {each.operation_id for each, _ in every_operation(document) if each.rate_limit} == {"get_generation"}
    members = {each.operation_id: each.image_members for each in OPERATIONS.values() if each.result == "images"}
    assert members.pop("post_remove_background") == ("is_image_safe",)
    assert set(members.values()) == {("prompt", "resolution", "is_image_safe", "seed")}
    content_types = {field.wire_name: field.content_type for field in operation.fields if field.content_type}
    assert content_types == {"json_prompt": "application/json"}
    assert operation.exactly_one_of == (("text_prompt", "json_prompt"),)
    assert issubclass(getattr(models, operation.request_model), models.GenerateImageRequestV4)
    hints = schemas(document)["GenerateImageRequestV4"]["x-field-hints"]
    found_hints = {name: attrs.asdict(hint) for name, hint in operation.field_hints.items()}
    assert found_hints == {name: {"use": None, "because": None, **hint} for name, hint in hints.items()}


def test_the_responses_are_those_of_the_contract(document: Document) -> None:
    responses = responses_of(document, post(document))
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


def test_a_file_among_keyword_arguments_is_a_path_bytes_an_open_file_or_an_image() -> None:
    hints = typing.get_type_hints(PostRemixImageV4Fields, localns=vars(models))
    assert hints["image"] == str | os.PathLike[str] | bytes | typing.BinaryIO | operations.Image
    required = typing.get_type_hints(PostRemixImageV4Fields, localns=vars(models), include_extras=True)
    assert required["text_prompt"] == typing.Required[str]


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
