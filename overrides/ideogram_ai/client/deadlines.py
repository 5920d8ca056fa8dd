"""Ends an exchange in time, whatever a server sends.

httpx limits the silence between two pieces of the network. A server that sends a byte now and then, in a header, behind
a chunk or in a trailer, would hold a caller for ever. `Watch.until` bounds each step; what follows enforces it.
"""

from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator

    from .exchange import Watch

_LAST_LOOK: Final = 0.2
"""Seconds in which an answer that lies in the socket is still read after its time is up."""
_AFTER_A_STOP: Final = 10.0
"""The same where this process itself came late: it was stopped, or its event loop was blocked."""


@contextmanager
def cut_off(watch: Watch) -> Generator[None]:
    """Shut the connection down when the time is up, from a thread, since nothing else reaches a read that blocks.

    What has arrived before can still be read. A transport that does not report its connection cannot be cut off.

    Raises:
        httpx.ReadTimeout: The time was up before the block ended.
    """
    changed = threading.Event()
    done = threading.Event()

    def keep_time() -> None:
        while not done.is_set():
            until = watch.until
            if changed.wait(max(0.0, until - time.monotonic())) or changed.wait(_grace(until)):
                changed.clear()
                continue
            watch.cut = True
            if watch.socket is not None:
                _shut_down(watch.socket)
            return

    watch.on_change = changed.set
    threading.Thread(target=keep_time, name="ideogram deadline", daemon=True).start()
    try:
        yield
    except Exception as error:
        if watch.cut:
            raise _too_late() from error
        raise
    finally:
        done.set()
        changed.set()
    if watch.cut:  # the end of a connection also looks like the end of an answer
        raise _too_late()


def _shut_down(connection: socket.socket) -> None:
    try:
        # Not the method of an SSLSocket, which takes TLS off and leaves the reader with an error of its own.
        socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


async def cancel_late(watch: Watch, work: Callable[[], Awaitable[None]]) -> None:
    """Await the work, and cancel it when the time is up.

    Raises:
        httpx.ReadTimeout: The time was up before the work ended.
    """
    import anyio  # noqa: PLC0415 - httpx brings it, and loads it for async programs alone

    failure: BaseException | None = None
    scope = anyio.CancelScope()

    async def keep_time() -> None:
        while True:
            until, changed = watch.until, anyio.Event()
            watch.on_change = changed.set
            with anyio.move_on_after(until - time.monotonic()):
                await changed.wait()
            if changed.is_set():
                continue
            with anyio.move_on_after(_grace(until)):
                await changed.wait()
            if not changed.is_set():
                scope.cancel()
                return

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep_time)
        try:
            with scope:
                await work()
        except anyio.get_cancelled_exc_class():
            raise
        except BaseException as error:  # noqa: BLE001 - raised below, where no task group wraps it
            failure = error
        tasks.cancel_scope.cancel()
    if scope.cancelled_caught:
        raise _too_late()
    if failure is not None:
        raise failure


def _grace(until: float) -> float:
    """Seconds for what lies in the socket when a time was up: more where this process itself comes late."""
    return _AFTER_A_STOP if time.monotonic() - until > _LAST_LOOK else _LAST_LOOK


def _too_late() -> httpx.ReadTimeout:
    return httpx.ReadTimeout("the answer was not whole in time")
