"""Answers that do not come, come slowly, or never end."""

from __future__ import annotations

import gzip
from itertools import repeat
from typing import TYPE_CHECKING, Final

from .fault import Fault, Phase
from .wire import chunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .exchange import Exchange
    from .wire import Answer

_FILLER: Final = b" " * 65536  # white space: the JSON before it stays valid
_REST: Final = 0.001
"""Seconds after each piece without end, so that a client without a limit can still be stopped."""


def _silence(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.connection.wait_for_end()


def _never_reads(exchange: Exchange) -> None:
    exchange.connection.hold()


def _drip_head(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.drip(exchange.good_answer().whole())


def _drip_body(exchange: Exchange) -> None:
    exchange.read_request()
    answer = exchange.good_answer()
    exchange.send(answer.head_with_length())
    exchange.drip(answer.body)


def _repeat(exchange: Exchange, piece: bytes) -> None:
    while True:
        exchange.send(piece)
        exchange.connection.pause(_REST)


def _endless_body(exchange: Exchange) -> None:
    exchange.read_request()
    answer = exchange.good_answer()
    exchange.send(answer.head(("Connection", "close")) + answer.body)
    _repeat(exchange, _FILLER)


def _endless_chunks(exchange: Exchange) -> None:
    exchange.read_request()
    answer = exchange.good_answer()
    exchange.send(answer.head(("Transfer-Encoding", "chunked")) + chunk(answer.body))
    _repeat(exchange, chunk(_FILLER))


def _endless_headers(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.send(exchange.good_answer().head_with_length().removesuffix(b"\r\n"))
    _repeat(exchange, b"X-More: 1\r\n" * 1000)


def _endless_hints(exchange: Exchange) -> None:
    exchange.read_request()
    _repeat(exchange, _HINT)


_CHUNKED: Final = ("Transfer-Encoding", "chunked")
_HINT: Final = b"HTTP/1.1 103 Early Hints\r\n\r\n"
_EMPTY_BLOCK: Final = b"\0\0\0\xff\xff"
_GZIP_HEADER: Final = b"\x1f\x8b\x08%c\0\0\0\0\0\xff"
_GZIP_WITH_NAME: Final = _GZIP_HEADER % 8
_GZIP_WITHOUT_NAME: Final = _GZIP_HEADER % 0
_EMPTY_MEMBER: Final = gzip.compress(b"", mtime=0)


def _as_gzip(answer: Answer, body: bytes) -> bytes:
    """The answer's head, which says gzip and no length, and the beginning of a body."""
    return answer.head(("Content-Encoding", "gzip"), ("Connection", "close")) + body


def _drip_chunks(answer: Answer) -> Iterator[bytes]:
    yield answer.head(_CHUNKED)
    for byte in answer.body:
        yield chunk(bytes((byte,)))
    yield chunk(b"")


def _dripping(
    name: str, does: str, begin: Callable[[Answer], bytes], drop: bytes, *, status: int | None = 200
) -> Fault:
    """A fault that begins the good answer, and then sends these bytes for ever, one each interval."""

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.send(begin(exchange.good_answer()))
        while True:
            exchange.drip(drop)

    return Fault(name, does, Phase.IN_ANSWER, True, act, status=status, needs_limit=True)


def _in_drops(name: str, does: str, drops: Callable[[Answer], Iterator[bytes]], *, status: int | None = 200) -> Fault:
    """A fault that sends one piece each interval."""

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        for drop in drops(exchange.good_answer()):
            exchange.send(drop)
            exchange.connection.pause(exchange.settings.interval)

    return Fault(name, does, Phase.IN_ANSWER, True, act, status=status, needs_limit=True)


def _endless_trailers(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.send(exchange.good_answer().in_chunks().removesuffix(b"\r\n"))
    _repeat(exchange, b"X-More: 1\r\n" * 1000)


DRIPS: Final = (
    _dripping("drip_status_line", "Sends a status line of 200 that never ends.", lambda _: b"HTTP/1.1 200 O", b"K"),
    _dripping(
        "drip_header",
        "Sends the head of a 200 with a header that never ends.",
        lambda answer: answer.head_with_length().removesuffix(b"\r\n") + b"X-Drip: ",
        b"a",
    ),
    _in_drops("drip_hints", "Sends 103 Early Hints each interval and no answer.", lambda _: repeat(_HINT), status=None),
    _dripping(
        "drip_chunk_extension",
        "Sends a 200 whose first chunk has an extension that never ends.",
        lambda answer: answer.head(_CHUNKED) + b"%x;" % len(answer.body),
        b"x",
    ),
    _in_drops("drip_chunks", "Sends the head and then a chunk of one byte each interval.", _drip_chunks),
    _dripping(
        "drip_trailers",
        "Sends the whole body in chunks, and then a trailer that never ends.",
        lambda answer: answer.in_chunks().removesuffix(b"\r\n") + b"X-Drip: ",
        b"a",
    ),
    Fault(
        "endless_trailers",
        "Sends the whole body in chunks, and then trailers without end.",
        Phase.IN_ANSWER,
        True,
        _endless_trailers,
        status=200,
        needs_limit=True,
    ),
    _dripping(
        "drip_gzip_header",
        "Sends gzip whose header has a file name that never ends, so that no byte is decoded.",
        lambda answer: _as_gzip(answer, _GZIP_WITH_NAME),
        b"n",
    ),
    _dripping(
        "drip_gzip_blocks",
        "Sends gzip of empty blocks that never end, so that no byte is decoded.",
        lambda answer: _as_gzip(answer, _GZIP_WITHOUT_NAME),
        _EMPTY_BLOCK,
    ),
    _dripping(
        "drip_gzip_members",
        "Sends the whole body as gzip, and then empty members of gzip that never end.",
        lambda answer: _as_gzip(answer, gzip.compress(answer.body, mtime=0)),
        _EMPTY_MEMBER,
    ),
)
"""What brings a byte each interval and yet no byte of the answer, or hardly one."""

PACE: Final = (
    *DRIPS,
    Fault(
        "never_reads",
        "Reads nothing, so that a body of some 4 MB or more cannot be written to its end.",
        Phase.DURING_REQUEST,
        False,
        _never_reads,
        needs_limit=True,
    ),
    Fault(
        "silence", "Reads the whole request and says nothing.", Phase.AFTER_REQUEST, True, _silence, needs_limit=True
    ),
    Fault(
        "drip_head",
        "Sends the whole answer one byte each interval.",
        Phase.IN_ANSWER,
        True,
        _drip_head,
        status=200,
        needs_limit=True,
    ),
    Fault(
        "drip_body",
        "Sends the head at once and the body one byte each interval.",
        Phase.IN_ANSWER,
        True,
        _drip_body,
        status=200,
        needs_limit=True,
    ),
    Fault(
        "endless_body",
        "Sends a body without a length that never ends.",
        Phase.IN_ANSWER,
        True,
        _endless_body,
        status=200,
        needs_limit=True,
    ),
    Fault(
        "endless_chunks",
        "Sends chunks that never end.",
        Phase.IN_ANSWER,
        True,
        _endless_chunks,
        status=200,
        needs_limit=True,
    ),
    Fault(
        "endless_headers",
        "Sends headers that never end.",
        Phase.IN_ANSWER,
        True,
        _endless_headers,
        status=200,
        needs_limit=True,
    ),
    Fault(
        "endless_hints",
        "Sends 103 Early Hints for ever and no answer.",
        Phase.IN_ANSWER,
        True,
        _endless_hints,
        needs_limit=True,
    ),
)
