"""Kills the workers of engines that make batches: `python -m benchmarks.engines [ENGINE...] [--kills N] [--rows N]`.

Each engine runs its program of examples/many_machines/, into a folder and into a real S3 server, synchronously and with
--async. A proxy in front of a mock server sees every request. It kills a process with SIGKILL when the process has just
got a response, and the next one while its request is on its way, in turn. A program that ends with an error is started
again, as its user would do. In the end `ideogram batch --shared` finishes the batch. The judge is the server's own
count of the images that it made, and the bytes in the store. It prints a table, and exits with 1 if an image was made
twice or was lost.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from itertools import product
from pathlib import Path
from typing import Any, Final

import fsspec
import psutil
from attrs import define, field, frozen

from ideogram_ai.testing import MockServer

from .kills import LATENCY, Wire, draw_little, proxy
from .services import BUCKET, Service, find_program, nothing, postgres, ray, s3, sqlite, temporal

ROOT: Final = Path(__file__).parents[1]
RECIPES: Final = ROOT / "examples/many_machines"
COMMAND: Final = (sys.executable, "-m", "ideogram_ai.cli", "batch", "rows.jsonl", "--shared", "--out")
STORES: Final = ("folder", "S3")
_PATIENCE: Final = 600.0
_STARTS: Final = 8
_ENDED_WELL: Final = (0, 4)
"""Exit codes; 4 are rows whose outcome is unknown."""


@frozen
class Engine:
    """What makes the rows.

    Attributes:
        name: Its name in the table.
        program: Its file in examples/many_machines; None for `ideogram batch --shared`.
        modules: What has to be installed.
        programs: Programs that have to be there.
        service: The server that it needs, whose address is an argument of the program.
        machines: How often the program runs at once, each with a name of its own.
        named: Whether each of them is given a name.
        victims: Who is killed: a process that talks to the service, or the programs with all of their children.
    """

    name: str
    program: str | None = None
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    service: Service | None = None
    machines: int = 1
    named: bool = False
    victims: tuple[str, ...] = ("a worker",)

    @property
    def missing(self) -> list[str]:
        """The modules and programs that are not installed."""
        modules = [f"module {name}" for name in self.modules if importlib.util.find_spec(name) is None]
        return modules + [f"program {name}" for name in self.programs if find_program(name) is None]

    def commands(self, out: str, address: str, options: list[str]) -> Iterator[list[str]]:
        """The commands to start."""
        for number in range(self.machines):
            if self.program is None:
                yield [*COMMAND, out, "--in-flight", "4", "--no-gallery", *options]
            else:
                name = [f"machine-{number}"] if self.named else []
                arguments = ["rows.jsonl", out, *([address] if address else []), *name]
                yield [sys.executable, str(RECIPES / self.program), *arguments, *options]


ENGINES: Final = {
    "local": Engine("`ideogram batch --shared`, three at once", machines=3),
    "ray": Engine(
        "Ray Data, two nodes",
        "on_ray.py",
        ("ray",),
        service=ray,
    ),
    "dbos-sqlite": Engine("DBOS, SQLite", "on_dbos.py", ("dbos",), service=sqlite, named=True),
    "dbos-postgres": Engine(
        "DBOS, PostgreSQL, two at once",
        "on_dbos.py",
        ("dbos",),
        ("initdb",),
        service=postgres,
        machines=2,
        named=True,
    ),
    "temporal": Engine(
        "Temporal, two at once",
        "on_temporal.py",
        ("temporalio",),
        ("temporal",),
        service=temporal,
        machines=2,
    ),
    "dask": Engine("Dask", "on_dask.py", ("distributed",), victims=("a worker", "everything")),
    "spark": Engine("Spark", "on_spark.py", ("pyspark",), ("java",), victims=("a worker", "everything")),
}


@define
class Program:
    """A program that is started again until it ends well."""

    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str]
    starts: int = 0
    process: subprocess.Popen[bytes] | None = None

    def done(self) -> bool:
        """Whether it ended well. It is started again if it did not."""
        code = None if self.process is None else self.process.poll()
        if self.process is None or code not in {None, *_ENDED_WELL}:
            if self.starts == _STARTS:
                raise RuntimeError(f"{self.command} ended with {code}:\n{self.output()}")
            self.starts += 1
            with self._log.open("ab") as log:
                self.process = subprocess.Popen(
                    self.command, cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
                )
        return code in _ENDED_WELL

    def output(self) -> str:
        """The last that it printed."""
        return self._log.read_text(errors="replace")[-5000:]

    @property
    def _log(self) -> Path:
        return self.folder / f"{id(self)}.log"

    def kill(self) -> None:
        """Kill it with all of its children."""
        if self.process is None or self.process.poll() is not None:
            return
        parent = psutil.Process(self.process.pid)
        for process in [*parent.children(recursive=True), parent]:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait()


@define
class Killer:
    """Kills a process when it has just got a response, and the next one while its request is on its way, in turn.

    Attributes:
        wire: Sees the requests and responses.
        whole: Kills something else instead; None kills who has the connection.
        left: How many are still to be killed.
        within: Responses within which the next one is killed.
        kills: How many were killed.
    """

    wire: Wire
    whole: Callable[[], None] | None
    left: int
    within: int
    kills: int = 0
    _receiver: int | None = None

    def arm(self) -> None:
        """Aim at a response that is still to come."""
        self.wire.kill_before, self.wire.kill_after = self._look, self._strike
        self.wire.number = random.randint(1, self.within) if self.left else 0

    def _look(self, port: int) -> None:
        self._receiver = process_at(port)

    def _strike(self, _port: int) -> None:
        if self.kills % 2:
            time.sleep(random.uniform(0, LATENCY))
            victim = self._waiting()
        else:
            victim = self._receiver
        if victim is not None:
            self.left -= 1
            self.kills += 1
            with suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            if self.whole is not None:
                self.whole()
        self.arm()

    def _waiting(self) -> int | None:
        """A process whose request is on its way; None if there is none for a while."""
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            ports = sorted(self.wire.ports)
            for process in filter(None, map(process_at, random.sample(ports, len(ports)))):
                return process
            time.sleep(0.02)
        return None


def process_at(port: int) -> int | None:
    """The process that has a connection from this port."""
    for connection in psutil.net_connections("tcp4"):
        if connection.laddr and connection.laddr.port == port and connection.pid not in {None, os.getpid()}:
            pid: int = connection.pid
            return pid
    return None


@frozen
class Case:
    """A line of the table, to be measured."""

    engine: Engine
    victim: str
    store: str
    submits: bool


@define
class Line:
    """A line of the table, and what must not be."""

    case: Case
    rows: int = 0
    kills: int = 0
    made: int = 0
    twice: int = 0
    lost: int = 0
    unknown: int = 0
    problems: list[str] = field(factory=list[str])

    def add(self, kills: int, made: Counter[str], rows: Mapping[str, Mapping[str, Any]]) -> None:
        """Count a batch: what the server made, and the rows of the manifest by their prompts, with `is_there`."""
        self.rows += len(rows)
        self.kills += kills
        self.made += made.total()
        self.twice += sum(count > 1 for count in made.values())
        self.problems += [f"{prompt}: made {count} times" for prompt, count in made.items() if count > 1]
        nowhere = made.keys() - rows.keys()
        self.lost += len(nowhere)
        self.problems += [f"{prompt}: made, and not in the manifest" for prompt in nowhere]
        for prompt, row in rows.items():
            if row["state"] == "unknown":
                self.unknown += 1
            elif row["state"] != "saved" or not row["is_there"] or not made[prompt]:
                self.lost += 1
                self.problems.append(f"{prompt}: {row['state']}, made {made[prompt]} times: {row['error']}")

    def markdown(self) -> str:
        """Return the line."""
        case = self.case
        mode = "`--async`" if case.submits else "synchronous"
        counts = (self.rows, self.kills, self.made, self.twice, self.lost, self.unknown)
        return f"| {' | '.join([case.engine.name, case.victim, case.store, mode, *map(str, counts)])} |"


HEAD: Final = (
    "| Engine | killed | store | mode | rows | kills | images made | made twice | lost | unknown |\n"
    "| --- | --- | --- | --- |" + " ---: |" * 6
)


@define
class Batch:
    """A batch in a folder, or at a URL, whose prompts nobody else has."""

    case: Case
    folder: Path
    wire: Wire
    url: str
    rows: int

    @property
    def out(self) -> str:
        """Where the images go."""
        return str(self.folder / "images") if self.case.store == "folder" else f"s3://{BUCKET}/{self.folder.name}"

    @property
    def options(self) -> list[str]:
        """The options of every program."""
        return ["--async"] if self.case.submits else []

    @property
    def environment(self) -> dict[str, str]:
        """What leads programs to the proxy, and keeps them on this machine."""
        return os.environ | {
            "IDEOGRAM_API_KEY": "any",
            "IDEOGRAM_BASE_URL": self.url,
            "PYSPARK_PYTHON": sys.executable,
            "RAY_USAGE_STATS_ENABLED": "0",
            "SPARK_LOCAL_IP": "127.0.0.1",
        }

    def run(self, kills: int) -> int:
        """Run the engine's programs to their end, kill so many processes meanwhile, and return how many it were."""
        lines = [
            json.dumps({"id": f"{number:04}", "text_prompt": f"{self.folder.name} {number}", "resolution": "512x1536"})
            for number in range(1, self.rows + 1)
        ]
        (self.folder / "rows.jsonl").write_text("".join(f"{line}\n" for line in lines))
        engine = self.case.engine
        with (engine.service or nothing)(self.folder) as address:
            commands = engine.commands(self.out, address, self.options)
            programs = [Program(command, self.folder, self.environment) for command in commands]

            def kill_all() -> None:
                for program in programs:
                    program.kill()

            whole = kill_all if self.case.victim == "everything" else None
            killer = Killer(self.wire, whole, kills, self.rows // (kills + 1))
            killer.arm()
            deadline = time.monotonic() + _PATIENCE
            try:
                while sum(program.done() for program in programs) < len(programs):
                    if time.monotonic() > deadline:
                        raise TimeoutError("\n".join(program.output() for program in programs))
                    time.sleep(0.05)
            finally:
                killer.left = 0
                kill_all()
        return killer.kills

    def finish(self) -> dict[str, dict[str, Any]]:
        """Finish with the command, as a user would, and return the rows of the manifest by their prompts."""
        self.wire.kill_before = self.wire.kill_after = None
        command = [*COMMAND, self.out, "--no-gallery", *self.options]
        run = subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        if run.returncode not in _ENDED_WELL:
            raise RuntimeError(f"the command ended with {run.returncode}: {run.stdout}{run.stderr}")
        with fsspec.open(f"{self.out}/manifest.jsonl", "rt", encoding="utf-8") as file:
            rows = {row["request"]["text_prompt"]: row for row in map(json.loads, file)}
        system, root = fsspec.url_to_fs(self.out)
        for row in rows.values():
            content = system.cat_file(f"{root}/{row['file']}") if row["file"] else b""
            row["is_there"] = hashlib.sha256(content).hexdigest() == row["sha256"]
        return rows


def measure(cases: Sequence[Case], rows: int, kills: int, batches: int, parallel: int) -> Iterator[Line]:
    """Run so many batches for each case, with so many kills in each, and yield the lines in their order.

    A row is unknown a minute after its owner has died, so batches are finished beside those that come after them.
    """
    with (
        MockServer(latency=LATENCY, in_flight=10_000) as server,
        ThreadPoolExecutor(parallel) as engines,
        ThreadPoolExecutor(64) as finishing,
    ):

        def one(case: Case) -> Future[tuple[int, Counter[str], dict[str, dict[str, Any]]]]:
            stack = ExitStack()
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="engines-")))
            host, port = server.url.removeprefix("http://").split(":")
            wire = Wire((host, int(port)))
            batch = Batch(case, folder, wire, stack.enter_context(proxy(wire)), rows)
            try:
                killed = batch.run(kills)
            except BaseException:
                stack.close()
                raise

            def finish() -> tuple[int, Counter[str], dict[str, dict[str, Any]]]:
                with stack:
                    states = batch.finish()
                    return killed, made_by(server, f"{folder.name} "), states

            return finishing.submit(finish)

        started = [(Line(case), [engines.submit(one, case) for _ in range(batches)]) for case in cases]
        for line, runs in started:
            for run in runs:
                try:
                    line.add(*run.result().result())
                except (RuntimeError, TimeoutError) as error:
                    line.problems.append(str(error))
            yield line


def made_by(server: MockServer, beginning: str) -> Counter[str]:
    """How often the server made an image, by prompts that begin so."""
    prompts = (
        str(dict(exchange.fields).get("text_prompt"))
        for exchange in server.ledger
        if exchange.method == "POST" and exchange.status == 200
    )
    return Counter(prompt for prompt in prompts if prompt.startswith(beginning))


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    parser.add_argument(
        "engines", nargs="*", metavar="ENGINE", help=f"{', '.join(ENGINES)} [default: what is installed]"
    )
    parser.add_argument("--rows", type=int, default=40, help="rows of a batch [default: 40]")
    parser.add_argument("--kills", type=int, default=2, help="kills in a batch [default: 2]")
    parser.add_argument("--batches", type=int, default=5, help="batches for each line of the table [default: 5]")
    parser.add_argument("--parallel", type=int, default=1, help="batches at a time [default: 1]")
    parser.add_argument("--quick", action="store_true", help="one batch for each engine: stores and modes take turns")
    options = parser.parse_args()
    if unknown := set(options.engines) - ENGINES.keys():
        parser.error(f"{', '.join(sorted(unknown))}: no such engine; there are {', '.join(ENGINES)}")
    wanted = options.engines or [name for name, engine in ENGINES.items() if not engine.missing]
    for name in ENGINES.keys() - set(wanted):
        print(f"{name} is not measured", *ENGINES[name].missing, sep=": ", file=sys.stderr)
    engines = [ENGINES[name] for name in wanted]
    ways = list(product(STORES, (False, True)))
    if options.quick:
        cases = [Case(engine, engine.victims[0], *ways[number % 4]) for number, engine in enumerate(engines)]
        options.rows, options.batches = 20, 1
    else:
        cases = [Case(engine, victim, *way) for engine in engines for victim in engine.victims for way in ways]
    draw_little()
    print(HEAD, flush=True)
    problems: list[str] = []
    with s3():
        for line in measure(cases, options.rows, options.kills, options.batches, options.parallel):
            print(line.markdown(), flush=True)
            print(*line.problems, sep="\n", end="\n" * bool(line.problems), file=sys.stderr, flush=True)
            problems += line.problems
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main())
