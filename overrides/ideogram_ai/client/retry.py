"""Decides whether a request is sent again. A pure decision: it asks the error, and does not wait."""

from __future__ import annotations

from attrs import Attribute, field, frozen

from .errors import (
    APIConnectionError,
    ConfigurationError,
    IdeogramError,
    InternalServerError,
    OutcomeUnknownError,
    RateLimitError,
)

MAX_SECONDS = 1_000_000.0
"""Some eleven days. Much longer times overflow in sockets and in sleep, on one system or another."""


def _seconds(_instance: object, attribute: Attribute[float], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_SECONDS:
        raise ConfigurationError(f"RetryPolicy({attribute.name}={value!r:.80}): give seconds, 0 to {MAX_SECONDS:.0f}.")


def _at_least_one(_instance: object, _attribute: Attribute[int], value: object) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigurationError(f"RetryPolicy(max_attempts={value!r}): give 1 (never repeat) or more.")


@frozen
class Wait:
    """Send again after a pause of `seconds`."""

    seconds: float


@frozen
class Stop:
    """Do not send again; `why` is added to the error's message, and empty where the error says enough."""

    why: str = ""


@frozen
class RetryPolicy:
    """When a request is sent again on its own: only when that cannot cost a second image.

    Repeated are requests that never left (connection refused, connection time-out, no free connection) and 429, unless
    the service names a limit against which waiting does not help. The pause is drawn between zero and an exponentially
    growing bound ("full jitter"); Retry-After replaces it.

    Attributes:
        max_attempts: How often a request is sent at most, 1 or more.
        base_delay: Bound of the first pause in seconds; each further bound is twice the one before.
        max_delay: Longest pause in seconds. A longer Retry-After is raised at once.
        deadline: Seconds from the first attempt after which no further attempt begins. It never cuts an attempt that
            runs, because that attempt may be billed.
        retry_possibly_billed: Repeat also what may have run: time-outs, broken connections, 408 and 5xx. Each
            repetition may be billed again.
    """

    max_attempts: int = field(default=4, validator=_at_least_one)
    base_delay: float = field(default=1.0, validator=_seconds)
    max_delay: float = field(default=60.0, validator=_seconds)
    deadline: float = field(default=300.0, validator=_seconds)
    retry_possibly_billed: bool = False

    def decide(self, error: IdeogramError, *, attempt: int, elapsed: float, random: float) -> Wait | Stop:
        """Say whether the request that ended in this error is sent again.

        Args:
            error: How the attempt ended.
            attempt: Its number, from 1.
            elapsed: Seconds since the first attempt began, waiting included.
            random: A number from 0 to 1 that places the pause.

        Returns:
            Wait with the pause, or Stop with the reason.
        """
        if not self.is_repeatable(error):
            return Stop()
        asked = error.retry_after if isinstance(error, RateLimitError) else None
        return self.pause(asked, attempt=attempt, elapsed=elapsed, random=random)

    def pause(self, asked: float | None, *, attempt: int, elapsed: float, random: float) -> Wait | Stop:
        """Say how long to wait before another attempt, that attempt being harmless.

        Args:
            asked: Seconds that the server asks to wait, or None.
            attempt: Number of the attempt that failed, from 1.
            elapsed: Seconds since the first attempt began, waiting included.
            random: A number from 0 to 1 that places the pause.

        Returns:
            Wait with the pause, or Stop with the reason.
        """
        if attempt >= self.max_attempts:
            return Stop(f"Given up after {attempt} attempts." if attempt > 1 else "")
        if asked is not None and asked > self.max_delay:
            return Stop(f"The service asks to wait {asked:g} s, longer than max_delay ({self.max_delay:g} s).")
        seconds = random * self.bound(attempt) if asked is None else asked
        if elapsed + seconds > self.deadline:
            return Stop(f"The deadline of {self.deadline:g} s leaves no time for another attempt.")
        return Wait(seconds)

    def bound(self, attempt: int) -> float:
        """The longest pause after this attempt, in seconds."""
        return min(self.max_delay, self.base_delay * 2.0 ** min(attempt - 1, 100))

    def is_repeatable(self, error: IdeogramError) -> bool:
        """Whether sending again is harmless, or allowed by retry_possibly_billed."""
        match error:
            case APIConnectionError():
                return error.transient
            case RateLimitError():
                return error.waiting_helps
            case OutcomeUnknownError() | InternalServerError():
                return self.retry_possibly_billed or not error.may_have_been_billed
            case _:
                return False
