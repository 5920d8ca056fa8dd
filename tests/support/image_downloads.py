"""Downloads from the fault server, for the tests that watch what becomes of the file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from both_clients import Shell, image_at, run

from ideogram_ai.client import DownloadError, RetryPolicy
from ideogram_ai.testing.faults import Fault, FaultServer, Phase
from ideogram_ai.testing.faults.wire import AVIF, GIF, JPEG, WEBP, png

PNG = png()
OTHER_PNG = png(seed=1)
HALF = len(PNG) // 2
WHOLE_IMAGES = (PNG, OTHER_PNG, JPEG, WEBP, AVIF, GIF)
"""Every image that a fault server sends whole."""


def download(shell: Shell, server: FaultServer, path: Path, *, query: str = "", **settings: Any) -> Path:
    """Save the server's image.

    Args:
        shell: Which client.
        server: The image host, and the API.
        path: Where to.
        query: What follows the image's path in the link.
        settings: Arguments of the client, and `overwrite` and `max_bytes` of the download.
    """
    image = image_at(server.image_url + query)
    options = {name: settings.pop(name) for name in ("overwrite", "max_bytes") if name in settings}
    every: dict[str, Any] = {"base_url": server.url, "retry": RetryPolicy(max_attempts=4), "timeout": 20, **settings}
    saved: Path = run(shell, lambda client: client.download(image, path, **options), **every)
    return saved


def refusal(shell: Shell, server: FaultServer, path: Path, **settings: Any) -> DownloadError:
    """The error of a download that must fail."""
    with pytest.raises(DownloadError) as caught:
        download(shell, server, path, **settings)
    return caught.value


def doing(act: Callable[[], object], *, then: Callable[[Any], object] | None = None) -> Fault:
    """Send half of the image, do something, and then the other half or whatever `then` does."""

    def run_act(exchange: Any) -> None:
        exchange.read_request()
        exchange.send(f"HTTP/1.1 200 OK\r\nContent-Length: {len(PNG)}\r\n\r\n".encode() + PNG[:HALF])
        act()
        if then is None:
            exchange.send(PNG[HALF:])
        else:
            then(exchange)

    return Fault("doing", "Does something in the middle of an image.", Phase.IN_ANSWER, False, run_act)


def wait(exchange: Any) -> None:
    """Send nothing more."""
    exchange.connection.wait_for_end()
