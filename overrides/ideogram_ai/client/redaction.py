"""Keeps secrets out of whatever people read: the API key, and the signatures of image links."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Never, cast, final
from urllib.parse import quote, urlsplit, urlunsplit

import httpx

PLACEHOLDER = "[api key]"
_LONGEST_LINK = 500
_SHORTEST_SECRET = 8
"""A shorter key is a stand-in of a test, and would be found inside ordinary words."""


@final
class ApiKey:
    """Holds the key so that no repr, format, pickle or copy of it shows the key."""

    __slots__ = ("_spellings", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        escaped = {json.dumps(value)[1:-1], repr(value)[1:-1], value.replace("/", "\\/"), quote(value, safe="")}
        self._spellings = (value, *sorted(escaped - {value})) if len(value) >= _SHORTEST_SECRET else ()

    def reveal(self) -> str:
        """The key itself. Only the code that sets the request's header calls this."""
        return self._value

    def scrub(self, text: str) -> str:
        """The text with the key replaced, in case a server echoes it, plain or as JSON and URLs write it."""
        for spelling in self._spellings:
            text = text.replace(spelling, PLACEHOLDER)
        return text

    def scrub_bytes(self, data: bytes) -> bytes:
        """The data with the key replaced."""
        for spelling in self._spellings:
            data = data.replace(spelling.encode(), PLACEHOLDER.encode())
        return data

    def scrub_headers(self, headers: httpx.Headers) -> httpx.Headers:
        """The headers with the key replaced."""
        pairs = [(self.scrub_bytes(name), self.scrub_bytes(value)) for name, value in headers.raw]
        return type(headers)(pairs, encoding=headers.encoding)

    def scrub_exception(self, error: BaseException, *, outer: BaseException | None) -> None:
        """Cut the frames off an exception and all that it carries, and the key out of its arguments.

        The frames of httpx, httpcore and h11 hold the request's headers in local variables, which debuggers, pytest and
        error reporters print; their messages quote what a server sent; and httpx hangs the request on its exceptions.

        Args:
            error: The exception.
            outer: What was being handled before, which is none of our business; None for nothing.
        """
        seen = {id(outer)}
        queue: list[BaseException | None] = [error]
        while queue:
            current = queue.pop()
            if current is None or id(current) in seen:
                continue
            seen.add(id(current))
            current.__traceback__ = None
            current.args = tuple(self.scrub(value) if isinstance(value, str) else value for value in current.args)
            if isinstance(current, httpx.RequestError):
                _forget_headers(current)
            queue += [current.__cause__, current.__context__]
            queue += cast("tuple[BaseException, ...]", getattr(current, "exceptions", ()))

    def __repr__(self) -> str:
        return PLACEHOLDER

    def __reduce__(self) -> Never:
        raise TypeError("an API key is not pickled; make the client where it is used")


def _forget_headers(error: httpx.RequestError) -> None:
    with suppress(RuntimeError):  # it has no request
        error.request = httpx.Request(error.request.method, error.request.url.copy_with(query=None))


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
