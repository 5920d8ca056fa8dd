"""The server and its ledger, which judges money: it counts what arrived, what may have run, and what was left open."""

import json
import os
import re
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import httpx
import pytest
from raw_http import KEY, PATIENCE, connect, get, listen, post, read_until, talk

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import GET_GENERATION, OPERATIONS, Operation
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, POLL_FAULTS, Exchange, Fault, FaultServer, Phase
from ideogram_ai.testing.faults.connection_faults import CONNECTION_FAULTS
from ideogram_ai.testing.faults.exchange import status_may_have_run
from ideogram_ai.testing.faults.response_faults import ANOTHER_JOB, RESPONSE_FAULTS
from ideogram_ai.testing.routes import find_operation, path_parameters

BODY_LIMIT = 4 << 20
DESCRIPTORS = Path("/proc/self/fd")
DEAF = {"refuse", "connect_hangs"}
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""One for all clients: loading certificates takes longer than a test."""


# Every fault against a real client


@contextmanager
def nothing_left(name: str) -> Iterator[None]:
    """Check that no thread of a server and no file descriptor is left."""
    before = len(os.listdir(DESCRIPTORS)) if DESCRIPTORS.exists() else 0
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name.startswith("fault-server")] == [], name
    assert (len(os.listdir(DESCRIPTORS)) if DESCRIPTORS.exists() else 0) == before, name


def ask(client: httpx.Client, method: str, url: str, **options: Any) -> int:
    """Send a request and return the size of the response's body, of which no more is decoded than the limit."""
    size = 0
    with client.stream(method, url, **options) as response:
        response.raise_for_status()
        for piece in response.iter_bytes(65536):
            size += len(piece)
            if size > BODY_LIMIT:
                raise httpx.DecodingError("too large")
    return size


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_one_request_is_one_request_and_nothing_is_left(method: str) -> None:
    known = {**FAULTS, **IMAGE_FAULTS} if method == "GET" else FAULTS
    for name, fault in known.items():
        if name == "endless_hints" or (method == "GET" and fault.phase is Phase.CONNECT):
            continue  # httpx reads interim responses for ever
        post_fault, image = (fault, "ok") if method == "POST" else ("ok", fault)
        bomb_size = 2 * BODY_LIMIT
        with (
            nothing_left(name),
            FaultServer(post_fault, image=image, interval=1000.0, expanded_size=bomb_size) as server,
        ):
            body = {"text_prompt": (None, b"p" * (16 << 20 if name == "never_reads" else 100))}
            size = 0
            with (
                suppress(httpx.HTTPError),
                httpx.Client(verify=TLS, timeout=0.1 if fault.needs_limit else 10.0) as client,
            ):
                if method == "POST":
                    size = ask(client, method, server.url, files=body)
                else:
                    size = ask(client, method, server.image_url)
            assert size or not fault.harmless, name
            ledger = server.wait_closed()
        if method == "GET":
            assert (len(ledger.gets), len(ledger.posts), ledger.may_have_run) == (1, 0, 0), name
            continue
        assert ledger.connections == int(name not in DEAF), name
        assert len(ledger.posts) == int(fault.phase is not Phase.CONNECT or fault.may_have_run), name
        assert ledger.may_have_run == int(fault.may_have_run), name


def test_a_server_ends_with_its_context_although_the_client_stays() -> None:
    for name, fault in FAULTS.items():
        with nothing_left(name), socket.socket() as sock:
            sock.settimeout(PATIENCE)
            with FaultServer(name, interval=1000.0, expanded_size=1 << 20) as server, suppress(ConnectionError):
                if name not in DEAF:
                    sock.connect(("127.0.0.1", int(server.url.rpartition(":")[2])))
                    sock.sendall(post(close=False))
                    if fault.needs_limit and name not in {"silence", "never_reads"}:
                        assert sock.recv(1), name
            assert server.ledger.open_connections == 0
            if name not in DEAF | {"never_reads"}:
                listen(sock)


# The tables


def test_tables_and_faults_are_complete_and_cannot_be_changed() -> None:
    assert len(FAULTS) == len(CONNECTION_FAULTS) + len(RESPONSE_FAULTS), "two faults have one name"
    assert not FAULTS.keys() & IMAGE_FAULTS.keys()
    assert next(iter(FAULTS)) == "ok"
    with pytest.raises(TypeError):
        FAULTS["ok"] = FAULTS["silence"]  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        FAULTS["ok"].name = "other"  # type: ignore[misc]


def test_a_request_that_was_not_read_did_not_run_and_a_get_is_never_billed() -> None:
    for fault in FAULTS.values():
        if fault.phase in {Phase.CONNECT, Phase.BEFORE_REQUEST, Phase.DURING_REQUEST}:
            # The two that respond on accept serve the request all the same, which then runs.
            assert fault.may_have_run is fault.name.endswith("_on_connect"), fault
        else:
            assert fault.may_have_run is (fault.status is None or status_may_have_run(fault.status)), fault
    assert not any(fault.may_have_run for fault in IMAGE_FAULTS.values())


def contract_of(operation: Operation) -> dict[str, Any]:
    """What the contract says of an operation, read without the generated description of it."""
    node: dict[str, Any] = read_contract()["paths"][operation.path][operation.method.lower()]
    return node


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.method_name)
def test_the_contract_says_which_statuses_are_free(operation: Operation) -> None:
    document, node = read_contract(), contract_of(operation)
    billed: dict[int, object] = {}
    for status, response in node["responses"].items():
        named = response.get("$ref", "").rpartition("/")[2]
        billed[int(status)] = (document["components"]["responses"][named] if named else response)["x-billed"]
    billed |= {entry["status"]: entry["billed"] for entry in node["x-observed-statuses"]}
    assert {fault.status for fault in FAULTS.values()} >= billed.keys()
    for status, is_billed in billed.items():
        assert status_may_have_run(status, operation) is (is_billed is not False)
        fault = FAULTS.get(f"status_{status}")
        assert fault is None or fault.may_run(operation) is (is_billed is not False)
    redirects = [status_may_have_run(status, operation) for status in (301, 302, 303, 307, 308)]
    assert redirects == [False, False, True, False, False]
    assert all(status_may_have_run(status, operation) for status in (204, 408, 410, 520))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"fault": "reset_after"}, "fault: there is no 'reset_after'; did you mean reset_after_request or"),
        ({"fault": "zzz"}, "fault: there is no 'zzz'; known are ok, refuse,"),
        ({"fault": "html_image"}, "fault: there is no 'html_image'"),
        ({"image": "nope"}, "image: there is no 'nope'"),
        ({"fault": []}, "fault: the sequence is empty"),
        ({"fault": ["refuse", "ok"]}, "fault: 'refuse' cannot be part of a sequence"),
        ({"fault": ["ok", "connect_hangs"]}, "fault: 'connect_hangs' cannot be part of a sequence"),
        ({"image": "refuse"}, "image: 'refuse' strikes before the request is known"),
        ({"image": ["ok", "close_on_accept"]}, "image: 'close_on_accept' strikes before"),
        ({"poll": "pendin"}, "poll: there is no 'pendin'; did you mean pending?"),
        ({"poll": ["pending", "refuse"]}, "poll: 'refuse' strikes before the request is known"),
        ({"fault": "pending"}, "fault: there is no 'pending'"),
        ({"interval": -1.0}, "interval: -1.0 is not a number of seconds; give 0 or more"),
        ({"interval": float("nan")}, "interval: nan is not a number of seconds"),
        ({"expanded_size": 0}, "expanded_size: 0 is not a size; give 1 byte or more"),
    ],
    ids=json.dumps,
)
def test_a_wrong_argument_is_named_with_its_cure(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        FaultServer(**arguments)


# The ledger


def test_each_request_takes_the_next_step_of_its_script_and_the_last_one_repeats() -> None:
    """A step that needs no request is taken by the next connection; GETs have a script of their own."""
    with FaultServer(["close_on_accept", "status_429", "html_503", "ok"], image=["status_404", "ok"]) as server:
        assert talk(server.url, post()).data == b""
        heard = [talk(server.url, request) for request in (get(), post(), post(), get(), post(), post())]
        ledger = server.wait_closed()
    assert [each.status for each in heard] == [404, 429, 503, 200, 200, 200]
    assert [(r.number, r.connection, r.fault, r.may_have_run) for r in ledger.posts] == [
        (2, 3, "status_429", False),
        (3, 4, "html_503", True),
        (5, 6, "ok", True),
        (6, 7, "ok", True),
    ]
    assert (ledger.connections, ledger.may_have_run) == (7, 3)


def request_for(operation: Operation, job: str = "a-job") -> bytes:
    """A request for an operation, with a body if it is a POST."""
    path = "/base" + re.sub(r"{\w+}", job, operation.path)
    if operation.method == "GET":
        return get(f"{path}?with=query")
    return post().replace(b"/v1/ideogram-v4/generate", path.encode())


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda operation: operation.method_name)
def test_every_operation_gets_the_contracts_example_and_its_own_judgement(operation: Operation) -> None:
    statuses = sorted(operation.billed.keys() - {200})
    faults = [f"status_{status}" for status in statuses]
    is_get = operation.method == "GET"
    scripts: dict[str, Any] = {"poll" if is_get else "fault": ["ok", *faults], "fault" if is_get else "poll": "ok"}
    with FaultServer(**scripts) as server:
        heard = [talk(server.url, request_for(operation)) for _ in range(1 + len(faults))]
        ledger = server.wait_closed()
        link = server.image_url
    assert [each.status for each in heard] == [200, *statuses]
    content = contract_of(operation)["responses"]["200"]["content"]["application/json"]
    (example, *_) = (each["value"] for each in content["examples"].values())
    sent = json.loads(heard[0].body)
    for entry in sent.get("data", []):
        assert entry["url"].startswith(f"{link}?exp=")
    kept = [name for name in example if name not in {"data", "generation_id"}]
    assert {name: sent[name] for name in kept} == {name: example[name] for name in kept}
    assert [request.operation for request in ledger.requests] == [operation.operation_id] * len(heard)
    free = [is_get or operation.billed[status] is False for status in (200, *statuses)]
    assert [request.may_have_run for request in ledger.requests] == [not each for each in free]
    assert (ledger.polls == ledger.requests) is is_get


def test_a_submitted_job_has_an_id_of_its_own_and_is_completed_under_it() -> None:
    submit = next(each for each in OPERATIONS.values() if each.result == "job" and each.method == "POST")
    with FaultServer() as server:
        ids = [json.loads(talk(server.url, request_for(submit)).body)["generation_id"] for _ in range(2)]
        jobs = [json.loads(talk(server.url, request_for(GET_GENERATION, job)).body) for job in ids]
    assert len(set(ids)) == 2
    assert [job["generation_id"] for job in jobs] == ids
    assert [(job["status"], len(job["data"])) for job in jobs] == [("completed", 1)] * 2


def test_each_fault_of_a_job_says_what_its_name_says() -> None:
    said = {
        "pending": ("pending", "a-job", None, set()),
        "failed": ("failed", "a-job", "content_policy_violation", set()),
        "failed_unexplained": ("failed", "a-job", None, set()),
        "unknown_status": ("queued", "a-job", None, set()),
        "no_kinds": ("completed", "a-job", None, {None}),
        "unknown_kinds": ("completed", "a-job", None, {"hologram.generation"}),
        "another_job": ("completed", ANOTHER_JOB, None, {"image.generation"}),
    }
    for name in POLL_FAULTS:
        with FaultServer(poll=name) as server:
            heard = talk(server.url, request_for(GET_GENERATION))
            assert (heard.status, server.wait_closed().may_have_run) == (200, 0)
        job = json.loads(heard.body)
        kinds = {entry.get("object_type") for entry in job.get("data", [])}
        assert (job["status"], job["generation_id"], job.get("failure_reason"), kinds) == said[name], name
    assert said.keys() == POLL_FAULTS.keys()


def test_a_get_is_told_from_another_by_its_whole_line() -> None:
    """The line comes byte by byte, and so does one that is cut off."""
    with FaultServer(image="status_404", poll="status_503") as server:
        for line, status in ((request_for(GET_GENERATION), b"503"), (get("/a.png"), b"404")):
            with connect(server.url) as sock:
                for byte in line:
                    sock.sendall(bytes((byte,)))
                assert read_until(sock, b"\r\n").split(b" ")[1] == status
        with connect(server.url) as sock:
            sock.sendall(b"GET /v1/gen")
        assert [request.fault for request in server.wait_closed().gets] == ["status_503", "status_404", "status_404"]


def test_the_operation_of_a_path_is_the_longest_that_fits() -> None:
    for operation in OPERATIONS.values():
        path = re.sub(r"{\w+}", "an-id", operation.path)
        assert find_operation(operation.method, path) is operation
        assert find_operation(operation.method, f"/gateway{path}?a=b/c") is operation
        assert find_operation("DELETE", path) is None
        escaped = path.replace("v1", "%76%31").replace("-", "%2D").replace("a", "%61")  # RFC 3986, 6.2.2.2
        assert find_operation(operation.method, escaped) is operation
        assert find_operation(operation.method, path.replace("/", "%2F")) is None
        assert find_operation(operation.method, f"{path}/and/more") is None
    assert path_parameters(GET_GENERATION, "/v1/generations/an-id?x=/y") == {"generation_id": "an-id"}


def test_requests_of_one_connection_are_separate() -> None:
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


def test_a_request_that_is_not_http_is_refused_and_did_not_run() -> None:
    for rest in (
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nx\r\n",
    ):
        with FaultServer() as server:
            heard = talk(server.url, b"POST / HTTP/1.1\r\n" + rest)
            (received,) = server.wait_closed().posts
        assert (heard.status, heard.end) == (400, "fin")
        assert (received.head_read, received.whole_request_read, received.may_have_run) == (True, False, False)


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


def test_data_in_the_kernel_is_not_idle() -> None:
    """The ledger has everything that was sent before the call; many times, because it is a race."""
    with FaultServer("silence") as server:
        for count in range(1, 51):
            with connect(server.url) as sock:
                sock.sendall(post())
            assert server.wait_idle().may_have_run == count


def test_a_kept_connection_with_a_new_request_is_not_idle() -> None:
    with FaultServer() as server, connect(server.url) as sock:
        for count in range(1, 51):
            sock.sendall(post(close=False))
            assert server.wait_idle().may_have_run == count
            read_until(sock, b"}]")


def test_a_request_that_is_half_there_is_not_idle() -> None:
    with FaultServer() as server, connect(server.url) as sock:
        sock.sendall(post()[:-1])
        with pytest.raises(TimeoutError, match=r"not idle after 0.02 s; open connections: 1 \(busy\)"):
            server.wait_idle(0.02)


def test_an_act_of_your_own() -> None:
    def act(exchange: Exchange) -> None:
        exchange.read_head()
        exchange.send(exchange.target.encode())
        exchange.connection.reset()

    with FaultServer(Fault("mine", "Echoes the target and resets.", Phase.DURING_REQUEST, True, act)) as server:
        assert talk(server.url, post()).data == b"/v1/ideogram-v4/generate"
        (received,) = server.wait_closed().posts
    assert received.fault == "mine"
    assert not received.may_have_run, "the body was not read, whatever the fault says"


def test_an_act_that_fails_is_reported_and_leaves_nothing_open(monkeypatch: pytest.MonkeyPatch) -> None:
    def act(exchange: Exchange) -> None:
        raise ZeroDivisionError(exchange.method)

    reported: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", reported.append)
    with FaultServer(Fault("mine", "Fails.", Phase.BEFORE_REQUEST, False, act)) as server:
        talk(server.url, post())
        assert server.wait_closed().connections == 1
    assert [args.exc_type for args in reported] == [ZeroDivisionError]


def test_a_server_is_started_once_and_closed_as_often_as_you_like() -> None:
    server = FaultServer()
    for name in ("url", "image_url"):
        with pytest.raises(RuntimeError, match="use it as a context manager"):
            getattr(server, name)
    server.start()
    with pytest.raises(RuntimeError, match="already started"):
        server.start()
    server.close()
    server.close()
    assert server.ledger.connections == 0
    FaultServer().close()
