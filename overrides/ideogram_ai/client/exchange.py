"""The steps that a flow asks of its shell, so that flows do no I/O and are written once for sync and async.

A flow is a generator. It yields an Exchange, a Sleep or some Work; the shell does it and sends back what came of it, or
throws into the flow whatever exception that raised.
"""

from __future__ import annotations

import logging
import math
import random
import socket
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any, Final, Literal, Protocol, TypeVar

import httpx
from attrs import define, field, frozen

from .wire import Body

T = TypeVar("T")

logger = logging.getLogger(__name__.rpartition(".")[0])

LEAVES: Final = "the request leaves"
"""Logged, at the level of debugging, when the first byte of a request may leave this machine."""


@frozen
class Timing:
    """Where time and chance come from; tests hand in their own.

    Attributes:
        monotonic: Seconds that only grow, for deadlines.
        wall: Unix seconds, for dates and the expiry of links.
        random: A number from 0 to 1, for the jitter of pauses.
        sleep: Waits for seconds; None for time.sleep in Ideogram and anyio.sleep in AsyncIdeogram. An AsyncIdeogram
            awaits what it returns.
    """

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    random: Callable[[], float] = random.random
    sleep: Callable[[float], Any] | None = None


@frozen
class Outgoing:
    """A request, ready to be sent any number of times.

    Attributes:
        to: "api" sends through the client that has the key, "images" through the one that has not.
        method: HTTP method.
        url: Absolute URL.
        headers: Headers without the key, which the shell adds for the API alone.
        body: The body, if there is one.
        timeout: Finite time limits.
        total: Seconds for the whole exchange; None for the sum of the limits, in which reading has its own twice, for
            the head of the answer and for its body. A given one is for a body that may be long: then each piece of
            it has the time of a read.
    """

    to: Literal["api", "images"]
    method: str
    url: str = field(repr=False)
    headers: dict[str, str]
    timeout: httpx.Timeout
    body: Body | None = field(default=None, repr=False)
    _total: float | None = None

    @property
    def limits(self) -> dict[str, float]:
        """Seconds for each step: connect, write, read and body."""
        limits = {name: seconds or 0.0 for name, seconds in self.timeout.as_dict().items()}
        return limits | {"body": limits["read"]}

    @property
    def long(self) -> bool:
        """Whether the body of the answer may be long."""
        return self._total is not None

    @property
    def total(self) -> float:
        """Seconds for the whole exchange."""
        return self._total or sum(self.limits.values())


class Sink(Protocol):
    """Takes an answer as it arrives."""

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head; return whether the body is wanted. `decoded` says that the chunks need no decoding."""
        ...

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; return whether more is wanted."""
        ...


class UsedConnectionError(Exception):
    """A pool offers a connection that was used before. Nothing was written to it, and it is closed."""


class SpokenTooSoonError(Exception):
    """The server said something before the request was written. What it said is no answer, and is not read."""


class SentTwiceError(Exception):
    """The HTTP client wanted to send the request once more by itself, although it may have run. It was not."""


@define
class Watch:
    """Sees, through httpx's `trace` extension, how far a request got, and stops what could cost a second image.

    What raises in `observe` does so before the step that is reported: nothing of that step has happened.

    Attributes:
        paid: Whether the request may be billed.
        check_peer: Called with the host that is connected to and the address behind it, before anything is sent; it
            raises to refuse.
        begun: Whether the request was handed to an HTTP client.
        watching: Whether the transport reports at all; mocks do not.
        left: Whether a byte of the request may have left this machine.
        head: Status and headers of the answer, once they have arrived.
        until: When the step that is under way has to end, on the monotonic clock.
        socket: The connection; None where the transport does not report it.
        on_change: Called when `until` has changed.
        cut: Whether the exchange was cut off, because the time was up.
    """

    paid: bool = True
    check_peer: Callable[[str, str], None] | None = None
    begun: bool = False
    watching: bool = False
    left: bool = False
    head: tuple[int, httpx.Headers] | None = field(default=None, repr=False)
    until: float = math.inf
    socket: Any = field(default=None, repr=False)
    on_change: Callable[[], None] = field(default=lambda: None, repr=False)
    cut: bool = False
    _limits: Mapping[str, float] = field(factory=dict[str, float])
    _end: float = math.inf
    _long: bool = False
    _stream: Any = field(default=None, repr=False)
    _host: str = ""
    _connecting_to: str = ""

    def begin(self, outgoing: Outgoing) -> None:
        """The request is handed over. From now on there are `total` seconds for everything."""
        self.begun = True
        self._stream = self.socket = None
        self._host = httpx.URL(outgoing.url).raw_host.decode("ascii")
        self._limits = outgoing.limits
        self._long = outgoing.long
        self.until = self._end = time.monotonic() + outgoing.total

    def progress(self) -> None:
        """A piece of a body has arrived: where the body may be long, the next one has the time of a read.

        Raises:
            httpx.ReadTimeout: The time is up, and the transport did not say how to cut it off.
        """
        if self.cut:
            raise httpx.ReadTimeout("the answer was not whole in time")
        if self._long:
            self._allow("read")

    def observe(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the transport. Raises to stop what it is about to do."""
        self.watching = True
        layer, _, step = event.partition(".")
        match step:
            case "connect_tcp.started":
                self._connecting_to = info["host"]
                self._allow("connect")
            case "connect_tcp.complete" | "connect_unix_socket.complete" | "start_tls.complete":
                self._take_connection(info["return_value"], checked=step == "connect_tcp.complete")
            case "send_request_headers.started" if info["request"].method != b"CONNECT":
                self._refuse_to_send(layer)
                self.left = True
                self.head = None
                logger.debug(LEAVES)
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

    def _take_connection(self, stream: Any, *, checked: bool) -> None:
        if checked and self.check_peer is not None:
            self.check_peer(self._connecting_to, stream.get_extra_info("server_addr")[0])
        self._stream = stream
        self.socket = stream.get_extra_info("socket")
        self._allow("connect")

    def _refuse_to_send(self, layer: str) -> None:
        """Let a paid request leave once, on a connection that carried nothing before."""
        if not self.paid:
            return
        if self.left and not (self.head and _surely_refused(self.head[0])):
            raise SentTwiceError("the HTTP client was about to send the request a second time, and was stopped")
        if layer != "http11":
            return  # answers of HTTP/2 carry the number of their request, so a connection may be shared
        stream = self._stream
        if stream is None:
            raise UsedConnectionError("the HTTP client keeps connections, and offers one that was used before")
        # Under TLS nobody can tell: a server sends session tickets first, which belong to no answer.
        if stream.get_extra_info("ssl_object") is None and _has_spoken(stream):
            raise SpokenTooSoonError("the server spoke before the request was sent")

    def _allow(self, step: str) -> None:
        self.until = min(time.monotonic() + self._limits.get(step, math.inf), self._end)
        self.on_change()

    @property
    def proxy(self) -> str:
        """The host that was connected to in place of the one that was asked for; empty where there was none."""
        return self._connecting_to if self._connecting_to.strip("[]") != self._host.strip("[]") else ""

    @property
    def certainly_here(self) -> bool:
        """Whether it is sure that nothing left."""
        return not self.begun or (self.watching and not self.left)


def _has_spoken(stream: Any) -> bool:
    """Whether something came on a connection. Its end is nothing: writing finds that out."""
    if not stream.get_extra_info("is_readable"):
        return False
    connection = stream.get_extra_info("socket")
    with socket.fromfd(connection.fileno(), connection.family, connection.type) as same, suppress(OSError):
        return bool(same.recv(1, socket.MSG_PEEK))
    return False


def _surely_refused(status: int) -> bool:
    """Whether a request that was answered so did not run, as where a proxy or a gateway asks who we are."""
    return HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.REQUEST_TIMEOUT


@frozen
class Exchange:
    """Send a request and feed the answer to a sink."""

    outgoing: Outgoing
    sink: Sink
    watch: Watch


@frozen
class Sleep:
    """Wait for some seconds."""

    seconds: float


@frozen
class Work:
    """Call something that blocks, as the disk does; AsyncIdeogram does it in a thread. What it returns is sent back."""

    call: Callable[[], object]


Flow = Generator[Exchange | Sleep | Work, Any, T]
