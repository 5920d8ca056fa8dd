"""A request counts as "never left" only when the transport said so, and is sent once however a transport behaves.

The class of an exception is chosen by whoever raises it. httpx-aiohttp calls a connection that broke after the request
a time-out of connecting; a transport that tries another host raises what the last one did. A client that believes
these names sends again what has run, and says that nothing was billed. It believes the events of httpx's `trace`.
"""

import select
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import anyio
import hishel.httpx
import httpcore
import httpx
import httpx_aiohttp
import httpx_retries
import pytest
from both_clients import hurried
from httpx_curl_cffi import AsyncCurlTransport

from ideogram_ai.client import APIConnectionError, AsyncIdeogram, Ideogram, IdeogramError, RetryPolicy
from ideogram_ai.client.transport import PreparedRequest, TransportTrace, _has_spoken
from ideogram_ai.testing.faults import FAULTS, FaultServer

KEY = "sentinel-3f9c2b7d51e84a06"
QUICK = RetryPolicy(max_attempts=3, base_delay=0.001)
RESEND = httpx_retries.Retry(total=2, allowed_methods=["POST"], backoff_factor=0, respect_retry_after_header=False)
PLAIN: dict[str, Any] = {"trust_env": False}


class Gateway(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Tries a second host when the first one fails, and raises what the second one did. Nobody listens there."""

    def __init__(self, first: Any, second: Any) -> None:
        self._first, self._second = first, second

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response: httpx.Response = self._first.handle_request(request)
        except httpx.TransportError:
            response = self._second.handle_request(elsewhere(request))
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            response: httpx.Response = await self._first.handle_async_request(request)
        except httpx.TransportError:
            response = await self._second.handle_async_request(elsewhere(request))
        return response


def elsewhere(request: httpx.Request) -> httpx.Request:
    url = request.url.copy_with(port=9)
    return httpx.Request("POST", url, headers=request.headers, content=request.content, extensions=request.extensions)


class Silent(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Reports nothing, and calls every failure what it likes."""

    def __init__(self, inner: Any, kind: type[httpx.TransportError]) -> None:
        self._inner, self._kind = inner, kind

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions.pop("trace")
        try:
            response: httpx.Response = self._inner.handle_request(request)
            response.read()
        except httpx.TransportError:
            raise self._kind("it is said") from None
        return response

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions.pop("trace")
        try:
            response: httpx.Response = await self._inner.handle_async_request(request)
            await response.aread()
        except httpx.TransportError:
            raise self._kind("it is said") from None
        return response


SYNC: dict[str, Callable[[], httpx.Client]] = {
    "httpx": lambda: httpx.Client(**PLAIN),
    "httpx that connects again": lambda: httpx.Client(transport=httpx.HTTPTransport(retries=2)),
    "httpx-retries": lambda: httpx.Client(transport=httpx_retries.RetryTransport(retry=RESEND)),
    "hishel": lambda: httpx.Client(transport=hishel.httpx.CacheTransport(httpx.HTTPTransport())),
    "a gateway": lambda: httpx.Client(transport=Gateway(httpx.HTTPTransport(), httpx.HTTPTransport())),
    "a liar": lambda: httpx.Client(transport=Silent(httpx.HTTPTransport(), httpx.ConnectTimeout)),
    "another liar": lambda: httpx.Client(transport=Silent(httpx.HTTPTransport(), httpx.PoolTimeout)),
}
ASYNC: dict[str, Callable[[], httpx.AsyncClient]] = {
    "httpx": lambda: httpx.AsyncClient(**PLAIN),
    "httpx-aiohttp": lambda: httpx_aiohttp.HttpxAiohttpClient(**PLAIN),
    "httpx-retries": lambda: httpx.AsyncClient(transport=httpx_retries.RetryTransport(retry=RESEND)),
    "hishel": lambda: httpx.AsyncClient(transport=hishel.httpx.AsyncCacheTransport(httpx.AsyncHTTPTransport())),
    "curl": lambda: httpx.AsyncClient(transport=AsyncCurlTransport()),
    "a gateway": lambda: httpx.AsyncClient(transport=Gateway(httpx.AsyncHTTPTransport(), httpx.AsyncHTTPTransport())),
    "a liar": lambda: httpx.AsyncClient(transport=Silent(httpx.AsyncHTTPTransport(), httpx.ConnectError)),
}


def judge(server: FaultServer, outcome: Any, what: str) -> None:
    """Nothing ran twice, and what ran is never said to be free."""
    ran = server.wait_idle().may_have_run
    assert ran <= 1, what
    if isinstance(outcome, Exception):
        assert not ran or getattr(outcome, "may_have_been_billed", False), f"{what}: {outcome!r}"
    else:
        assert ran == 1, what


@pytest.mark.parametrize("transport", SYNC)
def test_no_fault_makes_a_lent_client_pay_twice(transport: str) -> None:
    for name in quick_faults():
        with FaultServer(name) as server, SYNC[transport]() as http:
            client = Ideogram(
                KEY, base_url=server.url, http_client=http, retry=QUICK, timing=hurried("sync"), timeout=5
            )
            try:
                outcome: Any = client.generate(text_prompt="a poster")
            except Exception as error:  # noqa: BLE001 - a transport has exceptions of its own
                outcome = error
            judge(server, outcome, f"{transport}: {name}")


# curl and aiohttp close what a broken exchange leaves behind when they are collected.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("transport", ASYNC)
def test_no_fault_makes_a_lent_async_client_pay_twice(transport: str) -> None:
    async def ask(server: FaultServer) -> Any:
        async with ASYNC[transport]() as http:
            settings: Any = {"retry": QUICK, "timing": hurried("asyncio"), "timeout": 5}
            client = AsyncIdeogram(KEY, base_url=server.url, http_client=http, **settings)
            try:
                return await client.generate(text_prompt="a poster")
            except Exception as error:  # noqa: BLE001 - a transport has exceptions of its own
                return error

    for name in quick_faults():
        with FaultServer(name) as server:
            judge(server, anyio.run(ask, server), f"{transport}: {name}")


def quick_faults() -> list[str]:
    """Every fault but those that a time limit ends, bombs, and early answers, which are a race with the request."""
    return [name for name, fault in FAULTS.items() if not fault.needs_limit and not name.startswith(("early_", "bomb"))]


@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError])
def test_the_name_of_an_exception_is_no_evidence(kind: type[httpx.TransportError]) -> None:
    seen: list[httpx.Request] = []

    def fail(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise kind("it is said")

    with httpx.Client(transport=httpx.MockTransport(fail)) as http:
        client = Ideogram(KEY, http_client=http, retry=QUICK)
        with pytest.raises(IdeogramError, match="does not report whether the request left") as caught:
            client.generate(text_prompt="a poster")
    assert caught.value.may_have_been_billed
    assert len(seen) == 1


def test_what_cannot_come_after_sending_needs_no_evidence() -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise httpx.UnsupportedProtocol("no such scheme")

    http = httpx.Client(transport=httpx.MockTransport(fail))
    with http, pytest.raises(APIConnectionError, match="never left") as caught:
        Ideogram(KEY, http_client=http, retry=QUICK).generate(text_prompt="a poster")
    assert not caught.value.transient


def test_a_connection_that_is_refused_is_known_not_to_have_sent_anything() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    for http in (None, httpx.Client(**PLAIN)):
        with pytest.raises(APIConnectionError, match="Given up after 3 attempts"):
            Ideogram(KEY, base_url=url, http_client=http, retry=QUICK).generate(text_prompt="a poster")


EVENTS = [
    "connection.connect_tcp.started",
    "connection.connect_tcp.complete",
    "http11.send_request_headers.started",
    "http11.send_request_headers.complete",
    "http11.send_request_body.started",
    "http11.send_request_body.complete",
    "http11.receive_response_headers.started",
    "http11.receive_response_headers.complete",
    "http11.receive_response_body.started",
    "http11.receive_response_body.complete",
    "http11.response_closed.started",
    "http11.response_closed.complete",
]


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
    stream = seen["connection.connect_tcp.complete"]["return_value"]
    assert callable(stream.get_extra_info)


def test_a_tunnel_reports_its_own_request_as_one_of_another_method() -> None:
    """What a proxy is asked is not our request: nothing has left when it refuses."""
    with refusing_proxy() as (url, heads), httpx.Client(proxy=url) as http:
        client = Ideogram(KEY, base_url="https://api.example", http_client=http, retry=QUICK)
        with pytest.raises(APIConnectionError, match="never left") as caught:
            client.generate(text_prompt="a poster")
    assert not caught.value.may_have_been_billed
    assert all(head.startswith(b"CONNECT api.example:443") for head in heads)
    assert "It went through the proxy 127.0.0.1" in caught.value.message


@contextmanager
def refusing_proxy() -> Iterator[tuple[str, list[bytes]]]:
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        heads.append(connection.recv(65536))
                        connection.sendall(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", heads
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_second_sending_is_stopped_unless_the_first_was_refused() -> None:
    """A transport that asks again after 401 or 407 has a reason; one that sends again after a 503 pays twice."""
    for status, stopped in (
        (401, False),
        (407, False),
        (429, False),
        (408, True),
        (503, True),
        (200, True),
        (303, True),
    ):
        answers = iter(
            [httpx.Response(status), httpx.Response(200, json={"data": [{"url": "https://i.example/1.png"}]})]
        )
        sent = 0

        def ask_twice(request: httpx.Request, answers: Any = answers) -> httpx.Response:
            nonlocal sent
            trace = request.extensions["trace"]
            for _ in range(2):
                trace("connection.connect_tcp.complete", {"return_value": Stream()})
                trace("http11.send_request_headers.started", {"request": httpcore.Request("POST", "http://a")})
                sent += 1
                response: httpx.Response = next(answers)
                head = (b"HTTP/1.1", response.status_code, b"", response.headers.raw)
                trace("http11.receive_response_headers.complete", {"return_value": head})
            return response

        with httpx.Client(transport=httpx.MockTransport(ask_twice)) as http:
            client = Ideogram(KEY, base_url="http://127.0.0.1:9", http_client=http, retry=RetryPolicy(max_attempts=1))
            with suppress(IdeogramError):
                client.generate(text_prompt="a poster")
        assert sent == (1 if stopped else 2), status


class Stream:
    """A connection as httpcore reports it."""

    def get_extra_info(self, name: str) -> Any:
        return ("127.0.0.1", 9) if name == "server_addr" else None


def test_an_http_client_that_sends_again_ends_as_unknown() -> None:
    with FaultServer("close_after_request") as server:
        retry = httpx_retries.RetryTransport(
            retry=httpx_retries.Retry(total=3, allowed_methods=["POST"], backoff_factor=0)
        )
        with httpx.Client(transport=retry) as http, pytest.raises(IdeogramError) as caught:
            Ideogram(KEY, base_url=server.url, http_client=http, retry=QUICK).generate(text_prompt="a poster")
        assert server.wait_idle().may_have_run == 1
    assert caught.value.may_have_been_billed
    assert "about to send the request a second time" in caught.value.message


def test_a_watch_that_was_never_begun_has_sent_nothing() -> None:
    assert TransportTrace().never_left


def test_a_connection_of_http_2_may_be_shared() -> None:
    """Each answer there carries the number of its request."""
    watch = TransportTrace()
    watch.start(
        PreparedRequest(to="api", method="POST", url="https://a.example/", headers={}, timeout=httpx.Timeout(5))
    )
    request = {"request": httpcore.Request("POST", "https://a.example/")}
    watch.observe("http2.send_request_headers.started", request)
    assert watch.left
    watch.observe("http2.receive_response_headers.complete", {"return_value": (200, [])})
    assert watch.head is None


def test_a_connection_that_was_reset_has_said_nothing() -> None:
    """Writing finds out that it is gone, and that the request cannot have arrived is not for us to say."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = socket.create_connection(listener.getsockname())
        peer, _ = listener.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        with connection:
            select.select([connection], [], [], 10)
            assert not _has_spoken(Reported(connection))


class Reported:
    """A connection as httpcore reports it."""

    def __init__(self, connection: socket.socket) -> None:
        self._told = {"is_readable": True, "socket": connection}

    def get_extra_info(self, name: str) -> Any:
        return self._told[name]
