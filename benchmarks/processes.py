"""Processes whose use of the processor is measured, and servers in processes of their own."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

ROOT = Path(__file__).parents[1]
CORES = sorted(os.sched_getaffinity(0))
"""The first one is the client's, the last one the server's, where a benchmark keeps them apart."""
_PATIENCE = 60.0


@frozen
class Used:
    """What a process took.

    Attributes:
        wall: Seconds from start to end.
        cpu: Seconds of the processor, for itself and the system.
        memory: Most bytes of memory that it had at a time.
        output: Its standard output.
    """

    wall: float
    cpu: float
    memory: int
    output: str


def run(command: Sequence[str | Path], env: Mapping[str, str] | None = None) -> Used:
    """Run a process to its end.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, output)


@contextlib.contextmanager
def on_core(core: int) -> Generator[None]:
    """Keep this process on a core, and so those that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextlib.contextmanager
def serving(name: str, *arguments: str) -> Generator[str]:
    """One of the servers here, on the server's core; its URL."""
    with _started([sys.executable, "-m", f"benchmarks.servers.{name}", *arguments], subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()


@contextlib.contextmanager
def serving_command(command: Sequence[str | Path], port: int) -> Generator[str]:
    """A server that is a program, on the server's core; its URL once it listens."""
    with _started(command, subprocess.DEVNULL) as process:
        end = time.monotonic() + _PATIENCE
        while process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{command[0]} ended with {process.poll()}, or does not listen after {_PATIENCE} s")
        yield f"http://127.0.0.1:{port}"


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def _started(command: Sequence[str | Path], output: int) -> Generator[subprocess.Popen[str]]:
    with on_core(CORES[-1]):
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(_PATIENCE)
        if process.stdout is not None:
            process.stdout.close()
