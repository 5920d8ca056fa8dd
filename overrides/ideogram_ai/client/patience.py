"""Bounds the time until the head of an answer has arrived.

httpx limits only the silence between two pieces. A peer that sends one byte, or one more interim answer, now and then
would hold a caller for ever, and neither httpx nor httpcore has a limit for that.
"""

from __future__ import annotations

import inspect
import time
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

_until: ContextVar[float | None] = ContextVar("until", default=None)


@contextmanager
def head_within(limits: Mapping[str, float | None]) -> Generator[None]:
    """Let the connections that are read in this block give up when all four time limits together have passed."""
    token = _until.set(time.monotonic() + sum(seconds or 0.0 for seconds in limits.values()))
    try:
        yield
    finally:
        _until.reset(token)


def bound_reads(stream: Any) -> None:
    """Make a network stream of httpcore, sync or async, heed head_within. It is done once for each connection.

    Args:
        stream: What httpcore's `trace` extension reports of a connection that was opened.
    """
    read = stream.read
    if inspect.iscoroutinefunction(read):

        async def bounded_async(max_bytes: int, timeout: float | None = None) -> Any:
            return await read(max_bytes, _remaining(timeout))

        stream.read = bounded_async
    else:

        def bounded(max_bytes: int, timeout: float | None = None) -> Any:
            return read(max_bytes, _remaining(timeout))

        stream.read = bounded


def _remaining(timeout: float | None) -> float | None:
    until = _until.get()
    if until is None:
        return timeout
    remaining = until - time.monotonic()
    if remaining <= 0:
        import httpcore  # noqa: PLC0415 - whoever has connections of it has loaded it

        raise httpcore.ReadTimeout("the answer's head was still not whole")
    return remaining if timeout is None else min(timeout, remaining)
