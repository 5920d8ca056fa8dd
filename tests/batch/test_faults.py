"""Every way in which a server goes wrong, in one batch: what may have run is not asked for twice, and counts."""

import random
import re
from collections import Counter
from pathlib import Path

import pytest
from batch_service import HASTY
from driver import KEY

from ideogram_ai.batch import BatchRequest, Job, State
from ideogram_ai.batch.events import StopReason
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.client import AsyncIdeogram
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS, FaultServer, Phase

pytestmark = pytest.mark.anyio

STOPPING = re.compile("(status|echo)_40[124].*|redirect_3..")
"""What every other row would meet too ends a run; that is another test's."""
PROMPT = re.compile(rb"number ([0-9]+) ")


async def run(job: Job, url: str) -> StopReason:
    async with AsyncIdeogram(KEY, base_url=url, retry=HASTY, timeout=10) as client:
        return (await job.run(client, in_flight=6, prices=shipped_prices())).reason


def asked(server: FaultServer) -> Counter[str]:
    """How often each row may have run, as the server saw it."""
    posts = [request for request in server.ledger.posts if request.may_have_run]
    numbers = [PROMPT.search(request.raw) for request in posts]
    return Counter(number[1].decode() for number in numbers if number)


async def test_every_fault_in_one_batch(tmp_path: Path) -> None:
    faults = [
        name
        for name, fault in FAULTS.items()
        if fault.phase is not Phase.CONNECT and not fault.needs_limit and not STOPPING.fullmatch(name)
    ]
    images = [name for name, f in IMAGE_FAULTS.items() if not (name.startswith("redirect_to") or f.needs_limit)]
    random.shuffle(faults)
    random.shuffle(images)
    rows = len(faults)
    assert rows > 60
    mixed = [step for name in faults for step in (name, "ok")]
    with FaultServer(mixed, image=[*images, "ok"]) as server, Job.open(tmp_path) as job:
        job.plan(BatchRequest(f"{n}", {"text_prompt": f"number {n} "}) for n in range(rows))
        assert await run(job, server.url) is StopReason.DONE
        assert await run(job, server.url) is StopReason.DONE
        may_have_run = asked(server)
        assert set(may_have_run.values()) == {1}
        for outcome in job.outcomes():
            ran = may_have_run[outcome.request.key]
            assert outcome.may_have_been_billed or not ran, outcome
            assert bool(outcome.cost) is outcome.may_have_been_billed
            if outcome.state is State.SAVED:
                assert all((tmp_path / str(image.file)).is_file() for image in outcome.images)
            assert outcome.state in {State.SAVED, State.FAILED, State.UNKNOWN}
            assert outcome.state is State.SAVED or outcome.error
        counts = job.counts()
        # Which rows meet the faults differs from run to run.
        assert counts[State.SAVED] >= rows // 3
        assert counts[State.FAILED] >= 1
        assert counts[State.UNKNOWN] >= 10
        unknown = [outcome.request.key for outcome in job.outcomes(State.UNKNOWN)]
        for _ in range(20):
            job.ledger.retry_unknown()
            assert await run(job, server.url) is StopReason.DONE
            if not job.counts()[State.UNKNOWN]:
                break
        assert {key for key, count in asked(server).items() if count > 1} <= set(unknown)
        assert not job.counts()[State.UNKNOWN]
