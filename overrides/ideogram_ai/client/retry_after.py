"""Reads the Retry-After header (RFC 9110, section 10.2.3) and the odd values that servers put into it."""

from __future__ import annotations

import math
import re
from datetime import UTC
from email.utils import parsedate_to_datetime

_SECONDS = re.compile(r"\s*([0-9]+(?:\.[0-9]*)?)\s*")


def parse_retry_after(value: str | None, *, now: float) -> float | None:
    """How long the server asks to wait.

    Args:
        value: The header: seconds, also with a fraction, or an HTTP date. None when it is absent.
        now: Unix seconds, to measure a date against.

    Returns:
        Seconds, zero or more; None for what cannot be meant: infinite, NaN, negative, a past date, garbage.
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
