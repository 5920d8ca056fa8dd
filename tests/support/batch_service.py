"""A service in this process that answers by what the prompt says, and counts what is in flight."""

import re
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from canned import entry, success
from driver import KEY

from ideogram_ai.batch import Job
from ideogram_ai.batch.events import RunStopped
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.client import AsyncIdeogram, RetryPolicy, Timing
from ideogram_ai.testing import MockServer

Answer = Callable[["PromptService", str], Awaitable[httpx.Response] | httpx.Response]
_PROMPT = re.compile(rb'name="text_prompt"\r\n\r\n(.*?)\r\n', re.DOTALL)
HASTY = RetryPolicy(base_delay=0, max_attempts=3, deadline=20)


class PromptService:
    """Answers each request by its prompt.

    Args:
        answer: Makes the answer; it may wait.

    Attributes:
        prompts: Every prompt that arrived, in order.
        most_in_flight: The most requests that were in flight at a time.
    """

    def __init__(self, answer: Answer | None = None) -> None:
        self.prompts: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._answer = answer or (lambda _, __: success())

    @property
    def asked(self) -> Counter[str]:
        """How often each prompt arrived."""
        return Counter(self.prompts)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        found = _PROMPT.search(await request.aread())
        prompt = found[1].decode() if found else ""
        self.prompts.append(prompt)
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await anyio.lowlevel.checkpoint()
            answer = self._answer(self, prompt)
            return answer if isinstance(answer, httpx.Response) else await answer
        finally:
            self.in_flight -= 1

    @asynccontextmanager
    async def client(self, retry: RetryPolicy = HASTY) -> AsyncIterator[AsyncIdeogram]:
        """A client of this service."""
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.handle)) as http:
            yield AsyncIdeogram(KEY, http_client=http, image_client=http, retry=retry)


def client_of(url: str, retry: RetryPolicy = HASTY) -> AsyncIdeogram:
    """A client of a server that does not wait long between two polls."""
    timing = Timing(sleep=lambda seconds: anyio.sleep(min(seconds, 0.02)))
    return AsyncIdeogram(KEY, base_url=url, retry=retry, timing=timing)


async def run(job: Job, url: str, *, retry: RetryPolicy = HASTY, **options: Any) -> RunStopped:
    """Run a batch with a server."""
    async with client_of(url, retry) as client:
        return await job.run(client, **{"prices": shipped_prices(), **options})


def made(server: MockServer) -> Counter[str]:
    """How often a server made an image, or began a job, by prompt."""
    posts = [exchange for exchange in server.ledger if exchange.method == "POST" and exchange.status == 200]
    return Counter(str(dict(exchange.fields)["text_prompt"]) for exchange in posts)


async def until(reached: Callable[[], bool]) -> None:
    """Poll until a condition holds."""
    with anyio.fail_after(20):
        while not reached():  # noqa: ASYNC110
            await anyio.sleep(0.001)


def rows(count: int) -> list[dict[str, Any]]:
    """So many requests, their prompts being their numbers from 1."""
    return [{"text_prompt": str(number)} for number in range(1, count + 1)]


def withheld() -> httpx.Response:
    """A 200 whose image was withheld."""
    return success(entry(url=None, is_image_safe=False))
