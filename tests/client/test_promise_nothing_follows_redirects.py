"""A redirect that is followed carries the key and the prompt to a host that nobody chose, and may be billed twice.

So every 3xx is an error that names the host it points to, whatever its Location looks like, also through an HTTP client
of the caller that follows redirects.
"""

from typing import Any

import pytest
from driver import KEY, Driver, Kind, each_kind, outcome
from small_internet import Host, Internet, answer

from ideogram_ai.client import APIStatusError, OutcomeUnknownError, RetryPolicy
from ideogram_ai.testing.faults import FaultServer, answer_with

pytestmark = each_kind


def redirected(kind: Kind, url: str, **settings: Any) -> APIStatusError:
    """The error of a call that is redirected."""
    with Driver(kind, base_url=url, **settings) as client, pytest.raises(APIStatusError) as caught:
        client.ask()
    assert type(caught.value) is APIStatusError
    assert caught.value.may_have_been_billed is False
    assert "nothing was billed" in caught.value.message
    return caught.value


def redirecting(internet: Internet, status: int) -> tuple[Host, Host]:
    """An API that redirects, and the host it points to."""
    other = internet.host("elsewhere.example", answer(200, b"{}"))
    return internet.host("api.example", answer(status, b"", f"Location: {other.url}/stolen?key=1")), other


def test_no_redirect_is_followed(kind: Kind, internet: Internet) -> None:
    for status in (300, 301, 302, 304, 305, 306, 307, 308, 399):
        api, other = redirecting(internet, status)
        error = redirected(kind, api.url, retry=RetryPolicy(retry_possibly_billed=True))
        assert error.status_code == status
        assert f"It points to elsewhere.example:{other.port}." in error.message
        assert len(api.settle(1)) == 1
        assert other.settle(0) == []


def test_a_303_is_not_followed_either_and_may_have_run(kind: Kind, internet: Internet) -> None:
    """It is what follows a POST that was processed (RFC 9110, section 15.4.4)."""
    api, other = redirecting(internet, 303)
    with (
        Driver(kind, base_url=api.url) as client,
        pytest.raises(OutcomeUnknownError, match="303: that is what follows a request that ran"),
    ):
        client.ask()
    assert len(api.settle(1)) == 1
    assert other.settle(0) == []


def test_a_client_of_the_caller_does_not_follow_either(kind: Kind, internet: Internet) -> None:
    for status in (302, 307):
        api, other = redirecting(internet, status)
        redirected(kind, api.url, lend={"follow_redirects": True})
        assert KEY.encode() in api.settle(1)[0]
        assert other.settle(0) == []


LOCATIONS = {
    "": "nowhere",
    "/elsewhere": "to this same host",
    "//elsewhere.example/a": "to elsewhere.example",
    "https://user:word@elsewhere.example/a?sig=1": "to elsewhere.example",
    "https://a..b/": "to a..b",
    "https://xn--/": "to xn--",
    "https://[::1": "to [::1",
    "https://" + "a" * 70 + ".example/": "to " + "a" * 70,
    "https://elsewhere.example:port/": "to elsewhere.example:port",
    "https:elsewhere": "to this same host",
    "https:///": "to this same host",
    "\u00fc": "to this same host",
}


def test_a_redirect_to_nowhere_is_one_too(kind: Kind) -> None:
    """httpx fails over some of these before it returns the response; it is there all the same."""
    for location, place in LOCATIONS.items():
        for status in (301, 307):
            with FaultServer(answer_with(status, b"", [("Location", location)])) as server:
                error = redirected(kind, server.url)
                assert len(server.wait_idle().posts) == 1, location
            assert f"points {place}" in error.message
            assert "word" not in error.message


def test_the_next_call_goes_where_the_first_one_went(kind: Kind) -> None:
    with FaultServer(["redirect_302", "ok"]) as server, Driver(kind, base_url=server.url) as client:
        assert isinstance(outcome(client.ask), APIStatusError)
        assert client.ask().images
        assert [request.target for request in server.wait_idle().requests] == ["/v1/ideogram-v4/generate"] * 2
