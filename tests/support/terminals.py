"""A program on a terminal, as a person has it."""

import os
import pty
import re
import select
import subprocess
import time
from pathlib import Path

from cli_runs import forked_ideogram

PATIENCE = 20
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A program on a terminal of 60 columns.

    Args:
        arguments: What `ideogram` is given.
        folder: Where it runs.
        variables: Its environment.
        stdout: Its stdout, where that is not the terminal.
    """

    def __init__(
        self, arguments: list[str], folder: Path, variables: dict[str, str], stdout: int | None = None
    ) -> None:
        ours, theirs = pty.openpty()
        self._ours = ours
        self.shown = ""
        self.process = subprocess.Popen(
            [*forked_ideogram(), *arguments], cwd=folder, env=variables, start_new_session=True,
            stdin=theirs, stdout=stdout or theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)

    @property
    def plain(self) -> str:
        """What was shown, without colours and movements."""
        return ESCAPES.sub("", self.shown)

    def read_until(self, pattern: str) -> None:
        """Read on until something is shown."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, self.plain):
            assert time.monotonic() < deadline, self.shown
            if select.select([self._ours], [], [], 0.1)[0]:
                self.shown += os.read(self._ours, 65536).decode()

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._ours, text.encode())

    def finish(self) -> int:
        """Read to the end."""
        try:
            while data := os.read(self._ours, 65536):
                self.shown += data.decode()
        except OSError:  # how Linux says that the other side closed its end
            pass
        os.close(self._ours)
        return self.process.wait(PATIENCE)
