"""`import ideogram_ai.client`, against `import httpx`."""

from __future__ import annotations

import tempfile
from importlib.util import find_spec
from pathlib import Path

from .lean import make_lean_site, python
from .processes import run
from .requests import missing
from .row import Row, Target, ratios
from .sampling import Scale, interleave

_TIMED = "import time; began = time.process_time(); {}; print(time.process_time() - began)"
_OURS = (
    "import ideogram_ai.client",
    # The package loads nothing before it is used, so this is what a program pays in the end.
    "from ideogram_ai.client import Ideogram",
    "from ideogram_ai.client import AsyncIdeogram",
)


def measure(scale: Scale) -> list[Row]:
    """Seconds of the processor that an import takes in a new process, in which Python is up already."""
    peers = [name for name in ("openai", "anthropic") if find_spec(name)]
    statements = [*_OURS, "import httpx", *(f"import {name}" for name in peers)]
    with tempfile.TemporaryDirectory() as folder:
        env = make_lean_site(Path(folder) / "site", "ideogram-ai", *peers)

        def seconds(statement: str) -> float:
            return float(run(python(_TIMED.format(statement)), env).output)

        cases = {statement: statement for statement in statements}
        interleave(cases, seconds, 1)  # writes the compiled files
        samples = interleave(cases, seconds, scale.of(25, 1))
    base = f"import httpx takes {min(samples['import httpx']) * 1e3:.0f} ms at best"
    return [
        Row(
            "`import ideogram_ai.client`, against `import httpx`",
            ratios(samples, "import httpx"),
            Target(1.10),
            notes=[base, *missing("openai", "anthropic")],
        )
    ]
