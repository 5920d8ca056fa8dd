"""The errors: their tree, their messages, and that copies and pickles keep every attribute."""

import copy
import inspect
import pickle
import re
import traceback
from functools import partial
from typing import Any

import httpx
import pytest
from canned import FakeTiming, Service, generate
from driver import case
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
from ideogram_ai.client import errors as errors_module
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
        FieldValueError("no text", field="json_prompt", pointer="/json_prompt/0"),
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


def pickled(error: IdeogramError, protocol: int = pickle.HIGHEST_PROTOCOL) -> IdeogramError:
    loaded: IdeogramError = pickle.loads(pickle.dumps(error, protocol))
    return loaded


def attributes(error: IdeogramError) -> dict[str, object]:
    return vars(error) | {"billed": error.may_have_been_billed, "args": error.args, "text": str(error)}


def test_the_tree_is_the_documented_one() -> None:
    exported = {value for value in vars(package).values() if inspect.isclass(value) and issubclass(value, Exception)}
    assert exported == {*TREE, ResponseWarning}
    assert {kind: kind.__bases__ for kind in TREE} == TREE
    assert [kind.__name__ for kind in TREE if kind.__name__ not in (errors_module.__doc__ or "")] == []
    billed = {kind for kind, error in one_of_each().items() if error.may_have_been_billed}
    never = {IdeogramError, RequestError, PromptError, UnknownFieldError, FieldValueError, ConfigurationError}
    assert set(one_of_each()) - billed == never | {APIConnectionError, RateLimitError}
    assert {str(reason) for reason in DownloadReason} >= {"withheld", "expired", "exists", "not_an_image", "too_large"}
    assert all(isinstance(reason, str) and f"{reason}" == reason.value for reason in DownloadReason)


def test_copies_and_pickles_keep_every_attribute() -> None:
    protocols = [partial(pickled, protocol=protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for kind, error in one_of_each().items():
        error.explain("Given up after 3 attempts.")
        error.add_note("a note")
        for number, convey in enumerate((copy.copy, copy.deepcopy, *protocols)):
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
    error = APIConnectionError("Refused.")
    error.explain("")
    assert error.message == str(error) == "Refused."
    error.explain("Given up.")
    assert error.message == str(error) == "Refused. Given up."
    assert traceback.format_exception_only(error) == [
        f"{APIConnectionError.__module__}.APIConnectionError: Refused. Given up.\n"
    ]


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


def test_a_message_says_whether_something_may_have_been_billed() -> None:
    for name, (settings, fields, failure) in CALLS.items():
        service = Service(failure) if failure else Service()
        with case(name), pytest.raises(IdeogramError) as caught:
            generate("sync", service, {"timing": FakeTiming().of("sync"), **settings}, **fields)
        with case(name):
            check_message(caught.value)
    for status in (100, 200, 204, 302, *POST_GENERATE_IMAGE_V4.billed, 408, 409, 500, 520, 600):
        for body in (b"", b'{"detail": "words."}'):
            with case((status, body)):
                error = parse_response(POST_GENERATE_IMAGE_V4, status=status, headers=HEADERS, body=body, now=0.0)
                assert isinstance(error, IdeogramError)
                check_message(error)
