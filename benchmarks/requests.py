"""The request that every client of a benchmark sends."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Final

from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4

KEY = "a-key-of-the-benchmarks"
PATH = POST_GENERATE_IMAGE_V4.path
PROMPT: Final = "A photo of a cat that sleeps on a windowsill, in the evening"
RESOLUTION: Final = "1024x1024"
FIELDS = {"text_prompt": PROMPT, "resolution": RESOLUTION}
HEADERS = {API_KEY_HEADER: KEY, "Accept": "application/json", "Accept-Encoding": "identity"}
FILES = [(name, (None, value.encode())) for name, value in FIELDS.items()]
"""The fields as httpx takes them."""


def multipart(boundary: str = "a-boundary-that-no-prompt-has") -> tuple[str, bytes]:
    """The content type and the body, written out."""
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in FIELDS.items()
    ]
    return f"multipart/form-data; boundary={boundary}", ("".join(parts) + f"--{boundary}--\r\n").encode()


def missing(*modules: str) -> list[str]:
    """Notes on the peers that are not installed."""
    return [f"{name} is not installed, and left out" for name in modules if find_spec(name) is None]
