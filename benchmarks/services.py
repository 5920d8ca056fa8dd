"""The servers that engines need, started on this machine: PostgreSQL, Temporal, S3."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

import fsspec

from .processes import ROOT, free_port

Service = Callable[[Path], AbstractContextManager[str]]
"""Given a folder, runs a server until the context ends, and yields its address."""
BUCKET: Final = "images"


def find_program(name: str) -> Path | None:
    """A program of this Python's environment, of the PATH, or of Debian's PostgreSQL, which is not on it."""
    folders = [
        str(Path(sys.executable).parent),
        os.environ["PATH"],
        *map(str, Path("/usr/lib/postgresql").glob("*/bin")),
    ]
    found = shutil.which(name, path=os.pathsep.join(folders))
    return None if found is None else Path(found)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + 60
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.1)


@contextmanager
def postgres(_folder: Path) -> Iterator[str]:
    """A PostgreSQL server, from Debian's packages, which does not run as root."""
    initdb = find_program("initdb")
    assert initdb is not None
    programs = initdb.resolve().parent
    data = Path(tempfile.mkdtemp(prefix="postgres-"))
    user = "nobody" if os.geteuid() == 0 else None
    run = partial(subprocess.run, check=True, user=user, cwd=data, stdout=subprocess.DEVNULL)
    if user:
        shutil.chown(data, user)
    port = free_port()
    try:
        run([programs / "initdb", "-D", data / "db", "-U", "postgres", "-A", "trust", "--no-sync"])
        options = f"-h 127.0.0.1 -p {port} -k {data} -c fsync=off"
        run([programs / "pg_ctl", "-D", data / "db", "-l", data / "log", "-w", "-o", options, "start"])
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/images"
        finally:
            run([programs / "pg_ctl", "-D", data / "db", "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(data)


@contextmanager
def temporal(folder: Path) -> Iterator[str]:
    """Temporal's development server."""
    program, address = str(find_program("temporal")), f"127.0.0.1:{free_port()}"
    options = ["--headless", "--ip", "127.0.0.1", "--port", address.rpartition(":")[2], "--log-level", "error"]
    with (folder / "temporal.log").open("wb") as log:
        server = subprocess.Popen([program, "server", "start-dev", *options], stdout=log, stderr=log)
        try:
            ask = [program, "operator", "namespace", "describe", "default", "--address", address]
            quiet = partial(subprocess.run, ask, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
            wait_until(lambda: quiet().returncode == 0, "Temporal's server did not start")
            yield address
        finally:
            server.kill()
            server.wait()


@contextmanager
def ray(_folder: Path) -> Iterator[str]:
    """A Ray cluster of two nodes."""
    sys.path.append(str(ROOT / "tests/support"))
    from ray_cluster import ray_cluster

    with ray_cluster(2) as cluster:
        yield cluster.address


@contextmanager
def nothing(_folder: Path) -> Iterator[str]:
    """No server."""
    yield ""


@contextmanager
def sqlite(folder: Path) -> Iterator[str]:
    """A file for SQLite."""
    yield f"sqlite:///{folder}/dbos.sqlite"


@contextmanager
def s3() -> Iterator[None]:
    """A real S3 server in a process of its own, to which this process and its children are led."""
    port = free_port()
    command = [sys.executable, str(ROOT / "tests/support/s3_server.py"), str(port)]
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        os.environ.update(settings)
        wait_until(lambda: _listens(port), "moto did not start")
        fsspec.filesystem("s3").mkdir(BUCKET)
        yield
    finally:
        server.kill()
        server.wait()


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
