"""A response is paid for before it is read, so whatever breaks while it is read loses an image.

Random bytes, and valid responses with random damage, may end in images or in an IdeogramError, and never in a second
POST.
"""

import json
from typing import Any

import pytest
from driver import ONCE, Driver, Kind, outcome
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import Generation, IdeogramError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing.faults import FaultServer, answer_raw

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
    b"Content-Encoding: gzip", b"Content-Encoding: deflate, gzip", b"Content-Type: text/html", b"Retry-After: 1e999",
    b"Retry-After: \xff", b"Location: //[", b"Connection: close", b"Set-Cookie: a=b", b": empty", b"No colon",
    b"X: \x00", b" folded", b"X: " + b"y" * 70_000,
]  # fmt: skip


@st.composite
def damaged_responses(draw: st.DrawFn) -> bytes:
    """A valid response with some of its parts replaced, cut or repeated."""
    body = draw(st.sampled_from(BODIES) | st.binary(max_size=200))
    line = draw(st.sampled_from(STATUS_LINES) | st.just(b"HTTP/1.1 200 OK"))
    headers = draw(st.lists(st.sampled_from(HEADERS), max_size=4))
    filled = [header % len(body) if b"%d" in header else header for header in headers]
    response = draw(st.sampled_from([b"\r\n", b"\n"])).join([line, *filled, b"", body])
    end = draw(st.integers(0, len(response)) | st.just(len(response)))
    at = draw(st.integers(0, end))
    return response[:at] + draw(st.binary(max_size=3)) + response[at:end]


@pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning")
@pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
@pytest.mark.parametrize("kind", ["sync", "asyncio"])
def test_any_bytes_end_in_images_or_an_error_of_ours(kind: Kind) -> None:
    @given(response=damaged_responses() | st.binary(max_size=300), ending=st.sampled_from(["close", "reset"]))
    def check(response: bytes, ending: Any) -> None:
        with (
            FaultServer(answer_raw(response, then=ending)) as server,
            Driver(kind, base_url=server.url, timeout=2.0, retry=ONCE) as client,
        ):
            ended = outcome(client.ask)
            (post,) = server.wait_idle().posts
        assert isinstance(ended, (Generation, IdeogramError)), repr(ended)
        if isinstance(ended, IdeogramError) and post.sent == 0:
            assert ended.may_have_been_billed

    check()
