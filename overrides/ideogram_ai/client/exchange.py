"""The steps that a flow asks of its shell, so that flows do no I/O and are written once for sync and async.

A flow is a generator. It yields an Exchange, a Sleep or some Work; the shell does it and sends back what came of it, or
throws into the flow whatever exception that raised.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Generator
from typing import Any, Final, Literal, Protocol, TypeVar

import httpx
from attrs import define, field, frozen

from .patience import bound_reads
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
    """

    to: Literal["api", "images"]
    method: str
    url: str = field(repr=False)
    headers: dict[str, str]
    timeout: httpx.Timeout
    body: Body | None = field(default=None, repr=False)


class Sink(Protocol):
    """Takes an answer as it arrives."""

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head; return whether the body is wanted. `decoded` says that the chunks need no decoding."""
        ...

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; return whether more is wanted."""
        ...


@define
class Watch:
    """Sees, through httpx's `trace` extension, how far a request got.

    Attributes:
        check_peer: Called with the host that is connected to and the address behind it, before anything is sent; it
            raises to refuse.
        watching: Whether the transport reports at all; mocks do not.
        left: Whether a byte of the request may have left this machine.
        head: Status and headers of the answer, once they have arrived.
    """

    check_peer: Callable[[str, str], None] | None = None
    watching: bool = False
    left: bool = False
    head: tuple[int, httpx.Headers] | None = field(default=None, repr=False)
    _connecting_to: str = ""

    def observe(self, event: str, info: dict[str, Any]) -> None:
        """Take an event of the transport. Raises what check_peer raises."""
        self.watching = True
        if event == "connection.connect_tcp.started":
            self._connecting_to = info["host"]
        elif event == "connection.connect_tcp.complete":
            stream = info["return_value"]
            if self.check_peer is not None:
                self.check_peer(self._connecting_to, stream.get_extra_info("server_addr")[0])
            bound_reads(stream)
        elif event.endswith(".start_tls.complete"):
            bound_reads(info["return_value"])
        elif event.endswith("send_request_headers.started") and info["request"].method != b"CONNECT":
            self.left = True
            logger.debug(LEAVES)
        elif event == "http11.receive_response_headers.complete" and self.left:
            _, status, _, headers = info["return_value"]
            self.head = status, httpx.Headers(headers)

    @property
    def certainly_here(self) -> bool:
        """Whether it is sure that nothing left."""
        return self.watching and not self.left


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
