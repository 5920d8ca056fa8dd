"""The two clients are the same client: same methods and life, HTTP clients of the caller, and a limit in flight."""

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
from driver import KEY, KINDS, ONCE, Driver, Kind, at_once, image_at, outcome

from ideogram_ai.client import (
    APIStatusError,
    AsyncIdeogram,
    ConfigurationError,
    Ideogram,
    IdeogramError,
    RateLimitError,
    RequestError,
    RetryPolicy,
)
from ideogram_ai.client.transport import InFlight
from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults.wire import png

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


def test_both_clients_have_the_same_methods_arguments_and_overloads() -> None:
    ours, theirs = public(AsyncIdeogram), public(Ideogram)
    assert ours.keys() == theirs.keys() > {"generate", "download", "close"}
    for name, method in ours.items():
        assert described(method) == described(theirs[name]), name
    overloads = [[described(each) for each in get_overloads(client.generate)] for client in CLIENTS]
    assert len(overloads[0]) == 2
    assert overloads[0] == overloads[1]


def test_download_is_documented_once_and_generate_in_full() -> None:
    docs = [
        {name: inspect.getdoc(public(client)[name]) or "" for name in ("download", "generate")} for client in CLIENTS
    ]
    assert docs[0]["generate"] == docs[1]["generate"]
    assert docs[0]["download"].partition("\n")[0] == docs[1]["download"].partition("\n")[0]
    assert all(title in doc for doc in docs[0].values() for title in ("Args:", "Returns:", "Raises:"))
    assert "Arguments, result and errors are those of Ideogram.download." in docs[1]["download"]


def test_a_client_holds_a_key_and_is_not_pickled_and_knows_its_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for client in CLIENTS:
        made = client(KEY)
        assert repr(made) == f"{client.__name__}(base_url='https://api.ideogram.ai')"
        with pytest.raises(TypeError, match="holds a key and connections"):
            pickle.dumps(made)
        assert client(KEY, base_url="https://api.example/v/").base_url == "https://api.example/v"
        with monkeypatch.context() as patch:
            patch.setenv("IDEOGRAM_BASE_URL", "https://gateway.example")
            assert client(KEY).with_retry(ONCE).base_url == "https://gateway.example"


@pytest.mark.parametrize("kind", KINDS)
def test_a_closed_client_says_so(kind: Kind, tmp_path: Path) -> None:
    for own, close_http in ((True, False), (False, False), (False, True)):
        service = Service()
        http = (httpx.Client if kind == "sync" else httpx.AsyncClient)(transport=service.transport())
        driver = Driver(kind, lend=None if own else http)
        closed = http if close_http else driver.client
        driver.run(lambda _, closed=closed: closed.close() if kind == "sync" else closed.aclose())  # type: ignore[misc]
        for error in (outcome(driver.ask), outcome(driver.download, IMAGE, tmp_path / "1.png")):
            assert isinstance(error, RequestError)
            assert re.match(r"The client is closed\. .*Nothing was sent, nothing billed", error.message)
        assert service.requests == []
        if not close_http:
            assert not http.is_closed  # the caller's stays open
        driver.close()  # a second time does nothing


@pytest.mark.parametrize("kind", KINDS)
def test_threads_and_tasks_share_a_client(kind: Kind) -> None:
    service = Service()
    driver = Driver(kind, service=service, retry=ONCE)
    calls = [partial(driver.client.generate, text_prompt=str(index)) for index in range(40)]
    made = at_once(kind, calls)
    assert [generation.request["text_prompt"] for generation in made] == [str(index) for index in range(40)]
    assert len(service.requests) == 40


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_not_the_networks_fault_is_raised_unchanged(kind: Kind) -> None:
    """A bug of a transport, or Ctrl-C, is not turned into an error of this client; the note says what it costs."""
    driver = Driver(kind, service=Service(ZeroDivisionError("a bug")))
    with driver, pytest.raises(ZeroDivisionError) as caught:
        driver.ask()
    assert not isinstance(caught.value, IdeogramError)
    assert any("may have been made and billed" in note for note in caught.value.__notes__)


@pytest.mark.parametrize("kind", KINDS)
def test_a_copy_with_another_retry_policy(kind: Kind) -> None:
    """It asks as often as its own policy says; closing it leaves the first client open, but not the other way."""
    service = Service(lambda _: httpx.Response(429))
    patient = RetryPolicy(max_attempts=3, base_delay=0)
    first = Driver(kind, service=service, retry=patient)
    second = Driver(kind, service=service)
    second.client = first.client.with_retry(ONCE)
    assert (first.client.retry, second.client.retry) == (patient, ONCE)

    def asks(driver: Driver, times: int) -> None:
        service.requests.clear()
        with pytest.raises(RateLimitError):
            driver.ask()
        assert len(service.requests) == times

    asks(second, 1)
    asks(first, 3)
    second.run(lambda client: client.close() if kind == "sync" else client.aclose())
    asks(first, 3)
    second.client = first.client.with_retry(ONCE)
    first.close()
    with pytest.raises(RequestError, match="closed"):
        second.ask()


# HTTP clients of the caller.


def keyless(http: httpx.Client | httpx.AsyncClient) -> None:
    assert API_KEY_HEADER not in http.headers
    assert KEY not in repr(vars(http))


@pytest.mark.parametrize("kind", KINDS)
def test_a_lent_http_client_may_add_headers_and_hooks_and_decides_nothing_else(kind: Kind) -> None:
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


@pytest.mark.parametrize("kind", KINDS)
def test_a_redirect_is_not_followed_even_by_an_http_client_that_follows(kind: Kind) -> None:
    service = Service(httpx.Response(307, headers={"location": "https://elsewhere.example/"}), lambda _: success())
    driver = Driver(kind, lend={"transport": service.transport(), "follow_redirects": True}, retry=ONCE)
    with driver, pytest.raises(APIStatusError, match=r"It points to elsewhere\.example"):
        driver.ask()
    assert len(service.requests) == 1


def test_the_image_host_never_gets_the_key(tmp_path: Path) -> None:
    api, images = Service(), Service(httpx.Response(200, content=png()))
    with httpx.Client(transport=api.transport()) as http, httpx.Client(transport=images.transport()) as image_http:
        client = Ideogram(KEY, http_client=http, image_client=image_http)
        client.generate(text_prompt="a cat")
        client.download(IMAGE, tmp_path / "cat.png")
        keyless(image_http)
    assert [str(request.url) for request in images.requests] == ["https://i.example/1.png"]
    assert API_KEY_HEADER not in images.requests[0].headers
    assert len(api.requests) == 1
    both = Service(success(), httpx.Response(200, content=png()))
    with Driver("sync", service=both) as driver:
        driver.ask()
        driver.download(IMAGE, tmp_path / "dog.png")
    assert [API_KEY_HEADER in request.headers for request in both.requests] == [True, False]


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


@pytest.mark.parametrize("kind", KINDS)
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
            error = outcome(kind, KEY, in_flight=limit)
            assert isinstance(error, ConfigurationError)
            assert re.match(r"in_flight is .*; give a whole number, 1 or more\. Nothing was", error.message)


def test_who_is_cancelled_while_waiting_sent_nothing_and_leaves_the_place_to_others() -> None:
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


def test_a_place_that_another_loop_gives_back_wakes_who_waits() -> None:
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


def test_a_loop_that_ended_while_it_waited_holds_nobody_up() -> None:
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


def test_a_forked_child_begins_with_every_place_free() -> None:
    places = InFlight(1)
    with places.place():
        places._process = os.getppid()  # as in a child: the place is held by somebody else
        child = threading.Thread(target=_take_and_leave, args=[places], daemon=True)
        child.start()
        child.join(10)
        assert not child.is_alive()


def _take_and_leave(places: InFlight) -> None:
    with places.place():
        pass


def test_a_request_that_fails_gives_its_place_back() -> None:
    with MockServer(scenario=[500, 500, 500]) as server:
        client = Ideogram(KEY, base_url=server.url, in_flight=1, retry=RetryPolicy(max_attempts=1))
        for _ in range(3):
            with pytest.raises(IdeogramError):
                client.generate(text_prompt="a")
