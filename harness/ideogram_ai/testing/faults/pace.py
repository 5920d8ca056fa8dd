"""Answers that do not come, come slowly, or never end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .fault import Fault, Phase
from .wire import chunk

if TYPE_CHECKING:
    from .exchange import Exchange

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
    _repeat(exchange, b"HTTP/1.1 103 Early Hints\r\n\r\n")


PACE: Final = (
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
