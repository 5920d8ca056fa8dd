"""Decides whether a request is sent again, and reads Retry-After. Pure functions: nothing here waits or sends.

A request is repeated only when that cannot cost a second image: when it never left, and after a 429. A 503, like every
5xx, is not repeated: the service may have made and billed the image before it failed, and only
`RetryPolicy(retry_possibly_billed=True)` accepts that risk. See `RetryPolicy.is_repeatable`.
"""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from attrs import Attribute, field, frozen

from .errors import (
    APIConnectionError,
    ConfigurationError,
    IdeogramError,
    InternalServerError,
    OutcomeUnknownError,
    RateLimitError,
    ResponseValidationError,
)

MAX_SECONDS = 1_000_000.0
"""About eleven days. Much longer times overflow in sockets or in sleep on some systems."""
_SECONDS = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*")


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
    """Do not send again; `why` is appended to the error's message, and is empty when the message says enough."""

    why: str = ""


@frozen
class RetryPolicy:
    """When a request is sent again automatically: only when that cannot cost a second image.

    Requests that never left (connection refused, connect timeout, no free connection) are repeated, and 429, unless the
    service names a limit that waiting does not lift. The delay is random between zero and an exponentially growing
    bound ("full jitter"); Retry-After replaces it.

    Attributes:
        max_attempts: Attempts in total, 1 or more.
        base_delay: Upper bound of the first delay in seconds; the bound doubles after each attempt.
        max_delay: Longest delay in seconds. A longer Retry-After raises the error at once.
        deadline: Seconds from the first attempt after which no further attempt starts. It never interrupts a running
            attempt, because that attempt may be billed.
        retry_possibly_billed: Also repeat what may have run: timeouts, broken connections, 408 and 5xx. Each repetition
            may be billed again.
    """

    max_attempts: int = field(default=4, validator=_at_least_one)
    base_delay: float = field(default=1.0, validator=_seconds)
    max_delay: float = field(default=60.0, validator=_seconds)
    deadline: float = field(default=300.0, validator=_seconds)
    retry_possibly_billed: bool = False

    def decide(self, error: IdeogramError, *, attempt: int, elapsed: float, random: float) -> Wait | Stop:
        """Decide whether a request that failed is sent again.

        Args:
            error: The error of the attempt.
            attempt: Its number, from 1.
            elapsed: Seconds since the first attempt started, delays included.
            random: A number from 0 to 1 for the jitter.

        Returns:
            Wait with the delay, or Stop with the reason.
        """
        if not self.is_repeatable(error):
            return Stop()
        retry_after = error.retry_after if isinstance(error, RateLimitError) else None
        return self.pause(retry_after, attempt=attempt, elapsed=elapsed, random=random)

    def pause(self, asked: float | None, *, attempt: int, elapsed: float, random: float) -> Wait | Stop:
        """Decide how long to wait before another attempt that costs nothing, if the server asks for some seconds.

        The other arguments are those of decide.
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
        """The longest random delay after this attempt, in seconds."""
        return min(self.max_delay, self.base_delay * 2.0 ** min(attempt - 1, 100))

    def is_repeatable(self, error: IdeogramError) -> bool:
        """Whether sending again costs nothing, or retry_possibly_billed accepts the cost."""
        match error:
            case APIConnectionError():
                return error.transient
            case RateLimitError() if not error.waiting_helps:
                return False
            case RateLimitError() | OutcomeUnknownError() | InternalServerError():
                return self.retry_possibly_billed or not error.may_have_been_billed
            case ResponseValidationError():
                return not error.may_have_been_billed  # of a request that costs nothing
            case _:
                return False


def parse_retry_after(value: str | None, *, now: float) -> float | None:
    """Read a Retry-After header (RFC 9110, section 10.2.3).

    Args:
        value: Seconds, possibly with a fraction, or an HTTP date; None when the header is absent.
        now: Unix seconds, to measure a date against.

    Returns:
        Seconds, zero or more; None for anything else: infinite, NaN, negative, a past date, garbage.
    """
    if value is None:
        return None
    match = _SECONDS.fullmatch(value)
    seconds = float(match[1]) if match else _seconds_until(value, now)
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def _seconds_until(value: str, now: float) -> float:
    try:
        date = parsedate_to_datetime(value)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return math.nan
