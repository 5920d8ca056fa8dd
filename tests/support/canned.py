"""A service made of a function, and one call for the synchronous client and for the asynchronous one on both loops."""

import inspect
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx
import pytest

from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Generation, Ideogram, RetryPolicy, Timing

Shell = Literal["sync", "asyncio", "trio"]
SHELLS: tuple[Shell, ...] = ("sync", "asyncio", "trio")
KEY = "the-key-of-this-test"
ONCE = RetryPolicy(max_attempts=1)
Answer = Callable[[httpx.Request], httpx.Response]


def entry(**changes: object) -> dict[str, object]:
    """An entry of `data` as the service makes them."""
    link = "https://ideogram.ai/api/images/ephemeral/one.png?exp=4102444800&sig=" + "0a" * 32
    whole = {"url": link, "prompt": "p", "resolution": "1024x1024", "is_image_safe": True, "seed": 7}
    return whole | changes


def success(*entries: object, **members: object) -> httpx.Response:
    """A 200 with these entries, one sound one unless told otherwise."""
    data = list(entries) or [entry()]
    # ASCII escapes, because an answer can hold half a surrogate pair.
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
        """The service, to be handed to an HTTP client of either kind."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._answers[min(len(self.requests), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            if isinstance(answer, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
                report(request, "connection.connect_tcp.failed")
            raise answer
        return answer if isinstance(answer, httpx.Response) else answer(request)


def generate(shell: Shell, service: Service, settings: Mapping[str, Any] | None = None, **fields: Any) -> Generation:
    """Call generate() of the client that the shell stands for, against a service in this process."""
    every: dict[str, Any] = {"api_key": KEY, "retry": ONCE, **(settings or {})}
    if shell == "sync":
        with httpx.Client(transport=service.transport()) as http:
            return Ideogram(http_client=http, image_client=http, **every).generate(**fields)

    async def call() -> Generation:
        async with httpx.AsyncClient(transport=service.transport()) as http:
            return await AsyncIdeogram(http_client=http, image_client=http, **every).generate(**fields)

    return anyio.run(call, backend=shell)


def download(shell: Shell, host: Service, image: GeneratedImage, path: str | Path, **options: Any) -> Path:
    """Call download() of the client that the shell stands for, against an image host in this process."""
    timing = FakeTiming()
    if shell == "sync":
        with httpx.Client(transport=host.transport()) as http:
            client = Ideogram(KEY, http_client=http, image_client=http, timing=timing.of(shell), retry=ONCE)
            return client.download(image, path, **options)

    async def call() -> Path:
        async with httpx.AsyncClient(transport=host.transport()) as http:
            client = AsyncIdeogram(KEY, http_client=http, image_client=http, timing=timing.of(shell), retry=ONCE)
            return await client.download(image, path, **options)

    return anyio.run(call, backend=shell)


def report(request: httpx.Request, event: str) -> None:
    """Tell the client what a transport would tell it, so that it knows how far the request got."""
    told = request.extensions["trace"](event, {"exception": None})
    if inspect.iscoroutine(told):
        with pytest.raises(StopIteration):
            told.send(None)


class FakeTiming:
    """A clock that only moves when somebody sleeps or calls advance(), and chance that always says the same."""

    def __init__(self, *, now: float = 1_790_000_000.0, chance: float = 1.0) -> None:
        self.slept: list[float] = []
        self.elapsed = 0.0
        self._now = now
        self._chance = chance

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.elapsed += seconds

    def of(self, shell: Shell) -> Timing:
        """The timing to give to a client."""

        def sleep(seconds: float) -> None:
            self.slept.append(seconds)
            self.advance(seconds)

        async def sleep_async(seconds: float) -> None:
            sleep(seconds)

        return Timing(
            monotonic=lambda: self.elapsed,
            wall=lambda: self._now + self.elapsed,
            random=lambda: self._chance,
            sleep=sleep if shell == "sync" else sleep_async,
        )
