"""How AsyncIdeogram reaches hosts without a proxy: httpx's own transports, a small one for each connection.

A pool of httpcore looks at all its connections for each request, several times; with some hundred of them it is busy
for longer than the service takes to answer. With one connection in each pool there is nothing to look at. Requests go
through the methods of httpx and httpcore all the same, so that whatever mocks, records or traces these is heard.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final, cast

import anyio
import httpcore
import httpx

from .core import KEPT_IDLE
from .network import AsyncioBackend, on_asyncio
from .patience import head_within

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable

    from .core import TLS

MOST_AT_ONCE: Final = 500
"""Requests in flight, fewer than a process may have files open. More wait for their turn, without a limit of time:
nothing of them was sent, and each request before them has its limits."""


class ManyConnections(httpx.AsyncBaseTransport):
    """A transport that takes as long for a request with many others in flight as with none.

    Args:
        tls: Settings of TLS.
    """

    def __init__(self, tls: TLS) -> None:
        self._tls = tls
        self._idle: dict[tuple[str, str, int | None], deque[_OneConnection]] = {}
        self._all: set[_OneConnection] = set()
        self._turns: anyio.Semaphore | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; see httpx."""
        turns = await self._turn(request)
        one = self._take(request.url)

        async def done() -> None:
            turns.release()
            await self._give_back(one, request.url)

        try:
            with head_within(request.extensions["timeout"]):  # the wait for its turn does not count
                response = await one.handle_async_request(request)
        except BaseException:
            await done()
            raise
        response.stream = _Body(cast("httpx.AsyncByteStream", response.stream), done)
        return response

    async def aclose(self) -> None:
        """Close every connection, those in use too."""
        self._idle.clear()
        for one in list(self._all):
            await self._close(one)

    async def _turn(self, request: httpx.Request) -> anyio.Semaphore:
        if self._turns is None:
            self._turns = anyio.Semaphore(MOST_AT_ONCE)
        try:
            self._turns.acquire_nowait()
        except anyio.WouldBlock:
            await request.extensions["trace"]("transport.wait", {})  # tells that nothing has left
            await self._turns.acquire()
        return self._turns

    def _take(self, url: httpx.URL) -> _OneConnection:
        """The one that was used last, so that those that are not needed grow old; or a new one."""
        idle = self._idle.get((url.scheme, url.host, url.port))
        if idle:
            return idle.pop()
        one = _OneConnection(self._tls.context if url.scheme == "https" else None)
        self._all.add(one)
        return one

    async def _give_back(self, one: _OneConnection, url: httpx.URL) -> None:
        if one not in self._all:
            return
        one.used = now = time.monotonic()
        idle = self._idle.setdefault((url.scheme, url.host, url.port), deque())
        idle.append(one)
        while now - idle[0].used > KEPT_IDLE:
            await self._close(idle.popleft())

    async def _close(self, one: _OneConnection) -> None:
        self._all.discard(one)
        await one.aclose()


class _OneConnection(httpx.AsyncHTTPTransport):
    """httpx's transport with a pool of one connection, on our own network where that works.

    Attributes:
        used: When it was used last, on the monotonic clock.
    """

    def __init__(self, context: ssl.SSLContext | None) -> None:
        # Not httpx's __init__, which takes no network. The attribute is httpx 0.28's, which pyproject.toml asks for.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=context,
            max_connections=1,
            keepalive_expiry=KEPT_IDLE,
            network_backend=AsyncioBackend() if on_asyncio() else None,
        )
        self.used = 0.0


class _Body(httpx.AsyncByteStream):
    """The body of an answer, and what is done when it is closed, which httpx does once."""

    def __init__(self, body: httpx.AsyncByteStream, done: Callable[[], Awaitable[None]]) -> None:
        self._body = body
        self._done = done

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._body.__aiter__()

    async def aclose(self) -> None:
        try:
            await self._body.aclose()
        finally:
            await self._done()
