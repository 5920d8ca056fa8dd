"""The connection, HTTP/1.1 as bytes, each of which can be wrong, and the contents of good responses."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import random
import selectors
import socket
import struct
import threading
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache, lru_cache
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final, Self

from ideogram_ai.client.request import is_object
from ideogram_ai.contract.view import example_of, read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ideogram_ai.generated.operations import Operation

Headers = tuple[tuple[str, str], ...]

END_OF_HEAD: Final = b"\r\n\r\n"
CHUNKED: Final = ("Transfer-Encoding", "chunked")
CLOSE: Final = ("Connection", "close")
JSON: Final = ("Content-Type", "application/json")
HTML: Final = ("Content-Type", "text/html; charset=UTF-8")
GZIP_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_READ_SIZE: Final = 65536
_LONGEST_LINE: Final = 8192
_LINE_SECONDS: Final = 0.5
_LINE_PAUSE: Final = 0.001
_LINGER_FORMAT: Final = "hh" if os.name == "nt" else "ii"
_LINK_LIFETIME: Final = 24 * 60 * 60
_BLOCK: Final = b" " * (1 << 20)


class Activity(Enum):
    """What the server is doing with a connection."""

    BUSY = "busy"
    WAITING = "waiting for a request"
    HELD = "held, with nothing more to come"


class ConnectionEndedError(Exception):
    """The client has closed the connection, or the server is being closed."""


class Connection:
    """One accepted connection. Only its own thread reads and writes; any thread may inspect and interrupt it.

    Attributes:
        number: Number of the connection, from 1.
        activity: What the server is doing with it.
        open: False after the server's end was closed.
    """

    def __init__(self, sock: socket.socket, number: int, draining: threading.Event) -> None:
        self.number = number
        self.activity = Activity.BUSY
        self.open = True
        self._sock = sock
        self._draining = draining
        self._lock = threading.Lock()
        sock.setblocking(True)
        # A drip of single bytes is to leave as single packets.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def peek(self) -> bytes:
        """Wait for data and return it without taking it out of the kernel."""
        return self._receive(_READ_SIZE, socket.MSG_PEEK)

    def peek_line(self) -> bytes:
        """Wait for a line and return it and what follows; or what there is of it after half a second."""
        deadline = time.monotonic() + _LINE_SECONDS
        while b"\n" not in (peeked := self.peek()):
            if len(peeked) > _LONGEST_LINE or time.monotonic() > deadline:
                break
            time.sleep(_LINE_PAUSE)  # the kernel reports that there is data, and not that there is more
        return peeked

    def read(self, limit: int) -> bytes:
        """Wait for data and return from 1 to `limit` bytes of it."""
        return self._receive(min(limit, _READ_SIZE))

    def _receive(self, limit: int, flags: int = 0) -> bytes:
        data = self._sock.recv(limit, flags)
        if not data:
            raise ConnectionEndedError
        return data

    def send(self, data: bytes) -> None:
        """Pass all of the data to the kernel."""
        self._sock.sendall(data)

    def pause(self, seconds: float) -> None:
        """Sleep, but wake when the connection ends."""
        deadline = time.monotonic() + seconds
        if seconds <= 0:
            return
        self._sock.settimeout(seconds)
        try:
            self.peek()
        except TimeoutError:
            return
        finally:
            self._sock.setblocking(True)
        # Unread bytes hide the end of the connection.
        self._draining.wait(max(0.0, deadline - time.monotonic()))

    def wait_for_end(self) -> None:
        """Read and drop data until the client closes the connection."""
        while True:
            self.read(_READ_SIZE)

    def finish(self) -> None:
        """Send FIN and drop what the client still sends, so that it does not get an RST in return."""
        with suppress(OSError):  # the client was faster
            self._sock.shutdown(socket.SHUT_WR)
        self.wait_for_end()

    def hold(self) -> None:
        """Read nothing until the server is closed or `wait_closed` is called."""
        self.activity = Activity.HELD
        self._draining.wait()
        self.wait_for_end()

    def reset(self) -> None:
        """Close with RST instead of FIN; data that is still on its way is lost."""
        with suppress(OSError):  # the client was faster
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER_FORMAT, 1, 0))
        self.close()

    def close(self) -> None:
        """Close: the client gets FIN after the data, or RST if it sent something that was not read."""
        with self._lock:
            self.open = False
            self._sock.close()

    def interrupt(self) -> None:
        """Wake the connection's thread; from any thread."""
        with self._lock:
            if self.open:
                with suppress(OSError):  # the client was faster
                    self._sock.shutdown(socket.SHUT_RDWR)

    def has_news(self) -> bool:
        """Whether there is data, or the end, that the connection's thread has not seen; from any thread."""
        with self._lock:
            return self.open and is_readable(self._sock)


def is_readable(sock: socket.socket) -> bool:
    """Whether a read or an accept would return at once."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response before it is framed.

    Attributes:
        status: Status code.
        body: The body as it goes on the wire.
        headers: Names and values, without Content-Length and Transfer-Encoding, which the framing adds.
    """

    status: int
    body: bytes = b""
    headers: Headers = ()

    def head(self, *framing: tuple[str, str], version: str = "HTTP/1.1") -> bytes:
        """The status line, the headers with `framing` after them, and the empty line."""
        return f"{version} {self.status} {reason_phrase(self.status)}\r\n".encode() + head_lines(self.headers + framing)

    def head_with_length(self, length: int | str | None = None) -> bytes:
        """The head with a Content-Length, the true one by default."""
        return self.head(("Content-Length", str(len(self.body) if length is None else length)))

    def whole(self) -> bytes:
        """The correct response, with a Content-Length."""
        if self.status == HTTPStatus.NO_CONTENT:
            return self.head()
        return self.head_with_length() + self.body

    def half(self) -> bytes:
        """The head, with the true Content-Length, and half of the body."""
        return self.head_with_length() + halve(self.body)[0]

    def in_chunks(self, *chunks: bytes) -> bytes:
        """The response with these chunks as they are; without any, the correct response, with a chunked body."""
        return self.head(CHUNKED) + (b"".join(chunks) or chunk(self.body) + chunk(b""))

    def with_header(self, name: str, value: str) -> Self:
        """The same response with one more header."""
        return replace(self, headers=(*self.headers, (name, value)))

    def with_body(self, body: bytes) -> Self:
        """The same response with another body."""
        return replace(self, body=body)


def reason_phrase(status: int) -> str:
    """The words after the status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def head_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Header lines in Latin-1, and the empty line after them."""
    return b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers) + b"\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; without data, the last one."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def halve(data: bytes) -> tuple[bytes, bytes]:
    """The first half and the rest."""
    middle = len(data) // 2
    return data[:middle], data[middle:]


def parse_request_line(head: bytes | bytearray) -> tuple[str, str]:
    """Method and target; empty where they are missing."""
    line = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return line[0], line[1] if len(line) > 1 else ""


def parse_headers(head: bytes | bytearray) -> Headers:
    """The headers in their order, with names as they were written."""
    lines = head.split(END_OF_HEAD, 1)[0].decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return tuple((name, value.strip()) for name, colon, value in pairs if colon)


def find_header(headers: Headers, name: str) -> str | None:
    """The value of the first header with this name, ignoring case."""
    return next((value for found, value in headers if found.lower() == name.lower()), None)


def gzip_with_spaces(body: bytes, size: int) -> bytes:
    """Compress the body, filled up with spaces to this size; a JSON body stays valid JSON.

    Compressed blocks of spaces are repeated, because compressing hundreds of megabytes takes seconds.
    """
    blocks, rest = divmod(max(0, size - len(body)), len(_BLOCK))
    crc = zlib.crc32(body)
    for _ in range(blocks):
        crc = zlib.crc32(_BLOCK, crc)
    crc = zlib.crc32(_BLOCK[:rest], crc)
    trailer = struct.pack("<II", crc, max(size, len(body)) % (1 << 32))
    start, end = _deflate(body, zlib.Z_FULL_FLUSH), _deflate(_BLOCK[:rest], zlib.Z_FINISH)
    return GZIP_HEADER + start + _deflate(_BLOCK, zlib.Z_FULL_FLUSH) * blocks + end + trailer


@lru_cache(maxsize=8)
def _deflate(data: bytes, flush: int) -> bytes:
    """Part of a raw stream; it can be repeated, because it refers to nothing before it."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(flush)


def success(
    image_url: str, operation: Operation | None = None, job_id: str = "", *, status: str = "completed"
) -> Response:
    """The contract's example of a 200, with signed links to this image that expire in a day.

    Args:
        image_url: URL of the image, without a query.
        operation: The operation; None for generate.
        job_id: Id of the job, if the example is about one.
        status: Status of the job. Where the contract has no example with it, it takes the place of another one.
    """
    view = read_view((operation or POST_GENERATE_IMAGE_V4).operation_id)
    code = min(status for status in view.responses if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES)
    rule = view.responses[code]
    if not (rule.examples or rule.schema):
        return Response(code)
    examples = rule.examples or (example_of(view, rule.schema),)
    example = next((each for each in examples if is_object(each) and each.get("status") == status), examples[0])
    if is_object(example):
        query = f"exp={int(time.time()) + _LINK_LIFETIME}&sig={hashlib.sha256(image_url.encode()).hexdigest()}"
        data = [entry | {"url": f"{image_url}?{query}"} for entry in example.get("data", [])]
        changes: dict[str, Any] = {"status": status, "generation_id": job_id, "data": data}
        example = example | {name: value for name, value in changes.items() if name in example}
    return Response(code, _dump(example), (JSON,))


def refusal(status: int, operation: Operation | None = None) -> Response:
    """The contract's example of a response with this status, or problem details; of generate by default."""
    documented = read_view((operation or POST_GENERATE_IMAGE_V4).operation_id).responses.get(status)
    if documented is not None and documented.examples:
        return Response(status, _dump(documented.examples[0]), (JSON, *documented.headers.items()))
    problem = {"type": "about:blank", "title": reason_phrase(status), "status": status}
    return Response(status, _dump(problem), (JSON,))


def gzipped(body: bytes) -> bytes:
    """A body in gzip, always in the same bytes."""
    return gzip.compress(body, mtime=0)


def html(status: int) -> Response:
    """A page as a proxy or CDN in front of the service sends it."""
    title = f"{status} {reason_phrase(status)}"
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Response(status, page.encode(), (HTML, ("Server", "cdn")))


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


@cache
def png(width: int = 64, height: int = 64, seed: int = 0) -> bytes:
    """A valid PNG of RGB noise, which does not compress: some 3 bytes per pixel. Each seed gives another image.

    The bytes are part of the vectors, so they do not depend on a library's version.
    """
    noise = random.Random(seed)  # noqa: S311 - not used for a secret
    rows = b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


_SAMPLES: Final = files(__package__ or "")
JPEG: Final = (_SAMPLES / "sample.jpg").read_bytes()
"""A JPEG with an Exif thumbnail in it, which is a JPEG with an end of its own."""
WEBP: Final = (_SAMPLES / "sample.webp").read_bytes()
AVIF: Final = (_SAMPLES / "sample.avif").read_bytes()
GIF: Final = (_SAMPLES / "sample.gif").read_bytes()
