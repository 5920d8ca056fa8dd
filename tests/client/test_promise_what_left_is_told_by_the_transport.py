"""A request counts as "never left" only when the transport said so, and is sent once however a transport behaves.

The class of an exception is chosen by whoever raises it: httpx-aiohttp calls a connection that broke after the request
a time-out of connecting. A client that believes these names sends again what has run, and says that nothing was
billed; ours believes the events of httpx's `trace`.
"""

import select
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import closing
from importlib import import_module
from typing import Any

import anyio
import httpcore
import httpx
import httpx_retries
import pytest
from canned import Service, report, success
from client_internals import PreparedRequest, TransportTrace, has_spoken, limit_body
from driver import NO_TLS, ONCE, PLAIN, Driver, case, outcome, raised
from small_internet import Proxy

from ideogram_ai.client import APIConnectionError, IdeogramError, RetryPolicy
from ideogram_ai.testing.faults import FAULTS, FaultServer

QUICK = RetryPolicy(max_attempts=3, base_delay=0.001)
RESEND = httpx_retries.Retry(total=2, allowed_methods=["POST"], backoff_factor=0, respect_retry_after_header=False)


class Gateway(httpx.BaseTransport):
    """Tries a second host when the first one fails, and raises what the second one did. Nobody listens there."""

    def __init__(self) -> None:
        self._first, self._second = httpx.HTTPTransport(verify=NO_TLS), httpx.HTTPTransport(verify=NO_TLS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response = self._first.handle_request(request)
        except httpx.TransportError:
            response = self._second.handle_request(elsewhere(request))
        return response


def elsewhere(request: httpx.Request) -> httpx.Request:
    url = request.url.copy_with(port=9)
    return httpx.Request("POST", url, headers=request.headers, content=request.content, extensions=request.extensions)


class Misnaming(httpx.BaseTransport):
    """Reports nothing, and gives every failure the class that it likes."""

    def __init__(self, error: type[httpx.TransportError]) -> None:
        self._inner, self._error = httpx.HTTPTransport(verify=NO_TLS), error

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions.pop("trace")
        try:
            response = self._inner.handle_request(request)
            response.read()
        except httpx.TransportError:
            raise self._error("that is what it says") from None
        return response


def loaded(name: str) -> Any:
    """A library that takes long to load, and that only one test needs."""
    return import_module(name)


TRANSPORTS: dict[str, Callable[[], httpx.BaseTransport]] = {
    "httpx that connects again": lambda: httpx.HTTPTransport(verify=NO_TLS, retries=2),
    "httpx-retries": lambda: httpx_retries.RetryTransport(retry=RESEND),
    "hishel": lambda: loaded("hishel.httpx").CacheTransport(httpx.HTTPTransport(verify=NO_TLS)),
    "a gateway": Gateway,
    "misnamed as connecting": lambda: Misnaming(httpx.ConnectTimeout),
    "misnamed as the pool": lambda: Misnaming(httpx.PoolTimeout),
}
ASYNC_TRANSPORTS: dict[str, Callable[[], httpx.AsyncBaseTransport]] = {
    "httpx-retries": lambda: httpx_retries.RetryTransport(retry=RESEND),
    "hishel": lambda: loaded("hishel.httpx").AsyncCacheTransport(httpx.AsyncHTTPTransport(verify=NO_TLS)),
    "curl": lambda: loaded("httpx_curl_cffi").AsyncCurlTransport(),
}
SYNC: dict[str, Callable[[], httpx.Client]] = {
    "httpx": lambda: httpx.Client(**PLAIN),
    **{name: lambda make=make: httpx.Client(transport=make()) for name, make in TRANSPORTS.items()},  # type: ignore[misc]
}
ASYNC: dict[str, Callable[[], httpx.AsyncClient]] = {
    "httpx": lambda: httpx.AsyncClient(**PLAIN),
    "httpx-aiohttp": lambda: loaded("httpx_aiohttp").HttpxAiohttpClient(**PLAIN),
    **{name: lambda make=make: httpx.AsyncClient(transport=make()) for name, make in ASYNC_TRANSPORTS.items()},  # type: ignore[misc]
}
EVERY: list[Callable[[], Any]] = [*SYNC.values(), *ASYNC.values()]
QUICK_FAULTS = [name for name, each in FAULTS.items() if not each.needs_limit and not name.startswith("early_")]
"""Every fault but those that a time limit ends, and early responses, which are a race with the request."""


# curl and aiohttp close what a broken exchange leaves behind when they are collected.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("make", EVERY, ids=[*SYNC, *(f"async-{name}" for name in ASYNC)])
def test_no_fault_makes_a_lent_client_pay_twice(make: Callable[[], Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing runs twice, and what ran is never called free."""

    async def ask(url: str) -> Any:
        async with make() as http:
            client = Driver("asyncio", base_url=url, lend=http, retry=QUICK, timeout=5).client
            try:
                return await client.generate(text_prompt="a poster")
            except Exception as error:  # noqa: BLE001 - a transport has exceptions of its own
                return error

    def ask_sync(url: str) -> Any:
        with make() as http:
            try:
                return Driver("sync", base_url=url, lend=http, retry=QUICK, timeout=5).ask()
            except Exception as error:  # noqa: BLE001
                return error

    limit_body(1 << 20, monkeypatch)
    # httpx itself meets all of them, and the transports of others take turns at some of each sort.
    turn = slice(None) if make in (SYNC["httpx"], ASYNC["httpx"]) else slice(EVERY.index(make) % 3, None, 3)
    for name in QUICK_FAULTS[turn]:
        with case(name), FaultServer(name, expanded_size=1 << 20) as server:
            ended = ask_sync(server.url) if make in SYNC.values() else anyio.run(ask, server.url)
            ran = server.wait_idle().may_have_run
            assert ran <= 1
            if isinstance(ended, Exception):
                assert not ran or getattr(ended, "may_have_been_billed", False), repr(ended)
            else:
                assert ran == 1


def ask_failing(error: httpx.TransportError) -> tuple[Any, int]:
    """The outcome of a call whose transport reports nothing and raises this, and how often it was sent."""
    sent: list[httpx.Request] = []

    def fail(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        raise error

    with Driver("sync", lend={"transport": httpx.MockTransport(fail)}, retry=QUICK) as client:
        return outcome(client.ask), len(sent)


def test_the_name_of_an_exception_is_no_evidence() -> None:
    for error in (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError):
        ended, sent = ask_failing(error("that is what it says"))
        assert isinstance(ended, IdeogramError)
        assert "does not report whether the request left" in ended.message
        assert ended.may_have_been_billed
        assert sent == 1


def test_what_cannot_come_after_sending_needs_no_evidence() -> None:
    ended, _ = ask_failing(httpx.UnsupportedProtocol("no such scheme"))
    assert isinstance(ended, APIConnectionError)
    assert "never left" in ended.message
    assert not ended.transient


def test_a_connection_that_is_refused_is_known_not_to_have_sent_anything() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for lend in (None, PLAIN):
        with Driver("sync", base_url=url, lend=lend, retry=QUICK) as client:
            raised(APIConnectionError, client.ask, match="Given up after 3 attempts")


EVENTS = [
    f"{step}.{state}"
    for step in (
        "connection.connect_tcp", "http11.send_request_headers", "http11.send_request_body",
        "http11.receive_response_headers", "http11.receive_response_body", "http11.response_closed",
    )
    for state in ("started", "complete")
]  # fmt: skip


@pytest.mark.parametrize("backend", [None, "asyncio", "trio"])
def test_the_installed_httpcore_reports_what_the_promise_rests_on(backend: str | None) -> None:
    """Names of events, and what comes with them: where a release changes one, this fails and not the promise."""
    seen: dict[str, dict[str, Any]] = {}

    def note(event: str, info: dict[str, Any]) -> None:
        seen[event] = dict(info)

    async def note_async(event: str, info: dict[str, Any]) -> None:
        note(event, info)

    async def ask(url: str) -> None:
        async with httpcore.AsyncConnectionPool() as pool:
            await pool.request("POST", url, content=b"{}", extensions={"trace": note_async})

    with FaultServer("ok") as server:
        url = f"{server.url}/v1/ideogram-v4/generate"
        if backend:
            anyio.run(ask, url, backend=backend)
        else:
            with httpcore.ConnectionPool() as pool:
                pool.request("POST", url, content=b"{}", extensions={"trace": note})
    assert list(seen) == EVENTS
    assert seen["connection.connect_tcp.started"]["host"] == "127.0.0.1"
    assert seen["http11.send_request_headers.started"]["request"].method == b"POST"
    assert seen["http11.receive_response_headers.complete"]["return_value"][1] == 200
    assert callable(seen["connection.connect_tcp.complete"]["return_value"].get_extra_info)


def test_a_request_to_a_proxy_is_not_the_request_itself() -> None:
    """Nothing has left when a proxy refuses to tunnel; here, because nobody listens at that port."""
    options: dict[str, Any] = {"base_url": "https://api.example:9", "retry": QUICK}
    with Proxy() as proxy, Driver("sync", lend={"proxy": proxy.url}, **options) as client:
        error = raised(APIConnectionError, client.ask, match="never left")
    assert not error.may_have_been_billed
    assert {head.partition(b" HTTP/")[0] for head in proxy.heads} == {b"CONNECT api.example:9"}
    assert "It went through the proxy 127.0.0.1" in error.message


class Connection:
    """A connection as httpcore reports it."""

    def __init__(self, **info: Any) -> None:
        self._info = {"server_addr": ("127.0.0.1", 9), **info}

    def get_extra_info(self, name: str) -> Any:
        return self._info.get(name)


def test_a_second_sending_is_stopped_unless_the_first_was_refused() -> None:
    """A transport that asks again after 401 or 407 has a reason; one that sends again after a 503 pays twice."""
    for status, stopped in {401: False, 407: False, 429: False, 408: True, 503: True, 200: True, 303: True}.items():
        sent = 0

        def ask_twice(request: httpx.Request, status: int = status) -> httpx.Response:
            nonlocal sent
            for response in (httpx.Response(status), success()):
                report(request, "connection.connect_tcp.complete", return_value=Connection())
                about = httpcore.Request("POST", "http://a")
                report(request, "http11.send_request_headers.started", request=about)
                sent += 1
                head = (b"HTTP/1.1", response.status_code, b"", response.headers.raw)
                report(request, "http11.receive_response_headers.complete", return_value=head)
            return response

        with Driver("sync", service=Service(ask_twice), retry=ONCE) as client:
            outcome(client.ask)
        assert sent == (1 if stopped else 2), status


def test_an_http_client_that_sends_again_ends_as_unknown() -> None:
    with FaultServer("close_after_request") as server:
        lend = {"transport": httpx_retries.RetryTransport(retry=RESEND)}
        with Driver("sync", base_url=server.url, lend=lend, retry=QUICK) as client:
            ended = outcome(client.ask)
        assert server.wait_idle().may_have_run == 1
    assert isinstance(ended, IdeogramError)
    assert ended.may_have_been_billed
    assert "about to send the request a second time" in ended.message


def test_a_connection_of_http_2_may_be_shared() -> None:
    """Each response there carries the number of its request."""
    trace = TransportTrace()
    assert trace.never_left
    trace.start(
        PreparedRequest(to="api", method="POST", url="https://a.example/", headers={}, timeout=httpx.Timeout(5))
    )
    request = {"request": httpcore.Request("POST", "https://a.example/")}
    trace.observe("http2.send_request_headers.started", request)
    assert trace.left
    trace.observe("http2.receive_response_headers.complete", {"return_value": (200, [])})
    assert trace.head is None


@pytest.fixture
def reset_connection() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = socket.create_connection(listener.getsockname())
        peer, _ = listener.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        with closing(connection):
            select.select([connection], [], [], 10)
            yield connection


def test_a_connection_that_was_reset_has_said_nothing(reset_connection: socket.socket) -> None:
    """Writing finds out that it is gone, and that the request cannot have arrived is not for us to say."""
    assert not has_spoken(Connection(is_readable=True, socket=reset_connection))
