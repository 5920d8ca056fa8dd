"""HTTP/1.1 in bytes, written by hand so that every byte can be wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Headers = tuple[tuple[str, str], ...]

END_OF_HEAD: Final = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer before it is framed.

    Attributes:
        status: Status code.
        body: The body as it goes on the wire.
        headers: Names and values, without Content-Length and Transfer-Encoding, which the framing adds.
    """

    status: int
    body: bytes = b""
    headers: Headers = ()

    def head(self, *framing: tuple[str, str], version: str = "HTTP/1.1") -> bytes:
        """The status line and the headers, these last ones after the answer's own, and the empty line."""
        return f"{version} {self.status} {reason_phrase(self.status)}\r\n".encode() + head_lines(self.headers + framing)

    def head_with_length(self, length: int | str | None = None) -> bytes:
        """The head with a Content-Length, the true one unless another is given."""
        return self.head(("Content-Length", str(len(self.body) if length is None else length)))

    def whole(self) -> bytes:
        """The answer as it should be."""
        if self.status == HTTPStatus.NO_CONTENT:
            return self.head()
        return self.head_with_length() + self.body

    def in_chunks(self) -> bytes:
        """The answer as it should be, its body chunked."""
        return self.head(("Transfer-Encoding", "chunked")) + chunk(self.body) + chunk(b"")

    def with_header(self, name: str, value: str) -> Self:
        """The same answer with one more header."""
        return replace(self, headers=(*self.headers, (name, value)))

    def with_body(self, body: bytes) -> Self:
        """The same answer with another body."""
        return replace(self, body=body)


def reason_phrase(status: int) -> str:
    """The words that follow the status code."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def head_lines(headers: Iterable[tuple[str, str]]) -> bytes:
    """Header lines and the empty line after them; characters above 255 cannot be written."""
    return b"".join(f"{name}: {value}\r\n".encode("latin-1") for name, value in headers) + b"\r\n"


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; of no data, the last one."""
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def in_pieces(data: bytes, size: int) -> Iterator[bytes]:
    """The data in pieces of at most `size` bytes."""
    return (data[start : start + size] for start in range(0, len(data), size))


def halve(data: bytes) -> tuple[bytes, bytes]:
    """The first half and the rest."""
    middle = len(data) // 2
    return data[:middle], data[middle:]


def parse_request_line(head: bytes | bytearray) -> tuple[str, str]:
    """Method and target; empty where they are not there."""
    line = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    return line[0], line[1] if len(line) > 1 else ""


def parse_headers(head: bytes | bytearray) -> Headers:
    """The header lines in their order, names as they were written."""
    lines = head.split(END_OF_HEAD, 1)[0].decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return tuple((name, value.strip()) for name, colon, value in pairs if colon)


def find_header(headers: Headers, name: str) -> str | None:
    """The value of the first header of this name, in whatever case it was written."""
    return next((value for found, value in headers if found.lower() == name.lower()), None)
