"""A body that breaks the prompt rule, or names no field, raises before anything is sent. Every other broken body is the
service's to judge: it arrives unchanged, and the 400 that names the field becomes an error that names it too.
"""

import json
from typing import Any

import httpx
import pytest
from caller import Caller
from canned import SHELLS, Shell
from contract_bodies import broken_bodies
from contract_judges import CONTRACT, broken_rules, keeps_contract
from hypothesis import event, example, given, settings
from multipart_reader import Part, read_parts
from service_words import as_told

from ideogram_ai.client import BadRequestError, Generation, PromptError, UnknownFieldError
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import BrokenRequest, IdeogramMock, broken_requests, ideogram_mock, request_rules

FIELDS: dict[str, Any] = CONTRACT["components"]["schemas"]["GenerateImageRequestV4"]["properties"]
PROMPTS = {"text_prompt", "json_prompt"}
JSON_FIELDS = {"json_prompt"}
BOOLEANS = {"true": True, "false": False, "null": None}


def expected_texts(name: str, value: Any) -> list[str]:
    """How a value is written: texts as they are, what is no text as JSON, a list of plain values as several parts."""
    if name not in JSON_FIELDS and isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
        return [text for item in value for text in expected_texts(name, item)]
    return [value if isinstance(value, str) and name not in JSON_FIELDS else compact(value)]


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


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
    """The fields that an answer may name."""
    pointers = {pointer for _, pointer in broken_rules(fields)}
    named = {pointer.split("/")[1] for pointer in pointers if "/" in pointer}
    refused_today = {"rendering_speed"} if fields.get("rendering_speed") == "FLASH" else set()
    return named | unreadable | refused_today | (PROMPTS if "#" in pointers else set())


def assert_judged(call: Caller, mock: IdeogramMock, body: dict[str, Any]) -> None:
    before = len(mock.router.calls)
    outcome = call(**body)
    given_fields = {name: value for name, value in body.items() if value is not None}
    if set(body) - set(FIELDS):
        assert isinstance(outcome, UnknownFieldError)
        assert outcome.field in set(body) - set(FIELDS)
    elif len(set(given_fields) & PROMPTS) != 1:
        assert isinstance(outcome, PromptError)
        assert outcome.case == ("both" if given_fields.keys() >= PROMPTS else "neither")
    else:
        assert len(mock.router.calls) == before + 1
        assert_arrived(outcome, mock.router.calls[-1].request, given_fields)
        return
    event(type(outcome).__name__)
    assert not outcome.may_have_been_billed
    assert len(mock.router.calls) == before, "nothing was sent"


def assert_arrived(outcome: object, request: httpx.Request, given_fields: dict[str, Any]) -> None:
    parts = read_parts(request)
    for name, value in given_fields.items():
        assert [part.data.decode() for part in parts if part.name == name] == expected_texts(name, value)
    assert {part.name for part in parts} <= set(given_fields)
    fields, unreadable = read_as_service(parts)
    named = broken_fields(fields, unreadable)
    if not named:
        # In a form a number is a text, and an empty list is nothing: what was broken is no longer so.
        event("the form mends it")
        assert isinstance(outcome, Generation)
        assert keeps_contract(fields)
        return
    event("BadRequestError")
    assert isinstance(outcome, BadRequestError)
    told = json.loads(outcome.body)
    pointers = {error["pointer"] for error in told["errors"]}
    assert {pointer.split("/")[1] for pointer in pointers if "/" in pointer} <= named
    assert any(name in outcome.message for name in named)
    assert as_told(told["detail"]) in outcome.message
    assert not outcome.may_have_been_billed


@pytest.mark.parametrize("shell", SHELLS)
def test_broken_bodies_of_schemathesis(shell: Shell) -> None:
    with ideogram_mock(strict=False) as mock, Caller(shell) as call:
        mock.judge(times=None)

        @settings(max_examples=50)
        @example(body={"text_prompt": 5})
        @example(body={"text_prompt": "A cat", "enable_copyright_detection": "true"})
        @given(body=broken_bodies())
        def check(body: dict[str, Any]) -> None:
            assert_judged(call, mock, body)

        check()
        assert {exchange.status for exchange in mock.ledger} == {200, 400}


@pytest.mark.parametrize("shell", SHELLS)
def test_broken_requests_of_the_harness(shell: Shell) -> None:
    with ideogram_mock(strict=False) as mock, Caller(shell) as call:
        mock.judge(times=None)

        @settings(max_examples=40)
        @given(broken=broken_requests())
        def check(broken: BrokenRequest) -> None:
            assert_judged(call, mock, broken.request)

        check()
        assert {exchange.status for exchange in mock.ledger} == {400}


@pytest.mark.parametrize("rule", request_rules())
def test_each_rule_of_the_contract_is_told_by_the_field(rule: str) -> None:
    with ideogram_mock(strict=False) as mock, Caller("sync") as call:
        mock.judge(times=None)

        @settings(max_examples=5)
        @given(broken=broken_requests(rule))
        def check(broken: BrokenRequest) -> None:
            outcome = call(**broken.request)
            assert isinstance(outcome, PromptError if broken.pointer == "#" else BadRequestError)
            for name in broken.pointer.split("/")[1:2]:
                assert f"400: {name}" in str(outcome)

        check()


@pytest.mark.parametrize("prompts", [PROMPTS, set()])
@pytest.mark.parametrize("shell", SHELLS)
def test_the_prompt_rule_sends_nothing(shell: Shell, prompts: set[str]) -> None:
    rule = next(rule for rule in request_rules() if rule.endswith("oneOf") and OPERATION.request_model in rule)
    with ideogram_mock() as mock, Caller(shell) as call:

        @settings(max_examples=15)
        @given(broken=broken_requests(rule).filter(lambda broken: PROMPTS & set(broken.request) == prompts))
        def check(broken: BrokenRequest) -> None:
            outcome = call(**broken.request)
            assert isinstance(outcome, PromptError)
            assert outcome.case == ("both" if prompts else "neither")

        check()
        assert not mock.router.calls
