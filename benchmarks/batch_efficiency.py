"""Efficiency and CPU time of a batch, over TLS, with a service that takes 5 s, against aiohttp with `force_close`.

Every request has a connection of its own. Efficiency is the ideal time divided by the real time.
"""

from __future__ import annotations

import asyncio
import time

from .peers import authority, batches
from .processes import CORES, on_core, serving
from .row import Row, Target, ratios
from .sampling import Scale, interleave

_TARGETS = {10: 0.99, 100: 0.98, 400: 0.96}
_LATENCY = 5.0
_ROUNDS = 3


def measure(scale: Scale) -> list[Row]:
    """Return three rows of efficiency and one of CPU time; the client has a core of its own."""
    efficiency: list[Row] = []
    cpu: dict[str, list[float]] = {}
    for in_flight, target in _TARGETS.items():
        took, cpu = _samples(scale, in_flight)
        ideal = {name: [1 / value for value in values] for name, values in took.items()}
        best = ", ".join(f"{name} {max(values):.3f}" for name, values in ideal.items())
        what = f"batch efficiency, {in_flight} in flight, against aiohttp with force_close"
        efficiency.append(Row(what, ratios(ideal, "aiohttp"), Target(target, at_most=False), notes=[f"at best {best}"]))
    base = f"aiohttp takes {min(cpu['aiohttp']) * 1e6:.0f} us an image at best"
    what = "CPU per image in a batch, against aiohttp with force_close"
    return [*efficiency, Row(what, ratios(cpu, "aiohttp"), Target(2), notes=[base])]


def _samples(scale: Scale, in_flight: int) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Return real time over ideal time, and CPU seconds of an image, by client."""
    latency, in_flight, rounds = (0.01, 4, 1) if scale.quick else (_LATENCY, in_flight, _ROUNDS)
    cpu: dict[str, list[float]] = {}

    async def batch(url: str, name: str) -> float:
        async with batches(url, name) as clients:
            began, used = time.perf_counter(), time.process_time()
            await clients[name](rounds * in_flight, in_flight)
            cpu.setdefault(name, []).append((time.process_time() - used) / (rounds * in_flight))
            return (time.perf_counter() - began) / (rounds * latency)

    names = {name: name for name in ("run_batch", "aiohttp", "httpx")}
    with authority() as folder, serving("canned", str(latency), str(folder)) as url, on_core(CORES[0]):
        took = interleave(names, lambda name: asyncio.run(batch(url, name)), scale.of(3, 1))
    return took, cpu
