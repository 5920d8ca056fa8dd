"""What the mock server does with HTTP itself: targets, bodies, ranges of bytes."""

from __future__ import annotations

import re
from collections import deque
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.datastructures import Headers
    from starlette.requests import Request
    from starlette.types import Scope

_HOST: Final = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", re.ASCII)
_PIECE: Final = 4 * 1024 * 1024  # bytes: so large that the system gets the memory back piece by piece
_READ_ON: Final = 64 * 1024 * 1024  # bytes above the largest body: a client that still sends does not read the answer


def sent_path(scope: Scope) -> str:
    """Return the path as it was sent, without that of an application in which this one is mounted."""
    path = (scope.get("raw_path") or quote(scope["path"]).encode()).decode("ascii", "replace")
    return path.removeprefix(quote(scope.get("root_path", "")))


def in_origin_form(scope: Scope) -> Scope:
    """Return the scope of a request whose target is a whole URL with its path as the target, and its host as Host.

    RFC 9112, section 3.2.2: the host of the URL counts, and not that of the header.
    """
    target: bytes = scope.get("raw_path") or b"/"
    if target.startswith(b"/"):
        return scope
    try:
        url = urlsplit(target.decode("ascii"))
    except ValueError:
        return scope
    if url.scheme.lower() not in {"http", "https"} or not url.netloc:
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    path = url.path or "/"
    return {
        **scope,
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "headers": [(b"host", url.netloc.encode("ascii")), *headers],
    }


def base_url_of(request: Request) -> str:
    """Return scheme and host as the client wrote them, or the address of the socket if they are not usable."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        address, port = request.scope["server"]
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"{request.scope['scheme']}://{host}"


async def read_body(request: Request, largest: int) -> deque[bytearray] | None:
    """Read the whole body in pieces; None if it is too large.

    It is read on even then, so that the client reads the answer.
    """
    body: deque[bytearray] = deque()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= largest:
            if not body or len(body[-1]) > _PIECE:
                body.append(bytearray())
            body[-1] += chunk
        elif size > largest + _READ_ON:
            break
    return body if size <= largest else None


_ONE_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


def bytes_response(content: bytes, media_type: str, request_headers: Headers) -> Response:
    """Answer a GET or HEAD with the part that its Range header requests: 200, 206 or 416.

    A Range of several parts, an invalid Range, and a Range whose If-Range is not the current entity tag are ignored,
    as the RFC allows.
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
    """Return first and last byte, the first greater if the range is empty; None if it is not a range."""
    found = _ONE_RANGE.fullmatch(wanted)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1
