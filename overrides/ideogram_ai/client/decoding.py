"""Undoes a content encoding in bounded memory.

The client asks for none (`Accept-Encoding: identity`); some servers compress all the same. httpx would expand each
piece whole, and pile encodings on each other, which is how a few kilobytes become gigabytes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_GZIP_OR_ZLIB = 47
_RAW_DEFLATE = -15
_ZLIB_HEADER = 2
_GZIP_MAGIC = b"\x1f\x8b"
_STEP = 1 << 16
_MAX_MEMBERS = 100_000
"""Empty members of gzip would cost time without end. Programs that write many put 64 KiB into each."""
_KNOWN = frozenset({"identity", "gzip", "x-gzip", "deflate"})
_MAX_ENCODINGS = 3


class DecodingError(Exception):
    """The body is not what its content encoding says, or has one that was not asked for."""


class Decoder:
    """Decodes a body piece by piece, in bounded memory however far it expands.

    Args:
        encoding: The Content-Encoding header: nothing, or some of identity, gzip and deflate, in the order applied.

    Raises:
        DecodingError: For another encoding, or more than three.
    """

    def __init__(self, encoding: str) -> None:
        names = [name for name in (part.strip().lower() for part in encoding.split(",")) if name]
        if unknown := [name for name in names if name not in _KNOWN]:
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
        """Yield the decoded bytes in pieces of at most 64 KiB, or as they came where nothing is to be decoded."""
        pieces: Iterator[bytes] = iter((data,))
        for layer in self._layers:
            pieces = layer.decode(pieces)
        return pieces


class _Layer:
    """One compressed stream: of gzip, as many members as come (RFC 1952), with zeros between and behind them.

    What follows the last member and begins no other is left alone, as gzip itself leaves it.
    """

    def __init__(self, *, gzip: bool) -> None:
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._may_be_raw = not gzip
        self._may_go_on = gzip
        self._members = 1
        self._waiting: bytes = b""  # too few bytes to tell what begins with them

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
        # A whole step may leave more to come, although all that it came from is consumed.
        while (data := self._begin(data)) or (len(piece) == _STEP and not self._inflate.eof):
            try:
                piece = self._inflate.decompress(data, _STEP)
            except zlib.error as error:
                raise DecodingError(f"the body does not decompress: {error}") from None
            data = self._inflate.unconsumed_tail or self._inflate.unused_data
            if piece:
                yield piece

    def _begin(self, data: bytes) -> bytes:
        """The data, if it belongs to a stream; nothing as long as its first bytes do not tell."""
        if self._may_be_raw:
            return self._after_zlib_header(data)
        return self._after_member(data) if self._inflate.eof else data

    def _after_zlib_header(self, data: bytes) -> bytes:
        """Two bytes tell the format: some servers send deflate without the zlib header of RFC 9110."""
        data = self._waiting + data
        if len(data) < _ZLIB_HEADER:
            self._waiting = data
            return b""
        self._waiting = b""
        self._may_be_raw = False
        if data[0] % 16 != zlib.DEFLATED or int.from_bytes(data[:_ZLIB_HEADER]) % 31:
            self._inflate = zlib.decompressobj(_RAW_DEFLATE)
        return data

    def _after_member(self, data: bytes) -> bytes:
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
