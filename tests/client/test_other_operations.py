"""Operations beside generate: the same exchange, and a response that is a model."""

import json
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service
from driver import KEY, KINDS, Driver, Kind

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


def call(client_kind: Kind, service: Service, *, extra_fields: Any = None, timeout: Any = None, **fields: Any) -> Any:
    """Call an operation as its generated method does."""
    with Driver(client_kind, service=service, retry=RetryPolicy(max_attempts=2, base_delay=0.001)) as driver:
        assert driver.client.operations is driver.client
        return driver.run(lambda client: client._send(OTHER, fields, extra_fields=extra_fields, timeout=timeout))


def judged(body: bytes, operation: Operation = OTHER, *, status: int = 200, complete: bool = True) -> Any:
    return parse_response(operation, status=status, headers=httpx.Headers(), body=body, now=0.0, complete=complete)


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_response_is_the_generated_model(client_kind: Kind) -> None:
    service = Service(httpx.Response(200, json=PROMPT | {"mood": "calm"}))
    answer = call(client_kind, service, text_prompt="a", extra_fields={"new": 1})
    assert type(answer) is V4JsonPrompt
    assert answer.high_level_description == "a"
    assert answer.additional_properties == {"mood": "calm"}
    (request,) = service.requests
    assert (request.url.path, request.headers["api-key"]) == (OTHER.path, KEY)
    assert request.headers["content-type"] == "application/json"
    assert json.loads(request.content) == {"text_prompt": "a", "new": 1}


@pytest.mark.parametrize("client_kind", KINDS)
def test_it_is_sent_again_by_the_same_rules(client_kind: Kind) -> None:
    busy = {"error": "Too many requests in progress", "reject_reason": "inflight_limit"}
    service = Service(httpx.Response(429, json=busy), httpx.Response(200, json=PROMPT))
    assert call(client_kind, service, text_prompt="a").high_level_description == "a"
    service = Service(httpx.Response(429, json=busy | {"reject_reason": "daily_limit"}))
    with pytest.raises(RateLimitError, match="Waiting does not help against daily_limit"):
        call(client_kind, service, text_prompt="a")
    assert len(service.requests) == 1
    service = Service(httpx.ReadError("gone"))
    with pytest.raises(OutcomeUnknownError, match="What was asked for may have been made and billed"):
        call(client_kind, service, text_prompt="a")
    assert len(service.requests) == 1


@pytest.mark.parametrize("client_kind", KINDS)
def test_what_cannot_be_sent_is_refused(client_kind: Kind) -> None:
    service = Service()
    refused: list[tuple[dict[str, Any], type[IdeogramError]]] = [
        ({"text_promt": "a"}, UnknownFieldError),
        ({}, RequestError),
        ({"text_prompt": "a", "timeout": -1}, IdeogramError),
    ]
    for fields, error in refused:
        with pytest.raises(error):
            call(client_kind, service, **fields)
    assert service.requests == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the body is empty"),
        (b"<html>", "the body is not JSON"),
        (b"[" * 100_000, "the body is not JSON"),
        (b"[]", "the body is not an object"),
        (b'"text"', "the body is not an object"),
        (b"{}", "high_level_description is missing"),
        (json.dumps({"high_level_description": "a", "compositional_deconstruction": 7}).encode(), "TypeError: "),
    ],
)
def test_an_answer_that_breaks_the_contract_is_kept_in_the_error(body: bytes, problem: str) -> None:
    error = judged(body)
    assert isinstance(error, ResponseValidationError)
    assert (error.body, error.status_code, error.may_have_been_billed) == (body, 200, True)
    assert error.headers == httpx.Headers()
    assert error.problems[0].startswith(problem)
    assert problem in error.message


def test_an_answer_that_broke_off_is_unknown() -> None:
    error = judged(b'{"high_level', complete=False)
    assert isinstance(error, OutcomeUnknownError)
    assert (error.body, error.may_have_been_billed) == (b'{"high_level', True)


@pytest.mark.parametrize(("body", "value"), [(b"", None), (b"[1]", [1]), (b'{"a": null}', {"a": None})])
def test_an_answer_without_a_model_is_plain_json(body: bytes, value: object) -> None:
    assert judged(body, PLAIN) == value


def test_an_answer_without_a_model_is_json_all_the_same() -> None:
    assert isinstance(judged(b"<html>", PLAIN), ResponseValidationError)


def test_a_refusal_is_judged_as_for_images() -> None:
    error = judged(b'{"error": "no", "reject_reason": "daily_limit"}', status=429)
    assert isinstance(error, RateLimitError)
    assert error.waiting_helps is False
    assert not error.may_have_been_billed


def test_other_models_are_found_by_name() -> None:
    rejection = judged(b'{"error": "no"}', evolve(OTHER, answer_model="Rejection"))
    assert isinstance(rejection, Rejection)
    assert rejection.error == "no"
