"""A network backend of httpcore for asyncio: a request is one write, and nothing is done that asyncio has done already.

httpcore's own goes through anyio, which serves trio too, and takes twice the time.
"""

from __future__ import annotations

import asyncio
import select
from collections import deque
from typing import TYPE_CHECKING, Any, Final, cast

import httpcore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable

_MOST_UNREAD: Final = 256 * 1024


def on_asyncio() -> bool:
    """Whether the running event loop is asyncio's own: others know less, uvloop's no happy eyeballs for one."""
    try:
        return isinstance(asyncio.get_running_loop(), asyncio.BaseEventLoop)
    except RuntimeError:
        return False


class AsyncioBackend(httpcore.AsyncNetworkBackend):
    """Opens connections on the running event loop of asyncio."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002 - nobody gives any
    ) -> httpcore.AsyncNetworkStream:
        """Connect; see httpcore."""
        loop = asyncio.get_running_loop()
        local = None if local_address is None else (local_address, 0)
        try:
            async with asyncio.timeout(timeout):
                _, socket = await loop.create_connection(
                    _Socket, host, port, local_addr=local, happy_eyeballs_delay=0.25
                )
        except TimeoutError as error:
            raise httpcore.ConnectTimeout(error) from error
        except OSError as error:
            raise httpcore.ConnectError(error) from error
        return AsyncioStream(socket)


class AsyncioStream(httpcore.AsyncNetworkStream):
    """A connection.

    What is written waits for the next read, so that the head and the body of a request leave together.
    """

    def __init__(self, socket: _Socket) -> None:
        self._socket = socket
        self._unsent = b""
        self._write_limit: float | None = None

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Write; see httpcore."""
        self._unsent += buffer
        self._write_limit = timeout

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - as much as came
        """Send what was written, and read; see httpcore."""
        socket = self._socket
        if self._unsent:
            unsent, self._unsent = self._unsent, b""
            try:
                await socket.send(unsent, self._write_limit)
            except TimeoutError as error:
                raise httpcore.WriteTimeout(error) from error
        try:
            return await socket.receive(timeout)
        except TimeoutError as error:
            raise httpcore.ReadTimeout(error) from error
        except OSError as error:
            raise httpcore.ReadError(error) from error

    async def aclose(self) -> None:
        """Hang up."""
        self._socket.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Begin TLS; see httpcore."""
        try:
            async with asyncio.timeout(timeout):
                await self._socket.start_tls(ssl_context, server_hostname)
        except TimeoutError as error:
            await self.aclose()
            raise httpcore.ConnectTimeout(error) from error
        except OSError as error:
            await self.aclose()
            raise httpcore.ConnectError(error) from error
        except BaseException:
            await self.aclose()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks for."""
        if info == "is_readable":
            return self._socket.is_readable
        names = {"client_addr": "sockname", "server_addr": "peername", "ssl_object": "ssl_object", "socket": "socket"}
        return self._socket.transport.get_extra_info(names.get(info, ""))


class _Socket(asyncio.Protocol):
    """The end of a connection that asyncio tells what happens."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._unread = 0
        self._ended = False
        self._error: Exception | None = None
        self._waiting: asyncio.Future[None] | None = None

    @property
    def is_readable(self) -> bool:
        """Whether something came, if only the end."""
        if self._ended or self._pieces or self.transport.is_closing():
            return True
        return _is_readable(self.transport.get_extra_info("socket").fileno())

    async def send(self, data: bytes, limit: float | None) -> None:
        """Hand everything to the system, in so many seconds at most."""
        self.transport.write(data)
        while self.transport.get_write_buffer_size() and not self._ended:
            await self._wait(limit)

    async def receive(self, limit: float | None) -> bytes:
        """What came; nothing at the end."""
        while not self._pieces:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            await self._wait(limit)
        piece = self._pieces.popleft()
        self._unread -= len(piece)
        if self._unread + len(piece) > _MOST_UNREAD >= self._unread:
            self.transport.resume_reading()
        return piece

    def close(self) -> None:
        """Hang up. Whoever still reads must not take that for the end of an answer."""
        self._error = self._error or ConnectionAbortedError("the connection was closed on this side")
        self.transport.abort()

    async def start_tls(self, context: ssl.SSLContext, hostname: str | None) -> None:
        """Go on with TLS."""
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self.transport, self, context, server_hostname=hostname)
        self.connection_made(cast("asyncio.Transport", transport))

    async def _wait(self, limit: float | None) -> None:
        """Wait until something happens."""
        loop = asyncio.get_running_loop()
        self._waiting = waiting = loop.create_future()
        timer = None if limit is None else loop.call_later(limit, _expire, waiting)
        try:
            await waiting
        finally:
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.transport.set_write_buffer_limits(0)  # or nobody is told when everything is written

    def resume_writing(self) -> None:
        self._wake()

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._unread += len(data)
        if self._unread > _MOST_UNREAD >= self._unread - len(data):
            self.transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self._ended = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._error = self._error or exc
        self._wake()


def _expire(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError())


def _is_readable(descriptor: int) -> bool:
    """Whether a read would give something at once."""
    if not hasattr(select, "poll"):  # Windows; elsewhere select() fails for numbers over 1023
        return bool(select.select([descriptor], [], [], 0)[0])
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))
