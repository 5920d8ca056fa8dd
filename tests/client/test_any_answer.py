"""Whatever the service answers, generate() returns a Generation or raises an IdeogramError, and the body is kept."""

import json
import warnings
from collections.abc import Iterator
from typing import Any

import anyio
import httpx
import pytest
import respx
from canned import KEY, ONCE, SHELLS, Service, Shell, entry, generate
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ideogram_ai.client import (
    APIStatusError,
    AsyncIdeogram,
    Generation,
    Ideogram,
    IdeogramError,
    OutcomeUnknownError,
    ResponseValidationError,
    ResponseWarning,
)
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

SOUND = json.dumps(
    {"created": "2026-10-07T12:00:00Z", "data": [entry(), entry(seed=8)], "response_type": "url"}
).encode()
DEEP = 100_000
NASTY: dict[str, bytes] = {
    "empty": b"",
    "HTML": b"<!DOCTYPE html><title>502 Bad Gateway</title>",
    "not UTF-8": b"\xff\xfe\xfd\x00\xd8",
    "UTF-16": SOUND.decode().encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + SOUND,
    "null": b"null",
    "true": b"true",
    "text": b'"data"',
    "number": b"1e999",
    "not a number": b"NaN",
    "empty list": b"[]",
    "list of entries": json.dumps([entry()]).encode(),
    "data of another shape": b'{"created": 7, "data": {"url": 7}}',
    "no data": b'{"created": "2026-10-07T12:00:00Z"}',
    "nulls": b'{"created": null, "data": [null]}',
    "deep list": b"[" * DEEP,
    "deep object": b'{"data":' * DEEP,
    "deep words": b'{"error":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep entry": b'{"data":[{"url":"https://i.example/1.png","x":' + b"[" * DEEP + b"]" * DEEP + b"}]}",
    "huge integer": b'{"data":[{"url":"https://i.example/1.png","seed":' + b"7" * 100_000 + b"}]}",
    "huge number": b"7" * 100_000,
    "duplicates": b'{"data":[],"data":[{"url":"https://i.example/1.png"}],"created":1,"created":2}',
    "surrogates": b'{"detail":"\\ud800","created":"\\ud800","data":[{"url":"https://i.example/\\udfff","prompt":"\\ud800"}]}',
    "odd links": b'{"data":[{"url":"http://[::1"},{"url":"\\u0000"},{"url":"//x?exp=1e9"},{"url":"x?exp=99999999999999"}]}',
    "many items": b'{"data":[' + b",".join([b"1"] * 50_000) + b"]}",
    "cut": SOUND[: len(SOUND) // 2],
}

words = st.sampled_from(
    ["created", "data", "url", "error", "detail", "reject_reason", "seed", "is_image_safe", "prompt"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9) | st.just(entry()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
bodies = (
    st.binary(max_size=60)
    | values.map(lambda value: json.dumps(value).encode())
    | values.map(lambda value: json.dumps({"created": "2026-10-07 12:00:00", "data": [value]}).encode())
    | st.integers(0, len(SOUND)).map(lambda length: SOUND[:length])
)
headers = st.dictionaries(
    st.sampled_from(["retry-after", "location", "content-type"]),
    st.sampled_from(["1", "soon", "text/html", "application/json; charset=utf-16", "//\u00e9vil", "-1"]),
).map(lambda found: {name.encode(): value.encode("latin-1") for name, value in found.items()})


@pytest.fixture(autouse=True)
def _warnings_are_no_errors() -> Iterator[None]:
    """An answer with an image in it may warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponseWarning)
        yield


def check(outcome: Generation | IdeogramError, status: int, body: bytes) -> None:
    """Nothing is lost, and what can be read can be printed."""
    if isinstance(outcome, Generation):
        assert 200 <= status < 300
        assert outcome.images
        assert outcome.raw == body
        _ = [(repr(image), image.withheld, image.expires_at) for image in outcome.images]
        return
    assert isinstance(outcome, (APIStatusError, ResponseValidationError, OutcomeUnknownError))
    assert (outcome.status_code, outcome.body) == (status, body)
    assert isinstance(outcome, APIStatusError) is not (200 <= status < 300 or status in {303, 408})
    assert outcome.message.isprintable()
    assert len(outcome.message) < 4000


def outcome_of(shell: Shell, response: httpx.Response) -> Generation | IdeogramError:
    try:
        return generate(shell, Service(response), text_prompt="a cat")
    except IdeogramError as error:
        return error


@pytest.mark.parametrize("shell", SHELLS)
@given(status=st.integers(100, 999), body=bodies, head=headers)
@example(status=200, body=SOUND, head={})
@example(status=520, body=NASTY["HTML"], head={})
def test_any_status_with_any_body(shell: Shell, status: int, body: bytes, head: dict[bytes, bytes]) -> None:
    check(outcome_of(shell, httpx.Response(status, content=body, headers=head)), status, body)


@pytest.mark.parametrize("status", [200, 201, 400, 408, 422, 429, 503, 520])
@pytest.mark.parametrize("name", NASTY)
def test_bodies_that_broke_other_clients(status: int, name: str) -> None:
    body = NASTY[name]
    head = httpx.Headers({"content-type": "application/json"})
    outcome = parse_response(POST_GENERATE_IMAGE_V4, status=status, headers=head, body=body, now=0.0)
    check(outcome, status, body)


def test_a_million_items() -> None:
    body = b'{"data":[' + b",".join([b"1"] * 1_000_000) + b"]}"
    outcome = parse_response(POST_GENERATE_IMAGE_V4, status=200, headers=httpx.Headers(), body=body, now=0.0)
    check(outcome, 200, body)


@settings(max_examples=25)
@given(status=st.integers(100, 999), body=bodies)
def test_any_status_with_any_body_through_respx(status: int, body: bytes) -> None:
    async def call() -> Generation:
        async with httpx.AsyncClient(verify=False) as http:
            return await AsyncIdeogram(KEY, retry=ONCE, http_client=http).generate(text_prompt="a cat")

    def call_sync() -> Generation:
        with httpx.Client(verify=False) as http:
            return Ideogram(KEY, retry=ONCE, http_client=http).generate(text_prompt="a cat")

    calls: dict[Shell, Any] = {
        "sync": call_sync,
        "asyncio": lambda: anyio.run(call, backend="asyncio"),
        "trio": lambda: anyio.run(call, backend="trio"),
    }
    for run in calls.values():
        with respx.mock:
            route = respx.post(url__startswith="https://api.ideogram.ai/").respond(status, content=body)
            try:
                outcome: Generation | IdeogramError = run()
            except IdeogramError as error:
                outcome = error
            assert route.call_count == 1
        check(outcome, status, body)


@given(depth=st.integers(300, 3000) | st.integers(3000, 30_000))
def test_any_depth_around_the_interpreters_limit(depth: int) -> None:
    for body in (
        b'{"error":%b%b}' % (b"[" * depth, b"]" * depth),
        b'{"data":[{"x":%b%b}]}' % (b"[" * depth, b"]" * depth),
    ):
        for status in (200, 422):
            outcome = parse_response(POST_GENERATE_IMAGE_V4, status=status, headers=httpx.Headers(), body=body, now=0.0)
            check(outcome, status, body)
