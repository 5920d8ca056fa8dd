"""The service as a batch meets it, without a network, and what a test asks of a folder."""

import io
import re
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
from batch_service import HASTY
from canned import entry, success
from driver import KEY
from PIL import Image

from ideogram_ai.batch import BatchRequest, Job
from ideogram_ai.batch.events import RunStopped
from ideogram_ai.batch.prices import shipped_prices
from ideogram_ai.client import AsyncIdeogram

_PROMPT = re.compile(rb'name="text_prompt"\r\n\r\n(.*?)\r\n', re.DOTALL)


class Origin:
    """A server of some address: it answers every request with an image of one colour, and counts what it was asked.

    Args:
        base_url: Its address; None for the contract's.
        colour: The colour of its images.
        answers: Responses by prompt, in place of an image.
    """

    def __init__(self, base_url: str | None = None, colour: str = "red", **answers: httpx.Response) -> None:
        self.base_url = base_url
        self.colour = colour
        self.made: Counter[str] = Counter()
        self.answers = answers
        self.images_are_there = True

    def handle(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or give an image."""
        if request.method == "GET":
            if not self.images_are_there:
                return httpx.Response(503)
            prompt = request.url.params.get("prompt", "")
            return httpx.Response(200, content=picture(self.colour, prompt), headers={"Content-Type": "image/png"})
        found = _PROMPT.search(request.content)
        assert found
        prompt = found[1].decode()
        self.made[prompt] += 1
        if prompt in self.answers:
            return self.answers[prompt]
        return success(entry(url=f"https://ideogram.ai/i/a.png?prompt={prompt}&sig={'0a' * 32}", prompt=prompt))

    @asynccontextmanager
    async def client(self) -> AsyncGenerator[AsyncIdeogram]:
        """A client of this server."""
        async with httpx.AsyncClient(transport=httpx.MockTransport(self.handle)) as http:
            yield AsyncIdeogram(KEY, base_url=self.base_url, http_client=http, image_client=http, retry=HASTY)

    async def run(self, job: Job, **options: Any) -> RunStopped:
        """Run a batch with this server."""
        async with self.client() as client:
            return await job.run(client, prices=shipped_prices(), **options)


def picture(colour: str, prompt: str) -> bytes:
    """An image of a colour, another one for each prompt."""
    file = io.BytesIO()
    image = Image.new("RGB", (8, 8), colour)
    image.putpixel((0, 0), (len(prompt), sum(prompt.encode()) % 256, 0))
    image.save(file, "PNG")
    return file.getvalue()


def png(colour: str = "red") -> bytes:
    """A small image of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (8, 6), colour).save(file, "PNG")
    return file.getvalue()


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
