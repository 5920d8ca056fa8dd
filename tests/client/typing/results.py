"""Answers, errors, downloads and async as type checkers see them. `# error: ...` marks what must be refused."""

from datetime import datetime  # noqa: TC003 - a program as people write them
from pathlib import Path

from ideogram_ai.client import (
    AsyncIdeogram,
    GeneratedImage,
    Generation,
    Ideogram,
    IdeogramError,
    PromptError,
    RateLimitError,
    RetryPolicy,
    save_sidecar,
)


def synchronous() -> None:
    with Ideogram("a-key", base_url="https://api.ideogram.ai", timeout=5.0) as client:
        generation = client.generate(text_prompt="a cat")
        image: GeneratedImage = generation.images[0]
        created: datetime | None = generation.created
        raw: bytes = generation.raw
        expiry: datetime | None = image.expires_at
        saved: Path = client.download(image, "cat.png", overwrite=True)
        sidecar: Path = save_sidecar(generation, image, saved, embed=True)
        print(created, raw, expiry, sidecar)
        client.download(generation, "cat.png")  # error: a generation is no image
        client.download(image)  # error: no place
        client.download(image, 7)  # error: no path
        generation.images = ()  # error: frozen
        number: int = image.seed  # error: perhaps None
        print(number, image.withheld.upper())  # error: a boolean
        print(generation.imgs)  # error: misspelt
        image.seed = 8  # error: frozen


async def asynchronous() -> None:
    async with AsyncIdeogram() as client:
        generation: Generation = await client.generate(text_prompt="a cat", resolution="2048x2048")
        also: Generation = await client.generate(json_prompt={"a": [1]}, text_prompt=None)
        path: Path = await client.download(generation.images[0], Path("cat.png"))
        print(also, path)
        await client.generate()  # error: neither
        await client.generate(text_prompt="a", json_prompt={})  # error: both
        await client.generate(text_prompt="a", resolution="1x1")  # error: no such size
        await client.generate(text_prompt="a", sed=1)  # error: misspelt
        print(client.generate(text_prompt="a").images)  # error: not awaited
        with client:  # error: async with
            pass


def errors() -> None:
    try:
        Ideogram().generate(text_prompt="a")
    except PromptError as error:
        print(error.case == "both", error.message.upper())
    except RateLimitError as error:
        seconds: float | None = error.retry_after
        print(seconds, error.status_code + 1, error.headers["x"], error.body.hex())
        print(error.case)  # error: another error's attribute
    except IdeogramError as error:
        billed: bool = error.may_have_been_billed
        print(billed)
        print(error.status_code)  # error: not every error has one


policy = RetryPolicy(max_attempts=3, retry_possibly_billed=True)
policy.max_attempts = 4  # error: frozen
RetryPolicy(attempts=3)  # error: misspelt
Ideogram(http_client=AsyncIdeogram())  # error: no HTTP client
Ideogram("a-key", "https://api.ideogram.ai")  # error: by keyword alone
