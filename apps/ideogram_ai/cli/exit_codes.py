"""The exit codes of `ideogram`."""

from __future__ import annotations

import signal
from enum import IntEnum
from typing import Final


class ExitCode(IntEnum):
    """How a command ended. The names in lower case are the outcomes of `--json`."""

    DONE = 0
    WRONG_USE = 2
    REFUSED = 3
    OUTCOME_UNKNOWN = 4
    WITHHELD = 5
    DOWNLOAD_FAILED = 6
    INTERRUPTED = 128 + signal.SIGINT
    TERMINATED = 128 + signal.SIGTERM


INTERRUPTIONS: Final = frozenset({ExitCode.INTERRUPTED, ExitCode.TERMINATED})
"""Broken off before anything was sent."""
