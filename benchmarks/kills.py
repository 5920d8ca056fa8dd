"""Kills batches with SIGKILL and resumes them: `python -m benchmarks.kills [--kills N] [--workers N]`.

Each kill has a batch of its own, of 20 rows, ten at a time, made by the real command. A proxy in front of a mock server
sees every request; it delays each response like a network does, and kills the command at the moment that is aimed at.
Then the same command runs again, without any option that could pay twice. The judge is the server's own count of the
images that it made. It prints a table, and exits with 1 if an image was made twice or was lost. Rows that are unknown
although their response had been read for a while, as happens on a busy machine, are listed on stderr.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field, frozen

from ideogram_ai.testing import MockServer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

ROWS: Final = 20
IN_FLIGHT: Final = 10
LATENCY: Final = 0.7
"""Seconds that an image takes."""
NETWORK: Final = 0.1
"""Seconds that a response takes from the server to the client."""
_PROMPT: Final = re.compile(rb'name="text_prompt"\r\n\r\n(.*?)\r\n', re.DOTALL)
_JUST_NOW: Final = 0.3
"""Seconds in which a response that was read may not be on the client's disk yet, on a busy machine."""
_PATIENCE: Final = 120.0


@frozen
class Aim:
    """When a process is killed.

    Attributes:
        what: The line of the table.
        submits: Whether the batch runs with --async.
        before: Kill when the server has responded to a request, and the response is still on its way.
        after: Kill when the response has been handed to the client's socket. With neither, at a random moment.
    """

    what: str
    submits: bool
    before: bool = False
    after: bool = False


AIMS: Final = (
    Aim("synchronous, at a random moment", submits=False),
    Aim("synchronous, a response has just arrived", submits=False, after=True),
    Aim("`--async`, at a random moment", submits=True),
    Aim("`--async`, the response to a submit is on its way", submits=True, before=True),
    Aim("`--async`, the response to a submit has just arrived", submits=True, after=True),
)


@define
class Wire:
    """What a proxy sees of a batch, and whom it kills.

    Attributes:
        upstream: Host and port of the mock server.
        first: Set when the first request arrived.
        kill_before: Called with the client's port before a response is delivered; None when nobody is to be killed.
        kill_after: Called after that.
        number: The number of the response that they are called for.
        seen: When the client had read the response to a request, by prompt; infinity while it had not.
        ports: The ports of clients whose requests are on their way.
    """

    upstream: tuple[str, int]
    first: threading.Event = field(factory=threading.Event)
    kill_before: Callable[[int], None] | None = None
    kill_after: Callable[[int], None] | None = None
    number: int = 0
    seen: dict[str, float] = field(factory=dict[str, float])
    ports: set[int] = field(factory=set[int])
    _lock: threading.Lock = field(factory=threading.Lock)

    def handle(self, client: socket.socket) -> None:
        """Pass on one request and its response."""
        port: int = client.getpeername()[1]
        self.ports.add(port)
        try:
            self._relay(client, port)
        finally:
            self.ports.discard(port)

    def _relay(self, client: socket.socket, port: int) -> None:
        request = _read_request(client)
        if request is None:
            return
        found = _PROMPT.search(request) if request.startswith(b"POST") else None
        prompt = found[1].decode() if found else ""
        if prompt:
            self.seen[prompt] = float("inf")
            self.first.set()
        with socket.create_connection(self.upstream) as server:
            server.sendall(request)
            response = b"".join(iter(partial(server.recv, 2**16), b""))
        time.sleep(NETWORK)
        if not prompt:
            client.sendall(response)
            return
        with self._lock:
            self.number -= 1
            aimed = self.number == 0
        if aimed and self.kill_before is not None:
            self.kill_before(port)
        client.sendall(response)
        if aimed and self.kill_after is not None:
            time.sleep(random.uniform(0, 0.003))
            self.kill_after(port)
        client.shutdown(socket.SHUT_WR)
        client.recv(1)  # the client hangs up when it has read the response
        self.seen[prompt] = time.monotonic()

    def on_the_way(self) -> set[str]:
        """The prompts whose response was not read yet, or just now."""
        since = time.monotonic() - _JUST_NOW
        return {prompt for prompt, delivered in list(self.seen.items()) if delivered > since}


def _read_request(client: socket.socket) -> bytes | None:
    """Read a request; None if the client was killed before it had sent it."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(2**16)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)\r\ncontent-length: *([0-9]+)", head)
    while length and len(body) < int(length[1]):
        more = client.recv(2**16)
        if not more:
            return None
        body += more
    return head + b"\r\n\r\n" + body


@contextmanager
def proxy(wire: Wire) -> Generator[str]:
    """Serve a proxy in a thread, and yield its URL."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # the client was killed
                wire.handle(self.request)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@define
class Line:
    """A line of the table: the sums of all kills of an aim."""

    aim: Aim
    kills: int = 0
    made: int = 0
    twice: int = 0
    lost: int = 0
    unknown: int = 0
    most_unknown: int = 0
    on_the_way: int = 0
    asked: int = 0
    problems: list[str] = field(factory=list[str])
    late: list[str] = field(factory=list[str])

    def add(self, made: Counter[str], states: dict[str, str], on_the_way: set[str], asked: int) -> None:
        """Count a batch: what the server made, what became of each row, and what was on its way at the kill."""
        unknown = {prompt for prompt, state in states.items() if state == "unknown"}
        lost = {prompt for prompt in made if states[prompt] not in {"saved", "unknown"}}
        self.kills += 1
        self.made += made.total()
        self.twice += sum(count > 1 for count in made.values())
        self.lost += len(lost)
        self.unknown += len(unknown)
        self.most_unknown = max(self.most_unknown, len(unknown))
        self.on_the_way += len(on_the_way)
        self.asked += asked
        self.problems += [f"{prompt}: made {count} times" for prompt, count in made.items() if count > 1]
        self.problems += [f"{prompt}: lost, {states[prompt]}" for prompt in lost]
        # A row is recorded as sent before its request leaves: what the server never saw was not made.
        answered = unknown.intersection(made) - on_the_way
        self.late += [f"{prompt}: unknown, although its response had been read" for prompt in answered]

    def markdown(self) -> str:
        """Return the line."""
        cells = (
            *(self.aim.what, self.kills, self.made, self.twice, self.lost),
            *(self.on_the_way, self.unknown, self.most_unknown, self.asked if self.aim.submits else ""),
        )
        return f"| {' | '.join(f'{cell:,}' if isinstance(cell, int) else str(cell) for cell in cells)} |"


HEAD: Final = (
    "| Killed | kills | images made | made twice | lost | on their way at the kill | unknown | most in a kill |"
    " asked for by id |\n| --- |" + " ---: |" * 8
)


@define
class Batch:
    """A batch in a folder, whose prompts nobody else has."""

    folder: Path
    url: str
    aim: Aim

    def write(self, name: str) -> list[str]:
        """Write the rows, and return their prompts."""
        prompts = [f"{name} number {number}" for number in range(1, ROWS + 1)]
        rows = [json.dumps({"text_prompt": prompt, "resolution": "512x1536"}) for prompt in prompts]
        (self.folder / "rows.jsonl").write_text("\n".join(rows))
        return prompts

    def start(self) -> subprocess.Popen[str]:
        """Start the command, or resume."""
        command = [
            *(sys.executable, "-m", "ideogram_ai.cli", "batch", "rows.jsonl", "--out", "images", "--json"),
            *("--base-url", self.url, "--in-flight", str(IN_FLIGHT), "--no-gallery"),
            *(["--async"] if self.aim.submits else []),
        ]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=os.environ | {"IDEOGRAM_API_KEY": "any"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def finish(self) -> list[dict[str, Any]]:
        """Run to the end, and return the events."""
        process = self.start()
        output, _ = process.communicate(timeout=_PATIENCE)
        if process.returncode not in {0, 4}:
            raise RuntimeError(f"the command ended with {process.returncode}: {output}")
        return [json.loads(line) for line in output.splitlines() if line.startswith("{")]

    def states(self) -> dict[str, str]:
        """Return the state of each row by its prompt."""
        lines = (self.folder / "images" / "manifest.jsonl").read_text().splitlines()
        return {row["request"]["text_prompt"]: row["state"] for row in map(json.loads, lines)}


def kill(aim: Aim, server: MockServer, seconds: float, name: str) -> tuple[Counter[str], dict[str, str], set[str], int]:
    """Kill one batch and resume it. It is repeated if the process was done before.

    Args:
        aim: When to kill.
        server: Makes the images.
        seconds: How long the batch takes from its first request.
        name: What the prompts begin with.

    Returns:
        The images that the server made by prompt, the state of each row, what was on its way, and the jobs that were
        asked for by their ids afterwards.
    """
    host, port = server.url.removeprefix("http://").split(":")
    wire = Wire((host, int(port)))
    with tempfile.TemporaryDirectory() as folder, proxy(wire) as url:
        batch = Batch(Path(folder), url, aim)
        prompts = batch.write(name)
        process = batch.start()
        on_the_way: set[str] = set()

        def strike(_port: int = 0) -> None:
            on_the_way.update(wire.on_the_way())
            process.send_signal(signal.SIGKILL)

        if aim.before or aim.after:
            wire.kill_before, wire.kill_after = (strike, None) if aim.before else (None, strike)
            wire.number = random.randint(1, ROWS)
        else:
            wire.first.wait(_PATIENCE)
            time.sleep(random.uniform(0, seconds))
            strike()
        process.communicate(timeout=_PATIENCE)
        if process.returncode != -signal.SIGKILL:
            return kill(aim, server, seconds, f"{name}+")
        wire.kill_before = wire.kill_after = None
        time.sleep(LATENCY + 2 * NETWORK)  # what was on its way arrives, and is made
        events = batch.finish()
        asked = next((event["to_ask_for"] for event in events if event["event"] == "started"), 0)
        states = batch.states()
    mine = set(prompts)
    made = Counter(
        prompt
        for exchange in server.ledger
        if exchange.method == "POST" and exchange.status == 200
        for prompt in [str(dict(exchange.fields).get("text_prompt"))]
        if prompt in mine
    )
    return made, states, on_the_way, asked


def measure(kills: int, workers: int, aims: Sequence[Aim] = AIMS) -> Iterator[Line]:
    """Kill so many batches for each aim, and yield the line of each."""
    for index, aim in enumerate(aims):
        line = Line(aim)
        with MockServer(latency=LATENCY, in_flight=10_000) as server, ThreadPoolExecutor(workers) as pool:
            seconds = _duration(aim, server)
            attempts = [pool.submit(kill, aim, server, seconds, f"{index}-{number}") for number in range(kills)]
            for attempt in attempts:
                line.add(*attempt.result())
        yield line


def _duration(aim: Aim, server: MockServer) -> float:
    """How long a batch takes that nobody kills, from its first request."""
    host, port = server.url.removeprefix("http://").split(":")
    wire = Wire((host, int(port)))
    with tempfile.TemporaryDirectory() as folder, proxy(wire) as url:
        batch = Batch(Path(folder), url, aim)
        batch.write(f"{aim.what} in peace")
        process = batch.start()
        wire.first.wait(_PATIENCE)
        began = time.perf_counter()
        process.communicate(timeout=_PATIENCE)
        return time.perf_counter() - began


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="kills for each line of the table [default: 100]")
    parser.add_argument("--workers", type=int, default=3, help="batches at a time [default: 3]")
    options = parser.parse_args()
    draw_little()
    print(HEAD, flush=True)
    problems: list[str] = []
    for line in measure(options.kills, options.workers):
        print(line.markdown(), flush=True)
        print(*line.problems, *line.late, sep="\n", end="\n" * bool(line.problems or line.late), file=sys.stderr)
        problems += line.problems
    return int(bool(problems))


def draw_little() -> None:
    """Let the mock server draw next to nothing: what a batch does with an image is the same for all."""
    import io

    from PIL import Image

    from ideogram_ai.testing import drawing

    def draw(picture: Any) -> bytes:
        file = io.BytesIO()
        colour = (picture.seed >> 16 & 255, picture.seed >> 8 & 255, picture.seed & 255)
        Image.new("RGB", (48, 32), colour).save(file, "PNG")
        return file.getvalue()

    drawing.draw_png = draw


if __name__ == "__main__":
    raise SystemExit(main())
