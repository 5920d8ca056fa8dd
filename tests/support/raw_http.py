"""An HTTP client that is nothing but a socket: it shows what is on the wire, and how a connection ended."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import pytest

KEY = "the-key-of-this-test"
PATIENCE = 10.0
"""Seconds after which a server that is expected to speak has failed. No test waits for it to pass."""


@dataclass(frozen=True)
class Heard:
    """What came back, and how it ended."""

    data: bytes
    end: Literal["fin", "reset", "open"]

    @property
    def head(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[0]

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        return int(self.head.split(b" ")[1])

    def header(self, name: str) -> str | None:
        found = self.headers(name)
        return found[0] if found else None

    def headers(self, name: str) -> list[str]:
        pairs = (line.partition(b":") for line in self.head.split(b"\r\n")[1:])
        return [value.strip().decode("latin-1") for key, _, value in pairs if key.decode().lower() == name.lower()]


def post(*, size: int = 1000, close: bool = True) -> bytes:
    """A POST with a body of this many bytes."""
    return (
        b"POST /v1/ideogram-v4/generate HTTP/1.1\r\nHost: loopback\r\n"
        + f"Api-Key: {KEY}\r\nContent-Length: {size}\r\n".encode()
        + (b"Connection: close\r\n" if close else b"")
        + b"\r\n"
        + b"b" * size
    )


def get(target: str = "/image.png", *headers: str) -> bytes:
    """A GET without a body, and with Connection: close."""
    lines = [f"GET {target} HTTP/1.1", "Host: loopback", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def connect(url: str, *, patience: float = PATIENCE) -> socket.socket:
    """A connection to the server at this URL."""
    parts = urlsplit(url)
    assert parts.hostname
    assert parts.port
    return socket.create_connection((parts.hostname, parts.port), patience)


def read_until(sock: socket.socket, mark: bytes) -> bytes:
    """Read to the end of the mark, and maybe further."""
    data = b""
    while mark not in data:
        piece = sock.recv(65536)
        assert piece, f"closed before {mark!r}, after {data!r}"
        data += piece
    return data


def read_all(sock: socket.socket, expected: bytes) -> None:
    """Read until exactly this has come."""
    data = b""
    while len(data) < len(expected):
        data += sock.recv(65536)
    assert data == expected


def assert_silent(sock: socket.socket) -> None:
    """Check that nothing comes, and that the connection does not end."""
    sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        sock.recv(1)


def listen(sock: socket.socket, *, limit: int | None = None) -> Heard:
    """Read until the connection ends, or `limit` bytes have come: then it is still open."""
    data = bytearray()
    try:
        while limit is None or len(data) < limit:
            piece = sock.recv(65536)
            if not piece:
                return Heard(bytes(data), "fin")
            data += piece
    except ConnectionResetError:
        return Heard(bytes(data), "reset")
    return Heard(bytes(data), "open")


def talk(url: str, request: bytes, *, limit: int | None = None) -> Heard:
    """Send the request on a connection of its own, and listen."""
    with connect(url) as sock:
        with suppress(ConnectionError):  # the end shows when listening
            sock.sendall(request)
        return listen(sock, limit=limit)
