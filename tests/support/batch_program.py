"""Runs a batch in a process of its own, which is killed after so many commits to its ledger.

python batch_program.py FOLDER URL ROWS [--in-flight N] [--commits N]
"""

import argparse
import os
import signal
from collections.abc import Sequence
from unittest.mock import patch

import anyio

from ideogram_ai.batch import BatchRequest, Job, Outcome
from ideogram_ai.batch.ledger import Ledger
from ideogram_ai.client import AsyncIdeogram


def die_after(commits: int) -> None:
    """Kill this process after so many commits of a run."""
    left = commits
    apply = Ledger.apply

    def dying(ledger: Ledger, outcomes: Sequence[Outcome]) -> None:
        nonlocal left
        apply(ledger, outcomes)
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    patch.object(Ledger, "apply", dying).start()


async def run(job: Job, url: str, in_flight: int) -> None:
    """Run the batch against the server."""
    async with AsyncIdeogram("the-key-of-this-test", base_url=url) as client:
        await job.run(client, in_flight=in_flight)


def main() -> None:
    """Plan and run."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("url")
    parser.add_argument("rows", type=int)
    parser.add_argument("--in-flight", type=int, default=10)
    parser.add_argument("--commits", type=int, default=0)
    arguments = parser.parse_args()
    die_after(arguments.commits)
    with Job.open(arguments.folder) as job:
        job.plan(
            BatchRequest.of({"text_prompt": f"number {number}"}, number) for number in range(1, arguments.rows + 1)
        )
        anyio.run(run, job, arguments.url, arguments.in_flight)


if __name__ == "__main__":
    main()
