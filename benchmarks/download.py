"""The download of a large image to disk, against `curl -o`."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Ideogram

from .processes import ROOT, run, serving
from .requests import KEY
from .row import Row, Target, ratios
from .sampling import Scale, interleave

if TYPE_CHECKING:
    from collections.abc import Callable

_MEMORY = """
import sys
from pathlib import Path
from benchmarks.download import fetch
fetch(sys.argv[1], Path(sys.argv[2]))
"""


def measure(scale: Scale) -> list[Row]:
    """Bytes a second, from the call to the file in its place; ours is on the disk by then, curl's may be in memory."""
    size = scale.of(20_000_000, 200_000)
    with serving("image", str(size)) as url, tempfile.TemporaryDirectory(prefix=".bench-", dir=ROOT) as folder:
        return [_rate(scale, url, Path(folder), size), _memory(scale, url, Path(folder))]


def fetch(url: str, path: Path) -> float:
    """Seconds of one download."""
    with Ideogram(KEY, base_url=url) as client:
        began = time.perf_counter()
        client.download(_image(url), path, overwrite=True)
        return time.perf_counter() - began


def _rate(scale: Scale, url: str, folder: Path, size: int) -> Row:
    async def fetch_async() -> float:
        async with AsyncIdeogram(KEY, base_url=url) as client:
            began = time.perf_counter()
            await client.download(_image(url), folder / "asyncio.png", overwrite=True)
            return time.perf_counter() - began

    seconds: dict[str, Callable[[], float]] = {
        "Ideogram": lambda: fetch(url, folder / "sync.png"),
        "AsyncIdeogram": lambda: asyncio.run(fetch_async()),
    }
    curl = shutil.which("curl")
    if curl is not None:
        command = [curl, "-s", "-w", "%{time_total}", "-o", str(folder / "curl.png"), f"{url}/image.png"]
        seconds["curl"] = lambda: float(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        # The same promise: on the disk before it counts.
        seconds["curl and sync"] = lambda: seconds["curl"]() + _synced(folder / "curl.png")
    interleave(seconds, lambda fetch: fetch(), 1)
    samples = interleave(seconds, lambda fetch: fetch(), scale.of(15, 1))
    rates = {name: [size / value for value in values] for name, values in samples.items()}
    if curl is None:
        return Row("download of an image to disk, bytes a second", rates, unit="B/s", notes=["there is no curl"])
    best = f"curl: {max(rates['curl']) / 1e6:.0f} MB/s at best"
    return Row(
        f"rate of a download of {size / 1e6:g} MB to disk, against `curl -o`",
        ratios(rates, "curl"),
        Target(0.8, at_most=False),
        notes=[best],
    )


def _memory(scale: Scale, url: str, folder: Path) -> Row:
    """A process that downloads, against one that downloads next to nothing."""
    with serving("image", str(scale.of(1_000, 500))) as small:
        used = {
            name: run([sys.executable, "-c", _MEMORY, base, str(folder / "memory.png")])
            for name, base in (("large", url), ("small", small))
        }
    more = (used["large"].memory - used["small"].memory) / 2**20
    return Row("memory that the download takes", {"Ideogram": [max(more, 0.0)]}, Target(2.0), unit="MiB")


def _synced(path: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["sync", str(path)], check=True)
    return time.perf_counter() - began


def _image(url: str) -> GeneratedImage:
    return GeneratedImage(url=f"{url}/image.png", prompt="", resolution="", seed=0, is_image_safe=True)
