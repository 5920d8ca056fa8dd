"""Whoever mocks httpx in their tests believes that nothing is sent; a client that bypassed the mock would pay.

So the client goes through what the mocking tools of httpx patch: httpcore's connections and pools (respx), httpx's
clients (respx), and httpx's transports (pytest-httpx, and the tracing tools too).
"""

from unittest import mock

import httpx
import respx
from canned import success
from driver import ONCE, Driver, Kind

from ideogram_ai.generated.operations import SERVER_URL


def check_generate(kind: Kind) -> None:
    """Call the real address: the network guard fails what is not mocked."""
    with Driver(kind, retry=ONCE) as client:
        assert client.ask().images


def test_respx_takes_effect(kind: Kind) -> None:
    for using in ("httpcore", "httpx"):
        with respx.mock(using=using) as router:
            route = router.post(url__startswith=SERVER_URL).mock(return_value=success())
            check_generate(kind)
        assert route.call_count == 1, using


def test_a_patch_of_the_transports_of_httpx_takes_effect(kind: Kind) -> None:
    asked: list[str] = []

    def answer(_: object, request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return success()

    async def answer_async(_: object, request: httpx.Request) -> httpx.Response:
        return answer(_, request)

    with (
        mock.patch.object(httpx.HTTPTransport, "handle_request", answer),
        mock.patch.object(httpx.AsyncHTTPTransport, "handle_async_request", answer_async),
    ):
        check_generate(kind)
    assert asked == [httpx.URL(SERVER_URL).host]
