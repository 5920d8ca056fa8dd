"""Keeps secrets out of whatever people read: the API key, and the signatures of image links."""

from __future__ import annotations

from typing import TYPE_CHECKING, Never, cast, final
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    import httpx

PLACEHOLDER = "[api key]"
_LONGEST_LINK = 500
_SHORTEST_SECRET = 8
"""A shorter key is a stand-in of a test, and would be found inside ordinary words."""


@final
class ApiKey:
    """Holds the key so that no repr, format, pickle or copy of it shows the key."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The key itself. Only the code that sets the request's header calls this."""
        return self._value

    def scrub_bytes(self, data: bytes) -> bytes:
        """The data with the key replaced, in case a server echoes it."""
        return data.replace(self._value.encode(), PLACEHOLDER.encode()) if self._is_secret else data

    def scrub_headers(self, headers: httpx.Headers) -> httpx.Headers:
        """The headers with the key replaced, in case a server echoes it."""
        if not self._is_secret or not any(self._value in value for value in headers.values()):
            return headers
        pairs = [(name, value.replace(self._value, PLACEHOLDER)) for name, value in headers.multi_items()]
        return type(headers)(pairs, encoding=headers.encoding)

    @property
    def _is_secret(self) -> bool:
        return len(self._value) >= _SHORTEST_SECRET

    def __repr__(self) -> str:
        return PLACEHOLDER

    def __reduce__(self) -> Never:
        raise TypeError("an API key is not pickled; make the client where it is used")


def shorten_link(url: str | None) -> str:
    """A link without its signed query string and without user information, for messages."""
    if not url:
        return repr(url)
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "a link that cannot be read"
    return printable(urlunsplit((parts.scheme, host, parts.path, "..." if parts.query else "", ""))[:_LONGEST_LINK])


def printable(text: str) -> str:
    """A text of a server without what drives a terminal or cannot be encoded, for messages."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def strip_tracebacks(error: BaseException) -> None:
    """Cut the frames off an exception and all that it carries.

    The frames of httpx, httpcore and h11 hold the request's headers in local variables, which debuggers, pytest and
    error reporters print. Types and messages stay.
    """
    seen: set[int] = set()
    queue: list[BaseException | None] = [error]
    while queue:
        current = queue.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.__traceback__ = None
        queue += [current.__cause__, current.__context__]
        queue += cast("tuple[BaseException, ...]", getattr(current, "exceptions", ()))
