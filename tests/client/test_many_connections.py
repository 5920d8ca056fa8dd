"""How AsyncIdeogram uses connections: as many as it needs, each for one request after the other."""

import asyncio
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import anyio
import httpcore
import httpx
import pytest
from both_clients import KEY, image_at
from image_downloads import PNG
from small_internet import Internet, answer, open_doors

from ideogram_ai.client import APIConnectionError, AsyncIdeogram, OutcomeUnknownError, RetryPolicy, network, transport
from ideogram_ai.client.network import AsyncioBackend
from ideogram_ai.testing import MockServer
from ideogram_ai.testing.faults.content import generation

ONCE = RetryPolicy(max_attempts=1)
WHOLE = answer(200, generation("https://images.example/cat.png").body).replace(b"Connection: close\r\n", b"")
PROMPT = "A photo of a cat"
Loop = Literal["asyncio", "trio"]

each_loop = pytest.mark.parametrize("loop", ["asyncio", "trio"])


class Server:
    """Counts connections, and those on which a request is being answered.

    Args:
        talk: What is done with a connection and the requests that came over it so far, one whole one more each time;
            False ends it.
    """

    def __init__(self, talk: Callable[[socket.socket, bytes], bool]) -> None:
        self.opened = self.ended = self.busy = self.most_busy = 0
        self._talk = talk
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads: list[threading.Thread] = []

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.opened += 1
                thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        with connection, suppress(OSError):
            while (request := _request(connection)) and self._answer(connection, request):
                pass
        with self._lock:
            self.ended += 1

    def _answer(self, connection: socket.socket, request: bytes) -> bool:
        with self._lock:
            self.busy += 1
            self.most_busy = max(self.most_busy, self.busy)
        going_on = self._talk(connection, request)
        with self._lock:
            self.busy -= 1
        return going_on


def _request(connection: socket.socket) -> bytes:
    read = b""
    while piece := connection.recv(1 << 16):
        read += piece
        head, end, body = read.partition(b"\r\n\r\n")
        if end and len(body) >= int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return read
    return b""


@contextmanager
def serving(talk: Callable[[socket.socket, bytes], bool]) -> Iterator[Server]:
    server = Server(talk)
    accepting = threading.Thread(target=server.accept, daemon=True)
    accepting.start()
    try:
        yield server
    finally:
        server.close()
        accepting.join()


def answering(connection: socket.socket, _request: bytes) -> bool:
    time.sleep(0.02)
    connection.sendall(WHOLE)
    return True


async def ask(client: AsyncIdeogram, times: int) -> None:
    """So many requests at once, each of which must succeed."""

    async def one() -> None:
        assert (await client.generate(text_prompt=PROMPT)).images

    async with anyio.create_task_group() as group:
        for _ in range(times):
            group.start_soon(one)


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what the server's threads do."""
    while not holds():  # noqa: ASYNC110 - threads set no event of anyio's
        await anyio.sleep(0.001)


def use(loop: Loop, work: Callable[[AsyncIdeogram], Any], **settings: Any) -> Any:
    """Open a client, and await what the work gives."""

    async def main() -> Any:
        async with AsyncIdeogram(KEY, **{"retry": ONCE, **settings}) as client:
            return await work(client)

    return anyio.run(main, backend=loop)


@each_loop
def test_a_connection_is_used_for_one_request_after_the_other(loop: Loop) -> None:
    async def work(client: AsyncIdeogram) -> None:
        for _ in range(3):
            await ask(client, 1)

    with serving(answering) as server:
        use(loop, work, base_url=server.url)
    assert server.opened == 1


@each_loop
def test_requests_at_once_have_a_connection_each_and_leave_it_to_others(loop: Loop) -> None:
    async def work(client: AsyncIdeogram) -> None:
        await ask(client, 20)
        await ask(client, 20)

    with serving(answering) as server:
        use(loop, work, base_url=server.url)
    assert server.most_busy > 1
    assert server.opened <= 20


@each_loop
def test_there_is_a_bound_and_whoever_waits_does_not_fail(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """However short the limits are: the wait for a turn is none of the service's silence."""
    monkeypatch.setattr(transport, "MOST_AT_ONCE", 2)
    limits = httpx.Timeout(connect=5, read=0.5, write=5, pool=0.001)
    with serving(answering) as server:
        use(loop, lambda client: ask(client, 40), base_url=server.url, timeout=limits)
    assert (server.most_busy, server.opened) == (2, 2)


@each_loop
def test_who_is_cancelled_while_waiting_sent_nothing(
    loop: Loop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transport, "MOST_AT_ONCE", 1)
    release = threading.Event()

    def hold(connection: socket.socket, _request: bytes) -> bool:
        release.wait(10)
        connection.sendall(WHOLE)
        return True

    async def work(client: AsyncIdeogram) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(ask, client, 1)
            await until(lambda: server.busy == 1)
            with anyio.move_on_after(0.01):
                await client.generate(text_prompt=PROMPT)
            release.set()
        await ask(client, 1)  # its turn was given back

    with serving(hold) as server:
        use(loop, work, base_url=server.url)
    assert caplog.messages == []


@each_loop
def test_connections_that_nobody_needs_any_more_are_closed(loop: Loop, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(client: AsyncIdeogram) -> None:
        await ask(client, 5)
        monkeypatch.setattr(transport, "KEPT_IDLE", 0.02)
        opened = server.opened
        while server.ended < opened - 1:
            await ask(client, 1)
            await anyio.sleep(0.005)
        await ask(client, 1)
        assert server.opened == opened

    with serving(answering) as server, anyio_limit():
        use(loop, work, base_url=server.url)


@contextmanager
def anyio_limit() -> Iterator[None]:
    """Nothing in the block may take for ever."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < 60


@each_loop
def test_a_connection_that_the_server_closed_is_not_used_again(loop: Loop) -> None:
    def once(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(WHOLE)
        return False

    async def work(client: AsyncIdeogram) -> None:
        for number in range(1, 4):
            await ask(client, 1)
            await until(lambda: server.ended == number)  # noqa: B023 - it is done before the next one

    with serving(once) as server:
        use(loop, work, base_url=server.url)
    assert server.opened == 3


@each_loop
def test_what_a_server_says_unasked_is_no_answer(loop: Loop) -> None:
    """Or the next request would be answered with somebody else's image."""
    sent = threading.Event()

    def twice(connection: socket.socket, _request: bytes) -> bool:
        connection.sendall(WHOLE)
        time.sleep(0.05)
        connection.sendall(answer(402, b"{}"))
        sent.set()
        return True

    async def work(client: AsyncIdeogram) -> None:
        await ask(client, 1)
        await anyio.to_thread.run_sync(sent.wait)
        await anyio.sleep(0.01)
        await ask(client, 1)

    with serving(twice) as server:
        use(loop, work, base_url=server.url)
    assert server.opened == 2


@each_loop
def test_a_client_that_is_closed_ends_what_is_under_way(loop: Loop) -> None:
    arrived = threading.Event()

    def hold(connection: socket.socket, _request: bytes) -> bool:
        arrived.set()
        connection.recv(1)  # until the client hangs up
        return False

    async def work(client: AsyncIdeogram) -> None:
        async def close() -> None:
            await anyio.to_thread.run_sync(arrived.wait)
            await client.aclose()

        async with anyio.create_task_group() as group:
            group.start_soon(close)
            with pytest.raises(OutcomeUnknownError):
                await client.generate(text_prompt=PROMPT)

    with serving(hold) as server:
        use(loop, work, base_url=server.url)
    assert server.ended == 1


@each_loop
def test_a_large_request_arrives_whole(loop: Loop) -> None:
    """However slowly it is taken."""
    lengths: list[int] = []

    def read(connection: socket.socket, request: bytes) -> bool:
        lengths.append(len(request))
        connection.sendall(WHOLE)
        return True

    async def work(client: AsyncIdeogram) -> None:
        await client.generate(text_prompt="c" * 5_000_000)

    with serving(read) as server:
        use(loop, work, base_url=server.url)
    assert lengths[0] > 5_000_000


# httpx and httpcore leave generators of their own unfinished when an exchange is broken off, and trio tells.
@pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
@each_loop
def test_a_server_that_takes_nothing_is_left_and_may_have_billed(loop: Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:

        async def work(client: AsyncIdeogram) -> None:
            with pytest.raises(OutcomeUnknownError, match="WriteTimeout"):
                await client.generate(text_prompt="c" * 20_000_000)

        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        use(loop, work, base_url=url, timeout=httpx.Timeout(connect=5, read=5, write=0.1, pool=5))


@each_loop
def test_a_host_that_takes_no_connection_is_left(loop: Loop) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        for _ in range(4):  # more than wait to be accepted
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())

        async def work(client: AsyncIdeogram) -> None:
            with pytest.raises(APIConnectionError, match="ConnectTimeout"):
                await client.generate(text_prompt=PROMPT)

        url = f"http://127.0.0.1:{full.getsockname()[1]}"
        use(loop, work, base_url=url, timeout=httpx.Timeout(connect=0.2, read=5, write=5, pool=5))


@each_loop
def test_a_handshake_that_takes_for_ever_is_left(loop: Loop) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:

        async def work(client: AsyncIdeogram) -> None:
            with pytest.raises(APIConnectionError, match="ConnectTimeout"):
                await client.generate(text_prompt=PROMPT)

        url = f"https://localhost:{deaf.getsockname()[1]}"
        use(loop, work, base_url=url, timeout=httpx.Timeout(connect=0.2, read=5, write=5, pool=5))


def test_a_cancelled_handshake_leaves_nothing_behind() -> None:
    """On asyncio, whose network is ours; httpcore's leaves it to the garbage collector."""
    with socket.create_server(("127.0.0.1", 0)) as deaf:

        async def work(client: AsyncIdeogram) -> None:
            with anyio.move_on_after(0.1) as scope:
                await client.generate(text_prompt=PROMPT)
            assert scope.cancelled_caught

        use("asyncio", work, base_url=f"https://localhost:{deaf.getsockname()[1]}")
        connection, _ = deaf.accept()
        with connection:
            connection.settimeout(10)
            with suppress(ConnectionError):
                while connection.recv(1 << 16):
                    pass


@each_loop
def test_connections_with_tls_are_used_again_too(
    loop: Loop, internet: Internet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And an image host has other ones than the API."""
    open_doors(monkeypatch)
    images = internet.host("images.example", answer(200, PNG))
    api = internet.host("api.example", answer(200, generation(f"{images.url}/cat.png").body))

    async def work(client: AsyncIdeogram) -> None:
        made = await client.generate(text_prompt=PROMPT)
        for name in ("a.png", "b.png"):
            await client.download(image_at(made.images[0].url), tmp_path / name)

    use(loop, work, base_url=api.url)
    images.settle(2)
    api.settle(1)
    assert (tmp_path / "b.png").read_bytes() == PNG


def test_one_loop_after_the_other() -> None:
    """A client is used in one loop at a time; its connections end with their loop, and it makes others."""
    with MockServer(in_flight=100) as server:

        async def work() -> None:
            async with AsyncIdeogram(KEY, base_url=server.url) as client:
                await ask(client, 2)

        asyncio.run(work())
        asyncio.run(work())
        assert [exchange.status for exchange in server.ledger] == [200] * 4


def test_a_backend_reads_and_writes_without_limits_as_without_many() -> None:
    """httpcore gives it bytes of any number, and no limit where there is none."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def main() -> None:
            stream = await AsyncioBackend().connect_tcp("127.0.0.1", listener.getsockname()[1])
            peer, _ = listener.accept()
            threading.Timer(0.02, peer.sendall, [b"a" * 3_000_000]).start()
            read = 0
            while read < 3_000_000:
                await asyncio.sleep(0.001)  # so that more comes than is wanted
                read += len(await stream.read(1))
            peer.close()
            assert await stream.read(1) == b""
            await stream.aclose()

        asyncio.run(main())


def test_a_limit_that_comes_too_late_changes_nothing() -> None:
    async def main() -> None:
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        network._expire(done)
        assert done.exception() is None

    asyncio.run(main())


def test_a_backend_takes_an_address_of_its_own_and_knows_what_httpcore_asks() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        async def main() -> None:
            port = listener.getsockname()[1]
            stream = await AsyncioBackend().connect_tcp("127.0.0.1", port, timeout=5, local_address="127.0.0.1")
            assert stream.get_extra_info("server_addr") == ("127.0.0.1", port)
            assert stream.get_extra_info("client_addr")[0] == "127.0.0.1"
            assert stream.get_extra_info("is_readable") is False
            assert stream.get_extra_info("something else") is None
            await stream.aclose()
            assert stream.get_extra_info("is_readable") is True
            await stream.write(b"too late")
            with pytest.raises(httpcore.ReadError, match="closed on this side"):
                await stream.read(1)

        asyncio.run(main())


def test_another_loop_of_asyncios_kind_gets_the_network_of_httpcore(monkeypatch: pytest.MonkeyPatch) -> None:
    """As uvloop does, which takes other arguments."""
    with monkeypatch.context() as patch:
        patch.setattr(asyncio, "get_running_loop", asyncio.AbstractEventLoop)
        assert network.on_asyncio() is False
    monkeypatch.setattr(transport, "on_asyncio", lambda: False)
    with serving(answering) as server:
        use("asyncio", lambda client: ask(client, 3), base_url=server.url)
    assert 0 < server.opened <= 3


def test_where_there_is_no_poll_select_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(select, "poll")
    one, other = socket.socketpair()
    with one, other:
        assert network._is_readable(one.fileno()) is False
        other.sendall(b"a")
        assert network._is_readable(one.fileno()) is True
