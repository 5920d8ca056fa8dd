"""What the contract allows goes through generate() and arrives: whole, typed, in its own order.

A body that breaks the prompt rule, or names no field, raises before anything is sent. Every other broken body arrives
unchanged, and the service's 400 becomes an error that names the field as well.
"""

import json
from typing import Any

import httpx
import pytest
from contract_bodies import broken_bodies, valid_bodies
from contract_judges import CONTRACT, broken_rules, keeps_contract
from driver import KINDS, Driver, Kind, mocked, outcome
from hypothesis import event, example, given, settings
from hypothesis import strategies as st
from multipart_reader import Part, read_parts
from service_words import as_told

from ideogram_ai.client import BadRequestError, Generation, PromptError, UnknownFieldError
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import (
    BrokenRequest,
    IdeogramMock,
    broken_requests,
    ideogram_mock,
    request_rules,
    requests,
)

MEDIA_TYPES = {field.wire_name: field.content_type for field in OPERATION.fields}
SCHEMAS = CONTRACT["components"]["schemas"]
FIELDS: dict[str, Any] = SCHEMAS[OPERATION.request_model]["properties"]
PROMPTS = {"text_prompt", "json_prompt"}
JSON_FIELDS = {"json_prompt"}
BOOLEANS = {"true": True, "false": False, "null": None}


@pytest.fixture(scope="module")
def clients() -> dict[Kind, Driver]:
    return {kind: mocked(kind) for kind in KINDS}


def is_text(schema: dict[str, Any]) -> bool:
    """Whether the contract has text for a field."""
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return "string" in schema["type"]


def decode(request: httpx.Request) -> dict[str, Any]:
    """The fields as a server reads them, without the project's own reader."""
    fields: dict[str, Any] = {}
    for part in read_parts(request):
        assert part.name not in fields
        assert part.content_type == MEDIA_TYPES[part.name]
        text = part.data.decode()
        fields[part.name] = text if is_text(FIELDS[part.name]) else json.loads(text)
    return fields


def as_text(fields: dict[str, Any]) -> dict[str, str]:
    """The values as JSON, in which 1 is not True and the order of keys counts."""
    return {name: json.dumps(value) for name, value in fields.items()}


def check_arrives(client: Driver, mock: IdeogramMock, body: dict[str, Any]) -> None:
    fields = {name: value for name, value in body.items() if value is not None}
    made = client.generate(**body)
    arrived = decode(mock.router.calls[-1].request)
    assert as_text(arrived) == as_text(fields)
    assert keeps_contract(arrived)
    assert made.request == fields


def test_valid_bodies_arrive(clients: dict[Kind, Driver]) -> None:
    """Those of schemathesis, and those of the harness."""
    with ideogram_mock() as mock:

        @settings(max_examples=60)
        @given(body=valid_bodies() | requests(), kind=st.sampled_from(KINDS))
        def check(body: dict[str, Any], kind: Kind) -> None:
            check_arrives(clients[kind], mock, body)

        check()
        assert len(mock.ledger) == len(mock.router.calls) > 30


def expected_texts(name: str, value: Any) -> list[str]:
    """How a value is written: text as it is, other values as JSON, a list of plain values as several parts."""
    if name not in JSON_FIELDS and isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return [text for item in value for text in expected_texts(name, item)]
    if isinstance(value, str) and name not in JSON_FIELDS:
        return [value]
    return [json.dumps(value, ensure_ascii=False, separators=(",", ":"))]


def read_as_service(parts: list[Part]) -> tuple[dict[str, Any], set[str]]:
    """What a service makes of the parts, and the fields that it cannot read."""
    fields: dict[str, Any] = {}
    unreadable = {part.name for part in parts if [other.name for other in parts].count(part.name) > 1}
    for part in parts:
        text = part.data.decode()
        fields[part.name] = json.loads(text) if part.name in JSON_FIELDS else text
        if part.name == "enable_copyright_detection":
            fields[part.name] = BOOLEANS.get(text, text)
    return fields, unreadable


def broken_fields(fields: dict[str, Any], unreadable: set[str]) -> set[str]:
    """The fields that a 400 may name."""
    pointers = {pointer for _, pointer in broken_rules(fields)}
    named = {pointer.split("/")[1] for pointer in pointers if "/" in pointer}
    refused_today = {"rendering_speed"} if fields.get("rendering_speed") == "FLASH" else set()
    return named | unreadable | refused_today | (PROMPTS if "#" in pointers else set())


def check_judged(client: Driver, mock: IdeogramMock, body: dict[str, Any]) -> None:
    before = len(mock.router.calls)
    ended = outcome(client.generate, **body)
    fields = {name: value for name, value in body.items() if value is not None}
    if set(body) - set(FIELDS):
        assert isinstance(ended, UnknownFieldError)
        assert ended.field in set(body) - set(FIELDS)
    elif len(set(fields) & PROMPTS) != 1:
        assert isinstance(ended, PromptError)
        assert ended.case == ("both" if fields.keys() >= PROMPTS else "neither")
    else:
        assert len(mock.router.calls) == before + 1
        check_arrived(ended, mock.router.calls[-1].request, fields)
        return
    event(type(ended).__name__)
    assert not ended.may_have_been_billed
    assert len(mock.router.calls) == before, "nothing was sent"


def check_arrived(ended: object, request: httpx.Request, given_fields: dict[str, Any]) -> None:
    parts = read_parts(request)
    for name, value in given_fields.items():
        assert [part.data.decode() for part in parts if part.name == name] == expected_texts(name, value)
    assert {part.name for part in parts} <= set(given_fields)
    fields, unreadable = read_as_service(parts)
    named = broken_fields(fields, unreadable)
    if not named:
        # In a form a number is text, and an empty list is nothing: what was broken is no longer so.
        event("the form repairs it")
        assert isinstance(ended, Generation)
        assert keeps_contract(fields)
        return
    event("BadRequestError")
    assert isinstance(ended, BadRequestError)
    problem = json.loads(ended.body)
    pointers = {error["pointer"] for error in problem["errors"]}
    assert {pointer.split("/")[1] for pointer in pointers if "/" in pointer} <= named
    assert any(name in ended.message for name in named)
    assert as_told(problem["detail"]) in ended.message
    assert not ended.may_have_been_billed


def test_broken_bodies_of_schemathesis(clients: dict[Kind, Driver]) -> None:
    with ideogram_mock(strict=False) as mock:
        mock.judge(times=None)

        @settings(max_examples=50)
        @example(body={"text_prompt": 5})
        @example(body={"text_prompt": "A cat", "enable_copyright_detection": "true"})
        @given(body=broken_bodies())
        def check(body: dict[str, Any]) -> None:
            check_judged(clients["sync"], mock, body)

        check()
        assert {exchange.status for exchange in mock.ledger} == {200, 400}


def test_broken_requests_of_the_harness(clients: dict[Kind, Driver]) -> None:
    with ideogram_mock(strict=False) as mock:
        mock.judge(times=None)

        @settings(max_examples=60)
        @given(broken=broken_requests(), kind=st.sampled_from(KINDS))
        def check(broken: BrokenRequest, kind: Kind) -> None:
            check_judged(clients[kind], mock, broken.request)

        check()
        assert {exchange.status for exchange in mock.ledger} == {400}


@pytest.mark.parametrize("rule", request_rules())
def test_the_error_of_each_rule_names_the_field(rule: str, clients: dict[Kind, Driver]) -> None:
    with ideogram_mock(strict=False) as mock:
        mock.judge(times=None)

        @settings(max_examples=3)
        @given(broken=broken_requests(rule))
        def check(broken: BrokenRequest) -> None:
            ended = outcome(clients["sync"].generate, **broken.request)
            assert isinstance(ended, PromptError if broken.pointer == "#" else BadRequestError)
            for name in broken.pointer.split("/")[1:2]:
                assert f"400: {name}" in str(ended)

        check()


@pytest.mark.parametrize("prompts", [PROMPTS, set()], ids=["both", "neither"])
def test_nothing_is_sent_that_breaks_the_prompt_rule(prompts: set[str], clients: dict[Kind, Driver]) -> None:
    rule = next(rule for rule in request_rules() if rule.endswith("oneOf") and OPERATION.request_model in rule)
    broken_prompts = broken_requests(rule).filter(lambda broken: PROMPTS & set(broken.request) == prompts)
    with ideogram_mock() as mock:

        @settings(max_examples=20)
        @given(broken=broken_prompts, kind=st.sampled_from(KINDS))
        def check(broken: BrokenRequest, kind: Kind) -> None:
            ended = outcome(clients[kind].generate, **broken.request)
            assert isinstance(ended, PromptError)
            assert ended.case == ("both" if prompts else "neither")

        check()
        assert not mock.router.calls
