"""Clients that send what a batch sends, with a new connection for each request: ours, aiohttp and httpx."""

from __future__ import annotations

import asyncio
import contextlib
import os
import ssl
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from unittest.mock import patch

import aiohttp
import httpx
import trustme

from ideogram_ai.batch import run_batch
from ideogram_ai.client import AsyncIdeogram

from .requests import FIELDS, FILES, HEADERS, KEY, PATH

Batch = Callable[[int, int], Awaitable[None]]
"""Sends a number of requests, at most so many at a time."""

CLOSE = {"Connection": "close"}


@contextlib.contextmanager
def authority() -> Generator[Path]:
    """Trust an authority of our own; the folder has the certificate and key of a server."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        certificate = authority.issue_cert("localhost", "127.0.0.1")
        certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
        with patch.dict(os.environ, SSL_CERT_FILE=str(folder / "authority.pem")):
            yield folder


@asynccontextmanager
async def batches(url: str, *names: str) -> AsyncGenerator[dict[str, Batch]]:
    """Open the named clients: "run_batch", "aiohttp", "httpx"."""
    async with AsyncExitStack() as stack:
        made: dict[str, Batch] = {}
        for name in names:
            if name == "run_batch":
                made[name] = _ours(await stack.enter_async_context(AsyncIdeogram(KEY, base_url=url)))
            elif name == "httpx":
                limits = httpx.Limits(max_connections=10_000)
                client = httpx.AsyncClient(limits=limits, timeout=600, headers=CLOSE)
                made[name] = _httpx(url, await stack.enter_async_context(client))
            else:
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
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    connector = aiohttp.TCPConnector(limit=0, force_close=True, ssl=trusted)
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))

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
