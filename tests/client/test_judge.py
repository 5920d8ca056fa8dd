"""What each status becomes: one class, the body kept, a message that says what it means for money."""

from typing import Any

import httpx
import pytest
from canned import KEY, SHELLS, Service, Shell, generate

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
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

OPERATION = read_contract()["paths"][POST_GENERATE_IMAGE_V4.path]["post"]
BILLED = {int(status): answer["x-billed"] for status, answer in OPERATION["responses"].items()} | {
    entry["status"]: entry["billed"] for entry in OPERATION["x-observed-statuses"]
}
REFUSALS = sorted(set(BILLED) - {200})
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


def answered(status: int, shell: Shell = "sync", **parts: Any) -> IdeogramError:
    """The error that an answer becomes."""
    service = Service(lambda _: httpx.Response(status, **parts))
    with pytest.raises(IdeogramError) as caught:
        generate(shell, service, text_prompt="a cat")
    assert len(service.requests) == 1
    return caught.value


def refused(status: int, shell: Shell = "sync", **parts: Any) -> APIStatusError:
    error = answered(status, shell, **parts)
    assert isinstance(error, APIStatusError)
    return error


def test_every_status_of_the_contract_has_its_class() -> None:
    assert set(CLASSES) == set(REFUSALS)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("status", REFUSALS)
def test_a_status_becomes_its_class_with_everything_kept(shell: Shell, status: int) -> None:
    body = b'{"detail": "the words of the service"}'
    error = refused(status, shell, content=body, headers={"x-request-id": "17"})
    assert type(error) is CLASSES[status]
    assert (error.status_code, error.body, error.headers["x-request-id"]) == (status, body, "17")
    assert error.message == str(error)
    assert error.message.startswith(f"{status}: the words of the service. ")


@pytest.mark.parametrize("status", REFUSALS)
def test_what_an_answer_means_for_money_is_what_the_contract_says(status: int) -> None:
    error = refused(status)
    assert error.may_have_been_billed is (BILLED[status] is not False)
    words = "may have been made and billed" if error.may_have_been_billed else "nothing was billed"
    assert words in error.message


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("status", [500, 502, 504, 520, 524, 599])
def test_any_failure_of_the_service_may_have_been_billed(shell: Shell, status: int) -> None:
    error = refused(status, shell)
    assert type(error) is InternalServerError
    assert error.may_have_been_billed is True


@pytest.mark.parametrize("status", [100, 101, 405, 409, 418, 451, 499, 600, 999])
def test_a_status_that_nobody_documented_may_have_been_billed(status: int) -> None:
    error = refused(status)
    assert error.status_code == status
    assert error.may_have_been_billed is True
    assert "look at the account's usage" in error.message


@pytest.mark.parametrize("shell", SHELLS)
def test_408_is_no_refusal_because_the_service_had_the_request(shell: Shell) -> None:
    error = answered(408, shell, content=b"slow", headers={"x-request-id": "17"})
    assert isinstance(error, OutcomeUnknownError)
    assert (error.status_code, error.body) == (408, b"slow")
    assert error.headers is not None
    assert error.headers["x-request-id"] == "17"
    assert error.may_have_been_billed is True


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed_and_its_target_is_named(shell: Shell, status: int) -> None:
    link = "https://user:word@elsewhere.example:8443/v1?token=1"
    error = refused(status, shell, headers={"location": link})
    assert "It points to elsewhere.example:8443. No redirect is followed" in error.message
    assert "word" not in error.message
    assert "token" not in error.message
    assert error.may_have_been_billed is (status == 303)  # which follows a request that ran


@pytest.mark.parametrize(
    ("location", "words"),
    [
        ("//elsewhere.example/x", "It points to elsewhere.example."),
        ("HTTPS://Elsewhere.example", "It points to Elsewhere.example."),
        ("/v2/generate", "It points to this same host."),
        ("", "It points nowhere."),
    ],
)
def test_a_redirect_of_another_form(location: str, words: str) -> None:
    assert words in refused(307, headers={"location": location}).message


def test_a_redirect_without_a_target_says_so() -> None:
    assert "It points nowhere." in refused(304).message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"type":"about:blank","title":"Bad Request","detail":"\'prompt\' is required","status":400}',
            "'prompt' is req",
        ),
        (b'{"error":"The prompt is unsafe."}', ": The prompt is unsafe. "),
        (b'{"error":{"code":7,"why":"unsafe"}}', "{'code': 7, 'why': 'unsafe'}"),
        (b'{"message":"no"}', ": no. "),
        (b'{"detail":null,"error":"","title":"Teapot"}', ": Teapot. "),
        (b'{"detail":["a","b"]}', "['a', 'b']"),
        (b'"just a text"', ": just a text. "),
        (b"plain words", ": plain words. "),
        (b"", ", with an empty body. "),
        (b" \r\n ", ", with an empty body. "),
        (b"[1, 2]", ": [1, 2]. "),
        (b"null", ": null. "),
        (b"{}", ": {}. "),
        (b"\xff\xfe\xfd", "\ufffd"),
        (b"<html><head><title>\nAttention Required!</title>", ": an HTML page titled 'Attention Required!'. "),
        (b"<!DOCTYPE html><p>no title", ": an HTML page. "),
        (b'{"detail":"line\\none\\r\\n\\ttwo"}', ": line one two. "),
    ],
)
def test_the_services_own_words_are_in_the_message(body: bytes, words: str) -> None:
    error = refused(422, content=body)
    assert words in error.message
    assert "\n" not in error.message
    assert error.body == body


def test_long_words_are_cut_in_the_message_and_whole_in_the_body() -> None:
    body = b"word " * 100_000
    error = refused(400, content=body)
    assert len(error.message) < 1000
    assert error.body == body


@pytest.mark.parametrize("text", ["\\ud800", "\\u001b[31mred", "\\u0000", "\\u202e", "\\u009b0m"])
def test_a_message_can_be_printed_and_does_nothing_to_a_terminal(text: str) -> None:
    body = f'{{"detail": "it said {text} there"}}'.encode()
    error = refused(400, content=body)
    assert "it said" in error.message
    assert error.message.isprintable()
    error.message.encode()


@pytest.mark.parametrize("reason", list(POST_GENERATE_IMAGE_V4.reject_reasons))
def test_a_limit_says_whether_waiting_helps(reason: str) -> None:
    error = refused(429, json={"error": "no", "reject_reason": reason})
    assert isinstance(error, RateLimitError)
    assert error.reject_reason == reason
    assert error.waiting_helps is POST_GENERATE_IMAGE_V4.reject_reasons[reason]
    words = (
        "Wait, or send fewer requests at a time." if error.waiting_helps else f"Waiting does not help against {reason}"
    )
    assert words in error.message


@pytest.mark.parametrize("reason", ["a_new_limit", None, 7, {}, ["inflight_limit"]])
def test_a_limit_that_the_contract_does_not_know_is_waited_for(reason: object) -> None:
    error = refused(429, json={"reject_reason": reason})
    assert isinstance(error, RateLimitError)
    assert error.waiting_helps is True
    assert error.reject_reason == (reason if isinstance(reason, str) else None)


def test_what_the_service_asks_to_wait_is_in_the_error() -> None:
    error = refused(429, headers={"Retry-After": "2.5"})
    assert isinstance(error, RateLimitError)
    assert error.retry_after == 2.5
    assert "Wait 2.5 s." in error.message


@pytest.mark.parametrize("shell", SHELLS)
def test_a_key_that_is_echoed_is_nowhere_in_the_error(shell: Shell) -> None:
    headers = [(b"X-Echo", f"key={KEY}".encode()), (b"X-Name", "é".encode("latin-1")), (b"X-Name", b"two")]
    error = refused(401, shell, content=f"unknown key {KEY}".encode(), headers=headers)
    assert KEY not in f"{error.message}{error.body!r}{error.headers!r}{error.args!r}"
    assert error.headers["x-echo"] == "key=[api key]"
    assert error.headers.get_list("x-name") == ["é", "two"]
