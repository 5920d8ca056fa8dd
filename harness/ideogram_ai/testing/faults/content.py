"""What a good answer holds: the contract's example, and a PNG."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import time
import zlib
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .wire import Answer, reason_phrase

if TYPE_CHECKING:
    from .wire import Headers

JSON: Final = ("Content-Type", "application/json")
HTML: Final = ("Content-Type", "text/html; charset=UTF-8")
_LIFE_OF_LINKS: Final = 24 * 60 * 60


@cache
def _responses() -> dict[str, Any]:
    operation = POST_GENERATE_IMAGE_V4
    responses: dict[str, Any] = read_contract()["paths"][operation.path][operation.method.lower()]["responses"]
    return responses


def _first_example(status: int) -> Any:
    """The first example of the body that the contract has for a status; None where it has none."""
    content = _responses().get(str(status), {}).get("content", {}).get(JSON[1], {})
    examples: list[dict[str, Any]] = list(content.get("examples", {}).values())
    return examples[0]["value"] if examples else None


def generation(image_url: str) -> Answer:
    """The contract's example of a 200, with links to this image that are signed and good for a day.

    Args:
        image_url: Address of the image, without a query.
    """
    query = f"exp={int(time.time()) + _LIFE_OF_LINKS}&sig={hashlib.sha256(image_url.encode()).hexdigest()}"
    example = _first_example(200)
    data = [entry | {"url": f"{image_url}?{query}"} for entry in example["data"]]
    return Answer(200, _dump(example | {"data": data}), (JSON,))


def refusal(status: int) -> Answer:
    """The contract's example of an answer with this status, or problem details where it has none."""
    headers = _responses().get(str(status), {}).get("headers", {})
    examples: Headers = tuple((name, str(header["example"])) for name, header in headers.items() if "example" in header)
    problem = {"type": "about:blank", "title": reason_phrase(status), "status": status}
    return Answer(status, _dump(_first_example(status) or problem), (JSON, *examples))


def html(status: int) -> Answer:
    """A page as the network in front of a service shows it, whatever the service itself would say."""
    title = f"{status} {reason_phrase(status)}"
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Answer(status, page.encode(), (HTML, ("Server", "cdn")))


@cache
def png(width: int = 64, height: int = 64, seed: int = 0) -> bytes:
    """A valid PNG of RGB noise, which does not compress: some 3 bytes a pixel.

    Args:
        width: Pixels, from 1.
        height: Pixels, from 1.
        seed: Another seed, another picture.
    """
    noise = random.Random(seed)  # noqa: S311 - a picture, no secret
    rows = b"".join(b"\0" + noise.randbytes(3 * width) for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_png_chunk(kind, data) for kind, data in chunks)


def _png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _dump(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
