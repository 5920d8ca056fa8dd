"""Cuts, slow responses, wrong framing and responses out of turn: what is on the wire is what each fault says."""

import gzip
import json
import socket

import h11
import pytest
from raw_http import KEY, PATIENCE, Heard, assert_silent, connect, get, listen, post, read_all, read_until, talk

from ideogram_ai.testing.faults import FAULTS, STALE_CONNECTION, FaultServer, Phase, wire
from ideogram_ai.testing.faults.connection_faults import ANOTHER_CALLER, CONNECTION_FAULTS

PATH = "/v1/ideogram-v4/generate"
IMAGE_URL = "http://image.test/image.png"
FOREVER = 1000.0
"""An interval that no test waits for."""


@pytest.fixture(autouse=True)
def links_do_not_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 0.0)


with pytest.MonkeyPatch.context() as patched:
    patched.setattr("time.time", lambda: 0.0)
    BODY = wire.success(IMAGE_URL).body
N = len(BODY)
FIRST, REST = BODY[: N // 2], BODY[N // 2 :]
STATUS, JSON = b"HTTP/1.1 200 OK\r\n", b"Content-Type: application/json\r\n"
OK = STATUS + JSON
CHUNKED, CLOSE, END = b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\n\r\n"
EMPTY = gzip.compress(b"", mtime=0)
PNG = wire.png()


def length(value: object) -> bytes:
    return b"Content-Length: %s\r\n" % str(value).encode()


def chunk(data: bytes) -> bytes:
    return b"%x\r\n" % len(data) + data + b"\r\n"


GOOD = OK + length(N) + END + BODY
IN_CHUNKS = OK + CHUNKED + END + chunk(BODY) + chunk(b"")
GZIP = OK + b"Content-Encoding: gzip\r\n" + CLOSE + END

CUT = {
    "on_accept": b"",
    "before_request": b"",
    "in_request": b"",
    "after_request": b"",
    "in_status_line": b"HTTP/1.1 2",
    "in_headers": (OK + length(N) + END)[: len(OK + length(N) + END) // 2],
    "in_body": OK + length(N) + END + FIRST,
    "in_chunked_body": OK + CHUNKED + END + chunk(FIRST) + chunk(REST)[: len(chunk(REST)) // 2],
    "delimited_cut": OK + CLOSE + END + FIRST,
    "after_answer": GOOD,
}
FRAMING = {
    "content_length_too_long": OK + length(N + 100) + END + BODY,
    "content_length_too_long_open": OK + length(N + 100) + END + BODY,
    "content_length_too_short": OK + length(N // 2) + END + BODY,
    "content_length_not_a_number": OK + length("many") + END + BODY,
    "content_length_negative": OK + length(-1) + END + BODY,
    "content_length_twice": OK + length(N) + length(N // 2) + END + BODY,
    "content_length_and_chunks": OK + length(5) + CHUNKED + END + chunk(BODY) + chunk(b""),
    "chunk_size_not_a_number": OK + CHUNKED + END + b"size\r\n" + BODY + END + chunk(b""),
    "chunk_size_too_long": OK + CHUNKED + END + b"%x\r\n" % (N + 100) + BODY + END + chunk(b""),
    "chunk_size_too_short": OK + CHUNKED + END + b"%x\r\n" % (N // 2) + BODY + END + chunk(b""),
    "chunk_size_huge": OK + CHUNKED + END + b"FFFFFFFFFFFFFFFF\r\n" + BODY + END + chunk(b""),
    "chunk_without_crlf": OK + CHUNKED + END + chunk(FIRST)[:-2] + chunk(REST) + chunk(b""),
    "chunk_last_missing": OK + CHUNKED + END + chunk(BODY),
    "not_http": b"SSH-2.0-OpenSSH_9.6\r\n",
    "no_status_line": BODY,
    "wrong_http_version": GOOD.replace(b"HTTP/1.1", b"HTTP/9.9"),
    "status_not_a_number": GOOD.replace(b" 200 ", b" 2OO "),
    "lf_only": (OK + length(N) + END).replace(b"\r\n", b"\n") + BODY,
    "null_in_header": STATUS + b"X-Null: a\0b\r\n" + GOOD[len(STATUS) :],
    "header_without_colon": STATUS + b"no colon here\r\n" + GOOD[len(STATUS) :],
    "header_1mb": STATUS + b"X-Long: " + b"a" * 2**20 + END + GOOD[len(STATUS) :],
    "many_headers": STATUS + b"".join(b"X-%d: 1\r\n" % n for n in range(10_000)) + GOOD[len(STATUS) :],
    "close_delimited": OK + CLOSE + END + BODY,
    "http_1_0": b"HTTP/1.0 200 OK\r\n" + JSON + END + BODY,
}
OPEN = "content_length_too_long_open"
TOLERATED = {"content_length_and_chunks", "header_1mb", "lf_only", "many_headers", "wrong_http_version"}
"""What h11, the parser below httpx, reads as a whole response if its limit for heads is lifted."""
ENDLESS = {
    "drip_status_line": (b"HTTP/1.1 200 O", b"K"),
    "drip_header": (OK + length(N) + b"X-Drip: ", b"a"),
    "drip_hints": (b"", HINT),
    "drip_chunk_extension": (OK + CHUNKED + END + b"%x;" % N, b"x"),
    "drip_trailers": (IN_CHUNKS[:-2] + b"X-Drip: ", b"a"),
    "drip_gzip_header": (GZIP + EMPTY[:3] + b"\x08" + bytes(5) + b"\xff", b"n"),
    "drip_gzip_blocks": (GZIP + EMPTY[:3] + bytes(6) + b"\xff", b"\0\0\0\xff\xff"),
    "drip_gzip_members": (GZIP + gzip.compress(BODY, mtime=0), EMPTY),
    "endless_body": (OK + CLOSE + END + BODY, b" "),
    "endless_chunks": (OK + CHUNKED + END + chunk(BODY), chunk(b" " * 65536)),
    "endless_headers": (OK + length(N), b"X-More: 1\r\n"),
    "endless_hints": (b"", HINT),
    "endless_trailers": (IN_CHUNKS[:-2], b"X-More: 1\r\n"),
}
"""How each begins, and what it sends again and again."""


def refused(status: int) -> bytes:
    return wire.refusal(status).whole()


AGAIN = refused(429).replace(b"Retry-After: 2", b"Retry-After: 0")
NOT_OURS = json.loads(BODY)
for entry in NOT_OURS["data"]:
    entry |= {"prompt": f"A photo of {ANOTHER_CALLER}'s dog", "url": f"{entry['url']}&caller={ANOTHER_CALLER}"}
OTHER = OK + length(len(json.dumps(NOT_OURS))) + END + json.dumps(NOT_OURS).encode()
GLUED = {
    "glued_422": (GOOD, refused(422)),
    "glued_429": (GOOD, refused(429)),
    "glued_500": (GOOD, refused(500)),
    "glued_200": (GOOD, OTHER),
    "glued_429_behind_chunks": (IN_CHUNKS, refused(429)),
    "glued_200_behind_429": (AGAIN, OTHER),
    "glued_422_behind_429": (AGAIN, refused(422)),
    "glued_half_answer": (GOOD, refused(429).partition(b"\r\n\r\n")[0]),
    "stray_408": (GOOD, refused(408)),
}
"""What the first request gets, and what comes behind it."""
ENDINGS = [name for name in FAULTS if name.startswith(("close_", "reset_")) and name != "close_delimited"]


def is_read_by_h11(data: bytes) -> bool:
    """Whether h11 reads one whole good response and nothing after it."""
    parser = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 22)
    parser.send(h11.Request(method="GET", target="/", headers=[("Host", "loopback"), ("Connection", "close")]))
    parser.send(h11.EndOfMessage())
    parser.receive_data(data)
    parser.receive_data(b"")
    body = b""
    try:
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Data):
                body += event.data
    except h11.RemoteProtocolError:
        return False
    return body == BODY


def test_a_cut_sends_what_it_says_and_the_ledger_knows_how_much_was_read() -> None:
    read = {Phase.BEFORE_REQUEST: (False, False, 0), Phase.DURING_REQUEST: (True, False, 500)}
    assert {name.partition("_")[2] for name in ENDINGS} == CUT.keys()
    for name in ENDINGS:
        request = post(close=False)
        with FaultServer(name, image_url=IMAGE_URL) as server:
            heard = talk(server.url, request)
            ledger = server.wait_closed()
        assert heard.data == CUT[name.partition("_")[2]], name
        assert (ledger.connections, ledger.open_connections) == (1, 0)
        if name == "close_on_accept":  # whose end is a race between its FIN and the request
            assert ledger.requests == ()
            continue
        assert heard.end == ("reset" if name.startswith("reset") else "fin"), name
        (received,) = ledger.posts
        assert (received.fault, received.sent) == (name, len(heard.data))
        assert received.raw == request[: len(received.raw)]
        assert ledger.may_have_run == FAULTS[name].may_have_run
        found = (received.head_read, received.whole_request_read, len(received.body))
        assert found == read.get(FAULTS[name].phase, (True, True, 1000)), name


def test_wrong_framing_is_what_it_says_and_h11_takes_only_what_is_harmless() -> None:
    names = [name for name in FRAMING if name != OPEN]
    with FaultServer(names, image_url=IMAGE_URL) as server:
        for name in names:
            heard = talk(server.url, post(close=False))
            assert (heard.data == FRAMING[name], heard.end) == (True, "fin"), name
            assert is_read_by_h11(heard.data) is (FAULTS[name].harmless or name in TOLERATED), name
            received = server.wait_closed().posts[-1]
            assert (received.fault, received.whole_request_read, received.sent) == (name, True, len(heard.data))
        assert server.ledger.may_have_run == len(names)


def test_endless_responses_begin_as_they_say_and_never_end() -> None:
    for name, (begin, unit) in ENDLESS.items():
        limit = 1 << 18 if name.startswith("endless_") and unit != HINT else 2000
        with FaultServer(name, image=name, image_url=IMAGE_URL, interval=0) as server:
            heard, image = talk(server.url, post(), limit=limit), talk(server.url, get(), limit=13 << 10)
            ledger = server.wait_closed()
        size = len(heard.data)
        assert heard.data == (begin + unit * (1 + size // len(unit)))[:size], name
        assert size > len(begin) + 50
        assert (heard.end, image.end, ledger.may_have_run) == ("open", "open", 1)
        assert name not in {"endless_body", "endless_chunks", "endless_trailers", "drip_trailers"} or PNG in image.data
        assert FAULTS[name].needs_limit


def test_some_drips_are_a_good_response_in_the_end() -> None:
    tiny = OK + CHUNKED + END + b"".join(chunk(BODY[at : at + 1]) for at in range(N)) + chunk(b"")
    for name, expected in (("drip_head", GOOD), ("drip_body", GOOD), ("drip_chunks", tiny)):
        with FaultServer(name, image_url=IMAGE_URL, interval=0) as server:
            assert talk(server.url, post()).data == expected, name


def test_two_responses_come_for_one_request_and_the_connection_is_kept() -> None:
    for name, (first, second) in GLUED.items():
        with FaultServer([name, "ok"], image_url=IMAGE_URL) as server:
            with connect(server.url) as sock:
                sock.sendall(post(close=False))
                data = read_until(sock, b"\r\n\r\n")
                sock.sendall(post())
                data += listen(sock).data
            ledger = server.wait_closed()
        if name == "glued_half_answer":
            assert data.startswith(first + b"HTTP/1.1 429 ")
            assert data.endswith(GOOD)
            assert second.startswith(data.removeprefix(first).removesuffix(GOOD))
        else:
            assert data == first + second + GOOD, name
        assert [(r.connection, r.fault) for r in ledger.posts] == [(1, name), (1, "ok")]
        assert ledger.posts[0].may_have_run == FAULTS[name].may_have_run == (first != AGAIN)
        with FaultServer(name, image=name, image_url=IMAGE_URL) as server:
            heard = talk(server.url, post(close=True))
            assert (heard.data.startswith(first), heard.end) == (True, "fin"), name
            assert first == AGAIN or PNG in talk(server.url, get()).body


def test_half_of_a_chunked_request_is_less_than_the_whole() -> None:
    head = b"POST / HTTP/1.1\r\nHost: loopback\r\nTransfer-Encoding: chunked\r\n\r\n"
    with FaultServer("reset_in_request") as server:
        talk(server.url, head + b"5\r\nhello\r\n0\r\n\r\n")
        (received,) = server.wait_closed().posts
    assert (received.raw, received.may_have_run) == (head + b"5\r\n", False)


def test_refuse_lets_nobody_connect_and_keeps_its_port() -> None:
    with FaultServer("refuse") as server, socket.socket() as other:
        with pytest.raises(ConnectionRefusedError):
            connect(server.url)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", int(server.url.rpartition(":")[2])))
        ledger = server.wait_closed()
    assert (ledger.connections, ledger.requests) == (0, ())


def test_connect_hangs_responds_to_no_attempt() -> None:
    with FaultServer("connect_hangs") as server:
        with pytest.raises(TimeoutError):
            connect(server.url, patience=0.1)
        assert server.ledger.connections == 0


def test_a_stale_connection_takes_its_second_request_down_unread() -> None:
    request = post(close=False)
    with FaultServer(STALE_CONNECTION, image_url=IMAGE_URL) as server:
        with connect(server.url) as sock:
            sock.sendall(request)
            read_all(sock, GOOD)
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


def test_an_image_meets_the_same_cuts_and_costs_nothing() -> None:
    names = ["reset_in_body", "close_in_body", "reset_in_headers", "reset_after_request"]
    with FaultServer(image=names) as server:
        heard = [talk(server.url, get()) for _ in names]
        ledger = server.wait_closed()
    assert [len(each.body) for each in heard] == [len(PNG) // 2, len(PNG) // 2, 0, 0]
    assert [each.end for each in heard] == ["reset", "fin", "reset", "reset"]
    assert [(r.fault, r.whole_request_read, r.may_have_run) for r in ledger.gets] == [(n, True, False) for n in names]
    assert (ledger.posts, ledger.may_have_run) == ((), 0)


def test_a_client_that_goes_away_during_the_request_did_not_pay() -> None:
    with FaultServer(["ok", "early_200_after_head"]) as server:
        for _ in range(2):
            with connect(server.url) as sock:
                sock.sendall(post()[:-1])
            received = server.wait_closed().posts[-1]
            assert (received.head_read, received.whole_request_read, received.may_have_run) == (True, False, False)
            assert KEY.encode() in received.raw


def test_a_large_body_cannot_be_written_to_a_server_that_never_reads() -> None:
    with FaultServer("never_reads") as server:
        with connect(server.url) as sock:
            sock.settimeout(0.1)
            with pytest.raises(TimeoutError):
                sock.sendall(post(size=16 << 20))
            assert server.wait_idle().open_connections == 1
        (received,) = server.wait_closed().posts
    assert (received.head_read, received.raw, received.may_have_run) == (False, b"", False)
    with FaultServer("never_reads") as server, connect(server.url) as sock:
        sock.sendall(post())
        server.wait_idle()
        with pytest.raises(TimeoutError, match=r"not closed after 0.02 s; open connections: 1 \(held"):
            server.wait_closed(0.02)


def test_some_send_their_beginning_and_then_wait_although_there_is_more_to_read() -> None:
    begun = {OPEN: FRAMING[OPEN], "silence": b"", "drip_head": GOOD[:1], "drip_body": GOOD[: 1 - N]}
    for name, sent in begun.items():
        with FaultServer(name, image_url=IMAGE_URL, interval=FOREVER) as server:
            with connect(server.url) as sock:
                sock.sendall(post() + b"more")
                read_all(sock, sent)
                assert_silent(sock)
                (received,) = server.ledger.posts
                assert (received.whole_request_read, received.sent) == (True, len(sent)), name
            assert server.wait_closed().may_have_run == 1


def test_a_drip_sends_one_byte_each_interval() -> None:
    """So each read of a client ends before a limit for silence, and only a limit for the whole request helps."""
    for name in (name for name in FAULTS if name.startswith("drip_")):
        with FaultServer(name, interval=0.01) as server, connect(server.url) as sock:
            sock.sendall(post())
            sock.settimeout(PATIENCE)
            pieces = [sock.recv(65536) for _ in range(12)]
        # The first pieces contain what is sent at once; a piece has more than one drop if this test was slower.
        drop = {"drip_hints": 28, "drip_chunks": 6}.get(name, 1)
        assert sum(len(piece) <= 3 * drop for piece in pieces) >= 6, (name, pieces)


@pytest.mark.parametrize(("name", "early"), [("early_200_on_connect", OTHER), ("early_429_on_connect", refused(429))])
def test_a_response_on_connect_needs_no_request(name: str, early: bytes) -> None:
    with FaultServer([name, "status_400"], image_url=IMAGE_URL) as server:
        with connect(server.url) as sock:
            read_all(sock, early)
            assert server.wait_idle().requests == ()
            sock.sendall(post())
            assert listen(sock) == Heard(GOOD, "fin")
        assert talk(server.url, post()).data == refused(400)
        ledger = server.wait_closed()
    assert [(r.fault, r.may_have_run) for r in ledger.requests] == [(name, True), ("status_400", False)]


def test_a_connection_with_an_early_response_and_no_request_is_no_request() -> None:
    with FaultServer(["early_429_on_connect", "ok"]) as server:
        connect(server.url).close()
        server.wait_closed()
        assert talk(server.url, post()).status == 200
        ledger = server.wait_closed()
    assert ([(r.number, r.fault) for r in ledger.requests], ledger.connections) == ([(1, "ok")], 2)


@pytest.mark.parametrize(("name", "early"), [("early_200_after_head", GOOD), ("early_429_after_head", refused(429))])
def test_a_response_after_the_head_does_not_wait_for_the_body(name: str, early: bytes) -> None:
    head, _, body = post(close=False).partition(b"\r\n\r\n")
    with FaultServer([name, "ok"], image_url=IMAGE_URL) as server, connect(server.url) as sock:
        sock.sendall(head + b"\r\n\r\n")
        read_all(sock, early)
        assert (server.ledger.posts[0].whole_request_read, server.ledger.may_have_run) == (False, 0)
        sock.sendall(body + post())
        assert listen(sock).data == GOOD
        ledger = server.wait_closed()
    assert [(r.whole_request_read, r.may_have_run) for r in ledger.posts] == [(True, early == GOOD), (True, True)]


def test_every_connection_fault_is_tested_here() -> None:
    others = {"ok", "refuse", "connect_hangs", "never_reads", "silence", "drip_head", "drip_body", "drip_chunks"}
    others |= {"early_200_on_connect", "early_429_on_connect", "early_200_after_head", "early_429_after_head"}
    tested = {*ENDINGS, *ENDLESS, *FRAMING, *GLUED} | others
    assert {fault.name for fault in CONNECTION_FAULTS} == tested
