"""How the bytes of an answer are taken in: content encodings undone and sizes bounded, in memory and in time."""

import gzip
import zlib
from collections.abc import Callable

import httpx
import pytest
from canned import success
from hypothesis import example, given
from hypothesis import strategies as st

from ideogram_ai.client import response
from ideogram_ai.client.response import MAX_RESPONSE_BYTES, Decoder, DecodingError, ResponseBuffer

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


def pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def collected(data: bytes, encoding: str, size: int = 4096) -> ResponseBuffer:
    collector = ResponseBuffer()
    assert collector.start(200, httpx.Headers({"content-encoding": encoding}), decoded=False)
    _ = all(collector.feed(piece) for piece in pieces(data, size))
    return collector


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_an_encoding_is_undone_whatever_the_pieces(encoding: str, size: int) -> None:
    collector = ResponseBuffer()
    collector.start(200, httpx.Headers({"content-encoding": encoding}), decoded=False)
    assert all(collector.feed(piece) for piece in pieces(ENCODINGS[encoding](TEXT), size))
    assert (collector.body, collector.complete, collector.broken) == (TEXT, True, None)


@pytest.mark.parametrize(
    "encoding", ["br", "zstd", "compress", "gzip, br", "gzip;q=1", "gzip, gzip, gzip, gzip", "\u00e9"]
)
def test_an_encoding_that_was_not_asked_for_is_refused(encoding: str) -> None:
    with pytest.raises(DecodingError):
        Decoder(encoding)


def test_a_body_of_an_unknown_encoding_is_kept_as_it_came_and_is_not_whole() -> None:
    collector = ResponseBuffer()
    collector.start(200, httpx.Headers({"content-encoding": "br"}), decoded=False)
    assert collector.feed(b"\x1b\x03 squeezed")
    assert (collector.body, collector.complete) == (b"\x1b\x03 squeezed", False)
    assert "'br' was not asked for" in (collector.broken or "")


@pytest.mark.parametrize("cut", [0, 1, 10, -1])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "deflate, gzip"])
def test_a_compressed_body_that_was_cut_is_not_whole(encoding: str, cut: int) -> None:
    squeezed = ENCODINGS[encoding](TEXT)
    collector = collected(squeezed[:cut], encoding)
    assert collector.complete is False
    assert TEXT.startswith(collector.body)


def test_garbage_keeps_what_came_before_it() -> None:
    squeezed = gzip.compress(TEXT, mtime=0)
    garbled = squeezed[:-50] + b"\xff" * 50
    collector = collected(garbled, "gzip")
    assert collector.complete is False
    assert collected(b"no gzip at all", "gzip").body == b"no gzip at all"
    assert "does not decompress" in (collected(b"no gzip", "gzip").broken or "")


MEMBERS: dict[str, bytes] = {
    "two": gzip.compress(TEXT[:9000]) + gzip.compress(TEXT[9000:]),
    "empty ones between": gzip.compress(TEXT[:7]) + gzip.compress(b"") * 3 + gzip.compress(TEXT[7:]),
    "zeros between and behind": gzip.compress(TEXT[:7]) + b"\0" * 9 + gzip.compress(TEXT[7:]) + b"\0" * 20_000,
    "garbage behind": gzip.compress(TEXT) + b"garbage" + gzip.compress(b"that nobody reads"),
    "garbage behind zeros": gzip.compress(TEXT) + b"\0\0\0garbage",
}


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_all_members_of_gzip_are_one_body(name: str, size: int) -> None:
    collector = collected(MEMBERS[name], "gzip", size)
    assert (collector.body, collector.complete, collector.broken) == (TEXT, True, None)


def test_gzip_that_ends_inside_a_member_is_not_whole() -> None:
    first, second = gzip.compress(TEXT[:9000]), gzip.compress(TEXT[9000:])
    whole = [
        size for size in range(len(first + second)) if collected((first + second)[:size], "gzip", 1 << 20).complete
    ]
    assert whole == [len(first)]  # between two members there is no way to know
    assert collected(first + b"\x1f", "gzip").complete is False
    assert "does not decompress" in (collected(first + b"\x1f\x8bgarbage", "gzip").broken or "")


def test_members_of_nothing_are_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(response, "_MAX_MEMBERS", 1000)
    empty = gzip.compress(b"")
    assert collected(empty * 1000, "gzip", 1 << 20).complete is True
    assert "more than 1000 members" in (collected(empty * 1001, "gzip", 1 << 20).broken or "")
    twice = gzip.compress(empty * 1001)
    assert "more than 1000 members" in (collected(twice, "gzip, gzip", 1 << 20).broken or "")


def test_a_million_members_of_nothing_in_one_piece_are_read_in_no_time() -> None:
    """Each would copy what is left of the piece, were it not cut."""
    with pytest.raises(DecodingError, match="members of gzip"):
        list(Decoder("gzip").decode(gzip.compress(b"") * 1_000_000))


@pytest.mark.parametrize("size", [1 << 16, (1 << 16) + 1, 1 << 17, 200_000])
@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress, raw_deflate])
def test_what_ends_with_a_whole_step_is_whole(encode: Callable[[bytes], bytes], size: int) -> None:
    """The last bytes of such a stream are consumed before all that they stand for is there."""
    encoding = "gzip" if encode is gzip.compress else "deflate"
    collector = collected(encode(b"\0" * size), encoding, 1 << 20)
    assert (len(collector.body), collector.complete) == (size, True)


@given(data=st.binary(), size=st.integers(1, 20))
@example(data=b"no deflate", size=20)
def test_any_bytes_under_any_encoding_are_taken(data: bytes, size: int) -> None:
    for encoding in ENCODINGS:
        collector = collected(data, encoding.strip(), size)
        assert collector.complete in (True, False)
        if not encoding.strip() or encoding == "identity":
            assert collector.body == data


@pytest.mark.parametrize("encoding", ["", "gzip", "gzip, gzip"])
def test_a_body_is_taken_up_to_a_bound(encoding: str) -> None:
    body = b"\0" * (MAX_RESPONSE_BYTES + 1)
    for _ in range(encoding.count("gzip")):
        body = gzip.compress(body)
    collector = collected(body, encoding, 1 << 20)
    assert len(collector.body) == MAX_RESPONSE_BYTES
    assert collector.complete is False
    assert "larger than" in (collector.broken or "")


def test_a_body_of_just_the_bound_is_whole() -> None:
    assert collected(b"\0" * MAX_RESPONSE_BYTES, "", 1 << 20).complete is True


def test_what_httpx_decoded_already_is_not_decoded_again() -> None:
    """Mocks hand out whole responses, which httpx decodes when they are made."""
    answer = success()
    response = httpx.Response(200, content=gzip.compress(answer.content), headers={"content-encoding": "gzip"})
    collector = ResponseBuffer()
    collector.start(200, response.headers, decoded=response.is_stream_consumed)
    assert collector.feed(response.content)
    assert collector.body == answer.content
