"""The errors: their tree, what they say, and that they survive being copied and pickled."""

import copy
import inspect
import pickle
import re
import traceback
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from canned import Service
from driver import FakeTiming, generate
from hypothesis import given
from hypothesis import strategies as st

import ideogram_ai.client as package
from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConfigurationError,
    DownloadError,
    DownloadReason,
    FieldValueError,
    IdeogramError,
    InternalServerError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    PromptError,
    RateLimitError,
    RequestError,
    ResponseValidationError,
    ResponseWarning,
    UnknownFieldError,
    UnprocessableEntityError,
)
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

HEADERS = httpx.Headers([("x-request-id", "17"), ("x-two", "a"), ("x-two", "b")])
STATUS_ERRORS: list[type[APIStatusError]] = [
    APIStatusError,
    BadRequestError,
    AuthenticationError,
    PaymentRequiredError,
    PermissionDeniedError,
    NotFoundError,
    UnprocessableEntityError,
    InternalServerError,
]
TREE: dict[type[Exception], tuple[type[Exception], ...]] = {
    IdeogramError: (Exception,),
    RequestError: (IdeogramError, ValueError),
    PromptError: (RequestError,),
    UnknownFieldError: (RequestError, TypeError),
    FieldValueError: (RequestError,),
    ConfigurationError: (RequestError,),
    APIConnectionError: (IdeogramError,),
    OutcomeUnknownError: (IdeogramError,),
    APIStatusError: (IdeogramError,),
    **dict.fromkeys(STATUS_ERRORS[1:], (APIStatusError,)),
    RateLimitError: (APIStatusError,),
    ResponseValidationError: (IdeogramError,),
    DownloadError: (IdeogramError,),
}


def one_of_each() -> dict[type[IdeogramError], IdeogramError]:
    answer: dict[str, Any] = {"status_code": 299, "headers": HEADERS, "body": b"\x00\xff body"}
    errors = [
        IdeogramError("any"),
        RequestError("any"),
        PromptError("both", case="both"),
        UnknownFieldError("no such field", field="prompt", suggestion="text_prompt"),
        FieldValueError("not text", field="json_prompt", pointer="/json_prompt/0"),
        ConfigurationError("no key"),
        APIConnectionError("refused", transient=False),
        OutcomeUnknownError("silence", **answer),
        *(kind("no", **answer, may_have_been_billed=True) for kind in STATUS_ERRORS),
        RateLimitError(
            "full", **answer, may_have_been_billed=False, retry_after=2.5, reject_reason="why", waiting_helps=False
        ),
        ResponseValidationError("no image", **answer, problems=("data is missing", "and 3 more")),
        DownloadError("gone", reason=DownloadReason.EXPIRED, status_code=403),
    ]
    return {type(error): error for error in errors}


def by_pickle(protocol: int) -> Callable[[IdeogramError], IdeogramError]:
    def convey(error: IdeogramError) -> IdeogramError:
        conveyed: IdeogramError = pickle.loads(pickle.dumps(error, protocol))
        return conveyed

    return convey


WAYS: dict[str, Callable[[IdeogramError], IdeogramError]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{f"pickle {protocol}": by_pickle(protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)},
}


def attributes(error: IdeogramError) -> dict[str, object]:
    return vars(error) | {"billed": error.may_have_been_billed, "args": error.args, "text": str(error)}


def test_the_tree_is_the_documented_one() -> None:
    exported = {value for value in vars(package).values() if inspect.isclass(value) and issubclass(value, Exception)}
    assert exported == {*TREE, ResponseWarning}
    assert {kind: kind.__bases__ for kind in TREE} == TREE


def test_the_tree_is_drawn_whole_where_the_errors_are() -> None:
    from ideogram_ai.client import errors

    assert errors.__doc__
    assert [kind.__name__ for kind in TREE if kind.__name__ not in errors.__doc__] == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", one_of_each(), ids=lambda kind: kind.__name__)
def test_an_error_is_conveyed_with_every_attribute(kind: type[IdeogramError], way: str) -> None:
    error = one_of_each()[kind]
    error.explain("Given up after 3 attempts.")
    error.add_note("a note")
    conveyed = WAYS[way](error)
    assert type(conveyed) is kind
    assert attributes(conveyed) == attributes(error)
    assert conveyed.message.endswith("Given up after 3 attempts.")
    assert conveyed.__notes__ == ["a note"]


def test_each_kind_says_whether_it_may_have_been_billed() -> None:
    may = {kind for kind, error in one_of_each().items() if error.may_have_been_billed}
    never = {IdeogramError, RequestError, PromptError, UnknownFieldError, FieldValueError, ConfigurationError}
    assert set(one_of_each()) - may == never | {APIConnectionError, RateLimitError}


def test_an_explanation_is_in_the_message_and_in_the_traceback() -> None:
    error = APIConnectionError("Refused.")
    error.explain("")
    assert error.message == str(error) == "Refused."
    error.explain("Given up.")
    assert error.message == str(error) == "Refused. Given up."
    assert traceback.format_exception_only(error) == [
        f"{APIConnectionError.__module__}.APIConnectionError: Refused. Given up.\n"
    ]


def test_reasons_of_downloads_equal_their_words() -> None:
    assert {str(reason) for reason in DownloadReason} >= {"withheld", "expired", "exists", "not_an_image", "too_large"}
    assert all(isinstance(reason, str) and f"{reason}" == reason.value for reason in DownloadReason)


CALLS: dict[str, tuple[dict[str, Any], dict[str, Any], Exception | None]] = {
    "neither": ({}, {}, None),
    "both": ({}, {"text_prompt": "a", "json_prompt": {}}, None),
    "unknown field": ({}, {"prompt": "a"}, None),
    "unwritable": ({}, {"text_prompt": b"a"}, None),
    "time limit": ({}, {"text_prompt": "a", "timeout": 0}, None),
    "extra fields": ({}, {"text_prompt": "a", "extra_fields": 7}, None),
    "documented extra field": ({}, {"text_prompt": "a", "extra_fields": {"resolution": "x"}}, None),
    "key": ({"api_key": ""}, {"text_prompt": "a"}, None),
    "base URL": ({"base_url": "http://api.ideogram.ai"}, {"text_prompt": "a"}, None),
    "no URL": ({"base_url": "https://[::1"}, {"text_prompt": "a"}, None),
    "never left": ({}, {"text_prompt": "a"}, httpx.ConnectError("")),
    "unknown outcome": ({}, {"text_prompt": "a"}, httpx.ReadTimeout("")),
}


def check_message(error: IdeogramError) -> None:
    assert error.message == str(error)
    assert error.message.isprintable()
    assert error.message.endswith(".")
    assert "  " not in error.message
    assert len(error.message) > 40
    words = "may have been|was most likely made and billed" if error.may_have_been_billed else "othing (was )?billed"
    assert re.search(words, error.message)


@pytest.mark.parametrize("name", CALLS)
def test_the_message_of_a_call_that_failed_says_what_it_means_for_money(name: str) -> None:
    settings, fields, failure = CALLS[name]
    service = Service(failure) if failure else Service()
    with pytest.raises(IdeogramError) as caught:
        generate("sync", service, {"timing": FakeTiming().of("sync"), **settings}, **fields)
    check_message(caught.value)


@pytest.mark.parametrize("status", [100, 200, 204, 302, *POST_GENERATE_IMAGE_V4.billed, 408, 409, 500, 520, 600])
@pytest.mark.parametrize("body", [b"", b'{"detail": "words."}'])
def test_the_message_of_an_answer_says_what_it_means_for_money(status: int, body: bytes) -> None:
    outcome = parse_response(POST_GENERATE_IMAGE_V4, status=status, headers=HEADERS, body=body, now=0.0)
    assert isinstance(outcome, IdeogramError)
    check_message(outcome)


@given(text=st.text(st.characters()), body=st.binary())
def test_any_text_and_body_are_conveyed(text: str, body: bytes) -> None:
    error = OutcomeUnknownError(text, status_code=408, headers=HEADERS, body=body)
    conveyed = by_pickle(pickle.HIGHEST_PROTOCOL)(error)
    assert attributes(conveyed) == attributes(error)
