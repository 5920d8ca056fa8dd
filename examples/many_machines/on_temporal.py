"""Temporal: `python on_temporal.py ROWS.jsonl OUT ADDRESS [--async]`, on as many machines as you like.

Temporal makes a row again, on any machine, when its worker was silent for ten seconds. It finds the claim.
"""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.worker import Worker

from ideogram_ai.batch import BatchRequest, Step

_, rows, out, address, *options = sys.argv
step = Step(location=out, submit="--async" in options)


@activity.defn
async def send(row: dict[str, Any], number: int) -> str:
    sending = asyncio.create_task(asyncio.to_thread(step, BatchRequest.of(row, number)))
    while not sending.done():
        activity.heartbeat()
        await asyncio.wait([sending], timeout=2)
    return sending.result().state.value


@workflow.defn(sandboxed=False)  # there is nothing in it that could differ when it is replayed
class Generate:
    @workflow.run
    async def run(self, row: dict[str, Any], number: int) -> str:
        limits = {"start_to_close_timeout": timedelta(hours=1), "heartbeat_timeout": timedelta(seconds=10)}
        state: str = await workflow.execute_activity(send, args=[row, number], **limits)
        return state


async def main(lines: list[str]) -> None:
    client = await Client.connect(address)
    kind: dict[str, Any] = {"task_queue": out, "id_conflict_policy": WorkflowIDConflictPolicy.USE_EXISTING}
    # Requests in flight: five on each machine.
    async with Worker(client, task_queue=out, workflows=[Generate], activities=[send], max_concurrent_activities=5):
        handles = [  # whoever starts a row that runs already gets the workflow that runs
            await client.start_workflow(Generate.run, args=[json.loads(line), number], id=f"{out} {number}", **kind)
            for number, line in enumerate(lines, start=1)
        ]
        for number, handle in enumerate(handles, start=1):
            print(number, await handle.result(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Path(rows).read_text("utf-8").splitlines()))
