"""When a request is sent again: the decision, Retry-After, and the attempts of a call."""

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service, success
from driver import FakeTiming, Kind, generate, outcome
from hypothesis import example, given
from hypothesis import strategies as st

import ideogram_ai.client as ideogram
from ideogram_ai.client import (
    ConfigurationError,
    Generation,
    IdeogramError,
    OutcomeUnknownError,
    RateLimitError,
    RetryPolicy,
)
from ideogram_ai.client.retry import Stop, Wait, parse_retry_after

HEAD: dict[str, Any] = {"status_code": 500, "headers": httpx.Headers(), "body": b""}
CAREFUL = RetryPolicy()
BRAVE = RetryPolicy(retry_possibly_billed=True)


def limited(after: float | None = None, *, helps: bool = True) -> RateLimitError:
    return RateLimitError("429", **HEAD, may_have_been_billed=False, retry_after=after, waiting_helps=helps)


NEVER_BILLED: list[IdeogramError] = [
    ideogram.APIConnectionError("refused"),
    limited(),
    ideogram.InternalServerError("a refusal that a contract may list", **HEAD, may_have_been_billed=False),
]
POSSIBLY_BILLED: list[IdeogramError] = [
    OutcomeUnknownError("timeout"),
    OutcomeUnknownError("408", status_code=408),
    ideogram.InternalServerError("502", **HEAD, may_have_been_billed=True),
]
FINAL: list[IdeogramError] = [
    ideogram.APIConnectionError("certificate", transient=False),
    limited(helps=False),
    limited(2, helps=False),
    ideogram.BadRequestError("400", **HEAD, may_have_been_billed=False),
    ideogram.UnprocessableEntityError("422", **HEAD, may_have_been_billed=False),
    ideogram.APIStatusError("409", **HEAD, may_have_been_billed=True),
    ideogram.ResponseValidationError("200", **HEAD, problems=()),
    ideogram.PromptError("both", case="both"),
    ideogram.DownloadError("gone", reason=ideogram.DownloadReason.STATUS),
    IdeogramError("any other"),
]

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


def test_what_is_retried() -> None:
    for error in NEVER_BILLED:
        assert decide(CAREFUL, error) == Wait(1.0), error
    for error in POSSIBLY_BILLED:
        assert decide(CAREFUL, error) == Stop(), error
        assert decide(BRAVE, error) == Wait(1.0), error
    for error in FINAL:
        for policy in (CAREFUL, BRAVE):
            assert decide(policy, error) == Stop(), error
            assert policy.is_repeatable(error) is False


errors = st.sampled_from(NEVER_BILLED + POSSIBLY_BILLED + FINAL) | seconds.map(limited)


@given(policies, errors, attempts, st.floats(0, 100) | st.floats(0, 2_000_000), st.floats(0, 1))
def test_any_policy_keeps_its_limits(
    policy: RetryPolicy, error: IdeogramError, attempt: int, elapsed: float, chance: float
) -> None:
    if error in POSSIBLY_BILLED + FINAL:
        assert decide(evolve(policy, retry_possibly_billed=False), error, attempt) == Stop()
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


def test_the_delay_doubles_up_to_max_delay_and_retry_after_replaces_it() -> None:
    policy = RetryPolicy(max_attempts=10_000)
    for attempt, bound in ((1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (5000, 60.0)):
        assert policy.bound(attempt) == bound
        for chance in (1.0, 0.25, 0.0):
            assert policy.decide(limited(), attempt=attempt, elapsed=0.0, random=chance) == Wait(bound * chance)
    for asked in (0.0, 0.5, 59.9, 60.0):
        assert CAREFUL.decide(limited(asked), attempt=1, elapsed=0.0, random=0.3) == Wait(asked)
    assert isinstance(decide(CAREFUL, limited(60.01)), Stop)
    assert decide(CAREFUL, limited(3600)) == Stop("The service asks to wait 3600 s, longer than max_delay (60 s).")


def test_max_attempts_and_the_deadline_end_the_retries_with_an_explanation() -> None:
    assert decide(RetryPolicy(max_attempts=3), limited(), attempt=2) == Wait(2.0)
    assert decide(RetryPolicy(max_attempts=3), limited(), attempt=3) == Stop("Given up after 3 attempts.")
    assert decide(RetryPolicy(max_attempts=2), limited(), attempt=2) == Stop("Given up after 2 attempts.")
    assert decide(RetryPolicy(max_attempts=1), limited(), attempt=1) == Stop()
    policy = RetryPolicy(deadline=30.0)
    assert decide(policy, limited(10), elapsed=20.0) == Wait(10)
    assert decide(policy, limited(10), elapsed=20.1) == Stop("The deadline of 30 s leaves no time for another attempt.")


def test_a_policy_refuses_nonsense_and_is_frozen() -> None:
    for value in (-1, -0.1, math.nan, math.inf, -math.inf, 1e7, 10**400, True, "1", None):
        for name in ("base_delay", "max_delay", "deadline"):
            with pytest.raises(ConfigurationError, match=rf"RetryPolicy\({name}=.*give seconds, 0 to 1000000"):
                RetryPolicy(**{name: value})  # type: ignore[arg-type]
    for value in (0, -1, 1.5, True, "3", None, math.inf):
        with pytest.raises(ConfigurationError, match=r"RetryPolicy\(max_attempts=.*give 1 \(never repeat\) or more"):
            RetryPolicy(max_attempts=value)  # type: ignore[arg-type]
    with pytest.raises(AttributeError):
        RetryPolicy().max_attempts = 7  # type: ignore[misc]
    assert RetryPolicy() == RetryPolicy(max_attempts=4, base_delay=1.0, max_delay=60.0, deadline=300.0)
    assert RetryPolicy().retry_possibly_billed is False
    assert RetryPolicy(deadline=1_000_000).deadline == 1_000_000, "the longest that the message names"


NOW = datetime(2026, 10, 7, 12, tzinfo=UTC).timestamp()
FORMS: dict[float | None, tuple[str | None, ...]] = {
    0: ("0", "Wed, 07 Oct 2026 12:00:00 GMT"),
    1: ("1", "1."),
    1.5: ("1.5",),
    7: (" 7 ", "007"),
    30: (
        "Wed, 07 Oct 2026 12:00:30 GMT", "Wed, 07 Oct 2026 14:00:30 +0200", "Wednesday, 07-Oct-26 12:00:30 GMT",
        "Wed Oct  7 12:00:30 2026", "Wed, 07 Oct 2026 12:00:30",
    ),
    120: ("120",),
    100_000_000_000: ("100000000000",),
    None: (
        None, "", " ", "-1", "+1", "1e3", "inf", "Infinity", "nan", "9" * 400, ".5", "1,5", "1, 2", "0x10", "soon",
        "\u0661\u0662", "1 minute", "2026-10-07T12:00:30Z", "Wed, 32 Oct 2026 12:00:30 GMT",
        "Wed, 07 Oct 2026 11:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 07 Oct 99999 12:00:30 GMT",
        f"Wed, 07 Oct {'9' * 30} 12:00:30 GMT", "Wed, 07 Oct 2026 12:00:30 +9999",
    ),
}  # fmt: skip


def test_each_form_of_retry_after(monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("UTC", "Asia/Tokyo"):  # a date without a zone is UTC wherever the machine is
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        try:
            for expected, values in FORMS.items():
                assert [parse_retry_after(value, now=NOW) for value in values] == [expected] * len(values), zone
        finally:
            monkeypatch.undo()
            time.tzset()


@given(value=st.text() | st.text("0123456789., +-:GMTWedOct") | st.floats().map(str) | st.integers().map(str))
@example(value="7 Oct 0:0:0 ")
@example(value=" ,")
def test_any_retry_after_is_a_finite_number_of_seconds_or_none(value: str) -> None:
    found = parse_retry_after(value, now=NOW)
    assert found is None or (found >= 0 and math.isfinite(found))


@given(date=st.datetimes(datetime(2026, 10, 7, 12), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_date_is_the_seconds_until_then(date: datetime) -> None:
    moment = date.replace(microsecond=0, tzinfo=UTC)
    assert parse_retry_after(format_datetime(moment, usegmt=True), now=NOW) == moment.timestamp() - NOW


Reply = Callable[[httpx.Request], httpx.Response] | Exception


def status(code: int, **headers: str) -> Reply:
    return lambda _: httpx.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def ok(_: httpx.Request) -> httpx.Response:
    return success()


def called(
    kind: Kind, *replies: Reply, policy: RetryPolicy = CAREFUL, clock: FakeTiming | None = None
) -> tuple[Any, int, list[float]]:
    """What a call that gets these responses ends in, the number of requests, and the pauses between them."""
    service, clock = Service(*replies), clock or FakeTiming()
    ended = outcome(generate, kind, service, {"retry": policy, "timing": clock}, text_prompt="a cat")
    return ended, len(service.requests), clock.slept


def test_what_cost_nothing_is_retried_until_it_succeeds_or_the_policy_stops(kind: Kind) -> None:
    failures = (httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full"), status(429))
    for failure in failures:
        made, *seen = called(kind, failure, failure, failure, ok)
        assert (type(made), seen) == (Generation, [4, [1.0, 2.0, 4.0]]), failure
    error, *seen = called(kind, status(429), policy=RetryPolicy(max_attempts=3))
    assert (type(error), seen) == (RateLimitError, [3, [1.0, 2.0]])
    assert str(error) == error.message
    assert error.message.endswith("Given up after 3 attempts.")
    error, *seen = called(kind, status(429), policy=RetryPolicy(max_attempts=1))
    assert (type(error), seen) == (RateLimitError, [1, []])
    assert "Given up" not in error.message
    for chance in (0.0, 0.5):
        made, *seen = called(kind, status(429), status(429), ok, clock=FakeTiming(chance=chance))
        assert (type(made), seen) == (Generation, [3, [chance * 1.0, chance * 2.0]])
    # Attempts of 12 s and delays of 1, 2 and 4 s: the fourth attempt would start after 43 s.
    clock = FakeTiming()

    def slow(_: httpx.Request) -> httpx.Response:
        clock.advance(12.0)
        return httpx.Response(429)

    error, *seen = called(kind, slow, policy=RetryPolicy(max_attempts=10, deadline=40.0), clock=clock)
    assert (type(error), seen) == (RateLimitError, [3, [1.0, 2.0]])
    assert error.message.endswith("The deadline of 40 s leaves no time for another attempt.")


def test_what_may_have_been_billed_is_sent_once_unless_the_policy_accepts_that(kind: Kind) -> None:
    unclear = (httpx.ReadTimeout, httpx.CloseError, httpx.ProxyError, httpx.DecodingError, ConnectionResetError)
    for failure in (*(error("unclear") for error in unclear), status(408)):
        error, *seen = called(kind, failure, ok)
        assert (type(error), seen, error.may_have_been_billed) == (OutcomeUnknownError, [1, []], True), failure
        assert "may have been made and billed" in error.message
        assert called(kind, failure, ok, policy=BRAVE)[1:] == (2, [1.0]), failure
    failure = httpx.ReadTimeout("silence")
    error, *_ = called(kind, failure)
    assert error.__cause__ is failure
    assert "ReadTimeout: silence" in error.message
    # Whatever the policy, what would fail again is sent once, and the last error is raised.
    for code in (400, 401, 402, 403, 404, 409, 413, 415, 422, 301, 204):
        error, *seen = called(kind, status(code), ok, policy=BRAVE)
        assert (isinstance(error, IdeogramError), seen) == (True, [1, []]), code
    error, requests, _ = called(kind, httpx.ConnectError("refused"), status(429), status(422), ok)
    assert (type(error), error.__context__, requests) == (ideogram.UnprocessableEntityError, None, 3)


def test_the_client_waits_for_retry_after_unless_it_is_too_long_or_invalid(kind: Kind) -> None:
    expected = {"2": 2.0, "0": 0.0, "1.5": 1.5, "Tue, 22 Sep 2026 10:26:45 GMT": 5.0}
    for header, slept in (expected | dict.fromkeys(["-1", "nan", "inf", "soon", ""], 1.0)).items():
        made, *seen = called(kind, status(429, retry_after=header), ok, clock=FakeTiming(now=1_790_072_800.0))
        assert (type(made), seen) == (Generation, [2, [slept]]), header
    for header, shown in (("3600", "3600 s"), ("9" * 20, "1e+20 s")):
        error, *seen = called(kind, status(429, retry_after=header), ok)
        assert (type(error), seen, error.retry_after) == (RateLimitError, [1, []], float(header))
        assert f"The service asks to wait {shown}, longer than max_delay (60 s)." in error.message
