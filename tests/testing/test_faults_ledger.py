"""The ledger is the judge of money: it has to count what arrived, what may have run, and what was left open."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from raw_http import KEY, connect, get, listen, post, read_until, talk

from ideogram_ai.testing.faults import Exchange, Fault, FaultServer, Phase


def test_each_request_takes_the_next_step_and_the_last_one_repeats() -> None:
    with FaultServer(["status_429", "html_503", "ok"]) as server:
        assert [talk(server.url, post()).status for _ in range(4)] == [429, 503, 200, 200]
        ledger = server.wait_closed()
    assert [(r.number, r.connection, r.fault, r.may_have_run) for r in ledger.posts] == [
        (1, 1, "status_429", False),
        (2, 2, "html_503", True),
        (3, 3, "ok", True),
        (4, 4, "ok", True),
    ]
    assert ledger.may_have_run == 3


def test_a_step_that_needs_no_request_is_taken_by_the_next_connection() -> None:
    with FaultServer(["close_on_accept", "reset_before_request", "ok"]) as server:
        outcomes = [talk(server.url, post()) for _ in range(3)]
        ledger = server.wait_closed()
    assert [heard.data[:12] for heard in outcomes] == [b"", b"", b"HTTP/1.1 200"]
    assert (ledger.connections, len(ledger.posts), ledger.may_have_run) == (3, 2, 1)


def test_posts_and_gets_follow_scripts_of_their_own() -> None:
    with FaultServer(["ok", "status_400"], image=["status_404", "ok"]) as server:
        statuses = [talk(server.url, request).status for request in (get(), post(), get(), post())]
    assert statuses == [404, 200, 200, 400]


def test_requests_of_one_connection_are_told_apart() -> None:
    with FaultServer(["status_429", "ok"]) as server:
        with connect(server.url) as sock:
            sock.sendall(post(size=10, close=False) + post(size=20))
            listen(sock)
        ledger = server.wait_closed()
    assert ledger.connections == 1
    assert [(r.connection, r.fault, r.body) for r in ledger.posts] == [
        (1, "status_429", b"b" * 10),
        (1, "ok", b"b" * 20),
    ]
    assert ledger.raw == post(size=10, close=False) + post(size=20)


def test_a_request_is_kept_as_it_came() -> None:
    request = b"POST /p?q HTTP/1.1\r\nhOST: loopback\r\nX-Two: 1\r\nx-two: 2\r\nContent-Length: 3\r\n\r\n\0\xff\n"
    with FaultServer() as server:
        with connect(server.url) as sock:
            for byte in request:
                sock.sendall(bytes((byte,)))
            read_until(sock, b"\r\n\r\n")
        (received,) = server.wait_closed().posts
    assert received.raw == request
    assert (received.method, received.target, received.body) == ("POST", "/p?q", b"\0\xff\n")
    assert received.headers == (("hOST", "loopback"), ("X-Two", "1"), ("x-two", "2"), ("Content-Length", "3"))
    assert (received.header("x-TWO"), received.header("Range")) == ("1", None)


def test_a_chunked_request_is_read_to_its_end_and_not_beyond() -> None:
    head = b"POST / HTTP/1.1\r\nHost: loopback\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b"5;ext=1\r\nhello\r\n1\r\n\n\r\n0\r\nTrailer: 1\r\n\r\n"
    with FaultServer() as server:
        with connect(server.url) as sock:
            sock.sendall(head + body + post())
            listen(sock)
        first, second = server.wait_closed().posts
    assert (first.raw, second.raw) == (head + body, post())
    assert first.may_have_run
    assert second.may_have_run


@pytest.mark.parametrize(
    ("header", "body"),
    [
        (b"Content-Length: x", b""),
        (b"Content-Length: -1", b""),
        (b"Transfer-Encoding: chunked", b"x\r\n"),
    ],
)
def test_a_request_that_is_no_http_is_refused_and_did_not_run(header: bytes, body: bytes) -> None:
    with FaultServer() as server:
        heard = talk(server.url, b"POST / HTTP/1.1\r\n" + header + b"\r\n\r\n" + body)
        (received,) = server.wait_closed().posts
    assert (heard.status, heard.end) == (400, "fin")
    assert received.head_read
    assert not received.whole_request_read
    assert not received.may_have_run


def test_the_key_is_in_the_bytes_and_in_no_repr() -> None:
    with FaultServer() as server:
        talk(server.url, post())
        ledger = server.wait_closed()
    assert KEY.encode() in ledger.raw
    assert ledger.posts[0].header("Api-Key") == KEY
    assert KEY not in repr(ledger)


def test_other_methods_cost_nothing() -> None:
    with FaultServer() as server:
        talk(server.url, b"DELETE / HTTP/1.1\r\nConnection: close\r\n\r\n")
        ledger = server.wait_closed()
    assert [request.method for request in ledger.requests] == ["DELETE"]
    assert (ledger.posts, ledger.gets, ledger.may_have_run) == ((), (), 0)


def test_many_clients_at_once_are_each_counted_once() -> None:
    with FaultServer(["status_429", "reset_after_request", "ok"]) as server:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: talk(server.url, post()), range(40)))
        ledger = server.wait_closed()
    assert (ledger.connections, len(ledger.posts), ledger.may_have_run) == (40, 40, 39)
    assert sorted(request.number for request in ledger.requests) == list(range(1, 41))
    assert [r.fault for r in ledger.posts[:3]] == ["status_429", "reset_after_request", "ok"]


def test_idle_is_a_connection_that_is_kept_and_closed_is_one_that_ended() -> None:
    with FaultServer() as server:
        with connect(server.url) as sock:
            sock.sendall(post(close=False))
            read_until(sock, b"\r\n\r\n")
            ledger = server.wait_idle()
            assert (ledger.open_connections, ledger.may_have_run) == (1, 1)
            with pytest.raises(TimeoutError, match=r"not closed after 0.02 s; open connections: 1 \(waiting"):
                server.wait_closed(0.02)
        assert server.wait_closed().open_connections == 0


def test_what_waits_in_the_kernel_is_not_idle() -> None:
    """Whatever a client has sent when it calls, the ledger has it afterwards; many times, because it is a race."""
    with FaultServer("silence") as server:
        for count in range(1, 51):
            with connect(server.url) as sock:
                sock.sendall(post())
            assert server.wait_idle().may_have_run == count


def test_a_kept_connection_with_a_new_request_is_not_idle() -> None:
    with FaultServer() as server, connect(server.url) as sock:
        for count in range(1, 101):
            sock.sendall(post(close=False))
            assert server.wait_idle().may_have_run == count
            read_until(sock, b"}]")


def test_a_request_that_is_half_there_is_not_idle() -> None:
    with FaultServer() as server, connect(server.url) as sock:
        sock.sendall(post()[:-1])
        with pytest.raises(TimeoutError, match=r"not idle after 0.02 s; open connections: 1 \(busy\)"):
            server.wait_idle(0.02)


def test_an_act_of_ones_own() -> None:
    def act(exchange: Exchange) -> None:
        exchange.read_head()
        exchange.send(exchange.target.encode())
        exchange.connection.reset()

    with FaultServer(Fault("mine", "Echoes the target and resets.", Phase.DURING_REQUEST, True, act)) as server:
        assert talk(server.url, post()).data == b"/v1/ideogram-v4/generate"
        (received,) = server.wait_closed().posts
    assert received.fault == "mine"
    assert not received.may_have_run, "the body was not read, whatever the fault says"


def test_an_act_that_fails_is_heard_of_and_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def act(exchange: Exchange) -> None:
        raise ZeroDivisionError(exchange.method)

    heard_of: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", heard_of.append)
    with FaultServer(Fault("mine", "Fails.", Phase.BEFORE_REQUEST, False, act)) as server:
        talk(server.url, post())
        assert server.wait_closed().connections == 1
    assert [args.exc_type for args in heard_of] == [ZeroDivisionError]


@pytest.mark.parametrize("use", [lambda server: server.url, lambda server: server.image_url], ids=["url", "image_url"])
def test_a_server_that_was_not_started_has_no_address(use: Callable[[FaultServer], str]) -> None:
    with pytest.raises(RuntimeError, match="use it as a context manager"):
        use(FaultServer())


def test_a_server_is_started_once_and_closed_as_often_as_one_likes() -> None:
    server = FaultServer().start()
    with pytest.raises(RuntimeError, match="started before"):
        server.start()
    server.close()
    server.close()
    assert server.ledger.connections == 0
    FaultServer().close()
