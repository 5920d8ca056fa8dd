"""The service as a batch meets it: in this process or as a mock server; and what a test asks of a folder."""

import io
import re
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import httpx
from canned import entry, success
from driver import KEY
from PIL import Image

from ideogram_ai.batch import BatchRequest, Job
from ideogram_ai.batch.events import RunStopped
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.client import AsyncIdeogram, RetryPolicy, Timing
from ideogram_ai.testing import MockServer

Answer = Callable[["PromptService", str], Awaitable[httpx.Response] | httpx.Response]
_PROMPT = re.compile(rb'name="text_prompt"\r\n\r\n(.*?)\r\n', re.DOTALL)
HASTY = RetryPolicy(base_delay=0, max_attempts=3, deadline=20)


class PromptService:
    """A server in this process that answers each request by its prompt.

    Args:
        answer: Makes the answer; it may wait.
        base_url: Its address; None for the contract's.

    Attributes:
        prompts: Every prompt that arrived, in order.
        most_in_flight: The most requests that were in flight at a time.
    """

    def __init__(self, answer: Answer | None = None, base_url: str | None = None) -> None:
        self.base_url = base_url
        self.prompts: list[str] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self._answer = answer or (lambda _, __: success())

    @property
    def made(self) -> Counter[str]:
        """How often each prompt arrived."""
        return Counter(self.prompts)

    def image(self, request: httpx.Request) -> httpx.Response:
        """Answer a request for an image."""
        raise AssertionError(f"nobody asks for images: {request.url}")

    async def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        if request.method == "GET":
            return self.image(request)
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
    async def client(self, retry: RetryPolicy = HASTY) -> AsyncGenerator[AsyncIdeogram]:
        """A client of this service."""
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.handle)) as http:
            yield AsyncIdeogram(KEY, base_url=self.base_url, http_client=http, image_client=http, retry=retry)

    async def run(self, job: Job, **options: Any) -> RunStopped:
        """Run a batch with this server."""
        async with self.client() as client:
            return await job.run(client, prices=shipped_prices(), **options)


class Origin(PromptService):
    """A server whose images have one colour.

    Args:
        base_url: Its address; None for the contract's.
        colour: The colour of its images.
        answers: Responses by prompt, in place of an image.
    """

    def __init__(self, base_url: str | None = None, colour: str = "red", **answers: httpx.Response) -> None:
        super().__init__(lambda _, prompt: self.answers.get(prompt) or self._made(prompt), base_url)
        self.colour = colour
        self.answers = answers
        self.images_are_there = True

    def _made(self, prompt: str) -> httpx.Response:
        return success(entry(url=f"https://ideogram.ai/i/a.png?prompt={prompt}&sig={'0a' * 32}", prompt=prompt))

    def image(self, request: httpx.Request) -> httpx.Response:
        """Give an image, if they are there: another one for each prompt."""
        if not self.images_are_there:
            return httpx.Response(503)
        prompt = request.url.params.get("prompt", "")
        content = png(self.colour, (len(prompt), sum(prompt.encode()) % 256, 0))
        return httpx.Response(200, content=content, headers={"Content-Type": "image/png"})


def png(colour: str = "red", mark: tuple[int, int, int] | None = None) -> bytes:
    """A small image of one colour, with a mark in its corner."""
    file = io.BytesIO()
    image = Image.new("RGB", (8, 6), colour)
    if mark:
        image.putpixel((0, 0), mark)
    image.save(file, "PNG")
    return file.getvalue()


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


def numbered(count: int) -> list[dict[str, Any]]:
    """So many requests, their prompts being their numbers from 1."""
    return [{"text_prompt": str(number)} for number in range(1, count + 1)]


def withheld() -> httpx.Response:
    """A 200 whose image was withheld."""
    return success(entry(url=None, is_image_safe=False))


def images(folder: Path) -> dict[str, bytes]:
    """The images in a folder."""
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def colours(folder: Path) -> dict[str, str]:
    """The images in a folder with the colours of the servers that made them."""
    names = {(255, 0, 0): "red", (0, 0, 255): "blue", (0, 128, 0): "green"}
    found: dict[str, str] = {}
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as image:
            found[path.name] = names[image.convert("RGB").getpixel((4, 4))]  # type: ignore[index]
    return found


def rows(*prompts: str, **fields: Any) -> list[BatchRequest]:
    """Rows without an id, as an input has them."""
    return [BatchRequest.of({"text_prompt": prompt, **fields}, place) for place, prompt in enumerate(prompts, start=1)]


def states(job: Job) -> dict[str, str]:
    """The state of each row by its key."""
    return {outcome.request.key: outcome.state.value for outcome in job.outcomes()}
