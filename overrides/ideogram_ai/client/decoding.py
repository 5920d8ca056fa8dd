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
_STEP = 1 << 16


class DecodingError(Exception):
    """The body is not what its content encoding says, or has one that was not asked for."""


class Decoder:
    """Decodes a body piece by piece.

    Args:
        encoding: The Content-Encoding header, possibly empty.

    Raises:
        DecodingError: For anything but identity, gzip and deflate.
    """

    def __init__(self, encoding: str) -> None:
        encoding = encoding.strip().lower()
        if encoding not in {"", "identity", "gzip", "x-gzip", "deflate"}:
            raise DecodingError(f"the content encoding {encoding[:80]!r} was not asked for")
        self._inflate = None if encoding in {"", "identity"} else zlib.decompressobj(_GZIP_OR_ZLIB)
        self._may_be_raw = encoding == "deflate"

    @property
    def complete(self) -> bool:
        """Whether the compressed stream came to its end."""
        return self._inflate is None or self._inflate.eof

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Yield the decoded bytes in pieces of at most 64 KiB, or as they came where nothing is to be decoded."""
        if self._inflate is None:
            yield data
            return
        while data and not self._inflate.eof:
            try:
                piece = self._inflate.decompress(data, _STEP)
            except zlib.error as error:
                if not self._may_be_raw:
                    raise DecodingError(f"the body does not decompress: {error}") from None
                self._inflate = zlib.decompressobj(_RAW_DEFLATE)
                self._may_be_raw = False
                continue
            self._may_be_raw = False
            data = self._inflate.unconsumed_tail
            if piece:
                yield piece
