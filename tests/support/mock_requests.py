"""Requests for the mock server, written as a client that follows the contract writes them."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from driver import PLAIN

from ideogram_ai.generated.operations import API_KEY_HEADER
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION

KEY = "key-that-no-one-may-see"
HEADERS = {API_KEY_HEADER: KEY}
MEDIA_TYPES = {field.wire_name: field.content_type for field in OPERATION.fields}

Part = tuple[str, tuple[str | None, bytes] | tuple[str | None, bytes, str]]


def part(name: str, value: Any, *, content_type: str | None = None, filename: str | None = None) -> Part:
    """A form field: text and bytes as they are, anything else as JSON, with the media type of the contract."""
    text = value if isinstance(value, str | bytes) else json.dumps(value, ensure_ascii=False)
    data = text.encode() if isinstance(text, str) else text
    content_type = content_type or MEDIA_TYPES.get(name)
    return (name, (filename, data, content_type) if content_type else (filename, data))


def fields(**values: Any) -> list[Part]:
    """A form with these fields, in this order."""
    return [part(name, value) for name, value in values.items()]


def encode(parts: list[Part]) -> tuple[str, bytes]:
    """Content-Type and body of a form."""
    request = httpx.Request("POST", "http://localhost", files=parts)
    return request.headers["content-type"], request.read()


def send(method: str, url: str | httpx.URL, **arguments: Any) -> httpx.Response:
    """Send a request as it is."""
    with httpx.Client(**PLAIN) as client:
        return client.request(method, url, **arguments)


def get(url: str | httpx.URL, **headers: str) -> httpx.Response:
    """Send a GET without the key."""
    return send("GET", url, headers=headers)


def post(base_url: str, parts: list[Part], **headers: str) -> httpx.Response:
    """Send a form with the key."""
    return send("POST", base_url + OPERATION.path, files=parts, headers={**HEADERS, **headers})


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait a minute at most for something that happens in a server's thread."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def json_prompt(*elements: Any, **more: Any) -> dict[str, Any]:
    """A JSON prompt with these elements."""
    parts = {"background": "plain paper", "elements": list(elements)}
    return {"high_level_description": "A poster", **more, "compositional_deconstruction": parts}
