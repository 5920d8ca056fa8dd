"""The server: one thread that accepts connections, one for each connection, and the ledger of what they received."""

from __future__ import annotations

import difflib
import math
import selectors
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self, TypeAlias

from ..routes import find_operation
from . import image_faults, response_faults, wire
from .connection_faults import CONNECTION_FAULTS
from .exchange import Exchange, Fault, Ledger, MalformedRequestError, Phase, ServerSettings
from .response_faults import RESPONSE_FAULTS
from .wire import Activity, Connection, ConnectionEndedError, is_readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

Behaviours: TypeAlias = str | Fault | Sequence[str | Fault]

FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {fault.name: fault for fault in (*CONNECTION_FAULTS, *RESPONSE_FAULTS)}
)
"""What a POST can meet, by name, `ok` first. A GET of the image can meet all but those of the phase CONNECT."""

IMAGE_FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({fault.name: fault for fault in image_faults.IMAGE_FAULTS})
"""What only a GET of the image can meet, by name."""

POLL_FAULTS: Final[Mapping[str, Fault]] = MappingProxyType({fault.name: fault for fault in response_faults.POLL_FAULTS})
"""What only a GET of a job can meet, by name."""

_DEAF: Final = frozenset({"refuse", "connect_hangs"})
"""The faults that never accept a connection."""
_HOST: Final = "127.0.0.1"
_BACKLOG: Final = 128
_FILLERS: Final = 8
_POLL_INTERVAL: Final = 0.01
_CLOSE_TIMEOUT: Final = 5.0


class FaultScript:
    """A sequence of faults: each request takes the next one, and the last one repeats. Not thread-safe."""

    def __init__(self, behaviours: Behaviours, known: Mapping[str, Fault], argument: str) -> None:
        steps = [behaviours] if isinstance(behaviours, (str, Fault)) else behaviours
        self.faults = [step if isinstance(step, Fault) else _find(step, known, argument) for step in steps]
        if not self.faults:
            raise ValueError(f"{argument}: the sequence is empty; give at least one name, for example 'ok'")

    @property
    def next(self) -> Fault:
        """The fault that the next request meets."""
        return self.faults[0]

    def take(self) -> Fault:
        """The fault that this request meets."""
        return self.faults.pop(0) if len(self.faults) > 1 else self.faults[0]


def _find(name: str, known: Mapping[str, Fault], argument: str) -> Fault:
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3)
    cure = f"did you mean {' or '.join(near)}?" if near else f"known are {', '.join(known)}"
    raise ValueError(f"{argument}: there is no {name!r}; {cure}")


class FaultServer:
    """An HTTP server on loopback that fails in a named way, and keeps a ledger of what it received.

    A context manager. Every POST, to any path, takes the next step of `fault`; every GET of an operation of the
    contract takes the next step of `poll`, and any other GET or HEAD that of `image`. The last step repeats. A step of
    the phase CONNECT is taken by the next connection, before its request.

    Args:
        fault: What POSTs meet: a name in FAULTS, a Fault, or a sequence of them.
        image: What GETs of images meet: a name in FAULTS or IMAGE_FAULTS, a Fault, or a sequence of them.
        poll: What GETs of jobs meet: a name in FAULTS or POLL_FAULTS, a Fault, or a sequence of them.
        interval: Seconds between two bytes of a drip, from 0.
        location: Target of the redirects of POSTs.
        image_url: URL of the image in good responses; the server's own `/image.png` by default.
        expanded_size: Bytes that a compression bomb expands to, from 1.

    Raises:
        ValueError: There is no such fault, a sequence is empty, or a fault cannot be used where it was given.
    """

    def __init__(
        self,
        fault: Behaviours = "ok",
        *,
        image: Behaviours = "ok",
        poll: Behaviours = "ok",
        interval: float = 1.0,
        location: str = "https://elsewhere.invalid/",
        image_url: str | None = None,
        expanded_size: int = 256 << 20,
    ) -> None:
        if not (math.isfinite(interval) and interval >= 0):
            raise ValueError(f"interval: {interval!r} is not a number of seconds; give 0 or more")
        if expanded_size < 1:
            raise ValueError(f"expanded_size: {expanded_size!r} is not a size; give 1 byte or more")
        self._posts = FaultScript(fault, FAULTS, "fault")
        deaf = [step.name for step in self._posts.faults if step.name in _DEAF]
        if deaf and len(self._posts.faults) > 1:
            raise ValueError(f"fault: {deaf[0]!r} cannot be part of a sequence, because nothing ends its step")
        self._images = FaultScript(image, {**FAULTS, **IMAGE_FAULTS}, "image")
        self._polls = FaultScript(poll, {**FAULTS, **POLL_FAULTS}, "poll")
        for argument, script in (("image", self._images), ("poll", self._polls)):
            early = [step.name for step in script.faults if step.phase is Phase.CONNECT]
            if early:
                raise ValueError(f"{argument}: {early[0]!r} strikes before the request is known; give it as fault")
        self._settings = ServerSettings("", image_url or "", interval, location, expanded_size)
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
        """URL of the server, `http://127.0.0.1:PORT`."""
        return self._started.url

    @property
    def image_url(self) -> str:
        """URL of the image in good responses, without the query."""
        return self._started.image_url

    @property
    def ledger(self) -> Ledger:
        """What the server has received so far. It contains the API key if a client sent it."""
        with self._changed:
            receipts = tuple(exchange.receipt() for exchange in self._exchanges)
            return Ledger(self._connections, len(self._open), receipts)

    def start(self) -> Self:
        """Start to listen. Entering the context calls it."""
        if self._settings.url:
            raise RuntimeError("this server was already started; create another one")
        self._listener = socket.socket()
        self._sockets.append(self._listener)
        self._listener.bind((_HOST, 0))
        url = f"http://{_HOST}:{self._listener.getsockname()[1]}"
        self._settings = replace(self._settings, url=url, image_url=self._settings.image_url or f"{url}/image.png")
        if self._posts.next.name not in _DEAF:
            self._listen()
        elif self._posts.next.name == "connect_hangs":
            self._fill_backlog()
        return self

    def wait_idle(self, timeout: float = 5.0) -> Ledger:
        """Wait until the server is idle: each connection has ended, waits for a request, or is held.

        Call it when the client's call has returned: the ledger is then complete.

        Args:
            timeout: Seconds to wait.

        Raises:
            TimeoutError: The server is still busy.
        """
        return self._wait(self._is_idle, timeout, "idle")

    def wait_closed(self, timeout: float = 5.0) -> Ledger:
        """Wait until every connection has ended.

        From now on, connections that were never read (`never_reads`) are read to their end, outside the ledger.

        Args:
            timeout: Seconds to wait.

        Raises:
            TimeoutError: The client has left a connection open.
        """
        self._draining.set()
        return self._wait(lambda: not self._open and not self._has_newcomers(), timeout, "closed")

    def close(self) -> None:
        """Cut every connection and wait for every thread. Leaving the context calls it.

        Raises:
            RuntimeError: A thread did not end within 5 s, which only an `act` of your own can cause.
        """
        with self._changed:
            self._stopping = True
            connections = list(self._open.values())
        self._draining.set()
        if self._threads:
            self._waker.send(b"\0")
        for connection in connections:
            connection.interrupt()
        deadline = time.monotonic() + _CLOSE_TIMEOUT
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
    def _started(self) -> ServerSettings:
        if not self._settings.url:
            raise RuntimeError("the server has no URL yet; use it as a context manager, or call start()")
        return self._settings

    def _listen(self) -> None:
        self._listener.listen(_BACKLOG)
        self._listener.setblocking(False)
        self._wakened, self._waker = socket.socketpair()
        self._sockets += (self._wakened, self._waker)
        self._start_thread(self._accept, "accept")

    def _fill_backlog(self) -> None:
        """Fill the queue with connections of our own, so that other attempts to connect are not answered."""
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
        except (BlockingIOError, ConnectionError):  # the client has gone
            return
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        self._connections += 1
        connection = Connection(sock, self._connections, self._draining)
        self._open[connection.number] = connection
        self._start_thread(self._serve, f"connection-{connection.number}", connection)

    def _serve(self, connection: Connection) -> None:
        try:
            with self._changed:
                fault = self._posts.take() if self._posts.next.phase is Phase.CONNECT else None
            keeps_connection = True
            if fault is not None:
                exchange = Exchange(0, connection, fault, self._started, b"")
                fault.act(exchange)
                keeps_connection = exchange.keeps_connection
            while keeps_connection:
                keeps_connection = self._serve_request(connection, fault)
                fault = None
        except (ConnectionEndedError, ConnectionError):
            pass  # the usual end of a connection
        finally:
            connection.close()
            with self._changed:
                del self._open[connection.number]
                self._changed.notify_all()

    def _serve_request(self, connection: Connection, met: Fault | None) -> bool:
        """Let the next request meet its fault, and return whether to wait for another one.

        Args:
            connection: The connection.
            met: The fault that the connection met when it was accepted, which its first request meets too.
        """
        connection.activity = Activity.WAITING
        peeked = connection.peek()
        connection.activity = Activity.BUSY
        is_get = peeked.startswith((b"G", b"H"))
        method, target = wire.parse_request_line(connection.peek_line()) if is_get and met is None else ("", "")
        gets = self._images if find_operation(method, target) is None else self._polls
        with self._changed:
            fault = met or (gets if is_get else self._posts).take()
            exchange = Exchange(len(self._exchanges) + 1, connection, fault, self._started, peeked)
            self._exchanges.append(exchange)
        try:
            fault.act(exchange)
        except MalformedRequestError:
            exchange.answer(wire.refusal(400))
            return False
        return exchange.keeps_connection and connection.open

    def _wait(self, reached: Callable[[], bool], timeout: float, state: str) -> Ledger:
        deadline = time.monotonic() + timeout
        with self._changed:
            while not reached():
                if time.monotonic() >= deadline:
                    busy = [f"{connection.number} ({connection.activity.value})" for connection in self._open.values()]
                    raise TimeoutError(f"not {state} after {timeout:g} s; open connections: {', '.join(busy) or 'new'}")
                # Data in the kernel notifies nobody.
                self._changed.wait(_POLL_INTERVAL)
        return self.ledger

    def _is_idle(self) -> bool:
        return not self._has_newcomers() and not any(
            connection.activity is Activity.BUSY or (connection.activity is Activity.WAITING and connection.has_news())
            for connection in self._open.values()
        )

    def _has_newcomers(self) -> bool:
        return bool(self._threads) and is_readable(self._listener)
