"""Holds at most so many requests of a client in flight: the service refuses what comes beyond its limit."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator


class InFlight:
    """Places for requests, shared by all threads and event loops that use a client.

    A forked child begins with every place free: the requests of its parent are the parent's.

    Args:
        limit: How many places there are, 1 or more.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._begin()

    @contextmanager
    def place(self) -> Generator[None]:
        """Wait for a place, and hold it in this block."""
        ticket = object()
        self._own()
        try:
            with self._changed:
                while not self._take(ticket):
                    self._changed.wait()
            yield
        finally:
            self._leave(ticket)

    @asynccontextmanager
    async def async_place(self) -> AsyncGenerator[None]:
        """Wait for a place without blocking the event loop, and hold it in this block."""
        import anyio  # noqa: PLC0415 - httpx brings it, and loads it for async programs alone

        ticket = object()
        self._own()
        try:
            while True:
                free = anyio.Event()
                with self._changed:
                    if self._take(ticket):
                        break
                    self._wakers[ticket] = _waker(free.set)
                await free.wait()
            yield
        finally:
            self._leave(ticket)

    def _begin(self) -> None:
        self._process = os.getpid()
        self._changed = threading.Condition()
        self._holding: set[object] = set()
        self._wakers: dict[object, Callable[[], object]] = {}

    def _own(self) -> None:
        if self._process != os.getpid():
            self._begin()

    def _take(self, ticket: object) -> bool:
        if len(self._holding) >= self.limit:
            return False
        self._holding.add(ticket)
        return True

    def _leave(self, ticket: object) -> None:
        with self._changed:
            self._holding.discard(ticket)
            self._wakers.pop(ticket, None)
            self._changed.notify()
            while self._wakers and len(self._holding) < self.limit:
                wake = self._wakers.pop(next(iter(self._wakers)))
                try:
                    wake()
                except RuntimeError:
                    continue  # its event loop has ended without it
                break


def _waker(wake: Callable[[], None]) -> Callable[[], object]:
    """What calls a function in the running event loop, from any thread."""
    import asyncio  # noqa: PLC0415

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        token = sys.modules["trio"].lowlevel.current_trio_token()
        return lambda: token.run_sync_soon(wake)
    return lambda: loop.call_soon_threadsafe(wake)
