"""Clients that send what a batch sends, each over connections that it keeps: ours, and those beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import httpx

from ideogram_ai.batch import run_batch
from ideogram_ai.client import AsyncIdeogram

from .requests import FIELDS, FILES, HEADERS, KEY, PATH

Batch = Callable[[int, int], Awaitable[None]]
"""Sends so many requests, so many at a time."""

UNBOUNDED = httpx.Limits(max_connections=10_000, max_keepalive_connections=10_000)


_MODULES = {"run_batch": "ideogram_ai.batch", "httpx": "httpx", "aiohttp": "aiohttp", "httpx-aiohttp": "httpx_aiohttp"}


def installed(*names: str) -> list[str]:
    """Those of the named clients that are installed."""
    return [name for name in names if find_spec(_MODULES[name])]


@asynccontextmanager
async def batches(url: str, *names: str) -> AsyncGenerator[dict[str, Batch]]:
    """The named clients; their connections end with the block."""
    async with AsyncExitStack() as stack:
        made: dict[str, Batch] = {}
        for name in names:
            if name == "run_batch":
                made[name] = _ours(await stack.enter_async_context(AsyncIdeogram(KEY, base_url=url)))
            elif name == "httpx":
                made[name] = _httpx(
                    url, await stack.enter_async_context(httpx.AsyncClient(limits=UNBOUNDED, timeout=600))
                )
            elif name == "httpx-aiohttp":
                httpx_aiohttp: Any = import_module("httpx_aiohttp")  # may be missing, for type checkers too
                client = httpx_aiohttp.HttpxAiohttpClient(limits=UNBOUNDED, timeout=600)
                made[name] = _httpx(url, await stack.enter_async_context(client))
            elif name == "aiohttp":
                made[name] = await _aiohttp(url, stack)
        yield made


def _ours(client: AsyncIdeogram) -> Batch:
    async def send(requests: int, in_flight: int) -> None:
        rows = ({**FIELDS, "id": str(number)} for number in range(requests))
        count = 0
        async for outcome in run_batch(rows, client=client, in_flight=in_flight):
            count += outcome.generation is not None
        assert count == requests, f"{requests - count} of {requests} failed"

    return send


def _httpx(url: str, client: httpx.AsyncClient) -> Batch:
    async def one() -> None:
        (await client.post(url + PATH, files=FILES, headers=HEADERS)).json()

    return _side_by_side(one)


async def _aiohttp(url: str, stack: AsyncExitStack) -> Batch:
    import aiohttp  # a peer that may be missing

    session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))

    async def one() -> None:
        form = aiohttp.FormData(default_to_multipart=True)
        for name, value in FIELDS.items():
            form.add_field(name, value)
        async with session.post(url + PATH, data=form, headers=HEADERS) as answer:
            await answer.json()

    return _side_by_side(one)


def _side_by_side(one: Callable[[], Awaitable[None]]) -> Batch:
    async def send(requests: int, in_flight: int) -> None:
        left = iter(range(requests))

        async def work() -> None:
            for _ in left:
                await one()

        await asyncio.gather(*(work() for _ in range(in_flight)))

    return send
