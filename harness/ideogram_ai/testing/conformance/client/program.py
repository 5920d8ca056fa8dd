"""Runs the program under test, with a time limit, and reads what it tells."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
from typing import IO, TYPE_CHECKING, Any, Final

from attrs import evolve, frozen

from ideogram_ai.client.json_types import is_object

from ...faults.response_faults import SPELLINGS, spell
from .scenario import Told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TIME_LIMIT: Final = "IDEOGRAM_TIMEOUT"
"""The variable with the seconds that the program may wait; those of the kit where the environment has no others."""

MASK: Final = "[key]"
"""Stands where the key stood."""

_MOST_OUTPUT: Final = 1 << 20
_POSIX: Final = os.name == "posix"


class CommandError(ValueError):
    """The command cannot be run at all. The message names it and the cure."""


@frozen
class Account:
    """What a program told.

    Attributes:
        told: The outcome.
        status: The status that it got; None when it named none.
        image: The path of the image that it saved; None when it named none.
    """

    told: Told
    status: int | None
    image: str | None


@frozen
class Ran:
    """A run of the program.

    Attributes:
        stdout: What it printed.
        stderr: What it printed for people.
        exit_code: Its exit code; None when it was killed because its time was over.
        account: What it told; None when it told nothing that can be read.
        problem: What is wrong with what it told; empty when nothing is.
        key_shown: Where it showed the key, in any spelling; empty when nowhere.
    """

    stdout: str
    stderr: str
    exit_code: int | None
    account: Account | None
    problem: str
    key_shown: str = ""


def find_command(command: Sequence[str]) -> list[str]:
    """The command with the whole path of its program.

    Raises:
        CommandError: There is no such program.
    """
    if not command:
        raise CommandError("COMMAND is missing: give the program to test after --.")
    program = shutil.which(command[0])
    if program is None:
        raise CommandError(f"COMMAND: there is no program {command[0]!r}, or it cannot be run.")
    return [program, *command[1:]]


class Programs:
    """Runs programs, several at once from several threads, until it is closed.

    Args:
        command: The program and its arguments.
        timeout: Seconds that a run may take.
    """

    def __init__(self, command: Sequence[str], timeout: float) -> None:
        self._command, self._timeout = command, timeout
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def close(self) -> None:
        """End the programs that run, and run no more."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _kill(process)

    def run(self, request: str, environment: Mapping[str, str], folder: Path, secret: str) -> Ran:
        """Run the program once.

        Args:
            request: What it gets on stdin.
            environment: Variables beside those of this process.
            folder: A folder for its output.
            secret: What is masked wherever the program prints it.

        Raises:
            CommandError: It cannot be run.
        """
        # Files and no pipes: a child that the program leaves behind holds a pipe open, and a file harms nobody.
        streams = [folder / name for name in ("stdin", "stdout", "stderr")]
        streams[0].write_text(request, "utf-8")
        with streams[0].open("rb") as stdin, streams[1].open("wb") as stdout, streams[2].open("wb") as stderr:
            limit = {TIME_LIMIT: f"{self._timeout:g}"}
            process = self._start({**os.environ, **limit, **environment}, stdin, stdout, stderr)
            try:
                exit_code: int | None = process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                exit_code = None
            finally:
                with self._lock:
                    self._running.discard(process)
                    _kill(process)
                process.wait()
        shown = sorted(path.name for path in folder.iterdir() if path.is_file() and _spells(_read(path), secret))
        printed, complained = (masked(_read(path), secret) for path in streams[1:])
        return evolve(self._judged(printed, complained, exit_code), key_shown=" and ".join(shown))

    def _start(
        self, environment: Mapping[str, str], stdin: IO[bytes], stdout: IO[bytes], stderr: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise CommandError("The run was broken off.")
            try:
                process = subprocess.Popen(  # noqa: S603 - the command that is to be tested
                    self._command,
                    stdin=stdin,
                    stdout=stdout,
                    stderr=stderr,
                    env=environment,
                    start_new_session=_POSIX,
                )
            except OSError as error:
                raise CommandError(f"COMMAND: {self._command[0]!r} cannot be run: {error.strerror}.") from None
            self._running.add(process)
            return process

    def _judged(self, printed: str, complained: str, exit_code: int | None) -> Ran:
        if exit_code is None:
            return Ran(printed, complained, None, None, f"the program did not end within {self._timeout:g} s")
        account = read_account(printed)
        if isinstance(account, str):
            return Ran(printed, complained, exit_code, None, f"{account} (its exit code is {exit_code})")
        return Ran(printed, complained, exit_code, account, "")


def read_account(printed: str) -> Account | str:
    """What a program told, from its stdout; or in words why that cannot be read."""
    last = next((line for line in reversed(printed.splitlines()) if line.strip()), None)
    if last is None:
        return "the program printed nothing on stdout"
    try:
        value: Any = json.loads(last)
    except ValueError:
        return f"the last line on stdout is no JSON: {last[:100]!r}"
    if not is_object(value):
        return f"the last line on stdout is no JSON object: {last[:100]!r}"
    words = ", ".join(told.value for told in Told)
    if value.get("outcome") not in list(Told):
        return f"outcome is {value.get('outcome')!r:.100}, and it is one of {words}"
    status, image = value.get("status"), value.get("image")
    if status is not None and (isinstance(status, bool) or not isinstance(status, int)):
        return f"status is {status!r:.100}, and it is a number or null"
    if image is not None and not isinstance(image, str):
        return f"image is {image!r:.100}, and it is a path or null"
    return Account(Told(value["outcome"]), status, image)


def masked(text: str, secret: str) -> str:
    """The text without the secret in any spelling."""
    for spelling in SPELLINGS:
        text = text.replace(spell(spelling, secret), MASK)
    return text


def _spells(text: str, secret: str) -> bool:
    return any(spell(spelling, secret) in text for spelling in SPELLINGS)


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_OUTPUT).decode("utf-8", "backslashreplace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it has started, as far as that stayed in its group."""
    if _POSIX:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # nobody is left of the group
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()
