"""The two clients are the same client: methods, lifetime, HTTP clients of the caller, and requests in flight."""

import asyncio
import inspect
import os
import pickle
import re
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_overloads

import anyio
import httpx
import pytest
import respx
from canned import Service, success
from driver import KEY, ONCE, Driver, Kind, at_once, case, image_at, raised

import ideogram_ai.client as ideogram
from ideogram_ai.client import AsyncIdeogram, Ideogram, RetryPolicy
from ideogram_ai.client.transport import InFlight
from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer

CLIENTS: tuple[Any, Any] = (Ideogram, AsyncIdeogram)
RENAMED = {"aclose": "close", "__aenter__": "__enter__", "__aexit__": "__exit__"}
IMAGE = image_at("https://i.example/1.png")


def public(client: type) -> dict[str, Callable[..., object]]:
    names = dict(inspect.getmembers(client, callable))
    kept = {name for name in names if not name.startswith("_")} | {"__init__", *RENAMED, *RENAMED.values()}
    return {RENAMED.get(name, name): value for name, value in names.items() if name in kept}


def described(function: Callable[..., object]) -> str:
    """The arguments of a function, their types and defaults, and what it returns."""
    signature = re.sub(r"0x[0-9a-f]+", "", str(inspect.signature(function)))
    return signature.replace("httpx.AsyncClient", "httpx.Client").replace("AsyncIdeogram", "Ideogram")


def test_both_clients_have_the_same_methods_and_documentation() -> None:
    ours, theirs = public(AsyncIdeogram), public(Ideogram)
    assert ours.keys() == theirs.keys() > {"generate", "download", "close"}
    for name, method in ours.items():
        assert described(method) == described(theirs[name]), name
    overloads = [[described(each) for each in get_overloads(client.generate)] for client in CLIENTS]
    assert len(overloads[0]) == 2
    assert overloads[0] == overloads[1]
    generate, download = (
        [inspect.getdoc(methods[name]) or "" for methods in (theirs, ours)] for name in ("generate", "download")
    )
    assert generate[0] == generate[1]
    assert download[0].partition("\n")[0] == download[1].partition("\n")[0]
    assert all(title in doc for doc in (generate[0], download[0]) for title in ("Args:", "Returns:", "Raises:"))
    assert "Arguments, result and errors are those of Ideogram.download." in download[1]


def test_a_client_shows_its_server_and_is_not_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    for client in CLIENTS:
        made = client(KEY)
        assert repr(made) == f"{client.__name__}(base_url='https://api.ideogram.ai')"
        assert made.operations is made
        raised(TypeError, pickle.dumps, made, match="holds a key and connections")
        assert client(KEY, base_url="https://api.example/v/").base_url == "https://api.example/v"
        with monkeypatch.context() as patch:
            patch.setenv("IDEOGRAM_BASE_URL", "https://gateway.example")
            assert client(KEY).with_retry(ONCE).base_url == "https://gateway.example"


def test_threads_and_tasks_share_a_client(kind: Kind) -> None:
    service = Service()
    driver = Driver(kind, service=service, retry=ONCE)
    made = at_once(kind, [partial(driver.client.generate, text_prompt=str(index)) for index in range(40)])
    assert [generation.request["text_prompt"] for generation in made] == [str(index) for index in range(40)]
    assert len(service.requests) == 40


def test_a_copy_with_another_retry_policy(kind: Kind) -> None:
    """It retries by its own policy. Closing it leaves the first client open; closing the first closes the copy."""
    service = Service(lambda _: httpx.Response(429))
    patient = RetryPolicy(max_attempts=3, base_delay=0)
    first, second = Driver(kind, service=service, retry=patient), Driver(kind, service=service)
    second.client = first.client.with_retry(ONCE)
    assert (first.client.retry, second.client.retry) == (patient, ONCE)

    def requests_of(driver: Driver) -> int:
        service.requests.clear()
        raised(ideogram.RateLimitError, driver.ask)
        return len(service.requests)

    assert (requests_of(second), requests_of(first)) == (1, 3)
    second.close_one(second.client)
    assert requests_of(first) == 3
    second.client = first.client.with_retry(ONCE)
    first.close()
    raised(ideogram.RequestError, second.ask, match="closed")


def test_a_closed_client_raises_an_error_that_says_so(kind: Kind, tmp_path: Path) -> None:
    """One of its own, one with a lent HTTP client, which stays open, and one whose lent HTTP client was closed."""
    for own, close_http in ((True, False), (False, False), (False, True)):
        service = Service()
        driver = Driver(kind, lend=None if own else {"transport": service.transport()})
        driver.close_one(driver.http if close_http else driver.client)
        for call in (driver.ask, partial(driver.download, IMAGE, tmp_path / "1.png")):
            raised(ideogram.RequestError, call, match=r"^The client is closed\. .*Nothing was sent, nothing billed")
        assert service.requests == []
        assert own or close_http or not driver.http.is_closed
        driver.close()  # a second time does nothing


# HTTP clients of the caller.


def test_a_lent_http_client_adds_headers_and_hooks_and_decides_nothing_else(kind: Kind) -> None:
    seen: list[str] = []

    def hook(message: httpx.Request | httpx.Response) -> None:
        seen.append(type(message).__name__)

    async def hook_async(message: httpx.Request | httpx.Response) -> None:
        hook(message)

    used: Any = hook if kind == "sync" else hook_async
    service = Service()
    options = {
        "transport": service.transport(),
        "base_url": "https://elsewhere.example/v2",
        "headers": {"X-Team": "7", API_KEY_HEADER: "theirs", "Accept": "text/html", "Accept-Encoding": "br"},
        "event_hooks": {"request": [used], "response": [used]},
    }
    with Driver(kind, lend=options, retry=ONCE) as driver:
        driver.ask()
        assert KEY not in repr(vars(driver.http))
    (request,) = service.requests
    assert request.url.host == "api.ideogram.ai"
    assert request.headers["x-team"] == "7"
    assert request.headers.get_list(API_KEY_HEADER) == [KEY]
    assert (request.headers["accept"], request.headers["accept-encoding"]) == ("application/json", "identity")
    assert seen == ["Request", "Response"]


@respx.mock
def test_the_clients_own_connections_keep_no_cookie() -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        made = success()
        made.headers["set-cookie"] = "session=1; Path=/"
        return made

    route = respx.post(url__startswith="https://api.ideogram.ai/").mock(side_effect=answer)
    with Ideogram(KEY) as client:
        client.generate(text_prompt="a")
        client.generate(text_prompt="a")
    assert ["cookie" in call.request.headers for call in route.calls] == [False, False]


# Requests in flight.


def test_requests_beyond_the_limit_wait_and_a_copy_shares_the_limit(kind: Kind) -> None:
    with MockServer(latency=0.02) as server:
        client = Driver(kind, base_url=server.url, retry=ONCE).client
        at_once(kind, [partial(client.generate, text_prompt=str(number)) for number in range(50)])
        assert [exchange.status for exchange in server.ledger] == [200] * 50
    with MockServer(latency=0.02, in_flight=2) as server:
        client = Driver(kind, base_url=server.url, in_flight=2, retry=RetryPolicy(max_attempts=2)).client
        both = (client, client.with_retry(ONCE))
        at_once(kind, [partial(each.generate, text_prompt=str(number)) for number in range(4) for each in both])
        assert [exchange.status for exchange in server.ledger] == [200] * 8


def test_the_limit_is_the_contracts_or_a_whole_number() -> None:
    for kind in CLIENTS:
        client = kind(KEY)
        assert client._in_flight.limit == POST_GENERATE_IMAGE_V4.in_flight_limit
        assert client.with_retry(RetryPolicy())._in_flight is client._in_flight
        assert client.with_retry(RetryPolicy(), in_flight=3)._in_flight.limit == 3
        for limit in (0, -1, True, 2.5, "10"):
            words = r"in_flight is .*; give a whole number, 1 or more\. Nothing was"
            with case(limit):
                raised(ideogram.ConfigurationError, kind, KEY, in_flight=limit, match=words)


def test_a_call_that_is_cancelled_while_it_waits_sends_nothing_and_leaves_its_place() -> None:
    async def main() -> None:
        async with AsyncIdeogram(KEY, base_url=server.url, in_flight=1) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: client.generate(text_prompt="first"))
            while not server.ledger:  # noqa: ASYNC110 - the server has no event of anyio's
                await anyio.sleep(0.01)
            with anyio.move_on_after(0.05) as scope:
                await client.generate(text_prompt="cancelled")
            assert scope.cancelled_caught
            await client.generate(text_prompt="second")

    with MockServer(latency=0.3) as server:
        asyncio.run(main())
        assert len(server.ledger) == 2


def test_a_place_that_another_loop_releases_wakes_the_next() -> None:
    places = InFlight(1)
    held, go = threading.Event(), threading.Event()
    order: list[str] = []

    async def hold() -> None:
        async with places.async_place():
            held.set()
            await anyio.to_thread.run_sync(go.wait)
            order.append("first")

    async def wait() -> None:
        async with places.async_place():
            order.append("second")

    thread = threading.Thread(target=asyncio.run, args=[hold()])
    thread.start()
    held.wait()
    threading.Timer(0.1, go.set).start()
    anyio.run(wait, backend="trio")
    thread.join()
    assert order == ["first", "second"]


def test_a_loop_that_ended_while_it_waited_blocks_nobody() -> None:
    places = InFlight(1)
    ended = asyncio.new_event_loop()

    async def wait() -> None:
        async with places.async_place():
            pass

    with places.place():
        task = ended.create_task(wait())
        ended.run_until_complete(asyncio.sleep(0.01))
        ended.call_soon(ended.stop)
        ended.run_forever()
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        ended.close()
        waiting = threading.Thread(target=asyncio.run, args=[wait()])
        waiting.start()
        while len(places._wakers) < 2:
            time.sleep(0.01)
    waiting.join(10)
    assert not waiting.is_alive()


def test_a_forked_child_starts_with_every_place_free() -> None:
    places = InFlight(1)

    def use() -> None:
        with places.place():
            pass

    with places.place():
        places._process = os.getppid()  # as in a child: another process holds the place
        child = threading.Thread(target=use, daemon=True)
        child.start()
        child.join(10)
        assert not child.is_alive()


def test_a_request_that_fails_releases_its_place() -> None:
    with MockServer(scenario=[500, 500, 500]) as server:
        client = Ideogram(KEY, base_url=server.url, in_flight=1, retry=ONCE)
        for _ in range(3):
            raised(ideogram.IdeogramError, client.generate, text_prompt="a")
