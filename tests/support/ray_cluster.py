"""A Ray cluster of real nodes on this machine, whose processes can be killed."""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from attrs import define, field

_PATIENCE = 180.0
_HOST = "127.0.0.2"
"""Ray takes 127.0.0.1 for a mistake, and would use an address of the network."""
_TRIES = 5
"""Ray gives a node half a minute to start, which is short on a busy machine."""
_MARK = "IDEOGRAM_TEST_NODE"
"""The variable by which the processes of a node are known, also when the one that started them is gone."""


@define
class RayCluster:
    """A head node and others, each started by `ray start`.

    Attributes:
        address: Where programs connect to.
        folder: Where Ray keeps its logs.
        environment: Variables of all its processes.
        nodes: The process that started each node, by the node's mark; the head's first.
    """

    address: str
    folder: Path
    environment: Mapping[str, str]
    nodes: dict[str, "subprocess.Popen[bytes]"] = field(factory=dict[str, "subprocess.Popen[bytes]"])

    def start_node(self) -> None:
        """Start another node, or the head."""
        for _ in range(_TRIES):
            mark = secrets.token_hex(8)
            log = self.folder / f"node-{mark}.log"
            process = self._start(mark, log)
            until = time.monotonic() + _PATIENCE
            while process.poll() is None and time.monotonic() < until:
                if b"Ray runtime started" in log.read_bytes():
                    self.nodes[mark] = process
                    return
                time.sleep(0.1)
            _kill(_processes(mark))
            process.wait()
        raise RuntimeError(f"a node of Ray did not start: {log.read_text()}")

    def _start(self, mark: str, log: Path) -> "subprocess.Popen[bytes]":
        ray = Path(sys.executable).with_name("ray")
        port = self.address.rpartition(":")[2]
        head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={self.folder}"]
        command = [
            *(str(ray), "start", "--block", "--num-cpus=1", "--disable-usage-stats"),
            *("--object-store-memory=100000000", f"--node-ip-address={_HOST}"),
            *([f"--address={self.address}"] if self.nodes else head),
        ]
        environment = {**os.environ, **self.environment, _MARK: mark}
        with log.open("wb") as file:
            return subprocess.Popen(
                command, env=environment, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def workers(self) -> list[int]:
        """The processes that make rows."""
        return self._named(b"MapWorker(MapBatches(_Worker))")

    def coordinators(self) -> list[int]:
        """The processes that give turns."""
        return self._named(b"ray::Coordinator")

    def _named(self, name: bytes) -> list[int]:
        return [pid for mark in self.nodes for pid in _processes(mark) if name in _read(pid, "cmdline")]

    def kill_raylet(self, node: int) -> None:
        """Kill the process that manages a node; its workers die with it."""
        pids = _processes(list(self.nodes)[node])
        _kill([pid for pid in pids if _read(pid, "cmdline").split(b"\0")[0].endswith(b"/raylet/raylet")])


@contextmanager
def ray_cluster(nodes: int = 2, **environment: str) -> Iterator[RayCluster]:
    """Run a cluster until the context ends. Its processes have these variables in their environment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # Sockets have short names only.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    cluster = RayCluster(f"{_HOST}:{port}", folder, environment)
    try:
        for _ in range(nodes):
            cluster.start_node()
        yield cluster
    finally:
        for mark, process in cluster.nodes.items():
            _kill(_processes(mark))
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def memory(pid: int) -> int:
    """Bytes that a process has in memory for itself alone."""
    found = re.search(rb"Private_Dirty: *([0-9]+)", _read(pid, "smaps_rollup"))
    return int(found[1]) * 1024 if found else 0


def _processes(mark: str) -> list[int]:
    wanted = f"{_MARK}={mark}".encode()
    pids = [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if wanted in _read(pid, "environ")]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # it has ended
        return b""


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
