"""How a request reaches the network: the transport's events, deadlines, and the limit of requests in flight."""

from __future__ import annotations

import contextlib
import logging
import math
import os
import queue
import socket
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, Literal

import httpx
from attrs import define, field, frozen

from .errors import NOTHING_SENT, ConfigurationError
from .request import RequestBody

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Generator

logger = logging.getLogger(__name__.rpartition(".")[0])

LEAVES: Final = "the request leaves"
"""Logged at debug level when the first byte of a request may leave this machine."""


@frozen
class PreparedRequest:
    """A request that can be sent any number of times.

    Attributes:
        to: "api" sends the key, which is added when the request is sent; "images" does not.
        method: The HTTP method.
        url: The absolute URL.
        headers: The headers without the key.
        timeout: Finite limits for connecting, writing and reading.
        body: The body, if there is one.
        total: Seconds for the whole exchange if the response body may be long; each piece of it then has the read
            timeout. None means the sum of the limits, with the read timeout for the head and again for the body.
        authenticated: Whether the key is sent.
        free: Whether it costs nothing, so that it takes no place among the requests in flight.
        job_id: The id of the job that is asked for, if one is.
        name: The client's method; empty for an image.
    """

    to: Literal["api", "images"]
    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    timeout: httpx.Timeout
    body: RequestBody | None = field(default=None, repr=False)
    total: float | None = None
    authenticated: bool = True
    free: bool = False
    job_id: str | None = None
    name: str = ""


class UsedConnectionError(Exception):
    """A pool offered a connection that was used before. Nothing was written to it, and it is closed."""


class SpokenTooSoonError(Exception):
    """The server sent something before the request was written. It is not a response, and is not read."""


class SentTwiceError(Exception):
    """The HTTP client was about to send the request again by itself, although it may have run. It was stopped."""


@define(eq=False)
class TransportTrace:
    """Follows an exchange through httpx's `trace` events, and stops what could cost a second image.

    Attributes:
        paid: Whether the request may be billed.
        check_peer: Called with the host and the address of a new connection, before anything is sent; raises to refuse.
        started: Whether the request was handed to an HTTP client.
        reports: Whether the transport reports anything; mocks do not.
        left: Whether a byte of the request may have left this machine.
        head: Status and headers of the response, once they arrived.
        until: The deadline of the current step, on the monotonic clock.
        socket: The connection; None if the transport does not report it.
        on_change: Called when `until` has changed.
        ask_loop: Has the event loop of an asynchronous exchange check the deadline.
        asked: The event loop is asked again no earlier than this; infinite until it has checked.
        expired: Whether the exchange was aborted at its deadline.
        on_leave: Called when the first byte may leave.
    """

    paid: bool = True
    check_peer: Callable[[str, str], None] | None = None
    started: bool = False
    reports: bool = False
    left: bool = False
    head: tuple[int, httpx.Headers] | None = field(default=None, repr=False)
    until: float = math.inf
    socket: Any = field(default=None, repr=False)
    on_change: Callable[[], None] = field(default=lambda: None, repr=False)
    ask_loop: Callable[[], object] | None = field(default=None, repr=False)
    asked: float = -math.inf
    expired: bool = False
    on_leave: Callable[[], object] = field(default=lambda: None, repr=False)
    _limits: Mapping[str, float] = field(factory=dict[str, float])
    _end: float = math.inf
    _long: bool = False
    _stream: Any = field(default=None, repr=False)
    _url: str = field(default="", repr=False)
    _connecting_to: str = ""
    _grace_of: float = math.inf
    _grace_end: float = math.inf

    def start(self, request: PreparedRequest) -> None:
        """Note that the request is handed over, and start the clock."""
        self.started = True
        self._stream = self.socket = None
        self._url = request.url
        limits = {name: seconds or 0.0 for name, seconds in request.timeout.as_dict().items()}
        self._limits = limits | {"body": limits["read"]}
        self._long = request.total is not None
        self.until = self._end = time.monotonic() + (request.total or sum(self._limits.values()))

    def progress(self) -> None:
        """Note that a piece of a body arrived: if the body may be long, the next piece has the read timeout."""
        if self.expired:  # and the transport gave no way to abort the exchange
            raise httpx.ReadTimeout(_TOO_LATE)
        if self._long:
            self._allow("read")

    def observe(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the transport. Raises to stop the step that it reports before anything of it happens."""
        self.reports = True
        layer, _, step = event.partition(".")
        match step:
            case "connect_tcp.started":
                self._connecting_to = info["host"]
                self._allow("connect")
            case "connect_tcp.complete" | "connect_unix_socket.complete" | "start_tls.complete":
                stream = info["return_value"]
                if step == "connect_tcp.complete" and self.check_peer is not None:
                    self.check_peer(self._connecting_to, stream.get_extra_info("server_addr")[0])
                self._stream = stream
                self.socket = stream.get_extra_info("socket")
                self._allow("connect")
            case "send_request_headers.started" if info["request"].method != b"CONNECT":
                self._refuse_to_send(layer)
                again, self.left = self.left, True
                self.head = None
                logger.debug(LEAVES)
                if not again:
                    self.on_leave()
                self._allow("write")
            case "send_request_body.complete" | "send_request_body.failed" if self.left:
                self._allow("read")
            case "receive_response_headers.complete" if self.left:
                self._allow("body")
                if layer == "http11":
                    _, status, _, headers = info["return_value"]
                    self.head = status, httpx.Headers(headers)
            case _:
                pass

    def _refuse_to_send(self, layer: str) -> None:
        """Let a paid request leave once, on a connection that carried nothing before."""
        if not self.paid:
            return
        if self.left and not (self.head and _surely_refused(self.head[0])):
            raise SentTwiceError("the HTTP client was about to send the request a second time, and was stopped")
        if layer != "http11":
            return  # HTTP/2 responses carry the number of their request, so a connection may be shared
        stream = self._stream
        if stream is None:
            raise UsedConnectionError("the HTTP client keeps connections, and offers one that was used before")
        # Under TLS this cannot be seen: a server sends session tickets first, which belong to no response.
        if stream.get_extra_info("ssl_object") is None and _has_spoken(stream):
            raise SpokenTooSoonError("the server spoke before the request was sent")

    def _allow(self, step: str) -> None:
        self.until = min(time.monotonic() + self._limits.get(step, math.inf), self._end)
        self.on_change()

    def next_check(self, now: float) -> float | None:
        """When to look at the deadline again; None when the exchange has to be aborted now.

        What is in the socket when the time is up is still read, in a grace period.
        """
        until = self.until  # read once: another thread may change it
        if now < until:
            return until
        if self._grace_of != until:
            self._grace_of, self._grace_end = until, now + _grace(until)
        self.expired = now >= self._grace_end
        return None if self.expired else self._grace_end

    @property
    def proxy(self) -> str:
        """The host that was connected to instead of the URL's; empty if there was none."""
        host = httpx.URL(self._url).raw_host.decode("ascii")
        return self._connecting_to if self._connecting_to.strip("[]") != host.strip("[]") else ""

    @property
    def never_left(self) -> bool:
        """Whether it is certain that nothing left."""
        return not self.started or (self.reports and not self.left)


def _has_spoken(stream: Any) -> bool:
    """Whether data arrived on a connection. If it was closed, writing finds that out."""
    if not stream.get_extra_info("is_readable"):
        return False
    connection = stream.get_extra_info("socket")
    with socket.fromfd(connection.fileno(), connection.family, connection.type) as same, contextlib.suppress(OSError):
        return bool(same.recv(1, socket.MSG_PEEK))
    return False


def _surely_refused(status: int) -> bool:
    """Whether a request with this response did not run, for example because a proxy wants a password."""
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT


# Deadlines. httpx limits the silence between two pieces of data. A server that sends a byte now and then, in a header,
# behind a chunk or in a trailer, would hold a caller for ever. TransportTrace.until bounds each step.

_GRACE: Final = 0.2
"""Seconds in which a response in the socket is still read after its time is up."""
_GRACE_AFTER_STOP: Final = 10.0
"""The same when this process itself is late: it was stopped, or its event loop was blocked."""
_TOO_LATE: Final = "the response was not complete in time"


def _grace(until: float) -> float:
    return _GRACE_AFTER_STOP if time.monotonic() - until > _GRACE else _GRACE


class _DeadlineThread:
    """Ends exchanges at their deadlines: nothing else ends a read that blocks, and event loops need no task for it.

    There is one thread for the process, started with the first exchange. A forked child starts its own. No lock is held
    here that a Ctrl-C could leave behind: dict and SimpleQueue are safe to share.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._traces: dict[TransportTrace, None] = {}
        self._wake = queue.SimpleQueue[None]()
        self._thread: threading.Thread | None = None
        self._next_check = math.inf

    def add(self, trace: TransportTrace) -> None:
        def on_change() -> None:
            if trace.until < self._next_check:  # as a rule it is later, and the thread finds out by itself
                self.wake()

        trace.on_change = on_change
        self._traces[trace] = None
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="ideogram deadlines", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:  # there are too many, or Python is about to exit
                trace.started = False
                message = f"No thread can be started to end a request at its deadline: {error}. {NOTHING_SENT}"
                raise ConfigurationError(message) from error
        on_change()

    def remove(self, trace: TransportTrace) -> None:
        self._traces.pop(trace, None)

    def wake(self) -> None:
        self._wake.put(None)

    def _run(self) -> None:
        while True:
            self._next_check = math.inf  # a change while the deadlines are read wakes the thread again
            self._next_check = min(map(self._check, list(self._traces)), default=math.inf)
            seconds = self._next_check - time.monotonic()
            with contextlib.suppress(queue.Empty):
                self._wake.get(timeout=min(max(0.0, seconds), threading.TIMEOUT_MAX))

    def _check(self, trace: TransportTrace) -> float:
        """End an exchange whose time is up; return when to check again."""
        now = time.monotonic()
        if trace.ask_loop is None:
            check = trace.next_check(now)
            if check is None:
                self.remove(trace)
                with contextlib.suppress(OSError, TypeError):  # it is closed already, or not known
                    # Not the method of an SSLSocket, which removes TLS and leaves the reader with an error of its own.
                    socket.socket.shutdown(trace.socket, socket.SHUT_RDWR)
        elif now < (check := max(trace.until, trace.asked)):
            return check
        else:
            check, trace.asked = None, math.inf
            with contextlib.suppress(RuntimeError):  # the event loop has ended
                trace.ask_loop()
        return math.inf if check is None else check


_deadlines = _DeadlineThread()
if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(after_in_child=_deadlines.reset)


@contextlib.contextmanager
def enforce_deadline(trace: TransportTrace) -> Generator[None]:
    """Shut down the connection and raise httpx.ReadTimeout when the time is up. What arrived can still be read."""
    try:
        _deadlines.add(trace)
        yield
    except Exception as error:
        if trace.expired:
            raise httpx.ReadTimeout(_TOO_LATE) from error
        raise
    finally:
        _deadlines.remove(trace)
    if trace.expired:  # the end of a connection also looks like the end of a response
        raise httpx.ReadTimeout(_TOO_LATE)


async def enforce_deadline_async(trace: TransportTrace, work: Callable[[], Awaitable[None]]) -> None:
    """Await the work; cancel it and raise httpx.ReadTimeout when the time is up."""
    import anyio  # noqa: PLC0415 - httpx depends on it, and loads it for asynchronous programs only

    scope = anyio.CancelScope()

    def check() -> None:
        # In the event loop: if it was blocked, it reads what arrived meanwhile in the grace period.
        again = trace.next_check(time.monotonic())
        if again is None:
            scope.cancel()
        else:
            trace.asked = again
            _deadlines.wake()

    trace.ask_loop = _thread_safe(check)
    with enforce_deadline(trace), scope:
        await work()


class InFlight:
    """Limits the requests in flight, across all threads and event loops that use a client.

    A forked child starts with every place free: the requests of its parent are the parent's.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._reset()

    @contextlib.contextmanager
    def place(self) -> Generator[None]:
        """Wait for a place, and hold it in this block."""
        ticket, free = self._ticket(), threading.Event()
        try:
            while not self._take(ticket, free.set):
                free.wait()
                free.clear()
            yield
        finally:
            self._leave(ticket)

    @contextlib.asynccontextmanager
    async def async_place(self) -> AsyncGenerator[None]:
        """Wait for a place without blocking the event loop, and hold it in this block."""
        import anyio  # noqa: PLC0415 - httpx depends on it, and loads it for asynchronous programs only

        ticket, free = self._ticket(), anyio.Event()
        try:
            while not self._take(ticket, _thread_safe(free.set)):
                await free.wait()
                free = anyio.Event()
            yield
        finally:
            self._leave(ticket)

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.RLock()
        self._holding: set[object] = set()
        self._wakers: dict[object, Callable[[], object]] = {}

    def _ticket(self) -> object:
        if self._process != os.getpid():
            self._reset()
        return object()

    def _take(self, ticket: object, wake: Callable[[], object]) -> bool:
        """Take a place if one is free; otherwise have `wake` called when one may be."""
        with self._lock:
            if len(self._holding) < self.limit:
                self._holding.add(ticket)
                return True
            self._wakers[ticket] = wake
            return False

    def _leave(self, ticket: object) -> None:
        with self._lock:
            self._holding.discard(ticket)
            self._wakers.pop(ticket, None)
            while self._wakers and len(self._holding) < self.limit:
                wake = self._wakers.pop(next(iter(self._wakers)))
                try:
                    wake()
                except RuntimeError:
                    continue  # its event loop ended
                break


def _thread_safe(wake: Callable[[], None]) -> Callable[[], object]:
    """A function for any thread that calls `wake` in the event loop that runs now."""
    import asyncio  # noqa: PLC0415

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        token = sys.modules["trio"].lowlevel.current_trio_token()
        return lambda: token.run_sync_soon(wake)
    return lambda: loop.call_soon_threadsafe(wake)
