"""One request and its answer, as the acts of the faults see them."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from . import content
from .ledger import ReceivedRequest
from .wire import END_OF_HEAD, Answer, find_header, parse_headers, parse_request_line

if TYPE_CHECKING:
    from .connection import Connection
    from .fault import Fault
    from .wire import Headers

_IMAGE_METHODS: Final = ("GET", "HEAD")
_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the acts are told by the one who made the server.

    Attributes:
        url: Address of the server, without a slash at the end.
        image_url: Address of the image that a good answer names, without a query.
        interval: Seconds between two bytes of a drip.
        location: Where redirects of the POST point to.
        expanded_size: Bytes that a compression bomb expands to.
    """

    url: str
    image_url: str
    interval: float
    location: str
    expanded_size: int


class MalformedRequest(ValueError):  # noqa: N818 - the name of the thing, as in HTTP
    """The request cannot be read as HTTP/1.1."""


class Exchange:
    """One request and its answer. What it reads is exact: not a byte beyond what it says.

    Attributes:
        number: Number of the request, from 1; 0 for what is done when a connection was accepted, before any request.
        connection: The connection, to close it, to reset it or to hold it.
        fault: The fault that the request meets.
        settings: What the server was told.
        method: Method, as far as it is known.
        target: Request target, as far as it is known.
        keeps_connection: Whether another request is awaited on the connection after this one.
    """

    def __init__(self, number: int, connection: Connection, fault: Fault, settings: Settings, peeked: bytes) -> None:
        self.number = number
        self.connection = connection
        self.fault = fault
        self.settings = settings
        self.method = parse_request_line(peeked)[0] if b" " in peeked else ""
        self.target = ""
        self.keeps_connection = False
        self._raw = bytearray()
        self._head_read = False
        self._body_read = False
        self._sent = 0

    def read_head(self) -> None:
        """Read to the end of the head."""
        self._read_until(END_OF_HEAD)
        self._head_read = True
        self.method, self.target = parse_request_line(self._raw)

    def read_half(self) -> None:
        """Read the head and half of the body: of a chunked one the size of its first chunk, of none nothing."""
        self.read_head()
        if self._is_chunked():
            self._read_until(b"\r\n")
        else:
            self._read_exactly(self._content_length() // 2)

    def read_request(self) -> None:
        """Read the whole request."""
        if not self._head_read:
            self.read_head()
            if (self.header("Expect") or "").lower() == "100-continue":
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._is_chunked():
            self._read_chunks()
        else:
            self._read_exactly(self._content_length())
        self._body_read = True

    def send(self, data: bytes) -> None:
        """Hand the data to the kernel."""
        self.connection.send(data)
        self._sent += len(data)

    def drip(self, data: bytes) -> None:
        """Send one byte each interval."""
        for byte in data:
            self.send(bytes((byte,)))
            self.connection.pause(self.settings.interval)

    def answer(self, answer: Answer) -> None:
        """Send an answer as it should be, and await another request unless one side says that it closes."""
        self.keep_connection(answer)
        self.send(answer.head_with_length() if self.method == "HEAD" else answer.whole())

    def keep_connection(self, answer: Answer) -> None:
        """Await another request after this answer unless one side says that it closes."""
        said = (self.header("Connection"), find_header(answer.headers, "Connection"))
        self.keeps_connection = not any((value or "").lower() == "close" for value in said)

    def good_answer(self) -> Answer:
        """What a good server answers: the contract's example to a POST, the image or its range to a GET."""
        if self.method in _IMAGE_METHODS:
            return self.image_answer(content.png())
        return content.generation(self.settings.image_url)

    def image_answer(
        self,
        image: bytes,
        *,
        resumable: bool = True,
        content_type: str = "image/png",
        validators: Headers | None = None,
    ) -> Answer:
        """The image, or the range of it that is asked for.

        Args:
            image: The bytes.
            resumable: False to ignore ranges.
            content_type: Its media type.
            validators: Headers in place of a true ETag; If-Range is then not heeded.
        """
        etag = f'"{zlib.crc32(image):08x}"'
        version: Headers = (("ETag", etag),) if validators is None else validators
        headers: Headers = (("Content-Type", content_type), *version, ("Accept-Ranges", "bytes"))
        asked = _RANGE.fullmatch(self.header("Range") or "") if resumable else None
        other = validators is None and (self.header("If-Range") or etag) != etag
        if asked is None or not any(asked.groups()) or other:
            return Answer(200, image, headers)
        first, last = _resolve_range(asked[1], asked[2], len(image))
        if first > last:
            return Answer(416, headers=(("Content-Range", f"bytes */{len(image)}"),))
        content_range = ("Content-Range", f"bytes {first}-{last}/{len(image)}")
        return Answer(206, image[first : last + 1], (*headers, content_range))

    def header(self, name: str) -> str | None:
        """The first header of the request with this name, case ignored."""
        return find_header(parse_headers(self._raw), name)

    def receipt(self) -> ReceivedRequest:
        """What is known of the request now, for the ledger."""
        return ReceivedRequest(
            number=self.number,
            connection=self.connection.number,
            fault=self.fault.name,
            method=self.method,
            target=self.target,
            head_read=self._head_read,
            whole_request_read=self._body_read,
            may_have_run=self._body_read and self.fault.may_have_run and self.method == "POST",
            sent=self._sent,
            raw=bytes(self._raw),
        )

    def _is_chunked(self) -> bool:
        return "chunked" in (self.header("Transfer-Encoding") or "").lower()

    def _content_length(self) -> int:
        return _parse_length(self.header("Content-Length") or "0", 10)

    def _read_exactly(self, count: int) -> None:
        """Read until `count` bytes have been read after the head."""
        end = self._raw.index(END_OF_HEAD) + len(END_OF_HEAD) + count
        self._read_to(end)

    def _read_chunks(self) -> None:
        while True:
            start = len(self._raw)
            self._read_until(b"\r\n")
            size = _parse_length(self._raw[start:].split(b";")[0].decode("latin-1"), 16)
            if not size:
                break
            self._read_to(len(self._raw) + size + 2)
        while not self._raw.endswith(END_OF_HEAD):  # trailers, and the empty line
            self._read_until(b"\r\n")

    def _read_to(self, length: int) -> None:
        while len(self._raw) < length:
            self._raw += self.connection.read(length - len(self._raw))

    def _read_until(self, mark: bytes) -> None:
        """Read to the end of the next `mark`, and not a byte further."""
        start = len(self._raw)
        while True:
            peeked = self.connection.peek()
            known = len(self._raw)
            found = (bytes(self._raw[start:]) + peeked).find(mark)
            self._read_to(known + len(peeked) if found < 0 else start + found + len(mark))
            if found >= 0:
                return


def _parse_length(text: str, base: int) -> int:
    try:
        length = int(text.strip(), base)
    except ValueError:
        raise MalformedRequest(f"a length that is no number: {text[:20]!r}") from None
    if length < 0:
        raise MalformedRequest(f"a negative length: {length}")
    return length


def _resolve_range(first: str, last: str, size: int) -> tuple[int, int]:
    """First and last byte of a range; the first is greater than the last where there is no such range."""
    if not first:
        return max(0, size - int(last)), size - 1
    return int(first), min(int(last or size), size - 1)
