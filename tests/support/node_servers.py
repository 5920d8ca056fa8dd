"""Other people's mock servers for OpenAPI contracts, from npm, serving ours."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

CONTRACT = Path(__file__).parents[2] / "openapi/ideogram-v1.yaml"
PROGRAMS = "CONFORMANCE_SERVERS"
"""The environment variable with the folder of their programs; `nox -s conformance` installs them and sets it."""

COMMANDS = {
    "prism": ("prism", "mock", "--host", "127.0.0.1", "--port", "{port}", "--verboseLevel", "error"),
    "steady": ("steady", "--host", "127.0.0.1", "--port", "{port}", "--quiet"),
}
_PATIENCE = 60.0


@contextlib.contextmanager
def serving(name: str) -> Iterator[str]:
    """Serve the contract with a program of npm; skip the test where it is not installed."""
    folder = os.environ.get(PROGRAMS)
    if folder is None or shutil.which("node") is None:
        pytest.skip("nox -s conformance installs the servers from npm")
    program, *arguments = COMMANDS[name]
    with running(str(Path(folder) / program), *arguments, str(CONTRACT)) as url:
        yield url


@contextlib.contextmanager
def running(*command: str) -> Iterator[str]:
    """Run a server until the context ends, and give its URL. A word of the command may have `{port}` in it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [word.format(port=port) for word in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    pytest.fail(f"the server ended with {process.poll()}, or does not listen after {_PATIENCE} s")
