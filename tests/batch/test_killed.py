"""kill -9 at any moment, and the same command again: nothing is paid twice, and nothing paid is lost.

The judge is the server's own ledger. IDEOGRAM_KILLS sets how many processes are killed at random moments.
"""

import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import batch_program
import pytest

from ideogram_ai.batch import Job, Outcome, State
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.batch.store import WORKSPACE
from ideogram_ai.client.files import find_fault
from ideogram_ai.testing import MockServer

pytestmark = pytest.mark.slow

KILLS = int(os.environ.get("IDEOGRAM_KILLS", "4"))
ROWS = 60
"""More than the deaths at certain points use up: each takes up to three rows, and another that is in flight."""
ROOT = Path(__file__).parents[2]
PRICE = shipped_prices().of({})


@pytest.fixture(scope="module")
def server(small_images: None) -> Iterator[MockServer]:
    with MockServer(latency=0.15, in_flight=10) as serving:
        yield serving


class Batch:
    """A folder, and what the server made for it."""

    def __init__(self, folder: Path, server: MockServer, *, submits: bool) -> None:
        self.folder = folder
        self.options = ["--submit"] if submits else []
        self._server = server
        self._before = len(server.ledger)

    def start(self, *options: str) -> "subprocess.Popen[str]":
        """Start the batch. It is planned when this returns."""
        command = [sys.executable, batch_program.__file__, str(self.folder), self._server.url, str(ROWS)]
        command += [*self.options, *options]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert process.stdout is not None
        first = process.stdout.readline()
        if first != "running\n":
            pytest.fail(f"{first}{process.communicate()[1]}")
        return process

    def finish(self, *options: str) -> dict[str, Any]:
        """Run the batch to its end, and give the counts of its states."""
        process = self.start(*options)
        out, err = process.communicate(timeout=120)
        assert (process.returncode, err) == (0, "")
        counts: dict[str, Any] = json.loads(out)
        return counts

    def made(self) -> Counter[str]:
        """How often the server made an image, by prompt."""
        return Counter(
            str(dict(exchange.fields)["text_prompt"])
            for exchange in self._server.ledger[self._before :]
            if exchange.method == "POST" and exchange.status == 200
        )

    def outcomes(self) -> list[Outcome]:
        """What the ledger says, as another process finds it."""
        with Job.open(self.folder) as job:
            return list(job.outcomes())

    def files(self) -> set[str]:
        """The images in the folder, and what else should not be there."""
        ours = {"ledger.sqlite3", "thumbnails"}
        return {path.name for path in self.folder.iterdir() if path.name not in ours}


def judge(batch: Batch) -> list[Outcome]:
    """Compare the two ledgers and the folder, whatever state the batch is in."""
    outcomes = batch.outcomes()  # first, because it puts right what the dead process left
    made = batch.made()
    assert len(outcomes) == ROWS
    for outcome in outcomes:
        count = made.pop(outcome.request.fields["text_prompt"], 0)
        accounted = ((outcome.cost or 0) + outcome.earlier_cost) / PRICE
        assert count <= accounted, f"paid for, and not accounted for: {outcome}"
        if outcome.state in {State.SAVED, State.ANSWERED, State.SUBMITTED}:
            assert count >= 1
            assert count == 1 or outcome.earlier_cost, f"paid twice: {outcome}"
        else:
            assert outcome.state is State.UNKNOWN or not count, f"lost: {outcome}"
    assert not made
    saved = [outcome for outcome in outcomes if outcome.state is State.SAVED]
    for outcome in saved:
        content = (batch.folder / str(outcome.file)).read_bytes()
        assert find_fault(io.BytesIO(content), len(content), ".png") is None
        assert (outcome.sha256, outcome.size) == (hashlib.sha256(content).hexdigest(), len(content))
    assert len({outcome.file for outcome in saved}) == len({outcome.sha256 for outcome in saved}) == len(saved)
    # An image may have got its name just before the kill; the next run knows it by its hash.
    paid = {outcome.request.key for outcome in outcomes if outcome.state is State.ANSWERED and outcome.sha256}
    assert all(name[:6] in paid for name in batch.files() - {outcome.file for outcome in saved})
    return outcomes


def finish_and_judge(batch: Batch) -> None:
    """Bring a batch to its end in two runs, as its user would, and see that all is there and paid for as it should."""
    once = batch.made()
    assert set(once.values()) <= {1}, "nothing is asked for twice without --retry-unknown"
    counts = batch.finish()
    assert counts["saved"] + counts["unknown"] == ROWS
    assert set(batch.made().values()) <= {1}
    unknown = {outcome.request.fields["text_prompt"] for outcome in judge(batch) if outcome.state is State.UNKNOWN}
    assert batch.finish("--retry-unknown")["saved"] == ROWS
    saved = judge(batch)
    assert batch.files() == {outcome.file for outcome in saved}
    assert not (batch.folder / WORKSPACE).exists()
    assert {prompt for prompt, count in batch.made().items() if count > 1} <= unknown


@pytest.mark.parametrize("submits", [False, True])
def test_killed_at_certain_points_and_at_random_moments(server: MockServer, tmp_path: Path, submits: bool) -> None:
    batch = Batch(tmp_path, server, submits=submits)
    points = batch_program.JOB_POINTS if submits else batch_program.POINTS
    for point in random.sample(sorted(points), len(points)):
        process = batch.start("--die-at", f"{point}:{random.randint(1, 3)}", "--in-flight", "2")
        _, err = process.communicate(timeout=120)
        assert process.returncode == -signal.SIGKILL, f"{point}: {err}"
        judge(batch)
    for number in range(KILLS):
        if number % 10 == 9:
            finish_and_judge(batch)
            batch = Batch(tmp_path / str(number), server, submits=submits)
        process = batch.start("--backend", random.choice(["asyncio", "trio"]))
        try:
            process.wait(timeout=random.uniform(0, 2 if submits else 0.5))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert process.returncode in {0, -signal.SIGKILL}
        judge(batch)
    finish_and_judge(batch)


def test_the_kill_table_in_small() -> None:
    """The program that measures the table of docs/batch.md: it fails if an image was made twice or lost."""
    command = [sys.executable, "-m", "benchmarks.kills", "--kills", "1", "--workers", "2"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == 0, run.stderr
    lines = [line.strip("| ").split(" | ") for line in run.stdout.splitlines()[2:]]
    assert len(lines) == 5
    assert all((kills, twice, lost) == ("1", "0", "0") for _, kills, _, twice, lost, *_ in lines)
    assert any(line[-1].isdecimal() for line in lines), "jobs are asked for by their ids"
