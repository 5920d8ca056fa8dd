"""Where the images of the service lie, as the contract's example has it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from ideogram_ai.contract.view import ContractView


def link_origin(view: ContractView) -> str:
    """Scheme and host of image links, from the first example that has a link."""
    urls: list[str | None] = [image.get("url") for body in view.responses[200].examples for image in body["data"]]
    parts = urlsplit(next(url for url in urls if url))
    return f"{parts.scheme}://{parts.netloc}"
