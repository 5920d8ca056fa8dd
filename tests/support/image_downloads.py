"""Downloads from the fault server, for the tests that watch what becomes of the file."""

import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from driver import Driver, Kind, image_at
from PIL import Image

from ideogram_ai.client import DownloadError, RetryPolicy
from ideogram_ai.testing.faults import Fault, FaultServer, Phase
from ideogram_ai.testing.faults.wire import AVIF, GIF, JPEG, WEBP, png

PNG = png()
OTHER_PNG = png(seed=1)
HALF = len(PNG) // 2
WHOLE_IMAGES = (PNG, OTHER_PNG, JPEG, WEBP, AVIF, GIF)
"""Every image that a fault server sends whole."""


def noise(width: int = 64, height: int = 48, seed: int = 0) -> Image.Image:
    """Noise, which no format makes small."""
    return Image.frombytes("RGB", (width, height), random.Random(seed).randbytes(3 * width * height))


def drawn(kind: str, *pages: Image.Image, **options: Any) -> bytes:
    """Noise as an image of this format, or these pages in one file."""
    first, *more = pages or (noise(),)
    file = io.BytesIO()
    every: dict[str, Any] = {"save_all": True, "append_images": more} if more else {}
    first.save(file, kind, **every, **options)
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    """A chunk of a PNG, with its length and checksum."""
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def download(
    kind: Kind, server: FaultServer, path: Path, *, query: str = "", safe: bool = True, **settings: Any
) -> Path:
    """Save the server's image.

    Args:
        kind: Which client.
        server: The image host, and the API.
        path: Where to.
        query: What follows the image's path in the link.
        safe: Whether the response called the image safe.
        settings: Arguments of the client, and `overwrite` and `max_bytes` of the download.
    """
    options = {name: settings.pop(name) for name in ("overwrite", "max_bytes") if name in settings}
    every: dict[str, Any] = {"base_url": server.url, "retry": RetryPolicy(max_attempts=4), "timeout": 20, **settings}
    with Driver(kind, **every) as client:
        return client.download(image_at(server.image_url + query, safe=safe), path, **options)


def refusal(kind: Kind, server: FaultServer, path: Path, **settings: Any) -> DownloadError:
    """The error of a download that must fail."""
    with pytest.raises(DownloadError) as caught:
        download(kind, server, path, **settings)
    return caught.value


def acting(act: Callable[[Any], object]) -> Fault:
    """Read the request of an image, and then do what `act` does with the exchange."""

    def read_and_act(exchange: Any) -> None:
        exchange.read_request()
        act(exchange)

    return Fault("acting", "Does what a test wants.", Phase.IN_ANSWER, False, read_and_act)


def sending(*pieces: bytes) -> Fault:
    """Send these bytes, head and all."""
    return acting(lambda exchange: exchange.send(b"".join(pieces)))


def head(length: int | None, *headers: str) -> bytes:
    """The head of a 200 with this length."""
    lengths = [] if length is None else [f"Content-Length: {length}"]
    return "\r\n".join(["HTTP/1.1 200 OK", *lengths, *headers, "", ""]).encode()


def chunked(*pieces: bytes) -> bytes:
    """Pieces of a body, each in a chunk."""
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


def doing(act: Callable[[], object], *, then: Callable[[Any], object] | None = None) -> Fault:
    """Send half of the image, do something, and then the other half or whatever `then` does."""

    def run_act(exchange: Any) -> None:
        exchange.send(head(len(PNG)) + PNG[:HALF])
        act()
        if then is None:
            exchange.send(PNG[HALF:])
        else:
            then(exchange)

    return acting(run_act)


def wait(exchange: Any) -> None:
    """Send nothing more."""
    exchange.connection.wait_for_end()
