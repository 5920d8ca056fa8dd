"""How near a batch comes to the service's own speed: ideal time over real time, with a server that takes 0.5 s."""

from __future__ import annotations

import asyncio
import time

from .peers import batches, installed
from .processes import CORES, on_core, serving
from .requests import missing
from .row import Row, Target
from .sampling import Scale, interleave

_TARGETS = {10: 0.97, 100: 0.92, 400: 0.75}
_ROUNDS = 10


def measure(scale: Scale) -> list[Row]:
    """A client on a core of its own, the server on another; connections are opened within the time."""
    return [_measure(scale, in_flight, target) for in_flight, target in _TARGETS.items()]


def _measure(scale: Scale, in_flight: int, target: float) -> Row:
    latency, in_flight = (0.01, 4) if scale.quick else (0.5, in_flight)

    async def batch(url: str, name: str, rounds: int) -> float:
        async with batches(url, name) as clients:
            began = time.perf_counter()
            await clients[name](rounds * in_flight, in_flight)
            return rounds * latency / (time.perf_counter() - began)

    names = {name: name for name in installed("run_batch", "aiohttp", "httpx-aiohttp")}
    with serving("canned", str(latency)) as url, on_core(CORES[0]):
        samples = interleave(names, lambda name: asyncio.run(batch(url, name, _ROUNDS)), scale.of(3, 1))
        # httpx alone takes minutes for what the others do in seconds.
        samples["httpx"] = [asyncio.run(batch(url, "httpx", 2))]
    what = f"batch efficiency, {in_flight} in flight"
    return Row(what, samples, Target(target, at_most=False), unit="", notes=missing("aiohttp", "httpx_aiohttp"))
