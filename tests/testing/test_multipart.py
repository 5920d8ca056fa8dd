"""Multipart bodies are parsed as HTTP libraries write them; everything else is refused with a reason."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.contract.problems import RequestRefusedError
from ideogram_ai.testing.multipart import parse_multipart

MEDIA_TYPE = "multipart/form-data"

names = st.text("abcXYZ_09", min_size=1, max_size=8)
types = st.sampled_from(["application/json", "text/plain"])
values = st.binary(max_size=40) | st.sampled_from([b"\r\n--", b"\r\n\r\n", b"\r\n--b0undary\r\n", b"--"])


@given(wanted=st.lists(st.tuples(names, values, types), min_size=1, max_size=4))
def test_what_httpx_writes_is_what_is_read(wanted: list[tuple[str, bytes, str]]) -> None:
    files = [(name, (None, value, kind)) for name, value, kind in wanted]
    request = httpx.Request("POST", "http://x.test", files=files)
    parts = parse_multipart(request.headers["content-type"], request.read(), MEDIA_TYPE)
    assert [(part.name, part.value, part.content_type) for part in parts] == wanted


def body(
    count: int = 1, disposition: str = 'Content-Disposition: form-data; name="x"', end: str = "--b0--\r\n"
) -> bytes:
    return (f"--b0\r\n{disposition}\r\n\r\nvalue\r\n" * count + end).encode()


@pytest.mark.parametrize(
    ("content_type", "sent", "status", "words"),
    [
        ("application/json", body(), 415, "takes multipart/form-data only"),
        (None, body(), 415, "Content-Type is none"),
        (MEDIA_TYPE, body(), 400, "has no boundary"),
        (f"{MEDIA_TYPE}; boundary=b0", body(end=""), 400, "closing boundary is missing"),
        (f"{MEDIA_TYPE}; boundary=other", body(), 400, "cannot be read"),
        (f"{MEDIA_TYPE}; boundary=b0", body(1001), 400, "more than 1000 parts"),
        (f"{MEDIA_TYPE}; boundary=b0", body(disposition="X: y"), 400, "has no name"),
    ],
)
def test_what_cannot_be_read_is_refused(content_type: str | None, sent: bytes, status: int, words: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        parse_multipart(content_type, sent, MEDIA_TYPE)
    assert (refused.value.status, words in refused.value.detail) == (status, True), refused.value.detail
