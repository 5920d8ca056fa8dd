"""Reads a request of the program under test off the wire."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from ideogram_ai.contract.decoding import Part, decode_parts
from ideogram_ai.contract.problems import RequestRefusedError
from ideogram_ai.contract.view import read_view

from ...multipart import parse_multipart

if TYPE_CHECKING:
    from ...faults import ReceivedRequest


@frozen
class ReadForm:
    """The form of a request.

    Attributes:
        parts: The parts in wire order; none when it cannot be read.
        items: Name and value of each.
        problems: What cannot be read.
    """

    parts: tuple[Part, ...]
    items: tuple[tuple[str, Any], ...]
    problems: tuple[str, ...]


def read_form(request: ReceivedRequest) -> ReadForm:
    """Take the form of a request apart."""
    view = read_view()
    content_type = request.header("Content-Type")
    try:
        parts = parse_multipart(content_type, body_of(request), view.operation.media_type)
    except RequestRefusedError as error:
        return ReadForm((), (), (error.detail,))
    decoded = decode_parts(parts, view)
    return ReadForm(tuple(parts), tuple(decoded.items), tuple(problem.detail for problem in decoded.problems))


def body_of(request: ReceivedRequest) -> bytes:
    """The body without its transfer coding; the fault server read it whole, so its chunks are sound."""
    if "chunked" not in (request.header("Transfer-Encoding") or "").lower():
        return request.body
    body, rest = b"", request.body
    while True:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if not size:
            return body
        body, rest = body + rest[:size], rest[size + 2 :]


def boundary_of(request: ReceivedRequest) -> str | None:
    """The boundary of the form; None without one."""
    _, found, rest = (request.header("Content-Type") or "").partition("boundary=")
    return rest.split(";")[0].strip('" ') if found else None
