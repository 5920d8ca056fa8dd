"""Batches on a Ray cluster of two real nodes, whose processes are killed. What the mock server made is the judge."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ray_cluster import RayCluster, memory, ray_cluster
from s3_server import BUCKET, connected, serve_s3, settings

from ideogram_ai.batch import Job, State
from ideogram_ai.testing import MockServer

pytestmark = pytest.mark.slow

ROWS = int(os.environ.get("RAY_TEST_ROWS", "120"))
"""2,000 rows take some minutes, and are the promise."""
IN_FLIGHT = 20
KEY = "the-key-of-these-tests"
STRUCTURED = {
    "high_level_description": "A meadow",
    "compositional_deconstruction": {"background": "A meadow of peace", "elements": []},
}
_PROGRAM = Path(__file__).parents[1] / "support" / "ray_program.py"


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    with serve_s3() as url, connected(url):
        yield url


@pytest.fixture(scope="module")
def cluster(s3: str) -> Iterator[RayCluster]:
    with ray_cluster(2, **settings(s3)) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def server(small_images: None) -> Iterator[MockServer]:
    with MockServer(latency=0.5, in_flight=1000) as server:
        yield server


def made(server: MockServer, name: str) -> Counter[str]:
    """How often the server made each prompt that ends with a name."""
    posts = [each for each in list(server.ledger) if each.method == "POST" and each.status == 200]
    prompts = [str(dict(each.fields).get("text_prompt")) for each in posts]
    return Counter(prompt for prompt in prompts if prompt.endswith(name))


def rows_of(name: str, count: int = ROWS) -> list[dict[str, str]]:
    return [{"id": str(number), "text_prompt": f"Cat {number} of {name}"} for number in range(count)]


class Run:
    """A program that runs, and the lines that it printed."""

    def __init__(self, *command: str, **environment: str) -> None:
        self.lines: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [sys.executable, *command],
            env=os.environ | {"IDEOGRAM_API_KEY": KEY} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("{"):
                self.lines.append(json.loads(line))
            else:
                self.output += line

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        code = self.process.wait(1200)
        self._thread.join()
        return code

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def generate(cluster: RayCluster, out: str, server: MockServer, rows: object, **options: object) -> Run:
    options = {"out": out, "base_url": server.url, "in_flight": IN_FLIGHT, **options}
    return Run(str(_PROGRAM), cluster.address, json.dumps(rows), json.dumps(options))


def command(cluster: RayCluster, out: str, server: MockServer, *more: str) -> Run:
    options = ["--out", out, "--engine", "ray", "--address", cluster.address, "--base-url", server.url, "--json"]
    return Run(str(_PROGRAM), "batch", *options, "--in-flight", str(IN_FLIGHT), *more)


def reached(server: MockServer, name: str, count: int, run: Run) -> None:
    """Wait until the server made so many images of a run."""
    until = time.monotonic() + 600
    while len(made(server, name)) < count:
        assert run.process.poll() is None, run.output
        assert time.monotonic() < until
        time.sleep(0.05)


def test_outcomes_can_be_read_while_others_are_made(tmp_path: Path, cluster: RayCluster, server: MockServer) -> None:
    rows = [
        *rows_of("peace", 60),
        {"text_prompt": "No id of peace"},
        {"text_prompt": "No id of peace"},
        {"id": "wrong", "text_prompt": "Wrong of peace", "seed": "no number"},
        {"id": "object", "json_prompt": json.dumps(STRUCTURED)},
    ]
    out = str(tmp_path / "images")
    with generate(cluster, out, server, rows) as run:
        while not run.lines and run.process.poll() is None:
            time.sleep(0.02)
        at_first = len(made(server, "peace"))
        assert run.wait() == 0, run.output
    assert at_first < 60
    assert Counter(line["state"] for line in run.lines) == {"saved": 63, "failed": 1}
    (wrong,) = (line for line in run.lines if line["state"] == "failed")
    assert (wrong["id"], wrong["may_have_been_billed"]) == ("wrong", False)
    assert "seed" in wrong["error"]
    twins = [line for line in run.lines if "No id" in line["request"]]
    assert len(twins) == 2
    assert twins[0]["file"] == twins[1]["file"], "rows of equal content are one image"
    assert set(made(server, "peace").values()) == {1}
    assert all((tmp_path / "images" / line["file"]).is_file() for line in run.lines if line["file"])
    # The key is where it has to be, and nowhere else.
    assert not [file for file in cluster.folder.rglob("*") if file.is_file() and KEY.encode() in file.read_bytes()]
    assert KEY not in run.output + json.dumps(run.lines)
    with generate(cluster, out, server, rows) as again:
        assert again.wait() == 0, again.output
    assert Counter(line["state"] for line in again.lines) == {"saved": 63, "failed": 1}
    assert set(made(server, "peace").values()) == {1}


def test_the_command_keeps_to_the_budget_and_resumes(tmp_path: Path, cluster: RayCluster, server: MockServer) -> None:
    source = tmp_path / "rows.jsonl"
    source.write_text("\n".join(json.dumps(row | {"resolution": "512x1536"}) for row in rows_of("budget", 30)))
    out = f"s3://{BUCKET}/{tmp_path.name}"
    with command(cluster, out, server, str(source), "--max-cost", "0.60") as run:
        assert run.wait() == 3, (run.lines, run.output)
    count = len(made(server, "budget"))
    assert 8 <= count <= 10, "an image costs 0.06"
    assert run.lines[-1]["event"] == "end", run.lines[-1]
    with command(cluster, out, server, str(source)) as run:
        assert run.wait() == 0, (run.lines, run.output)
    assert len(made(server, "budget")) == 30
    assert set(made(server, "budget").values()) == {1}
    with Job.open(out, shared=True) as job:
        assert job.counts()[State.SAVED] == 30
        assert job.store.exists("index.html")


def test_a_run_whose_coordinator_dies_stops_and_can_be_repeated(
    tmp_path: Path, cluster: RayCluster, server: MockServer
) -> None:
    out, rows = str(tmp_path / "images"), rows_of("headless", 60)
    with generate(cluster, out, server, rows, in_flight=4) as run:
        while len(made(server, "headless")) < 10 and run.process.poll() is None:
            time.sleep(0.05)
        for pid in cluster.coordinators():
            os.kill(pid, signal.SIGKILL)
        assert run.wait() == 0, run.output
    left = [line for line in run.lines if line["state"] == "planned"]
    assert len(left) + len(made(server, "headless")) == len(run.lines) == 60
    assert left
    assert all("is dead" in line["error"] for line in left)
    with generate(cluster, out, server, rows) as run:
        assert run.wait() == 0, run.output
    assert {line["state"] for line in run.lines} == {"saved"}
    assert len(made(server, "headless")) == 60
    assert set(made(server, "headless").values()) == {1}


@pytest.mark.parametrize("kind", ["s3", "folder"])
def test_dead_workers_and_a_dead_node_make_nothing_twice(
    kind: str, tmp_path: Path, cluster: RayCluster, server: MockServer
) -> None:
    out = f"s3://{BUCKET}/{tmp_path.name}" if kind == "s3" else str(tmp_path / "images")
    with generate(cluster, out, server, rows_of(kind)) as run:
        for number in range(3):
            reached(server, kind, ROWS * (number + 1) // 6, run)
            os.kill(random.choice(cluster.workers()), signal.SIGKILL)
        reached(server, kind, ROWS * 2 // 3, run)
        megabytes = [memory(pid) // 2**20 for pid in cluster.workers()]
        if kind == "folder":
            cluster.kill_raylet(1)
        assert run.wait() == 0, run.output
    states = {json.loads(line["request"])["text_prompt"]: line["state"] for line in run.lines}
    assert len(states) == len(run.lines) == ROWS
    counts = Counter(states.values())
    assert set(counts) <= {"saved", "unknown"}
    images = made(server, kind)
    assert not [prompt for prompt, times in images.items() if times > 1]
    assert not [prompt for prompt, state in states.items() if state == "saved" and not images[prompt]]
    print(f"{kind}: {dict(counts)}, made {images.total()}, workers of {megabytes} MB")

    with command(cluster, out, server, "--retry-unknown") as again:
        assert again.wait() == 0, (again.lines, again.output)
    with Job.open(out, shared=True) as job:
        assert job.counts()[State.SAVED] == ROWS
        assert len({outcome.file for outcome in job.outcomes()}) == ROWS
        assert job.store.exists("index.html")
        assert job.store.exists("manifest.jsonl")
    assert made(server, kind).total() <= ROWS + counts["unknown"]
