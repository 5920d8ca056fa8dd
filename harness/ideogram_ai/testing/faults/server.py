"""The server: one thread that accepts, one for each connection, and the ledger of what they saw."""

from __future__ import annotations

import math
import selectors
import socket
import threading
import time
from typing import TYPE_CHECKING, Final, Self

from . import content
from .connection import Activity, Connection, Ended, is_readable
from .exchange import Exchange, MalformedRequest, Settings
from .fault import Phase
from .ledger import Ledger
from .script import DEAF, image_script, post_script

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .fault import Fault
    from .script import Behaviours

_HOST: Final = "127.0.0.1"
_BACKLOG: Final = 128
_FILLERS: Final = 8
_LOOK_AGAIN: Final = 0.01
_LAST_WAIT: Final = 5.0
_IMAGE_METHODS: Final = (b"G", b"H")


class FaultServer:
    """An HTTP server on loopback that goes wrong in one named way, and keeps a ledger of what reached it.

    A context manager. Every POST, whatever its path, takes the next step of `fault`; every GET and HEAD the next step
    of `image`. The last step repeats. Steps of the phase CONNECT are taken by the next connection, whatever it brings.

    Args:
        fault: What POSTs meet: a name in FAULTS, a Fault, or a sequence of them.
        image: What GETs meet: a name in FAULTS or IMAGE_FAULTS, a Fault, or a sequence of them.
        interval: Seconds between two bytes of a drip, from 0.
        location: Where the redirects of POSTs point to.
        image_url: Address of the image in good answers; the server's own `/image.png` when it is not given.
        expanded_size: Bytes that a compression bomb expands to, from 1.

    Raises:
        ValueError: No such fault, an empty sequence, or a fault that cannot stand where it was given.
    """

    def __init__(
        self,
        fault: Behaviours = "ok",
        *,
        image: Behaviours = "ok",
        interval: float = 1.0,
        location: str = "https://elsewhere.invalid/",
        image_url: str | None = None,
        expanded_size: int = 256 << 20,
    ) -> None:
        if not (math.isfinite(interval) and interval >= 0):
            raise ValueError(f"interval: {interval!r} is no number of seconds; give 0 or more")
        if expanded_size < 1:
            raise ValueError(f"expanded_size: {expanded_size!r} is no size; give 1 byte or more")
        self._posts = post_script(fault)
        self._images = image_script(image)
        self._interval, self._location = interval, location
        self._image_url, self._expanded_size = image_url, expanded_size
        self._settings: Settings | None = None
        self._changed = threading.Condition()
        self._draining = threading.Event()
        self._stopping = False
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._open: dict[int, Connection] = {}
        self._connections = 0
        self._exchanges: list[Exchange] = []

    @property
    def url(self) -> str:
        """Address of the server, `http://127.0.0.1:PORT`."""
        return self._started.url

    @property
    def image_url(self) -> str:
        """Address of the image that good answers name, without the query."""
        return self._started.image_url

    @property
    def ledger(self) -> Ledger:
        """What the server has seen up to now. It holds the API key if a client sent it."""
        with self._changed:
            receipts = tuple(exchange.receipt() for exchange in self._exchanges)
            return Ledger(self._connections, len(self._open), receipts)

    def start(self) -> Self:
        """Listen. Entering the context does it."""
        if self._settings is not None:
            raise RuntimeError("this server was started before; make another one")
        deaf = self._posts.next.name if self._posts.next.name in DEAF else None
        self._listener = socket.socket()
        self._sockets.append(self._listener)
        self._listener.bind((_HOST, 0))
        url = f"http://{_HOST}:{self._listener.getsockname()[1]}"
        self._settings = Settings(
            url, self._image_url or f"{url}/image.png", self._interval, self._location, self._expanded_size
        )
        if deaf is None:
            self._listen()
        elif deaf == "connect_hangs":
            self._fill_backlog()
        return self

    def wait_idle(self, timeout: float = 5.0) -> Ledger:
        """Wait until the server has nothing left to do: each connection has ended, awaits a request, or is held.

        Call it when the client is done with its call: the ledger is then final.

        Args:
            timeout: Seconds, after which TimeoutError is raised.
        """
        return self._wait(self._is_idle, timeout, "idle")

    def wait_closed(self, timeout: float = 5.0) -> Ledger:
        """Wait until every connection has ended. One that the client leaves open makes it fail.

        From here on connections that were never read (`never_reads`) are read to their end, outside the ledger.

        Args:
            timeout: Seconds, after which TimeoutError is raised.
        """
        self._draining.set()
        return self._wait(lambda: not self._open and not self._has_newcomers(), timeout, "closed")

    def close(self) -> None:
        """Stop: cut every connection, and wait for every thread. Leaving the context does it.

        Raises:
            RuntimeError: A thread did not end within 5 s, which only an act of your own can bring about.
        """
        with self._changed:
            self._stopping = True
            connections = list(self._open.values())
        self._draining.set()
        if self._threads:
            self._waker.send(b"\0")
        for connection in connections:
            connection.interrupt()
        deadline = time.monotonic() + _LAST_WAIT
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        for sock in self._sockets:
            sock.close()
        if alive := [thread.name for thread in self._threads if thread.is_alive()]:
            raise RuntimeError(f"threads of the fault server did not end: {alive}")
        self._threads.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _started(self) -> Settings:
        if self._settings is None:
            raise RuntimeError("the server has no address yet; use it as a context manager, or call start()")
        return self._settings

    def _listen(self) -> None:
        self._listener.listen(_BACKLOG)
        self._listener.setblocking(False)
        self._wakened, self._waker = socket.socketpair()
        self._sockets += (self._wakened, self._waker)
        self._start_thread(self._accept, "accept")

    def _fill_backlog(self) -> None:
        """Take every place in the queue with connections of our own, so that others stay unanswered."""
        self._listener.listen(0)
        for _ in range(_FILLERS):
            filler = socket.socket()
            filler.setblocking(False)
            self._sockets.append(filler)
            filler.connect_ex(self._listener.getsockname())

    def _start_thread(self, target: Callable[..., None], name: str, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name=f"fault-server-{name}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wakened, selectors.EVENT_READ)
            while True:
                selector.select()
                with self._changed:
                    if self._stopping:
                        return
                    self._accept_one()

    def _accept_one(self) -> None:
        try:
            sock, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):  # it has gone again
            return
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._connections += 1
        connection = Connection(sock, self._connections, self._draining)
        self._open[connection.number] = connection
        self._start_thread(self._serve, f"connection-{connection.number}", connection)

    def _serve(self, connection: Connection) -> None:
        try:
            fault = self._take_on_accept()
            if fault is None or self._strike_on_accept(fault, connection):
                while self._serve_request(connection, fault):
                    fault = None
        except (Ended, ConnectionError):
            pass  # the usual end of a connection
        finally:
            connection.close()
            with self._changed:
                del self._open[connection.number]
                self._changed.notify_all()

    def _take_on_accept(self) -> Fault | None:
        """The fault that a new connection meets before it has brought a request; None if it meets none."""
        with self._changed:
            return self._posts.take() if self._posts.next.phase is Phase.CONNECT else None

    def _strike_on_accept(self, fault: Fault, connection: Connection) -> bool:
        """Let a new connection meet its fault; say whether a request is awaited."""
        exchange = Exchange(0, connection, fault, self._started, b"")
        fault.act(exchange)
        return exchange.keeps_connection

    def _serve_request(self, connection: Connection, met: Fault | None) -> bool:
        """Let the next request of the connection meet its fault; say whether another one is awaited.

        Args:
            connection: The connection.
            met: The fault that the connection has met already, and that its first request meets too.
        """
        connection.activity = Activity.WAITING
        peeked = connection.peek()
        connection.activity = Activity.BUSY
        with self._changed:
            fault = met or (self._images if peeked.startswith(_IMAGE_METHODS) else self._posts).take()
            exchange = Exchange(len(self._exchanges) + 1, connection, fault, self._started, peeked)
            self._exchanges.append(exchange)
        try:
            fault.act(exchange)
        except MalformedRequest:
            exchange.answer(content.refusal(400))
            return False
        return exchange.keeps_connection and connection.open

    def _wait(self, reached: Callable[[], bool], timeout: float, state: str) -> Ledger:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not reached():
                if time.monotonic() >= deadline:
                    busy = [f"{connection.number} ({connection.activity.value})" for connection in self._open.values()]
                    raise TimeoutError(f"not {state} after {timeout:g} s; open connections: {', '.join(busy) or 'new'}")
                # What waits in the kernel notifies nobody.
                self._changed.wait(_LOOK_AGAIN)
        return self.ledger

    def _is_idle(self) -> bool:
        return not self._has_newcomers() and not any(
            connection.activity is Activity.BUSY or (connection.activity is Activity.WAITING and connection.has_news())
            for connection in self._open.values()
        )

    def _has_newcomers(self) -> bool:
        return bool(self._threads) and is_readable(self._listener)
