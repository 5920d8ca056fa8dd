"""Seconds of the processor for an image of a batch, without the picture, against bare aiohttp."""

from __future__ import annotations

import asyncio
import time

from .peers import Batch, batches, installed
from .processes import CORES, on_core, serving
from .requests import missing
from .row import Row, Target, ratios
from .sampling import Scale, interleave

_IN_FLIGHT = 10


def measure(scale: Scale) -> list[Row]:
    """Of the client's process alone, over connections that are open already."""
    names = installed("run_batch", "aiohttp", "httpx-aiohttp", "httpx")
    if "aiohttp" not in names:
        return []
    images = scale.of(500, 20)

    async def seconds(send: Batch) -> float:
        began = time.process_time()
        await send(images, _IN_FLIGHT)
        return (time.process_time() - began) / images

    with serving("canned", "0.005") as url, on_core(CORES[0]), asyncio.Runner() as runner:
        context = batches(url, *names)
        clients = runner.run(context.__aenter__())
        interleave(clients, lambda send: runner.run(seconds(send)), 1)  # opens the connections
        samples = interleave(clients, lambda send: runner.run(seconds(send)), scale.of(15, 1))
        runner.run(context.__aexit__(None, None, None))
    base = f"aiohttp takes {min(samples['aiohttp']) * 1e6:.0f} us an image at best"
    return [
        Row(
            "CPU per image in a batch, against bare aiohttp",
            ratios(samples, "aiohttp"),
            Target(2),
            notes=[base, *missing("httpx_aiohttp")],
        )
    ]
