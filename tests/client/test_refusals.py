"""What a status other than 2xx becomes: its class, the body kept, and a message about what to do and what it costs."""

import json
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service
from driver import KEY, KINDS, Kind, generate

from ideogram_ai.client import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    IdeogramError,
    InternalServerError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION

CONTRACT = read_contract()["paths"][OPERATION.path]["post"]
BILLED = {int(status): response["x-billed"] for status, response in CONTRACT["responses"].items()} | {
    entry["status"]: entry["billed"] for entry in CONTRACT["x-observed-statuses"]
}
CLASSES: dict[int, type[APIStatusError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    413: APIStatusError,
    415: APIStatusError,
    422: UnprocessableEntityError,
    429: RateLimitError,
    503: InternalServerError,
}
FREE = "It did not run; nothing was billed."
LOOK = "What was asked for may have been made and billed: look at the account's usage before sending it again."
STAYS = "No redirect is followed, so that the key stays here. Check the base URL."
NO = b'{"detail": "no"}'


def refused(status: int, client_kind: Kind = "sync", **parts: Any) -> Any:
    """The error of a call that gets this response."""
    service = Service(lambda _: httpx.Response(status, **parts))
    with pytest.raises(IdeogramError) as caught:
        generate(client_kind, service, text_prompt="a cat")
    assert len(service.requests) == 1
    return caught.value


def parsed(status: int, body: bytes = NO, *, operation: Any = OPERATION, **headers: str) -> Any:
    """The error of a response; the names of headers have an underscore for each dash."""
    head = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    error = parse_response(operation, status=status, headers=head, body=body, now=0.0)
    assert isinstance(error, IdeogramError)
    assert (getattr(error, "headers", None), getattr(error, "body", None)) == (head, body)
    return error


def message(status: int, body: bytes = NO, **headers: str) -> str:
    error = parsed(status, body, **headers)
    assert error.may_have_been_billed is error.message.endswith(LOOK)
    return str(error.message)


def test_a_status_of_the_contract_has_its_class_and_costs_what_the_contract_says() -> None:
    assert set(CLASSES) == set(BILLED) - {200}
    body = b'{"detail": "the words of the service"}'
    for status, kind in CLASSES.items():
        for client_kind in KINDS:
            error = refused(status, client_kind, content=body, headers={"x-request-id": "17"})
            assert type(error) is kind, status
            assert (error.status_code, error.body, error.headers["x-request-id"]) == (status, body, "17")
            assert error.message == str(error)
            assert error.message.startswith(f"{status}: the words of the service. ")
        assert error.may_have_been_billed is (BILLED[status] is not False), status
        assert (LOOK if error.may_have_been_billed else FREE) in error.message


def test_another_status_may_have_been_billed() -> None:
    for status in (500, 502, 504, 520, 524, 599):
        assert type(parsed(status)) is InternalServerError, status
    for status in (100, 101, 199, 405, 409, 418, 451, 499, 500, 502, 599, 600, 999):
        assert message(status) == f"{status}: no. {LOOK}"


@pytest.mark.parametrize("client_kind", KINDS)
def test_408_is_an_unknown_outcome_because_the_service_had_the_request(client_kind: Kind) -> None:
    error = refused(408, client_kind, content=b"slow", headers={"x-request-id": "17"})
    assert isinstance(error, OutcomeUnknownError)
    assert (error.status_code, error.body) == (408, b"slow")
    assert error.headers is not None
    assert error.headers["x-request-id"] == "17"
    assert message(408) == f"408: the service gave up on the request: no. {LOOK}"


def test_303_says_that_the_request_ran() -> None:
    error = parsed(303)
    assert isinstance(error, OutcomeUnknownError)
    assert error.status_code == 303
    assert error.message.startswith("303: that is what follows a request that ran (RFC 9110, section 15.4.4)")
    assert error.message.endswith(LOOK)


def test_a_refusal_says_what_to_do_and_that_it_is_free() -> None:
    advice = {
        400: "Correct the request.",
        401: "Check the API key: it is sent in the Api-Key header, not as Bearer.",
        402: "Top up the account's balance.",
        403: "Check what the key may do, and whether a network in front refuses you.",
        404: "Check the base URL.",
        413: "Make the request smaller.",
        415: "The service does not take this kind of body; is the base URL right?",
        422: "Change the prompt: it did not pass the safety check.",
        429: "Wait, or send fewer requests at a time.",
        300: f"It points nowhere. {STAYS}",
        304: f"It points nowhere. {STAYS}",
        399: f"It points nowhere. {STAYS}",
    }
    for status, sentence in advice.items():
        assert message(status) == f"{status}: no. {sentence} {FREE}"


def test_a_redirect_is_not_followed_and_names_its_target() -> None:
    targets = {
        "https://user:word@elsewhere.example:8443/v1?token=1": "It points to elsewhere.example:8443.",
        "https://elsewhere.example/v2": "It points to elsewhere.example.",
        "//elsewhere.example/x": "It points to elsewhere.example.",
        "HTTPS://Elsewhere.example": "It points to Elsewhere.example.",
        "/v2/generate": "It points to this same host.",
        "": "It points nowhere.",
    }
    for status in (301, 302, 307, 308):
        for location, target in targets.items():
            assert message(status, location=location) == f"{status}: no. {target} {STAYS} {FREE}"


def test_what_a_contract_does_not_list_may_have_been_billed_unless_it_is_a_redirect() -> None:
    silent = evolve(OPERATION, billed={})
    assert all(parsed(status, operation=silent).may_have_been_billed for status in (400, 401, 429))
    assert parsed(300, operation=silent).may_have_been_billed is False


PAGE = b"Attention! <title>Just a moment...</title>"
WORDS: list[tuple[bytes, str, str]] = [
    (b'{"type":"about:blank","title":"Bad","detail":"\'prompt\' is required","status":400}', "", ": 'prompt' is req"),
    (b'{"error":"The prompt is unsafe."}', "", ": The prompt is unsafe. "),
    (b'{"error":{"code":7,"why":"unsafe"}}', "", ": {'code': 7, 'why': 'unsafe'}. "),
    (b'{"message":"no"}', "", ": no. "),
    (b'{"detail":null,"error":"","title":"Teapot"}', "", ": Teapot. "),
    (b'{"detail":["a","b"]}', "", ": ['a', 'b']. "),
    (b'{"detail": "See TeX."}', "", ": See TeX. "),
    (b'{"detail": "Wait..."}', "", ": Wait. "),
    (b'{"detail":"line\\none\\r\\n\\ttwo"}', "", ": line one two. "),
    (b'"just a text"', "", ": just a text. "),
    (b"plain words", "", ": plain words. "),
    (b"", "", ", with an empty body. "),
    (b" \r\n ", "", ", with an empty body. "),
    (b"[1, 2]", "", ": [1, 2]. "),
    (b"null", "", ": null. "),
    (b"true", "", ": true. "),
    (b"{}", "", ": {}. "),
    (b"\xff\xfe\xfd", "", ": \ufffd"),
    (b"<html><head><title>\nAttention Required!</title>", "", ": an HTML page titled 'Attention Required!'. "),
    (b"<!DOCTYPE html><p>no title", "", ": an HTML page. "),
    (b"<TITLE lang=en>Away</TITLE>", "", ": an HTML page titled 'Away'. "),
    (PAGE, "Text/HTML; charset=utf-8", ": an HTML page titled 'Just a moment...'. "),
    (PAGE, "text/plain", ": Attention! <title>Just a moment...</title>. "),
    (PAGE, "", ": Attention! <title>Just a moment...</title>. "),
]


def test_the_services_own_words_are_a_sentence_of_the_message() -> None:
    for body, content_type, words in WORDS:
        text = message(422, body, content_type=content_type)
        assert text.startswith(f"422{words}"), text
        assert "Change the prompt" in text
        assert "\n" not in text


def test_long_words_are_cut_after_500_characters_in_the_message() -> None:
    for shape in ('{"detail": "%s"}', '"%s"', "%s"):
        assert message(422, (shape % ("é" * 500)).encode()).startswith(f"422: {'é' * 500}. Change")
        assert message(422, (shape % ("é" * 501)).encode()).startswith(f"422: {'é' * 500} [...]. Change")
    assert len(message(400, b"word " * 100_000)) < 1000


def test_a_message_can_be_printed_and_does_nothing_to_a_terminal() -> None:
    for text in ("\\ud800", "\\u001b[31mred", "\\u0000", "\\u202e", "\\u009b0m"):
        shown = message(400, f'{{"detail": "it said {text} there"}}'.encode())
        assert "it said" in shown
        assert shown.isprintable()
        shown.encode()


def test_a_limit_says_how_long_to_wait_or_that_waiting_does_not_help() -> None:
    for reason, helps in OPERATION.reject_reasons.items():
        body = json.dumps({"detail": "no", "reject_reason": reason}).encode()
        error = parsed(429, body, retry_after="1.50")
        assert isinstance(error, RateLimitError)
        assert (error.reject_reason, error.waiting_helps, error.retry_after) == (reason, helps, 1.5)
        hopeless = f"Waiting does not help against {reason}; look at the account."
        assert error.message == f"429: no. {'Wait 1.5 s.' if helps else hopeless} {FREE}"
        advice = "Wait, or send fewer requests at a time." if helps else hopeless
        assert message(429, body) == f"429: no. {advice} {FREE}"
    unknown: Any
    for unknown in ("a_new_limit", None, 7, {}, ["inflight_limit"]):
        error = parsed(429, json.dumps({"reject_reason": unknown}).encode())
        assert error.waiting_helps is True
        assert error.reject_reason == (unknown if isinstance(unknown, str) else None)


@pytest.mark.parametrize("client_kind", KINDS)
def test_a_key_that_is_echoed_is_nowhere_in_the_error(client_kind: Kind) -> None:
    headers = [(b"X-Echo", f"key={KEY}".encode()), (b"X-Name", "é".encode("latin-1")), (b"X-Name", b"two")]
    error = refused(401, client_kind, content=f"unknown key {KEY}".encode(), headers=headers)
    assert KEY not in f"{error.message}{error.body!r}{error.headers!r}{error.args!r}"
    assert error.headers["x-echo"] == "key=[api key]"
    assert error.headers.get_list("x-name") == ["é", "two"]
