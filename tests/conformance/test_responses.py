"""Every documented response becomes the right value or error, with all that it says. One property for each status.

Whatever comes in its place ends in images or in one typed error that keeps all of it.
"""

import json
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from contract_document import responses_of
from driver import KINDS, Kind, mocked, outcome
from hypothesis import event, given, settings
from hypothesis import strategies as st
from service_words import as_told

from ideogram_ai.client import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    GeneratedImage,
    Generation,
    IdeogramError,
    InternalServerError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ResponseWarning,
    UnprocessableEntityError,
)
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import Answer, answers, ideogram_mock, unusual_answers

Outcome = Generation | IdeogramError
RESPONSES = responses_of(read_contract(), read_contract()["paths"][OPERATION.path]["post"])
FIELDS = {"text_prompt": "A cat"}
NOW = 1_790_000_000.0
KNOWN_REASONS: dict[str, bool] = {
    entry["value"]: entry["waiting_helps"]
    for entry in read_contract()["components"]["schemas"]["Rejection"]["properties"]["reject_reason"]["x-known-values"]
}


def check_generation(answer: Answer, ended: Outcome) -> None:
    body = json.loads(answer.body)
    assert isinstance(ended, Generation)
    assert ended.problems == ()
    assert ended.raw == answer.body
    assert ended.request == FIELDS
    assert ended.created == moment(body["created"])
    assert ended.created is not None
    assert ended.created.tzinfo is not None
    assert ended.additional_properties == {k: v for k, v in body.items() if k not in {"created", "data"}}
    assert len(ended.images) == len(body["data"])
    for image, entry in zip(ended.images, body["data"], strict=True):
        check_image(image, entry)


def moment(text: str) -> datetime:
    """A date of the contract, read field by field."""
    numbers = [int(text[start:end]) for start, end in ((0, 4), (5, 7), (8, 10), (11, 13), (14, 16), (17, 19))]
    rest = text[19:].lower()
    zone = rest.lstrip(".0123456789")
    fraction = rest[1 : len(rest) - len(zone)]
    sign = {"": 0, "z": 0, "+": 1, "-": -1}[zone[:1]]
    digits = zone.replace(":", "")
    minutes = sign * (int(digits[1:3]) * 60 + int(digits[3:5])) if sign else 0
    seconds = datetime(*numbers, tzinfo=UTC).timestamp() - minutes * 60  # type: ignore[misc, arg-type]
    whole = datetime.fromtimestamp(round(seconds), UTC)
    return whole.replace(microsecond=int((fraction + "000000")[:6]))


def check_image(image: GeneratedImage, entry: dict[str, Any]) -> None:
    assert image.url == (entry.get("url") or None)
    assert image.withheld == (not entry["is_image_safe"])
    for name in ("prompt", "resolution", "seed", "is_image_safe"):
        assert getattr(image, name) == entry[name]
        assert type(getattr(image, name)) is type(entry[name])
    assert image.additional_properties == {}
    if image.url:
        expires = int(image.url.partition("exp=")[2].partition("&")[0])
        assert image.expires_at == datetime.fromtimestamp(expires, UTC)


def check_refusal(kind: type[APIStatusError], said_in: str, answer: Answer, ended: Outcome) -> APIStatusError:
    """What the errors of all refusals have in common, and the service's own words, which stand in this member."""
    assert type(ended) is kind
    assert isinstance(ended, APIStatusError)
    assert ended.status_code == answer.status
    assert ended.body == answer.body
    assert {name: ended.headers[name] for name in answer.headers} == answer.headers
    assert ended.may_have_been_billed is RESPONSES[str(answer.status)]["x-billed"] is False
    assert ended.message.startswith(str(answer.status))
    words = json.loads(answer.body).get(said_in)
    if isinstance(words, str) and words:
        assert as_told(words) in ended.message
    return ended


def check_bad_request(answer: Answer, ended: Outcome) -> None:
    check_refusal(BadRequestError, "detail", answer, ended)


def check_no_key(answer: Answer, ended: Outcome) -> None:
    assert "Api-Key" in check_refusal(AuthenticationError, "detail", answer, ended).message


def check_unsafe(answer: Answer, ended: Outcome) -> None:
    assert "Change the prompt" in check_refusal(UnprocessableEntityError, "error", answer, ended).message


def check_rate_limit(answer: Answer, ended: Outcome) -> None:
    error = check_refusal(RateLimitError, "error", answer, ended)
    assert isinstance(error, RateLimitError)
    reason = json.loads(answer.body).get("reject_reason")
    assert error.reject_reason == reason
    assert error.waiting_helps is KNOWN_REASONS.get(reason, True)
    wait = answer.headers.get("Retry-After")
    if wait is None:
        assert error.retry_after is None
    elif wait.isdecimal():
        assert error.retry_after == int(wait)
    else:
        seconds = parsedate_to_datetime(wait).timestamp() - NOW
        assert error.retry_after == (seconds if seconds >= 0 else None)


PROPERTIES: dict[int, Callable[[Answer, Outcome], None]] = {
    200: check_generation,
    400: check_bad_request,
    401: check_no_key,
    422: check_unsafe,
    429: check_rate_limit,
}


def test_every_documented_status_has_a_property() -> None:
    assert {int(status) for status in RESPONSES} == set(PROPERTIES)


@pytest.mark.parametrize("status", PROPERTIES)
def test_a_documented_response_becomes_what_it_says(status: int) -> None:
    judged = 0
    clients = {kind: mocked(kind) for kind in KINDS}
    with ideogram_mock() as mock:

        @settings(max_examples=60)
        @given(answer=answers(status), kind=st.sampled_from(KINDS))
        def check(answer: Answer, kind: Kind) -> None:
            nonlocal judged
            mock.reply(answer)
            PROPERTIES[status](answer, outcome(clients[kind].generate, **FIELDS))
            judged += 1

        check()
        assert judged == len(mock.ledger) > 10, "one request for each answer"


ERRORS: dict[int, type[IdeogramError]] = {
    303: OutcomeUnknownError,
    400: BadRequestError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: OutcomeUnknownError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}
NOT_BILLED = {*range(300, 400), 400, 401, 402, 403, 404, 413, 415, 422, 429} - {303}  # it follows a request that ran


def has_images(body: bytes) -> bool:
    """Whether a JSON document names an image that was made, wherever else it is broken."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return False
    data = document if isinstance(document, list) else document.get("data") if isinstance(document, dict) else None
    entries = [data] if isinstance(data, dict) else data if isinstance(data, list) else []
    urls = [(entry.get("url"), entry.get("is_image_safe")) for entry in entries if isinstance(entry, dict)]
    return any((isinstance(url, str) and url != "") or safe is False for url, safe in urls)


def check_kept(answer: Answer, ended: Outcome) -> None:
    if isinstance(ended, Generation):
        assert 200 <= answer.status < 300
        assert ended.raw == answer.body
        assert ended.images
        return
    assert isinstance(ended, APIStatusError | OutcomeUnknownError | ResponseValidationError)
    assert ended.status_code == answer.status
    assert ended.body == answer.body
    assert ended.may_have_been_billed is (answer.status not in NOT_BILLED)
    if 200 <= answer.status < 300:
        assert type(ended) is ResponseValidationError
        assert not has_images(answer.body)
        assert ended.problems
    elif answer.status >= 500:
        assert type(ended) is InternalServerError
    else:
        assert type(ended) is ERRORS.get(answer.status, APIStatusError)


def test_an_unusual_response_ends_in_images_or_in_a_typed_error() -> None:
    clients = {kind: mocked(kind) for kind in KINDS}
    with ideogram_mock() as mock:

        @settings(max_examples=150)
        @given(answer=unusual_answers(), kind=st.sampled_from(KINDS))
        def check(answer: Answer, kind: Kind) -> None:
            mock.reply(answer)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResponseWarning)
                ended = outcome(clients[kind].generate, **FIELDS)
            event(f"{answer.why}: {type(ended).__name__}")
            check_kept(answer, ended)

        check()
        assert len({exchange.why for exchange in mock.ledger}) > 8
