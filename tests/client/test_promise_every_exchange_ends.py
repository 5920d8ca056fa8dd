"""Every exchange ends in a time that the client states, whatever a server sends, and nothing that has arrived is lost.

A limit for silence does not hold against a server that sends a byte now and then where it brings no byte of the answer:
in a chunk extension, a trailer, an interim answer. And a limit that ends a read because the process itself stood still,
behind Ctrl-Z or a laptop's lid, throws away an answer that lies in the socket and was paid for.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import trustme
from both_clients import SHELLS, Shell, run
from canned import success
from raw_http import read_until

from ideogram_ai.client import (
    APIConnectionError,
    AsyncIdeogram,
    Generation,
    IdeogramError,
    OutcomeUnknownError,
    RetryPolicy,
    transport,
)
from ideogram_ai.client.transport import PreparedRequest, TransportTrace
from ideogram_ai.testing.faults import FAULTS, FaultServer

DRIPS = [name for name in FAULTS if name.startswith(("drip_", "endless_")) and name != "endless_body"]
LIMITS = httpx.Timeout(connect=2.0, write=2.0, read=0.4, pool=2.0)
ONCE = RetryPolicy(max_attempts=1)
BOUND = 20.0
"""Seconds that no exchange here may take, although the machine may be busy: the limits above are together 6.8."""


def outcome_of(shell: Shell, url: str, *, lend: dict[str, Any] | None = None, timeout: Any = LIMITS) -> Any:
    def use(client: Any) -> Any:
        try:
            return client.generate(text_prompt="a")
        except IdeogramError as error:
            return error

    async def use_async(client: Any) -> Any:
        try:
            return await client.generate(text_prompt="a")
        except IdeogramError as error:
            return error

    began = time.monotonic()
    outcome = run(shell, use if shell == "sync" else use_async, lend=lend, base_url=url, retry=ONCE, timeout=timeout)
    assert time.monotonic() - began < BOUND
    return outcome


# httpx and httpcore leave generators of their own unfinished when an exchange is broken off, and trio tells.
@pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
@pytest.mark.parametrize("lend", [None, {"trust_env": False}], ids=["own", "lent"])
@pytest.mark.parametrize("shell", SHELLS)
def test_no_drip_holds_a_caller(shell: Shell, lend: dict[str, Any] | None) -> None:
    for name in DRIPS:
        with FaultServer(name) as server:
            outcome = outcome_of(shell, server.url, lend=lend)
            assert server.wait_idle().may_have_run == 1
        # A drip behind a whole answer still gives its image.
        assert isinstance(outcome, Generation) or outcome.may_have_been_billed, name


@contextmanager
def serving(talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server of one connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                connection, _ = listener.accept()
                with connection, suppress(OSError):
                    connection.settimeout(BOUND)
                    talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()


@pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
@pytest.mark.parametrize("shell", SHELLS)
def test_the_end_that_the_client_makes_is_not_the_end_of_an_answer(shell: Shell) -> None:
    """An answer without a length ends with its connection: one that is cut off must not look whole."""

    def talk(connection: socket.socket) -> None:
        read_until(connection, b"\r\n\r\n")
        body = success().content
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + body.replace(b'"data": [', b'"data": [], "more": ['))
        while True:
            connection.sendall(b" ")
            time.sleep(0.1)

    with serving(talk) as url:
        outcome = outcome_of(shell, url)
    assert isinstance(outcome, OutcomeUnknownError)
    assert "broke off" in outcome.message


@pytest.mark.parametrize("shell", SHELLS)
def test_a_handshake_that_drips_ends_before_anything_is_sent(shell: Shell) -> None:
    def talk(connection: socket.socket) -> None:
        connection.recv(1 << 16)
        record = b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc"
        for byte in record + bytes(1 << 14):
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    limits = httpx.Timeout(connect=0.5, write=2.0, read=2.0, pool=2.0)
    with serving(talk) as url:
        outcome = outcome_of(shell, url.replace("http://127.0.0.1", "https://localhost"), timeout=limits)
    assert isinstance(outcome, APIConnectionError), repr(outcome)
    assert not outcome.may_have_been_billed


@pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
@pytest.mark.parametrize("shell", SHELLS)
def test_a_server_that_takes_nothing_is_left(shell: Shell) -> None:
    limits = httpx.Timeout(connect=2.0, write=0.4, read=0.4, pool=2.0)

    def use(client: Any) -> Any:
        with pytest.raises(OutcomeUnknownError):
            client.generate(text_prompt="c" * 20_000_000)

    async def use_async(client: Any) -> Any:
        with pytest.raises(OutcomeUnknownError):
            await client.generate(text_prompt="c" * 20_000_000)

    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        run(shell, use if shell == "sync" else use_async, base_url=url, retry=ONCE, timeout=limits)


STOPPED = """
import sys, time
from ideogram_ai.client import AsyncIdeogram, Ideogram, RetryPolicy

kind, url, timeout = sys.argv[1], sys.argv[2], float(sys.argv[3])
options = dict(base_url=url, timeout=timeout, retry=RetryPolicy(max_attempts=1))
if kind == "sync":
    print(Ideogram("sentinel-3f9c2b7d51e84a06", **options).generate(text_prompt="a").images[0].seed)
else:
    import anyio

    async def main():
        print((await AsyncIdeogram("sentinel-3f9c2b7d51e84a06", **options).generate(text_prompt="a")).images[0].seed)

    anyio.run(main, backend=kind)
"""


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("shell", SHELLS)
def test_an_answer_that_came_while_the_process_was_stopped_is_read(shell: Shell, tls: bool, tmp_path: Path) -> None:
    """A real process, stopped as Ctrl-Z does it for longer than every limit, while the answer arrives."""
    asked, stopped = threading.Event(), threading.Event()
    answer = success()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))

    def talk(connection: socket.socket) -> None:
        if tls:
            import ssl

            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("localhost").configure_cert(context)
            connection = context.wrap_socket(connection, server_side=True)
        with connection:
            read_until(connection, b"\r\n\r\n")
            asked.set()
            stopped.wait(BOUND)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer.content)}\r\n\r\n"
            connection.sendall(head.encode() + answer.content)
            with suppress(OSError):
                connection.recv(1)

    with serving(talk) as plain:
        url = plain.replace("http://127.0.0.1", "https://localhost") if tls else plain
        env = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "authority.pem")}
        process = subprocess.Popen(
            [sys.executable, "-c", STOPPED, shell, url, "1.0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env
        )
        assert asked.wait(BOUND)
        process.send_signal(signal.SIGSTOP)
        stopped.set()
        time.sleep(1.6)
        process.send_signal(signal.SIGCONT)
        out, errors = process.communicate(timeout=BOUND)
    assert out.strip() == b"7", errors.decode()[-2000:]


def outgoing(**changes: Any) -> PreparedRequest:
    return PreparedRequest(to="api", method="POST", url="http://a.example/", headers={}, timeout=LIMITS, **changes)


def test_the_whole_takes_no_longer_than_its_limits_together() -> None:
    """Two limits of reading: one for the head of the answer, one for its body."""
    watch = TransportTrace()
    watch.start(outgoing())
    end = watch.until
    assert end <= time.monotonic() + 2.0 + 2.0 + 0.4 + 2.0 + 0.4
    watch.observe("connection.connect_tcp.started", {"host": "a.example"})
    assert watch.until <= time.monotonic() + 2.0
    watch.progress()  # of a body that is not long
    for _ in range(3):
        watch.observe("connection.connect_tcp.started", {"host": "a.example"})
    assert watch.until < end


def test_a_transport_that_cannot_be_cut_off_is_at_least_not_believed() -> None:
    """It reports no connection, so that nothing ends its read; its late answer counts as none."""
    watch = TransportTrace()
    watch.start(outgoing(total=0.01))
    with pytest.raises(httpx.ReadTimeout, match="not whole in time"), transport.enforce_deadline(watch):
        time.sleep(0.5)
    with pytest.raises(httpx.ReadTimeout):
        watch.progress()

    def fail() -> None:
        with transport.enforce_deadline(watch):
            time.sleep(0.5)
            raise httpx.RemoteProtocolError("the end")

    with pytest.raises(httpx.ReadTimeout) as caught:
        fail()
    assert isinstance(caught.value.__cause__, httpx.RemoteProtocolError)


def test_a_connection_that_is_closed_already_is_left_alone() -> None:
    watch = TransportTrace()
    watch.start(outgoing(total=0.01))
    watch.socket = socket.socket()
    watch.socket.close()
    with pytest.raises(httpx.ReadTimeout), transport.enforce_deadline(watch):
        time.sleep(0.5)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_what_moves_in_the_last_moment_goes_on(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit passed, and the answer is read all the same: it was there, and only this process came late."""
    monkeypatch.setattr(transport, "_LAST_LOOK", 5.0)
    watch = TransportTrace()
    done: list[bool] = []

    async def work() -> None:
        await anyio.sleep(0.3)
        watch.observe("connection.connect_tcp.started", {"host": "a.example"})
        done.append(True)

    async def main() -> None:
        watch.start(outgoing(total=0.6))
        watch.until = time.monotonic() + 0.1
        with anyio.fail_after(BOUND):
            await transport.enforce_deadline_async(watch, work)

    anyio.run(main, backend=backend)
    assert done


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_cancelled_caller_is_cancelled_and_an_error_is_no_group(backend: str) -> None:
    async def fail() -> None:
        raise KeyboardInterrupt

    async def main() -> None:
        watch = TransportTrace()
        watch.start(outgoing())
        with pytest.raises(KeyboardInterrupt):
            await transport.enforce_deadline_async(watch, fail)
        with anyio.move_on_after(0.05) as scope:
            await transport.enforce_deadline_async(watch, anyio.sleep_forever)
        assert scope.cancelled_caught

    anyio.run(main, backend=backend)


def test_a_process_that_comes_late_has_longer_for_what_lies_in_the_socket() -> None:
    now = time.monotonic()
    assert transport._grace(now - 60.0) >= 10.0
    assert transport._grace(now + 1.0) < 1.0


def test_no_limit_of_the_networks_own_runs_on_while_our_own_asynchronous_client_stands_still() -> None:
    client = AsyncIdeogram("sentinel-3f9c2b7d51e84a06")
    lent = httpx.AsyncClient()
    given = [client._build_request(outgoing(), print, http).extensions["timeout"]["read"] for http in (None, lent)]
    assert given == [None, 0.4]
