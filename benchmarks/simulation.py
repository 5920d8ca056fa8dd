"""Simulates many machines on one batch: `python -m benchmarks.simulation [--rows N] [--calibrate]`.

A discrete simulation of what `ideogram batch --shared` and an engine do with a row: the claim, which one process gets;
the request, which the service accepts while its limit allows; the records; what is repeated when a machine dies. The
pace is the real `Pace`, and leases and updates have the constants of the real code. That no row is billed twice is
counted at the simulated service. `--calibrate` runs real processes beside it, see `benchmarks.calibration`.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
from array import array
from collections import Counter, deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, define, evolve, field, frozen

from ideogram_ai.batch import claims, presence, prices, run
from ideogram_ai.batch.pace import Pace
from ideogram_ai.client import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

USD: Final = {"PUT": 5e-6, "LIST": 5e-6, "GET": 4e-7, "HEAD": 4e-7, "DELETE": 0.0}
"""US dollars for a request: Amazon S3 Standard, us-east-1, https://aws.amazon.com/s3/pricing/, as of November 2026."""
USD_PER_IMAGE: Final = float(min(prices.shipped_prices().usd.values()))
PLANNED, SENT, SUBMITTED, ANSWERED, SAVED, UNCLAIMED = range(6)
SIGMA: Final = 0.5
"""Of the store's lognormal latency: 2 % of the requests take three times the median."""
_LIST: Final = 5.0
"""A page of a list takes so many times as long as another request."""
_NETWORK: Final = 0.05
"""Seconds to the service and back."""
_DOWNLOAD: Final = 0.3
_NOTICED: Final = 30.0
"""Seconds until an engine repeats the blocks of a dead machine."""
_READERS: Final = claims._READERS
_FOREVER: Final = float("inf")


@frozen
class Setup:
    """What is simulated. Seconds unless said otherwise.

    Attributes:
        in_flight: Of each machine.
        engine: An engine gives each row to one machine, at one pace for all, and repeats the blocks of dead machines.
        deaths: Of each machine, in an hour. Another one takes its place after `restart`.
        storms: In an hour: the limit drops to a tenth for `storm`.
        store: The median latency of the store.
        cpu: Of the machine's one core, for a row and for reading a record.
        exclusive: Whether only one process gets a claim.
    """

    rows: int
    workers: int
    limit: int
    in_flight: int
    engine: bool = False
    submit: bool = False
    deaths: float = 0.0
    storms: float = 0.0
    storm: float = 180.0
    store: float = 0.02
    seconds: tuple[float, float] = (prices.FASTEST_SECONDS, prices.SLOWEST_SECONDS)
    cpu: tuple[float, float] = (0.02, 0.003)
    restart: float = 60.0
    exclusive: bool = True

    @property
    def ideal(self) -> float:
        """Rows per second, if the service were never idle and machines and stores took no time."""
        return min(self.limit, self.workers * self.in_flight) / (sum(self.seconds) / 2)


@define(eq=False)
class Turns:
    """A pace, and the machines that wait for it: one of its own each, or all of an engine's."""

    pace: Pace
    waiting: deque[Worker] = Factory(deque)


@define(eq=False)
class Worker:
    """A machine with one process."""

    turns: Turns
    started: float
    blocks: array[int] = Factory(lambda: array("i"))
    rows: deque[tuple[int, int]] = Factory(deque)
    again: deque[tuple[int, int]] = Factory(deque)
    open: set[int] = Factory(set)
    left: dict[int, int] = Factory(dict)
    """An engine's blocks, and how many rows of each are not handed over."""
    engine: bool = False
    flying: int = 0
    done: int = 0
    known_done: int = 0
    refused: int = 0
    updated: float = -_FOREVER
    update_seconds: float = 0.0
    died: float = _FOREVER
    noticed: bool = False
    gave_up: bool = False
    core: float = 0.0
    process: Generator[float | None, None, None] | None = None
    parked: bool = False


@define(eq=False, slots=False)
class Simulation:
    """One run. Its attributes are what happened."""

    setup: Setup
    random: random.Random = Factory(lambda: random.Random(1))
    now: float = 0.0
    requests: Counter[str] = Factory(Counter)
    claims: int = 0
    refused: int = 0
    limited: int = 0
    gave_up: int = 0
    hiring: int = 0
    unknown: int = 0
    noticed: list[float] = Factory(list)
    saved: list[float] = Factory(list)
    ended: float = 0.0
    running: int = 0
    files: int = 0
    opened: int = 0
    _queue: list[Any] = Factory(list)
    _number: int = 0
    state: bytearray = field(init=False)
    billed: bytearray = field(init=False)

    def __attrs_post_init__(self) -> None:
        rows = self.setup.rows
        self.state, self.billed = bytearray([UNCLAIMED]) * rows, bytearray(rows)
        self.attempt, self.claimed = array("H", [0]) * rows, array("d", [_FOREVER]) * rows
        self.owner: list[Worker | None] = [None] * rows
        self.jobs: dict[int, float] = {}
        self.released: dict[int, int] = {}
        self.orphans: dict[int, Worker] = {}
        size = run._BLOCK
        self.block_left = array("i", [min(size, rows - start) for start in range(0, rows, size)])
        self.fresh = array("i", range(len(self.block_left)))
        self.place = array("i", self.fresh)
        self.queue: deque[int] = deque(self.fresh)
        self.replays: deque[int] = deque()
        self.living: set[Worker] = set()

    def run(self) -> Simulation:
        """Run until every machine has ended."""
        setup = self.setup
        shared = Turns(Pace(min(setup.limit, setup.workers * setup.in_flight), RetryPolicy())) if setup.engine else None
        for _ in range(setup.workers):
            self._hire(shared)
        self._loop()
        if setup.engine:  # the command that finishes what the dead left, and writes the manifest
            self._hire(None)
            self._loop()
        beats = setup.workers * self.ended / presence.HEARTBEAT_SECONDS
        self.requests.update({"PUT": int(beats), "HEAD": int(beats)})
        return self

    def _loop(self) -> None:
        queue = self._queue
        while queue and (self.living or self.hiring):  # what is left are deaths of those that have ended
            self.now, _, process, worker = heapq.heappop(queue)
            if worker is not None and worker.died <= self.now:
                process.close()
            else:
                self._step(process, worker)

    def _step(self, process: Generator[float | None, None, None], worker: Worker | None) -> None:
        seconds = next(process, None)
        if seconds is not None:
            self._number += 1
            heapq.heappush(self._queue, (self.now + seconds, self._number, process, worker))

    def _hire(self, shared: Turns | None) -> None:
        setup = self.setup
        worker = Worker(shared or Turns(Pace(setup.in_flight, RetryPolicy())), self.now, engine=shared is not None)
        self.living.add(worker)
        worker.process = self._work(worker)
        self._step(worker.process, worker)
        if setup.deaths and (shared or not setup.engine):
            self._step(self._die(worker, shared), None)

    def _die(self, worker: Worker, shared: Turns | None) -> Generator[float]:
        yield self.random.expovariate(self.setup.deaths / 3600)
        if worker not in self.living:
            return
        self._fire(worker)
        self.hiring += 1
        worker.died = self.now
        for row in worker.open:
            self.orphans[row] = worker
            self.unknown += self.state[row] == SENT
        if shared:
            for _ in range(worker.flying):
                shared.pace.on_unknown()
            yield _NOTICED
            self.replays.extend(worker.left)
            worker.left.clear()
        yield self.setup.restart
        self.hiring -= 1
        if self._is_left():
            self._hire(shared)

    def _fire(self, worker: Worker) -> None:
        self.living.discard(worker)
        self._leave_line(worker)
        self.ended = max(self.ended, self.now)

    def _is_left(self) -> bool:
        return bool(self.fresh or self.opened or self.released or self.replays)

    def _work(self, worker: Worker) -> Generator[float | None]:
        """What a process does."""
        yield from self._update(worker)
        while not worker.gave_up:
            if worker.again:
                row, attempt = worker.again.popleft()
            elif worker.rows or (yield from self._more(worker)):
                row, attempt = worker.rows.popleft()
                if attempt == 1 and not worker.engine and self.claimed[row] <= worker.updated:
                    continue  # it knows that another one has it
            elif worker.flying or worker.open:
                yield from self._park(worker)
                continue
            elif (yield from self._is_done(worker)):
                break
            else:
                continue
            yield from self._send(worker, row, attempt)
        while worker.flying or worker.open:
            yield from self._park(worker)
        self._fire(worker)
        if worker.gave_up:
            self.gave_up += 1
            self.hiring += 1
            yield self.setup.restart
            self.hiring -= 1
            if self._is_left():
                self._hire(None)

    def _send(self, worker: Worker, row: int, attempt: int) -> Generator[float | None]:
        """Wait for a turn, and begin a row."""
        pace = worker.turns.pace
        while not worker.gave_up:
            if worker.engine and worker.flying >= self.setup.in_flight:
                yield from self._park(worker)
            elif not pace.allows(self.now):
                yield from self._park(worker, turn=True)
            else:
                worker.flying += 1
                self._step(self._row(worker, row, attempt, pace.on_send()), worker)
                if worker.turns.waiting and pace.allows(self.now):
                    self._wake(worker.turns.waiting[0])
                return

    def _more(self, worker: Worker) -> Generator[float | None, None, bool]:
        """Take another block."""
        if worker.engine:
            if not (self.replays or self.queue):
                return False
            block = self.replays.popleft() if self.replays else self.queue.popleft()
        else:
            share = max(claims._UPDATE_SECONDS, claims._UPDATE_SHARE * worker.update_seconds)
            if worker.refused >= claims._MOST_REFUSED or (worker.refused and self.now - worker.updated > share):
                yield from self._look(worker)
            if not worker.blocks:
                return False
            at = self.random.randrange(len(worker.blocks))
            worker.blocks[at], worker.blocks[-1] = worker.blocks[-1], worker.blocks[at]
            block = worker.blocks.pop()
        size = run._BLOCK
        rows = range(block * size, min((block + 1) * size, self.setup.rows))
        worker.rows.extend((row, 1) for row in rows)
        if worker.engine:
            worker.left[block] = len(rows)
        return True

    def _update(self, worker: Worker) -> Generator[float]:
        """Look for what the others did: a list of all files, and a read of each record that is news."""
        if worker.engine:
            return
        others = self.opened - len(worker.open)
        pages, news = self.files // 1000 + 1, len(self.saved) - worker.done - worker.known_done
        owners = min(others, len(self.living) - 1)
        self.requests.update({"LIST": pages, "GET": news + others, "HEAD": owners})
        worker.known_done += news
        worker.refused = 0
        worker.updated, worker.blocks = self.now, array("i", self.fresh)
        reading = max(self.setup.store / _READERS, self.setup.cpu[1]) * (news + others)
        yield pages * self._latency() * _LIST + reading
        for owner in set(self.orphans.values()):
            self._is_alive(owner)

    def _look(self, worker: Worker) -> Generator[float]:
        """Look for what the others claimed, by the names of the files."""
        pages = self.files // 1000 + 1
        self.requests["LIST"] += pages
        worker.refused, worker.updated, worker.blocks = 0, self.now, array("i", self.fresh)
        worker.update_seconds = pages * self._latency() * _LIST
        yield worker.update_seconds

    def _is_done(self, worker: Worker) -> Generator[float | None, None, bool]:
        """Wait for what the others work on, and take what they left."""
        if worker.engine:
            if not (self.replays or self.queue or any(each.left for each in self.living)):
                return True
            yield run._OTHERS_SECONDS
            return False
        yield from self._update(worker)
        worker.rows.extend((row, attempt + 1) for row, attempt in self.released.items())
        for row, owner in list(self.orphans.items()):
            if not self._is_alive(owner) and self._inherits(worker, row):
                self._step(self._collect(worker, row), worker)
        if worker.rows or worker.open:
            return False
        if self.opened > 0 or self.fresh:
            yield run._OTHERS_SECONDS
            return False
        return True

    def _is_alive(self, owner: Worker) -> bool:
        beat = presence.HEARTBEAT_SECONDS
        if self.now < owner.started + (owner.died - owner.started) // beat * beat + presence.LEASE_SECONDS:
            return True
        if not owner.noticed:
            owner.noticed = True
            self.noticed.append(self.now - owner.died)
        return False

    def _inherits(self, worker: Worker, row: int) -> bool:
        """Take a row of a dead owner. False when nobody can know what became of it."""
        del self.orphans[row]
        if self.state[row] == SENT:
            self.opened -= 1
            return False
        worker.open.add(row)
        return True

    def _park(self, worker: Worker, *, turn: bool = False) -> Generator[float | None]:
        """Wait until something happens, or for a pause of the pace."""
        pause = worker.turns.pace.pause(self.now) if turn else 0.0
        if pause:
            yield pause
            return
        worker.parked = True
        if turn:
            worker.turns.waiting.append(worker)
        yield None

    def _wake(self, worker: Worker) -> None:
        if worker.parked and worker.process is not None:
            self._leave_line(worker)
            self._number += 1
            heapq.heappush(self._queue, (self.now, self._number, worker.process, worker))

    def _leave_line(self, worker: Worker) -> None:
        worker.parked = False
        if worker in worker.turns.waiting:
            worker.turns.waiting.remove(worker)

    def _freed(self, worker: Worker) -> None:
        """A place in the pace is free, or a row has ended."""
        self._wake(worker)
        if worker.turns.waiting:
            self._wake(worker.turns.waiting[0])

    def _row(self, worker: Worker, row: int, attempt: int, number: int) -> Generator[float]:
        """Claim a row, send it, and save it."""
        setup, pace = self.setup, worker.turns.pace
        worker.core = max(worker.core, self.now) + setup.cpu[0]
        yield worker.core - self.now
        while True:
            half = self._latency() / 2
            yield half
            if self._create(worker, row, attempt):
                yield half + _NETWORK / 2
                break
            yield half + 3 * self._latency()  # whose is it?
            self.refused += 1
            self.requests.update({"GET": 2, "LIST": 1, "HEAD": 1})
            if self.state[row] != PLANNED:
                self._leave(worker, row)
                return
            attempt = self.attempt[row] + 1
        if self.running >= self._limit():
            yield from self._take_back(worker, row, attempt, number)
            return
        self.running += 1
        self.billed[row] += 1
        ends = self.now + self.random.uniform(*setup.seconds)
        try:
            if setup.submit:
                yield _NETWORK / 2 + self._put()
                self.files += 1
                self.state[row], self.jobs[row] = SUBMITTED, ends
            yield max(0.0, ends - self.now) + _NETWORK / 2
        finally:  # also when the machine has died: the service goes on
            self.running -= 1
        pace.on_response()
        worker.flying -= 1
        self._freed(worker)
        yield from self._collect(worker, row)

    def _leave(self, worker: Worker, row: int) -> None:
        """Leave a row to whoever claimed it, or go on with it where that is free."""
        worker.refused += 1
        worker.flying -= 1
        worker.turns.pace.on_unknown()
        owner = self.orphans.get(row)
        if owner is not None and not self._is_alive(owner) and self._inherits(worker, row):
            self._step(self._collect(worker, row), worker)
        else:
            self._hand_over(worker, row)

    def _take_back(self, worker: Worker, row: int, attempt: int, number: int) -> Generator[float]:
        """A 429: the claim is taken back, and the row waits for another turn."""
        pace = worker.turns.pace
        self.limited += 1
        yield _NETWORK / 2
        chance = self.random.random()
        pace.on_rate_limited(number, now=self.now, retry_after=None, server_limit=None, chance=chance)
        worker.flying -= 1
        worker.gave_up |= pace.exhausted(self.now)
        yield self._put()
        self.files += 1
        self.opened -= 1
        self.state[row], self.released[row] = PLANNED, attempt
        worker.open.discard(row)
        if not worker.gave_up:
            worker.again.append((row, attempt + 1))
        self._freed(worker)

    def _collect(self, worker: Worker, row: int) -> Generator[float]:
        """Record the response to a row and save its image."""
        if self.state[row] == SUBMITTED:
            yield max(0.0, self.jobs[row] - self.now) + self._latency()  # its old record is removed
            self.requests["DELETE"] += 1
            self.files -= 1
        if self.state[row] != ANSWERED:
            yield self._put()
            self.state[row] = ANSWERED
        yield _DOWNLOAD + self._put() + self._put()  # the image, and that it is saved
        self.requests.update({"DELETE": 1, "PUT": 1, "HEAD": 1, "LIST": 1})  # the thumbnail is looked for, and stored
        self.opened -= self.state[row] != SAVED
        self.state[row] = SAVED
        self.files += 1
        worker.done += 1
        worker.open.discard(row)
        self.saved.append(self.now)
        self._hand_over(worker, row)

    def _hand_over(self, worker: Worker, row: int) -> None:
        block = row // run._BLOCK
        if block in worker.left:
            worker.left[block] -= 1
            if not worker.left[block]:
                del worker.left[block]
        self._freed(worker)

    def _create(self, worker: Worker, row: int, attempt: int) -> bool:
        self.requests["PUT"] += 1
        self.claims += 1
        if self.attempt[row] >= attempt and self.setup.exclusive:
            return False
        self.opened += self.state[row] in {UNCLAIMED, PLANNED, SAVED}
        if self.state[row] == UNCLAIMED:
            self.claimed[row] = self.now
            self._take_from_fresh(row // run._BLOCK)
        self.attempt[row], self.state[row] = attempt, SENT
        self.released.pop(row, None)
        worker.open.add(row)
        self.files += 1
        return True

    def _take_from_fresh(self, block: int) -> None:
        """Keep the blocks that have unclaimed rows, in no order."""
        self.block_left[block] -= 1
        if not self.block_left[block]:
            last, at = self.fresh.pop(), self.place[block]
            if last != block:
                self.fresh[at], self.place[last] = last, at

    def _put(self) -> float:
        self.requests["PUT"] += 1
        return self._latency()

    def _latency(self) -> float:
        return self.setup.store * math.exp(SIGMA * self.random.gauss(0, 1))

    def _limit(self) -> float:
        setup = self.setup
        period = 3600 / setup.storms if setup.storms else _FOREVER
        storm = self.now % period if setup.storms else _FOREVER
        return setup.limit / 10 if period / 2 <= storm < period / 2 + setup.storm else setup.limit

    @property
    def rate(self) -> float:
        """Rows per second while the middle 80 % of the rows were saved."""
        return middle_rate(self.saved)

    @property
    def usd(self) -> float:
        """US dollars for the store's requests of a million rows."""
        return sum(USD[kind] * number for kind, number in self.requests.items()) / self.setup.rows * 1e6


def middle_rate(times: Sequence[float]) -> float:
    """How many of these times, which are sorted, there are in a second, without the first and the last tenth."""
    first, last = len(times) // 10, len(times) * 9 // 10
    return (last - first) / (times[last] - times[first])


SETUPS: Final = (
    ("one machine", Setup(0, 1, 10, 10)),
    ("machines", Setup(0, 10, 100, 10)),
    ("machines", Setup(0, 100, 1000, 10)),
    ("an engine", Setup(0, 100, 1000, 10, engine=True)),
    ("machines, store of 5 ms", Setup(0, 100, 1000, 10, store=0.005)),
    ("machines, store of 50 ms", Setup(0, 100, 1000, 10, store=0.05)),
    ("machines that ask for twice the limit", Setup(0, 100, 1000, 20)),
    ("ten machines with the same limit", Setup(0, 10, 1000, 100)),
    ("machines, each dies every 2 hours", Setup(0, 100, 1000, 10, deaths=0.5)),
    ("the same, `--async`", Setup(0, 100, 1000, 10, deaths=0.5, submit=True)),
    ("an engine, the same deaths", Setup(0, 100, 1000, 10, deaths=0.5, engine=True)),
    ("an engine, the same, `--async`", Setup(0, 100, 1000, 10, deaths=0.5, engine=True, submit=True)),
    ("machines, 6 storms an hour of 3 minutes", Setup(0, 100, 1000, 10, storms=6)),
)
HEAD: Final = (
    "| who | machines x in flight | limit | rows/s | of the ideal | claims refused | 429 | PUT, GET, LIST of a row |"
    " USD for 1M rows | of the images' price | dead noticed after s | unknown | twice |\n| --- |" + " ---: |" * 12
)


def line(who: str, run: Simulation) -> str:
    """A line of the table."""
    setup, rows = run.setup, run.setup.rows
    noticed = f"{sum(run.noticed) / len(run.noticed):.0f}" if run.noticed else ""
    cells = (
        who, f"{setup.workers:,} x {setup.in_flight}", f"{setup.limit:,}", f"{run.rate:.1f}",
        f"{run.rate / setup.ideal:.2f}", f"{run.refused / rows:.1%}", f"{run.limited / rows:.1%}",
        ", ".join(f"{run.requests[kind] / rows:.2f}" for kind in ("PUT", "GET", "LIST")), f"{run.usd:.0f}",
        f"{run.usd / 1e6 / USD_PER_IMAGE:.2%}", noticed, f"{run.unknown / rows:.2%}", sum(n > 1 for n in run.billed),
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def table(rows: int) -> Iterator[str]:
    """Run all, and yield the lines of the table."""
    yield HEAD
    for who, setup in SETUPS:
        yield line(who, Simulation(evolve(setup, rows=rows)).run())


def main() -> int:
    """Simulate, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.simulation", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000, help="rows of each batch [default: 50,000]")
    parser.add_argument("--calibrate", action="store_true", help="run real processes beside the simulation")
    options = parser.parse_args()
    if options.calibrate:
        from .calibration import table as calibrate

        lines = calibrate()
    else:
        lines = table(options.rows)
    for each in lines:
        print(each, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
