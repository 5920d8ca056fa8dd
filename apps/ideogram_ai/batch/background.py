"""Starts a task that belongs to no caller, on asyncio and trio alike.

An async generator must not hold a task group while it is suspended: a consumer that leaves it to the garbage collector
would have it closed in another task, and a failure inside would cancel the consumer's own code.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

_running: set[asyncio.Task[None]] = set()
"""asyncio itself keeps no task alive."""


def start_in_background(run: Callable[[], Coroutine[None, None, None]]) -> None:
    """Start a task that runs until it returns. It must not raise."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        import trio  # noqa: PLC0415 - whoever runs on it has it

        trio.lowlevel.spawn_system_task(run)
        return
    task = loop.create_task(run())
    _running.add(task)
    task.add_done_callback(_running.discard)
