"""`ideogram --help`, against a Python that does nothing."""

from __future__ import annotations

import sys
from pathlib import Path

from .processes import run
from .row import Row, Target, ratios
from .sampling import Scale, interleave

_NOTHING = "python -c pass"


def measure(scale: Scale) -> list[Row]:
    """Seconds of the processor that the whole process takes."""
    program = str(Path(sys.executable).with_name("ideogram"))
    commands = {
        "ideogram --help": [program, "--help"],
        "ideogram generate --help": [program, "generate", "--help"],
        _NOTHING: [sys.executable, "-c", "pass"],
    }

    def seconds(command: list[str]) -> float:
        return run(command).cpu

    interleave(commands, seconds, 1)
    samples = interleave(commands, seconds, scale.of(25, 1))
    base = f"{_NOTHING} takes {min(samples[_NOTHING]) * 1e3:.0f} ms at best"
    return [Row(f"`ideogram --help`, against `{_NOTHING}`", ratios(samples, _NOTHING), Target(5), notes=[base])]
