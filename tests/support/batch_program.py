"""Runs a batch in a process of its own, which can be killed at a certain point.

    python batch_program.py FOLDER URL ROWS [--images N] [--submit] [--retry-unknown] [--die-at POINT:NUMBER]
                            [--in-flight N] [--backend NAME]

It prints "running" when the rows are planned and the run begins, and the counts of all states, as JSON, when it ended.
"""

import argparse
import functools
import json
import os
import signal
import time
from typing import TYPE_CHECKING, Any

import anyio

from ideogram_ai.batch import BatchRequest, Job
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.batch.model import RunStopped
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.batch.store import LocalStore
from ideogram_ai.client import AsyncIdeogram

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS: dict[str, tuple[type, str, bool]] = {
    "before a commit": (Ledger, "apply", False),
    "after a commit": (Ledger, "apply", True),
    "before a request": (AsyncIdeogram, "generate", False),
    "after an answer": (AsyncIdeogram, "generate", True),
    "before a download": (AsyncIdeogram, "download", False),
    "after a download": (AsyncIdeogram, "download", True),
    "before an image has its name": (LocalStore, "add", False),
    "after an image has its name": (LocalStore, "add", True),
}
JOB_POINTS: dict[str, tuple[type, str, bool]] = {
    **POINTS,
    "before a request": (AsyncIdeogram, "submit", False),
    "after an answer": (AsyncIdeogram, "submit", True),
    "before a wait": (AsyncIdeogram, "wait", False),
    "after a wait": (AsyncIdeogram, "wait", True),
}
"""With --submit."""


def rows(count: int, images: int) -> list[BatchRequest]:
    """The rows of every test: each prompt is there once, so that the server's ledger tells who was asked for."""
    several = {"operation": "v3.generate", "num_images": images} if images else {}
    prompt = "prompt" if images else "text_prompt"
    return [
        BatchRequest.of({prompt: f"number {number}", "resolution": "512x1536", **several}, number)
        for number in range(1, count + 1)
    ]


class Death:
    """Kills this process when it is called for the given number of times.

    Args:
        calls: The number of the call, from 1.
        delay: Seconds before it; in a thread, whatever does not wait for it goes on meanwhile.
    """

    def __init__(self, calls: int, delay: float) -> None:
        self._left = calls
        self._delay = delay

    def __call__(self) -> None:
        self._left -= 1
        if not self._left:
            time.sleep(self._delay)
            os.kill(os.getpid(), signal.SIGKILL)


def die_at(point: str, number: int, *, submit: bool) -> None:
    """Kill this process when a point is passed for the given number of times."""
    owner, name, after = (JOB_POINTS if submit else POINTS)[point]
    original: Callable[..., Any] = getattr(owner, name)
    blocks = name in {"apply", "add"}
    die = Death(number, delay=0.2 if blocks and not after else 0)
    before, behind = (_nothing, die) if after else (die, _nothing)

    @functools.wraps(original)
    def dying(*arguments: Any, **named: Any) -> Any:
        before()
        result = original(*arguments, **named)
        behind()
        return result

    @functools.wraps(original)
    async def dying_async(*arguments: Any, **named: Any) -> Any:
        before()
        result = await original(*arguments, **named)
        behind()
        return result

    setattr(owner, name, dying if blocks else dying_async)


def _nothing() -> None:
    pass


async def run(job: Job, arguments: argparse.Namespace) -> RunStopped:
    """Run the batch against the server."""
    async with AsyncIdeogram("the-key-of-this-test", base_url=arguments.url) as client:
        return await job.run(
            client,
            in_flight=arguments.in_flight,
            downloads=4,
            prices=shipped_prices(),
            retry_unknown=arguments.retry_unknown,
            submit=arguments.submit,
        )


def main() -> None:
    """Plan and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("url")
    parser.add_argument("rows", type=int)
    parser.add_argument("--images", type=int, default=0, help="images of a row; without it, generate of 4.0 makes one")
    parser.add_argument("--submit", action="store_true")
    parser.add_argument("--retry-unknown", action="store_true")
    parser.add_argument("--die-at", default="")
    parser.add_argument("--in-flight", type=int, default=10)
    parser.add_argument("--backend", default="asyncio")
    arguments = parser.parse_args()
    if arguments.die_at:
        point, _, number = arguments.die_at.rpartition(":")
        die_at(point, int(number), submit=arguments.submit)
    with Job.open(arguments.folder) as job:
        job.plan(rows(arguments.rows, arguments.images))
        print("running", flush=True)
        stopped = anyio.run(run, job, arguments, backend=arguments.backend)
        print(json.dumps({"reason": stopped.reason, "message": stopped.message, **job.counts()}))


if __name__ == "__main__":
    main()
