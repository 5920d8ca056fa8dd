"""A client holds at most so many requests in flight, for all threads and event loops that use it."""

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import anyio
import pytest
from both_clients import SHELLS, Shell, run

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, Ideogram, IdeogramError, RetryPolicy
from ideogram_ai.client.transport import InFlight
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer

KEY = "sentinel-3f9c2b7d51e84a06"
LIMIT = POST_GENERATE_IMAGE_V4.in_flight_limit


def many(client: Any, count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        list(pool.map(lambda number: client.generate(text_prompt=str(number)), range(count)))


async def many_async(client: Any, count: int) -> None:
    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(partial(client.generate, text_prompt=str(number)))


@pytest.mark.parametrize("shell", SHELLS)
def test_fifty_at_once_meet_no_limit_of_the_service(shell: Shell) -> None:
    with MockServer(latency=0.02) as server:
        use = many if shell == "sync" else many_async
        run(shell, lambda client: use(client, 50), base_url=server.url, retry=RetryPolicy(max_attempts=1))
        assert [exchange.status for exchange in server.ledger] == [200] * 50


@pytest.mark.parametrize("shell", SHELLS)
def test_another_number_can_be_told_and_is_shared_by_a_copy_with_another_policy(shell: Shell) -> None:
    def use(client: Any) -> None:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda each: many(each, 4), (client, client.with_retry(RetryPolicy(max_attempts=1)))))

    async def use_async(client: Any) -> None:
        async with anyio.create_task_group() as tasks:
            for each in (client, client.with_retry(RetryPolicy(max_attempts=1))):
                tasks.start_soon(many_async, each, 4)

    with MockServer(latency=0.02, in_flight=2) as server:
        run(shell, use if shell == "sync" else use_async, base_url=server.url, in_flight=2)
        assert [exchange.status for exchange in server.ledger] == [200] * 8


@pytest.mark.parametrize("kind", [Ideogram, AsyncIdeogram])
def test_the_limit_is_the_contracts_unless_told_and_a_copy_may_have_its_own(kind: Any) -> None:
    client = kind(KEY)
    assert client._in_flight.limit == LIMIT
    assert client.with_retry(RetryPolicy())._in_flight is client._in_flight
    assert client.with_retry(RetryPolicy(), in_flight=3)._in_flight.limit == 3


@pytest.mark.parametrize("limit", [0, -1, True, 2.5, "10"])
def test_what_is_no_number_of_requests_is_refused(limit: Any) -> None:
    for kind in (Ideogram, AsyncIdeogram):
        with pytest.raises(ConfigurationError, match=r"^in_flight is .*; give a whole number, 1 or more\. Nothing was"):
            kind(KEY, in_flight=limit)


def test_who_is_cancelled_while_waiting_sent_nothing_and_leaves_the_place_to_others() -> None:
    async def main() -> None:
        async with AsyncIdeogram(KEY, base_url=server.url, in_flight=1) as client, anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: client.generate(text_prompt="first"))
            while not server.ledger:  # noqa: ASYNC110 - the server has no event of anyio's
                await anyio.sleep(0.01)
            with anyio.move_on_after(0.05) as scope:
                await client.generate(text_prompt="cancelled")
            assert scope.cancelled_caught
            await client.generate(text_prompt="second")

    with MockServer(latency=0.3) as server:
        asyncio.run(main())
        assert len(server.ledger) == 2


def test_a_place_that_another_loop_gives_back_wakes_who_waits() -> None:
    places = InFlight(1)
    held, go = threading.Event(), threading.Event()
    order: list[str] = []

    async def hold() -> None:
        async with places.async_place():
            held.set()
            await anyio.to_thread.run_sync(go.wait)
            order.append("first")

    async def wait() -> None:
        async with places.async_place():
            order.append("second")

    thread = threading.Thread(target=asyncio.run, args=[hold()])
    thread.start()
    held.wait()
    threading.Timer(0.1, go.set).start()
    anyio.run(wait, backend="trio")
    thread.join()
    assert order == ["first", "second"]


def test_a_loop_that_ended_while_it_waited_holds_nobody_up() -> None:
    places = InFlight(1)
    ended = asyncio.new_event_loop()

    async def wait() -> None:
        async with places.async_place():
            pass

    with places.place():
        task = ended.create_task(wait())
        ended.run_until_complete(asyncio.sleep(0.01))
        ended.call_soon(ended.stop)
        ended.run_forever()
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        ended.close()
        waiting = threading.Thread(target=asyncio.run, args=[wait()])
        waiting.start()
        while len(places._wakers) < 2:
            time.sleep(0.01)
    waiting.join(10)
    assert not waiting.is_alive()


def test_a_forked_child_begins_with_every_place_free() -> None:
    places = InFlight(1)
    with places.place():
        places._process = os.getppid()  # as in a child: the place is held by somebody else
        child = threading.Thread(target=_take_and_leave, args=[places], daemon=True)
        child.start()
        child.join(10)
        assert not child.is_alive()


def _take_and_leave(places: InFlight) -> None:
    with places.place():
        pass


def test_a_request_that_fails_gives_its_place_back() -> None:
    with MockServer(scenario=[500, 500, 500]) as server:
        client = Ideogram(KEY, base_url=server.url, in_flight=1, retry=RetryPolicy(max_attempts=1))
        for _ in range(3):
            with pytest.raises(IdeogramError):
                client.generate(text_prompt="a")
