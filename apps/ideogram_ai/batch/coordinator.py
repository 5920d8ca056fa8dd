"""Turns for many processes: one object, which they all call, keeps the limit of requests in flight and of the cost."""

from __future__ import annotations

import asyncio
import logging
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client import RetryPolicy

from .events import StopReason
from .operations import cost_of
from .pace import Budget, LocalTurns, Slowdown

if TYPE_CHECKING:
    from .model import BatchRequest
    from .prices import Prices

RENEW_SECONDS: Final = 5.0
"""A worker says so often that it is alive."""
SILENT_SECONDS: Final = 30.0
"""A worker that was silent for so long is dead, and its turns are free."""

_log = logging.getLogger(__name__)


class Coordinator:
    """An actor that gives the workers of a run their turns, as far as the limits of requests and of the cost allow."""

    def __init__(self, in_flight: int, max_cost: Decimal | None, spent: Decimal) -> None:
        self._turns = LocalTurns(in_flight, RetryPolicy())
        self._budget = None if max_cost is None else Budget(max_cost, spent)
        self._key = ""
        self._heard: dict[str, float] = {}
        self._leases: dict[int, str] = {}
        self._reserved: dict[str, set[str]] = {}
        self._stopping: tuple[StopReason, str] | None = None
        self._watching: asyncio.Task[None] | None = None

    async def keep(self, key: str) -> None:
        """Keep the API key for the workers."""
        self._key = key

    async def join(self, worker: str) -> str:
        """A worker begins. Returns the API key."""
        self._heard[worker] = time.monotonic()
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch())
        return self._key

    async def renew(self, worker: str) -> None:
        """A worker is alive."""
        self._heard[worker] = time.monotonic()

    async def take(self, worker: str, key: str, images: int, cost: Decimal) -> int:
        """Wait for a turn; see LocalTurns. -1 is for a worker that was taken for dead, and may ask again if alive."""
        self._heard[worker] = time.monotonic()
        mine = f"{worker} {key}"
        if self._budget is not None and not await self._budget.reserve(mine, cost):
            await self.stop(StopReason.MAX_COST, self._budget.refusal(cost))
            return 0
        number = await self._turns.take(None, images)
        if number and worker in self._heard:
            self._leases[number] = worker
            self._reserved.setdefault(worker, set()).add(mine)
            return number
        if number:
            self._turns.end(number, responded=False)
        if self._budget is not None:
            await self._budget.settle(mine, Decimal(0))
        return -1 if number else 0

    async def end(self, number: int, *, responded: bool) -> None:
        """A request ended; see LocalTurns."""
        if self._leases.pop(number, None) is not None:
            self._turns.end(number, responded=responded)

    async def slow_down(self, number: int, retry_after: float | None, server_limit: int | None) -> Slowdown | None:
        """A request was refused; see LocalTurns."""
        if self._leases.pop(number, None) is None:
            return None
        return await self._turns.slow_down(number, retry_after, server_limit)

    async def settle(self, worker: str, key: str, cost: Decimal) -> None:
        """Count what a row cost instead of what was reserved for it."""
        mine = f"{worker} {key}"
        self._reserved.get(worker, set()).discard(mine)
        if self._budget is not None:
            await self._budget.settle(mine, cost)

    async def stop(self, reason: StopReason, message: str) -> None:
        """Give no more turns. The first reason counts."""
        if self._stopping is None:
            self._stopping = reason, message
            _log.warning("No further row is sent: %s", message)
        self._turns.stop()

    async def stopping(self) -> tuple[StopReason, str] | None:
        """Why no more turns are given; None where they are."""
        return self._stopping

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            now = time.monotonic()
            for worker in [name for name, heard in self._heard.items() if now - heard > SILENT_SECONDS]:
                del self._heard[worker]
                for number in [number for number, owner in self._leases.items() if owner == worker]:
                    await self.end(number, responded=False)
                for mine in self._reserved.pop(worker, ()):  # may have been billed
                    if self._budget is not None:
                        await self._budget.settle(mine)


class RemoteTurns:
    """The turns of a worker, which the coordinator gives."""

    def __init__(self, coordinator: Any, worker: str, in_flight: int, prices: Prices | None) -> None:
        self.most = in_flight
        self._coordinator = coordinator
        self._worker = worker
        self._prices = prices

    async def take(self, request: BatchRequest, images: int) -> int:
        """See LocalTurns."""
        cost = cost_of(request, self._prices) or Decimal(0)
        number = -1
        while number < 0:
            number = await self._coordinator.take.remote(self._worker, request.key, images, cost)
        return number

    def end(self, number: int, *, responded: bool) -> None:
        """See LocalTurns."""
        self._coordinator.end.remote(number, responded=responded)

    async def slow_down(self, number: int, retry_after: float | None, server_limit: int | None) -> Slowdown:
        """See LocalTurns."""
        slowdown: Slowdown | None = await self._coordinator.slow_down.remote(number, retry_after, server_limit)
        return slowdown or Slowdown(self.most, 0.0, news=False, exhausted=False)

    def stop(self) -> None:
        """The worker says why it stops when its runner has ended."""
