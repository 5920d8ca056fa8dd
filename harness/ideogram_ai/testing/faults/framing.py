"""Answers whose bytes break HTTP/1.1, or strain it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from .fault import Fault, Phase
from .wire import Answer, chunk, halve, head_lines

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchange import Exchange

_MORE: Final = 100
_CHUNKED: Final = ("Transfer-Encoding", "chunked")


def _length(answer: Answer, length: int | str) -> bytes:
    return answer.head_with_length(length) + answer.body


def _lengths(answer: Answer) -> bytes:
    size = len(answer.body)
    return answer.head(("Content-Length", str(size)), ("Content-Length", str(size // 2))) + answer.body


def _length_and_chunks(answer: Answer) -> bytes:
    return answer.head(("Content-Length", "5"), _CHUNKED) + chunk(answer.body) + chunk(b"")


def _chunks(answer: Answer, *chunks: bytes) -> bytes:
    return answer.head(_CHUNKED) + b"".join(chunks)


def _chunk_without_crlf(answer: Answer) -> bytes:
    first, rest = halve(answer.body)
    return _chunks(answer, chunk(first)[:-2], chunk(rest), chunk(b""))


def _chunk_of_size(answer: Answer, size: bytes) -> bytes:
    return _chunks(answer, size + b"\r\n" + answer.body + b"\r\n", chunk(b""))


def _status_line(answer: Answer, line: bytes) -> bytes:
    return line + b"\r\n" + answer.head_with_length().partition(b"\r\n")[2] + answer.body


def _header_line(answer: Answer, line: bytes) -> bytes:
    status_line, rest = answer.whole().split(b"\r\n", 1)
    return status_line + b"\r\n" + line + b"\r\n" + rest


def _many_headers(answer: Answer) -> bytes:
    many = head_lines((f"X-{number}", "1") for number in range(10_000))
    return _header_line(answer, many.removesuffix(b"\r\n\r\n"))


def _lf_only(answer: Answer) -> bytes:
    return answer.head_with_length().replace(b"\r\n", b"\n") + answer.body


def _close_delimited(answer: Answer) -> bytes:
    return answer.head(("Connection", "close")) + answer.body


def _http_1_0(answer: Answer) -> bytes:
    return answer.head(version="HTTP/1.0") + answer.body


def _fault(
    name: str,
    does: str,
    write: Callable[[Answer], bytes],
    *,
    status: int | None = 200,
    waits: bool = False,
    harmless: bool = False,
) -> Fault:
    """A fault that writes the good answer in its own way, and closes, or waits for the client to close."""

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.send(write(exchange.good_answer()))
        if waits:
            exchange.connection.wait_for_end()

    return Fault(name, does, Phase.IN_ANSWER, True, act, status=status, needs_limit=waits, harmless=harmless)


FRAMING: Final = (
    _fault(
        "content_length_too_long",
        f"Announces {_MORE} bytes more than there are, and closes.",
        lambda answer: _length(answer, len(answer.body) + _MORE),
    ),
    _fault(
        "content_length_too_long_open",
        f"Announces {_MORE} bytes more than there are, and keeps the connection open.",
        lambda answer: _length(answer, len(answer.body) + _MORE),
        waits=True,
    ),
    _fault(
        "content_length_too_short",
        "Announces half of the bytes and sends all of them.",
        lambda answer: _length(answer, len(answer.body) // 2),
    ),
    _fault("content_length_not_a_number", "Announces a length of `many`.", lambda answer: _length(answer, "many")),
    _fault("content_length_negative", "Announces a length of -1.", lambda answer: _length(answer, -1)),
    _fault("content_length_twice", "Announces two lengths, the true one and its half.", _lengths),
    _fault("content_length_and_chunks", "Announces a length of 5 and sends chunks.", _length_and_chunks),
    _fault(
        "chunk_size_not_a_number",
        "Sends a chunk whose size is no number.",
        lambda answer: _chunk_of_size(answer, b"size"),
    ),
    _fault(
        "chunk_size_too_long",
        f"Sends a chunk that is {_MORE} bytes shorter than it says, and closes.",
        lambda answer: _chunk_of_size(answer, b"%x" % (len(answer.body) + _MORE)),
    ),
    _fault(
        "chunk_size_too_short",
        "Sends a chunk that is twice as long as it says.",
        lambda answer: _chunk_of_size(answer, b"%x" % (len(answer.body) // 2)),
    ),
    _fault(
        "chunk_size_huge",
        "Sends a chunk that says to have 2^64 - 1 bytes, and closes.",
        lambda answer: _chunk_of_size(answer, b"F" * 16),
    ),
    _fault("chunk_without_crlf", "Leaves out the line end after a chunk.", _chunk_without_crlf),
    _fault(
        "chunk_last_missing",
        "Sends all chunks but the empty last one, and closes.",
        lambda answer: _chunks(answer, chunk(answer.body)),
    ),
    _fault(
        "not_http",
        "Answers with the banner of an SSH server.",
        lambda _answer: b"SSH-2.0-OpenSSH_9.6\r\n",
        status=None,
    ),
    _fault(
        "no_status_line",
        "Answers with the body alone, as HTTP/0.9 did.",
        lambda answer: answer.body,
        status=None,
    ),
    _fault(
        "wrong_http_version",
        "Says HTTP/9.9 in the status line.",
        lambda answer: _status_line(answer, b"HTTP/9.9 200 OK"),
    ),
    _fault(
        "status_not_a_number",
        "Says `2OO`, with letters, in the status line.",
        lambda answer: _status_line(answer, b"HTTP/1.1 2OO OK"),
        status=None,
    ),
    _fault("lf_only", "Ends the lines of the head with LF alone.", _lf_only),
    _fault(
        "null_in_header",
        "Sends a header with a null byte in its value.",
        lambda answer: _header_line(answer, b"X-Null: a\0b"),
    ),
    _fault(
        "header_without_colon",
        "Sends a header line that is none.",
        lambda answer: _header_line(answer, b"no colon here"),
    ),
    _fault(
        "header_1mb",
        "Sends a header of 1 MB.",
        lambda answer: _header_line(answer, b"X-Long: " + b"a" * (1 << 20)),
    ),
    _fault("many_headers", "Sends 10 000 headers.", _many_headers),
    _fault("close_delimited", "Sends a body that ends with the connection.", _close_delimited, harmless=True),
    _fault("http_1_0", "Answers as an HTTP/1.0 server does.", _http_1_0, harmless=True),
)
