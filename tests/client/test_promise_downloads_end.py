"""A host that sends a byte now and then, anywhere in a response, holds a program and all paid images that wait for it.

A host that is merely slow has the image all the same. So what counts is how many bytes of the image arrive, and not
that something arrives.
"""

import gzip
import struct
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from client_internals import limit_pieces
from driver import ONCE, Driver, Kind, at_once, image_at, raised
from image_downloads import HALF, PNG, acting, chunked, download, drawn, head, noise, refusal, sending

from ideogram_ai.client import DownloadError, RetryPolicy
from ideogram_ai.testing.faults import Fault, FaultServer

PATIENCE = 0.5
"""Seconds of silence that the client allows; the window in which the image must go on is as long."""
PAUSE = 0.05
DRIPS = 1200
"""After a minute of drips, each host sends what it should, and a client that waited for that saves the image."""
TWICE = RetryPolicy(max_attempts=2)
LARGE = drawn("PNG", noise(200, 200))


def drip(before: bytes, unit: bytes, after: bytes) -> Fault:
    """Send the beginning, then the unit again and again, and in the end the rest."""

    def act(exchange: Any) -> None:
        exchange.send(before)
        for _ in range(DRIPS):
            exchange.send(unit)
            exchange.connection.pause(PAUSE)
        exchange.send(after)

    return acting(act)


OK = head(None)[:-2]
CHUNKED = head(None, "Transfer-Encoding: chunked")
GZIP = head(None, "Content-Encoding: gzip", "Connection: close")
WHOLE = head(len(PNG)) + PNG
REST = chunked(PNG, b"")
EMPTY = gzip.compress(b"")
NAMED = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"
"""The header of gzip with a name to come."""
DRIPPING = {
    "the status line": (b"HTTP/1.1 ", b"1", b""),
    "a header": (OK + b"X-Long: ", b"a", b"\r\n" + WHOLE.partition(b"\r\n")[2]),
    "interim responses": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", WHOLE),
    "a chunk's extension": (CHUNKED + f"{len(PNG):x};a=".encode(), b"a", b"\r\n" + PNG + b"\r\n" + chunked(b"")),
    "a chunk's length": (CHUNKED, b"0", REST),
    "bytes, each in a chunk": (CHUNKED, chunked(b"\x89"), REST),
    "bytes": (head(DRIPS + len(PNG)) + PNG[:8], b"\0", PNG[8:]),
    "bytes, and no length": (OK + b"\r\n" + PNG[:8], b"\0", PNG[8:]),
    "gzip of nothing": (GZIP, EMPTY, gzip.compress(PNG)),
    "the name of gzip": (GZIP + NAMED, b"a", b"\0" + gzip.compress(PNG)[10:]),
    "blocks of nothing": (GZIP + EMPTY[:10], b"\0\0\0\xff\xff", gzip.compress(PNG)[10:]),
    "zeros behind gzip": (GZIP + EMPTY, b"\0", gzip.compress(PNG)),
}


def downloads_at_once(kind: Kind, faults: list[Fault], folder: Path, *, retry: RetryPolicy = ONCE) -> list[Any]:
    """The path or the error of the download from each host, and how often each one was asked."""
    with ExitStack() as stack:
        hosts = [stack.enter_context(FaultServer(image=fault)) for fault in faults]
        client = stack.enter_context(Driver(kind, base_url=hosts[0].url, timeout=PATIENCE, retry=retry)).client
        calls = [
            partial(client.download, image_at(host.image_url), folder / f"{number}.png")
            for number, host in enumerate(hosts)
        ]
        ended = at_once(kind, calls)
        return [(each, len(host.wait_idle().gets)) for each, host in zip(ended, hosts, strict=True)]


def test_a_drip_ends_wherever_it_is(kind: Kind, tmp_path: Path) -> None:
    ended = downloads_at_once(kind, [drip(*parts) for parts in DRIPPING.values()], tmp_path)
    for place, (error, _) in zip(DRIPPING, ended, strict=True):
        assert isinstance(error, DownloadError), place
        assert error.reason == "connection", place
    assert list(tmp_path.iterdir()) == []


def test_a_whole_image_in_a_response_that_does_not_end_is_saved(kind: Kind, tmp_path: Path) -> None:
    """In trailers, or with a connection that stays open; only after it was asked for again."""
    begun = {CHUNKED + chunked(PNG) + b"0\r\nX-Trailer: ": b"a", CHUNKED + chunked(PNG): b"", OK + b"\r\n" + PNG: b""}
    whole = [drip(before, unit, b"") for before, unit in begun.items()]
    for path, asked in downloads_at_once(kind, whole, tmp_path, retry=TWICE):
        assert asked == 2
        assert path.read_bytes() == PNG
    cut = [drip(before.replace(PNG, PNG[:-1]), unit, b"") for before, unit in begun.items()]
    (tmp_path / "cut").mkdir()
    for error, _ in downloads_at_once(kind, cut, tmp_path / "cut"):
        assert error.reason == "connection"


@pytest.mark.slow
def test_a_slow_host_has_the_image_all_the_same(kind: Kind, tmp_path: Path) -> None:
    """Four times as long as the client allows silence, and five times as fast as it must be."""
    pieces = [LARGE[start : start + 1024] for start in range(0, len(LARGE), 1024)]

    def slow(beginning: bytes, parts: list[bytes]) -> Fault:
        def act(exchange: Any) -> None:
            exchange.send(beginning)
            for part in parts:
                exchange.send(part)
                exchange.connection.pause(0.02)

        return acting(act)

    hosts = [
        slow(head(len(LARGE)), pieces),
        slow(CHUNKED, [chunked(piece) for piece in [*pieces, b""]]),
        slow(OK + b"\r\n", pieces),
    ]
    for path, asked in downloads_at_once(kind, hosts, tmp_path):
        assert path.read_bytes() == LARGE
        assert asked == 1


def test_what_came_before_a_drip_is_not_asked_for_again(kind: Kind, tmp_path: Path) -> None:
    begun = head(None, "Accept-Ranges: bytes", 'ETag: "one"', "Transfer-Encoding: chunked")
    ranges = f"Content-Range: bytes {HALF}-{len(PNG) - 1}/{len(PNG)}"
    rest = head(len(PNG) - HALF, ranges, 'ETag: "one"').replace(b"200 OK", b"206 Partial Content") + PNG[HALF:]
    with FaultServer(image=[drip(begun + chunked(PNG[:HALF]) + b"1;", b"a", b""), sending(rest)]) as server:
        path = download(kind, server, tmp_path / "cat.png", timeout=PATIENCE, retry=TWICE)
        assert [request.range for request in server.wait_idle().gets] == [None, f"bytes={HALF}-"]
    assert path.read_bytes() == PNG


def test_a_transport_that_reports_nothing_is_bounded_by_what_it_hands_over(tmp_path: Path) -> None:
    """A caller's own transport: each piece is judged when it comes."""
    now = [0.0]

    class Pieces(httpx.SyncByteStream):
        def __init__(self, size: int, seconds: float) -> None:
            self._size, self._seconds = size, seconds

        def __iter__(self) -> Iterator[bytes]:
            for start in range(0, len(LARGE), self._size):
                yield LARGE[start : start + self._size]
                now[0] += self._seconds

    def fetch(size: int, seconds: float) -> Path:
        host = httpx.MockTransport(lambda _: httpx.Response(200, stream=Pieces(size, seconds)))
        lent: dict[str, Any] = {"lend": {"transport": host}, "lend_as": ("http_client", "image_client")}
        with Driver("sync", **lent, retry=ONCE, timing={"monotonic": lambda: now[0]}) as client:
            return client.download("https://i.example/1.png", tmp_path / "cat.png", overwrite=True)

    assert fetch(1024, 0.4).read_bytes() == LARGE
    assert fetch(1 << 16, 3600.0).read_bytes() == LARGE  # the program stood still, and nothing dripped
    raised(DownloadError, fetch, 100, 0.1, match="too slowly")
    assert now[0] > 60


def test_only_so_many_pieces_of_an_image_are_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_pieces(monkeypatch, 1000)
    chunk = struct.pack(">I", 0) + b"teXt" + struct.pack(">I", zlib.crc32(b"teXt"))
    few, many = (PNG[:33] + chunk * count + PNG[33:] for count in (100, 1000))
    with FaultServer(image=[sending(head(len(body)), body) for body in (few, many)]) as server:
        assert download("sync", server, tmp_path / "cat.png", retry=ONCE).read_bytes() == few
        assert "more than 1000 pieces" in refusal("sync", server, tmp_path / "dog.png", retry=ONCE).message
