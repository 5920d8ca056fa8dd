"""Requests a second of the mock server, against the two of npm that serve the same contract."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from .load import requests_a_second
from .processes import CORES, ROOT, free_port, on_core, serving_command
from .row import Row, Target, ratios
from .sampling import Scale, interleave

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = "BENCH_SERVERS"
"""The environment variable with the folder of Prism's and Steady's programs, which `nox -s bench` installs."""

_CONTRACT = "openapi/ideogram-v1.yaml"
_PEERS = {
    "Steady": ("steady", "--host", "127.0.0.1", "--port", "{port}", "--quiet", _CONTRACT),
    "Prism": ("prism", "mock", "--host", "127.0.0.1", "--port", "{port}", "--verboseLevel", "error", _CONTRACT),
}


def measure(scale: Scale) -> list[Row]:
    """Multipart text prompts, without latency; the servers share one core, the load comes from another."""
    seconds = 0.2 if scale.quick else 2.0
    with ExitStack() as stack:
        urls = {
            name: stack.enter_context(serving_command(command, port))
            for name, command, port in _servers(os.environ.get(PROGRAMS))
        }
        stack.enter_context(on_core(CORES[0]))
        interleave(urls, lambda url: requests_a_second(url, seconds), 1)  # lets Node.js compile
        samples = interleave(urls, lambda url: requests_a_second(url, seconds), scale.of(5, 1))
    if "Steady" not in samples:
        return [Row("mock server, requests a second", samples, unit="/s", notes=["Steady and Prism are not installed"])]
    rates = [f"{name}: {max(values):,.0f} requests a second at best" for name, values in samples.items()]
    what = "mock server, requests a second, against Steady"
    return [Row(what, ratios(samples, "Steady"), Target(1.0, at_most=False), notes=rates)]


def _servers(folder: str | None) -> Iterator[tuple[str, list[str], int]]:
    """Those that are installed: name, command and port."""
    ours = str(Path(sys.executable).with_name("ideogram"))
    commands = {"ideogram mock": [ours, "mock", "--port", "{port}", "--in-flight", "1000"]}
    if folder is not None and shutil.which("node"):
        commands |= {name: [str(ROOT / folder / program), *rest] for name, (program, *rest) in _PEERS.items()}
    for name, command in commands.items():
        port = free_port()
        yield name, [word.format(port=port) for word in command], port
