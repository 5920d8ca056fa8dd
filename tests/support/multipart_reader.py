"""Reads multipart bodies with python-multipart, which shares no code with what wrote them."""

from dataclasses import dataclass, field
from typing import Any

import httpx
from python_multipart.multipart import MultipartParser, parse_options_header


@dataclass
class Part:
    """A part of a body.

    Attributes:
        headers: Its header lines by name in lower case.
        options: The options of Content-Disposition; `name`, and `filename` if there is one.
        data: Its bytes.
    """

    headers: dict[str, str] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)
    data: bytes = b""

    @property
    def name(self) -> str:
        """The name of the form field."""
        return self.options["name"]

    @property
    def content_type(self) -> str | None:
        """The part's own media type."""
        return self.headers.get("content-type")


def boundary_of(request: httpx.Request) -> bytes:
    """The boundary that the request declares."""
    media_type, options = parse_options_header(request.headers["content-type"])
    assert media_type == b"multipart/form-data"
    return options[b"boundary"]


def read_parts(request: httpx.Request) -> list[Part]:
    """The parts of a request's body, in order."""
    parts: list[Part] = []
    ended: list[bool] = []
    name = bytearray()
    value = bytearray()

    def end_header() -> None:
        parts[-1].headers[name.decode().lower()] = value.decode()
        name.clear()
        value.clear()

    def end_headers() -> None:
        disposition, options = parse_options_header(parts[-1].headers["content-disposition"].encode())
        assert disposition == b"form-data"
        parts[-1].options = {key.decode(): text.decode() for key, text in options.items()}

    def add_data(data: bytes, start: int, end: int) -> None:
        parts[-1].data += data[start:end]

    callbacks: Any = {
        "on_part_begin": lambda: parts.append(Part()),
        "on_header_field": lambda data, start, end: name.extend(data[start:end]),
        "on_header_value": lambda data, start, end: value.extend(data[start:end]),
        "on_header_end": end_header,
        "on_headers_finished": end_headers,
        "on_part_data": add_data,
        "on_end": lambda: ended.append(True),
    }
    parser = MultipartParser(boundary_of(request), callbacks)
    assert parser.write(request.content) == len(request.content)
    assert ended, "the body has no closing boundary"
    return parts
