"""Answers behind answers, and before their request: a client that reuses the connection takes them for its own."""

import http.client
import json
import socket
import subprocess
from contextlib import closing
from typing import Any

import pytest
from raw_http import Heard, connect, get, listen, post, read_until, talk

from ideogram_ai.testing.faults import FAULTS, FaultServer
from ideogram_ai.testing.faults.content import png
from ideogram_ai.testing.faults.glued import ANOTHER_CALLER, GLUED

PATH = "/v1/ideogram-v4/generate"
BEHIND = {
    "glued_422": (200, 422),
    "glued_429": (200, 429),
    "glued_500": (200, 500),
    "glued_200": (200, 200),
    "glued_429_behind_chunks": (200, 429),
    "glued_200_behind_429": (429, 200),
    "glued_422_behind_429": (429, 422),
}
"""The status of the first answer and of the one behind it."""


def answers(data: bytes) -> list[tuple[int, bytes]]:
    """Status and body of each whole answer; what is left over stands last, with status 0."""
    found: list[tuple[int, bytes]] = []
    while data:
        heard = Heard(data, "open")
        if b"\r\n\r\n" not in data:
            return [*found, (0, data)]
        if heard.header("Transfer-Encoding"):
            size, _, rest = heard.body.partition(b"\r\n")
            body, rest = rest[: int(size, 16)], rest[int(size, 16) :].removeprefix(b"\r\n0\r\n\r\n")
        else:
            length = int(heard.header("Content-Length") or "")
            body, rest = heard.body[:length], heard.body[length:]
        found.append((heard.status, body))
        data = rest
    return found


def prompt(body: bytes) -> str:
    document: dict[str, Any] = json.loads(body)
    return str(document["data"][0]["prompt"])


@pytest.mark.parametrize("name", BEHIND)
@pytest.mark.parametrize("close", [True, False], ids=["close", "keep-alive"])
def test_two_answers_come_for_one_request(name: str, close: bool) -> None:
    with FaultServer(name) as server, connect(server.url) as sock:
        sock.sendall(post(close=close))
        sock.shutdown(socket.SHUT_WR)  # the end of the requests, so that the server ends a kept connection too
        heard = listen(sock)
        ledger = server.wait_closed()
    found = answers(heard.data)
    assert tuple(status for status, _ in found) == BEHIND[name]
    assert heard.end == "fin"
    assert len(ledger.posts) == 1
    assert ledger.posts[0].sent == len(heard.data)
    assert ledger.may_have_run == int(BEHIND[name][0] == 200)
    for (status, body), mine in zip(found, (True, False), strict=True):
        if status == 200:
            assert (ANOTHER_CALLER in prompt(body)) is not mine


@pytest.mark.parametrize("name", [*BEHIND, "glued_half_answer"])
def test_a_kept_connection_is_served_on(name: str) -> None:
    with FaultServer([name, "ok"]) as server:
        with connect(server.url) as sock:
            sock.sendall(post(close=False))
            first = read_until(sock, b"\r\n\r\n")
            sock.sendall(post())
            heard = listen(sock)
        ledger = server.wait_closed()
    data = first + heard.data
    if name == "glued_half_answer":
        assert answers(data)[0][0] == 200
        assert data.count(b"HTTP/1.1 ") == 3
    else:
        assert [status for status, _ in answers(data)] == [*BEHIND[name], 200]
    assert [(r.connection, r.fault) for r in ledger.posts] == [(1, name), (1, "ok")]
    assert ledger.may_have_run == 1 + int(FAULTS[name].may_have_run)


def test_a_closed_connection_ends_though_there_is_half_an_answer() -> None:
    with FaultServer("glued_half_answer") as server:
        heard = talk(server.url, post())
    (status, body), (rest, half) = answers(heard.data)
    assert (status, rest, heard.end) == (200, 0, "fin")
    assert prompt(body)
    assert half.startswith(b"HTTP/1.1 429 Too ")


@pytest.mark.parametrize("name", ["glued_429", "glued_422", "glued_500"])
def test_an_image_has_an_answer_behind_it_too(name: str) -> None:
    with FaultServer(image=name) as server:
        heard = talk(server.url, get())
        assert server.wait_closed().may_have_run == 0
    assert answers(heard.data)[0] == (200, png())
    assert f"glued_{answers(heard.data)[1][0]}" == name


def curl(*arguments: str) -> list[str]:
    """The status that curl gives each of its transfers."""
    command = ["curl", "-s", "--http1.1", "--max-time", "10", "-w", "%{http_code} "]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, check=False).stdout.split()


def test_a_program_that_reuses_the_connection_is_hurt() -> None:
    """Shown on a client that keeps its buffer: it takes the 429 for its second answer, and the second request ran."""
    with FaultServer(["glued_429", "ok"]) as server, connect(server.url) as sock, sock.makefile("rb") as stream:
        statuses: list[int] = []
        for _ in range(2):
            sock.sendall(post(close=False))
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += stream.readline()
            heard = Heard(head, "open")
            statuses.append(heard.status)
            stream.read(int(heard.header("Content-Length") or 0))
        assert server.wait_idle().may_have_run == 2
    assert statuses == [200, 429]


@pytest.mark.parametrize(("name", "status"), [("stray_408", 408), ("early_429_on_connect", 429)])
def test_http_client_takes_what_lies_in_the_socket_for_its_answer(name: str, status: int) -> None:
    """Python's own client, which keeps its connection and looks at nothing before it writes."""
    with FaultServer([name, "ok"]) as server:
        with closing(http.client.HTTPConnection("127.0.0.1", int(server.url.rpartition(":")[2]), timeout=10)) as client:
            client.connect()
            statuses: list[int] = []
            for _ in range(2):
                if name == "stray_408" and statuses:
                    assert client.sock.recv(1, socket.MSG_PEEK)
                client.request("POST", PATH, b"b")
                answer = client.getresponse()
                answer.read()
                statuses.append(answer.status)
        ledger = server.wait_closed()
    assert statuses == [*([200] if name == "stray_408" else []), status, *([200] if name != "stray_408" else [])]
    assert ledger.may_have_run == 2


@pytest.mark.parametrize("name", [fault.name for fault in GLUED if fault.harmless])
def test_a_client_that_closes_its_connection_is_not_hurt(name: str) -> None:
    with FaultServer(name) as server:
        url = server.url + PATH
        assert curl("-H", "Connection: close", "-d", "a", "-o", "/dev/null", url) == ["200"]
        assert server.wait_closed().may_have_run == 1


def test_a_stray_408_comes_when_nothing_was_asked() -> None:
    with FaultServer("stray_408") as server, connect(server.url) as sock:
        sock.sendall(post(close=False))
        heard = listen(sock, limit=1)
        while [status for status, _ in answers(heard.data)] != [200, 408]:
            heard = Heard(heard.data + listen(sock, limit=1).data, "open")
        assert (server.wait_idle().open_connections, len(server.ledger.posts)) == (1, 1)


@pytest.mark.parametrize(("name", "status"), [("early_200_on_connect", 200), ("early_429_on_connect", 429)])
def test_an_answer_on_connect_needs_no_request(name: str, status: int) -> None:
    with FaultServer(name) as server:
        with connect(server.url) as sock:
            early = listen(sock, limit=1)
            while not answers(early.data)[0][0] or len(early.body) < int(early.header("Content-Length") or 0):
                early = Heard(early.data + listen(sock, limit=1).data, "open")
            assert server.wait_idle().requests == ()
            sock.sendall(post())
            true = listen(sock)
        ledger = server.wait_closed()
    assert (early.status, true.status, true.end) == (status, 200, "fin")
    assert ANOTHER_CALLER not in prompt(true.body)
    if status == 200:
        assert ANOTHER_CALLER in prompt(early.body)
    assert [(r.number, r.fault, r.may_have_run) for r in ledger.requests] == [(1, name, True)]


def test_the_steps_after_an_answer_on_connect_are_met_in_turn() -> None:
    with FaultServer(["early_429_on_connect", "status_400", "early_200_on_connect", "ok"]) as server:
        outcomes = [talk(server.url, post()) for _ in range(4)]
        ledger = server.wait_closed()
    assert [[status for status, _ in answers(heard.data)] for heard in outcomes] == [
        [429, 200],
        [400],
        [200, 200],
        [200],
    ]
    assert [r.fault for r in ledger.posts] == ["early_429_on_connect", "status_400", "early_200_on_connect", "ok"]
    assert ledger.may_have_run == 3


def test_a_connection_that_is_answered_early_and_brings_nothing_is_no_request() -> None:
    with FaultServer(["early_429_on_connect", "ok"]) as server:
        connect(server.url).close()
        server.wait_closed()
        assert talk(server.url, post()).status == 200
        ledger = server.wait_closed()
    assert [(r.number, r.fault) for r in ledger.requests] == [(1, "ok")]
    assert ledger.connections == 2


@pytest.mark.parametrize(("name", "status"), [("early_200_after_head", 200), ("early_429_after_head", 429)])
def test_an_answer_after_the_head_does_not_wait_for_the_body(name: str, status: int) -> None:
    head, _, body = post(close=False).partition(b"\r\n\r\n")
    with FaultServer([name, "ok"]) as server, connect(server.url) as sock:
        sock.sendall(head + b"\r\n\r\n")
        early = read_until(sock, b"\r\n\r\n")
        assert Heard(early, "open").status == status
        assert not server.ledger.posts[0].whole_request_read
        assert server.ledger.may_have_run == 0
        sock.sendall(body + post())
        rest = listen(sock)
        ledger = server.wait_closed()
    assert [answer[0] for answer in answers(early + rest.data)] == [status, 200]
    assert [(r.whole_request_read, r.may_have_run) for r in ledger.posts] == [(True, status == 200), (True, True)]


def test_a_request_that_stops_after_an_early_answer_did_not_run() -> None:
    with FaultServer("early_200_after_head") as server:
        with connect(server.url) as sock:
            sock.sendall(post(size=10_000)[:-1])
            read_until(sock, b"\r\n\r\n")
        assert server.wait_closed().may_have_run == 0


def test_every_glued_and_early_answer_is_looked_at() -> None:
    early = {"early_200_on_connect", "early_429_on_connect", "early_200_after_head", "early_429_after_head"}
    assert {fault.name for fault in GLUED} == BEHIND.keys() | early | {"glued_half_answer", "stray_408"}
    assert {fault.name for fault in GLUED} <= FAULTS.keys()
