"""Answers that do not come, come slowly or never end: only limits of the client's own help against them."""

import json
import socket

import pytest
from raw_http import PATIENCE, connect, get, listen, post, read_until, talk

from ideogram_ai.testing.faults import FAULTS, FaultServer
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
    }
