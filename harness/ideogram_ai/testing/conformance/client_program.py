"""The program under test, and the servers that it talks to in one scenario."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import IO, TYPE_CHECKING, Any, Final, Self

from attrs import evolve, frozen

from ideogram_ai.client.request import is_object

from ..faults import FAULTS, SPELLINGS, Fault, FaultServer, Ledger, answer_with
from ..faults.response_faults import spell
from ..faults.wire import Response, png
from .client_scenarios import IMAGE, ReportedOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ..faults import Exchange
    from .client_scenarios import Scenario, ScriptedResponse

TIME_LIMIT: Final = "IDEOGRAM_TIMEOUT"
"""The variable with the seconds that the program may wait."""

MASK: Final = "[key]"
"""Replaces the key."""

_MOST_OUTPUT: Final = 1 << 20
_POSIX: Final = os.name == "posix"
_IDLE: Final = 5.0
_DRIP: Final = 0.2
"""Seconds between two bytes of a drip: less than any time limit that a program is given."""


class CommandError(ValueError):
    """The command cannot be run at all. The message names it and the cure."""


@frozen
class ClientReport:
    """What a program reported: outcome, status of the response, path of the image that it saved, JSON of the answer."""

    outcome: ReportedOutcome
    status: int | None
    image: str | None
    answer: Any = None


@frozen
class ProgramRun:
    """A run of the program.

    Attributes:
        stdout: What it printed.
        stderr: What it printed for people.
        exit_code: Its exit code; None when it was killed because its time was over.
        report: What it reported; None when nothing can be read.
        problem: What is wrong with its report; empty when nothing is.
        key_shown: Where it showed the key, in any spelling; empty when nowhere.
    """

    stdout: str
    stderr: str
    exit_code: int | None
    report: ClientReport | None = None
    problem: str = ""
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


class ProgramRunner:
    """Runs the program, several times at once from several threads, until it is closed."""

    def __init__(self, command: Sequence[str], timeout: float) -> None:
        self._command, self._timeout = command, timeout
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._closed = False

    def close(self) -> None:
        """End the programs that run, and start no more."""
        with self._lock:
            self._closed = True
            for process in self._running:
                _kill(process)

    def run(self, request: str, environment: Mapping[str, str], folder: Path, secret: str) -> ProgramRun:
        """Run the program once, with the request on stdin; CommandError when it cannot be run.

        The environment is added to that of this process. The secret is masked wherever the program prints it.
        """
        # Files and not pipes: a child that the program leaves behind would hold a pipe open.
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
        out, err = (masked(_read(path), secret) for path in streams[1:])
        run = ProgramRun(out, err, exit_code, key_shown=" and ".join(shown))
        if exit_code is None:
            return evolve(run, problem=f"the program did not end within {self._timeout:g} s")
        report = read_report(out)
        if isinstance(report, str):
            last = err.rstrip().rpartition("\n")[2][:200]
            told = f"; stderr ends with {last!r}" if exit_code and last else ""
            return evolve(run, problem=f"{report} (its exit code is {exit_code}{told})")
        return evolve(run, report=report)

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


def read_report(stdout: str) -> ClientReport | str:
    """What a program reported on stdout, or in words why that cannot be read."""
    last = next((line for line in reversed(stdout.splitlines()) if line.strip()), None)
    if last is None:
        return "the program printed nothing on stdout"
    try:
        value: Any = json.loads(last)
    except ValueError:
        return f"the last line on stdout is not JSON: {last[:100]!r}"
    if not is_object(value):
        return f"the last line on stdout is not a JSON object: {last[:100]!r}"
    outcome, status, image = value.get("outcome"), value.get("status"), value.get("image")
    if outcome not in list(ReportedOutcome):
        return f"outcome is {outcome!r:.100}, not one of {', '.join(ReportedOutcome)}"
    if status is not None and (isinstance(status, bool) or not isinstance(status, int)):
        return f"status is {status!r:.100}, not a number or null"
    if image is not None and not isinstance(image, str):
        return f"image is {image!r:.100}, not a path or null"
    return ClientReport(ReportedOutcome(outcome), status, image, value.get("answer"))


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
    """End the program and every process that it started and that stayed in its group."""
    if _POSIX:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # the group is empty
            os.killpg(process.pid, signal.SIGKILL)
    elif process.poll() is None:
        process.kill()


_image = cache(png)


@frozen
class Observed:
    """What reached the servers of a scenario.

    Attributes:
        service: What the service saw.
        image_host: What the image host saw.
        other_host: What the third host saw.
        arrived: When each request to the service had arrived, in seconds of the monotonic clock.
        image: The bytes of the image.
    """

    service: Ledger
    image_host: Ledger
    other_host: Ledger
    arrived: tuple[float, ...]
    image: bytes


class ScenarioServers:
    """The servers of a scenario: the service, the image host, and a third one that no key may reach.

    A context manager.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._image = _image()
        self._lock = threading.Lock()
        self._arrived: list[float] = []
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            image = self._fault(IMAGE, {})
            self._other = stack.enter_context(FaultServer(image, image=image))
            hosts = {"{{other_host}}": self._other.url}
            images = [self._fault(response, hosts) for response in self._scenario.image_host]
            self._images = stack.enter_context(FaultServer(images, image=images))
            hosts["{{image_host}}"] = self._images.url
            responses = [self._fault(response, hosts, timed=True) for response in self._scenario.answers]
            polls = [self._fault(response, hosts) for response in self._scenario.polls]
            # A program that asks the service itself for an image gets nothing from it.
            self._service = stack.enter_context(
                FaultServer(
                    responses,
                    image="status_404",
                    poll=polls or "ok",
                    interval=_DRIP,
                    image_url=f"{self._images.url}/image.png",
                )
            )
            self._resources = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    @property
    def url(self) -> str:
        """The service's base URL."""
        return self._service.url

    def observed(self) -> Observed:
        """What reached the servers, after the program has ended.

        Raises:
            TimeoutError: A server is still busy.
        """
        servers = (self._service, self._images, self._other)
        service, image_host, other_host = (server.wait_idle(_IDLE) for server in servers)
        with self._lock:
            return Observed(service, image_host, other_host, tuple(self._arrived), self._image)

    def _fault(self, response: ScriptedResponse, hosts: Mapping[str, str], *, timed: bool = False) -> Fault:
        """The response as the fault server takes it."""
        if name := response.cut or response.fault:
            return FAULTS[name]

        def fill(text: str) -> str:
            for host, url in hosts.items():
                text = text.replace(host, url)
            return text

        body = response.body if isinstance(response.body, str) else json.dumps(response.body, ensure_ascii=False)
        content = self._image if response.image else fill(body).encode()
        headers = tuple((name, fill(text)) for name, text in response.headers.items())
        sent = Response(response.status, content, headers)

        def act(exchange: Exchange) -> None:
            exchange.read_request()
            if timed:
                with self._lock:
                    self._arrived.append(time.monotonic())
            exchange.answer(sent)

        return replace(answer_with(response.status), act=act)
