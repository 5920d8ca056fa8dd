"""Every documented answer becomes the right value or error, with all that it says. One property for each status.

`PROPERTIES` is the list: a status that the contract gains and the list does not fails the first test.
"""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from caller import Caller
from canned import SHELLS, Shell
from hypothesis import given, settings
from service_words import as_told

from ideogram_ai.client import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    GeneratedImage,
    Generation,
    IdeogramError,
    RateLimitError,
    UnprocessableEntityError,
)
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import Answer, answers, ideogram_mock

Outcome = Generation | IdeogramError
RESPONSES: dict[str, Any] = read_contract()["paths"][OPERATION.path]["post"]["responses"]
FIELDS = {"text_prompt": "A cat"}
NOW = 1_790_000_000.0
KNOWN_REASONS: dict[str, bool] = {
    entry["value"]: entry["waiting_helps"]
    for entry in read_contract()["components"]["schemas"]["Rejection"]["properties"]["reject_reason"]["x-known-values"]
}


def assert_generation(answer: Answer, outcome: Outcome) -> None:
    body = json.loads(answer.body)
    assert isinstance(outcome, Generation)
    assert outcome.problems == ()
    assert outcome.raw == answer.body
    assert outcome.request == FIELDS
    assert outcome.created == moment(body["created"])
    assert outcome.created is not None
    assert outcome.created.tzinfo is not None
    assert outcome.additional_properties == {k: v for k, v in body.items() if k not in {"created", "data"}}
    assert len(outcome.images) == len(body["data"])
    for image, entry in zip(outcome.images, body["data"], strict=True):
        assert_image(image, entry)


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


def assert_image(image: GeneratedImage, entry: dict[str, Any]) -> None:
    assert image.url == (entry.get("url") or None)
    assert image.withheld == (not entry["is_image_safe"])
    for name in ("prompt", "resolution", "seed", "is_image_safe"):
        assert getattr(image, name) == entry[name]
        assert type(getattr(image, name)) is type(entry[name])
    assert image.additional_properties == {}
    if image.url:
        expires = int(image.url.partition("exp=")[2].partition("&")[0])
        assert image.expires_at == datetime.fromtimestamp(expires, UTC)


def assert_refusal(kind: type[APIStatusError], answer: Answer, outcome: Outcome) -> APIStatusError:
    """What the errors of every refused request have in common."""
    assert type(outcome) is kind
    assert isinstance(outcome, APIStatusError)
    assert outcome.status_code == answer.status
    assert outcome.body == answer.body
    assert {name: outcome.headers[name] for name in answer.headers} == answer.headers
    assert outcome.may_have_been_billed is RESPONSES[str(answer.status)]["x-billed"] is False
    assert outcome.message.startswith(str(answer.status))
    return outcome


def assert_words(words: object, error: APIStatusError) -> None:
    """What the service said stands in the message."""
    if isinstance(words, str) and words:
        assert as_told(words) in error.message


def assert_bad_request(answer: Answer, outcome: Outcome) -> None:
    error = assert_refusal(BadRequestError, answer, outcome)
    assert_words(json.loads(answer.body).get("detail"), error)


def assert_no_key(answer: Answer, outcome: Outcome) -> None:
    error = assert_refusal(AuthenticationError, answer, outcome)
    assert_words(json.loads(answer.body).get("detail"), error)
    assert "Api-Key" in error.message


def assert_unsafe(answer: Answer, outcome: Outcome) -> None:
    error = assert_refusal(UnprocessableEntityError, answer, outcome)
    assert_words(json.loads(answer.body).get("error"), error)
    assert "Change the prompt" in error.message


def assert_rate_limit(answer: Answer, outcome: Outcome) -> None:
    error = assert_refusal(RateLimitError, answer, outcome)
    assert isinstance(error, RateLimitError)
    body = json.loads(answer.body)
    assert_words(body.get("error"), error)
    assert error.reject_reason == body.get("reject_reason")
    assert error.waiting_helps is KNOWN_REASONS.get(body.get("reject_reason"), True)
    wait = answer.headers.get("Retry-After")
    if wait is None:
        assert error.retry_after is None
    elif wait.isdecimal():
        assert error.retry_after == int(wait)
    else:
        seconds = parsedate_to_datetime(wait).timestamp() - NOW
        assert error.retry_after == (seconds if seconds >= 0 else None)


PROPERTIES: dict[int, Callable[[Answer, Outcome], None]] = {
    200: assert_generation,
    400: assert_bad_request,
    401: assert_no_key,
    422: assert_unsafe,
    429: assert_rate_limit,
}


def test_every_documented_status_has_a_property() -> None:
    assert {int(status) for status in RESPONSES} == set(PROPERTIES)


@pytest.mark.parametrize("status", PROPERTIES)
@pytest.mark.parametrize("shell", SHELLS)
def test_a_documented_answer_becomes_what_it_says(shell: Shell, status: int) -> None:
    judged = 0
    with ideogram_mock() as mock, Caller(shell) as call:

        @settings(max_examples=30)
        @given(answer=answers(status))
        def check(answer: Answer) -> None:
            nonlocal judged
            mock.reply(answer)
            PROPERTIES[status](answer, call(**FIELDS))
            judged += 1

        check()
        assert judged == len(mock.ledger) > 5, "one request for each answer"
