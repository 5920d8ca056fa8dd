"""Runs the benchmarks: `python -m benchmarks [NAME ...] [--out FOLDER] [--quick]`."""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from .sampling import Scale

if TYPE_CHECKING:
    from .row import Row

NAMES = (
    "one_generate",
    "imports",
    "help",
    "batch_efficiency",
    "batch_memory",
    "download",
    "mock_server",
)
"""The benchmarks in the order of the table; each is `measure` in the module of its name."""


def main() -> None:
    """Run what is asked for, tell it as it comes, and write it down where that is wanted."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"some of {', '.join(NAMES)}; all if none is named")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="write bench.md and bench.json there")
    parser.add_argument("--quick", action="store_true", help="only show that they run: the numbers mean nothing")
    options = parser.parse_args()
    if unknown := set(options.names) - set(NAMES):
        parser.error(f"{min(unknown)!r} is not a benchmark; there are {', '.join(NAMES)}")
    rows: list[Row] = []
    for name in options.names or NAMES:
        for row in import_module(f".{name}", __package__).measure(Scale(quick=options.quick)):
            rows.append(row)
            print(*row.lines(), "", sep="\n", flush=True)
    if options.out is not None:
        write(rows, options.out)


def write(rows: list[Row], folder: Path) -> None:
    """Write the rows as a Markdown table and as JSON, with the machine and the day."""
    folder.mkdir(parents=True, exist_ok=True)
    day = dt.datetime.now(dt.UTC).date().isoformat()
    cores = len(os.sched_getaffinity(0))
    machine = f"{cores} cores, {platform.machine()}, Python {'.'.join(platform.python_version_tuple()[:2])}"
    head = [
        f"Measured {day} on {machine}.",
        "",
        "| what | target | measured | beside it |",
        "| --- | --- | --- | --- |",
    ]
    page = "\n".join([*head, *(row.markdown() for row in rows)])
    (folder / "bench.md").write_text(page + "\n", "utf-8")
    document = {"day": day, "machine": machine, "rows": [row.as_json() for row in rows]}
    (folder / "bench.json").write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()
