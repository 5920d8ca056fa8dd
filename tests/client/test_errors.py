"""The errors: copies and pickles, and what a status other than 2xx becomes: class, body, advice and what was billed."""

import copy
import json
import pickle
import re
import traceback
from functools import partial
from itertools import product
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service
from contract_document import responses_of
from driver import FakeTiming, Kind, case, generate, raised
from hypothesis import given
from hypothesis import strategies as st

import ideogram_ai.client as ideogram
from ideogram_ai.client import (
    APIStatusError,
    DownloadReason,
    IdeogramError,
    Job,
    OutcomeUnknownError,
    RateLimitError,
    errors,
)
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION

HEADERS = httpx.Headers([("x-request-id", "17"), ("x-two", "a"), ("x-two", "b")])
CONTRACT = read_contract()["paths"][OPERATION.path]["post"]
BILLED = {int(status): response["x-billed"] for status, response in responses_of(read_contract(), CONTRACT).items()} | {
    entry["status"]: entry["billed"] for entry in CONTRACT["x-observed-statuses"]
}
STATUSES: dict[int, tuple[type[APIStatusError], str]] = {
    400: (ideogram.BadRequestError, "Correct the request."),
    401: (ideogram.AuthenticationError, "Check the API key: it is sent in the Api-Key header, not as Bearer."),
    402: (ideogram.PaymentRequiredError, "Top up the account's balance."),
    403: (ideogram.PermissionDeniedError, "Check what the key may do, and whether a network in front refuses you."),
    404: (ideogram.NotFoundError, "Check the base URL."),
    413: (APIStatusError, "Make the request smaller."),
    415: (APIStatusError, "The service does not take this kind of body; is the base URL right?"),
    422: (ideogram.UnprocessableEntityError, "Change the prompt: it did not pass the safety check."),
    429: (RateLimitError, "Wait, or send fewer requests at a time."),
    503: (ideogram.InternalServerError, ""),
}
"""The class of each status of the contract, and what to do."""


def one_of_each() -> dict[type[IdeogramError], IdeogramError]:
    response: dict[str, Any] = {"status_code": 299, "headers": HEADERS, "body": b"\x00\xff body"}
    limit: dict[str, Any] = {"retry_after": 2.5, "reject_reason": "why", "waiting_helps": False}
    made = [
        IdeogramError("any"),
        ideogram.RequestError("any"),
        ideogram.PromptError("both", case="both"),
        ideogram.ConflictingFieldsError("both", fields=("image", "images")),
        ideogram.UnknownFieldError("no such field", field="prompt", suggestion="text_prompt"),
        ideogram.FieldValueError("not text", field="json_prompt", pointer="/json_prompt/0"),
        ideogram.ConfigurationError("no key"),
        ideogram.APIConnectionError("refused", transient=False),
        OutcomeUnknownError("silence", **response),
        *(kind("no", **response, may_have_been_billed=True) for kind, _ in STATUSES.values()),
        RateLimitError("full", **response, may_have_been_billed=False, **limit),
        ideogram.ResponseValidationError("no image", **response, problems=("data is missing", "and 3 more")),
        ideogram.JobFailedError("failed", job=Job("id", "failed", failure_reason="why")),
        ideogram.JobTimeoutError("late", job_id="id", job=Job("id", "pending"), deadline=3.0),
        ideogram.DownloadError("gone", reason=DownloadReason.EXPIRED, status_code=403),
        ideogram.WebhookVerificationError(reason="age"),
    ]
    return {type(error): error for error in made}


def pickled(error: IdeogramError, protocol: int = pickle.HIGHEST_PROTOCOL) -> IdeogramError:
    loaded: IdeogramError = pickle.loads(pickle.dumps(error, protocol))
    return loaded


def attributes(error: IdeogramError) -> dict[str, object]:
    return vars(error) | {"billed": error.may_have_been_billed, "args": error.args, "text": str(error)}


def test_every_error_is_exported_documented_and_says_whether_it_may_have_been_billed() -> None:
    exported = {getattr(ideogram, name) for name in ideogram.__all__ if name.endswith("Error")}
    assert exported == one_of_each().keys()
    assert [error.__name__ for error in exported if error.__name__ not in (errors.__doc__ or "")] == []
    free = {error for error in exported if issubclass(error, ideogram.RequestError)}
    free |= {IdeogramError, ideogram.APIConnectionError, RateLimitError, ideogram.JobFailedError}
    free |= {ideogram.WebhookVerificationError}
    assert {kind for kind, error in one_of_each().items() if not error.may_have_been_billed} == free
    assert {str(reason) for reason in DownloadReason} >= {"withheld", "expired", "exists", "not_an_image", "too_large"}
    assert all(isinstance(reason, str) and f"{reason}" == reason.value for reason in DownloadReason)


def test_copies_and_pickles_keep_every_attribute() -> None:
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    ways: list[Any] = [copy.copy, copy.deepcopy, *(partial(pickled, protocol=number) for number in protocols)]
    for kind, error in one_of_each().items():
        error.explain("Given up after 3 attempts.")
        error.add_note("a note")
        for number, convey in enumerate(ways):
            with case((kind, number)):
                conveyed = convey(error)
                assert type(conveyed) is kind
                assert attributes(conveyed) == attributes(error)
                assert conveyed.message.endswith("Given up after 3 attempts.")
                assert conveyed.__notes__ == ["a note"]


@given(text=st.text(st.characters()), body=st.binary())
def test_a_pickle_keeps_any_text_and_body(text: str, body: bytes) -> None:
    error = OutcomeUnknownError(text, status_code=408, headers=HEADERS, body=body)
    assert attributes(pickled(error)) == attributes(error)


def test_an_explanation_is_in_the_message_and_in_the_traceback() -> None:
    error = ideogram.APIConnectionError("Refused.")
    error.explain("")
    assert error.message == str(error) == "Refused."
    error.explain("Given up.")
    assert error.message == str(error) == "Refused. Given up."
    assert traceback.format_exception_only(error) == [
        f"{type(error).__module__}.APIConnectionError: Refused. Given up.\n"
    ]


A: dict[str, Any] = {"text_prompt": "a"}
FIELDS: tuple[dict[str, Any], ...] = ({}, A | {"json_prompt": {}}, {"prompt": "a"}, {"text_prompt": b"a"})
CALLS: list[tuple[dict[str, Any], dict[str, Any], Exception | None]] = [
    *(({}, fields, None) for fields in FIELDS),
    *(({}, A | {"extra_fields": extra}, None) for extra in (7, {"resolution": "x"})),
    ({}, A | {"timeout": 0}, None),
    ({"api_key": ""}, A, None),
    *(({"base_url": url}, A, None) for url in ("http://api.ideogram.ai", "https://[::1")),
    *(({}, A, failure) for failure in (httpx.ConnectError(""), httpx.ReadTimeout(""))),
]


def check_message(error: IdeogramError) -> None:
    assert error.message == str(error)
    assert error.message.isprintable()
    assert error.message.endswith(".")
    assert "  " not in error.message
    assert len(error.message) > 40
    words = "may have been|was most likely made and billed" if error.may_have_been_billed else "othing (was )?billed"
    assert re.search(words, error.message)


def test_a_message_says_whether_something_may_have_been_billed() -> None:
    for settings, fields, failure in CALLS:
        service = Service(failure) if failure else Service()
        with case((settings, fields, failure)):
            with pytest.raises(IdeogramError) as caught:
                generate("sync", service, {"timing": FakeTiming().of("sync"), **settings}, **fields)
            check_message(caught.value)
    for status in (100, 200, 204, 302, *OPERATION.billed, 408, 409, 500, 520, 600):
        for body in (b"", b'{"detail": "words."}'):
            with case((status, body)):
                error = parse_response(OPERATION, status=status, headers=HEADERS, body=body, now=0.0)
                assert isinstance(error, IdeogramError)
                check_message(error)


# Responses.

FREE = "It did not run; nothing was billed."
LOOK = "What was asked for may have been made and billed: look at the account's usage before sending it again."
STAYS = "No redirect is followed, so that the key stays here. Check the base URL."
NO = b'{"detail": "no"}'


def refused(status: int, kind: Kind = "sync", **parts: Any) -> Any:
    """The error of a call that gets this response."""
    service = Service(lambda _: httpx.Response(status, **parts))
    error = raised(IdeogramError, generate, kind, service, text_prompt="a cat")
    assert len(service.requests) == 1
    return error


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


def test_a_status_of_the_contract_has_its_class_and_costs_what_the_contract_says(kind: Kind) -> None:
    assert set(STATUSES) == set(BILLED) - {200}
    body = b'{"detail": "the words of the service"}'
    for status, (error_class, advice) in STATUSES.items():
        error = refused(status, kind, content=body, headers={"x-request-id": "17"})
        assert type(error) is error_class, status
        assert (error.status_code, error.body, error.headers["x-request-id"]) == (status, body, "17")
        assert error.may_have_been_billed is (BILLED[status] is not False), status
        money = LOOK if error.may_have_been_billed else FREE
        said = " ".join(filter(None, (f"{status}: the words of the service.", advice, money)))
        assert error.message == str(error) == said


def test_another_status_may_have_been_billed_unless_it_is_a_redirect() -> None:
    for status in (500, 502, 504, 520, 524, 599):
        assert type(parsed(status)) is ideogram.InternalServerError, status
    for status in (100, 101, 199, 405, 409, 418, 451, 499, 500, 502, 599, 600, 999):
        assert message(status) == f"{status}: no. {LOOK}"
    silent = evolve(OPERATION, billed={})
    assert all(parsed(status, operation=silent).may_have_been_billed for status in (400, 401, 429))
    assert parsed(300, operation=silent).may_have_been_billed is False
    for status in (300, 304, 399):
        assert message(status) == f"{status}: no. It points nowhere. {STAYS} {FREE}"


def test_the_outcome_of_408_and_303_is_unknown_because_the_service_had_the_request(kind: Kind) -> None:
    error = refused(408, kind, content=b"slow", headers={"x-request-id": "17"})
    assert isinstance(error, OutcomeUnknownError)
    assert error.headers is not None
    assert (error.status_code, error.body, error.headers["x-request-id"]) == (408, b"slow", "17")
    assert message(408) == f"408: the service gave up on the request: no. {LOOK}"
    error = parsed(303)
    assert isinstance(error, OutcomeUnknownError)
    assert error.status_code == 303
    assert error.message.startswith("303: that is what follows a request that ran (RFC 9110, section 15.4.4)")
    assert error.message.endswith(LOOK)


TARGETS = {
    "": "nowhere",
    "https://user:word@elsewhere.example:8443/v1?token=1": "to elsewhere.example:8443",
    "https://elsewhere.example/v2": "to elsewhere.example",
    "//elsewhere.example/x": "to elsewhere.example",
    "HTTPS://Elsewhere.example": "to Elsewhere.example",
    "https://a..b/": "to a..b",
    "https://xn--/": "to xn--",
    "https://[::1": "to [::1",
    "https://elsewhere.example:port/": "to elsewhere.example:port",
    **dict.fromkeys(("/v2/generate", "https:elsewhere", "https:///"), "to this same host"),
}


def test_a_redirect_is_not_followed_and_names_its_target() -> None:
    for status, (location, target) in product((301, 302, 307, 308), TARGETS.items()):
        assert message(status, location=location) == f"{status}: no. It points {target}. {STAYS} {FREE}"


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


def test_the_message_quotes_the_service() -> None:
    for body, content_type, words in WORDS:
        text = message(422, body, content_type=content_type)
        assert text.startswith(f"422{words}"), text
        assert "Change the prompt" in text
        assert "\n" not in text
    for shape in ('{"detail": "%s"}', '"%s"', "%s"):
        assert message(422, (shape % ("é" * 500)).encode()).startswith(f"422: {'é' * 500}. Change")
        assert message(422, (shape % ("é" * 501)).encode()).startswith(f"422: {'é' * 500} [...]. Change")
    assert len(message(400, b"word " * 100_000)) < 1000
    for odd in ("\\ud800", "\\u001b[31mred", "\\u0000", "\\u202e", "\\u009b0m"):
        shown = message(400, f'{{"detail": "it said {odd} there"}}'.encode())
        assert "it said" in shown, odd
        assert shown.isprintable(), odd
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
