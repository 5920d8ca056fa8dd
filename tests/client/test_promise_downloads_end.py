"""Why this matters: a host that sends a byte now and then, anywhere in an answer, holds a program for ever, and all the
paid images that wait behind this one. A host that is merely slow has the image all the same.

So what counts is how many bytes of the image come, and not that something comes.
"""

import gzip
import io
import os
import random
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from both_clients import SHELLS, Shell, image_at
from canned import KEY
from image_downloads import HALF, PNG, download, refusal
from PIL import Image

from ideogram_ai.client import DownloadError, Ideogram, RetryPolicy, Timing, files
from ideogram_ai.testing.faults import Fault, FaultServer, Phase

PATIENCE = 0.5
"""Seconds that the client bears; the window in which the image must go on is as long."""
PAUSE = 0.05
DRIPS = 1200
"""After a minute of drips, each host sends what it should, and a client that waited for that saves the image."""
ONCE = RetryPolicy(max_attempts=1)

each_shell = pytest.mark.parametrize("shell", SHELLS)


def fault(act: Callable[[Any], object]) -> Fault:
    def read_and_act(exchange: Any) -> None:
        exchange.read_request()
        act(exchange)

    return Fault("drip", "Drips.", Phase.IN_ANSWER, False, read_and_act)


def drip(before: bytes, unit: bytes, after: bytes) -> Fault:
    """Send the beginning, then the unit again and again, and in the end the rest."""

    def act(exchange: Any) -> None:
        exchange.send(before)
        for _ in range(DRIPS):
            exchange.send(unit)
            exchange.connection.pause(PAUSE)
        exchange.send(after)

    return fault(act)


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


OK = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
GZIP = OK + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n"
WHOLE = OK + f"Content-Length: {len(PNG)}\r\n\r\n".encode() + PNG
REST = chunk(PNG) + chunk(b"")
EMPTY = gzip.compress(b"")
NAMED = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"
"""The header of gzip with a name to come."""
DRIPPING = {
    "the status line": (b"HTTP/1.1 ", b"1", b""),
    "a header": (OK + b"X-Long: ", b"a", b"\r\n" + WHOLE.partition(b"\r\n")[2]),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n", WHOLE),
    "a chunk's extension": (CHUNKED + f"{len(PNG):x};a=".encode(), b"a", b"\r\n" + PNG + b"\r\n" + chunk(b"")),
    "a chunk's length": (CHUNKED, b"0", REST),
    "bytes, each in a chunk": (CHUNKED, chunk(b"\x89"), REST),
    "bytes": (OK + f"Content-Length: {DRIPS + len(PNG)}\r\n\r\n".encode() + PNG[:8], b"\0", PNG[8:]),
    "bytes, and no length": (OK + b"\r\n" + PNG[:8], b"\0", PNG[8:]),
    "gzip of nothing": (GZIP, EMPTY, gzip.compress(PNG)),
    "the name of gzip": (GZIP + NAMED, b"a", b"\0" + gzip.compress(PNG)[10:]),
    "blocks of nothing": (GZIP + EMPTY[:10], b"\0\0\0\xff\xff", gzip.compress(PNG)[10:]),
    "zeros behind gzip": (GZIP + EMPTY, b"\0", gzip.compress(PNG)),
}


@each_shell
@pytest.mark.parametrize("place", DRIPPING)
def test_a_drip_ends_wherever_it_is(place: str, shell: Shell, tmp_path: Path) -> None:
    with FaultServer(image=drip(*DRIPPING[place])) as server:
        error = refusal(shell, server, tmp_path / "cat.png", timeout=PATIENCE, retry=ONCE)
    assert error.reason == "connection"
    assert list(tmp_path.iterdir()) == []


@each_shell
@pytest.mark.parametrize(
    "before", [CHUNKED + chunk(PNG) + b"0\r\nX-Trailer: ", CHUNKED + chunk(PNG), OK + b"\r\n" + PNG]
)
def test_an_image_that_is_there_to_its_end_is_saved_although_its_answer_does_not_end(
    before: bytes, shell: Shell, tmp_path: Path
) -> None:
    """In trailers, or with a connection that stays open; only after it was asked for again."""
    unit = b"a" if b"X-Trailer" in before else b""
    with FaultServer(image=drip(before, unit, b"")) as server:
        path = download(shell, server, tmp_path / "cat.png", timeout=PATIENCE, retry=RetryPolicy(max_attempts=2))
        assert len(server.wait_idle().gets) == 2
    assert path.read_bytes() == PNG
    with FaultServer(image=drip(before.replace(PNG, PNG[:-1]), unit, b"")) as server:
        assert refusal(shell, server, tmp_path / "half.png", timeout=PATIENCE, retry=ONCE).reason == "connection"


def large_png() -> bytes:
    file = io.BytesIO()
    Image.frombytes("RGB", (200, 200), random.Random(1).randbytes(200 * 200 * 3)).save(file, "PNG")
    return file.getvalue()


LARGE = large_png()


@each_shell
@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
def test_a_slow_host_has_the_image_all_the_same(framing: str, shell: Shell, tmp_path: Path) -> None:
    """Four times as long as the client bears silence, and five times as fast as it must be."""
    pieces = [LARGE[start : start + 1024] for start in range(0, len(LARGE), 1024)]
    heads = {"length": OK + f"Content-Length: {len(LARGE)}\r\n\r\n".encode(), "chunks": CHUNKED, "close": OK + b"\r\n"}

    def act(exchange: Any) -> None:
        exchange.send(heads[framing])
        for piece in pieces:
            exchange.send(chunk(piece) if framing == "chunks" else piece)
            exchange.connection.pause(0.02)
        exchange.send(chunk(b"") if framing == "chunks" else b"")

    with FaultServer(image=fault(act)) as server:
        path = download(shell, server, tmp_path / "cat.png", timeout=PATIENCE, retry=ONCE)
        assert len(server.wait_idle().gets) == 1
    assert path.read_bytes() == LARGE


@each_shell
def test_what_came_before_a_drip_is_not_asked_for_again(shell: Shell, tmp_path: Path) -> None:
    head = OK + b'Accept-Ranges: bytes\r\nETag: "one"\r\nTransfer-Encoding: chunked\r\n\r\n'
    part = f'Content-Range: bytes {HALF}-{len(PNG) - 1}/{len(PNG)}\r\nETag: "one"\r\nContent-Length: {len(PNG) - HALF}'
    rest = b"HTTP/1.1 206 Partial Content\r\n" + part.encode() + b"\r\n\r\n" + PNG[HALF:]
    slow, quick = drip(head + chunk(PNG[:HALF]) + b"1;", b"a", b""), fault(lambda exchange: exchange.send(rest))
    with FaultServer(image=[slow, quick]) as server:
        path = download(shell, server, tmp_path / "cat.png", timeout=PATIENCE, retry=RetryPolicy(max_attempts=2))
        assert [request.range for request in server.wait_idle().gets] == [None, f"bytes={HALF}-"]
    assert path.read_bytes() == PNG


class Drips(httpx.SyncByteStream):
    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces

    def __iter__(self) -> Any:
        return iter(self._pieces)


def test_a_transport_that_reports_nothing_is_bounded_by_what_it_hands_over(tmp_path: Path) -> None:
    """A caller's own transport: each piece is judged when it comes."""
    now = [0.0]

    def pieces(size: int, seconds: float) -> Any:
        for start in range(0, len(LARGE), size):
            yield LARGE[start : start + size]
            now[0] += seconds

    def fetch(size: int, seconds: float) -> Path:
        answer = httpx.MockTransport(lambda _: httpx.Response(200, stream=Drips(pieces(size, seconds))))
        timing = Timing(monotonic=lambda: now[0])
        with httpx.Client(transport=answer) as http:
            client = Ideogram(KEY, http_client=http, image_client=http, retry=ONCE, timing=timing)
            return client.download(image_at("https://i.example/1.png"), tmp_path / "cat.png", overwrite=True)

    assert fetch(1024, 0.4).read_bytes() == LARGE
    assert fetch(1 << 16, 3600.0).read_bytes() == LARGE  # the program stood still, and nothing dripped
    with pytest.raises(DownloadError, match="too slowly"):
        fetch(100, 0.1)
    assert now[0] > 60


STOPPED = """
import sys
from ideogram_ai.client import GeneratedImage, Ideogram, RetryPolicy
base_url, url, path = sys.argv[1:]
image = GeneratedImage(url=url, prompt=None, resolution=None, seed=None, is_image_safe=True)
with Ideogram("a-key-of-a-test", base_url=base_url, timeout=1.0, retry=RetryPolicy(max_attempts=1)) as client:
    client.download(image, path)
"""


def test_a_program_that_stood_still_takes_what_came_meanwhile(tmp_path: Path) -> None:
    """Ctrl-Z, or a laptop's lid, for longer than the window."""
    path = tmp_path / "cat.png"
    programs: list[subprocess.Popen[bytes]] = []

    def act(exchange: Any) -> None:
        exchange.send(OK + f"Content-Length: {len(LARGE)}\r\n\r\n".encode() + LARGE[:100])
        exchange.connection.pause(0.3)
        os.kill(programs[0].pid, signal.SIGSTOP)
        exchange.send(LARGE[100:])
        exchange.connection.pause(2.0)
        os.kill(programs[0].pid, signal.SIGCONT)
        exchange.connection.wait_for_end()

    with FaultServer(image=fault(act)) as server:
        command = [sys.executable, "-c", STOPPED, server.url, server.image_url, str(path)]
        programs.append(subprocess.Popen(command))
        assert programs[0].wait(60) == 0
    assert path.read_bytes() == LARGE


def png_of_empty_chunks(count: int) -> bytes:
    def piece(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    start, end = PNG[:33], PNG[33:]
    return start + piece(b"teXt", b"") * count + end


@pytest.mark.parametrize(("count", "saved"), [(100, True), (1000, False)])
def test_an_image_of_pieces_without_end_is_walked_for_a_while(
    count: int, saved: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MAX_PIECES", 1000)
    body = png_of_empty_chunks(count)
    head = OK + f"Content-Length: {len(body)}\r\n\r\n".encode()
    with FaultServer(image=fault(lambda exchange: exchange.send(head + body))) as server:
        if saved:
            assert download("sync", server, tmp_path / "cat.png", retry=ONCE).read_bytes() == body
        else:
            assert "more than 1000 pieces" in refusal("sync", server, tmp_path / "cat.png", retry=ONCE).message
