"""Why this matters: an answer is paid for before it is read, and whatever breaks while it is read loses an image.

So whole raw answers, sound ones bent at random and bytes that were never HTTP, are served from a real socket. Only
images or an IdeogramError may come of it, and never a second POST.
"""

import json

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import AsyncIdeogram, Generation, Ideogram, IdeogramError, RetryPolicy
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing.faults import FaultServer, answer_raw

pytestmark = [
    pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning"),
    pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning"),
]

_OPERATION = read_contract()["paths"][POST_GENERATE_IMAGE_V4.path][POST_GENERATE_IMAGE_V4.method.lower()]
_EXAMPLES = _OPERATION["responses"]["200"]["content"]["application/json"]["examples"]
BODIES = [json.dumps(example["value"]).encode() for example in _EXAMPLES.values()]

OTHER = (100, 101, 103, 204, 206, 304, 408, 520, 999)
STATUS_LINES = [
    *(b"HTTP/1.1 %d X" % status for status in (*POST_GENERATE_IMAGE_V4.billed, *OTHER)),
    b"HTTP/1.0 200", b"HTTP/2 200 OK", b"HTTP/1.1 20 OK", b"HTTP/1.1", b"", b"\x00",
]  # fmt: skip
HEADERS = [
    b"Content-Length: %d", b"Content-Length: 5", b"Content-Length: -1", b"Transfer-Encoding: chunked",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate, gzip", b"Content-Type: text/html", b"Retry-After: 1e999", b"Retry-After: \xff",
    b"Location: //[",
    b"Connection: close", b"Set-Cookie: a=b", b": empty", b"No colon", b"X: \x00", b" folded", b"X: " + b"y" * 70_000,
]  # fmt: skip


@st.composite
def raw_answers(draw: st.DrawFn) -> bytes:
    """A sound answer with some of its parts exchanged, cut or repeated."""
    body = draw(st.sampled_from(BODIES) | st.binary(max_size=200))
    line = draw(st.sampled_from(STATUS_LINES) | st.just(b"HTTP/1.1 200 OK"))
    headers = draw(st.lists(st.sampled_from(HEADERS), max_size=4))
    filled = [header % len(body) if b"%d" in header else header for header in headers]
    answer = draw(st.sampled_from([b"\r\n", b"\n"])).join([line, *filled, b"", body])
    end = draw(st.integers(0, len(answer)) | st.just(len(answer)))
    at = draw(st.integers(0, end))
    return answer[:at] + draw(st.binary(max_size=3)) + answer[at:end]


ENDINGS = st.sampled_from(["close", "reset"])
ONCE = RetryPolicy(max_attempts=1)


def check(outcome: object, server: FaultServer) -> None:
    assert isinstance(outcome, (Generation, IdeogramError)), repr(outcome)
    assert len(server.wait_idle().posts) == 1
    if isinstance(outcome, IdeogramError) and server.ledger.posts[0].sent == 0:
        assert outcome.may_have_been_billed


@given(answer=raw_answers() | st.binary(max_size=300), ending=ENDINGS)
def test_any_bytes_sync(answer: bytes, ending: str) -> None:
    with FaultServer(answer_raw(answer, then=ending)) as server:  # type: ignore[arg-type]
        with Ideogram("fuzz-key", base_url=server.url, timeout=2.0, retry=ONCE) as client:
            try:
                outcome: object = client.generate(text_prompt="A photo of a cat")
            except IdeogramError as error:
                outcome = error
        check(outcome, server)


@given(answer=raw_answers() | st.binary(max_size=300), ending=ENDINGS)
def test_any_bytes_async(answer: bytes, ending: str) -> None:
    async def call(url: str) -> object:
        async with AsyncIdeogram("fuzz-key", base_url=url, timeout=2.0, retry=ONCE) as client:
            try:
                return await client.generate(text_prompt="A photo of a cat")
            except IdeogramError as error:
                return error

    with FaultServer(answer_raw(answer, then=ending)) as server:  # type: ignore[arg-type]
        check(anyio.run(call, server.url), server)
