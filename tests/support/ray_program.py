"""Runs on a Ray cluster whose deaths are noticed soon, so that no test waits for a minute: one of two programs.

`ray_program.py batch ...` is the command `ideogram batch ...`. With other arguments, the cluster and then the rows and
what generate gets, as JSON, it makes images of the rows of a Dataset, and prints the outcomes as they come.
"""

import json
import logging
import sys
from typing import Any

import ray
import ray.data

from ideogram_ai.batch import pace, presence
from ideogram_ai.batch import ray as on_ray
from ideogram_ai.cli.main import main


def hasten() -> None:
    """Let processes of this run show more often that they are alive."""
    presence.HEARTBEAT_SECONDS, presence.LEASE_SECONDS = 0.5, 10.0  # type: ignore[misc]
    on_ray.RENEW_SECONDS = pace.RENEW_SECONDS = 0.5  # type: ignore[misc, attr-defined]
    pace.SILENT_SECONDS = 5.0  # type: ignore[misc]


class _Worker(on_ray._Worker):
    """A worker in a process of its own, which imports the modules anew."""

    def __init__(self, *arguments: Any) -> None:
        hasten()
        super().__init__(*arguments)


class Coordinator(pace.Coordinator):
    """The same for the process that gives the workers their turns."""

    def __init__(self, *arguments: Any) -> None:
        hasten()
        super().__init__(*arguments)


if __name__ == "__main__":
    hasten()
    on_ray._Worker, on_ray.Coordinator = _Worker, Coordinator  # type: ignore[misc, attr-defined, assignment]
    if sys.argv[1] == "batch":
        sys.exit(main(sys.argv[1:]))
    address, rows, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    for row in on_ray.generate(ray.data.from_items(rows), **options).iter_rows():
        print(json.dumps(row), flush=True)
