"""How the body of a response is decoded: content encodings, and limits on size, memory and time."""

import gzip
import zlib
from collections.abc import Callable

import httpx
import pytest
from canned import success
from driver import case, raised
from hypothesis import example, given
from hypothesis import strategies as st

from ideogram_ai.client import bodies
from ideogram_ai.client.bodies import MAX_RESPONSE_BYTES, Decoder, DecodingError, ResponseBuffer

TEXT = b'{"data": []}' * 2000


def raw_deflate(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(data) + squeeze.flush()


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "identity": bytes,
    "gzip": gzip.compress,
    " GZip ": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": raw_deflate,
    "gzip, identity": gzip.compress,
    "deflate, gzip": lambda data: gzip.compress(zlib.compress(data)),
}


def collected(data: bytes, encoding: str, size: int = 1 << 20) -> ResponseBuffer:
    """What a buffer makes of a body that arrives in pieces of this size."""
    buffer = ResponseBuffer()
    assert buffer.start(200, httpx.Headers({"content-encoding": encoding}), decoded=False)
    _ = all(buffer.feed(data[start : start + size]) for start in range(0, len(data), size))
    return buffer


MEMBERS: dict[str, bytes] = {
    "two": gzip.compress(TEXT[:9000]) + gzip.compress(TEXT[9000:]),
    "empty ones between": gzip.compress(TEXT[:7]) + gzip.compress(b"") * 3 + gzip.compress(TEXT[7:]),
    "zeros between and behind": gzip.compress(TEXT[:7]) + b"\0" * 9 + gzip.compress(TEXT[7:]) + b"\0" * 20_000,
    "garbage behind": gzip.compress(TEXT) + b"garbage" + gzip.compress(b"that nobody reads"),
    "garbage behind zeros": gzip.compress(TEXT) + b"\0\0\0garbage",
}


def test_each_encoding_is_decoded_in_pieces_of_any_size() -> None:
    bodies = [(encoding, encode(TEXT)) for encoding, encode in ENCODINGS.items()]
    for encoding, body in bodies + [("gzip", members) for members in MEMBERS.values()]:
        for size in (1, 7, 1 << 20):
            buffer = collected(body, encoding, size)
            assert (buffer.body, buffer.complete, buffer.broken) == (TEXT, True, None), (encoding, body[-20:], size)


def test_an_encoding_that_was_not_requested_is_refused_and_the_body_kept() -> None:
    for encoding in ("br", "zstd", "compress", "gzip, br", "gzip;q=1", "gzip, gzip, gzip, gzip", "\u00e9"):
        with case(encoding), pytest.raises(DecodingError):
            Decoder(encoding)
    buffer = ResponseBuffer()
    buffer.start(200, httpx.Headers({"content-encoding": "br"}), decoded=False)
    assert buffer.feed(b"\x1b\x03 squeezed")
    assert (buffer.body, buffer.complete) == (b"\x1b\x03 squeezed", False)
    assert "'br' was not asked for" in (buffer.broken or "")


def test_a_compressed_body_that_was_cut_or_damaged_is_not_complete() -> None:
    for encoding in ("gzip", "deflate", "deflate, gzip"):
        squeezed = ENCODINGS[encoding](TEXT)
        for cut in (0, 1, 10, -1):
            buffer = collected(squeezed[:cut], encoding, 4096)
            assert buffer.complete is False, (encoding, cut)
            assert TEXT.startswith(buffer.body), (encoding, cut)
    assert collected(gzip.compress(TEXT, mtime=0)[:-50] + b"\xff" * 50, "gzip", 4096).complete is False
    assert collected(b"no gzip at all", "gzip").body == b"no gzip at all"
    assert "does not decompress" in (collected(b"no gzip", "gzip").broken or "")


def test_gzip_that_ends_inside_a_member_is_not_complete() -> None:
    first, second = gzip.compress(TEXT[:9000]), gzip.compress(TEXT[9000:])
    whole = first + second
    # Between two members there is no way to know.
    assert [size for size in range(len(whole)) if collected(whole[:size], "gzip").complete] == [len(first)]
    assert collected(first + b"\x1f", "gzip").complete is False
    assert "does not decompress" in (collected(first + b"\x1f\x8bgarbage", "gzip").broken or "")


def test_empty_members_are_read_up_to_a_limit_and_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of a million members would copy the rest of the piece if the piece were not cut."""
    empty = gzip.compress(b"")
    raised(DecodingError, list, Decoder("gzip").decode(empty * 1_000_000), match="members of gzip")
    monkeypatch.setattr(bodies, "_MAX_MEMBERS", 1000)
    assert collected(empty * 1000, "gzip").complete is True
    assert "more than 1000 members" in (collected(empty * 1001, "gzip").broken or "")
    assert "more than 1000 members" in (collected(gzip.compress(empty * 1001), "gzip, gzip").broken or "")


def test_a_body_that_fills_the_last_step_is_complete() -> None:
    """The last bytes of such a stream are consumed before everything is decompressed."""
    for encoding, encode in (("gzip", gzip.compress), ("deflate", zlib.compress), ("deflate", raw_deflate)):
        for size in (1 << 16, (1 << 16) + 1, 1 << 17, 200_000):
            buffer = collected(encode(b"\0" * size), encoding)
            assert (len(buffer.body), buffer.complete) == (size, True), (encode, size)


@given(data=st.binary(), size=st.integers(1, 20))
@example(data=b"no deflate", size=20)
def test_any_bytes_under_any_encoding_are_read(data: bytes, size: int) -> None:
    for encoding in ENCODINGS:
        buffer = collected(data, encoding.strip(), size)
        assert buffer.complete in (True, False)
        if not encoding.strip() or encoding == "identity":
            assert buffer.body == data


def test_a_body_is_read_up_to_a_limit() -> None:
    for encoding in ("", "gzip", "gzip, gzip"):
        body = b"\0" * (MAX_RESPONSE_BYTES + 1)
        for _ in range(encoding.count("gzip")):
            body = gzip.compress(body)
        buffer = collected(body, encoding)
        assert (len(buffer.body), buffer.complete) == (MAX_RESPONSE_BYTES, False), encoding
        assert "larger than" in (buffer.broken or ""), encoding
    assert collected(b"\0" * MAX_RESPONSE_BYTES, "").complete is True


def test_what_httpx_decoded_already_is_not_decoded_again() -> None:
    """Mocks return complete responses, which httpx decodes when they are made."""
    content = success().content
    mocked = httpx.Response(200, content=gzip.compress(content), headers={"content-encoding": "gzip"})
    buffer = ResponseBuffer()
    buffer.start(200, mocked.headers, decoded=mocked.is_stream_consumed)
    assert buffer.feed(mocked.content)
    assert buffer.body == content
