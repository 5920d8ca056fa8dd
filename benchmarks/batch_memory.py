"""Memory of a batch of a million rows, against one of a thousand, with a transport that answers by itself."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import httpx

from ideogram_ai.batch import run_batch
from ideogram_ai.client import AsyncIdeogram

from .processes import run
from .requests import FIELDS, KEY
from .row import Row, Target
from .servers.canned import answer

if TYPE_CHECKING:
    from .sampling import Scale


def measure(scale: Scale) -> list[Row]:
    """The most memory that a process had that did nothing else."""
    few, many = scale.of(1_000, 50), scale.of(1_000_000, 500)
    used = {rows: run([sys.executable, "-m", "benchmarks.batch_memory", str(rows)]) for rows in (few, many)}
    ratio = used[many].memory / used[few].memory
    notes = [f"{rows:,} rows: {use.memory / 2**20:.0f} MiB at most, {use.cpu:.0f} s" for rows, use in used.items()]
    return [
        Row(
            f"memory of a batch of {many:,} rows, against one of {few:,}",
            {"run_batch": [ratio]},
            Target(1.2),
            notes=notes,
        )
    ]


async def run_rows(rows: int) -> None:
    """Run rows that are made as they are needed."""
    body = answer().partition(b"\r\n\r\n")[2]

    async def give(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body)

    requests = ({**FIELDS, "id": str(number)} for number in range(rows))
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(give)) as http,
        AsyncIdeogram(KEY, http_client=http) as client,
    ):
        count = 0
        async for outcome in run_batch(requests, client=client):
            count += outcome.generation is not None
    assert count == rows


if __name__ == "__main__":
    asyncio.run(run_rows(int(sys.argv[1])))
