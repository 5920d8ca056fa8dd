"""Answers that do not come, come slowly or never end: only limits of the client's own help against them."""

import gzip
import http.client
import json
import re
import socket
import threading
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from raw_http import PATIENCE, Heard, connect, get, listen, post, read_until, talk

from ideogram_ai.testing.faults import FAULTS, FaultServer
from ideogram_ai.testing.faults.content import png
from ideogram_ai.testing.faults.pace import PACE

FOREVER = 1000.0
"""An interval that no test waits for."""
LARGE = 16 << 20
"""More than the kernel takes from a client for a server that does not read."""

HEAD = b"HTTP/1.1 200 OK\r\n"


def test_silence_reads_all_and_says_nothing() -> None:
    with FaultServer("silence") as server:
        with connect(server.url) as sock:
            sock.sendall(post())
            sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                sock.recv(1)
        ledger = server.wait_closed()
    assert ledger.posts[0].whole_request_read
    assert ledger.posts[0].sent == 0
    assert ledger.may_have_run == 1


def test_a_large_body_cannot_be_written_to_a_server_that_never_reads() -> None:
    with FaultServer("never_reads") as server:
        with connect(server.url) as sock:
            sock.settimeout(0.2)
            with pytest.raises(TimeoutError):
                sock.sendall(post(size=LARGE))
            ledger = server.wait_idle()
            assert ledger.open_connections == 1
        ledger = server.wait_closed()
    (received,) = ledger.posts
    assert (received.head_read, received.raw, ledger.may_have_run) == (False, b"", 0)


def test_wait_closed_shows_a_connection_that_was_never_read_and_never_closed() -> None:
    with FaultServer("never_reads") as server, connect(server.url) as sock:
        sock.sendall(post())
        server.wait_idle()
        with pytest.raises(TimeoutError, match=r"not closed after 0.05 s; open connections: 1 \(held"):
            server.wait_closed(0.05)


def test_drip_head_sends_one_byte_and_then_waits() -> None:
    with FaultServer("drip_head", interval=FOREVER) as server:
        with connect(server.url) as sock:
            sock.sendall(post())
            assert sock.recv(65536) == b"H"
        ledger = server.wait_closed()
    assert (ledger.posts[0].sent, ledger.may_have_run) == (1, 1)


def test_drip_body_sends_the_head_at_once_and_then_one_byte() -> None:
    with FaultServer("drip_body", interval=FOREVER) as server, connect(server.url) as sock:
        sock.sendall(post())
        data = read_until(sock, b"\r\n\r\n")
        data += b"" if data.endswith(b"{") else sock.recv(65536)
        assert data.startswith(HEAD)
        assert data.partition(b"\r\n\r\n")[2] == b"{"


@pytest.mark.parametrize("name", ["drip_head", "drip_body"])
def test_a_drip_is_a_good_answer_in_the_end(name: str) -> None:
    with FaultServer(name, interval=0) as server:
        heard = talk(server.url, post())
    assert heard.data.startswith(HEAD)
    assert json.loads(heard.body)["data"]


def test_a_drip_waits_for_its_interval_though_more_of_the_client_lies_unread() -> None:
    with FaultServer("drip_head", interval=FOREVER) as server, connect(server.url) as sock:
        sock.sendall(post() + b"more")
        assert sock.recv(65536) == b"H"
        sock.settimeout(0.05)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_an_endless_body_begins_well_and_does_not_end() -> None:
    with FaultServer("endless_body") as server:
        heard = talk(server.url, post(), limit=4 << 20)
        ledger = server.wait_closed()
    assert heard.end == "open"
    assert heard.header("Content-Length") is None
    assert json.loads(heard.body)["data"]
    assert ledger.may_have_run == 1


def test_an_endless_image_begins_as_a_png() -> None:
    with FaultServer(image="endless_body") as server:
        heard = talk(server.url, get(), limit=1 << 20)
        server.wait_closed()
    assert heard.body.startswith(b"\x89PNG\r\n\x1a\n")


def test_endless_chunks_are_well_formed_and_do_not_end() -> None:
    with FaultServer("endless_chunks") as server:
        heard = talk(server.url, post(), limit=1 << 20)
        server.wait_closed()
    assert (heard.header("Transfer-Encoding"), heard.end) == ("chunked", "open")
    rest, body = heard.body, b""
    while b"\r\n" in rest:
        size, _, rest = rest.partition(b"\r\n")
        assert int(size, 16) > 0
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    assert len(body) > 1 << 19
    assert json.loads(body)["data"]


def test_endless_headers_never_end_the_head() -> None:
    with FaultServer("endless_headers") as server:
        heard = talk(server.url, post(), limit=1 << 20)
        server.wait_closed()
    assert heard.data.startswith(HEAD)
    assert b"\r\n\r\n" not in heard.data
    assert heard.data.count(b"\r\nX-More: 1") > 10_000


def test_endless_hints_bring_no_answer() -> None:
    with FaultServer("endless_hints") as server:
        heard = talk(server.url, post(), limit=1000)
        server.wait_closed()
    hint = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    assert heard.data == (hint * (len(heard.data) // len(hint) + 1))[: len(heard.data)]


def decoded(body: bytes) -> tuple[bytes, bool]:
    """What gzip that is still under way has brought, and whether its first member has ended."""
    decoder = zlib.decompressobj(31)
    return decoder.decompress(body), decoder.eof


def is_good(body: bytes) -> bool:
    document: dict[str, Any] = json.loads(body)
    return len(document["data"]) > 0


def trailers(heard: Heard) -> tuple[bytes, bytes]:
    """The body of one chunk, and what comes after the last one."""
    size, _, rest = heard.body.partition(b"\r\n")
    return rest[: int(size, 16)], rest[int(size, 16) :].removeprefix(b"\r\n0\r\n")


def drip_trailers(heard: Heard) -> bool:
    body, rest = trailers(heard)
    return is_good(body) and re.fullmatch(rb"X-Drip: a{50,}", rest) is not None


def drip_gzip_members(heard: Heard) -> bool:
    empty = gzip.compress(b"", mtime=0)
    member, _, rest = heard.body.partition(empty)
    return is_good(gzip.decompress(member)) and rest == (empty * len(rest))[: len(rest)]


DRIPS: dict[str, Callable[[Heard], bool]] = {
    "drip_status_line": lambda h: re.fullmatch(rb"HTTP/1.1 200 OK{50,}", h.data) is not None,
    "drip_header": lambda h: h.data.startswith(HEAD) and re.search(rb"\r\nX-Drip: a{50,}$", h.data) is not None,
    "drip_hints": lambda h: re.fullmatch(rb"(HTTP/1.1 103 Early Hints\r\n\r\n){9,}.*", h.data, re.DOTALL) is not None,
    "drip_chunk_extension": lambda h: re.fullmatch(rb"[0-9a-f]+;x{50,}", h.body) is not None,
    "drip_trailers": drip_trailers,
    "drip_gzip_header": lambda h: h.body[3] == 8 and b"\0" not in h.body[10:] and decoded(h.body) == (b"", False),
    "drip_gzip_blocks": lambda h: len(h.body) > 50 and decoded(h.body) == (b"", False),
    "drip_gzip_members": drip_gzip_members,
}
"""What has arrived of a drip after a while; nothing of it is an answer that ends."""


@pytest.mark.parametrize("name", DRIPS)
def test_a_drip_brings_bytes_and_no_end(name: str) -> None:
    with FaultServer(name, interval=0) as server:
        heard = talk(server.url, post(), limit=2000)
        ledger = server.wait_closed()
    assert heard.end == "open"
    assert DRIPS[name](heard), heard
    assert ledger.may_have_run == 1
    assert FAULTS[name].needs_limit


@pytest.mark.parametrize("name", DRIPS)
def test_an_image_drips_in_the_same_way(name: str) -> None:
    with FaultServer(image=name, interval=0) as server:
        heard = talk(server.url, get(), limit=16 << 10)
        ledger = server.wait_closed()
    assert heard.end == "open"
    if name in {"drip_trailers", "drip_gzip_members"}:
        body = trailers(heard)[0] if name == "drip_trailers" else decoded(heard.body)[0]
        assert body == png()
    else:
        assert DRIPS[name](heard)
    assert ledger.may_have_run == 0


@pytest.mark.parametrize("name", [*DRIPS, "drip_chunks", "drip_head", "drip_body"])
def test_a_drip_sends_one_byte_each_interval(name: str) -> None:
    """So that each read of a client ends before a limit for silence, and only a limit for the whole helps."""
    with FaultServer(name, interval=0.02) as server, connect(server.url) as sock:
        sock.sendall(post())
        sock.settimeout(PATIENCE)
        pieces = [sock.recv(65536) for _ in range(12)]
        server.close()
    # The first pieces hold what is sent at once; more than one drop is in a piece when this test was slower.
    drop = {"drip_hints": 28, "drip_chunks": 6}.get(name, 1)
    assert sum(len(piece) <= 3 * drop for piece in pieces) >= 6, pieces


def test_tiny_chunks_are_a_good_answer_in_the_end() -> None:
    with FaultServer("drip_chunks", interval=0) as server:
        heard = talk(server.url, post())
    assert re.fullmatch(rb"(1\r\n.\r\n){50,}0\r\n\r\n", heard.body, re.DOTALL)
    assert is_good(heard.body.replace(b"\r\n", b"")[1:-1:2])


def test_endless_trailers_come_after_the_whole_body() -> None:
    with FaultServer("endless_trailers") as server:
        heard = talk(server.url, post(), limit=1 << 20)
        server.wait_closed()
    body, rest = trailers(heard)
    assert is_good(body)
    assert rest.count(b"X-More: 1\r\n") > 10_000
    assert b"\r\n\r\n" not in rest


@pytest.mark.parametrize("name", ["drip_chunk_extension", "drip_trailers", "drip_header", "drip_gzip_blocks"])
def test_a_limit_for_silence_alone_does_not_end_a_drip(name: str) -> None:
    """Shown on http.client: it reads on for as long as a byte comes."""
    with FaultServer(name, interval=0.02) as server:
        port = int(server.url.rpartition(":")[2])
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        ended = threading.Event()

        def ask() -> None:
            with suppress(OSError, http.client.HTTPException):
                client.request("POST", "/v1/ideogram-v4/generate", b"x")
                client.getresponse().read()
            ended.set()

        thread = threading.Thread(target=ask)
        thread.start()
        while not server.ledger.posts or server.ledger.posts[0].sent < len(HEAD) + 50:
            assert not ended.wait(0.01)
        server.close()
        thread.join()
        client.close()


@pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.needs_limit])
def test_the_server_ends_at_once_though_its_fault_does_not(name: str) -> None:
    server = FaultServer(name, interval=FOREVER, expanded_size=1 << 20).start()
    with socket.socket() as sock:
        sock.settimeout(PATIENCE)
        if name != "connect_hangs":
            sock.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
            sock.sendall(post())
            if name not in {"silence", "never_reads"}:
                assert sock.recv(1)
        server.close()
        assert server.ledger.open_connections == 0
        if name not in {"connect_hangs", "never_reads"}:
            listen(sock)


def test_every_slow_fault_is_looked_at() -> None:
    assert {fault.name for fault in PACE} == {
        "never_reads",
        "silence",
        "drip_head",
        "drip_body",
        "endless_body",
        "endless_chunks",
        "endless_headers",
        "endless_hints",
        "endless_trailers",
        "drip_chunks",
        *DRIPS,
    }
