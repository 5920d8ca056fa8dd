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
_STEP = 1 << 16
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
        self._layers = [_Layer(may_be_raw=name == "deflate") for name in reversed(names)]

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
    """One compressed stream."""

    def __init__(self, *, may_be_raw: bool) -> None:
        self._inflate = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._head = b"" if may_be_raw else None

    @property
    def complete(self) -> bool:
        return self._inflate.eof

    def decode(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        for data in pieces:
            data = self._after_head(data)  # noqa: PLW2901 - what there is of it
            while data and not self._inflate.eof:
                try:
                    piece = self._inflate.decompress(data, _STEP)
                except zlib.error as error:
                    raise DecodingError(f"the body does not decompress: {error}") from None
                data = self._inflate.unconsumed_tail  # noqa: PLW2901 - what is left of it
                if piece:
                    yield piece

    def _after_head(self, data: bytes) -> bytes:
        """The data once two bytes told the format: some servers send deflate without the zlib header of RFC 9110."""
        if self._head is None:
            return data
        data = self._head + data
        if len(data) < _ZLIB_HEADER:
            self._head = data
            return b""
        self._head = None
        if data[0] % 16 != zlib.DEFLATED or int.from_bytes(data[:_ZLIB_HEADER]) % 31:
            self._inflate = zlib.decompressobj(_RAW_DEFLATE)
        return data
