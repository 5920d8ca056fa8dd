"""The coordinator: one limit for all workers, also when they die, wait or have spent enough."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal
from typing import TypeVar

import pytest

from ideogram_ai.batch import coordinator as module
from ideogram_ai.batch.coordinator import Coordinator
from ideogram_ai.batch.events import StopReason

T = TypeVar("T")
FREE = Decimal(0)


async def soon(waiting: Awaitable[T]) -> T:
    return await asyncio.wait_for(waiting, 10)


async def waits(task: "asyncio.Task[int]") -> bool:
    """Whether a task has nothing to do, after everything else had its turn."""
    for _ in range(20):
        await asyncio.sleep(0)
    return not task.done()


def test_the_limit_is_that_of_all_workers_together() -> None:
    async def run() -> None:
        turns = Coordinator(2, None, FREE)
        for worker in ("a", "b"):
            await turns.join(worker)
        first, second = await turns.take("a", "1", 1, FREE), await turns.take("b", "2", 1, FREE)
        third = asyncio.create_task(turns.take("b", "3", 1, FREE))
        assert await waits(third)
        await turns.end(first, responded=True)
        number = await soon(asyncio.shield(third))
        assert len({first, second, number}) == 3
        await turns.end(number, responded=True)
        slowdown = await turns.slow_down(second, 0.0, 1)
        assert slowdown is not None
        assert slowdown.limit == 1
        assert await turns.slow_down(second, 0.0, 1) is None, "it has ended"
        await turns.take("a", "4", 1, FREE)
        fifth = asyncio.create_task(turns.take("a", "5", 1, FREE))
        assert await waits(fifth), "a 429 of one worker lowers the limit of all"
        await turns.stop(StopReason.ASKED, "enough")
        await turns.stop(StopReason.ERROR, "later")
        assert await soon(asyncio.shield(fifth)) == 0
        assert await turns.stopping() == (StopReason.ASKED, "enough")

    asyncio.run(run())


def test_the_turns_of_a_dead_worker_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RENEW_SECONDS", 0.02)
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.1)

    async def run() -> None:
        turns = Coordinator(1, Decimal(3), FREE)
        await turns.join("dead")
        await turns.take("dead", "1", 1, Decimal(2))
        queued = asyncio.create_task(turns.take("dead", "2", 1, Decimal(1)))
        await turns.join("alive")

        async def renew() -> None:
            while True:
                await turns.renew("alive")
                await asyncio.sleep(0.02)

        renewing = asyncio.create_task(renew())
        assert await soon(asyncio.shield(queued)) == -1
        assert await soon(turns.take("alive", "2", 1, Decimal(1))), "what waited for its turn cost nothing"
        await turns.settle("alive", "2", Decimal(1))
        assert await soon(turns.take("alive", "3", 1, Decimal(1))) == 0, "what was on its way may have been billed"
        reason, message = await turns.stopping() or ("", "")
        assert reason is StopReason.MAX_COST
        assert "1 USD" in message
        assert "3 USD" in message
        renewing.cancel()

    asyncio.run(run())


def test_a_row_that_turned_out_free_leaves_its_money_to_another() -> None:
    async def run() -> None:
        turns = Coordinator(5, Decimal(3), Decimal(1))
        await turns.join("a")
        await turns.take("a", "1", 1, Decimal(2))
        second = asyncio.create_task(turns.take("a", "2", 1, Decimal(2)))
        assert await waits(second)
        await turns.settle("a", "1", FREE)
        assert await soon(asyncio.shield(second))
        await turns.settle("a", "2", Decimal(2))
        assert await turns.take("a", "3", 1, Decimal("0.01")) == 0

    asyncio.run(run())
