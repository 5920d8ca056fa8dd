"""When a request is sent again: the pure decision, Retry-After, and the attempts of a call."""

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
from driver import KINDS, FakeTiming, Kind, generate
from hypothesis import example, given
from hypothesis import strategies as st

from ideogram_ai.client import (
    APIConnectionError,
    APIStatusError,
    BadRequestError,
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
    UnprocessableEntityError,
)
from ideogram_ai.client.retry import Stop, Wait, parse_retry_after

HEAD: dict[str, Any] = {"status_code": 500, "headers": httpx.Headers(), "body": b""}
CAREFUL = RetryPolicy()
BRAVE = RetryPolicy(retry_possibly_billed=True)


def limited(after: float | None = None, *, helps: bool = True) -> RateLimitError:
    return RateLimitError("429", **HEAD, may_have_been_billed=False, retry_after=after, waiting_helps=helps)


NEVER_BILLED: list[IdeogramError] = [
    APIConnectionError("refused"),
    limited(),
    InternalServerError("a refusal that a contract may list", **HEAD, may_have_been_billed=False),
]
POSSIBLY_BILLED: list[IdeogramError] = [
    OutcomeUnknownError("timeout"),
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


def test_what_is_repeated() -> None:
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


def test_the_bound_of_the_delay_doubles_up_to_the_longest() -> None:
    policy = RetryPolicy(max_attempts=10_000)
    for attempt, bound in ((1, 1.0), (2, 2.0), (3, 4.0), (6, 32.0), (7, 60.0), (5000, 60.0)):
        assert policy.bound(attempt) == bound
        for chance in (1.0, 0.25, 0.0):
            assert policy.decide(limited(), attempt=attempt, elapsed=0.0, random=chance) == Wait(bound * chance)


def test_retry_after_replaces_the_delay_and_a_longer_one_than_allowed_is_reported() -> None:
    for asked in (0.0, 0.5, 59.9, 60.0):
        assert CAREFUL.decide(limited(asked), attempt=1, elapsed=0.0, random=0.3) == Wait(asked)
    assert isinstance(decide(CAREFUL, limited(60.01)), Stop)
    assert decide(CAREFUL, limited(3600)) == Stop("The service asks to wait 3600 s, longer than max_delay (60 s).")


def test_the_last_attempt_is_reported_unless_it_was_the_only_one() -> None:
    assert decide(RetryPolicy(max_attempts=3), limited(), attempt=2) == Wait(2.0)
    assert decide(RetryPolicy(max_attempts=3), limited(), attempt=3) == Stop("Given up after 3 attempts.")
    assert decide(RetryPolicy(max_attempts=2), limited(), attempt=2) == Stop("Given up after 2 attempts.")
    assert decide(RetryPolicy(max_attempts=1), limited(), attempt=1) == Stop()


def test_no_attempt_starts_after_the_deadline() -> None:
    policy = RetryPolicy(deadline=30.0)
    assert decide(policy, limited(10), elapsed=20.0) == Wait(10)
    assert decide(policy, limited(10), elapsed=20.1) == Stop("The deadline of 30 s leaves no time for another attempt.")


def test_a_policy_refuses_what_makes_no_sense_and_is_frozen() -> None:
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


NOW = datetime(2026, 10, 7, 12, tzinfo=UTC).timestamp()
FORMS: dict[str | None, float | None] = {
    None: None,
    "0": 0,
    "1": 1,
    "120": 120,
    " 7 ": 7,
    "007": 7,
    "1.5": 1.5,
    "1.": 1,
    "100000000000": 100_000_000_000,
    "Wed, 07 Oct 2026 12:00:30 GMT": 30,
    "Wed, 07 Oct 2026 14:00:30 +0200": 30,
    "Wednesday, 07-Oct-26 12:00:30 GMT": 30,
    "Wed Oct  7 12:00:30 2026": 30,
    "Wed, 07 Oct 2026 12:00:00 GMT": 0,
    "Wed, 07 Oct 2026 12:00:30": 30,
    **dict.fromkeys(
        (
            "", " ", "-1", "+1", "1e3", "inf", "Infinity", "nan", "9" * 400, ".5", "1,5", "1, 2", "0x10", "soon",
            "\u0661\u0662", "1 minute", "2026-10-07T12:00:30Z", "Wed, 32 Oct 2026 12:00:30 GMT",
            "Wed, 07 Oct 2026 11:59:59 GMT", "Thu, 01 Jan 1970 00:00:00 GMT", "Wed, 07 Oct 99999 12:00:30 GMT",
            f"Wed, 07 Oct {'9' * 30} 12:00:30 GMT", "Wed, 07 Oct 2026 12:00:30 +9999",
        )
    ),
}  # fmt: skip


def test_each_form_of_retry_after() -> None:
    for value, expected in FORMS.items():
        assert parse_retry_after(value, now=NOW) == expected, value


@given(value=st.text() | st.text("0123456789., +-:GMTWedOct") | st.floats().map(str) | st.integers().map(str))
@example(value="7 Oct 0:0:0 ")
@example(value=" ,")
def test_any_retry_after_is_finite_seconds_or_nothing(value: str) -> None:
    found = parse_retry_after(value, now=NOW)
    assert found is None or (found >= 0 and math.isfinite(found))


@given(date=st.datetimes(datetime(2026, 10, 7, 12), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_date_is_the_seconds_until_then(date: datetime) -> None:
    moment = date.replace(microsecond=0, tzinfo=UTC)
    assert parse_retry_after(format_datetime(moment, usegmt=True), now=NOW) == moment.timestamp() - NOW


def test_a_date_without_a_zone_is_utc_wherever_the_machine_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert parse_retry_after("Wed, 07 Oct 2026 12:00:30", now=NOW) == 30
    finally:
        monkeypatch.undo()
        time.tzset()


Answer = Callable[[httpx.Request], httpx.Response] | Exception


def status(code: int, **headers: str) -> Answer:
    return lambda _: httpx.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def ok(_: httpx.Request) -> httpx.Response:
    return success()


class Run:
    """One call that gets these responses, with its own clock."""

    def __init__(self, client_kind: Kind, *answers: Answer, policy: RetryPolicy = CAREFUL, **timing: Any) -> None:
        self.service = Service(*answers)
        self.timing = FakeTiming(**timing)
        self._shell: Kind = client_kind
        self._settings = {"retry": policy, "timing": self.timing.of(client_kind)}

    def generate(self) -> None:
        generate(self._shell, self.service, self._settings, text_prompt="a cat")

    def fail(self, kind: type[IdeogramError]) -> Any:
        with pytest.raises(kind) as caught:
            self.generate()
        assert type(caught.value) is kind
        return caught.value

    @property
    def sent(self) -> int:
        return len(self.service.requests)


@pytest.mark.parametrize("client_kind", KINDS)
def test_what_cost_nothing_is_sent_again_until_it_succeeds_or_the_policy_stops(client_kind: Kind) -> None:
    failures = (httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full"), status(429))
    for failure in failures:
        run = Run(client_kind, failure, failure, failure, ok)
        run.generate()
        assert (run.sent, run.timing.slept) == (4, [1.0, 2.0, 4.0]), failure
        assert run.service.bodies[0].count(b"a cat") == 1
    run = Run(client_kind, status(429), policy=RetryPolicy(max_attempts=3))
    error = run.fail(RateLimitError)
    assert (run.sent, run.timing.slept) == (3, [1.0, 2.0])
    assert str(error) == error.message
    assert error.message.endswith("Given up after 3 attempts.")
    run = Run(client_kind, status(429), policy=RetryPolicy(max_attempts=1))
    assert "Given up" not in run.fail(RateLimitError).message
    assert (run.sent, run.timing.slept) == (1, [])
    for chance in (0.0, 0.5):
        run = Run(client_kind, status(429), status(429), ok, chance=chance)
        run.generate()
        assert run.timing.slept == [chance * 1.0, chance * 2.0]


UNCLEAR: list[tuple[Answer, type[IdeogramError]]] = [
    (httpx.ReadTimeout("silence"), OutcomeUnknownError),
    (httpx.WriteTimeout("stuck"), OutcomeUnknownError),
    (httpx.ReadError("reset"), OutcomeUnknownError),
    (httpx.WriteError("reset"), OutcomeUnknownError),
    (httpx.CloseError("broken"), OutcomeUnknownError),
    (httpx.RemoteProtocolError("no HTTP"), OutcomeUnknownError),
    (httpx.ProxyError("refused"), OutcomeUnknownError),
    (httpx.DecodingError("garbage"), OutcomeUnknownError),
    (ConnectionResetError("reset"), OutcomeUnknownError),
    (status(408), OutcomeUnknownError),
    (status(500), InternalServerError),
    (status(503), InternalServerError),
    (status(520), InternalServerError),
]


@pytest.mark.parametrize("client_kind", KINDS)
def test_what_may_have_been_billed_is_sent_once_unless_the_policy_accepts_that(client_kind: Kind) -> None:
    for failure, kind in UNCLEAR:
        run = Run(client_kind, failure, ok)
        error = run.fail(kind)
        assert (run.sent, run.timing.slept) == (1, []), failure
        assert error.may_have_been_billed is True
        assert "may have been made and billed" in error.message
        brave = Run(client_kind, failure, ok, policy=BRAVE)
        brave.generate()
        assert (brave.sent, brave.timing.slept) == (2, [1.0]), failure


@pytest.mark.parametrize("client_kind", KINDS)
def test_what_would_fail_again_is_sent_once_whatever_the_policy(client_kind: Kind) -> None:
    for code in (400, 401, 402, 403, 404, 409, 413, 415, 422, 301, 204):
        run = Run(client_kind, status(code), ok, policy=BRAVE)
        with pytest.raises(IdeogramError):
            run.generate()
        assert (run.sent, run.timing.slept) == (1, []), code
    run = Run(client_kind, httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"), ok)
    error = run.fail(APIConnectionError)
    assert (run.sent, error.transient) == (1, False)
    assert "Trying again will not help" in error.message
    run = Run(client_kind, lambda _: httpx.Response(429, json={"reject_reason": "insufficient_funds"}), ok)
    assert run.fail(RateLimitError).waiting_helps is False
    assert run.sent == 1


@pytest.mark.parametrize("client_kind", KINDS)
def test_retry_after_is_waited_for_unless_it_is_too_long_or_senseless(client_kind: Kind) -> None:
    expected = {"2": 2.0, "0": 0.0, "1.5": 1.5, "Tue, 22 Sep 2026 10:26:45 GMT": 5.0}
    for header, slept in (expected | dict.fromkeys(["-1", "nan", "inf", "soon", ""], 1.0)).items():
        run = Run(client_kind, status(429, retry_after=header), ok, now=1_790_072_800.0)
        run.generate()
        assert run.timing.slept == [slept], header
    for header, told in (("3600", "3600 s"), ("9" * 20, "1e+20 s")):
        run = Run(client_kind, status(429, retry_after=header), ok)
        error = run.fail(RateLimitError)
        assert (run.sent, run.timing.slept, error.retry_after) == (1, [], float(header))
        assert f"The service asks to wait {told}, longer than max_delay (60 s)." in error.message


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_deadline_counts_attempts_and_delays(client_kind: Kind) -> None:
    """Attempts of 12 s and delays of 1, 2 and 4 s: the fourth attempt would start after 43 s."""
    slow = Run(client_kind, policy=RetryPolicy(max_attempts=10, deadline=40.0))

    def limited_after_a_while(_: httpx.Request) -> httpx.Response:
        slow.timing.advance(12.0)
        return httpx.Response(429)

    slow.service = Service(limited_after_a_while)
    error = slow.fail(RateLimitError)
    assert (slow.sent, slow.timing.slept) == (3, [1.0, 2.0])
    assert error.message.endswith("The deadline of 40 s leaves no time for another attempt.")


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_last_error_is_raised_with_the_transports_exception_as_its_cause(client_kind: Kind) -> None:
    run = Run(client_kind, httpx.ConnectError("refused"), status(429), status(422), ok)
    assert run.fail(UnprocessableEntityError).__context__ is None
    assert run.sent == 3
    failure = httpx.ReadTimeout("silence")
    error = Run(client_kind, failure).fail(OutcomeUnknownError)
    assert error.__cause__ is failure
    assert "ReadTimeout: silence" in error.message


@pytest.mark.parametrize("client_kind", KINDS)
def test_a_request_that_cannot_be_made_is_not_sent_at_all(client_kind: Kind) -> None:
    timing = FakeTiming()
    service = Service()
    with pytest.raises(PromptError):
        generate(client_kind, service, {"timing": timing.of(client_kind), "retry": BRAVE})
    with pytest.raises(ConfigurationError):
        generate(client_kind, service, {"timing": timing.of(client_kind), "retry": BRAVE}, text_prompt="a", timeout=0)
    assert (service.requests, timing.slept) == ([], [])
