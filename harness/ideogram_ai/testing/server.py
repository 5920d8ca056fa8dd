"""The mock server on a real socket: in a thread for tests, or in the main thread for the command."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Final, Self, final

import uvicorn

from .app import create_app
from .images import LINK_LIFE
from .recording import ExchangeLog, Recorder

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable
    from types import FrameType

    from starlette.applications import Starlette

    from .app import MockApplication
    from .recording import Exchange

_LAST_EXCHANGES: Final = 10_000  # of the ledger when the server runs for ever
_PORTS: Final = range(65536)
_GRACE: Final = 1.0  # seconds for the requests in progress when the server closes


@final
class MockServer:
    """A local server that answers as the contract says, for free and without a network.

    A context manager that serves in a thread; `start()` and `close()` do the same, and `serve_forever()` serves in the
    main thread. It can be started once, and forgets jobs, images, datasets and models when it closes. Any key that is
    not blank is accepted; the contract decides about everything else. A request gets another status with the header
    `Prefer: code=STATUS`, a 422 with `UNSAFE_WORD` in its prompt, a withheld image with `WITHHELD_WORD`, a job that
    fails with `FAILED_WORD`, and the notice of a newer operation with `DEPRECATED_WORD`.

    Args:
        host: Address to listen on; loopback by default.
        port: Port to listen on; 0 picks a free one.
        scenario: Statuses, 200 to 599, for the first requests of any operation, one each in order; 200 stands for the
            normal answer. After the last one every request gets its normal answer.
        latency: Seconds, 0 or more, until a request that is not refused gets its answer, and until a job ends.
        in_flight: The number of images, 0 or more, that may be in progress over all operations; the next one gets a
            429. None for the contract's limit.
        link_life: Seconds, 0 or more, until an image link expires.
        record: File to which every request and its answer is appended as a JSON line, without keys.

    Raises:
        ValueError: An argument is out of range.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        scenario: Iterable[int] = (),
        latency: float = 0.0,
        in_flight: int | None = None,
        link_life: float = LINK_LIFE,
        record: str | os.PathLike[str] | None = None,
    ) -> None:
        if port not in _PORTS:
            raise ValueError(f"port is {port}; it is a number from {_PORTS.start} to {_PORTS.stop - 1}.")
        self._address = (host, port)
        self._ledger = ExchangeLog()
        self._recorder = None if record is None else Recorder(record)
        self._app = create_app(
            scenario=scenario,
            latency=latency,
            in_flight=in_flight,
            link_life=link_life,
            ledger=self._ledger,
            recorder=self._recorder,
        )
        self._url: str | None = None
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._resources = contextlib.ExitStack()

    @property
    def url(self) -> str:
        """`http://HOST:PORT` without a slash at the end: the base URL for clients.

        Raises:
            RuntimeError: The server was not started.
        """
        if self._url is None:
            raise RuntimeError("the mock server was not started")
        return self._url

    @property
    def ledger(self) -> list[Exchange]:
        """Every request of an operation so far, in order of arrival, with its answer. Also after `close()`."""
        return self._ledger.exchanges()

    def clear_ledger(self) -> None:
        """Empty the ledger, for a server that several tests share."""
        self._ledger.clear()

    def start(self) -> Self:
        """Serve in a thread until `close()`. It accepts connections when this returns.

        Raises:
            OSError: The address cannot be bound, or the record file cannot be opened.
            RuntimeError: The server was started before.
        """
        listening = threading.Event()
        server, listener = self._open(listening.set)

        def serve() -> None:
            try:
                server.run([listener])
            finally:
                listening.set()  # start() waits for it, also when serving failed

        self._thread = threading.Thread(target=serve, name="ideogram mock server", daemon=True)
        self._thread.start()
        listening.wait()
        if not server.started:
            self.close()
            raise RuntimeError("the mock server could not be started")
        return self

    def close(self) -> None:
        """Stop serving. Requests in progress get a 503. Does nothing if it is closed."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._thread = None
        self._resources.close()

    def serve_forever(self, on_ready: Callable[[str], None] | None = None) -> None:
        """Serve in the main thread until SIGINT (Ctrl-C) or SIGTERM, and return then.

        The ledger keeps the last ten thousand requests only.

        Args:
            on_ready: Called with the URL, once connections are accepted and before the first request is answered.

        Raises:
            OSError: The address cannot be bound, or the record file cannot be opened.
            RuntimeError: The server was started before.
            Exception: What `on_ready` raised; the server is closed then.
        """
        self._ledger.most = _LAST_EXCHANGES
        server, listener = self._open(lambda: on_ready(self.url) if on_ready else None)
        try:
            with contextlib.suppress(KeyboardInterrupt):
                server.run([listener])
        finally:
            self.close()

    def __enter__(self) -> Self:
        return self if self._thread else self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _open(self, on_ready: Callable[[], None]) -> tuple[_Server, socket.socket]:
        """Bind the address and open the record. `close()` releases both."""
        if self._server is not None:
            raise RuntimeError("a mock server is started once; make another one")
        host, port = self._address
        with contextlib.ExitStack() as opening:
            if self._recorder is not None:
                opening.enter_context(self._recorder)
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = opening.enter_context(socket.create_server(self._address, family=family))
            # Connections inherit it. Without it the body of an answer waits some 40 ms for the acknowledgement of its
            # head: asyncio sets it only where a socket names its protocol.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._resources = opening.pop_all()
        port = listener.getsockname()[1]
        self._url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        self._server = _Server(self._app, on_ready)
        return self._server, listener


class _Server(uvicorn.Server):
    """Uvicorn without logs, which reports when it listens and does not wait for open requests when it closes."""

    def __init__(self, app: Starlette, on_ready: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                # httptools is faster, but it drops the body of a request that offers to switch to another protocol,
                # for example by curl --http2 and Java's HttpClient.
                http="h11",
                loop="asyncio",  # uvloop, where it is installed, aborts a program whose standard streams are closed
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                workers=1,
            )
        )
        self._mock: MockApplication = app.state.mock
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        try:
            self._on_ready()
        except BaseException:  # the reader is gone, for example with a closed pipe
            await self.shutdown(sockets)
            raise

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._mock.closing.set()
        # A client that does not send the rest of its request would keep the server open for ever.
        abort = asyncio.get_running_loop().call_later(_GRACE, self._abort_connections)
        try:
            await super().shutdown(sockets)
        finally:
            abort.cancel()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        # Uvicorn would raise the signal again after closing, and the process would end with an error.
        self.force_exit = self.should_exit
        self.should_exit = True

    def _abort_connections(self) -> None:
        for connection in list(self.server_state.connections):
            connection.transport.abort()
