"""Operations other than generate: sent and retried by the same rules; the response is a model."""

import json
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service
from driver import KEY, Driver, Kind, case, each_kind

from ideogram_ai.client import (
    IdeogramError,
    OutcomeUnknownError,
    RateLimitError,
    RequestError,
    ResponseValidationError,
    RetryPolicy,
    UnknownFieldError,
)
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.models import Rejection, V4JsonPrompt
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4, Operation

PROMPT = {"high_level_description": "a", "compositional_deconstruction": {"background": "b", "elements": []}}
# As regeneration would describe Magic Prompt.
OTHER = evolve(
    POST_GENERATE_IMAGE_V4,
    operation_id="post_magic_prompt_v4",
    path="/v1/ideogram-v4/magic-prompt",
    media_type="application/json",
    answer_model="V4JsonPrompt",
    makes_images=False,
)
PLAIN = evolve(OTHER, answer_model="")


def call(kind: Kind, service: Service, *, extra_fields: Any = None, timeout: Any = None, **fields: Any) -> Any:
    """Call an operation as its generated method does."""
    with Driver(kind, service=service, retry=RetryPolicy(max_attempts=2, base_delay=0.001)) as driver:
        assert driver.client.operations is driver.client
        return driver.run(lambda client: client._send(OTHER, fields, extra_fields=extra_fields, timeout=timeout))


def judged(body: bytes, operation: Operation = OTHER, *, status: int = 200, complete: bool = True) -> Any:
    return parse_response(operation, status=status, headers=httpx.Headers(), body=body, now=0.0, complete=complete)


@each_kind
def test_the_response_is_the_generated_model(kind: Kind) -> None:
    service = Service(httpx.Response(200, json=PROMPT | {"mood": "calm"}))
    made = call(kind, service, text_prompt="a", extra_fields={"new": 1})
    assert type(made) is V4JsonPrompt
    assert made.high_level_description == "a"
    assert made.additional_properties == {"mood": "calm"}
    (request,) = service.requests
    assert (request.url.path, request.headers["api-key"]) == (OTHER.path, KEY)
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"text_prompt": "a", "new": 1}


@each_kind
def test_the_same_rules_decide_what_is_sent_and_sent_again(kind: Kind) -> None:
    busy = {"error": "Too many requests in progress", "reject_reason": "inflight_limit"}
    service = Service(httpx.Response(429, json=busy), httpx.Response(200, json=PROMPT))
    assert call(kind, service, text_prompt="a").high_level_description == "a"
    service = Service(httpx.Response(429, json=busy | {"reject_reason": "daily_limit"}))
    with pytest.raises(RateLimitError, match="Waiting does not help against daily_limit"):
        call(kind, service, text_prompt="a")
    assert len(service.requests) == 1
    service = Service(httpx.ReadError("gone"))
    with pytest.raises(OutcomeUnknownError, match="What was asked for may have been made and billed"):
        call(kind, service, text_prompt="a")
    assert len(service.requests) == 1
    refused: list[tuple[dict[str, Any], type[IdeogramError]]] = [
        ({"text_promt": "a"}, UnknownFieldError),
        ({}, RequestError),
        ({"text_prompt": "a", "timeout": -1}, IdeogramError),
    ]
    service = Service()
    for fields, error in refused:
        with case(fields), pytest.raises(error):
            call(kind, service, **fields)
    assert service.requests == []


BROKEN: list[tuple[bytes, str]] = [
    (b"", "the body is empty"),
    (b"<html>", "the body is not JSON"),
    (b"[" * 100_000, "the body is not JSON"),
    (b"[]", "the body is no object"),
    (b'"text"', "the body is no object"),
    (b"{}", "high_level_description is missing"),
    (json.dumps({"high_level_description": "a", "compositional_deconstruction": 7}).encode(), "TypeError: "),
]


def test_the_error_of_a_response_that_breaks_the_contract_keeps_the_body() -> None:
    for body, problem in BROKEN:
        with case(body[:80]):
            error = judged(body)
            assert isinstance(error, ResponseValidationError)
            assert (error.body, error.status_code, error.may_have_been_billed) == (body, 200, True)
            assert error.headers == httpx.Headers()
            assert error.problems[0].startswith(problem)
            assert problem in error.message
    error = judged(b'{"high_level', complete=False)
    assert isinstance(error, OutcomeUnknownError)
    assert (error.body, error.may_have_been_billed) == (b'{"high_level', True)
    error = judged(b'{"error": "no", "reject_reason": "daily_limit"}', status=429)
    assert isinstance(error, RateLimitError)
    assert error.waiting_helps is False
    assert not error.may_have_been_billed


def test_the_response_has_the_model_of_the_operation_or_is_plain_json() -> None:
    rejection = judged(b'{"error": "no"}', evolve(OTHER, answer_model="Rejection"))
    assert isinstance(rejection, Rejection)
    assert rejection.error == "no"
    plain: list[tuple[bytes, object]] = [(b"", None), (b"[1]", [1]), (b'{"a": null}', {"a": None})]
    for body, value in plain:
        assert judged(body, PLAIN) == value, body
    assert isinstance(judged(b"<html>", PLAIN), ResponseValidationError)
