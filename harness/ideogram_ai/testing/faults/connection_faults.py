"""Faults of the connection and of HTTP/1.1: cuts, slow and endless responses, wrong framing, responses out of turn."""

from __future__ import annotations

import json
from itertools import chain, cycle, repeat
from typing import TYPE_CHECKING, Final

from . import wire
from .exchange import (
    Exchange,
    Fault,
    Make,
    Phase,
    Step,
    Write,
    answers,
    ends,
    fault_of,
    refuses,
    response_fault,
    sends,
    sends_slowly,
)
from .wire import CHUNKED, CLOSE, GZIP_HEADER, Connection, Response, chunk, gzipped, halve, head_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ANOTHER_CALLER: Final = "another-caller"
"""Part of the link and of the prompt in a response to another caller's request."""

_MORE: Final = 100
_FILLER: Final = b" " * 65536  # white space: the JSON before it stays valid
_PAUSE: Final = 0.001  # seconds after each endless piece, so that a client without a limit can still be stopped
_HINT: Final = b"HTTP/1.1 103 Early Hints\r\n\r\n"
_TRAILERS: Final = b"X-More: 1\r\n" * 1000
_GZIP_WITH_NAME: Final = GZIP_HEADER[:3] + b"\x08" + GZIP_HEADER[4:]
_EMPTY_BLOCK: Final = b"\0\0\0\xff\xff"


def _sends(
    name: str, does: str, data: bytes | Write, *then: Step, status: int | None = 200, harmless: bool = False
) -> Fault:
    """A fault that writes the good response in its own way, and closes the connection or goes on for ever."""
    return response_fault(name, does, sends(data), *then, status=status, needs_limit=bool(then), harmless=harmless)


def _drip(data: bytes) -> Step:
    """Send these bytes again and again, one each interval."""
    return sends_slowly(lambda _: _single_bytes(cycle(data)))


def _endless(data: bytes) -> Step:
    """Send these bytes again and again, as fast as the client reads."""

    def step(exchange: Exchange) -> None:
        while True:
            exchange.send(data)
            exchange.connection.pause(_PAUSE)

    return step


def _single_bytes(data: Iterable[int]) -> Iterator[bytes]:
    return (bytes((byte,)) for byte in data)


def _half_head(response: Response) -> bytes:
    return halve(response.head_with_length())[0]


def _half_in_chunks(response: Response) -> bytes:
    first, rest = halve(response.body)
    return response.in_chunks(chunk(first), halve(chunk(rest))[0])


def _cuts() -> Iterator[Fault]:
    """Two ways to end the connection, in each part of a request and its response."""
    early, during, after, late = Phase.BEFORE_REQUEST, Phase.DURING_REQUEST, Phase.AFTER_REQUEST, Phase.IN_ANSWER
    half, whole = Exchange.read_half, Exchange.read_request
    places: tuple[tuple[Phase, str, str, int | None, tuple[Step, ...]], ...] = (
        (early, "before_request", "when the request has arrived, without reading it", None, ()),
        (during, "in_request", "after it read the head and half of the body", None, (half,)),
        (after, "after_request", "after it read the whole request", None, (whole,)),
        (late, "in_status_line", "in the status line", None, (whole, sends(b"HTTP/1.1 2"))),
        (late, "in_headers", "in the headers of a 200", 200, (whole, sends(_half_head))),
        (late, "in_body", "after half of a body with Content-Length", 200, (whole, sends(Response.half))),
        (late, "in_chunked_body", "in the second chunk of a body", 200, (whole, sends(_half_in_chunks))),
    )
    for phase, place, where, status, steps in places:
        for name, segment, end in (("close", "FIN", Connection.finish), ("reset", "RST", Connection.reset)):
            does, runs = f"Ends the connection with {segment} {where}.", phase in {after, late}
            yield fault_of(f"{name}_{place}", does, *steps, ends(end), phase=phase, may_have_run=runs, status=status)


def _never_called(_exchange: Exchange) -> None:
    raise AssertionError("a fault that accepts no connection has no exchange")


_REFUSES: Final = "Refuses connections: nothing listens on the port."
_HANGS: Final = "Leaves attempts to connect unanswered: the queue of connections is full (Windows refuses them)."

_DISCONNECTS: Final = (
    response_fault("ok", "Sends the contract's example, or the image.", answers(Exchange.good_answer), harmless=True),
    Fault("refuse", _REFUSES, Phase.CONNECT, False, _never_called),
    Fault("connect_hangs", _HANGS, Phase.CONNECT, False, _never_called, needs_limit=True),
    Fault("close_on_accept", "Accepts and closes at once.", Phase.CONNECT, False, lambda e: e.connection.close()),
    *_cuts(),
    _sends("close_delimited_cut", "Sends half of a body without a length.", lambda r: r.head(CLOSE) + halve(r.body)[0]),
    _sends("close_after_answer", "Sends a good response, and closes unannounced.", Response.whole, harmless=True),
)


def _as_gzip(begin: bytes = b"") -> Write:
    """The head, which says gzip and gives no length, and then these bytes, or the whole body."""
    return lambda response: response.head(("Content-Encoding", "gzip"), CLOSE) + (begin or gzipped(response.body))


def _tiny_chunks(response: Response) -> Iterator[bytes]:
    return chain([response.head(CHUNKED)], map(chunk, _single_bytes(response.body)), [chunk(b"")])


def _head_and_bytes(response: Response) -> Iterator[bytes]:
    return chain([response.head_with_length() + response.body[:1]], _single_bytes(response.body[1:]))


_NEVER_READS: Final = "Reads nothing, so that a body of some 4 MB or more cannot be written to its end."
_WAITS: Final = ends(Connection.wait_for_end)
_SILENCE: Final = "Reads the request and sends nothing."

# Most drips send a byte each interval and yet no byte of the body, or hardly one.
_SLOW: Final = (
    _sends("drip_status_line", "Sends a status line that never ends.", b"HTTP/1.1 200 O", _drip(b"K")),
    _sends("drip_header", "Sends an endless header.", lambda r: r.head_with_length()[:-2] + b"X-Drip: ", _drip(b"a")),
    _sends(
        "drip_hints",
        "Sends 103 each interval and no response.",
        b"",
        sends_slowly(lambda _: repeat(_HINT)),
        status=None,
    ),
    _sends(
        "drip_chunk_extension", "Sends an endless extension.", lambda r: r.in_chunks(b"%x;" % len(r.body)), _drip(b"x")
    ),
    _sends(
        "drip_chunks", "Sends the head and then a chunk of one byte each interval.", b"", sends_slowly(_tiny_chunks)
    ),
    _sends("drip_trailers", "Sends an endless trailer.", lambda r: r.in_chunks()[:-2] + b"X-Drip: ", _drip(b"a")),
    _sends("endless_trailers", "Sends endless trailers.", lambda r: r.in_chunks()[:-2], _endless(_TRAILERS)),
    _sends("drip_gzip_header", "Sends gzip with an endless file name.", _as_gzip(_GZIP_WITH_NAME), _drip(b"n")),
    _sends("drip_gzip_blocks", "Sends endless empty blocks of gzip.", _as_gzip(GZIP_HEADER), _drip(_EMPTY_BLOCK)),
    _sends("drip_gzip_members", "Sends the body and endless empty members of gzip.", _as_gzip(), _drip(gzipped(b""))),
    Fault("never_reads", _NEVER_READS, Phase.DURING_REQUEST, False, lambda e: e.connection.hold(), needs_limit=True),
    fault_of(
        "silence", _SILENCE, Exchange.read_request, _WAITS, phase=Phase.AFTER_REQUEST, status=None, needs_limit=True
    ),
    _sends(
        "drip_head", "Sends the response one byte each interval.", b"", sends_slowly(lambda r: _single_bytes(r.whole()))
    ),
    _sends(
        "drip_body", "Sends the head at once and the body one byte each interval.", b"", sends_slowly(_head_and_bytes)
    ),
    _sends("endless_body", "Sends a body that never ends.", lambda r: r.head(CLOSE) + r.body, _endless(_FILLER)),
    _sends("endless_chunks", "Sends endless chunks.", lambda r: r.in_chunks(chunk(r.body)), _endless(chunk(_FILLER))),
    _sends("endless_headers", "Sends endless headers.", lambda r: r.head_with_length()[:-2], _endless(_TRAILERS)),
    _sends("endless_hints", "Sends endless 103 Early Hints.", b"", _endless(_HINT), status=None),
)


def _length(length: Callable[[int], int | str]) -> Write:
    return lambda response: response.head_with_length(length(len(response.body))) + response.body


def _chunk_size(size: Callable[[int], bytes]) -> Write:
    return lambda r: r.in_chunks(size(len(r.body)) + b"\r\n" + r.body + b"\r\n" + chunk(b""))


def _replaced(old: bytes, new: bytes) -> Write:
    return lambda response: response.whole().replace(old, new, 1)


def _header_lines(lines: bytes) -> Write:
    return _replaced(b"\r\n", b"\r\n" + lines + b"\r\n")


def _chunk_without_crlf(response: Response) -> bytes:
    first, rest = halve(response.body)
    return response.in_chunks(chunk(first)[:-2], chunk(rest), chunk(b""))


def _length_and_chunks(response: Response) -> bytes:
    return response.with_header("Content-Length", "5").in_chunks()


def _lf_only(response: Response) -> bytes:
    return response.head_with_length().replace(b"\r\n", b"\n") + response.body


def _two_lengths(response: Response) -> bytes:
    size = len(response.body)
    return response.head(("Content-Length", str(size)), ("Content-Length", str(size // 2))) + response.body


_MANY_HEADERS: Final = head_lines((f"X-{number}", "1") for number in range(10_000)).removesuffix(b"\r\n\r\n")
_TOO_LONG: Final = f"Announces {_MORE} bytes more than there are"

_FRAMING: Final = (
    _sends("content_length_too_long", f"{_TOO_LONG}, and closes.", _length(lambda size: size + _MORE)),
    _sends("content_length_too_long_open", f"{_TOO_LONG}, and waits.", _length(lambda size: size + _MORE), _WAITS),
    _sends("content_length_too_short", "Announces half of the bytes.", _length(lambda size: size // 2)),
    _sends("content_length_not_a_number", "Announces a length of `many`.", _length(lambda _: "many")),
    _sends("content_length_negative", "Announces a length of -1.", _length(lambda _: -1)),
    _sends("content_length_twice", "Announces two lengths, the true one and its half.", _two_lengths),
    _sends("content_length_and_chunks", "Announces a length of 5 and sends chunks.", _length_and_chunks),
    _sends("chunk_size_not_a_number", "Sends a chunk whose size is not a number.", _chunk_size(lambda _: b"size")),
    _sends("chunk_size_too_long", "Cuts a chunk and closes.", _chunk_size(lambda size: b"%x" % (size + _MORE))),
    _sends("chunk_size_too_short", "Sends twice as much as a chunk.", _chunk_size(lambda size: b"%x" % (size // 2))),
    _sends("chunk_size_huge", "Announces a chunk of 2^64 - 1 bytes, and closes.", _chunk_size(lambda _: b"F" * 16)),
    _sends("chunk_without_crlf", "Leaves out the line end after a chunk.", _chunk_without_crlf),
    _sends("chunk_last_missing", "Leaves out the empty last chunk.", lambda r: r.in_chunks(chunk(r.body))),
    _sends("not_http", "Sends the banner of an SSH server.", b"SSH-2.0-OpenSSH_9.6\r\n", status=None),
    _sends("no_status_line", "Sends the body alone, as HTTP/0.9 did.", lambda r: r.body, status=None),
    _sends("wrong_http_version", "Says HTTP/9.9 in the status line.", _replaced(b"HTTP/1.1", b"HTTP/9.9")),
    _sends("status_not_a_number", "Says `2OO`, with letters.", _replaced(b"200", b"2OO"), status=None),
    _sends("lf_only", "Ends the lines of the head with LF alone.", _lf_only),
    _sends("null_in_header", "Sends a header with a null byte in its value.", _header_lines(b"X-Null: a\0b")),
    _sends("header_without_colon", "Sends a header line without a colon.", _header_lines(b"no colon here")),
    _sends("header_1mb", "Sends a header of 1 MB.", _header_lines(b"X-Long: " + b"a" * (1 << 20))),
    _sends("many_headers", "Sends 10 000 headers.", _header_lines(_MANY_HEADERS)),
    _sends("close_delimited", "Ends the body by closing.", lambda r: r.head(CLOSE) + r.body, harmless=True),
    _sends("http_1_0", "Speaks HTTP/1.0.", lambda r: r.head(version="HTTP/1.0") + r.body, harmless=True),
)


def _another_callers(exchange: Exchange) -> Response:
    """A good response to another caller's request."""
    response = wire.success(exchange.settings.image_url)
    document = json.loads(response.body)
    prompt = {"prompt": f"A photo of {ANOTHER_CALLER}'s dog"}
    data = [entry | prompt | {"url": f"{entry['url']}&caller={ANOTHER_CALLER}"} for entry in document["data"]]
    return response.with_body(json.dumps(document | {"data": data}).encode())


def _retry_at_once(_exchange: Exchange) -> Response:
    """A 429 with a Retry-After of 0, so that the next request comes while the connection is still open."""
    response = wire.refusal(429)
    headers = [header for header in response.headers if header[0] != "Retry-After"]
    return Response(429, response.body, (*headers, ("Retry-After", "0")))


def _glued(
    name: str,
    first: str,
    behind: str,
    make: Make,
    *,
    retry: bool = False,
    frame: Write = Response.whole,
    frame_behind: Write = Response.whole,
) -> Fault:
    """A fault that sends a correct response, or a 429 to retry, and more bytes after it at once."""

    def send_both(exchange: Exchange) -> None:
        response = _retry_at_once(exchange) if retry else exchange.good_answer()
        exchange.keep_connection(response)
        exchange.send(frame(response) + frame_behind(make(exchange)))

    does = f"Sends {first} with {behind} after it, in the same segment if it fits, and keeps the connection."
    return response_fault(
        name, does, send_both, may_have_run=not retry, status=429 if retry else 200, harmless=not retry
    )


def _on_connect(name: str, what: str, make: Make, status: int) -> Fault:
    """A fault that sends a response before there is a request, and then serves the request."""

    def act(exchange: Exchange) -> None:
        if exchange.number:
            exchange.read_request()
            exchange.answer(exchange.good_answer())
        else:
            exchange.send(make(exchange).whole())
            exchange.keeps_connection = True

    does = f"Sends {what} as soon as the connection is accepted, and then serves the request well."
    return Fault(name, does, Phase.CONNECT, True, act, status)


def _after_head(name: str, what: str, make: Make, status: int) -> Fault:
    """A fault that sends the response after the head was read, and then reads the body."""
    does = f"Sends {what} after it read the head, reads the body after that, and keeps the connection."
    steps, good = (Exchange.read_head, answers(make), Exchange.read_request), status == 200
    return fault_of(name, does, *steps, may_have_run=good, status=status, harmless=good)


_GOOD: Final = "a good response"
_CALLERS: Final = "another caller's 200"

# They hurt a client that takes whatever arrives first for the response to the request that it sent last.
_OUT_OF_TURN: Final = (
    *(_glued(f"glued_{status}", _GOOD, f"a {status}", refuses(status)) for status in (422, 429, 500)),
    _glued("glued_200", _GOOD, _CALLERS, _another_callers),
    _glued("glued_half_answer", _GOOD, "half of the head of a 429", refuses(429), frame_behind=_half_head),
    _glued("glued_429_behind_chunks", "good chunks", "a 429", refuses(429), frame=Response.in_chunks),
    _glued("glued_200_behind_429", "a 429", _CALLERS, _another_callers, retry=True),
    _glued("glued_422_behind_429", "a 429", "a 422", refuses(422), retry=True),
    response_fault(
        "stray_408",
        "Sends a good response, keeps the connection, and a moment later sends a 408 to no request.",
        answers(Exchange.good_answer),
        lambda exchange: exchange.connection.pause(0.05),
        sends(wire.refusal(408).whole()),
        harmless=True,
    ),
    _on_connect("early_200_on_connect", _CALLERS, _another_callers, 200),
    _on_connect("early_429_on_connect", "a 429", refuses(429), 429),
    _after_head("early_200_after_head", _GOOD, Exchange.good_answer, 200),
    _after_head("early_429_after_head", "a 429", refuses(429), 429),
)

CONNECTION_FAULTS: Final = (*_DISCONNECTS, *_SLOW, *_FRAMING, *_OUT_OF_TURN)

STALE_CONNECTION: Final = ("ok", "close_before_request", "ok")
"""A script: the connection is kept after the first response, and closed when the second request arrives on it."""
