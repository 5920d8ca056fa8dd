"""The short way through a multipart body leads where the long way leads, or nowhere."""

from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.contract.decoding import Part
from ideogram_ai.contract.problems import RequestRefusedError
from ideogram_ai.testing import multipart
from ideogram_ai.testing.multipart import parse_multipart, parse_plain

MEDIA_TYPE = "multipart/form-data"
BOUNDARY = b"b0undary"
TWO = [
    Part("text_prompt", b"A photo of a cat\r\n--b0undar", "", "", None),
    Part("x", b"", "application/json", "", None),
]

names = st.text("abcXYZ_09", min_size=1, max_size=8)
types = st.sampled_from(["", "application/json", "text/plain"])
values = st.binary(max_size=40) | st.sampled_from(
    [b"\r\n--", b"\r\n--b0undar", b"--b0undary", b"\r\n\r\n", b"\r\n--\r\n"]
)
parts = st.builds(lambda name, value, kind: Part(name, value, kind, "", None), names, values, types)
noise = st.sampled_from(
    [b"\r\n", b"--b0undary", b"\r\n--b0undary", b"--", b"; charset=utf-8", b'"', b":", b"\r\n\r\n", b"x", b"\0"]
)


def written(wanted: list[Part], end: bytes = b"--\r\n") -> bytes:
    """The body that HTTP libraries write."""
    pieces: list[bytes] = []
    for part in wanted:
        kind = f"\r\nContent-Type: {part.content_type}" if part.content_type else ""
        head = f'--b0undary\r\nContent-Disposition: form-data; name="{part.name}"{kind}\r\n\r\n'
        pieces += [head.encode(), part.value, b"\r\n"]
    return b"".join([*pieces, b"--b0undary", end])


def the_long_way(body: bytes) -> list[Part] | str:
    """What the parser finds, or why it refuses."""
    with mock.patch.object(multipart, "parse_plain", return_value=None):
        try:
            return parse_multipart(f"{MEDIA_TYPE}; boundary=b0undary", body, MEDIA_TYPE)
        except RequestRefusedError as error:
            return error.detail


@pytest.mark.parametrize("end", [b"--\r\n", b"--"])
def test_what_libraries_write_goes_the_short_way(end: bytes) -> None:
    body = written(TWO, end)
    assert parse_plain(body, BOUNDARY) == TWO == the_long_way(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b0undary--\r\n",
        written(TWO)[:-4],
        b"before" + written(TWO),
        written(TWO) + b"after",
        written([Part("n", b"", "", "", None)] * 1001),
        written(TWO).replace(b"--b0undary\r\n", b"--b0undary  \r\n"),
        written(TWO).replace(b"Content-Disposition", b"content-disposition"),
        written(TWO).replace(b'"x"', b'"x"; filename="x"'),
        written(TWO).replace(b"application/json", b"application/json; charset=utf-8"),
        written(TWO).replace(b'"x"', b'"a b"'),
    ],
)
def test_everything_else_goes_the_long_way(body: bytes) -> None:
    assert parse_plain(body, BOUNDARY) is None


@pytest.mark.parametrize("boundary", [b"with space", b"", b"a" * 71, b'quote"'])
def test_a_boundary_that_libraries_do_not_write_goes_the_long_way(boundary: bytes) -> None:
    assert parse_plain(written(TWO).replace(BOUNDARY, boundary), boundary) is None


@given(wanted=st.lists(parts, max_size=4), place=st.integers(0, 400), added=noise, cut=st.integers(0, 3))
def test_both_ways_lead_to_the_same(wanted: list[Part], place: int, added: bytes, cut: int) -> None:
    """Whatever is put into a body, or cut out of it, at whatever place."""
    body = written(wanted)
    for changed in (body, body[:place] + added + body[place + cut :]):
        found = parse_plain(changed, BOUNDARY)
        assert found is None or found == the_long_way(changed)
