"""Cuts, slow responses, wrong framing and responses out of turn: what is on the wire is what each fault says."""

import gzip
import http.client
import json
import re
import socket
import subprocess
import zlib
from collections.abc import Callable
from contextlib import closing
from typing import Any

import h11
import pytest
from raw_http import KEY, PATIENCE, Heard, connect, get, listen, post, read_until, talk

from ideogram_ai.testing.faults import FAULTS, STALE_CONNECTION, FaultServer, Phase
from ideogram_ai.testing.faults.connection_faults import ANOTHER_CALLER, CONNECTION_FAULTS
from ideogram_ai.testing.faults.wire import png

PATH = "/v1/ideogram-v4/generate"
FOREVER = 1000.0
"""An interval that no test waits for."""
HEAD = b"HTTP/1.1 200 OK\r\n"
OPEN = "content_length_too_long_open"


def is_good(body: bytes) -> bool:
    """Whether this is the whole body of a good response."""
    document: dict[str, Any] = json.loads(body)
    return len(document["data"]) > 0 and all("/image.png?exp=" in image["url"] for image in document["data"])


def announced(heard: Heard) -> int:
    return int(heard.header("Content-Length") or "")


def whole_with_length(heard: Heard) -> bool:
    return is_good(heard.body) and announced(heard) == len(heard.body)


def first_chunk(heard: Heard) -> tuple[bytes, bytes]:
    """The announced size of the first chunk, and everything after that line."""
    assert heard.header("Transfer-Encoding") == "chunked"
    size, _, rest = heard.body.partition(b"\r\n")
    return size, rest


def port(server: FaultServer) -> int:
    return int(server.url.rpartition(":")[2])


# Disconnects


def in_chunked_body(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    length, _, arrived = rest[int(size, 16) :].removeprefix(b"\r\n").partition(b"\r\n")
    return 0 < len(arrived) < int(length, 16)


def nothing(heard: Heard) -> bool:
    return not heard.data


CUTS: dict[str, Callable[[Heard], bool]] = {
    "on_accept": nothing,
    "before_request": nothing,
    "in_request": nothing,
    "after_request": nothing,
    "in_status_line": lambda h: h.data == b"HTTP/1.1 2",
    "in_headers": lambda h: h.data.startswith(HEAD) and b"\r\n\r\n" not in h.data,
    "in_body": lambda h: 0 < len(h.body) < announced(h),
    "in_chunked_body": in_chunked_body,
    "delimited_cut": lambda h: b'"data"' in h.body and "Length" not in str(h.head) and not h.body.endswith(b"}"),
    "after_answer": lambda h: is_good(h.body) and h.header("Connection") is None,
}
ENDINGS = [name for name in FAULTS if name.startswith(("close_", "reset_")) and name != "close_delimited"]


def test_a_cut_sends_what_it_says_and_the_ledger_knows_how_much_was_read() -> None:
    read = {Phase.BEFORE_REQUEST: (False, False, 0), Phase.DURING_REQUEST: (True, False, 500)}
    assert {name.partition("_")[2] for name in ENDINGS} == CUTS.keys()
    for name in ENDINGS:
        request = post(close=False)
        with FaultServer(name) as server:
            heard = talk(server.url, request)
            ledger = server.wait_closed()
        assert CUTS[name.partition("_")[2]](heard), name
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


def test_half_of_a_chunked_request_is_less_than_the_whole() -> None:
    head = b"POST / HTTP/1.1\r\nHost: loopback\r\nTransfer-Encoding: chunked\r\n\r\n"
    with FaultServer("reset_in_request") as server:
        talk(server.url, head + b"5\r\nhello\r\n0\r\n\r\n")
        (received,) = server.wait_closed().posts
    assert received.raw == head + b"5\r\n"
    assert not received.may_have_run


def test_refuse_lets_nobody_connect_and_keeps_its_port() -> None:
    with FaultServer("refuse") as server, socket.socket() as other:
        with pytest.raises(ConnectionRefusedError):
            connect(server.url)
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port(server)))
        ledger = server.wait_closed()
    assert (ledger.connections, ledger.requests) == (0, ())


def test_connect_hangs_responds_to_no_attempt() -> None:
    with FaultServer("connect_hangs") as server, socket.socket() as sock:
        sock.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sock.connect(("127.0.0.1", port(server)))
        assert server.ledger.connections == 0


def test_a_stale_connection_takes_its_second_request_down_unread() -> None:
    request = post(close=False)
    with FaultServer(STALE_CONNECTION) as server:
        with connect(server.url) as sock:
            sock.sendall(request)
            read_responses(sock, 200)
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
        for name in names:
            assert CUTS[name.partition("_")[2]](talk(server.url, get())), name
        ledger = server.wait_closed()
    assert [(r.fault, r.whole_request_read, r.may_have_run) for r in ledger.gets] == [(n, True, False) for n in names]
    assert (ledger.posts, ledger.may_have_run) == ((), 0)


def test_a_client_that_goes_away_during_the_request_did_not_pay() -> None:
    with FaultServer("ok") as server:
        with connect(server.url) as sock:
            sock.sendall(post()[:-1])
        (received,) = server.wait_closed().posts
    assert (received.head_read, received.whole_request_read, received.may_have_run) == (True, False, False)
    assert KEY.encode() in received.raw


# Slow and endless responses


def test_silence_reads_all_and_sends_nothing() -> None:
    with FaultServer("silence") as server:
        with connect(server.url) as sock:
            sock.sendall(post())
            sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                sock.recv(1)
        ledger = server.wait_closed()
    assert (ledger.posts[0].whole_request_read, ledger.posts[0].sent, ledger.may_have_run) == (True, 0, 1)


def test_a_large_body_cannot_be_written_to_a_server_that_never_reads() -> None:
    with FaultServer("never_reads") as server:
        with connect(server.url) as sock:
            sock.settimeout(0.1)
            with pytest.raises(TimeoutError):
                sock.sendall(post(size=16 << 20))
            assert server.wait_idle().open_connections == 1
            with pytest.raises(TimeoutError, match=r"not closed after 0.02 s; open connections: 1 \(held"):
                server.wait_closed(0.02)
        ledger = server.wait_closed()
    (received,) = ledger.posts
    assert (received.head_read, received.raw, ledger.may_have_run) == (False, b"", 0)


def decoded(body: bytes) -> tuple[bytes, bool]:
    """What incomplete gzip contains, and whether its first member has ended."""
    decoder = zlib.decompressobj(31)
    return decoder.decompress(body), decoder.eof


def in_trailers(heard: Heard) -> tuple[bytes, bytes]:
    """The body of one chunk, and what comes after the last one."""
    size, rest = first_chunk(heard)
    return rest[: int(size, 16)], rest[int(size, 16) :].removeprefix(b"\r\n0\r\n")


def endless_chunks(heard: Heard) -> bool:
    body, rest = b"", heard.body
    while b"\r\n" in rest:
        size, _, rest = rest.partition(b"\r\n")
        assert int(size, 16) > 0
        body, rest = body + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return len(body) > 1 << 17 and is_good(body)


def matches(pattern: bytes, data: bytes) -> bool:
    return re.fullmatch(pattern, data, re.DOTALL) is not None


HINT = b"HTTP/1.1 103 Early Hints\r\n\r\n"
EMPTY = gzip.compress(b"", mtime=0)
DRIPS: dict[str, Callable[[Heard], bool]] = {
    "drip_status_line": lambda h: matches(rb"HTTP/1.1 200 OK{50,}", h.data),
    "drip_header": lambda h: matches(rb"HTTP/1.1 200 OK\r\n(?!.*\r\n\r\n).*\r\nX-Drip: a{50,}", h.data),
    "drip_hints": lambda h: matches(rb"(" + HINT + rb"){9,}.{0,30}", h.data),
    "drip_chunk_extension": lambda h: matches(rb"[0-9a-f]+;x{50,}", h.body),
    "drip_trailers": lambda h: matches(rb"X-Drip: a{50,}", in_trailers(h)[1]),
    "drip_gzip_header": lambda h: h.body[3] == 8 and b"\0" not in h.body[10:] and decoded(h.body) == (b"", False),
    "drip_gzip_blocks": lambda h: len(h.body) > 50 and decoded(h.body) == (b"", False),
    "drip_gzip_members": lambda h: matches(rb".+?(" + re.escape(EMPTY) + rb"){9,}.{0,20}", h.body),
}
ENDLESS: dict[str, Callable[[Heard], bool]] = {
    "endless_body": lambda h: h.header("Content-Length") is None and is_good(h.body),
    "endless_chunks": endless_chunks,
    "endless_headers": lambda h: (
        h.data.startswith(HEAD) and b"\r\n\r\n" not in h.data and h.data.count(b"X-M") > 10_000
    ),
    "endless_hints": lambda h: matches(rb"(" + HINT + rb"){99,}.{0,30}", h.data),
    "endless_trailers": lambda h: (
        is_good(in_trailers(h)[0]) and matches(rb"(X-More: 1\r\n){9999,}.{0,12}", in_trailers(h)[1])
    ),
}


def test_slow_and_endless_responses_send_bytes_and_never_end() -> None:
    slow = {fault.name for fault in CONNECTION_FAULTS if fault.name.startswith(("drip_", "endless_"))}
    assert slow == DRIPS.keys() | ENDLESS.keys() | {"drip_chunks", "drip_head", "drip_body"}
    for name, is_right in {**DRIPS, **ENDLESS}.items():
        limit = 1 << 18 if name in ENDLESS and name != "endless_hints" else 3000
        image_limit = (
            13 << 10 if name in {"drip_trailers", "drip_gzip_members", "endless_body", "endless_trailers"} else 2000
        )
        with FaultServer(name, image=name, interval=0) as server:
            heard, image = talk(server.url, post(), limit=limit), talk(server.url, get(), limit=image_limit)
            ledger = server.wait_closed()
        assert is_right(heard), (name, heard)
        assert (heard.end, image.end, ledger.may_have_run) == ("open", "open", 1)
        assert FAULTS[name].needs_limit
        if "trailers" in name:
            assert in_trailers(image)[0] == png()
        elif name == "drip_gzip_members":
            assert is_good(gzip.decompress(heard.body.partition(EMPTY)[0]))
            assert decoded(image.body)[0] == png()
        elif name in DRIPS:
            assert is_right(image), name
        elif name == "endless_body":
            assert image.body.startswith(png())


def test_some_drips_are_a_good_response_in_the_end() -> None:
    for name in ("drip_head", "drip_body", "drip_chunks"):
        with FaultServer(name, interval=0) as server:
            heard = talk(server.url, post())
        if name == "drip_chunks":
            assert matches(rb"(1\r\n.\r\n){50,}0\r\n\r\n", heard.body)
        assert is_good(heard.body.replace(b"\r\n", b"")[1:-1:2] if name == "drip_chunks" else heard.body), name


def test_a_drip_sends_its_first_byte_and_then_waits_although_there_is_more_to_read() -> None:
    for name, sent in (("drip_head", b"H"), ("drip_body", b"\r\n\r\n{")):
        with FaultServer(name, interval=FOREVER) as server:
            with connect(server.url) as sock:
                sock.sendall(post() + b"more")
                assert read_until(sock, sent).endswith(sent)
                sock.settimeout(0.05)
                with pytest.raises(TimeoutError):
                    sock.recv(1)
                assert name != "drip_head" or server.ledger.posts[0].sent == 1
            assert server.wait_closed().may_have_run == 1


def test_a_drip_sends_one_byte_each_interval() -> None:
    """So each read of a client ends before a limit for silence, and only a limit for the whole request helps."""
    for name in (*DRIPS, "drip_chunks", "drip_head", "drip_body"):
        with FaultServer(name, interval=0.01) as server, connect(server.url) as sock:
            sock.sendall(post())
            sock.settimeout(PATIENCE)
            pieces = [sock.recv(65536) for _ in range(12)]
        # The first pieces contain what is sent at once; a piece has more than one drop if this test was slower.
        drop = {"drip_hints": 28, "drip_chunks": 6}.get(name, 1)
        assert sum(len(piece) <= 3 * drop for piece in pieces) >= 6, (name, pieces)


# Framing


def size_off(heard: Heard, difference: Callable[[int], int]) -> bool:
    size, rest = first_chunk(heard)
    body = rest.removesuffix(b"\r\n0\r\n\r\n")
    return is_good(body) and int(size, 16) == difference(len(body))


def chunk_without_crlf(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    end = int(size, 16)
    second, _, tail = rest[end:].partition(b"\r\n")
    return bool(second) and is_good(rest[:end] + tail[: int(second, 16)])


def last_chunk_missing(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    return len(rest) == int(size, 16) + 2 and is_good(rest) and b"\r\n0\r\n" not in rest


def length_and_chunks(heard: Heard) -> bool:
    size, rest = first_chunk(heard)
    return announced(heard) == 5 and is_good(rest[: int(size, 16)]) and rest.endswith(b"0\r\n\r\n")


def lf_only(heard: Heard) -> bool:
    head, _, body = heard.data.partition(b"\n\n")
    return head.startswith(b"HTTP/1.1 200 OK\n") and b"\r" not in heard.data and is_good(body)


def starts(line: bytes) -> Callable[[Heard], bool]:
    return lambda h: h.data.startswith(line + b"\r\n") and is_good(h.body)


FRAMING: dict[str, Callable[[Heard], bool]] = {
    "content_length_too_long": lambda h: is_good(h.body) and announced(h) == len(h.body) + 100,
    OPEN: lambda h: is_good(h.body) and announced(h) == len(h.body) + 100,
    "content_length_too_short": lambda h: is_good(h.body) and announced(h) == len(h.body) // 2,
    "content_length_not_a_number": lambda h: is_good(h.body) and h.header("Content-Length") == "many",
    "content_length_negative": lambda h: is_good(h.body) and h.header("Content-Length") == "-1",
    "content_length_twice": lambda h: h.headers("Content-Length") == [str(len(h.body)), str(len(h.body) // 2)],
    "content_length_and_chunks": length_and_chunks,
    "chunk_size_not_a_number": lambda h: first_chunk(h)[0] == b"size" and h.body.endswith(b"}\r\n0\r\n\r\n"),
    "chunk_size_too_long": lambda h: size_off(h, lambda size: size + 100),
    "chunk_size_too_short": lambda h: size_off(h, lambda size: size // 2),
    "chunk_size_huge": lambda h: size_off(h, lambda _: 2**64 - 1),
    "chunk_without_crlf": chunk_without_crlf,
    "chunk_last_missing": last_chunk_missing,
    "not_http": lambda h: h.data.startswith(b"SSH-"),
    "no_status_line": lambda h: is_good(h.data),
    "wrong_http_version": lambda h: starts(b"HTTP/9.9 200 OK")(h) and whole_with_length(h),
    "status_not_a_number": lambda h: starts(b"HTTP/1.1 2OO OK")(h) and whole_with_length(h),
    "lf_only": lf_only,
    "null_in_header": lambda h: h.header("X-Null") == "a\0b" and whole_with_length(h),
    "header_without_colon": lambda h: b"\r\nno colon here\r\n" in h.head and whole_with_length(h),
    "header_1mb": lambda h: len(h.header("X-Long") or "") == 2**20 and whole_with_length(h),
    "many_headers": lambda h: len(h.head.split(b"\r\n")) > 10_000 and whole_with_length(h),
    "close_delimited": lambda h: is_good(h.body) and h.header("Content-Length") is None,
    "http_1_0": lambda h: starts(b"HTTP/1.0 200 OK")(h) and h.header("Content-Length") is None,
}
TOLERATED = {"content_length_and_chunks", "header_1mb", "lf_only", "many_headers", "wrong_http_version"}
"""What h11, the parser below httpx, reads as a whole response if its limit for heads is lifted."""


def test_wrong_framing_is_what_it_says_and_h11_takes_only_what_is_harmless() -> None:
    names = [name for name in FRAMING if name != OPEN]
    with FaultServer(names) as server:
        for name in names:
            heard = talk(server.url, post(close=False))
            assert heard.end == "fin"
            assert FRAMING[name](heard), name
            assert is_read_by_h11(heard.data) is (FAULTS[name].harmless or name in TOLERATED), name
            received = server.wait_closed().posts[-1]
            assert (received.fault, received.whole_request_read, received.sent) == (name, True, len(heard.data))
        assert server.ledger.may_have_run == len(names)


def is_read_by_h11(data: bytes) -> bool:
    """Whether h11 reads one whole response, with a good body and nothing after it."""
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
    return body.endswith(b"}") and is_good(body)


def test_a_length_too_long_can_leave_the_connection_open() -> None:
    with FaultServer(OPEN) as server:
        with connect(server.url) as sock:
            sock.sendall(post())
            assert FRAMING[OPEN](Heard(read_until(sock, b"}]"), "open"))
            sock.settimeout(0.05)
            with pytest.raises(TimeoutError):
                sock.recv(1)
            assert server.ledger.open_connections == 1
        assert server.wait_closed().may_have_run == 1


# Responses out of turn

GLUED = {
    "glued_422": (200, 422),
    "glued_429": (200, 429),
    "glued_500": (200, 500),
    "glued_200": (200, 200),
    "glued_429_behind_chunks": (200, 429),
    "glued_200_behind_429": (429, 200),
    "glued_422_behind_429": (429, 422),
    "glued_half_answer": (200, 0),
}
"""The status of the first response and of the one after it."""


def responses(data: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each whole response; the rest comes last, with status 0."""
    found: list[tuple[int, bytes]] = []
    while data:
        heard = Heard(data, "open")
        if b"\r\n\r\n" not in data:
            return [*found, (0, data)]
        if heard.header("Transfer-Encoding"):
            size, rest = first_chunk(heard)
            body, data = rest[: int(size, 16)], rest[int(size, 16) :].removeprefix(b"\r\n0\r\n\r\n")
        else:
            body, data = heard.body[: announced(heard)], heard.body[announced(heard) :]
        found.append((heard.status, body))
    return found


def statuses(data: bytes) -> list[int]:
    return [status for status, _ in responses(data)]


def read_responses(sock: socket.socket, *expected: int) -> bytes:
    """Read until these responses have come."""
    data = b""
    while statuses(data) != [*expected] or len(responses(data)[-1][1]) < announced_last(data):
        piece = sock.recv(65536)
        assert piece, data
        data += piece
    return data


def announced_last(data: bytes) -> int:
    return int(re.findall(rb"Content-Length: (\d+)", data)[-1])


def test_two_responses_come_for_one_request() -> None:
    for name, (first, second) in GLUED.items():
        for close in (True, False):
            with FaultServer(name) as server, connect(server.url) as sock:
                sock.sendall(post(close=close))
                sock.shutdown(socket.SHUT_WR)  # the end of the requests, so that a kept connection ends too
                heard = listen(sock)
                ledger = server.wait_closed()
            found = responses(heard.data)
            assert (statuses(heard.data), heard.end) == ([first, second], "fin"), name
            assert [received.sent for received in ledger.posts] == [len(heard.data)]
            assert ledger.may_have_run == FAULTS[name].may_have_run == (first == 200)
            for (status, body), own in zip(found, (True, False), strict=True):
                assert status != 200 or (ANOTHER_CALLER.encode() in body) is not own
            assert second or found[1][1].startswith(b"HTTP/1.1 429 Too ")


def test_a_kept_connection_serves_the_next_request() -> None:
    for name, expected in GLUED.items():
        with FaultServer([name, "ok"]) as server:
            with connect(server.url) as sock:
                sock.sendall(post(close=False))
                data = read_until(sock, b"\r\n\r\n")
                sock.sendall(post())
                data += listen(sock).data
            ledger = server.wait_closed()
        if name == "glued_half_answer":
            assert (statuses(data)[0], data.count(b"HTTP/1.1 ")) == (200, 3)
        else:
            assert statuses(data) == [*expected, 200]
        assert [(r.connection, r.fault) for r in ledger.posts] == [(1, name), (1, "ok")]


def test_an_image_has_a_response_after_it_too() -> None:
    with FaultServer(image=["glued_429", "glued_422", "glued_500"]) as server:
        for status in (429, 422, 500):
            found = responses(talk(server.url, get()).data)
            assert (found[0], found[1][0]) == ((200, png()), status)
        assert server.wait_closed().may_have_run == 0


@pytest.mark.parametrize(("name", "expected"), [("stray_408", [200, 408]), ("early_429_on_connect", [429, 200])])
def test_http_client_takes_what_is_in_the_socket_for_its_response(name: str, expected: list[int]) -> None:
    """Python's own client keeps its connection and does not look at it before it writes."""
    with FaultServer([name, "ok"]) as server:
        with closing(http.client.HTTPConnection("127.0.0.1", port(server), timeout=10)) as client:
            client.connect()
            found: list[int] = []
            for _ in range(2):
                if name == "stray_408" and found:
                    assert client.sock.recv(1, socket.MSG_PEEK)
                client.request("POST", PATH, b"b")
                response = client.getresponse()
                response.read()
                found.append(response.status)
        ledger = server.wait_closed()
    assert (found, ledger.may_have_run) == (expected, 2)


def test_a_client_that_closes_its_connection_is_not_hurt() -> None:
    names = [
        name for name, fault in FAULTS.items() if fault.harmless and name.startswith(("glued_", "stray_", "early_"))
    ]
    with FaultServer([name for name in names if name != "early_hints_103"]) as server:
        for _ in names:
            command = ["curl", "-s", "--http1.1", "--max-time", "10", "-w", "%{http_code}", "-o", "/dev/null"]
            close = ["-H", "Connection: close", "-d", "a", server.url + PATH]
            assert subprocess.run([*command, *close], capture_output=True, text=True, check=False).stdout == "200"
        assert server.wait_closed().may_have_run == len(names)


@pytest.mark.parametrize(("name", "status"), [("early_200_on_connect", 200), ("early_429_on_connect", 429)])
def test_a_response_on_connect_needs_no_request(name: str, status: int) -> None:
    with FaultServer(name) as server:
        with connect(server.url) as sock:
            early = read_responses(sock, status)
            assert server.wait_idle().requests == ()
            sock.sendall(post())
            own = listen(sock)
        ledger = server.wait_closed()
    assert (own.status, own.end, ANOTHER_CALLER.encode() in own.body) == (200, "fin", False)
    assert (ANOTHER_CALLER.encode() in early) is (status == 200)
    assert [(r.number, r.fault, r.may_have_run) for r in ledger.requests] == [(1, name, True)]


def test_the_steps_after_a_response_on_connect_come_in_turn() -> None:
    names = ["early_429_on_connect", "status_400", "early_200_on_connect", "ok"]
    with FaultServer(names) as server:
        found = [statuses(talk(server.url, post()).data) for _ in range(4)]
        ledger = server.wait_closed()
    assert found == [[429, 200], [400], [200, 200], [200]]
    assert ([r.fault for r in ledger.posts], ledger.may_have_run) == (names, 3)


def test_a_connection_with_an_early_response_and_no_request_is_no_request() -> None:
    with FaultServer(["early_429_on_connect", "ok"]) as server:
        connect(server.url).close()
        server.wait_closed()
        assert talk(server.url, post()).status == 200
        ledger = server.wait_closed()
    assert ([(r.number, r.fault) for r in ledger.requests], ledger.connections) == ([(1, "ok")], 2)


@pytest.mark.parametrize(("name", "status"), [("early_200_after_head", 200), ("early_429_after_head", 429)])
def test_a_response_after_the_head_does_not_wait_for_the_body(name: str, status: int) -> None:
    head, _, body = post(close=False).partition(b"\r\n\r\n")
    with FaultServer([name, "ok"]) as server, connect(server.url) as sock:
        sock.sendall(head + b"\r\n\r\n")
        early = read_until(sock, b"\r\n\r\n")
        assert not server.ledger.posts[0].whole_request_read
        assert server.ledger.may_have_run == 0
        sock.sendall(body + post())
        rest = listen(sock)
        ledger = server.wait_closed()
    assert statuses(early + rest.data) == [status, 200]
    assert [(r.whole_request_read, r.may_have_run) for r in ledger.posts] == [(True, status == 200), (True, True)]


def test_a_request_that_stops_after_an_early_response_did_not_run() -> None:
    with FaultServer("early_200_after_head") as server:
        with connect(server.url) as sock:
            sock.sendall(post(size=10_000)[:-1])
            read_until(sock, b"\r\n\r\n")
        assert server.wait_closed().may_have_run == 0


def test_every_connection_fault_is_tested_here() -> None:
    early = {"early_200_on_connect", "early_429_on_connect", "early_200_after_head", "early_429_after_head"}
    others = {"ok", "refuse", "connect_hangs", "never_reads", "silence", "drip_head", "drip_body", "drip_chunks"}
    tested = {*ENDINGS, *DRIPS, *ENDLESS, *FRAMING, *GLUED, "stray_408"} | early | others
    assert {fault.name for fault in CONNECTION_FAULTS} == tested
