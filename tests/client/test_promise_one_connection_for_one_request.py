"""One connection carries one request that costs money, and is closed after it.

A connection that outlives its request carries something into the next one: bytes glued to a response count as the
response to another request, a forked child reads what its parent was sent, an event loop that has ended still owns the
socket. Each of these ran a request twice, or gave an image to the wrong caller.
"""

import asyncio
import gc
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpcore
import httpx
import pytest
import trio
import uvloop
from canned import Service, report
from client_internals import forked_child_has_own_tls, limit_used_connections
from driver import KEY, KINDS, ONCE, PLAIN, PROMPT, Driver, Kind, against, case, raised

from ideogram_ai.client import (
    APIConnectionError,
    AsyncIdeogram,
    ConfigurationError,
    Ideogram,
    IdeogramError,
    RetryPolicy,
)
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults import FAULTS, FaultServer

GLUED = [name for name in FAULTS if name.startswith(("glued_", "stray_"))]
QUICK = RetryPolicy(max_attempts=3, base_delay=0.001)
each_lend = pytest.mark.parametrize("lend", [None, PLAIN], ids=["own", "lent"])


@pytest.fixture(scope="module")
def mock_server() -> Iterator[MockServer]:
    with MockServer(in_flight=100) as server:
        yield server


async def ask(client: AsyncIdeogram, prompts: list[str]) -> list[str | None]:
    """The prompt of each image; all are asked for at once."""
    got: dict[str, str | None] = {}

    async def one(prompt: str) -> None:
        got[prompt] = (await client.generate(text_prompt=prompt, resolution="512x1536")).images[0].prompt

    async with anyio.create_task_group() as tasks:
        for prompt in prompts:
            tasks.start_soon(one, prompt)
    return [got[prompt] for prompt in prompts]


@each_lend
def test_what_is_glued_to_a_response_belongs_to_nobody(kind: Kind, lend: dict[str, Any] | None) -> None:
    """Three calls after each other: as many requests run as images come, and each has a connection of its own."""

    for name in GLUED:
        with case(name), against(kind, name, lend=lend, retry=ONCE) as (client, server):
            ended = client.one_by_one(*[lambda each: each.generate(text_prompt=PROMPT)] * 3)
            ledger = server.wait_idle()
            ran = sum(not isinstance(each, IdeogramError) for each in ended)
            assert ledger.may_have_run == ran == (0 if name.endswith("behind_429") else 3)
            assert len(ledger.posts) == 3
            assert len({request.connection for request in ledger.posts}) == 3
            assert {request.header("Connection") for request in ledger.posts} == {"close"}


def test_a_connection_that_others_left_in_a_lent_pool_is_not_used(kind: Kind) -> None:
    """The caller's own request left a response behind on a connection that is kept."""
    with against(kind, "glued_429", lend=PLAIN, retry=QUICK) as (driver, server):
        _, made = driver.one_by_one(
            lambda _: driver.http.post(f"{server.url}/v1/other", content=b"{}"),
            lambda client: client.generate(text_prompt=PROMPT),
        )
        assert made.images
        ledger = server.wait_idle()
    assert len(ledger.posts) == ledger.connections == 2


@pytest.mark.parametrize("kind", KINDS[:2])
def test_a_lent_pool_of_used_connections_without_end_is_refused(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    limit_used_connections(monkeypatch, 2)
    sent: list[httpx.Request] = []

    def offer(request: httpx.Request) -> httpx.Response:
        report(request, "http11.send_request_headers.started", request=httpcore.Request("POST", "http://a"))
        sent.append(request)
        return httpx.Response(200)

    async def offer_async(request: httpx.Request) -> httpx.Response:
        info = {"request": httpcore.Request("POST", "http://a")}
        await request.extensions["trace"]("http11.send_request_headers.started", info)
        sent.append(request)
        return httpx.Response(200)

    lend = {"transport": httpx.MockTransport(offer if kind == "sync" else offer_async)}
    with Driver(kind, lend=lend) as client, pytest.raises(ConfigurationError) as caught:
        client.ask()
    assert "its first 2 connections were used before" in caught.value.message
    assert "Nothing was sent" in caught.value.message
    assert sent == []


def test_the_wrong_kind_of_http_client_is_refused_at_once() -> None:
    wrong: list[tuple[Any, str, Any]] = [
        (Ideogram, "http_client", httpx.AsyncClient()),
        (Ideogram, "image_client", httpx.AsyncClient()),
        (AsyncIdeogram, "http_client", httpx.Client()),
        (AsyncIdeogram, "image_client", httpx.Client()),
        (Ideogram, "http_client", httpx.HTTPTransport()),
        (AsyncIdeogram, "http_client", "https://proxy.example"),
        (Ideogram, "http_client", httpx.Client),
    ]
    for make, name, given in wrong:
        words = rf"^{name} is a .*; give an httpx\.\w+\. Nothing was sent"
        assert not raised(ConfigurationError, make, KEY, match=words, **{name: given}).may_have_been_billed


@pytest.mark.parametrize("lend", [False, True], ids=["own", "lent"])
@pytest.mark.parametrize("loop", ["asyncio", "trio", "uvloop"])
def test_one_client_works_in_an_event_loop_for_each_call(loop: str, lend: bool, mock_server: MockServer) -> None:
    def call(work: Callable[[], Any]) -> Any:
        return uvloop.run(work()) if loop == "uvloop" else anyio.run(work, backend=loop)

    before = len(mock_server.ledger)
    http = httpx.AsyncClient(**PLAIN) if lend else None
    client = AsyncIdeogram(KEY, base_url=mock_server.url, http_client=http, timeout=20)
    for prompt in ("first", "second", "third"):
        assert call(partial(ask, client, [prompt])) == [prompt]
    call(client.aclose)
    assert len(mock_server.ledger) - before == 3


# What belongs to a loop that ended is closed when it is collected.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lent_client_that_keeps_connections_of_a_loop_that_ended_is_refused() -> None:
    """Its pool would close them, which only their own loop can do. Nothing was sent, and the error says so."""
    http = httpx.AsyncClient(**PLAIN)
    with FaultServer("ok") as server:
        asyncio.run(http.post(f"{server.url}/v1/other", content=b"{}"))
        client = AsyncIdeogram(KEY, base_url=server.url, http_client=http, retry=QUICK)
        with pytest.raises(ConfigurationError, match=r"belong to another event loop: .*Nothing was sent") as caught:
            asyncio.run(client.generate(text_prompt="a"))
        assert len(server.wait_idle().posts) == 1
    assert not caught.value.may_have_been_billed
    del http, client, caught
    gc.collect()


@pytest.mark.parametrize("kind", KINDS[1:])
def test_an_error_of_a_lent_client_that_may_have_sent_is_left_as_it_is(kind: Kind) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("Event loop is closed")

    with Driver(kind, service=Service(fail)) as client:
        error = raised(RuntimeError, client.ask, match="Event loop is closed")
    assert any("may have been made and billed" in note for note in error.__notes__)


def test_threads_with_a_loop_each_share_a_client(mock_server: MockServer) -> None:
    client = AsyncIdeogram(KEY, base_url=mock_server.url, timeout=20, in_flight=3)
    prompts = [[f"{thread}-{number}" for number in range(4)] for thread in range(5)]
    with ThreadPoolExecutor(5) as pool:
        got = list(pool.map(lambda some: asyncio.run(ask(client, some)), prompts))
    assert got == prompts


IN_CHILDREN = """
import asyncio, multiprocessing, os, sys
from ideogram_ai.client import AsyncIdeogram, Ideogram

url, *ways = sys.argv[1:]
client = Ideogram({key!r}, base_url=url, timeout=20)
aclient = AsyncIdeogram({key!r}, base_url=url, timeout=20)

def work(name):
    made = client.generate(text_prompt=name, resolution="512x1536").images[0].prompt
    return name, made, asyncio.run(again(name))

async def again(name):
    return (await aclient.generate(text_prompt=name, resolution="512x1536")).images[0].prompt

def fork():
    child = os.fork()
    names = [f"{{'child' if child == 0 else 'parent'}} {{number}}" for number in range(4)]
    wrong = [got for got in map(work, names) if len(set(got)) > 1]
    if child == 0:
        os._exit(bool(wrong))
    _, status = os.waitpid(child, 0)
    return [*wrong, status] if wrong or status else []

def pool(way):
    with multiprocessing.get_context(way).Pool(2) as pool:
        answers = pool.map(work, [f"cat {{number}}" for number in range(8)], chunksize=1)
    return [got for got in answers if len(set(got)) > 1]

if __name__ == "__main__":
    work("warm")
    wrong = {{way: fork() if way == "os.fork" else pool(way) for way in ways}}
    sys.exit(str(wrong) if any(wrong.values()) else 0)
"""


def test_children_of_a_process_get_their_own_responses(mock_server: MockServer, tmp_path: Path) -> None:
    """As gunicorn with preload, celery's prefork pool and multiprocessing have them."""
    program = tmp_path / "program.py"
    program.write_text(IN_CHILDREN.format(key=KEY))
    warnings = ["-W", "error", "-W", "ignore::DeprecationWarning"]
    ways = ["fork", "os.fork"]
    before = len(mock_server.ledger)
    command = [sys.executable, *warnings, str(program), mock_server.url, *ways]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(mock_server.ledger) - before == 2 + 16 * len(ways)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of a fork while there are threads
def test_a_forked_child_makes_settings_of_tls_of_its_own() -> None:
    """OpenSSL's locks may be held by a thread that the child does not have."""
    assert forked_child_has_own_tls()


@each_lend
def test_what_is_said_before_the_request_is_no_response(
    kind: Kind, lend: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent to a server that speaks first: its words would be read as the response."""
    wait_until_it_speaks(monkeypatch)
    with against(kind, "early_429_on_connect", lend=lend, retry=QUICK) as (client, server):
        error = raised(APIConnectionError, client.ask, match="the server spoke before the request was sent")
    assert (server.ledger.may_have_run, server.ledger.connections) == (0, 3)
    assert not error.may_have_been_billed


def wait_until_it_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every new connection wait until something came over it, where that is a race otherwise."""
    connect, connect_async, open_tcp = socket.create_connection, anyio.connect_tcp, trio.open_tcp_stream

    def slow(*args: Any, **options: Any) -> socket.socket:
        connection = connect(*args, **options)
        select.select([connection], [], [], 10)
        return connection

    async def slow_async(*args: Any, **options: Any) -> Any:
        stream = await connect_async(*args, **options)
        raw = stream.extra(anyio.abc.SocketAttribute.raw_socket)
        await anyio.to_thread.run_sync(select.select, [raw.fileno()], [], [], 10)
        return stream

    async def slow_trio(*args: Any, **options: Any) -> Any:
        stream = await open_tcp(*args, **options)
        await trio.lowlevel.wait_readable(stream.socket)
        return stream

    monkeypatch.setattr(socket, "create_connection", slow)
    monkeypatch.setattr(anyio, "connect_tcp", slow_async)
    monkeypatch.setattr(trio, "open_tcp_stream", slow_trio)


def test_a_closed_client_lets_what_is_in_flight_come_to_its_end() -> None:
    with MockServer(latency=0.5) as server:
        driver = Driver("sync", base_url=server.url)
        got: list[Any] = []
        thread = threading.Thread(target=lambda: got.append(driver.ask()))
        thread.start()
        while not server.ledger:
            threading.Event().wait(0.01)
        driver.close()
        thread.join()
    assert got[0].images
