"""Starts a task that belongs to no caller, on asyncio and trio alike.

An iterator must not hold a task group while it is suspended: a consumer may leave it to the garbage collector, and a
failure inside would cancel the consumer's own code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Coroutine

CallSoon: TypeAlias = Callable[[Callable[[], None]], object]

_running: set[asyncio.Task[None]] = set()
"""asyncio itself keeps no task alive."""


def start_in_background(run: Callable[[], Coroutine[None, None, None]]) -> CallSoon:
    """Start a task that runs until it returns. It must not raise.

    Returns:
        What calls a function in the event loop soon, from any thread; it raises RuntimeError when the loop has ended.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415 - whoever runs on it has it

        trio.lowlevel.spawn_system_task(run)
        return trio.lowlevel.current_trio_token().run_sync_soon
    task = loop.create_task(run())
    _running.add(task)
    task.add_done_callback(_running.discard)
    return loop.call_soon_threadsafe
