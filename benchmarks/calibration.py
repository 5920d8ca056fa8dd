"""Runs `ideogram batch --shared` in several processes beside the simulation of the same thing.

The store is moto's S3 in this process, which delays each request and counts it. See `benchmarks.simulation`.
"""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve

from ideogram_ai.testing import MockServer

from .kills import draw_little
from .simulation import SIGMA, Setup, Simulation, middle_rate

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

_BUCKET: Final = "a-bucket"
_SECONDS: Final = 2.0
"""How long the mock server takes for an image."""
CASES: Final = ((3, 4, 20, False), (3, 4, 8, False), (3, 4, 20, True))
"""Processes, in flight of each, the limit, and whether with --async."""


class _Store:
    """moto's S3 as a WSGI application with a latency."""

    def __init__(self, latency: float) -> None:
        from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

        self.seen: Counter[str] = Counter()
        self.seconds: list[float] = []
        self._latency, self._application = latency, DomainDispatcherApplication(create_backend_app)

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        began = time.perf_counter()
        time.sleep(self._latency * math.exp(SIGMA * random.gauss(0, 1)))
        kind = "LIST" if "list-type" in environ["QUERY_STRING"] else environ["REQUEST_METHOD"]

        def begin(status: str, *others: Any) -> Any:
            refused = status.startswith("412") and ".sent.json" in environ["PATH_INFO"]
            self.seen.update([kind, *["refused"] * refused])
            return start(status, *others)

        body: Iterable[bytes] = self._application(environ, begin)
        self.seconds.append(time.perf_counter() - began)
        return body


@contextmanager
def _serving(store: _Store) -> Generator[dict[str, str]]:
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Handler(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: object) -> None:
            pass

    server = make_server("127.0.0.1", 0, store, threaded=True, request_handler=Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_port}",
        "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip
    yield settings
    server.shutdown()
    server.server_close()


def _measure(setup: Setup, latency: float | None) -> tuple[Counter[str], float, float]:
    """Requests and events, rows per second, and the store's median latency; in a folder without a latency."""
    store = _Store(latency or 0.0)
    with (
        tempfile.TemporaryDirectory() as name,
        MockServer(latency=_SECONDS, in_flight=setup.limit) as server,
        _serving(store) as settings,
    ):
        if latency is not None:
            import boto3

            keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
            boto3.client("s3", endpoint_url=settings["AWS_ENDPOINT_URL"], **keys).create_bucket(Bucket=_BUCKET)
        place = f"{name}/images" if latency is None else f"s3://{_BUCKET}/{Path(name).name}"
        rows = Path(name) / "rows.jsonl"
        rows.write_text("".join(json.dumps({"id": f"r{n}", "text_prompt": f"{n}"}) + "\n" for n in range(setup.rows)))
        command = [
            *(sys.executable, "-m", "ideogram_ai.cli", "batch", str(rows), "--out", place, "--shared", "--json"),
            *("--base-url", server.url, "--in-flight", str(setup.in_flight), "--no-gallery"),
            *(["--async"] if setup.submit else []),
        ]
        environment = os.environ | settings | {"IDEOGRAM_API_KEY": "any"}
        output = Path(name) / "output"
        with output.open("w") as file:  # not a pipe: each of them waits for the others
            processes = [subprocess.Popen(command, env=environment, stdout=file) for _ in range(setup.workers)]
        ends = [process.wait(600) for process in processes]
        if any(ends):
            raise RuntimeError(f"a process failed: {output.read_text()[-2000:]}")
        made = [each for each in server.ledger if each.method == "POST" and each.status == 200]
        billed = Counter(str(dict(each.fields)["text_prompt"]) for each in made)
        store.seen["twice"] = sum(count > 1 for count in billed.values())
        store.seen["429"] = sum(each.status == 429 for each in server.ledger)
        times = sorted(each.answered_at.timestamp() for each in made if each.answered_at)
        return store.seen, middle_rate(times), sorted(store.seconds or [0.0])[len(store.seconds) // 2]


def table(rows: int = 120) -> Iterator[str]:
    """Run each case, and yield the lines of a table."""
    draw_little()
    kinds = ("PUT", "GET", "LIST", "HEAD", "DELETE", "refused", "429", "twice")
    yield f"| case | | rows/s | {' | '.join(kinds)} |\n| --- | --- |{' ---: |' * (len(kinds) + 1)}"
    for workers, in_flight, limit, submit in CASES:
        for latency in (None, 0.02):
            setup = Setup(rows, workers, limit, in_flight, submit=submit, seconds=(_SECONDS, _SECONDS))
            seen, rate, store = _measure(setup, latency)
            place = f"S3 of {store * 1000:.0f} ms" if latency else "folder"
            case = f"{workers} x {in_flight}, limit {limit}{', `--async`' * submit}, {place}"
            counted = [str(seen[kind]) if latency or kind in {"429", "twice"} else "" for kind in kinds]
            yield f"| {case} | measured | {rate:.2f} | {' | '.join(counted)} |"
            run = Simulation(evolve(setup, store=store if latency else 0.002)).run()
            run.requests.update({"refused": run.refused, "429": run.limited})
            run.requests["twice"] = sum(count > 1 for count in run.billed)
            yield f"| | simulated | {run.rate:.2f} | {' | '.join(str(run.requests[kind]) for kind in kinds)} |"
