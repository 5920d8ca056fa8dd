"""Every documented response becomes the right value or error, with all that it says. One property for each status.

Whatever comes in its place ends in images or in one typed error that keeps all of it.
"""

import json
import re
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from attrs import evolve
from contract_judges import CONTRACT, JOB_ID, is_billed, least, node_of, responses_of
from driver import KINDS, Driver, FakeTiming, Kind, case, mocked, outcome
from hypothesis import event, given, settings
from hypothesis import strategies as st

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    GeneratedImage,
    Generation,
    IdeogramError,
    InternalServerError,
    JobFailedError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    ResponseValidationError,
    ResponseWarning,
    UnprocessableEntityError,
)
from ideogram_ai.client.jobs import Job
from ideogram_ai.generated.operations import GET_GENERATION, OPERATIONS, Operation
from ideogram_ai.testing import Answer, IdeogramMock, answers, ideogram_mock, unusual_answers

NOW = 1_790_000_000.0
KNOWN_REASONS: dict[str, bool] = {
    entry["value"]: entry["waiting_helps"]
    for entry in CONTRACT["components"]["schemas"]["Rejection"]["properties"]["reject_reason"]["x-known-values"]
}
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.method_name)


def as_told(words: str) -> str:
    """The words of the service as a message has them: on one line, as far as they can be printed, their beginning."""
    line = " ".join(words.split())[:400].rstrip(".")
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in line)


@pytest.fixture(scope="module")
def clients() -> dict[Kind, Driver]:
    return {kind: mocked(kind) for kind in KINDS}


def call(client: Driver, operation: Operation) -> Any:
    """Call the method of an operation, and return what it returns or its error. Warnings are none of this test's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponseWarning)
        return outcome(client.call, operation.method_name, **least(operation))


FEW = 3
"""Examples of an operation in every run; the slow tests have many."""
each_depth = pytest.mark.parametrize("examples", [FEW, pytest.param(12, marks=pytest.mark.slow)])


def sent(operation: Operation) -> set[str]:
    """The names of the fields that such a call has in its body."""
    return {name for field in operation.fields for name in [field.wire_name] if field.place == "body"} & set(
        least(operation)
    )


def check_generation(operation: Operation, answer: Answer, ended: object) -> None:
    body = json.loads(answer.body)
    assert isinstance(ended, Generation)
    assert ended.problems == ()
    assert ended.raw == answer.body
    assert set(ended.request) == sent(operation)
    assert ended.created == moment(body["created"])
    assert ended.created is not None
    assert ended.created.tzinfo is not None
    assert ended.additional_properties == {k: v for k, v in body.items() if k not in {"created", "data"}}
    check_images(ended, body["data"])


def check_images(generation: Generation, entries: list[dict[str, Any]]) -> None:
    assert len(generation.images) == len(entries)
    for image, entry in zip(generation.images, entries, strict=True):
        check_image(image, entry)


def check_job(operation: Operation, answer: Answer, ended: object) -> None:
    body = json.loads(answer.body)
    assert isinstance(ended, Job)
    assert (ended.id, ended.raw, ended.problems) == (body["generation_id"], answer.body, ())
    assert ended.status == body.get("status", "pending")
    assert ended.created == (moment(body["created"]) if "created" in body else None)
    assert ended.failure_reason == body.get("failure_reason")
    assert ended.usage_cost_usd_micros == body.get("usage_cost_usd_micros")
    assert set(ended.request) == (set() if operation.is_free else sent(operation))
    assert (ended.generation is not None) is ("data" in body)
    if ended.generation is not None:
        assert (ended.generation.job_id, ended.generation.problems) == (ended.id, ())
        check_images(ended.generation, body["data"])


def check_model(operation: Operation, answer: Answer, ended: Any) -> None:
    assert type(ended).__name__ == operation.answer_model
    assert ended.to_dict() == json.loads(answer.body)


def moment(text: str) -> datetime:
    """A date of the contract; one without a zone is in UTC."""
    read = datetime.fromisoformat(text.upper())
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def check_image(image: GeneratedImage, entry: dict[str, Any]) -> None:
    assert image.url == (entry.get("url") or None)
    assert image.withheld == (not entry["is_image_safe"])
    known = ("prompt", "resolution", "seed", "is_image_safe")
    for name in known:
        assert getattr(image, name) == entry.get(name)
        assert type(getattr(image, name)) is type(entry.get(name))
    assert image.additional_properties == {k: v for k, v in entry.items() if k not in {*known, "url"}}
    if image.url:
        expires = int(image.url.partition("exp=")[2].partition("&")[0])
        assert image.expires_at == datetime.fromtimestamp(expires, UTC)


SUCCESSES: dict[str, Callable[[Operation, Answer, Any], None]] = {
    "images": check_generation,
    "job": check_job,
    "model": check_model,
}
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
SAID_IN = {422: "error", 429: "error"}
ADVICE = {401: "Api-Key", 422: "Change the prompt"}


def error_of(status: int) -> type[IdeogramError]:
    return InternalServerError if status >= 500 else ERRORS.get(status, APIStatusError)


def check_refusal(operation: Operation, answer: Answer, ended: object) -> None:
    """A typed error with the service's own words, and what they mean for money."""
    assert type(ended) is error_of(answer.status)
    assert isinstance(ended, APIStatusError)
    assert ended.status_code == answer.status
    assert ended.body == answer.body
    assert {name: ended.headers[name] for name in answer.headers} == answer.headers
    assert ended.may_have_been_billed is is_billed(operation, answer.status)
    assert ended.message.startswith(str(answer.status))
    assert ADVICE.get(answer.status, "") in ended.message
    assert ended.job_id == least(operation).get("generation_id")
    body = json.loads(answer.body)
    words = body.get(SAID_IN.get(answer.status, "detail"))
    if isinstance(words, str) and words:
        assert as_told(words) in ended.message
    if isinstance(ended, RateLimitError):
        check_rate_limit(answer, ended)


def check_rate_limit(answer: Answer, error: RateLimitError) -> None:
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


@each_operation
@each_depth
def test_a_documented_success_becomes_what_it_says(
    operation: Operation, examples: int, clients: dict[Kind, Driver]
) -> None:
    judged = 0
    with ideogram_mock() as mock:

        @settings(max_examples=examples * 4 if operation.method_name in {"generate", "job"} else examples)
        @given(answer=answers(200, operation=operation), kind=st.sampled_from(KINDS))
        def check(answer: Answer, kind: Kind) -> None:
            nonlocal judged
            mock.reply(answer)
            SUCCESSES[operation.result](operation, answer, call(clients[kind], operation))
            judged += 1

        check()
        assert judged == len(mock.ledger) >= examples / 2, "one request for each answer"


@each_operation
@each_depth
def test_a_documented_refusal_becomes_what_it_says(
    operation: Operation, examples: int, clients: dict[Kind, Driver]
) -> None:
    with ideogram_mock() as mock:
        for status in responses_of(operation).keys() - {200}:
            # Most operations share the responses of refusals.
            @settings(max_examples=examples * 3 if operation.method_name == "generate" else max(1, examples // 3))
            @given(answer=answers(status, operation=operation), kind=st.sampled_from(KINDS))
            def check(answer: Answer, kind: Kind) -> None:
                mock.reply(answer)
                check_refusal(operation, answer, call(clients[kind], operation))

            with case(status):
                check()


@each_operation
def test_a_status_that_was_observed_is_a_typed_error_and_says_what_it_costs(
    operation: Operation, clients: dict[Kind, Driver]
) -> None:
    observed = {entry["status"] for entry in node_of(operation)["x-observed-statuses"]}
    assert observed
    with ideogram_mock() as mock:
        # All kinds take turns: what they have in common is tested by the operations together.
        for number, status in enumerate(sorted(observed), len(operation.method_name)):
            mock.refuse(status)
            ended = call(clients[KINDS[number % len(KINDS)]], operation)
            assert type(ended) is error_of(status)
            assert ended.may_have_been_billed is is_billed(operation, status)


def entries_in(body: bytes) -> list[dict[str, Any]]:
    """The images that a body names: all in a JSON document, wherever else it is broken, else the whole ones in it."""
    try:
        document: Any = json.loads(body)
    except RecursionError:
        return []
    except ValueError:
        flat = (load(text) for text in re.findall(r"\{[^{}]*\}", body.decode(errors="replace")))
        return [entry for entry in flat if isinstance(entry, dict) and {"url", "is_image_safe", "seed"} <= set(entry)]
    data = document if isinstance(document, list) else document.get("data") if isinstance(document, dict) else None
    entries = [data] if isinstance(data, dict) else data if isinstance(data, list) else []
    return [entry for entry in entries if isinstance(entry, dict)]


def load(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def links_in(body: bytes) -> set[str]:
    urls = (entry.get("url") for entry in entries_in(body))
    return {url for url in urls if isinstance(url, str) and url}


def has_images(body: bytes) -> bool:
    """Whether a body names an image that was made."""
    return bool(links_in(body)) or any(entry.get("is_image_safe") is False for entry in entries_in(body))


def has_id(body: bytes) -> bool:
    document = load(body.decode(errors="replace"))
    name = document.get("generation_id") if isinstance(document, dict) else None
    return isinstance(name, str) and name != ""


def check_kept(operation: Operation, answer: Answer, ended: object) -> None:
    """All that was paid for is in the value; or in one typed error, which keeps the bytes."""
    if not isinstance(ended, IdeogramError):
        assert 200 <= answer.status < 300
        check_value(operation, answer, ended)
        return
    assert isinstance(ended, APIStatusError | OutcomeUnknownError | ResponseValidationError)
    assert ended.status_code == answer.status
    assert ended.body == answer.body
    assert ended.may_have_been_billed is is_billed(operation, answer.status)
    assert ended.job_id == least(operation).get("generation_id")
    if not 200 <= answer.status < 300:
        assert type(ended) is error_of(answer.status)
        return
    assert type(ended) is ResponseValidationError
    assert ended.problems
    if operation.result == "images":
        assert not has_images(answer.body)
    elif operation.result == "job" and not operation.is_free:
        assert not has_id(answer.body)


def check_value(operation: Operation, answer: Answer, ended: object) -> None:
    if operation.result == "images":
        assert isinstance(ended, Generation)
        assert ended.raw == answer.body
        assert ended.images
        assert {image.url for image in ended.images} >= links_in(answer.body)
    elif operation.result == "job":
        assert isinstance(ended, Job)
        assert ended.raw == answer.body
        assert not operation.is_free or ended.id == JOB_ID
        if operation.is_free and ended.status not in {"pending", "failed"}:
            links = {image.url for image in ended.generation.images} if ended.generation else set()
            assert links >= links_in(answer.body)


@each_operation
@each_depth
def test_an_unusual_response_ends_in_what_was_paid_for_or_in_a_typed_error(
    operation: Operation, examples: int, clients: dict[Kind, Driver]
) -> None:
    with ideogram_mock() as mock:

        @settings(max_examples=examples * 8 if operation.method_name in {"generate", "job"} else examples * 2)
        @given(answer=unusual_answers(operation=operation), kind=st.sampled_from(KINDS))
        def check(answer: Answer, kind: Kind) -> None:
            mock.reply(answer)
            ended = call(clients[kind], operation)
            event(f"{answer.why}: {type(ended).__name__}")
            check_kept(operation, answer, ended)

        check()
        assert len({exchange.why for exchange in mock.ledger}) > (1 if examples == FEW else 4)


WHENS = ("connecting", "sending", "waiting", "answering")


@each_operation
@each_depth
def test_a_broken_exchange_is_an_unknown_outcome_only_if_something_left(
    operation: Operation, examples: int, clients: dict[Kind, Driver]
) -> None:
    """Where a job has an id nothing is unknown: it is asked for again, for free."""
    with ideogram_mock() as mock:

        @settings(max_examples=examples)
        @given(answer=answers(200, operation=operation), when=st.sampled_from(WHENS), kind=st.sampled_from(KINDS))
        def check(answer: Answer, when: Any, kind: Kind) -> None:
            mock.break_off(when, answer=answer)
            ended = call(clients[kind], operation)
            half = answer.body[: len(answer.body) // 2]
            event(f"{when}: {type(ended).__name__}")
            if when == "connecting":
                assert isinstance(ended, APIConnectionError)
                assert not ended.may_have_been_billed
            elif when == "answering" and not isinstance(ended, IdeogramError):
                check_value(operation, evolve(answer, body=half), ended)
            else:
                assert isinstance(ended, OutcomeUnknownError)
                assert ended.may_have_been_billed is (not operation.is_free)
                assert ended.job_id == least(operation).get("generation_id")
                assert when != "answering" or ended.body == half
                assert when != "answering" or not links_in(half)

        check()


Word = Callable[[IdeogramMock], object]


def of_polls(plan: Callable[..., Any], *arguments: Any) -> Word:
    return lambda mock: plan(mock, *arguments, operation="job")


def is_pending(answer: Answer) -> bool:
    return bool(json.loads(answer.body)["status"] == "pending")


JOBS = answers(200, operation=GET_GENERATION)


PASSING = st.one_of(
    st.sampled_from(WHENS).map(lambda when: of_polls(IdeogramMock.break_off, when)),
    st.sampled_from(WHENS).map(lambda when: of_polls(IdeogramMock.time_out, when)),
    st.sampled_from([303, 400, 401, 403, 404, 408, 418, 429, 500, 502, 503, 504, 520]).map(
        lambda status: of_polls(IdeogramMock.refuse, status)
    ),
    st.sampled_from([b"", b"<html>", b"null", b"[]", b"{}", b'{"status": "pending"', b'{"status": "later"}']).map(
        lambda body: of_polls(IdeogramMock.reply, Answer(200, body, "of no use"))
    ),
    JOBS.filter(is_pending).map(lambda answer: of_polls(IdeogramMock.reply, answer)),
)
"""What a poll may meet that says nothing of the end of a job."""
REFUSALS = st.sampled_from([400, 401, 403, 404]).map(lambda status: of_polls(IdeogramMock.refuse, status))
"""One alone may come of a gateway; five in a row end a wait."""


@settings(max_examples=30)
@given(
    words=st.lists(PASSING, max_size=4) | st.lists(REFUSALS, min_size=4, max_size=4),
    last=JOBS.filter(lambda answer: not is_pending(answer)),
    kind=st.sampled_from(KINDS),
)
def test_a_wait_survives_what_four_polls_meet(words: list[Word], last: Answer, kind: Kind) -> None:
    with ideogram_mock(strict=False) as mock, mocked(kind, timing=FakeTiming()) as client:
        for word in words:
            word(mock)
        mock.reply(last, times=None, operation="job")
        ended = outcome(client.call, "wait", JOB_ID, deadline=50)
        body = json.loads(last.body)
        event(f"{len(words)} polls, {body['status']}: {type(ended).__name__}")
        assert len(mock.ledger) == len(words) + 1
        if body["status"] == "completed":
            assert isinstance(ended, Generation)
            assert ended.job_id == JOB_ID
            check_images(ended, body["data"])
        else:
            assert isinstance(ended, JobFailedError)
            assert (ended.job_id, ended.failure_reason) == (JOB_ID, body.get("failure_reason"))
            assert not ended.may_have_been_billed


@settings(max_examples=30)
@given(polls=st.lists(unusual_answers(operation=GET_GENERATION), min_size=1, max_size=6), kind=st.sampled_from(KINDS))
def test_a_wait_ends_whatever_polls_say(polls: list[Answer], kind: Kind) -> None:
    with ideogram_mock(strict=False) as mock, mocked(kind, timing=FakeTiming()) as client:
        for answer in polls:
            mock.reply(answer)
        mock.reply(polls[-1], times=None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResponseWarning)
            ended = outcome(client.call, "wait", JOB_ID, deadline=0.2)  # some ten polls
        event(type(ended).__name__)
        if isinstance(ended, IdeogramError):
            assert ended.job_id == JOB_ID
            assert isinstance(ended, JobFailedError) is not ended.may_have_been_billed
        else:
            assert isinstance(ended, Generation)
            assert ended.images
