"""Whatever comes instead of a documented answer ends in images or in one typed error that keeps all of it."""

import json
import warnings
from typing import Any

import pytest
from caller import Caller
from canned import SHELLS, Shell
from hypothesis import event, given, settings

from ideogram_ai.client import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
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
from ideogram_ai.testing import Answer, ideogram_mock, unusual_answers

KINDS: dict[int, type[IdeogramError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    402: PaymentRequiredError,
    403: PermissionDeniedError,
    404: NotFoundError,
    408: OutcomeUnknownError,
    422: UnprocessableEntityError,
    429: RateLimitError,
}
NOT_BILLED = {*range(300, 400), 400, 401, 402, 403, 404, 413, 415, 422, 429}


def has_images(body: bytes) -> bool:
    """Whether a JSON document names an image that was made, wherever else it is broken."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return False
    data = document if isinstance(document, list) else document.get("data") if isinstance(document, dict) else None
    entries = [data] if isinstance(data, dict) else data if isinstance(data, list) else []
    whole = [entry for entry in entries if isinstance(entry, dict)]
    return any(is_link(entry.get("url")) or entry.get("is_image_safe") is False for entry in whole)


def is_link(url: object) -> bool:
    return isinstance(url, str) and url != ""


def assert_kept(answer: Answer, outcome: Generation | IdeogramError) -> None:
    if isinstance(outcome, Generation):
        assert 200 <= answer.status < 300
        assert outcome.raw == answer.body
        assert outcome.images
        return
    assert isinstance(outcome, APIStatusError | OutcomeUnknownError | ResponseValidationError)
    assert outcome.status_code == answer.status
    assert outcome.body == answer.body
    assert outcome.may_have_been_billed is (answer.status not in NOT_BILLED)
    if 200 <= answer.status < 300:
        assert type(outcome) is ResponseValidationError
        assert not has_images(answer.body)
        assert outcome.problems
    elif answer.status >= 500:
        assert type(outcome) is InternalServerError
    else:
        assert type(outcome) is KINDS.get(answer.status, APIStatusError)


@pytest.mark.parametrize("shell", SHELLS)
def test_an_unusual_answer_ends_in_images_or_in_a_typed_error(shell: Shell) -> None:
    with ideogram_mock() as mock, Caller(shell) as call:

        @settings(max_examples=100)
        @given(answer=unusual_answers())
        def check(answer: Answer) -> None:
            mock.reply(answer)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ResponseWarning)
                outcome = call(text_prompt="A cat")
            event(f"{answer.why}: {type(outcome).__name__}")
            assert_kept(answer, outcome)

        check()
        assert len({exchange.why for exchange in mock.ledger}) > 8
