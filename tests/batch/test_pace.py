"""The pace never exceeds what was asked for, decreases when the service refuses requests, and recovers.

The coordinator keeps one limit for all workers, also when they die, wait or have spent enough.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ideogram_ai.batch import pace as module
from ideogram_ai.batch.events import StopReason
from ideogram_ai.batch.pace import Coordinator, Pace
from ideogram_ai.client import RetryPolicy

T = TypeVar("T")
FREE = Decimal(0)
POLICY = RetryPolicy(base_delay=1, max_delay=60, deadline=300)


def fill(pace: Pace, now: float = 0.0) -> list[int]:
    """Send as many as are allowed, and give their numbers."""
    sent: list[int] = []
    while pace.allows(now):
        sent.append(pace.on_send())
    return sent


def refuse(pace: Pace, number: int, *, now: float = 0.0, asked: float | None = None, limit: int | None = None) -> float:
    return pace.on_rate_limited(number, now=now, retry_after=asked, server_limit=limit, chance=1.0)


@given(
    most=st.integers(1, 50),
    events=st.lists(
        st.tuples(
            st.sampled_from(["send", "response", "unknown", "refuse"]),
            st.floats(0, 100),
            st.none() | st.floats(0, 500),
            st.none() | st.integers(-5, 60),
            st.floats(0, 1),
        ),
        max_size=200,
    ),
)
def test_the_limit_stays_in_its_bounds(
    most: int, events: list[tuple[str, float, float | None, int | None, float]]
) -> None:
    pace = Pace(most, POLICY)
    in_flight: deque[int] = deque()
    now = 0.0
    for what, passed, asked, limit, chance in events:
        now += passed
        if what == "send":
            if pace.allows(now):
                assert now >= pace.paused_until
                in_flight.append(pace.on_send())
        elif in_flight and what == "response":
            in_flight.popleft()
            pace.on_response()
        elif in_flight and what == "unknown":
            in_flight.pop()
            pace.on_unknown()
        elif in_flight:
            before, number = pace.limit, in_flight.popleft()
            pause = pace.on_rate_limited(number, now=now, retry_after=asked, server_limit=limit, chance=chance)
            assert pace.limit <= before
            assert pause >= (asked or 0) - 1e-6
            assert not pause or not pace.allows(now + pause / 2)
        assert 1 <= pace.limit <= pace.most <= most
        assert pace.in_flight == len(in_flight) <= most


@settings(max_examples=30)
@given(most=st.integers(1, 100), accepts=st.integers(1, 100))
def test_a_service_that_accepts_fewer_is_found_out_and_used(most: int, accepts: int) -> None:
    """In each round all that is allowed is sent, and so many are accepted: soon nearly all slots are used."""
    pace = Pace(most, POLICY)
    used = deque[int](maxlen=40)
    for _ in range(80):
        sent = fill(pace)
        for number in sent[accepts:]:
            refuse(pace, number)
        for _ in sent[:accepts]:
            pace.on_response()
        used.append(min(len(sent), accepts))
    best = min(most, accepts)
    assert max(used) == best
    assert sum(used) / len(used) >= 0.75 * best


@pytest.mark.parametrize("most", [1, 2, 10, 400])
def test_it_recovers_from_the_bottom_in_a_few_rounds(most: int) -> None:
    pace = Pace(most, POLICY)
    for number in fill(pace):
        refuse(pace, number)
    assert pace.limit == 1
    now = pace.paused_until
    for _ in range(30):
        for _ in fill(pace, now):
            pace.on_response()
    assert pace.limit == most


def test_refusals_of_one_moment_decrease_the_limit_once() -> None:
    pace = Pace(10, POLICY)
    numbers = fill(pace)
    for number in numbers[:2]:
        refuse(pace, number)
        assert pace.limit == 8
    for _ in range(3):
        pace.on_response()
    assert pace.in_flight == 5
    refuse(pace, pace.on_send())
    assert pace.limit == pytest.approx(6 * 0.8)  # a share of what was in flight


def test_a_retry_after_is_kept_to_the_moment() -> None:
    pace = Pace(10, POLICY)
    numbers = fill(pace)
    assert refuse(pace, numbers[0], now=100, asked=7.5) == 7.5
    assert refuse(pace, numbers[1], now=101, asked=1) == 6.5, "a shorter one does not take it back"
    for _ in range(8):
        pace.on_response()
    assert not pace.allows(107.4)
    assert pace.allows(107.5)


@pytest.mark.parametrize("asked", [None, 0, 0.1])
def test_pauses_grow_while_nothing_is_in_flight_and_the_service_names_none(asked: float | None) -> None:
    pace = Pace(1, POLICY)
    now, pauses = 0.0, list[float]()
    for _ in range(8):
        pauses.append(refuse(pace, pace.on_send(), now=now, asked=asked))
        now = pace.paused_until
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    pace.on_send()
    pace.on_response()
    assert refuse(pace, pace.on_send(), now=now) == 1
    pace = Pace(2, POLICY)
    _, second = fill(pace)
    assert refuse(pace, second) == 0, "a request in flight will free a slot"
    assert not pace.allows(0)
    pace.on_response()
    assert pace.allows(0)


def test_the_limit_that_the_service_names_is_not_exceeded_again() -> None:
    pace = Pace(100, POLICY)
    sent = fill(pace)
    for number in sent[10:]:
        refuse(pace, number, limit=10)
    for _ in sent[:10]:
        pace.on_response()
    for _ in range(50):
        assert len(fill(pace)) <= 10
        while pace.in_flight:
            pace.on_response()
    assert int(pace.limit) == 10


def test_it_is_exhausted_after_nothing_but_refusals_for_the_deadline() -> None:
    pace = Pace(1, POLICY)
    refuse(pace, pace.on_send(), now=0)
    assert not pace.exhausted(299)
    refuse(pace, pace.on_send(), now=300)
    assert pace.exhausted(301)
    pace.on_send()
    pace.on_response()
    assert not pace.exhausted(1000)
    refuse(pace, pace.on_send(), now=1000, asked=301)
    assert pace.exhausted(1000)  # so long a pause is useless
    pace = Pace(2, POLICY)
    _, second = fill(pace)
    refuse(pace, second, now=0)
    assert not pace.exhausted(10_000), "something is in flight"


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
