"""The mock server accepts what the contract allows, sends what it allows, and plays every operation in it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from altered_contract import Document
from attrs import evolve
from contract_bodies import valid_arguments
from contract_changes import MAGIC, POSTER, RESPONSES, add_operation
from driver import NO_TLS, case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mock_requests import HEADERS, encode, json_prompt, part, send

import ideogram_ai.testing
from ideogram_ai.contract import view as contract_view
from ideogram_ai.contract.view import ContractView, NoExampleError, example_of, read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, SERVER_URL, Field
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import MockServer, ideogram_mock
from ideogram_ai.testing.service import UNSAFE_WORD, ReadRequest, read_request

JSON = "application/json"
ID, CAPTIONS = "post_caption", "/v9/captions"
EVERYTHING = settings(suppress_health_check=list(HealthCheck))
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def form(values: dict[str, Any]) -> ReadRequest:
    content_type, body = encode([part(name, value) for name, value in values.items()])
    return read_request(read_view(), content_type, body)


@pytest.fixture(scope="module")
def client(mock_url: str) -> Iterator[httpx.Client]:
    """A client of the mock server, with one connection for all requests."""
    with httpx.Client(base_url=mock_url, headers=HEADERS, trust_env=False, verify=NO_TLS) as client:
        yield client


@EVERYTHING
@given(body=st.deferred(lambda: valid_arguments(OPERATION)))
def test_what_the_contract_allows_gets_a_response_that_the_contract_allows(
    client: httpx.Client, body: dict[str, Any]
) -> None:
    response = client.post(OPERATION.path, files=[part(name, value) for name, value in body.items()])
    assert response.status_code == (422 if UNSAFE_WORD in str(body).lower() else 200)
    assert list(read_view().response_validator(response.status_code).iter_errors(response.json())) == []
    image = response.json()["data"][0]
    assert image["resolution"] == body.get("resolution", image["resolution"])
    prompt = body.get("text_prompt")
    assert image["prompt"] == prompt if prompt is not None else json.loads(image["prompt"]) == body["json_prompt"]


@EVERYTHING
@given(
    body=st.dictionaries(st.sampled_from([*read_view().fields, "other"]), ANYTHING, min_size=1, max_size=4),
    element=ANYTHING,
)
def test_a_request_is_judged_as_the_schema_judges_it(body: dict[str, Any], element: Any) -> None:
    body = {**body, "json_prompt": json_prompt(element)} if "json_prompt" in body else body
    got = form({name: value if isinstance(value, str) else json.dumps(value).encode() for name, value in body.items()})
    if got.refused is None:
        assert read_view().request_validator.is_valid(dict(got.fields))
    else:
        refused = json.loads(got.refused.body)
        assert got.refused.status == 400
        assert refused["errors"]
        assert read_view().response_validator(400).is_valid(refused)


@given(data=st.binary(max_size=200), boundary=st.text("abc'()+_,-./:=?", min_size=1, max_size=8))
def test_any_bytes_are_judged(data: bytes, boundary: str) -> None:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="text_prompt"\r\n'.encode()
    for body in (data, head + data, head + b"\r\n" + data, head + b"\r\n" + data + f"\r\n--{boundary}--".encode()):
        got = read_request(read_view(), f'multipart/form-data; boundary="{boundary}"', body)
        assert got.refused is None or got.refused.status == 400


def test_every_example_of_the_contract_is_allowed_by_it() -> None:
    media = read_contract()["paths"][OPERATION.path][OPERATION.method.lower()]["requestBody"]["content"]
    examples = media[OPERATION.media_type]["examples"]
    assert len(examples) >= 2
    for name, example in examples.items():
        got = form(example["value"])
        assert (got.refused, dict(got.fields)) == (None, example["value"]), name
    for status, rule in read_view().responses.items():
        assert rule.examples, status
        assert all(read_view().response_validator(status).is_valid(example) for example in rule.examples), status


def test_imports_in_any_order_load_only_what_is_used() -> None:
    code = """
import sys
import ideogram_ai.testing
assert [name for name in sys.modules if name.startswith("ideogram_ai.")] == ["ideogram_ai.testing"]
from ideogram_ai.testing import MockServer
with MockServer():
    pass
assert not {"PIL", "hypothesis", "schemathesis", "respx"} & set(sys.modules)
import ideogram_ai.testing.strategies
from ideogram_ai.testing import *
assert callable(answers), "a name that is a module too"
assert all(type(getattr(ideogram_ai.testing, name)) is not type(sys) for name in ideogram_ai.testing.__all__)
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = ideogram_ai.testing.nothing


OTHER = evolve(
    OPERATION,
    operation_id=ID,
    path=CAPTIONS,
    media_type=JSON,
    result="model",
    fields=tuple(
        Field(python_name=name, wire_name=name, content_type=None, required=False)
        for name in ("text_prompt", "variety", "notes")
    ),
    exactly_one_of=(),
    field_hints={},
    billed={200: True},
    reject_reasons={},
    in_flight_limit=None,
)


@pytest.fixture
def document(monkeypatch: pytest.MonkeyPatch) -> Iterator[Document]:
    """A contract with an operation that is like no other; a test may change it before it starts a server."""
    changed: Document = read_contract()
    add_operation(other := read_contract())
    changed["paths"][CAPTIONS] = other["paths"][MAGIC]
    made = changed["components"]["schemas"]["MagicPromptResponse"] = other["components"]["schemas"][
        "MagicPromptResponse"
    ]
    made["properties"]["caption"] = made["properties"].pop("json_prompt")
    made["required"] = ["caption"]
    changed["components"]["schemas"]["MagicPromptRequest"] = other["components"]["schemas"]["MagicPromptRequest"]
    monkeypatch.setitem(OPERATIONS, ID, OTHER)
    monkeypatch.setattr(contract_view, "parsed_contract", lambda: changed)
    read_view.cache_clear()
    yield changed
    read_view.cache_clear()


def ask(path: str = CAPTIONS) -> httpx.Response:
    """The response of the other operation, of a server that has just read the contract."""
    read_view.cache_clear()
    with MockServer() as server, httpx.Client(trust_env=False, verify=NO_TLS) as http:
        response = http.post(server.url + path, headers=HEADERS, json={"text_prompt": "a"})
        (exchange,) = server.ledger
    assert (exchange.path, exchange.billed) == (path, response.status_code == 200)
    return response


def test_the_response_of_another_operation(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    node = document["paths"][CAPTIONS]["post"]
    responses, good = node["responses"], node["responses"]["200"]
    response = ask()
    assert read_view(ID).response_validator(200).is_valid(response.json())
    assert (response.status_code, set(response.json())) == (200, {"caption", "words"}), "made from the schema"
    good["content"][JSON]["examples"] = {"a": {"value": {"caption": POSTER}}}
    assert ask().json() == {"caption": POSTER}
    good["content"][JSON]["example"] = {"caption": POSTER, "words": 3}
    assert ask().json()["words"] == 3
    schema = {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "boolean"}}
    good["content"] = {JSON: {"schema": schema}}
    response = ask()
    assert response.status_code == 501
    assert f"{ID}: the contract has no example of a response" in response.json()["detail"]
    good["content"] = {"text/plain": {"schema": {"type": "string"}, "example": "Größe 7"}}
    response = ask()
    assert (response.text, response.headers["content-type"]) == ("Größe 7", "text/plain; charset=utf-8")
    del good["content"]
    response = ask()
    assert (response.status_code, response.content) == (200, b"")
    responses["204"] = responses.pop("200")
    assert ask().status_code == 204
    responses["200"] = responses.pop("204")
    del node["requestBody"]
    monkeypatch.setitem(OPERATIONS, ID, evolve(OTHER, media_type="", request_model="", fields=()))
    assert ask().status_code == 200


def test_keys_responses_on_demand_and_scenarios_are_as_for_generate(document: Document) -> None:
    document["paths"][CAPTIONS]["post"]["responses"].update(RESPONSES, default={"description": "Anything."})
    options: dict[str, Any] = {"trust_env": False, "verify": NO_TLS}
    with MockServer(scenario=[503, 200]) as server, httpx.Client(base_url=server.url, **options) as http:
        assert http.post(CAPTIONS, headers=HEADERS, json={}).status_code == 503
        no_key = http.post(CAPTIONS, json={"text_prompt": "a"})
        assert (no_key.status_code, no_key.json()["detail"]) == (401, "No API key")
        bearer = http.post(CAPTIONS, json={"text_prompt": "a"}, headers={"Authorization": "Bearer x"})
        assert bearer.json()["detail"].startswith("No API key. The key came in Authorization")
        for status, body in ((409, {"code": "paused", "tries": 2}), (402, None), (410, None)):
            response = http.post(CAPTIONS, json={}, headers=HEADERS | {"Prefer": f"code={status}"})
            assert response.status_code == status
            assert response.json() == body if body else response.json()["type"] == "about:blank", status
        served = http.get(CAPTIONS).json()["detail"]
        assert [f"{each.method} {each.path}" in served for each in OPERATIONS.values()] == [True] * len(OPERATIONS)
        assert [exchange.status for exchange in server.ledger] == [503, 401, 401, 409, 402, 410]
    with ideogram_mock() as mock:
        mock.refuse(402)
        for status in (402, 200):
            response = send("POST", SERVER_URL + CAPTIONS, json={"text_prompt": "a"}, headers=HEADERS)
            assert response.status_code == status, "the respx mock plays it too"


def refused(view: ContractView, body: bytes, content_type: str | None = JSON) -> str:
    read = read_request(view, content_type, body)
    assert read.refused is not None
    return f"{read.refused.status} {json.loads(read.refused.body)['detail']}"


@pytest.mark.usefixtures("document")
def test_json_bodies_are_judged() -> None:
    view, good = read_view(ID), b'{"text_prompt": "a"}'
    for body, words in [
        (b"", "400 The body is not JSON: "),
        (b"{'a': 1}", "400 The body is not JSON: "),
        (b'{"text_prompt": NaN}', "400 The body holds NaN, which is not JSON"),
        (b'"\xff"', "400 The body is not UTF-8 at byte 1"),
        (b"[]", "400 The body is not an object. It is []"),
        (b'{"text_prompt":' + b"[" * 101 + b"]" * 101 + b"}", "400 The body is nested more than 100 levels deep"),
        (b"{}", '400 "text_prompt" is a required property'),
        (b'{"text_prompt": 7}', '400 text_prompt: 7 is not of type "string"'),
        (b'{"text_prompt": "a", "notes": ["b", null]}', '400 notes[1]: null is not of type "string"'),
    ]:
        with case(body):
            assert refused(view, body).startswith(words)
    for content_type in (None, "text/json", "multipart/form-data; boundary=x"):
        assert refused(view, good, content_type).startswith("415 The Content-Type is "), content_type
    assert read_request(view, "application/json; charset=utf-8", good).refused is None
    read = read_request(view, JSON, b'{"text_prompt": "a", "seed": 7}')
    assert (read.fields, read.refused) == ((("text_prompt", "a"), ("seed", 7)), None)
    assert read.remarks == ('"seed" is not a field of this operation.',)


def test_examples_of_schemas() -> None:
    schemas: list[tuple[Document, object]] = [
        ({"const": "a"}, "a"),
        ({"type": "string", "example": "b"}, "b"),
        ({"type": "string", "examples": ["c", "d"]}, "c"),
        ({"type": "integer", "default": 3}, 3),
        ({"enum": ["e", "f"]}, "e"),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, 1),
        ({"anyOf": [{"type": "null"}, {"type": "string"}]}, None),
        ({"allOf": [{"type": "string"}]}, "text"),
        ({"allOf": [{"properties": {"a": {"const": 1}}}], "properties": {"b": {"const": 2}}}, {"a": 1, "b": 2}),
        ({"type": "object", "oneOf": [{"required": ["a"]}], "properties": {"a": {"const": 1}}}, {"a": 1}),
        ({"type": ["object", "null"]}, {}),
        ({"type": "array", "minItems": 2, "items": {"type": "boolean"}}, [True, True]),
        ({"type": "array"}, [None]),
        ({"type": "integer", "minimum": 4}, 4),
        ({"type": "number", "maximum": -4}, -4),
        ({"type": "string", "minLength": 6}, "text.."),
        ({"type": "string", "maxLength": 2}, "te"),
        ({"type": "string", "format": "date-time"}, "2026-01-02T03:04:05Z"),
        ({"type": "string", "pattern": "^#[0-9a-f]{3}$"}, "#000"),
        ({"type": "string", "pattern": "[0-9]"}, "0"),
        ({"type": "string", "pattern": "^[a-z]*$", "minLength": 3}, "aaa"),
        ({"$ref": "#/components/schemas/RenderingSpeedV4"}, "DEFAULT"),
        ({}, None),
    ]
    for schema, value in schemas:
        assert example_of(read_view(), schema) == value, schema
    with pytest.raises(NoExampleError, match="because a has the rule multipleOf; add an example"):
        example_of(read_view(), {"properties": {"a": {"type": "integer", "multipleOf": 7}}})
