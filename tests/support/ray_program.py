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

HASTE = (
    (presence, "HEARTBEAT_SECONDS", 0.5),
    (presence, "LEASE_SECONDS", 10.0),
    (on_ray, "RENEW_SECONDS", 0.5),
    (pace, "RENEW_SECONDS", 0.5),
    (pace, "SILENT_SECONDS", 5.0),
)


def hasten() -> None:
    """Let this process show more often that it is alive, and take others for dead sooner."""
    for module, name, seconds in HASTE:
        assert hasattr(module, name)
        setattr(module, name, seconds)


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
    for each in (_Worker, Coordinator):
        setattr(on_ray, each.__name__, each)
    if sys.argv[1] == "batch":
        sys.exit(main(sys.argv[1:]))
    address, rows, options = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
    ray.init(address=address, logging_level=logging.ERROR, log_to_driver=False)
    ray.data.DataContext.get_current().enable_progress_bars = False
    for row in on_ray.generate(ray.data.from_items(rows), **options).iter_rows():
        print(json.dumps(row), flush=True)
