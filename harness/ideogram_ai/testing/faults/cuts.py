"""Connections that are refused, closed and reset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from .fault import Fault, Phase
from .wire import chunk, halve

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchange import Exchange

Ending = Literal["close", "reset"]


def _never_called(_exchange: Exchange) -> None:
    raise AssertionError("a fault that accepts no connection has no exchange")


def _end(exchange: Exchange, ending: Ending) -> None:
    """End the connection; bytes that are not read yet do not turn the FIN of a close into an RST."""
    if ending == "reset":
        exchange.connection.reset()
    else:
        exchange.connection.finish()


def _close_on_accept(exchange: Exchange) -> None:
    exchange.connection.close()


def _ok(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.answer(exchange.good_answer())


def _close_after_answer(exchange: Exchange) -> None:
    _ok(exchange)
    exchange.keeps_connection = False


def _before_request(ending: Ending) -> Callable[[Exchange], None]:
    return lambda exchange: _end(exchange, ending)


def _in_request(ending: Ending) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.read_half()
        _end(exchange, ending)

    return act


def _after_request(ending: Ending) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        _end(exchange, ending)

    return act


def _in_status_line(ending: Ending) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.send(b"HTTP/1.1 2")
        _end(exchange, ending)

    return act


def _in_headers(ending: Ending) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.send(halve(exchange.good_answer().head_with_length())[0])
        _end(exchange, ending)

    return act


def _in_body(ending: Ending) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        answer = exchange.good_answer()
        exchange.send(answer.head_with_length() + halve(answer.body)[0])
        _end(exchange, ending)

    return act


def _in_chunk(ending: Ending) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        answer = exchange.good_answer()
        first, rest = halve(answer.body)
        exchange.send(answer.head(("Transfer-Encoding", "chunked")) + chunk(first) + halve(chunk(rest))[0])
        _end(exchange, ending)

    return act


def _close_delimited_cut(exchange: Exchange) -> None:
    exchange.read_request()
    answer = exchange.good_answer()
    exchange.send(answer.head(("Connection", "close")) + halve(answer.body)[0])


_PLACES: Final = (
    ("in_status_line", "Ends the connection in the status line", None, _in_status_line),
    ("in_headers", "Ends the connection in the headers of a 200", 200, _in_headers),
    ("in_body", "Ends the connection after half of a body with Content-Length", 200, _in_body),
    ("in_chunked_body", "Ends the connection in the second chunk of a body", 200, _in_chunk),
)
_MEANS: Final[tuple[tuple[Ending, str], ...]] = (("close", "FIN"), ("reset", "RST"))

OK: Final = Fault(
    "ok", "Answers with the contract's example, or the image.", Phase.IN_ANSWER, True, _ok, status=200, harmless=True
)

CUTS: Final = (
    Fault("refuse", "Lets nobody connect: nothing listens on the port.", Phase.CONNECT, False, _never_called),
    Fault(
        "connect_hangs",
        "Lets nobody connect: the queue of connections is full, so that an attempt stays unanswered (on Windows it is "
        "refused).",
        Phase.CONNECT,
        False,
        _never_called,
        needs_limit=True,
    ),
    Fault("close_on_accept", "Accepts and closes at once.", Phase.CONNECT, False, _close_on_accept),
    *(
        Fault(
            f"{ending}_before_request",
            f"Ends the connection with {segment} when the request has arrived, without reading it.",
            Phase.BEFORE_REQUEST,
            False,
            _before_request(ending),
        )
        for ending, segment in _MEANS
    ),
    *(
        Fault(
            f"{ending}_in_request",
            f"Ends the connection with {segment} after it read the head and half of the body.",
            Phase.DURING_REQUEST,
            False,
            _in_request(ending),
        )
        for ending, segment in _MEANS
    ),
    *(
        Fault(
            f"{ending}_after_request",
            f"Ends the connection with {segment} after it read the whole request, before the status line.",
            Phase.AFTER_REQUEST,
            True,
            _after_request(ending),
        )
        for ending, segment in _MEANS
    ),
    *(
        Fault(f"{ending}_{place}", f"{does}, with {segment}.", Phase.IN_ANSWER, True, act(ending), status=status)
        for place, does, status, act in _PLACES
        for ending, segment in _MEANS
    ),
    Fault(
        "close_delimited_cut",
        "Sends half of a body that has no length: its end looks like any other.",
        Phase.IN_ANSWER,
        True,
        _close_delimited_cut,
        status=200,
    ),
    Fault(
        "close_after_answer",
        "Answers well, does not say that it will close, and closes.",
        Phase.IN_ANSWER,
        True,
        _close_after_answer,
        status=200,
        harmless=True,
    ),
)

STALE_CONNECTION: Final = ("ok", "close_before_request", "ok")
"""A script: the connection is kept after the first answer, and closed when the second request arrives on it."""
