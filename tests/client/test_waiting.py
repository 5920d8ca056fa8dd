"""When polls are sent: one schedule for all waits of a client, in simulated time."""

import heapq
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from attrs import evolve
from client_internals import EventReporter, PollSchedule, Sleep, wait_flow

from ideogram_ai.client import Generation, IdeogramError, Job, JobTimeoutError, RateLimitError, Timing
from ideogram_ai.generated.operations import GET_GENERATION

COUNT, SECONDS = GET_GENERATION.rate_limit or (0, 0)
DONE = Generation(None, (), b"")


class Simulation:
    """Runs waits side by side on one simulated clock; every poll takes 0.2 s.

    Args:
        waits: How many.
        takes: Seconds until each job is completed, by its number.
        deadline: Of every wait.
        answer: Gives the outcome of a poll in place of the job's, or None.
    """

    def __init__(
        self,
        waits: int,
        *,
        takes: Callable[[int], float],
        deadline: float = 600.0,
        answer: Callable[[float], IdeogramError | None] = lambda _: None,
    ) -> None:
        self.now = 0.0
        self.polls: list[tuple[float, int]] = []
        self.ended: dict[int, Any] = {}
        chance = random.Random(7)
        timing = Timing(monotonic=lambda: self.now, random=chance.random)
        self.schedule = PollSchedule()

        def poll(number: int) -> Callable[[float], Any]:
            def ask(_left: float) -> Any:
                self.polls.append((self.now, number))
                yield Sleep(0.2)
                refused = answer(self.now)
                if refused is not None:
                    return refused
                ready = self.now >= takes(number)
                return Job(str(number), "completed" if ready else "pending", generation=DONE if ready else None)

            return ask

        flows = {
            number: wait_flow(
                Job(str(number), "pending"),
                operation=GET_GENERATION,
                poll=poll(number),
                schedule=self.schedule,
                timing=timing,
                deadline=deadline,
                reporter=EventReporter(None, "wait", timing),
            )
            for number in range(waits)
        }
        queue = [(0.0, number) for number in flows]
        while queue:
            self.now, number = heapq.heappop(queue)
            try:
                step = next(flows[number])
                assert isinstance(step, Sleep)
                heapq.heappush(queue, (self.now + step.seconds, number))
            except StopIteration as stop:
                self.ended[number] = stop.value
            except IdeogramError as error:
                self.ended[number] = error

    def most_in(self, seconds: float) -> int:
        """The most polls in any window of so many seconds."""
        times = [at for at, _ in self.polls]
        return max(sum(start <= at < start + seconds for at in times[index:]) for index, start in enumerate(times))


def test_a_thousand_waits_stay_within_half_of_the_documented_limit() -> None:
    run = Simulation(1000, takes=lambda number: 20.0 + number % 40)
    assert set(run.ended) == set(range(1000))
    assert set(map(type, run.ended.values())) == {Generation}
    assert COUNT * 0.4 < run.most_in(SECONDS) <= COUNT / 2 + 1
    each = Counter(number for _, number in run.polls)
    assert 1 <= min(each.values()) <= max(each.values()) < 10
    assert run.now < 60 + 1000 / (COUNT / SECONDS / 2) + 16


def test_one_wait_is_not_slowed_by_the_schedule() -> None:
    run = Simulation(1, takes=lambda _: 9.0)
    assert run.now < 14.0
    assert len(run.polls) <= 5


def test_every_wait_ends_at_its_deadline() -> None:
    run = Simulation(300, takes=lambda _: 10_000.0, deadline=30.0)
    assert set(map(type, run.ended.values())) == {JobTimeoutError}
    assert 30.0 <= run.now < 32.0
    crowded = Simulation(500, takes=lambda _: 10_000.0, deadline=0.0)
    assert 50 <= len(crowded.polls) <= 60
    assert crowded.now < 1.5


def test_a_retry_after_silences_every_wait() -> None:
    limit = RateLimitError("", status_code=429, headers={}, body=b"", may_have_been_billed=False, retry_after=30.0)  # type: ignore[arg-type]
    for waits in (100, 1000):  # the turns of a thousand are taken for 20 s
        run = Simulation(waits, takes=lambda _: 40.0, answer=lambda now: limit if 4.0 < now < 5.0 else None)
        assert set(map(type, run.ended.values())) == {Generation}
        assert [at for at, _ in run.polls if 5.2 < at < 34.0] == []
        assert run.most_in(SECONDS) <= COUNT / 2 + 1


def test_a_forked_child_has_a_schedule_of_its_own() -> None:
    schedule = PollSchedule()
    schedule.pause(100.0, 0.0)
    schedule._lock.acquire()
    child = os.fork()
    if child == 0:
        os._exit(int(schedule.take(GET_GENERATION, 0.0)))
    schedule._lock.release()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert schedule.take(GET_GENERATION, 0.0) == 100.0
    schedule._process = child  # as the child sees it
    assert schedule.take(GET_GENERATION, 0.0) == 0.0
    assert PollSchedule().take(evolve(GET_GENERATION, rate_limit=None), 0.0) == 0.0
