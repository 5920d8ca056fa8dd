"""Why this matters: a redirect that is followed carries the key, and the prompt, to a host that nobody chose; and a
POST that is followed is a second POST, which may be billed twice.

So every 3xx is an error that names the host it points to, whatever its Location looks like, also through an HTTP client
of the caller that follows redirects.
"""

from typing import Any

import pytest
from both_clients import KEY, SHELLS, Shell, generate, run
from small_internet import Internet, answer

from ideogram_ai.client import APIStatusError, Ideogram, OutcomeUnknownError, RetryPolicy
from ideogram_ai.testing.faults import FaultServer, answer_with

pytestmark = pytest.mark.parametrize("shell", SHELLS)

STATUSES = (300, 301, 302, 304, 305, 306, 307, 308, 399)


def redirected(shell: Shell, url: str, **settings: Any) -> APIStatusError:
    """The error of a call that is redirected."""
    with pytest.raises(APIStatusError) as caught:
        run(shell, generate, base_url=url, **settings)
    assert type(caught.value) is APIStatusError
    assert caught.value.may_have_been_billed is False
    assert "nothing was billed" in caught.value.message
    return caught.value


@pytest.mark.parametrize("status", STATUSES)
def test_no_redirect_is_followed(shell: Shell, status: int, internet: Internet) -> None:
    other = internet.host("elsewhere.example", answer(200, b"{}"))
    api = internet.host("api.example", answer(status, b"", f"Location: {other.url}/stolen?key=1"))
    error = redirected(shell, api.url, retry=RetryPolicy(retry_possibly_billed=True))
    assert error.status_code == status
    assert f"It points to elsewhere.example:{other.port}." in error.message
    assert len(api.settle(1)) == 1
    assert other.settle(0) == []


def test_a_303_is_not_followed_either_and_may_have_run(shell: Shell, internet: Internet) -> None:
    """It is what follows a POST that was processed (RFC 9110, section 15.4.4)."""
    other = internet.host("elsewhere.example", answer(200, b"{}"))
    api = internet.host("api.example", answer(303, b"", f"Location: {other.url}/image/1"))
    with pytest.raises(OutcomeUnknownError, match="303: that is what follows a request that ran"):
        run(shell, generate, base_url=api.url)
    assert len(api.settle(1)) == 1
    assert other.settle(0) == []


@pytest.mark.parametrize("status", [302, 307])
def test_a_client_of_the_caller_that_follows_is_held_back(shell: Shell, status: int, internet: Internet) -> None:
    other = internet.host("elsewhere.example", answer(200, b"{}"))
    api = internet.host("api.example", answer(status, b"", f"Location: {other.url}/"))
    redirected(shell, api.url, lend={"follow_redirects": True})
    assert KEY.encode() in api.settle(1)[0]
    assert other.settle(0) == []


LOCATIONS = {
    "": "nowhere",
    "/elsewhere": "this same host",
    "//elsewhere.example/a": "elsewhere.example",
    "https://user:word@elsewhere.example/a?sig=1": "elsewhere.example",
    "https://a..b/": "a..b",
    "https://xn--/": "xn--",
    "https://[::1": "[::1",
    "https://" + "a" * 70 + ".example/": "a" * 70,
    "https://elsewhere.example:port/": "elsewhere.example:port",
    "https:elsewhere": "this same host",
    "https:///": "this same host",
    "\u00fc": "this same host",
}


@pytest.mark.parametrize("location", LOCATIONS, ids=lambda location: repr(location[:30]))
def test_a_redirect_to_nowhere_is_one_too(shell: Shell, location: str) -> None:
    """httpx fails over some of these before it hands the answer out; the answer is there all the same."""
    for status in (301, 307):
        with FaultServer(answer_with(status, b"", [("Location", location)])) as server:
            error = redirected(shell, server.url)
            assert len(server.wait_idle().posts) == 1
        assert f"points {'nowhere' if not location else 'to ' + LOCATIONS[location]}" in error.message
        assert "word" not in error.message


def test_a_kept_connection_is_not_used_for_what_a_redirect_asks(shell: Shell) -> None:
    """After a redirect the client goes on where it was."""
    with FaultServer(["redirect_302", "ok"]) as server:

        def twice(client: Any) -> Any:
            if isinstance(client, Ideogram):
                with pytest.raises(APIStatusError):
                    generate(client)
                return generate(client)
            return twice_async(client)

        async def twice_async(client: Any) -> Any:
            with pytest.raises(APIStatusError):
                await generate(client)
            return await generate(client)

        assert run(shell, twice, base_url=server.url).images
        assert [request.target for request in server.wait_idle().requests] == ["/v1/ideogram-v4/generate"] * 2
