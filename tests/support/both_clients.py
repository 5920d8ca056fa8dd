"""Both clients on real sockets, used in the same way: the synchronous one, and the other one on each event loop."""

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Literal
from unittest.mock import patch

import anyio
import anyio.lowlevel
import httpx
import pytest

from ideogram_ai.client import AsyncIdeogram, GeneratedImage, Ideogram, Timing
from ideogram_ai.testing.faults import FAULTS, IMAGE_FAULTS

Shell = Literal["sync", "asyncio", "trio"]
SHELLS: tuple[Shell, ...] = ("sync", "asyncio", "trio")
KEY = "sentinel-3f9c2b7d51e84a06"
"""A key that stands in no other text."""
HURRY = 0.2
"""Seconds of silence that a client bears from a server that says nothing: less than the faults' interval."""


def patience(fault: str) -> float:
    """Seconds of silence that a client bears from a server of this fault: few only where nothing more would come."""
    known = FAULTS.get(fault) or IMAGE_FAULTS.get(fault)
    return HURRY if known is not None and known.needs_limit else 20.0


def hurried(shell: Shell, **changes: Any) -> Timing:
    """Time in which pauses between attempts take none."""
    return Timing(**({"sleep": _no_pause if shell == "sync" else _no_async_pause} | changes))


def _no_pause(_seconds: float) -> None:
    pass


async def _no_async_pause(_seconds: float) -> None:
    await anyio.lowlevel.checkpoint()


def run(
    shell: Shell,
    use: Callable[[Any], Any],
    *,
    lend: Mapping[str, Any] | None = None,
    lend_as: Sequence[str] = ("http_client",),
    **settings: Any,
) -> Any:
    """Open the shell's client, hand it to `use`, and return what that returns or, for the async client, awaits.

    The key comes from the environment, so that no frame of a test holds it.

    Args:
        shell: Which client, on which event loop.
        use: What is done with it.
        lend: Options of an HTTP client of the caller's; without them the client makes its own.
        lend_as: The arguments that it is given as.
        settings: Arguments of the client.
    """
    every: dict[str, Any] = {"timing": hurried(shell), **settings}
    with patch.dict(os.environ, IDEOGRAM_API_KEY=KEY), ExitStack() as stack:
        if shell == "sync":
            if lend is not None:
                every |= dict.fromkeys(lend_as, stack.enter_context(httpx.Client(**lend)))
            return use(stack.enter_context(Ideogram(**every)))

        async def main() -> Any:
            async with AsyncExitStack() as stack:
                if lend is not None:
                    every.update(dict.fromkeys(lend_as, await stack.enter_async_context(httpx.AsyncClient(**lend))))
                return await use(await stack.enter_async_context(AsyncIdeogram(**every)))

        return anyio.run(main, backend=shell)


def generate(client: Any) -> Any:
    """Ask for an image."""
    return client.generate(text_prompt="A photo of a cat")


def download_errors(shell: Shell, links: Sequence[str], path: Path, **settings: Any) -> list[BaseException]:
    """Download every link with one client, and return the errors. A link that is saved is a failure."""
    errors: list[BaseException] = []

    def use(client: Any) -> Any:
        for link in links:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - the test judges it
                client.download(image_at(link), path)
            errors.append(caught.value)

    async def use_async(client: Any) -> None:
        for link in links:
            with pytest.raises(Exception) as caught:  # noqa: PT011 - the test judges it
                await client.download(image_at(link), path)
            errors.append(caught.value)

    run(shell, use if shell == "sync" else use_async, **settings)
    return errors


def image_at(url: str | None, *, safe: bool = True) -> GeneratedImage:
    """An image as an answer names it."""
    return GeneratedImage(url=url, prompt="A photo of a cat", resolution="64x64", seed=1, is_image_safe=safe)
