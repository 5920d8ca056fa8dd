"""The words of an error, whole: what came, in the service's own words, what to do, and what it means for money."""

import json
from typing import Any

import httpx
import pytest
from attrs import evolve

from ideogram_ai.client import APIStatusError, Generation, IdeogramError, OutcomeUnknownError, ResponseValidationError
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION

FREE = "It did not run; nothing was billed."
LOOK = "What was asked for may have been made and billed: look at the account's usage before sending it again."
STAYS = "No redirect is followed, so that the key stays here. Check the base URL."
NO = b'{"detail": "no"}'


def judged(status: int, body: bytes = NO, *, operation: Any = OPERATION, **headers: str) -> IdeogramError:
    """The error that an answer becomes; the names of headers have an underscore for each dash."""
    head = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    outcome = parse_response(operation, status=status, headers=head, body=body, now=0.0)
    assert isinstance(outcome, IdeogramError)
    assert getattr(outcome, "headers", None) is head
    return outcome


def message(status: int, body: bytes = NO, **headers: str) -> str:
    error = judged(status, body, **headers)
    assert error.may_have_been_billed is error.message.endswith(LOOK)
    return error.message


@pytest.mark.parametrize(
    ("status", "advice"),
    [
        (400, "Correct the request."),
        (401, "Check the API key: it is sent in the Api-Key header, not as Bearer."),
        (402, "Top up the account's balance."),
        (403, "Check what the key may do, and whether a network in front refuses you."),
        (404, "Check the base URL."),
        (413, "Make the request smaller."),
        (415, "The service does not take this kind of body; is the base URL right?"),
        (422, "Change the prompt: it did not pass the safety check."),
        (429, "Wait, or send fewer requests at a time."),
        (300, f"It points nowhere. {STAYS}"),
        (399, f"It points nowhere. {STAYS}"),
    ],
)
def test_a_refusal_says_what_to_do_and_that_it_is_free(status: int, advice: str) -> None:
    assert message(status) == f"{status}: no. {advice} {FREE}"


@pytest.mark.parametrize("status", [100, 199, 405, 409, 451, 499, 500, 502, 599, 999])
def test_any_other_status_says_to_look_at_the_account(status: int) -> None:
    assert message(status) == f"{status}: no. {LOOK}"


def test_303_says_that_the_request_ran() -> None:
    error = judged(303)
    assert isinstance(error, OutcomeUnknownError)
    assert error.status_code == 303
    assert error.message.startswith("303: that is what follows a request that ran (RFC 9110, section 15.4.4)")
    assert error.message.endswith(LOOK)


def test_408_says_that_the_service_gave_up() -> None:
    error = judged(408)
    assert isinstance(error, OutcomeUnknownError)
    assert error.message == f"408: the service gave up on the request: no. {LOOK}"


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://elsewhere.example/v2", "It points to elsewhere.example."),
        ("HTTPS://elsewhere.example", "It points to elsewhere.example."),
        ("/v2/generate", "It points to this same host."),
        ("", "It points nowhere."),
    ],
)
def test_a_redirect_names_its_target(location: str, target: str) -> None:
    assert message(307, location=location) == f"307: no. {target} {STAYS} {FREE}"


@pytest.mark.parametrize("status", [400, 401, 429])
def test_what_a_contract_does_not_say_is_not_free(status: int) -> None:
    """Only of redirects it is known without a contract that nothing ran."""
    silent = evolve(OPERATION, billed={})
    assert judged(status, operation=silent).may_have_been_billed is True
    assert judged(300, operation=silent).may_have_been_billed is False


def test_a_limit_says_how_long_to_wait_or_that_it_does_not_help() -> None:
    hopeless = next(reason for reason, helps in OPERATION.reject_reasons.items() if not helps)
    body = json.dumps({"detail": "no", "reject_reason": hopeless}).encode()
    assert message(429, retry_after="1.50") == f"429: no. Wait 1.5 s. {FREE}"
    told = f"429: no. Waiting does not help against {hopeless}; look at the account. {FREE}"
    assert message(429, body) == message(429, body, retry_after="2") == told


PAGE = b"Attention! <title>Just a moment...</title>"


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (PAGE, "Text/HTML; charset=utf-8", ": an HTML page titled 'Just a moment...'"),
        (PAGE, "text/plain", ": Attention! <title>Just a moment...</title>"),
        (PAGE, "", ": Attention! <title>Just a moment...</title>"),
        (b"<TITLE lang=en>Away</TITLE>", "", ": an HTML page titled 'Away'"),
        (b'{"detail": "See TeX."}', "", ": See TeX"),
        (b'{"detail": "Wait..."}', "", ": Wait"),
        (b"", "", ", with an empty body"),
    ],
)
def test_the_services_words_are_told_as_a_sentence(body: bytes, content_type: str, words: str) -> None:
    assert message(422, body, content_type=content_type).startswith(f"422{words}. Change the prompt")


@pytest.mark.parametrize("shape", ['{"detail": "%s"}', '"%s"', "%s"])
def test_long_words_are_cut_after_500_characters(shape: str) -> None:
    assert message(422, (shape % ("é" * 500)).encode()).startswith(f"422: {'é' * 500}. Change")
    assert message(422, (shape % ("é" * 501)).encode()).startswith(f"422: {'é' * 500} [...]. Change")


def test_an_answer_of_any_2xx_is_read_for_images() -> None:
    body = b'{"created": "2026-10-07T12:00:00Z", "data": [{"url": "https://i.example/1.png", "prompt": "p", '
    body += b'"resolution": "1x1", "is_image_safe": true, "seed": 1}]}'
    for status in (200, 201, 299):
        outcome = parse_response(OPERATION, status=status, headers=httpx.Headers(), body=body, now=0.0)
        assert isinstance(outcome, Generation)
        assert outcome.problems == ()
    error = judged(299, b"{}")
    assert isinstance(error, ResponseValidationError)
    assert (error.status_code, error.body) == (299, b"{}")
    assert isinstance(judged(300), APIStatusError)
