"""Serves bytes whole or in part (RFC 9110, Range), so that a client can resume a download."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.datastructures import Headers

_ONE_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


def bytes_response(content: bytes, media_type: str, request_headers: Headers) -> Response:
    """Answer a GET or HEAD with the part that its Range header asks for: 200, 206 or 416.

    A Range of several parts, or one that cannot be read, is ignored, as the RFC allows; so is one whose If-Range is
    not the present entity tag.

    Args:
        content: The whole.
        media_type: Its media type.
        request_headers: Headers of the request.
    """
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"accept-ranges": "bytes", "etag": tag}
    bounds = _bounds(request_headers.get("range", ""), len(content))
    if bounds is None or request_headers.get("if-range", tag) != tag:
        return Response(content, 200, headers, media_type)
    first, last = bounds
    if first > last:
        return Response(b"", 416, headers | {"content-range": f"bytes */{len(content)}"})
    headers["content-range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers, media_type)


def _bounds(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte; the first is the greater one if there are none to serve. None for what is no range."""
    found = _ONE_RANGE.fullmatch(wanted)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
