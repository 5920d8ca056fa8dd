"""The mock server plays every operation of the contract; generate is the one that it draws pictures for."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from altered_contract import Document
from attrs import evolve
from contract_changes import MAGIC, POSTER, RESPONSES, add_operation

from ideogram_ai.contract import view as contract_view
from ideogram_ai.contract.view import ContractView, NoExampleError, example_of, read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, SERVER_URL, Field, Operation
from ideogram_ai.testing import MockServer, respx_plan, service
from ideogram_ai.testing.respx_plan import unmocked_problem
from ideogram_ai.testing.service import read_request

KEY = {"Api-Key": "a-key"}
JSON = "application/json"
ID = "post_magic_prompt_v4"


def _field(name: str) -> Field:
    return Field(python_name=name, wire_name=name, content_type=None, required=False)


OTHER = evolve(
    POST_GENERATE_IMAGE_V4,
    operation_id=ID,
    path=MAGIC,
    media_type=JSON,
    fields=tuple(map(_field, ("text_prompt", "variety", "notes"))),
    exactly_one_of=(),
    field_hints={},
    billed={200: True},
    reject_reasons={},
    in_flight_limit=None,
)


class Contract:
    """A contract with another operation, for as long as a test runs."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch
        self.document: Document = read_contract()
        add_operation(self.document)
        self.use(OTHER)

    @property
    def node(self) -> Document:
        """The operation."""
        found: Document = self.document["paths"][OTHER.path]["post"]
        return found

    def use(self, operation: Operation) -> None:
        """Have it in the generated package."""
        for module in (contract_view, service):
            self._patch.setattr(module, "OPERATIONS", {**OPERATIONS, ID: operation})
        self._patch.setattr("ideogram_ai.testing.app.OPERATIONS", {**OPERATIONS, ID: operation})
        self._patch.setattr(contract_view, "read_contract", lambda: self.document)


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch) -> Iterator[Contract]:
    """The contract of the tests of this file."""
    read_view.cache_clear()
    yield Contract(monkeypatch)
    read_view.cache_clear()


def answer(contract: Contract, **options: Any) -> Document:
    """What the good answer of the operation is; arguments are put in its description in the contract."""
    contract.node["responses"]["200"].update(options)
    with MockServer() as server:
        told = httpx.post(server.url + MAGIC, headers=KEY, json={"text_prompt": "a"}, trust_env=False)
        (exchange,) = server.ledger
    assert exchange.path == MAGIC
    assert exchange.billed is (told.status_code == 200)
    return {"status": told.status_code, "body": told.json() if told.content else None}


def test_the_example_of_the_contract_is_the_answer(contract: Contract) -> None:
    content = contract.node["responses"]["200"]["content"]
    content[JSON]["examples"] = {"a": {"value": {"json_prompt": POSTER}}}
    assert answer(contract) == {"status": 200, "body": {"json_prompt": POSTER}}
    content[JSON]["example"] = {"json_prompt": POSTER, "words": 3}
    read_view.cache_clear()
    assert answer(contract)["body"]["words"] == 3


def test_without_an_example_it_is_made_up_by_the_schema(contract: Contract) -> None:
    told = answer(contract)
    assert told["status"] == 200
    assert read_view(ID).response_validator(200).is_valid(told["body"])
    assert set(told["body"]) == {"json_prompt", "words"}


def test_an_answer_that_cannot_be_made_up_is_said_and_stops_nothing_else(contract: Contract) -> None:
    schema = {"type": "array", "minItems": 2, "uniqueItems": True, "items": {"type": "boolean"}}
    told = answer(contract, content={JSON: {"schema": schema}})
    assert told["status"] == 501
    assert f"{ID}: the contract has no example of a response" in told["body"]["detail"]


def test_an_operation_that_answers_nothing(contract: Contract) -> None:
    del contract.node["responses"]["200"]["content"]
    assert answer(contract) == {"status": 200, "body": None}
    del contract.node["responses"]["200"]
    contract.node["responses"] |= {"204": {"description": "Done."}}
    read_view.cache_clear()
    with MockServer() as server:
        told = httpx.post(server.url + MAGIC, headers=KEY, json={"text_prompt": "a"}, trust_env=False)
    assert (told.status_code, told.content) == (204, b"")


def test_an_operation_without_a_body(contract: Contract) -> None:
    del contract.node["requestBody"]
    contract.use(evolve(OTHER, media_type="", request_model="", fields=()))
    assert answer(contract)["status"] == 200


def test_keys_statuses_on_demand_and_scenarios_are_as_for_generate(contract: Contract) -> None:
    contract.node["responses"].update(RESPONSES, default={"description": "Anything."})
    with MockServer(scenario=[503, 200]) as server, httpx.Client(base_url=server.url, trust_env=False) as http:
        assert http.post(MAGIC, headers=KEY, json={}).status_code == 503
        no_key = http.post(MAGIC, json={"text_prompt": "a"})
        assert (no_key.status_code, no_key.json()["detail"]) == (401, "No API key")
        bearer = http.post(MAGIC, json={"text_prompt": "a"}, headers={"Authorization": "Bearer x"})
        assert bearer.json()["detail"].startswith("No API key. The key came in Authorization")
        for status, body in ((409, {"code": "paused", "tries": 2}), (402, None), (410, None)):
            told = http.post(MAGIC, json={}, headers=KEY | {"Prefer": f"code={status}"})
            assert told.status_code == status
            assert told.json() == body if body else told.json()["type"] == "about:blank"
        assert http.get(MAGIC).json()["detail"].count("/v1/ideogram-v4/") == 3
        assert [exchange.status for exchange in server.ledger] == [503, 401, 401, 409, 402, 410]


def test_the_respx_mock_says_that_it_does_not_play_it(contract: Contract, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(respx_plan, "OPERATIONS", {**OPERATIONS, ID: OTHER})
    for path, words in (
        (MAGIC, "is not mocked here; this fixture has POST"),
        ("/v1/x", "is not an operation of the contract"),
    ):
        complaint = unmocked_problem(httpx.Request("POST", SERVER_URL + path), read_view())
        assert complaint is not None
        assert complaint.startswith(f"POST {path} {words}")


def refused(view: ContractView, body: bytes, content_type: str | None = JSON) -> str:
    read = read_request(view, content_type, body)
    assert read.refused is not None
    told: Document = json.loads(read.refused.body)
    return f"{read.refused.status} {told['detail']}"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "400 The body is no JSON: "),
        (b"{'a': 1}", "400 The body is no JSON: "),
        (b'{"text_prompt": NaN}', "400 The body holds NaN, which is no JSON"),
        (b'"\xff"', "400 The body is not UTF-8 at byte 1"),
        (b"[]", "400 The body is no object. It is []"),
        (b'{"text_prompt":' + b"[" * 101 + b"]" * 101 + b"}", "400 The body is nested more than 100 levels deep"),
        (b"{}", '400 "text_prompt" is a required property'),
        (b'{"text_prompt": 7}', '400 text_prompt: 7 is not of type "string"'),
        (b'{"text_prompt": "a", "notes": ["b", null]}', '400 notes[1]: null is not of type "string"'),
    ],
)
def test_a_json_body_is_judged(contract: Contract, body: bytes, words: str) -> None:
    assert refused(read_view(ID), body).startswith(words)


def test_a_json_body_has_its_media_type(contract: Contract) -> None:
    body = b'{"text_prompt": "a"}'
    for content_type in (None, "text/json", "multipart/form-data; boundary=x"):
        assert refused(read_view(ID), body, content_type).startswith("415 The Content-Type is ")
    assert read_request(read_view(ID), "application/json; charset=utf-8", body).refused is None


def test_members_that_the_contract_does_not_have_are_kept_with_a_remark(contract: Contract) -> None:
    read = read_request(read_view(ID), JSON, b'{"text_prompt": "a", "seed": 7}')
    assert (read.fields, read.refused) == ((("text_prompt", "a"), ("seed", 7)), None)
    assert read.remarks == ('"seed" is no field of this operation.',)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
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
        ({"$ref": "#/components/schemas/RenderingSpeedV4"}, "DEFAULT"),
        ({}, None),
    ],
)
def test_an_example_of_a_schema(schema: Document, value: object) -> None:
    assert example_of(read_view(), schema) == value


def test_what_cannot_be_made_up_is_said_with_its_place() -> None:
    schema = {"properties": {"a": {"type": "integer", "multipleOf": 7}}}
    with pytest.raises(NoExampleError, match="because a has the rule multipleOf; add an example"):
        example_of(read_view(), schema)
