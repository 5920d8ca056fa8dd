"""The decision to send again: pure, and never in favour of what may have been billed unless told."""

import math
from typing import Any

import httpx
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    ConfigurationError,
    DownloadError,
    DownloadReason,
    IdeogramError,
    InternalServerError,
    OutcomeUnknownError,
    PromptError,
    RateLimitError,
    ResponseValidationError,
    RetryPolicy,
)
from ideogram_ai.client.errors import BadRequestError, UnprocessableEntityError
from ideogram_ai.client.retry import Stop, Wait

HEAD: dict[str, Any] = {"status_code": 500, "headers": httpx.Headers(), "body": b""}


def limited(after: float | None = None, *, helps: bool = True) -> RateLimitError:
    return RateLimitError("429", **HEAD, may_have_been_billed=False, retry_after=after, waiting_helps=helps)


NEVER_BILLED: list[IdeogramError] = [
    APIConnectionError("refused"),
    limited(),
    InternalServerError("a refusal that a contract may list", **HEAD, may_have_been_billed=False),
]
POSSIBLY_BILLED: list[IdeogramError] = [
    OutcomeUnknownError("time-out"),
    OutcomeUnknownError("408", status_code=408),
    InternalServerError("502", **HEAD, may_have_been_billed=True),
]
FINAL: list[IdeogramError] = [
    APIConnectionError("certificate", transient=False),
    limited(helps=False),
    limited(2, helps=False),
    BadRequestError("400", **HEAD, may_have_been_billed=False),
    UnprocessableEntityError("422", **HEAD, may_have_been_billed=False),
    APIStatusError("409", **HEAD, may_have_been_billed=True),
    ResponseValidationError("200", **HEAD, problems=()),
    PromptError("both", case="both"),
    DownloadError("gone", reason=DownloadReason.STATUS),
    IdeogramError("any other"),
]
EVERY = NEVER_BILLED + POSSIBLY_BILLED + FINAL
BRAVE = RetryPolicy(retry_possibly_billed=True)

seconds = st.floats(0, 100) | st.floats(0, 1_000_000)
attempts = st.integers(1, 5) | st.integers(1, 20_000)
policies = st.builds(
    RetryPolicy,
    max_attempts=attempts,
    base_delay=seconds,
    max_delay=seconds,
    deadline=seconds,
    retry_possibly_billed=st.booleans(),
)


def decide(policy: RetryPolicy, error: IdeogramError, attempt: int = 1, elapsed: float = 0.0) -> Wait | Stop:
    return policy.decide(error, attempt=attempt, elapsed=elapsed, random=1.0)


@pytest.mark.parametrize("error", NEVER_BILLED, ids=str)
def test_what_cannot_have_been_billed_is_repeated(error: IdeogramError) -> None:
    assert decide(RetryPolicy(), error) == Wait(1.0)


@pytest.mark.parametrize("error", POSSIBLY_BILLED, ids=str)
def test_what_may_have_been_billed_is_repeated_only_when_told(error: IdeogramError) -> None:
    assert decide(RetryPolicy(), error) == Stop()
    assert decide(BRAVE, error) == Wait(1.0)


@pytest.mark.parametrize("policy", [RetryPolicy(), BRAVE])
@pytest.mark.parametrize("error", FINAL, ids=str)
def test_what_would_end_alike_is_not_repeated(error: IdeogramError, policy: RetryPolicy) -> None:
    assert decide(policy, error) == Stop()
    assert policy.is_repeatable(error) is False


errors = st.sampled_from(EVERY) | seconds.map(limited)


@given(policies, errors, attempts, st.floats(0, 100) | st.floats(0, 2_000_000), st.floats(0, 1))
def test_whatever_the_policy(
    policy: RetryPolicy, error: IdeogramError, attempt: int, elapsed: float, chance: float
) -> None:
    asked = error.retry_after if isinstance(error, RateLimitError) else None
    decision = policy.decide(error, attempt=attempt, elapsed=elapsed, random=chance)
    if isinstance(decision, Stop):
        return
    assert not error.may_have_been_billed or policy.retry_possibly_billed
    assert attempt < policy.max_attempts
    assert 0 <= decision.seconds <= policy.max_delay
    assert elapsed + decision.seconds <= policy.deadline
    if asked is None:
        assert decision.seconds <= policy.base_delay * 2.0 ** min(attempt - 1, 1000)
    else:
        assert decision.seconds == asked


@given(policy=policies, error=st.sampled_from(POSSIBLY_BILLED + FINAL), attempt=attempts)
def test_without_the_flag_nothing_that_may_have_been_billed_is_ever_repeated(
    policy: RetryPolicy, error: IdeogramError, attempt: int
) -> None:
    assert decide(evolve(policy, retry_possibly_billed=False), error, attempt) == Stop()


@pytest.mark.parametrize(("attempt", "bound"), [(1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (5000, 60.0)])
def test_the_bound_of_the_pause_doubles_up_to_the_longest(attempt: int, bound: float) -> None:
    policy = RetryPolicy(max_attempts=10_000)
    assert policy.bound(attempt) == bound
    assert decide(policy, limited(), attempt) == Wait(bound)
    assert policy.decide(limited(), attempt=attempt, elapsed=0.0, random=0.25) == Wait(bound / 4)
    assert policy.decide(limited(), attempt=attempt, elapsed=0.0, random=0.0) == Wait(0.0)


@pytest.mark.parametrize("asked", [0.0, 0.5, 59.9, 60.0])
def test_what_the_service_asks_to_wait_replaces_the_pause(asked: float) -> None:
    assert RetryPolicy().decide(limited(asked), attempt=1, elapsed=0.0, random=0.3) == Wait(asked)


def test_a_longer_wait_than_allowed_is_not_cut_but_told() -> None:
    assert isinstance(decide(RetryPolicy(), limited(60.01)), Stop)
    decision = decide(RetryPolicy(), limited(3600))
    assert decision == Stop("The service asks to wait 3600 s, longer than max_delay (60 s).")


def test_the_last_attempt_is_told_unless_it_was_the_only_one() -> None:
    assert decide(RetryPolicy(max_attempts=3), limited(), attempt=2) == Wait(2.0)
    assert decide(RetryPolicy(max_attempts=3), limited(), attempt=3) == Stop("Given up after 3 attempts.")
    assert decide(RetryPolicy(max_attempts=2), limited(), attempt=2) == Stop("Given up after 2 attempts.")
    assert decide(RetryPolicy(max_attempts=1), limited(), attempt=1) == Stop()


def test_no_attempt_begins_after_the_deadline() -> None:
    policy = RetryPolicy(deadline=30.0)
    assert decide(policy, limited(10), elapsed=20.0) == Wait(10)
    assert decide(policy, limited(10), elapsed=20.1) == Stop("The deadline of 30 s leaves no time for another attempt.")


@pytest.mark.parametrize("name", ["base_delay", "max_delay", "deadline"])
@pytest.mark.parametrize("value", [-1, -0.1, math.nan, math.inf, -math.inf, 1e7, 10**400, True, "1", None])
def test_a_time_that_cannot_be_meant_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigurationError, match=rf"RetryPolicy\({name}=.*give seconds, 0 to 1000000"):
        RetryPolicy(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [0, -1, 1.5, True, "3", None, math.inf])
def test_a_count_that_cannot_be_meant_is_refused(value: object) -> None:
    with pytest.raises(ConfigurationError, match=r"RetryPolicy\(max_attempts=.*give 1 \(never repeat\) or more"):
        RetryPolicy(max_attempts=value)  # type: ignore[arg-type]


def test_a_policy_is_frozen_and_compares_by_its_values() -> None:
    with pytest.raises(AttributeError):
        RetryPolicy().max_attempts = 7  # type: ignore[misc]
    assert RetryPolicy() == RetryPolicy(max_attempts=4, base_delay=1.0, max_delay=60.0, deadline=300.0)
    assert RetryPolicy().retry_possibly_billed is False
