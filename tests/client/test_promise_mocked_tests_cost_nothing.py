"""Whoever mocks httpx in the tests of their own program believes that nothing is sent. A client that passed their mock
by would reach the real service from a test, with a real key, and pay for it. So the client goes through the places that
the mocking tools of httpx patch: httpcore's connections and pools (respx), httpx's clients (respx), and httpx's
transports (pytest-httpx, and the tracing tools too).
"""

from unittest import mock

import anyio
import httpx
import pytest
import respx
from canned import KEY, ONCE, SHELLS, Shell, success

from ideogram_ai.client import AsyncIdeogram, Generation, Ideogram
from ideogram_ai.generated.operations import SERVER_URL


def generate(shell: Shell) -> Generation:
    """Call generate() at the real address: the network guard fails what is not mocked."""

    async def asynchronous() -> Generation:
        async with AsyncIdeogram(KEY, retry=ONCE) as client:
            return await client.generate(text_prompt="a cat")

    if shell == "sync":
        with Ideogram(KEY, retry=ONCE) as client:
            return client.generate(text_prompt="a cat")
    return anyio.run(asynchronous, backend=shell)


@pytest.mark.parametrize("using", ["httpcore", "httpx"])
@pytest.mark.parametrize("shell", SHELLS)
def test_respx_is_heard(shell: Shell, using: str) -> None:
    with respx.mock(using=using) as router:
        route = router.post(url__startswith=SERVER_URL).mock(return_value=success())
        assert generate(shell).images
    assert route.call_count == 1


@pytest.mark.parametrize("shell", SHELLS)
def test_a_patch_of_the_transports_of_httpx_is_heard(shell: Shell) -> None:
    asked: list[str] = []

    def answer(_: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return success()

    async def answer_later(_: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return success()

    with (
        mock.patch.object(httpx.HTTPTransport, "handle_request", answer),
        mock.patch.object(httpx.AsyncHTTPTransport, "handle_async_request", answer_later),
    ):
        assert generate(shell).images
    assert asked == [httpx.URL(SERVER_URL).host]
