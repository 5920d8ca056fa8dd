"""Runs a batch as a library, in a process of its own, and leaves its loop early.

    python batch_left_early.py URL HOW CLOSED BACKEND

HOW is what happens after some outcomes: `error`, `break`, `exit`, `keyboard`, or nothing, which is `signal`. CLOSED is
`with`, `aclosing`, `bare` (nobody closes it) or `kept` (nor forgets it). It prints `taken ID` for each outcome.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import anyio

from ideogram_ai.batch import Outcome, run_batch
from ideogram_ai.client import AsyncIdeogram

ROWS = 84
TAKEN = 9
KEPT: list[Any] = []


def leave(how: str) -> None:
    """Leave the loop in a way that is no `break`."""
    match how:
        case "error":
            raise ValueError("The loop's body fails.")
        case "exit":
            sys.exit(3)
        case "keyboard":
            raise KeyboardInterrupt
        case _:
            pass


async def take(outcomes: AsyncIterator[Outcome], how: str) -> None:
    """Take some outcomes."""
    taken = 0
    async for outcome in outcomes:
        print("taken", outcome.request.key, flush=True)
        taken += 1
        if taken == TAKEN:
            leave(how)
            if how == "break":
                break


async def main(url: str, how: str, closed: str) -> None:
    """Run the batch."""
    rows = [{"id": f"<{n:03}>", "text_prompt": f"<{n:03}>", "resolution": "512x1536"} for n in range(ROWS)]
    async with AsyncIdeogram("the-key-of-this-test", base_url=url) as client:
        if closed == "bare":
            await take(run_batch(rows, client=client, in_flight=6), how)
            return
        run = run_batch(rows, client=client, in_flight=6)
        if closed == "kept":
            KEPT.append(run)
            await take(run, how)
        else:
            async with run if closed == "with" else aclosing(run) as outcomes:
                await take(outcomes, how)


if __name__ == "__main__":
    url, how, closed, backend = sys.argv[1:]
    if backend == "trio":
        anyio.run(main, url, how, closed, backend="trio")
    else:
        asyncio.run(main(url, how, closed))
