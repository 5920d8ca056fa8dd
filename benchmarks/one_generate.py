"""One `generate` on loopback, against bare httpx that also closes its connection."""

from __future__ import annotations

import asyncio
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import httpx

from ideogram_ai.client import AsyncIdeogram, Ideogram

from .peers import CLOSE
from .processes import CORES, on_core, serving
from .requests import FILES, HEADERS, KEY, PATH, PROMPT, RESOLUTION, missing
from .row import Row, Target, ratios
from .sampling import Case, Scale, interleave

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

TARGET = Target(1.0)


def measure(scale: Scale) -> list[Row]:
    """Return the seconds of a call, as the caller waits for it."""
    calls, repetitions = scale.of(100, 2), scale.of(15, 2)
    with serving("canned", "0") as url, on_core(CORES[0]):
        return [_sync(url, calls, repetitions), _asynchronous(url, calls, repetitions)]


def _sync(url: str, calls: int, repetitions: int) -> Row:
    with httpx.Client(headers=CLOSE) as bare, Ideogram(KEY, base_url=url) as ours:
        cases: dict[str, Callable[[], object]] = {
            "Ideogram": lambda: ours.generate(text_prompt=PROMPT, resolution=RESOLUTION),
            "bare httpx": lambda: bare.post(url + PATH, files=FILES, headers=HEADERS).json(),
        }
        if find_spec("openai"):
            cases["openai, which keeps its connection"] = _openai(url)
        samples = _sampled(cases, lambda call: _seconds(call, calls), repetitions)
    return _row("one `generate` on loopback, against bare httpx that closes", samples, missing("openai"))


def _asynchronous(url: str, calls: int, repetitions: int) -> Row:
    with asyncio.Runner() as runner:
        bare, ours = httpx.AsyncClient(headers=CLOSE), AsyncIdeogram(KEY, base_url=url)

        async def use_bare() -> None:
            (await bare.post(url + PATH, files=FILES, headers=HEADERS)).json()

        async def use_ours() -> None:
            await ours.generate(text_prompt=PROMPT, resolution=RESOLUTION)

        async def seconds(call: Callable[[], Awaitable[None]]) -> float:
            began = time.perf_counter()
            for _ in range(calls):
                await call()
            return (time.perf_counter() - began) / calls

        cases = {"AsyncIdeogram": use_ours, "bare httpx": use_bare}
        samples = _sampled(cases, lambda call: runner.run(seconds(call)), repetitions)
        runner.run(ours.aclose())
        runner.run(bare.aclose())
    return _row("one `generate` on loopback, asyncio, against bare httpx that closes", samples, [])


def _row(what: str, samples: dict[str, list[float]], left_out: list[str]) -> Row:
    base = f"bare httpx takes {min(samples['bare httpx']) * 1e6:.0f} us at best"
    return Row(what, ratios(samples, "bare httpx"), TARGET, notes=[base, *left_out])


def _sampled(cases: Mapping[str, Case], sample: Callable[[Case], float], repetitions: int) -> dict[str, list[float]]:
    interleave(cases, sample, 1)  # imports, caches
    return interleave(cases, sample, repetitions)


def _seconds(call: Callable[[], object], calls: int) -> float:
    began = time.perf_counter()
    for _ in range(calls):
        call()
    return (time.perf_counter() - began) / calls


def _openai(url: str) -> Callable[[], object]:
    openai: Any = import_module("openai")  # may be missing, for type checkers too
    client = openai.OpenAI(api_key=KEY, base_url=url)
    return lambda: client.images.generate(prompt=PROMPT, size="1024x1024")
