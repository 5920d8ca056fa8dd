"""Compressed answers: good ones, broken ones, and bombs."""

from __future__ import annotations

import gzip
import zlib
from typing import TYPE_CHECKING, Final

from .bomb import gzip_with_spaces
from .fault import Fault, Phase
from .wire import halve

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchange import Exchange

_GARBAGE: Final = b"\xde\xad\xbe\xef" * 64


def _same(body: bytes) -> bytes:
    return body


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, mtime=0)


def _gzip_twice(body: bytes) -> bytes:
    return _gzip(_gzip(body))


def _gzip_members(body: bytes) -> bytes:
    first, rest = halve(body)
    return _gzip(first) + _gzip(b"") + _gzip(rest)


def _gzip_members_cut(body: bytes) -> bytes:
    first, rest = halve(body)
    return _gzip(first) + halve(_gzip(rest))[0]


def _gzip_cut(body: bytes) -> bytes:
    return halve(_gzip(body))[0]


def _garbage(_body: bytes) -> bytes:
    return _GARBAGE


def _coded(name: str, does: str, coding: str, encode: Callable[[bytes], bytes], *, harmless: bool = False) -> Fault:
    """A fault that sends the good answer's body, encoded, under the name of a content coding."""

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        answer = exchange.good_answer()
        exchange.answer(answer.with_header("Content-Encoding", coding).with_body(encode(answer.body)))

    return Fault(name, does, Phase.IN_ANSWER, True, act, status=200, harmless=harmless)


def _bomb(name: str, does: str, coding: str, *, twice: bool) -> Fault:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        answer = exchange.good_answer()
        body = gzip_with_spaces(answer.body, exchange.settings.expanded_size)
        body = _gzip(body) if twice else body
        exchange.answer(answer.with_header("Content-Encoding", coding).with_body(body))

    return Fault(name, does, Phase.IN_ANSWER, True, act, status=200, needs_limit=True)


ENCODINGS: Final = (
    _coded("gzip", "Sends the body as gzip.", "gzip", _gzip, harmless=True),
    _coded("gzip_twice", "Sends the body as gzip of gzip.", "gzip, gzip", _gzip_twice, harmless=True),
    _coded(
        "gzip_members",
        "Sends the body as gzip of three members, the second of them empty, which RFC 1952 allows.",
        "gzip",
        _gzip_members,
        harmless=True,
    ),
    _coded("deflate", "Sends the body as deflate.", "deflate", zlib.compress, harmless=True),
    _bomb("gzip_bomb", "Sends gzip that expands a thousandfold.", "gzip", twice=False),
    _bomb("gzip_twice_bomb", "Sends gzip of gzip that expands a hundred-thousandfold.", "gzip, gzip", twice=True),
    _coded("gzip_cut", "Sends half of a gzip stream, with its true length.", "gzip", _gzip_cut),
    _coded("gzip_members_cut", "Sends gzip of two members whose second is cut.", "gzip", _gzip_members_cut),
    _coded("gzip_garbage", "Says gzip and sends garbage.", "gzip", _garbage),
    _coded("gzip_plain", "Says gzip and sends the body as it is.", "gzip", _same),
    _coded("br_garbage", "Says br and sends garbage.", "br", _garbage),
    _coded("zstd_garbage", "Says zstd and sends garbage.", "zstd", _garbage),
    _coded("unknown_coding", "Names a content coding that nobody knows, and sends garbage.", "x-none", _garbage),
)
