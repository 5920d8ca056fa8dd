"""Dask: `python on_dask.py ROWS.jsonl OUT [--async]`, on a cluster of this machine.

Dask makes a row again when its worker has died before it handed over the result. The other worker finds the claim.
"""

import json
import sys
from pathlib import Path

from dask.distributed import Client, LocalCluster, as_completed

from ideogram_ai.batch import BatchRequest, Step


def main() -> None:
    rows, out, *options = sys.argv[1:]
    lines = Path(rows).read_text("utf-8").splitlines()
    requests = [BatchRequest.of(json.loads(line), number) for number, line in enumerate(lines, start=1)]
    step = Step(location=out, submit="--async" in options)
    # The threads of all workers together are the requests in flight.
    with LocalCluster(n_workers=2, threads_per_worker=5, dashboard_address=None) as cluster, Client(cluster) as client:
        for future in as_completed(client.map(step, requests, key=[request.key for request in requests])):
            outcome = future.result()
            print(outcome.request.key, outcome.state, outcome.file, flush=True)


if __name__ == "__main__":  # each worker is a new Python that imports this file
    main()
