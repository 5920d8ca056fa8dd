"""Connections that are refused, closed and reset: where they end decides whether an image may have been paid."""

import json
import socket
from collections.abc import Callable

import pytest
from raw_http import KEY, Heard, connect, get, listen, post, read_until, talk

from ideogram_ai.testing.faults import FAULTS, STALE_CONNECTION, FaultServer, Phase
from ideogram_ai.testing.faults.cuts import CUTS

ENDINGS = [fault.name for fault in CUTS if fault.name.startswith(("close_", "reset_"))]


def cut_name(fault: str) -> str:
    return fault.partition("_")[2]


def in_status_line(heard: Heard) -> bool:
    return heard.data == b"HTTP/1.1 2"


def in_headers(heard: Heard) -> bool:
    return heard.data.startswith(b"HTTP/1.1 200 OK\r\n") and b"\r\n\r\n" not in heard.data


def in_body(heard: Heard) -> bool:
    return 0 < len(heard.body) < int(heard.header("Content-Length") or 0)


def in_chunked_body(heard: Heard) -> bool:
    size, _, rest = heard.body.partition(b"\r\n")
    second = rest[int(size, 16) :].removeprefix(b"\r\n")
    announced, _, arrived = second.partition(b"\r\n")
    return heard.header("Transfer-Encoding") == "chunked" and 0 < len(arrived) < int(announced, 16)


def delimited_cut(heard: Heard) -> bool:
    return b'"data"' in heard.body and heard.header("Content-Length") is None and not heard.body.endswith(b"}")


def after_answer(heard: Heard) -> bool:
    return len(json.loads(heard.body)["data"]) > 0 and heard.header("Connection") is None


def nothing(heard: Heard) -> bool:
    return not heard.data


WHAT_ARRIVES: dict[str, Callable[[Heard], bool]] = {
    "on_accept": nothing,
    "before_request": nothing,
    "in_request": nothing,
    "after_request": nothing,
    "in_status_line": in_status_line,
    "in_headers": in_headers,
    "in_body": in_body,
    "in_chunked_body": in_chunked_body,
    "delimited_cut": delimited_cut,
    "after_answer": after_answer,
}


@pytest.mark.parametrize("name", ENDINGS)
def test_what_arrives_and_how_it_ends(name: str) -> None:
    with FaultServer(name) as server:
        heard = talk(server.url, post(close=False))
        server.wait_closed()
    assert WHAT_ARRIVES[cut_name(name)](heard)
    if name != "close_on_accept":  # whose end is a race between its FIN and the request
        assert heard.end == ("reset" if name.startswith("reset") else "fin")


@pytest.mark.parametrize("name", ENDINGS)
def test_the_ledger_says_how_much_was_read(name: str) -> None:
    request = post()
    with FaultServer(name) as server:
        heard = talk(server.url, request)
        ledger = server.wait_closed()
    assert ledger.connections == 1
    assert ledger.open_connections == 0
    phase = FAULTS[name].phase
    if phase is Phase.CONNECT:
        assert ledger.requests == ()
        return
    (received,) = ledger.posts
    assert received.fault == name
    assert received.sent == len(heard.data)
    assert received.raw == request[: len(received.raw)]
    assert ledger.may_have_run == int(FAULTS[name].may_have_run)
    assert (received.head_read, received.whole_request_read, len(received.body)) == {
        Phase.BEFORE_REQUEST: (False, False, 0),
        Phase.DURING_REQUEST: (True, False, 500),
    }.get(phase, (True, True, 1000))


def test_half_of_a_chunked_request_is_less_than_the_whole() -> None:
    head = b"POST / HTTP/1.1\r\nHost: loopback\r\nTransfer-Encoding: chunked\r\n\r\n"
    with FaultServer("reset_in_request") as server:
        talk(server.url, head + b"5\r\nhello\r\n0\r\n\r\n")
        (received,) = server.wait_closed().posts
    assert received.raw == head + b"5\r\n"
    assert not received.may_have_run


def test_refuse_lets_nobody_connect() -> None:
    with FaultServer("refuse") as server:
        with pytest.raises(ConnectionRefusedError):
            connect(server.url)
        ledger = server.wait_closed()
    assert (ledger.connections, ledger.requests) == (0, ())


def test_the_port_of_refuse_is_kept_from_others() -> None:
    with FaultServer("refuse") as server, socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", int(server.url.rpartition(":")[2])))


def test_connect_hangs_answers_no_attempt() -> None:
    with FaultServer("connect_hangs") as server, socket.socket() as sock:
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
        assert server.ledger.connections == 0


def test_a_stale_connection_takes_its_second_request_down_unread() -> None:
    request = post(close=False)
    with FaultServer(STALE_CONNECTION) as server:
        with connect(server.url) as sock:
            sock.sendall(request)
            answer = read_until(sock, b"\r\n\r\n")
            length = int(Heard(answer, "open").header("Content-Length") or 0)
            while len(Heard(answer, "open").body) < length:
                answer += sock.recv(65536)
            assert server.wait_idle().open_connections == 1
            sock.sendall(request)
            assert listen(sock) == Heard(b"", "fin")
        talk(server.url, post())
        ledger = server.wait_closed()
    assert [(r.connection, r.fault, r.whole_request_read, r.may_have_run) for r in ledger.posts] == [
        (1, "ok", True, True),
        (1, "close_before_request", False, False),
        (2, "ok", True, True),
    ]


def test_close_after_answer_ends_a_connection_that_the_client_would_keep() -> None:
    with FaultServer("close_after_answer") as server:
        heard = talk(server.url, post(close=False))
    assert heard.end == "fin"
    assert heard.header("Connection") is None


@pytest.mark.parametrize("name", ["reset_in_body", "close_in_body", "reset_in_headers", "reset_after_request"])
def test_an_image_meets_the_same_cuts_and_costs_nothing(name: str) -> None:
    with FaultServer(image=name) as server:
        heard = talk(server.url, get())
        ledger = server.wait_closed()
    assert WHAT_ARRIVES[cut_name(name)](heard)
    (received,) = ledger.gets
    assert received.whole_request_read
    assert not received.may_have_run
    assert (ledger.posts, ledger.may_have_run) == ((), 0)


def test_a_client_that_goes_away_in_the_request_did_not_pay() -> None:
    with FaultServer("ok") as server:
        with connect(server.url) as sock:
            sock.sendall(post()[:-1])
        (received,) = server.wait_closed().posts
    assert received.head_read
    assert not received.whole_request_read
    assert not received.may_have_run
    assert KEY.encode() in received.raw
