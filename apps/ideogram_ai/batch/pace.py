"""The pace of a batch: how many images may be in flight, found out from what the service accepts and refuses.

A process takes turns of its own (`LocalTurns`). Many processes take those of one object, which they all call: it keeps
the limit of requests in flight and of the cost (`Coordinator`, `RemoteTurns`).
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import anyio
from attrs import define, field, frozen

from ideogram_ai.client.retry import RetryPolicy

from .events import StopReason
from .prices import cost_of

if TYPE_CHECKING:
    from .model import BatchRequest
    from .prices import Prices

_DECREASE: Final = 0.8
"""What a 429 leaves of the limit. A small decrease, because a 429 is free and an unused slot costs time."""
_INCREASES: Final = 20
"""Rounds of responses that bring the limit from 1 back to the maximum."""
_SHORTEST_ASKED: Final = 1.0
"""Less than this, above all `Retry-After: 0`, says nothing about when to send again."""
RENEW_SECONDS: Final = 5.0
"""A worker says so often that it is alive."""
SILENT_SECONDS: Final = 30.0
"""A worker that was silent for so long is dead, and its turns are free."""

_log = logging.getLogger(__name__)


@define
class Pace:
    """How many images may be in flight: additive increase, multiplicative decrease. Pure: it has no clock.

    The service makes a number of images at a time and refuses the next request, for free. The number belongs to the
    account, other programs may use some of it, and it is not always known. So the limit grows slowly while the service
    accepts requests, and shrinks by a share when it refuses one. A request for more images than that goes alone.

    Attributes:
        most: The limit never exceeds this, 1 or more.
        policy: Bounds the pauses that the service does not specify. Its deadline is how long it may send only 429.
        limit: How many may be in flight, rounded down.
        in_flight: How many are, or may be: the images that requests ask for.
        paused_until: Monotonic seconds; nothing is sent before.
    """

    most: int
    policy: RetryPolicy
    limit: float = field(init=False)
    in_flight: int = field(default=0, init=False)
    paused_until: float = field(default=float("-inf"), init=False)
    _number: int = field(default=0, init=False)
    _last_of_round: int = field(default=0, init=False)
    _pauses: int = field(default=0, init=False)
    _refused_since: float | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        self.limit = float(self.most)

    def allows(self, now: float, images: int = 1) -> bool:
        """Whether a request for so many images may be sent now, in monotonic seconds."""
        return (self.in_flight + images <= int(self.limit) or not self.in_flight) and now >= self.paused_until

    def on_send(self, images: int = 1) -> int:
        """Count a request that is sent. Returns its number, for `on_rate_limited`."""
        self.in_flight += images
        self._number += 1
        return self._number

    def on_response(self, images: int = 1) -> None:
        """A request got any response but a 429 for the number of requests."""
        self.in_flight -= images
        step = max(1.0, self.most / _INCREASES) * images
        self.limit = min(self.limit + step / self.limit, float(self.most))
        self._pauses = 0
        self._refused_since = None

    def on_unknown(self, images: int = 1) -> None:
        """A request ended without telling anything about the limit: it never left, or its outcome is unknown."""
        self.in_flight -= images

    def on_rate_limited(
        self,
        number: int,
        images: int = 1,
        *,
        now: float,
        retry_after: float | None,
        server_limit: int | None,
        chance: float,
    ) -> float:
        """A request was refused because of the number of requests. Returns the pause, as `pause` does.

        Args:
            number: Its number.
            images: How many it asked for.
            now: Monotonic seconds.
            retry_after: Seconds that the service asks to wait, or None.
            server_limit: The limit that the service names, or None.
            chance: A number from 0 to 1 that places a pause that the service does not specify.
        """
        if server_limit is not None:
            self.most = max(1, min(self.most, server_limit))
        if number > self._last_of_round:
            # One decrease for all requests that were in flight together: they were refused in the same moment.
            self._last_of_round = self._number
            self.limit = min(self.limit, self.in_flight) * _DECREASE
        self.in_flight -= images
        # The service accepted those that are still in flight, or fewer.
        self.limit = max(1.0, min(self.limit, float(self.in_flight), float(self.most)))
        if self._refused_since is None:
            self._refused_since = now
        if (retry_after or 0) < _SHORTEST_ASKED and not self.in_flight:
            # No request of ours will end and free a slot, so only time helps.
            self._pauses += 1
            retry_after = max(retry_after or 0, chance * self.policy.bound(self._pauses))
        if retry_after is not None:
            self.paused_until = max(self.paused_until, now + retry_after)
        return self.pause(now)

    def pause(self, now: float) -> float:
        """Seconds, 0 or more, until a request may be sent as far as pauses go."""
        return max(0.0, self.paused_until - now)

    def exhausted(self, now: float) -> bool:
        """Whether the service refused everything for longer than the deadline, or asks for such a pause."""
        if self._refused_since is None or self.in_flight:
            return False
        return max(now, self.paused_until) - self._refused_since > self.policy.deadline


@frozen
class Slowdown:
    """What follows from a request that was refused because of the number of requests.

    Attributes:
        limit: How many images may be in flight now.
        pause: Seconds, 0 or more, without a new request.
        news: Whether that is less than before.
        exhausted: Whether the service refused everything for longer than it may.
    """

    limit: int
    pause: float
    news: bool
    exhausted: bool


class LocalTurns:
    """Says when a request may be sent: the turns of a single process, first come, first served."""

    def __init__(self, most: int, policy: RetryPolicy) -> None:
        self._pace = Pace(most, policy)
        self._images: dict[int, int] = {}
        self._queue = anyio.Lock(fast_acquire=True)
        self._changed = anyio.Event()
        self._stopped = False

    @property
    def most(self) -> int:
        """The most images in flight, as far as the service named a limit."""
        return self._pace.most

    async def take(self, _request: BatchRequest | None, images: int) -> int:
        """Wait until a request for so many images may be sent. Return its number, or 0 when nothing more is sent."""
        async with self._queue:
            while not self._stopped:
                now = time.monotonic()
                if self._pace.allows(now, images):
                    number = self._pace.on_send(images)
                    self._images[number] = images
                    return number
                self._changed = anyio.Event()
                with anyio.move_on_after(self._pace.pause(now) or None):
                    await self._changed.wait()
        return 0

    def end(self, number: int, *, responded: bool) -> None:
        """A request ended: with any response but a 429, or without telling anything about the limit."""
        (self._pace.on_response if responded else self._pace.on_unknown)(self._images.pop(number))
        self._changed.set()

    async def slow_down(self, number: int, retry_after: float | None, server_limit: int | None) -> Slowdown:
        """A request ended with a 429; see Pace.on_rate_limited."""
        now, before = time.monotonic(), int(self._pace.limit)
        pause = self._pace.on_rate_limited(
            number,
            self._images.pop(number),
            now=now,
            retry_after=retry_after,
            server_limit=server_limit,
            chance=random.random(),  # noqa: S311
        )
        self._changed.set()
        limit = int(self._pace.limit)
        return Slowdown(limit, pause, limit < before or pause > 0, self._pace.exhausted(now))

    def stop(self) -> None:
        """Give no more turns."""
        self._stopped = True
        self._changed.set()


@define
class Budget:
    """Keeps a run from exceeding a sum. What is in flight counts as if it were billed."""

    most: Decimal
    spent: Decimal
    _reserved: dict[str, Decimal] = field(factory=dict[str, Decimal], init=False)
    _settled: anyio.Condition = field(factory=anyio.Condition, init=False)

    async def reserve(self, key: str, cost: Decimal) -> bool:
        """Reserve a request's cost; False when it might exceed the sum even if all requests in flight are free."""
        async with self._settled:
            while self.spent + sum(self._reserved.values()) + cost > self.most:
                if not self._reserved:
                    return False
                # Some of those in flight may be refused, and cost nothing.
                await self._settled.wait()
        self._reserved[key] = cost
        return True

    def refusal(self, cost: Decimal) -> str:
        """Why a request of that cost is not sent."""
        return f"The next row may cost {cost} USD, and with it the sum would pass {self.most} USD."

    async def settle(self, key: str, cost: Decimal | None = None) -> None:
        """Count what a request cost, or may have cost, instead of what was reserved for it. None: as reserved."""
        reserved = self._reserved.pop(key, None)
        if reserved is not None:
            self.spent += reserved if cost is None else cost
            async with self._settled:
                self._settled.notify_all()


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
