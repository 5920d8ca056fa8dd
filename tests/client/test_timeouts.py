"""Time limits: finite always, and what was asked for is what reaches httpx."""

import math
from typing import Any

import httpx
import pytest
from canned import SHELLS, Service, Shell, generate
from hypothesis import given
from hypothesis import strategies as st

from ideogram_ai.client import AsyncIdeogram, ConfigurationError, Ideogram

DEFAULT = {"connect": 10.0, "read": 300.0, "write": 60.0, "pool": 10.0}
OTHER = httpx.Timeout(connect=1, read=2, write=3, pool=4)
REFUSED: dict[str, object] = {
    "zero": 0,
    "negative": -1.0,
    "not a number": math.nan,
    "infinite": math.inf,
    "for ever": httpx.Timeout(None),
    "one limit missing": httpx.Timeout(5, read=None),
    "one limit infinite": httpx.Timeout(5, pool=math.inf),
    "one limit zero": httpx.Timeout(5, connect=0),
    "more than a socket takes": 1e10,
    "more than a float holds": 10**400,
    "a boolean": True,
    "a text": "180",
    "a tuple": (1, 2, 3, 4),
    "a list": [],
}


def limits_that_reach_httpx(shell: Shell, settings: object = None, call: object = None) -> dict[str, float]:
    service = Service()
    generate(shell, service, {"timeout": settings}, text_prompt="a", timeout=call)
    limits: dict[str, float] = service.requests[0].extensions["timeout"]
    return limits


@pytest.mark.parametrize("shell", SHELLS)
def test_the_default_limits(shell: Shell) -> None:
    assert limits_that_reach_httpx(shell) == DEFAULT


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("where", ["settings", "call"])
def test_seconds_bound_silence_and_leave_the_shorter_limit_to_connect(shell: Shell, where: str) -> None:
    assert limits_that_reach_httpx(shell, **{where: 300}) == {"connect": 10, "read": 300, "write": 300, "pool": 10}
    assert limits_that_reach_httpx(shell, **{where: 0.5}) == {"connect": 0.5, "read": 0.5, "write": 0.5, "pool": 0.5}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("where", ["settings", "call"])
def test_limits_of_each_kind_are_taken_as_they_are(shell: Shell, where: str) -> None:
    assert limits_that_reach_httpx(shell, **{where: OTHER}) == {"connect": 1, "read": 2, "write": 3, "pool": 4}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_limits_of_a_call_go_before_those_of_the_client_and_of_the_http_client(shell: Shell) -> None:
    assert limits_that_reach_httpx(shell, 20, 30)["read"] == 30
    assert limits_that_reach_httpx(shell, 20, None)["read"] == 20
    assert limits_that_reach_httpx(shell, OTHER, 30)["connect"] == 10


def test_the_limits_of_a_call_are_for_that_call_alone() -> None:
    service = Service()
    with httpx.Client(transport=service.transport(), timeout=None) as http:
        client = Ideogram("a-key", http_client=http, image_client=http)
        client.generate(text_prompt="a", timeout=7)
        client.generate(text_prompt="a")
    assert [request.extensions["timeout"]["read"] for request in service.requests] == [7, 300]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("case", REFUSED)
def test_a_limit_that_would_wait_for_ever_or_not_at_all_is_refused_for_a_call(shell: Shell, case: str) -> None:
    service = Service()
    with pytest.raises(ConfigurationError, match=r"^timeout: .*Nothing was sent, nothing billed"):
        generate(shell, service, text_prompt="a", timeout=REFUSED[case])
    assert service.requests == []


@pytest.mark.parametrize("client", [Ideogram, AsyncIdeogram])
@pytest.mark.parametrize("case", REFUSED)
def test_a_limit_that_would_wait_for_ever_or_not_at_all_is_refused_for_a_client(client: Any, case: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^timeout: "):
        client("a-key", timeout=REFUSED[case])


@pytest.mark.parametrize("name", ["connect", "read", "write", "pool"])
def test_the_message_names_the_limit(name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"the {name} limit is -1"):
        Ideogram("a-key", timeout=httpx.Timeout(5, **{name: -1}))


@given(seconds=st.floats() | st.integers())
def test_any_number_is_taken_finite_and_positive_or_refused(seconds: float) -> None:
    try:
        limits = limits_that_reach_httpx("sync", seconds)
    except ConfigurationError:
        assert not 0 < seconds <= 1_000_000
    else:
        assert limits["read"] == seconds
        assert all(0 < value <= 1_000_000 for value in limits.values())
