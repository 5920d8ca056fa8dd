"""A service in the process of the test, which answers as it is told and counts requests."""

import inspect
import json
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, TypeVar

import httpx
import pytest
from driver import Driver, Kind, raised

from ideogram_ai.client import RequestError

E = TypeVar("E", bound=RequestError)

Answer = Callable[[httpx.Request], httpx.Response]


def entry(**changes: object) -> dict[str, object]:
    """An entry of `data` as the service makes them."""
    link = "https://ideogram.ai/api/images/ephemeral/one.png?exp=4102444800&sig=" + "0a" * 32
    whole = {"url": link, "prompt": "p", "resolution": "1024x1024", "is_image_safe": True, "seed": 7}
    return whole | changes


def success(*entries: object, **members: object) -> httpx.Response:
    """A 200 with these entries, or with a valid one."""
    data = list(entries) or [entry()]
    # ASCII escapes, because a response can hold half a surrogate pair.
    return httpx.Response(200, text=json.dumps({"created": "2026-10-07T12:00:00Z", "data": data} | members))


class Service:
    """Answers requests, and counts them.

    Args:
        answers: Responses, exceptions to raise, or functions of the request, in order; the last one is repeated.
            A response is only good for one request.
    """

    def __init__(self, *answers: Answer | httpx.Response | Exception) -> None:
        self.requests: list[httpx.Request] = []
        self._answers = answers or (lambda _: success(),)

    @property
    def bodies(self) -> list[bytes]:
        """What was sent, request by request."""
        return [request.content for request in self.requests]

    def transport(self) -> httpx.MockTransport:
        """The service, to be given to an HTTP client of either kind."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            if isinstance(answer, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
                report(request, "connection.connect_tcp.failed")
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


def report(request: httpx.Request, event: str, /, **info: object) -> None:
    """Report an event as a transport does, so that the client knows how far the request got."""
    reported = request.extensions["trace"](event, {"exception": None, **info})
    if inspect.iscoroutine(reported):
        with pytest.raises(StopIteration):
            reported.send(None)


def refused(error: type[E], fields: Mapping[str, Any], kind: Kind = "sync", method: str = "generate") -> E:
    """The error of a call that sends nothing, and says that."""
    service = Service()
    with Driver(kind, service=service) as client:
        found = raised(error, client.run, lambda each: attrgetter(method)(each)(**fields))
    assert service.requests == []
    assert found.may_have_been_billed is False
    assert "Nothing was sent, nothing billed" in found.message
    found.message.encode()
    return found
