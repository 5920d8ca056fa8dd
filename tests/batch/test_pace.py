"""The pace never passes what was asked for, backs off when the service says so, and comes back."""

from collections import deque

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ideogram_ai.batch.runner import Pace
from ideogram_ai.client import RetryPolicy

POLICY = RetryPolicy(base_delay=1, max_delay=60, deadline=300)


def fill(pace: Pace, now: float = 0.0) -> list[int]:
    """Send as many as are allowed, and give their numbers."""
    sent: list[int] = []
    while pace.allows(now):
        sent.append(pace.on_send())
    return sent


def refuse(pace: Pace, number: int, *, now: float = 0.0, asked: float | None = None, told: int | None = None) -> float:
    return pace.on_rate_limited(number, now=now, retry_after=asked, server_limit=told, chance=1.0)


@given(
    most=st.integers(1, 50),
    events=st.lists(
        st.tuples(
            st.sampled_from(["send", "bear", "lose", "refuse"]),
            st.floats(0, 100),
            st.none() | st.floats(0, 500),
            st.none() | st.integers(-5, 60),
            st.floats(0, 1),
        ),
        max_size=200,
    ),
)
def test_whatever_happens_the_limit_stays_in_its_bounds(
    most: int, events: list[tuple[str, float, float | None, int | None, float]]
) -> None:
    pace = Pace(most, POLICY)
    flying: deque[int] = deque()
    now = 0.0
    for what, passed, asked, told, chance in events:
        now += passed
        if what == "send":
            if pace.allows(now):
                assert now >= pace.paused_until
                flying.append(pace.on_send())
        elif flying and what == "bear":
            flying.popleft()
            pace.on_response()
        elif flying and what == "lose":
            flying.pop()
            pace.on_unknown()
        elif flying:
            before = pace.limit
            pause = pace.on_rate_limited(flying.popleft(), now=now, retry_after=asked, server_limit=told, chance=chance)
            assert pace.limit <= before
            assert pause >= (asked or 0) - 1e-6
            assert not pause or not pace.allows(now + pause / 2)
        assert 1 <= pace.limit <= pace.most <= most
        assert pace.in_flight == len(flying) <= most


@settings(max_examples=30)
@given(most=st.integers(1, 100), bears=st.integers(1, 100))
def test_a_service_that_bears_less_is_found_out_and_used(most: int, bears: int) -> None:
    """In each round all that is allowed is sent, and the service bears so many: soon nearly all places are used."""
    pace = Pace(most, POLICY)
    used = deque[int](maxlen=40)
    for _ in range(80):
        sent = fill(pace)
        for number in sent[bears:]:
            refuse(pace, number)
        for _ in sent[:bears]:
            pace.on_response()
        used.append(min(len(sent), bears))
    best = min(most, bears)
    assert max(used) == best
    assert sum(used) / len(used) >= 0.75 * best


@pytest.mark.parametrize("most", [1, 2, 10, 400])
def test_it_recovers_from_the_bottom_in_a_few_rounds(most: int) -> None:
    pace = Pace(most, POLICY)
    for number in fill(pace):
        refuse(pace, number)
    assert pace.limit == 1
    now = pace.paused_until
    for _ in range(30):
        for _ in fill(pace, now):
            pace.on_response()
    assert pace.limit == most


def test_refusals_of_one_moment_decrease_the_limit_once() -> None:
    pace = Pace(10, POLICY)
    numbers = fill(pace)
    refuse(pace, numbers[0])
    assert pace.limit == 10 * 0.8
    refuse(pace, numbers[1])
    assert pace.limit == 10 * 0.8
    for _ in range(3):
        pace.on_response()
    assert pace.in_flight == 5
    number = pace.on_send()
    refuse(pace, number)
    assert pace.limit == pytest.approx(6 * 0.8)  # a share of what was in the air


def test_the_time_that_the_service_asks_for_is_kept_to_the_moment() -> None:
    pace = Pace(10, POLICY)
    numbers = fill(pace)
    assert refuse(pace, numbers[0], now=100, asked=7.5) == 7.5
    assert refuse(pace, numbers[1], now=101, asked=1) == 6.5  # a shorter one does not take it back
    for _ in range(8):
        pace.on_response()
    assert not pace.allows(107.4)
    assert pace.allows(107.5)


def test_pauses_grow_while_nothing_of_ours_is_in_flight_and_nobody_says_how_long() -> None:
    pace = Pace(1, POLICY)
    now, pauses = 0.0, list[float]()
    for _ in range(8):
        pauses.append(refuse(pace, pace.on_send(), now=now))
        now = pace.paused_until
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    pace.on_send()
    pace.on_response()
    assert refuse(pace, pace.on_send(), now=now) == 1


def test_a_slot_of_ours_that_runs_is_waited_for_without_a_pause() -> None:
    pace = Pace(2, POLICY)
    first, second = fill(pace)
    assert refuse(pace, second) == 0
    assert first
    assert not pace.allows(0)
    pace.on_response()
    assert pace.allows(0)


def test_the_limit_that_the_service_tells_is_not_tried_to_pass_again() -> None:
    pace = Pace(100, POLICY)
    sent = fill(pace)
    for number in sent[10:]:
        refuse(pace, number, told=10)
    for _ in sent[:10]:
        pace.on_response()
    for _ in range(50):
        assert len(fill(pace)) <= 10
        while pace.in_flight:
            pace.on_response()
    assert int(pace.limit) == 10


def test_it_is_exhausted_after_nothing_but_refusals_for_the_policys_deadline() -> None:
    pace = Pace(1, POLICY)
    refuse(pace, pace.on_send(), now=0)
    assert not pace.exhausted(299)
    refuse(pace, pace.on_send(), now=300)
    assert pace.exhausted(301)
    pace.on_send()
    pace.on_response()
    assert not pace.exhausted(1000)
    refuse(pace, pace.on_send(), now=1000, asked=301)
    assert pace.exhausted(1000)  # so long a pause is no use


def test_it_is_not_exhausted_while_something_of_ours_runs() -> None:
    pace = Pace(2, POLICY)
    _, second = fill(pace)
    refuse(pace, second, now=0)
    assert not pace.exhausted(10_000)
