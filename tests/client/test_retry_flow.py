"""The attempts of one call: how many requests leave, and for how long is waited in between."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from canned import SHELLS, FakeTiming, Service, Shell, generate, success

from ideogram_ai.client import (
    APIConnectionError,
    ConfigurationError,
    IdeogramError,
    InternalServerError,
    OutcomeUnknownError,
    PromptError,
    RateLimitError,
    RetryPolicy,
    UnprocessableEntityError,
)

Step = Callable[[httpx.Request], httpx.Response] | Exception
CAREFUL = RetryPolicy()
BRAVE = RetryPolicy(retry_possibly_billed=True)


def status(code: int, **headers: str) -> Step:
    return lambda _: httpx.Response(code, headers={name.replace("_", "-"): value for name, value in headers.items()})


def ok(_: httpx.Request) -> httpx.Response:
    return success()


class Run:
    """One call against these answers, with a clock of its own."""

    def __init__(self, shell: Shell, *steps: Step, policy: RetryPolicy = CAREFUL, **timing: Any) -> None:
        self.service = Service(*steps)
        self.timing = FakeTiming(**timing)
        self._shell: Shell = shell
        self._settings = {"retry": policy, "timing": self.timing.of(shell)}

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


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    "failure", [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("full"), status(429)]
)
def test_what_cost_nothing_is_tried_again_until_it_succeeds(shell: Shell, failure: Step) -> None:
    run = Run(shell, failure, failure, failure, ok)
    run.generate()
    assert run.sent == 4
    assert run.timing.slept == [1.0, 2.0, 4.0]
    assert run.service.bodies[0].count(b"a cat") == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_it_gives_up_after_the_last_attempt_and_says_so(shell: Shell) -> None:
    run = Run(shell, status(429), policy=RetryPolicy(max_attempts=3))
    error = run.fail(RateLimitError)
    assert run.sent == 3
    assert run.timing.slept == [1.0, 2.0]
    assert error.message.endswith("Given up after 3 attempts.")
    assert str(error) == error.message


@pytest.mark.parametrize("shell", SHELLS)
def test_one_attempt_means_one(shell: Shell) -> None:
    run = Run(shell, status(429), policy=RetryPolicy(max_attempts=1))
    assert "Given up" not in run.fail(RateLimitError).message
    assert (run.sent, run.timing.slept) == (1, [])


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("chance", [0.0, 0.5])
def test_chance_places_the_pause(shell: Shell, chance: float) -> None:
    run = Run(shell, status(429), status(429), ok, chance=chance)
    run.generate()
    assert run.timing.slept == [chance * 1.0, chance * 2.0]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("failure", "kind"),
    [
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
    ],
)
def test_what_may_have_been_billed_is_sent_once_unless_told(
    shell: Shell, failure: Step, kind: type[IdeogramError]
) -> None:
    run = Run(shell, failure, ok)
    error = run.fail(kind)
    assert (run.sent, run.timing.slept) == (1, [])
    assert error.may_have_been_billed is True
    assert "may have been made and billed" in error.message
    brave = Run(shell, failure, ok, policy=BRAVE)
    brave.generate()
    assert (brave.sent, brave.timing.slept) == (2, [1.0])


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("code", [400, 401, 402, 403, 404, 409, 413, 415, 422, 301, 204])
def test_what_would_end_alike_is_sent_once_even_when_told(shell: Shell, code: int) -> None:
    run = Run(shell, status(code), ok, policy=BRAVE)
    with pytest.raises(IdeogramError):
        run.generate()
    assert (run.sent, run.timing.slept) == (1, [])


@pytest.mark.parametrize("shell", SHELLS)
def test_a_certificate_that_is_not_trusted_is_not_tried_again(shell: Shell) -> None:
    run = Run(shell, httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate"), ok)
    error = run.fail(APIConnectionError)
    assert (run.sent, error.transient) == (1, False)
    assert "Trying again will not help" in error.message


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("header", "slept"), [("2", 2.0), ("0", 0.0), ("1.5", 1.5), ("Tue, 22 Sep 2026 10:26:45 GMT", 5.0)]
)
def test_what_the_service_asks_to_wait_is_waited(shell: Shell, header: str, slept: float) -> None:
    run = Run(shell, status(429, retry_after=header), ok, now=1_790_072_800.0)
    run.generate()
    assert run.timing.slept == [slept]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("header", ["-1", "nan", "inf", "soon", ""])
def test_a_wait_that_cannot_be_meant_leaves_it_to_the_policy(shell: Shell, header: str) -> None:
    run = Run(shell, status(429, retry_after=header), ok)
    run.generate()
    assert run.timing.slept == [1.0]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(("header", "told"), [("3600", "3600 s"), ("9" * 20, "1e+20 s")])
def test_a_wait_beyond_the_longest_is_raised_at_once_and_told(shell: Shell, header: str, told: str) -> None:
    run = Run(shell, status(429, retry_after=header), ok)
    error = run.fail(RateLimitError)
    assert (run.sent, run.timing.slept) == (1, [])
    assert f"The service asks to wait {told}, longer than max_delay (60 s)." in error.message
    assert error.retry_after == float(header)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_limit_against_which_waiting_does_not_help_is_raised_at_once(shell: Shell) -> None:
    run = Run(shell, lambda _: httpx.Response(429, json={"reject_reason": "insufficient_funds"}), ok)
    assert run.fail(RateLimitError).waiting_helps is False
    assert run.sent == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_the_deadline_counts_the_attempts_and_the_pauses(shell: Shell) -> None:
    """Attempts of 12 s and pauses of 1, 2 and 4 s: the fourth attempt would begin after 43 s."""
    policy = RetryPolicy(max_attempts=10, deadline=40.0)
    slow = Run(shell, policy=policy)

    def limited_after_a_while(_: httpx.Request) -> httpx.Response:
        slow.timing.advance(12.0)
        return httpx.Response(429)

    slow.service = Service(limited_after_a_while)
    error = slow.fail(RateLimitError)
    assert slow.sent == 3
    assert slow.timing.slept == [1.0, 2.0]
    assert error.message.endswith("The deadline of 40 s leaves no time for another attempt.")


@pytest.mark.parametrize("shell", SHELLS)
def test_each_attempt_is_judged_anew_and_the_last_error_is_raised(shell: Shell) -> None:
    run = Run(shell, httpx.ConnectError("refused"), status(429), status(422), ok)
    assert run.fail(UnprocessableEntityError).__context__ is None
    assert run.sent == 3


@pytest.mark.parametrize("shell", SHELLS)
def test_the_transports_exception_is_the_cause(shell: Shell) -> None:
    failure = httpx.ReadTimeout("silence")
    error = Run(shell, failure).fail(OutcomeUnknownError)
    assert error.__cause__ is failure
    assert "ReadTimeout: silence" in error.message


@pytest.mark.parametrize("shell", SHELLS)
def test_a_request_that_cannot_be_made_is_not_tried_at_all(shell: Shell) -> None:
    timing = FakeTiming()
    service = Service()
    with pytest.raises(PromptError):
        generate(shell, service, {"timing": timing.of(shell), "retry": BRAVE})
    with pytest.raises(ConfigurationError):
        generate(shell, service, {"timing": timing.of(shell), "retry": BRAVE}, text_prompt="a", timeout=0)
    assert (service.requests, timing.slept) == ([], [])
