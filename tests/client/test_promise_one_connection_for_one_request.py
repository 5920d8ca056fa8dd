"""One connection carries one request that costs money, and is closed after it.

A connection that outlives its request carries what nobody asked for into the next one: bytes glued to an answer are
taken for the answer to another request, a forked child reads what its parent was sent, an event loop that has ended
still owns the socket. Each of these ran a request twice, or gave an image to the wrong caller.
"""

import asyncio
import gc
import multiprocessing
import os
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import uvloop
from asgiref.sync import async_to_sync
from both_clients import SHELLS, Shell, run
from canned import success
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

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

KEY = "sentinel-3f9c2b7d51e84a06"
GLUED = [name for name in FAULTS if name.startswith(("glued_", "stray_"))]
QUICK = RetryPolicy(max_attempts=3, base_delay=0.001)
LENT: list[dict[str, Any] | None] = [None, {"trust_env": False}]


def ask(client: Any, prompts: list[str]) -> list[str | None]:
    """The prompt of each image, or the name of the error."""
    got: list[str | None] = []
    for prompt in prompts:
        try:
            got.append(client.generate(text_prompt=prompt, resolution="512x1536").images[0].prompt)
        except IdeogramError as error:
            got.append(type(error).__name__)
    return got


async def ask_async(client: Any, prompts: list[str]) -> list[str | None]:
    """The same at once."""
    got: dict[str, str | None] = {}

    async def one(prompt: str) -> None:
        try:
            got[prompt] = (await client.generate(text_prompt=prompt, resolution="512x1536")).images[0].prompt
        except IdeogramError as error:
            got[prompt] = type(error).__name__

    async with anyio.create_task_group() as tasks:
        for prompt in prompts:
            tasks.start_soon(one, prompt)
    return [got[prompt] for prompt in prompts]


@pytest.mark.parametrize("lend", LENT, ids=["own", "lent"])
@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_glued_to_an_answer_is_nobodys(shell: Shell, lend: dict[str, Any] | None) -> None:
    """Three calls after each other: as many requests run as images come, and each has a connection of its own."""

    def three(client: Any) -> list[Any]:
        return [outcome(lambda: client.generate(text_prompt="a")) for _ in range(3)]

    async def three_async(client: Any) -> list[Any]:
        return [await outcome_async(lambda: client.generate(text_prompt="a")) for _ in range(3)]

    for name in GLUED:
        with FaultServer(name) as server:
            use = three if shell == "sync" else three_async
            outcomes = run(shell, use, lend=lend, base_url=server.url, retry=RetryPolicy(max_attempts=1))
            ledger = server.wait_idle()
        ran = sum(not isinstance(each, IdeogramError) for each in outcomes)
        assert ledger.may_have_run == ran == (0 if name.endswith("behind_429") else 3), name
        assert len(ledger.posts) == 3, name
        assert len({request.connection for request in ledger.posts}) == 3, name
        assert {request.header("Connection") for request in ledger.posts} == {"close"}, name


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except IdeogramError as error:
        return error


async def outcome_async(call: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    try:
        return await call()
    except IdeogramError as error:
        return error


@pytest.mark.parametrize("shell", SHELLS)
def test_a_connection_that_others_left_in_a_lent_pool_is_not_used(shell: Shell) -> None:
    """The caller's own request left an answer behind on a connection that is kept."""
    with FaultServer("glued_429") as server:

        def use(http: Any) -> Any:
            http.post(f"{server.url}/v1/other", content=b"{}")
            return Ideogram(KEY, base_url=server.url, http_client=http, retry=QUICK).generate(text_prompt="a")

        async def use_async() -> Any:
            async with httpx.AsyncClient(trust_env=False) as http:
                await http.post(f"{server.url}/v1/other", content=b"{}")
                client = AsyncIdeogram(KEY, base_url=server.url, http_client=http, retry=QUICK)
                return await client.generate(text_prompt="a")

        if shell == "sync":
            with httpx.Client(trust_env=False) as http:
                made = use(http)
        else:
            made = anyio.run(use_async, backend=shell)
        ledger = server.wait_idle()
    assert made.images
    assert len(ledger.posts) == ledger.connections == 2


def test_a_lent_pool_without_end_of_used_connections_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ideogram_ai.client.client.MAX_USED_CONNECTIONS", 2)
    sent: list[httpx.Request] = []

    def used(request: httpx.Request) -> None:
        request.extensions["trace"](
            "http11.send_request_headers.started", {"request": httpx.Request("POST", "http://a")}
        )

    def offer(request: httpx.Request) -> httpx.Response:
        request.extensions["trace"]("http11.send_request_headers.started", {"request": HeadOf(request)})
        sent.append(request)
        return success()

    async def offer_async(request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("http11.send_request_headers.started", {"request": HeadOf(request)})
        sent.append(request)
        return success()

    with pytest.raises(ConfigurationError, match=r"its first 2 connections were used before.*Nothing was sent"):
        Ideogram(KEY, http_client=httpx.Client(transport=httpx.MockTransport(offer))).generate(text_prompt="a")
    http = httpx.AsyncClient(transport=httpx.MockTransport(offer_async))
    with pytest.raises(ConfigurationError, match="its first 2 connections"):
        asyncio.run(AsyncIdeogram(KEY, http_client=http).generate(text_prompt="a"))
    assert sent == []


class HeadOf:
    """A request as httpcore reports it."""

    def __init__(self, request: httpx.Request) -> None:
        self.method = request.method.encode()


@pytest.mark.parametrize(
    ("kind", "name", "given"),
    [
        (Ideogram, "http_client", httpx.AsyncClient()),
        (Ideogram, "image_client", httpx.AsyncClient()),
        (AsyncIdeogram, "http_client", httpx.Client()),
        (AsyncIdeogram, "image_client", httpx.Client()),
        (Ideogram, "http_client", httpx.HTTPTransport()),
        (AsyncIdeogram, "http_client", "https://proxy.example"),
        (Ideogram, "http_client", httpx.Client),
    ],
)
def test_the_wrong_kind_of_http_client_is_refused_at_once(kind: Any, name: str, given: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"^{name} is a .*; give an httpx\.\w+\. Nothing was sent") as caught:
        kind(KEY, **{name: given})
    assert not caught.value.may_have_been_billed


@pytest.mark.parametrize("lend", [False, True], ids=["own", "lent"])
@pytest.mark.parametrize("loop", ["asyncio", "trio", "uvloop"])
def test_one_client_works_in_an_event_loop_for_each_call(loop: str, lend: bool) -> None:
    def call(work: Callable[[], Any]) -> Any:
        if loop == "uvloop":
            return uvloop.run(work())
        return anyio.run(work, backend=loop)

    with MockServer() as server:
        http = httpx.AsyncClient(trust_env=False) if lend else None
        client = AsyncIdeogram(KEY, base_url=server.url, http_client=http, timeout=20)
        for prompt in ("first", "second", "third"):
            assert call(partial(ask_async, client, [prompt])) == [prompt]
        call(client.aclose)
        assert len(server.ledger) == 3


# What belongs to a loop that ended is closed when it is collected.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_lent_client_that_keeps_connections_of_a_loop_that_ended_is_refused() -> None:
    """Its pool would close them, which only their own loop can do. Nothing was sent, and the error says so."""
    http = httpx.AsyncClient(trust_env=False)
    with FaultServer("ok") as server:
        asyncio.run(http.post(f"{server.url}/v1/other", content=b"{}"))
        client = AsyncIdeogram(KEY, base_url=server.url, http_client=http, retry=QUICK)
        with pytest.raises(ConfigurationError, match=r"belong to another event loop: .*Nothing was sent") as caught:
            asyncio.run(client.generate(text_prompt="a"))
        assert len(server.wait_idle().posts) == 1
    assert not caught.value.may_have_been_billed
    del http, client, caught
    gc.collect()


@pytest.mark.parametrize("shell", ["asyncio", "trio"])
def test_an_error_of_a_lent_client_that_may_have_sent_is_left_as_it_is(shell: Shell) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise RuntimeError("Event loop is closed")

    lend = {"transport": httpx.MockTransport(fail)}
    with pytest.raises(RuntimeError, match="Event loop is closed") as caught:
        run(shell, generate_async, lend=lend, base_url="http://127.0.0.1:9")
    assert any("may have been made and billed" in note for note in caught.value.__notes__)


def test_threads_with_a_loop_each_share_a_client() -> None:
    with MockServer(in_flight=100) as server:
        client = AsyncIdeogram(KEY, base_url=server.url, timeout=20, in_flight=3)
        prompts = [[f"{thread}-{number}" for number in range(4)] for thread in range(5)]
        with ThreadPoolExecutor(5) as pool:
            got = list(pool.map(lambda some: asyncio.run(ask_async(client, some)), prompts))
    assert got == prompts


def test_one_client_in_a_web_application_whose_loop_lives_for_one_request() -> None:
    """Starlette's TestClient without `with` starts an event loop for each request, as asgiref does for each call."""
    with MockServer() as server:
        client = AsyncIdeogram(KEY, base_url=server.url, timeout=20)

        async def page(request: Request) -> JSONResponse:
            return JSONResponse(await ask_async(client, [request.query_params["prompt"]]))

        browser = TestClient(Starlette(routes=[Route("/", page)]))
        for prompt in ("one", "two", "three"):
            assert browser.get("/", params={"prompt": prompt}).json() == [prompt]
            assert async_to_sync(ask_async)(client, [prompt]) == [prompt]
        async_to_sync(client.aclose)()


PROGRAM = """
import pytest
from ideogram_ai.client import AsyncIdeogram

client = AsyncIdeogram({key!r}, base_url={url!r}, timeout=20)

@pytest.mark.asyncio
@pytest.mark.parametrize("prompt", ["one", "two", "three"])
async def test_a_loop_for_each_test(prompt):
    made = await client.generate(text_prompt=prompt, resolution="512x1536")
    assert made.images[0].prompt == prompt
"""


def test_one_client_in_the_tests_of_pytest_asyncio(tmp_path: Path) -> None:
    with MockServer() as server:
        (tmp_path / "test_program.py").write_text(PROGRAM.format(key=KEY, url=server.url))
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
        options = ["-o", "asyncio_default_fixture_loop_scope=function", str(tmp_path)]
        done = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=120)
        assert "3 passed" in done.stdout, done.stdout + done.stderr
        assert len(server.ledger) == 3


IN_CHILDREN = """
import asyncio, multiprocessing, os, sys
from ideogram_ai.client import AsyncIdeogram, Ideogram

url, way = sys.argv[1:]
client = Ideogram({key!r}, base_url=url, timeout=20)
aclient = AsyncIdeogram({key!r}, base_url=url, timeout=20)

def work(name):
    made = client.generate(text_prompt=name, resolution="512x1536").images[0].prompt
    return name, made, asyncio.run(again(name))

async def again(name):
    return (await aclient.generate(text_prompt=name, resolution="512x1536")).images[0].prompt

if __name__ == "__main__":
    if way == "os.fork":
        work("warm")
        child = os.fork()
        names = [f"{{'child' if child == 0 else 'parent'}} {{number}}" for number in range(4)]
        wrong = [got for got in map(work, names) if len(set(got)) > 1]
        if child == 0:
            os._exit(bool(wrong))
        _, status = os.waitpid(child, 0)
        sys.exit(f"{{wrong}} {{status}}" if wrong or status else 0)
    work("warm")
    with multiprocessing.get_context(way).Pool(4) as pool:
        wrong = [got for got in pool.map(work, [f"cat {{number}}" for number in range(8)], chunksize=1)
                 if len(set(got)) > 1]
    sys.exit(str(wrong) if wrong else 0)
"""


@pytest.mark.parametrize(("way", "made"), [("fork", 18), ("spawn", 18), ("forkserver", 18), ("os.fork", 18)])
def test_children_of_a_process_get_their_own_answers(way: str, made: int, tmp_path: Path) -> None:
    """As gunicorn with preload, celery's prefork pool and multiprocessing have them."""
    program = tmp_path / "program.py"
    program.write_text(IN_CHILDREN.format(key=KEY))
    with MockServer(in_flight=100) as server:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", str(program), server.url, way],
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert len(server.ledger) == made


def test_a_forked_child_makes_settings_of_tls_of_its_own() -> None:
    """OpenSSL's locks may be held by a thread that the child does not have."""
    client = Ideogram(KEY)
    mine = id(client._environment._tls())
    assert id(client._environment._tls()) == mine
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply(_context_of, [mine]) is True


def _context_of(theirs: int) -> bool:
    client = Ideogram(KEY)
    kept = client._environment._context
    assert kept is not None
    client._environment._context = os.getppid(), kept[1]
    return id(client._environment._tls()) != id(kept[1])


@pytest.mark.parametrize("lend", LENT, ids=["own", "lent"])
@pytest.mark.parametrize("shell", SHELLS)
def test_what_is_said_before_the_request_is_no_answer(
    shell: Shell, lend: dict[str, Any] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent to a server that speaks first: its words would be taken for the answer."""
    wait_until_it_speaks(monkeypatch)
    with FaultServer("early_429_on_connect") as server:
        use = (lambda client: client.generate(text_prompt="a")) if shell == "sync" else generate_async
        with pytest.raises(APIConnectionError, match="the server spoke before the request was sent") as caught:
            run(shell, use, lend=lend, base_url=server.url, retry=QUICK)
        ledger = server.wait_idle()
    assert ledger.may_have_run == 0
    assert ledger.connections == 3
    assert not caught.value.may_have_been_billed


async def generate_async(client: Any) -> Any:
    return await client.generate(text_prompt="a")


def wait_until_it_speaks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every new connection wait until something came over it, where that is a race otherwise."""
    connect, connect_async = socket.create_connection, anyio.connect_tcp

    def slow(*args: Any, **options: Any) -> socket.socket:
        connection = connect(*args, **options)
        select.select([connection], [], [], 10)
        return connection

    async def slow_async(*args: Any, **options: Any) -> Any:
        stream = await connect_async(*args, **options)
        raw = stream.extra(anyio.abc.SocketAttribute.raw_socket)
        await anyio.to_thread.run_sync(select.select, [raw.fileno()], [], [], 10)
        return stream

    monkeypatch.setattr(socket, "create_connection", slow)
    monkeypatch.setattr(anyio, "connect_tcp", slow_async)
    with suppress(ImportError):
        import trio

        open_tcp = trio.open_tcp_stream

        async def slow_trio(*args: Any, **options: Any) -> Any:
            stream = await open_tcp(*args, **options)
            await trio.lowlevel.wait_readable(stream.socket)
            return stream

        monkeypatch.setattr(trio, "open_tcp_stream", slow_trio)


def test_a_closed_client_lets_what_is_in_flight_come_to_its_end() -> None:
    with MockServer(latency=0.5) as server:
        client = Ideogram(KEY, base_url=server.url)
        got: list[list[str | None]] = []
        thread = threading.Thread(target=lambda: got.append(ask(client, ["a cat"])))
        thread.start()
        while not server.ledger:
            threading.Event().wait(0.01)
        client.close()
        thread.join()
    assert got == [["a cat"]]
