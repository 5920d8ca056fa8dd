"""A Ray cluster of real nodes on this machine, whose processes can be killed."""

import os
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
_TRIES = 5
"""Ray gives a node half a minute to start, which is short on a busy machine."""
_WORKER = b"MapWorker(MapBatches(_Worker))"


@define
class RayCluster:
    """A head node and others, each started by `ray start`.

    Attributes:
        address: Where programs connect to.
        nodes: The process that started each node, the head's first.
    """

    address: str
    folder: Path
    environment: Mapping[str, str]
    nodes: list[subprocess.Popen[bytes]] = field(factory=list["subprocess.Popen[bytes]"])

    def start_node(self) -> None:
        """Start another node, or the head."""
        for _ in range(_TRIES):
            log = self.folder / f"node-{secrets.token_hex(4)}.log"
            node = self._start(log)
            until = time.monotonic() + _PATIENCE
            while node.poll() is None and time.monotonic() < until:
                if b"Ray runtime started" in log.read_bytes():
                    self.nodes.append(node)
                    return
                time.sleep(0.1)
            _end(node)
        raise RuntimeError(f"a node of Ray did not start: {log.read_text()}")

    def _start(self, log: Path) -> "subprocess.Popen[bytes]":
        ray = Path(sys.executable).with_name("ray")
        port = self.address.rpartition(":")[2]
        head = ["--head", f"--port={port}", "--include-dashboard=false", f"--temp-dir={self.folder}"]
        command = [
            *(str(ray), "start", "--block", "--num-cpus=1", "--disable-usage-stats"),
            *("--object-store-memory=100000000", "--node-ip-address=127.0.0.1"),
            *([f"--address={self.address}"] if self.nodes else head),
        ]
        environment = {**os.environ, **self.environment}
        with log.open("wb") as file:
            return subprocess.Popen(
                command, env=environment, stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )

    def workers(self) -> list[int]:
        """The processes that make rows."""
        return [pid for node in self.nodes for pid in _below(node.pid) if _WORKER in _command(pid)]

    def kill_raylet(self, node: int) -> None:
        """Kill the process that manages a node; its workers die with it."""
        (raylet,) = (pid for pid in _below(self.nodes[node].pid) if b"/raylet/raylet" in _command(pid).split(b"\0")[0])
        os.kill(raylet, signal.SIGKILL)

    def stop(self) -> None:
        """End all processes."""
        for node in self.nodes:
            _end(node)
        for pid in _processes():  # of nodes that did not start, too
            if str(self.folder).encode() in _command(pid):
                _kill(pid)


@contextmanager
def ray_cluster(nodes: int = 2, **environment: str) -> Iterator[RayCluster]:
    """Run a cluster until the context ends. Its processes have these variables in their environment."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # Sockets have short names only.
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    cluster = RayCluster(f"127.0.0.1:{port}", folder, environment)
    try:
        for _ in range(nodes):
            cluster.start_node()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _end(node: "subprocess.Popen[bytes]") -> None:
    """End a node with all its processes."""
    pids = _below(node.pid)
    node.terminate()
    with suppress(subprocess.TimeoutExpired):
        node.wait(20)
    for pid in (node.pid, *pids):
        _kill(pid)
    node.wait()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _processes() -> list[int]:
    return [int(folder.name) for folder in Path("/proc").glob("[0-9]*")]


def _below(pid: int) -> list[int]:
    """The processes that a process started, and those that they did."""
    children: dict[int, list[int]] = {}
    for each in _processes():
        with suppress(OSError):
            parent = int(Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(each)
    found: list[int] = []
    todo = [pid]
    while todo:
        more = children.get(todo.pop(), [])
        found += more
        todo += more
    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def memory(pid: int) -> int:
    """Bytes that a process alone has in memory."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Private_Dirty"):
            return int(line.split()[1]) * 1024
    raise ValueError(pid)
