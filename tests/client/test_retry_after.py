"""The Retry-After header: the two forms of the standard, and what servers really send."""

import math
from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ideogram_ai.client.retry import parse_retry_after

NOW = datetime(2026, 10, 7, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("0", 0),
        ("1", 1),
        ("120", 120),
        (" 7 ", 7),
        ("007", 7),
        ("1.5", 1.5),
        ("1.", 1),
        ("100000000000", 100_000_000_000),
        ("Wed, 07 Oct 2026 12:00:30 GMT", 30),
        ("Wed, 07 Oct 2026 14:00:30 +0200", 30),
        ("Wednesday, 07-Oct-26 12:00:30 GMT", 30),
        ("Wed Oct  7 12:00:30 2026", 30),
        ("Wed, 07 Oct 2026 12:00:00 GMT", 0),
        ("Wed, 07 Oct 2026 12:00:30", 30),
        ("Wed, 07 Oct 2026 11:59:59 GMT", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("", None),
        (" ", None),
        ("-1", None),
        ("+1", None),
        ("1e3", None),
        ("inf", None),
        ("Infinity", None),
        ("nan", None),
        ("9" * 400, None),
        (".5", None),
        ("1,5", None),
        ("1, 2", None),
        ("0x10", None),
        ("\u0661\u0662", None),
        ("soon", None),
        ("1 minute", None),
        ("2026-10-07T12:00:30Z", None),
        ("Wed, 32 Oct 2026 12:00:30 GMT", None),
        ("Wed, 07 Oct 99999 12:00:30 GMT", None),
        (f"Wed, 07 Oct {'9' * 30} 12:00:30 GMT", None),
        ("Wed, 07 Oct 2026 12:00:30 +9999", None),
    ],
)
def test_each_form(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, now=NOW) == seconds


@given(value=st.text() | st.text("0123456789., +-:GMTWedOct") | st.floats().map(str) | st.integers().map(str))
@example(value="7 Oct 0:0:0 ")
@example(value=" ,")
def test_anything_is_finite_seconds_or_nothing(value: str) -> None:
    seconds = parse_retry_after(value, now=NOW)
    assert seconds is None or (seconds >= 0 and math.isfinite(seconds))


@given(date=st.datetimes(datetime(2026, 10, 7, 12), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_date_is_the_seconds_until_then(date: datetime) -> None:
    moment = date.replace(microsecond=0, tzinfo=UTC)
    assert parse_retry_after(format_datetime(moment, usegmt=True), now=NOW) == moment.timestamp() - NOW
