"""The body of a response: collected in bounded memory, and decoded piece by piece if a server compressed it.

The client asks for no encoding (`Accept-Encoding: identity`), and some servers compress anyway. httpx would expand each
piece whole, and stack encodings, which turns a few kilobytes into gigabytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_RESPONSE_BYTES: Final = 8 * 1024 * 1024
"""Responses of this API have a few kilobytes."""


class ResponseBuffer:
    """Collects the body of a response in bounded memory, decoded as far as possible."""

    def __init__(self) -> None:
        self.status: int | None = None  # until the head arrives
        self.headers = httpx.Headers()
        self.broken: str | None = None  # why the body is not complete although the transport reported no failure
        self._body = bytearray()
        self._decoder: Decoder | None = None

    @property
    def body(self) -> bytes:
        """What arrived of the body."""
        return bytes(self._body)

    @property
    def complete(self) -> bool:
        """Whether the body came to its end, provided that the transport reported no failure."""
        return self.broken is None and (self._decoder is None or self._decoder.complete)

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head of the response."""
        self.status = status
        self.headers = headers
        if not decoded and (encoding := headers.get("content-encoding")):
            try:
                self._decoder = Decoder(encoding)
            except DecodingError as error:
                self.broken = str(error)
        return True

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; False when no more is wanted."""
        if self._decoder is None:
            return self._keep(chunk)
        try:
            return all(self._keep(piece) for piece in self._decoder.decode(chunk))
        except DecodingError as error:
            self.broken = str(error)
            return self._keep(chunk)

    def _keep(self, piece: bytes) -> bool:
        room = MAX_RESPONSE_BYTES - len(self._body)
        self._body += piece[:room]
        if len(piece) > room:
            self.broken = f"the body is larger than {MAX_RESPONSE_BYTES} bytes"
            return False
        return True


_GZIP_OR_ZLIB = 47
_RAW_DEFLATE = -15
_ZLIB_HEADER = 2
_GZIP_MAGIC = b"\x1f\x8b"
_STEP = 1 << 16
_MAX_MEMBERS = 100_000
"""Empty gzip members would take time without end. Programs that write many put 64 KiB into each."""
_MAX_ENCODINGS = 3


class DecodingError(Exception):
    """The body does not match its content encoding, or the encoding is not supported."""


class Decoder:
    """Decodes a body piece by piece, in bounded memory however far it expands.

    Args:
        encoding: The Content-Encoding header: empty, or some of identity, gzip and deflate, in the order applied.

    Raises:
        DecodingError: For another encoding, or more than three.
    """

    def __init__(self, encoding: str) -> None:
        names = [name for part in encoding.split(",") if (name := part.strip().lower())]
        if unknown := [name for name in names if name not in {"identity", "gzip", "x-gzip", "deflate"}]:
            raise DecodingError(f"the content encoding {unknown[0][:80]!r} was not asked for")
        names = [name for name in names if name != "identity"]
        if len(names) > _MAX_ENCODINGS:
            raise DecodingError(f"{len(names)} content encodings lie on top of each other")
        self._layers = [_Layer(gzip=name != "deflate") for name in reversed(names)]

    @property
    def complete(self) -> bool:
        """Whether every compressed stream came to its end."""
        return all(layer.complete for layer in self._layers)

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes in pieces of at most 64 KiB, or as they came if there is nothing to decode."""
        pieces: Iterator[bytes] = iter((data,))
        for layer in self._layers:
            pieces = layer.decode(pieces)
        return pieces


class _Layer:
    """One compressed stream: for gzip, any number of members (RFC 1952), with zeros between and behind them.

    What follows the last member and does not start another one is ignored, as gzip itself does.
    """

    def __init__(self, *, gzip: bool) -> None:
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._may_be_raw = not gzip
        self._may_go_on = gzip
        self._members = 1
        self._waiting: bytes = b""  # too few bytes to know what they start

    @property
    def complete(self) -> bool:
        return self._inflate.eof and not self._waiting

    def decode(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for data in pieces:
            # In steps, because zlib copies what it leaves of its input, each time.
            for start in range(0, len(data), _STEP):
                yield from self._decode(data[start : start + _STEP])

    def _decode(self, data: bytes) -> Iterator[bytes]:
        piece = b""
        # A full step may leave more to come, although all of its input is consumed.
        while (data := self._begin(data)) or (len(piece) == _STEP and not self._inflate.eof):
            try:
                piece = self._inflate.decompress(data, _STEP)
            except zlib.error as error:
                raise DecodingError(f"the body does not decompress: {error}") from None
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            if piece:
                yield piece

    def _begin(self, data: bytes) -> bytes:
        """The data that belongs to a stream; empty while its first bytes are too few to know."""
        if self._may_be_raw:
            # Two bytes decide: some servers send deflate without the zlib header of RFC 9110.
            data, self._waiting = self._waiting + data, b""
            if len(data) < _ZLIB_HEADER:
                self._waiting = data
                return b""
            self._may_be_raw = False
            if data[0] % 16 != zlib.DEFLATED or int.from_bytes(data[:_ZLIB_HEADER]) % 31:
                self._inflate = zlib.decompressobj(_RAW_DEFLATE)
            return data
        return self._next_member(data) if self._inflate.eof else data

    def _next_member(self, data: bytes) -> bytes:
        data = (self._waiting + data).lstrip(b"\0")
        self._waiting = data if data == _GZIP_MAGIC[:1] else b""
        if not data or self._waiting or not self._may_go_on:
            return b""
        if not data.startswith(_GZIP_MAGIC):
            self._may_go_on = False
            return b""
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise DecodingError(f"the body has more than {_MAX_MEMBERS} members of gzip")
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        return data
