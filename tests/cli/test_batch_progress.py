"""How far a batch is: what is counted, how fast it goes, and a line now and then where there is no terminal."""

from decimal import Decimal
from typing import Any

import pytest

from ideogram_ai.batch.model import (
    BatchRequest,
    Event,
    Outcome,
    PaceChanged,
    RowAnswered,
    RowDone,
    RowSent,
    RunStarted,
    RunStopping,
    State,
    StopReason,
)
from ideogram_ai.cli.batch.progress import progress
from ideogram_ai.cli.batch.tally import Tally
from ideogram_ai.cli.batch.words import duration, usd


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def outcome(key: int, state: State, *, cost: str = "0.06", error: str | None = None) -> Outcome:
    return Outcome(BatchRequest(f"r{key}", {}, line=key), state, cost=Decimal(cost), error=error)


def tell(tally: Tally, *events: Event) -> None:
    for event in events:
        tally.add(event)


def test_what_is_paid_for_counts_once_from_the_moment_it_is_answered() -> None:
    tally = Tally(Clock())
    tell(tally, RunStarted(3, 1), RowSent(BatchRequest("r1", {})), RowSent(BatchRequest("r2", {})))
    assert (tally.total, tally.left, tally.under_way, tally.saving, tally.spent) == (4, 4, 2, 0, Decimal(0))
    tell(tally, RowAnswered(outcome(1, State.ANSWERED)))
    assert (tally.under_way, tally.saving, tally.spent) == (1, 1, Decimal("0.06"))
    tell(tally, RowDone(outcome(1, State.SAVED)), RowDone(outcome(2, State.UNKNOWN, cost="0.10")))
    tell(tally, RowDone(outcome(3, State.FAILED, cost="0")))
    assert (tally.under_way, tally.saving, tally.done, tally.left) == (0, 0, 3, 1)
    assert (tally.spent, tally.doubtful) == (Decimal("0.06"), Decimal("0.10"))


def test_the_rate_is_that_of_the_last_minute() -> None:
    clock = Clock()
    tally = Tally(clock)
    tell(tally, RunStarted(100, 0))
    assert (tally.per_minute(), tally.seconds_left()) == (None, None)
    for key in range(30):
        clock.now += 1
        tell(tally, RowDone(outcome(key, State.SAVED)))
    assert tally.per_minute() == pytest.approx(60)
    assert tally.seconds_left() == pytest.approx(70)
    clock.now += 60
    for key in range(30, 40):
        tell(tally, RowDone(outcome(key, State.SAVED)))
    assert tally.per_minute() == pytest.approx(11), "one of those before is just in it"
    tell(tally, RunStopping(StopReason.ASKED, "Asked."))
    assert tally.seconds_left() is None, "nothing further is sent"


def test_lines_come_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    tally = Tally(clock)
    with progress(tally, shown=True) as hear:
        hear(RunStarted(2000, 0))
        for key in range(1, 1801):
            clock.now += 1
            hear(RowDone(outcome(key, State.SAVED if key % 2 else State.WITHHELD)))
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == ("10 of 2,000: 5 saved, 5 withheld; 0 in flight, 60 images a minute, 0.60 USD, 33 min left")
    assert len(lines) == 12 + (1800 - 120) // 60


@pytest.mark.parametrize("shown", [False, True])
def test_each_reason_of_a_failure_is_told_once_and_at_once(shown: bool, capsys: pytest.CaptureFixture[str]) -> None:
    def failures(*reasons: str) -> list[Any]:
        return [RowDone(outcome(key, State.FAILED, error=reason)) for key, reason in enumerate(reasons, start=1)]

    with progress(Tally(Clock()), shown=shown) as hear:
        for event in failures("a", "b", "a", *(f"c{number}" for number in range(9))):
            hear(event)
        hear(PaceChanged(5, 1.0, "inflight_limit"))
        hear(PaceChanged(4, 1.0, "inflight_limit"))
        hear(RunStopping(StopReason.NOW, "Broken off."))
        hear(RowDone(outcome(99, State.UNKNOWN, error="interrupted")))
    lines = capsys.readouterr().err.splitlines()
    warnings = [line for line in lines if line.startswith("warning")]
    assert warnings == [
        "warning: line 1, id r1: a", "warning: line 2, id r2: b", "warning: line 4, id r4: c0",
        "warning: line 5, id r5: c1", "warning: line 6, id r6: c2",
    ]  # fmt: skip
    notes = [line for line in lines if line.startswith("note")]
    assert notes == (
        [
            "note: The service asks for fewer requests (inflight_limit); the pace follows it by itself.",
            "note: Broken off.",
        ]
        if shown
        else []
    )


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "1 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5390, "1 h 30 min"),
        (3600, "60 min"),
        (5460, "1 h 31 min"),
        (250000, "69 h"),
    ],
)
def test_times_are_as_exact_as_is_of_use(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("amount", "words"), [("0.06", "0.06 USD"), ("0.125", "0.125 USD"), ("1234.5", "1,234.50 USD"), ("0", "0.00 USD")]
)
def test_sums_have_the_places_that_they_need(amount: str, words: str) -> None:
    assert usd(Decimal(amount)) == words
