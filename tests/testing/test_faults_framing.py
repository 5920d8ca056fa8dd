"""Answers that break HTTP/1.1: what is on the wire is exactly what each fault says."""

import json
from collections.abc import Callable
from typing import Any

import h11
import pytest
from raw_http import Heard, connect, listen, post, talk

from ideogram_ai.testing.faults import FAULTS, FaultServer
from ideogram_ai.testing.faults.framing import FRAMING

OPEN = "content_length_too_long_open"
TOLERATED = {
    "content_length_and_chunks",
    "header_1mb",
    "lf_only",
    "many_headers",
    "wrong_http_version",
}
"""What h11, the parser below httpx, reads as a whole answer if its limit for heads is lifted."""


def is_good(body: bytes) -> bool:
    """Whether this is a whole body of a good answer."""
    document: dict[str, Any] = json.loads(body)
    return len(document["data"]) > 0 and all("/image.png?exp=" in image["url"] for image in document["data"])


def announced(heard: Heard) -> int:
    return int(heard.header("Content-Length") or "")


def first_line(heard: Heard) -> bytes:
    return heard.data.partition(b"\r\n")[0]


def first_chunk(heard: Heard) -> tuple[bytes, bytes]:
    """The announced size of the first chunk, and everything after that line."""
    assert heard.header("Transfer-Encoding") == "chunked"
    size, _, rest = heard.body.partition(b"\r\n")
    return size, rest


def size_not_a_number(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    return size == b"size" and rest.endswith(b"\r\n0\r\n\r\n") and is_good(rest.removesuffix(b"\r\n0\r\n\r\n"))


def size_off(heard: Heard, difference: Callable[[int], int]) -> bool:
    size, rest = first_chunk(heard)
    body = rest.removesuffix(b"\r\n0\r\n\r\n")
    return is_good(body) and int(size, 16) == difference(len(body))


def chunk_without_crlf(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    end = int(size, 16)
    second, _, tail = rest[end:].partition(b"\r\n")
    return bool(second) and is_good(rest[:end] + tail[: int(second, 16)])


def last_chunk_missing(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    return len(rest) == int(size, 16) + 2 and is_good(rest) and b"\r\n0\r\n" not in rest


def two_lengths(heard: Heard) -> bool:
    first, second = heard.headers("Content-Length")
    return int(first) == len(heard.body) and int(second) == len(heard.body) // 2


def length_and_chunks(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    return announced(heard) == 5 and is_good(rest[: int(size, 16)]) and rest.endswith(b"0\r\n\r\n")


def lf_only(heard: Heard) -> bool:
    head, _, body = heard.data.partition(b"\n\n")
    return head.startswith(b"HTTP/1.1 200 OK\n") and b"\r" not in heard.data and is_good(body)


def many_headers(heard: Heard) -> bool:
    return len(heard.head.split(b"\r\n")) > 10_000 and whole_with_length(heard)


def whole_with_length(heard: Heard) -> bool:
    return is_good(heard.body) and announced(heard) == len(heard.body)


WHAT_ARRIVES: dict[str, Callable[[Heard], bool]] = {
    "content_length_too_long": lambda h: is_good(h.body) and announced(h) == len(h.body) + 100,
    OPEN: lambda h: is_good(h.body) and announced(h) == len(h.body) + 100,
    "content_length_too_short": lambda h: is_good(h.body) and announced(h) == len(h.body) // 2,
    "content_length_not_a_number": lambda h: is_good(h.body) and h.header("Content-Length") == "many",
    "content_length_negative": lambda h: is_good(h.body) and h.header("Content-Length") == "-1",
    "content_length_twice": two_lengths,
    "content_length_and_chunks": length_and_chunks,
    "chunk_size_not_a_number": size_not_a_number,
    "chunk_size_too_long": lambda h: size_off(h, lambda size: size + 100),
    "chunk_size_too_short": lambda h: size_off(h, lambda size: size // 2),
    "chunk_size_huge": lambda h: size_off(h, lambda _: 2**64 - 1),
    "chunk_without_crlf": chunk_without_crlf,
    "chunk_last_missing": last_chunk_missing,
    "not_http": lambda h: h.data.startswith(b"SSH-"),
    "no_status_line": lambda h: is_good(h.data),
    "wrong_http_version": lambda h: first_line(h) == b"HTTP/9.9 200 OK" and whole_with_length(h),
    "status_not_a_number": lambda h: first_line(h) == b"HTTP/1.1 2OO OK" and whole_with_length(h),
    "lf_only": lf_only,
    "null_in_header": lambda h: h.header("X-Null") == "a\0b" and whole_with_length(h),
    "header_without_colon": lambda h: b"\r\nno colon here\r\n" in h.head and whole_with_length(h),
    "header_1mb": lambda h: len(h.header("X-Long") or "") == 2**20 and whole_with_length(h),
    "many_headers": many_headers,
    "close_delimited": lambda h: is_good(h.body) and h.header("Content-Length") is None,
    "http_1_0": lambda h: first_line(h) == b"HTTP/1.0 200 OK" and h.header("Content-Length") is None,
}


def test_every_framing_fault_is_looked_at() -> None:
    assert WHAT_ARRIVES.keys() == {fault.name for fault in FRAMING}


@pytest.mark.parametrize("name", sorted(WHAT_ARRIVES.keys() - {OPEN}))
def test_what_arrives(name: str) -> None:
    with FaultServer(name) as server:
        heard = talk(server.url, post(close=False))
        ledger = server.wait_closed()
    assert heard.end == "fin"
    assert WHAT_ARRIVES[name](heard)
    (received,) = ledger.posts
    assert received.whole_request_read
    assert received.sent == len(heard.data)
    assert ledger.may_have_run == 1


def test_a_length_too_long_can_leave_the_connection_open() -> None:
    with FaultServer(OPEN) as server:
        with connect(server.url) as sock:
            sock.sendall(post())
            heard = listen(sock, limit=1)
            while b"}]" not in heard.body:
                heard = Heard(heard.data + listen(sock, limit=1).data, "open")
            assert WHAT_ARRIVES[OPEN](heard)
            sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                sock.recv(1)
            assert server.ledger.open_connections == 1
        assert server.wait_closed().may_have_run == 1


@pytest.mark.parametrize("name", sorted(WHAT_ARRIVES.keys() - {OPEN}))
def test_a_parser_takes_what_is_harmless_and_what_only_strains_it(name: str) -> None:
    with FaultServer(name) as server:
        heard = talk(server.url, post(close=False))
    assert whole_answer(heard.data) is (FAULTS[name].harmless or name in TOLERATED)


def whole_answer(data: bytes) -> bool:
    """Whether h11 reads one whole answer, with a good body and nothing after it."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 22)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "loopback"), ("Connection", "close")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(data)
    parser.receive_data(b"")
    body = b""
    try:
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                body += event.data
    except h11.RemoteProtocolError:
        return False
    return body.endswith(b"}") and is_good(body)
