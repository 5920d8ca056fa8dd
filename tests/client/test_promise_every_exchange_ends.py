"""Every exchange ends in a time that the client states, whatever a server sends, and nothing that arrived is lost.

A limit on silence does not stop a server that sends a byte now and then: in a chunk extension, a trailer, an interim
response. And a limit that ends a read because the process itself stood still, behind Ctrl-Z or a laptop's lid, throws
away a paid response that lies in the socket.
"""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme
from canned import success
from client_internals import (
    PreparedRequest,
    TransportTrace,
    enforce_deadline,
    enforce_deadline_async,
    forget_process_state,
    grace,
    limit_body,
    limit_last_look,
    read_limit_of_async_client,
)
from driver import KINDS, ONCE, PLAIN, PROMPT, SUPPORT, Driver, Kind, at_once, raised
from image_downloads import acting, drawn, head, noise
from raw_http import read_until
from small_internet import Listener

from ideogram_ai.client import APIConnectionError, ConfigurationError, Generation, OutcomeUnknownError
from ideogram_ai.testing.faults import FAULTS, FaultServer

DRIPS = [name for name in FAULTS if name.startswith("drip_")]
FLOODS = [name for name in FAULTS if name.startswith("endless_") and name != "endless_body"]
LIMITS = httpx.Timeout(connect=2.0, write=2.0, read=0.4, pool=2.0)
BOUND = 20.0
"""Seconds that no exchange here may take, although the machine may be busy: the limits above are together 6.8."""

# httpx and httpcore leave generators of their own unfinished when an exchange breaks off, and trio warns of it.
pytestmark = pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")


@pytest.fixture(autouse=True)
def _bounded(monkeypatch: pytest.MonkeyPatch) -> Any:
    limit_body(1 << 20, monkeypatch)  # a flood ends there
    began = time.monotonic()
    yield
    assert time.monotonic() - began < BOUND


@pytest.mark.parametrize("lend", [None, PLAIN], ids=["own", "lent"])
def test_no_drip_and_no_flood_holds_a_caller(kind: Kind, lend: dict[str, Any] | None) -> None:
    """All drips at once, and each flood by itself, as one floods the processor as well."""
    for faults in (DRIPS, *([name] for name in FLOODS)):
        with ExitStack() as stack:
            servers = [stack.enter_context(FaultServer(name)) for name in faults]
            settings: dict[str, Any] = {"lend": lend, "retry": ONCE, "timeout": LIMITS}
            drivers = [stack.enter_context(Driver(kind, base_url=server.url, **settings)) for server in servers]
            ended = at_once(kind, [partial(each.client.generate, text_prompt=PROMPT) for each in drivers])
            ran = [server.wait_idle().may_have_run for server in servers]
        for name, each, times in zip(faults, ended, ran, strict=True):
            # A drip behind a whole response still gives its image.
            assert isinstance(each, Generation) or each.may_have_been_billed, name
            assert times == 1, name


def test_the_end_that_the_client_makes_is_not_the_end_of_a_response(kind: Kind) -> None:
    """A response without a length ends with its connection: one that is cut off must not look whole."""

    def talk(connection: socket.socket) -> None:
        read_until(connection, b"\r\n\r\n")
        body = success().content
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body.replace(b'"data": [', b'"data": [], "more": ['))
        while True:
            connection.sendall(b" ")
            time.sleep(0.1)

    with Listener(talk) as listener, Driver(kind, base_url=listener.url, retry=ONCE, timeout=LIMITS) as client:
        raised(OutcomeUnknownError, client.ask, match="broke off")


def test_a_handshake_that_drips_ends_before_anything_is_sent(kind: Kind) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
        for byte in record + bytes(1 << 14):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    limits = httpx.Timeout(connect=0.5, write=2.0, read=2.0, pool=2.0)
    url = "https://localhost:{}"
    with Listener(talk) as at, Driver(kind, base_url=url.format(at.port), retry=ONCE, timeout=limits) as client:
        assert not raised(APIConnectionError, client.ask).may_have_been_billed


def test_a_server_that_reads_nothing_is_left(kind: Kind) -> None:
    limits = httpx.Timeout(connect=2.0, write=0.4, read=0.4, pool=2.0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with Driver(kind, base_url=url, retry=ONCE, timeout=limits) as client, pytest.raises(OutcomeUnknownError):
            client.generate(text_prompt="c" * 20_000_000)


STOPPED = """
import sys
from concurrent.futures import ThreadPoolExecutor
import anyio, httpx, trio, asyncio, anyio._backends._asyncio, anyio._backends._trio
from driver import KINDS, ONCE, Driver

path, image_host, *urls = sys.argv[1:]
drivers = [Driver(kind, base_url=url, timeout=2.0, retry=ONCE) for url in urls for kind in KINDS]
with ThreadPoolExecutor(7) as pool:
    seeds = pool.map(lambda driver: driver.ask().images[0].seed, drivers)
    sys.stdin.readline()
    Driver("sync", base_url=image_host, timeout=2.0, retry=ONCE).download(f"{image_host}/image.png", path)
    print(*seeds, flush=True)
"""


def test_what_arrived_while_the_process_was_stopped_is_read(tmp_path: Path) -> None:
    """A real process, stopped as Ctrl-Z does it for longer than every limit, while its responses arrive."""
    large, path = drawn("PNG", noise(200, 200)), tmp_path / "cat.png"
    asked, stopped = threading.Semaphore(0), threading.Event()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    content = success().content

    def respond(connection: socket.socket, *, tls: bool) -> None:
        # Each in a thread of its own, which takes over the connection.
        own = socket.socket(fileno=os.dup(connection.fileno()))
        own.settimeout(BOUND)
        threading.Thread(target=serve, args=(own, tls), daemon=True).start()

    def serve(connection: socket.socket, tls: bool) -> None:
        with suppress(OSError), connection if not tls else context.wrap_socket(connection, server_side=True) as ours:
            read_until(ours, b"\r\n\r\n")
            asked.release()
            stopped.wait(BOUND)
            ours.sendall(head(len(content)) + content)
            ours.recv(1)

    def send_image(exchange: Any) -> None:
        exchange.send(head(len(large)) + large[:1000])
        asked.release()
        stopped.wait(BOUND)
        exchange.send(large[1000:])
        exchange.connection.wait_for_end()

    with (
        FaultServer(image=acting(send_image)) as images,
        Listener(partial(respond, tls=False)) as http,
        Listener(partial(respond, tls=True)) as https,
    ):
        urls = [images.url, f"http://127.0.0.1:{http.port}", f"https://localhost:{https.port}"]
        env = {**os.environ, "PYTHONPATH": SUPPORT, "SSL_CERT_FILE": str(tmp_path / "authority.pem")}
        program = [sys.executable, "-c", STOPPED, str(path), *urls]
        pipe = subprocess.PIPE
        process = subprocess.Popen(program, stdin=pipe, stdout=pipe, stderr=pipe, env=env)
        assert process.stdin
        assert all(asked.acquire(timeout=BOUND) for _ in range(6))
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert asked.acquire(timeout=BOUND)
        process.send_signal(signal.SIGSTOP)
        stopped.set()
        time.sleep(2.6)
        process.send_signal(signal.SIGCONT)
        out, errors = process.communicate(timeout=BOUND)
    assert out.split() == [b"7"] * 6, errors.decode()[-2000:]
    assert process.returncode == 0, errors.decode()[-2000:]
    assert path.read_bytes() == large


# The clock behind it


def prepared(**changes: Any) -> PreparedRequest:
    return PreparedRequest(to="api", method="POST", url="http://a.example/", headers={}, timeout=LIMITS, **changes)


def started(**changes: Any) -> TransportTrace:
    trace = TransportTrace()
    trace.start(prepared(**changes))
    return trace


def test_the_whole_takes_no_longer_than_its_limits_together() -> None:
    """Two limits of reading: one for the head of the response, one for its body."""
    trace = started()
    end = trace.until
    assert end <= time.monotonic() + 2.0 + 2.0 + 0.4 + 2.0 + 0.4
    assert started(total=60.0).until > time.monotonic() + 50.0
    trace.observe("connection.connect_tcp.started", {"host": "a.example"})
    assert trace.until <= time.monotonic() + 2.0
    trace.progress()  # of a body that is not long
    for _ in range(3):
        trace.observe("connection.connect_tcp.started", {"host": "a.example"})
    assert trace.until < end


def test_a_transport_that_cannot_be_cut_off_is_at_least_not_believed() -> None:
    """It reports no connection, so that nothing ends its read; its late response counts as none."""
    trace = started(total=0.01)
    with pytest.raises(httpx.ReadTimeout, match="not complete in time"), enforce_deadline(trace):
        time.sleep(0.5)
    raised(httpx.ReadTimeout, trace.progress)

    def fail() -> None:
        with enforce_deadline(trace):
            time.sleep(0.5)
            raise httpx.RemoteProtocolError("the end")

    error = raised(httpx.ReadTimeout, fail)
    assert isinstance(error.__cause__, httpx.RemoteProtocolError)


def test_without_a_thread_nothing_is_sent(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container may limit threads, and Python starts none while it exits."""

    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with FaultServer() as server, Driver(kind, base_url=server.url) as client:
        forget_process_state()
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", fail)
            error = raised(ConfigurationError, client.ask, match="can't start new thread. Nothing was sent")
        assert (error.may_have_been_billed, server.wait_idle().may_have_run) == (False, 0)
        assert isinstance(client.ask(), Generation)


def test_a_connection_that_is_closed_already_is_left_alone() -> None:
    trace = started(total=0.01)
    trace.socket = socket.socket()
    trace.socket.close()
    with pytest.raises(httpx.ReadTimeout), enforce_deadline(trace):
        time.sleep(0.5)


@pytest.mark.parametrize("kind", KINDS[1:])
def test_what_moves_in_the_last_moment_goes_on(kind: Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit passed, and the response is read all the same: it was there, and only this process came late."""
    limit_last_look(monkeypatch, 5.0)
    trace = started(total=0.6)
    done: list[bool] = []

    async def work() -> None:
        await anyio.sleep(0.3)
        trace.observe("connection.connect_tcp.started", {"host": "a.example"})
        done.append(True)

    async def main() -> None:
        trace.until = time.monotonic() + 0.1
        with anyio.fail_after(BOUND):
            await enforce_deadline_async(trace, work)

    anyio.run(main, backend=kind)
    assert done


@pytest.mark.parametrize("kind", KINDS[1:])
def test_a_cancelled_caller_is_cancelled_and_an_error_is_no_group(kind: Kind) -> None:
    async def fail() -> None:
        raise KeyboardInterrupt

    async def main() -> None:
        trace = started()
        with pytest.raises(KeyboardInterrupt):
            await enforce_deadline_async(trace, fail)
        with anyio.move_on_after(0.05) as scope:
            await enforce_deadline_async(trace, anyio.sleep_forever)
        assert scope.cancelled_caught

    anyio.run(main, backend=kind)


def test_a_process_that_comes_late_has_longer_for_what_lies_in_the_socket() -> None:
    now = time.monotonic()
    assert grace(now - 60.0) >= 10.0
    assert grace(now + 1.0) < 1.0


def test_no_limit_of_the_network_runs_on_while_our_own_asynchronous_client_stands_still() -> None:
    assert read_limit_of_async_client(prepared(), lent=False) is None
    assert read_limit_of_async_client(prepared(), lent=True) == 0.4
