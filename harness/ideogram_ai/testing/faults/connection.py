"""A socket of the fault server: reads, writes, cuts and resets, and ends as soon as the server is closed."""

from __future__ import annotations

import os
import selectors
import socket
import struct
import threading
import time
from contextlib import suppress
from enum import Enum
from typing import Final

_PIECE: Final = 65536
_LINGER_FORMAT: Final = "hh" if os.name == "nt" else "ii"


class Activity(Enum):
    """What the server does with a connection right now."""

    BUSY = "busy"
    WAITING = "waiting for a request"
    HELD = "held, with nothing more to come"


class Ended(Exception):  # noqa: N818 - no error: every connection ends
    """The client has closed the connection, or the server is being closed."""


class Connection:
    """One accepted connection. Only its own thread reads and writes; any thread may look at it and interrupt it.

    Attributes:
        number: Number of the connection, from 1.
        activity: What the server does with it right now.
        requests: How many requests it has brought.
        open: False after the server's end was closed.
    """

    def __init__(self, sock: socket.socket, number: int, draining: threading.Event) -> None:
        self.number = number
        self.activity = Activity.BUSY
        self.requests = 0
        self.open = True
        self._sock = sock
        self._draining = draining
        self._lock = threading.Lock()
        sock.setblocking(True)
        # A drip of single bytes is to leave as single packets.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def peek(self) -> bytes:
        """Wait until something has arrived and look at it without taking it out of the kernel."""
        return self._receive(_PIECE, socket.MSG_PEEK)

    def read(self, limit: int) -> bytes:
        """Wait until something has arrived and read it, from 1 byte to `limit`."""
        return self._receive(min(limit, _PIECE))

    def _receive(self, limit: int, flags: int = 0) -> bytes:
        arrived = self._sock.recv(limit, flags)
        if not arrived:
            raise Ended
        return arrived

    def send(self, data: bytes) -> None:
        """Hand all of the data to the kernel."""
        self._sock.sendall(data)

    def pause(self, seconds: float) -> None:
        """Sleep, but not beyond the end of the connection."""
        deadline = time.monotonic() + seconds
        if seconds <= 0:
            return
        self._sock.settimeout(seconds)
        try:
            self.peek()
        except TimeoutError:
            return
        finally:
            self._sock.setblocking(True)
        # Bytes that wait to be read hide the end of the connection.
        self._draining.wait(max(0.0, deadline - time.monotonic()))

    def wait_for_end(self) -> None:
        """Read and drop whatever comes until the client closes the connection."""
        while True:
            self.read(_PIECE)

    def finish(self) -> None:
        """Say that nothing more comes (FIN), and drop what the client still sends, so that it gets no RST for it."""
        with suppress(OSError):  # the client was faster
            self._sock.shutdown(socket.SHUT_WR)
        self.wait_for_end()

    def hold(self) -> None:
        """Do not even read, until the server is closed or asked to see the end of its connections."""
        self.activity = Activity.HELD
        self._draining.wait()
        self.wait_for_end()

    def reset(self) -> None:
        """Close so that the client gets RST and not FIN: data that is still on its way is lost."""
        with suppress(OSError):  # the client was faster
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack(_LINGER_FORMAT, 1, 0))
        self.close()

    def close(self) -> None:
        """Close: the client gets FIN after the data, or RST if something of its own was never read."""
        with self._lock:
            self.open = False
            self._sock.close()

    def interrupt(self) -> None:
        """Wake the connection's thread out of whatever it waits for; from any thread."""
        with self._lock:
            if self.open:
                with suppress(OSError):  # the client was faster
                    self._sock.shutdown(socket.SHUT_RDWR)

    def has_news(self) -> bool:
        """Whether bytes have arrived, or the end, that the connection's thread has not seen; from any thread."""
        with self._lock:
            return self.open and is_readable(self._sock)


def is_readable(sock: socket.socket) -> bool:
    """Whether a read or an accept would return at once."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, selectors.EVENT_READ)
        return bool(selector.select(0))
