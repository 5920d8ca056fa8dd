"""Keeps secrets out of whatever people read: the API key, and the signatures of image links."""

from __future__ import annotations

import base64
import re
from contextlib import suppress
from json import detect_encoding
from types import TracebackType
from typing import Never, cast, final
from urllib.parse import urlsplit, urlunsplit

import httpx

PLACEHOLDER = "[api key]"
_LONGEST_LINK = 500
_NETWORK = frozenset(
    {"anyio", "asyncio", "h11", "h2", "hpack", "httpcore", "httpx", "selectors", "socket", "ssl", "trio", "uvloop"}
)
"""Modules in whose frames the bytes of a request lie, or of an answer; ours are among them."""
_OURS = __name__.rpartition(".")[0]
_SHORTEST_SECRET = 8
"""A shorter key is a stand-in of a test, and would be found inside ordinary words."""
_LONG = 16


@final
class ApiKey:
    """Holds the key so that no repr, format, pickle or copy of it shows the key."""

    __slots__ = ("_spelt", "_spelt_bytes", "_value")

    def __init__(self, value: str) -> None:
        self._value = value
        spelt = "".join(map(_spellings, value)) if len(value) >= _SHORTEST_SECRET else "(?!)"
        encoded = base64.b64encode(value.encode()).decode().rstrip("=")
        self._spelt = re.compile(f"{spelt}|{re.escape(encoded)}" if len(value) >= _SHORTEST_SECRET else spelt)
        self._spelt_bytes = re.compile(self._spelt.pattern.encode())

    def reveal(self) -> str:
        """The key itself. Only the code that sets the request's header calls this."""
        return self._value

    @property
    def may_be_a_word(self) -> bool:
        """Whether the key is so short or common that it can stand in a link by chance: a stand-in, then."""
        return len(self._value) < _LONG or self._value.isalpha() or self._value.isdigit()

    def scrub(self, text: str) -> str:
        """The text with the key replaced, in case a server echoes it, plain or as JSON, HTML and URLs write it."""
        return self._spelt.sub(PLACEHOLDER, text)

    def scrub_bytes(self, data: bytes) -> bytes:
        """The data with the key replaced, in whatever encoding JSON may have."""
        encoding = detect_encoding(data)
        if encoding.startswith("utf-8"):
            return self._spelt_bytes.sub(PLACEHOLDER.encode(), data)
        try:
            text = data.decode(encoding, "surrogatepass")
        except UnicodeDecodeError:
            return self._spelt_bytes.sub(PLACEHOLDER.encode(), data)
        scrubbed = self.scrub(text)
        return data if scrubbed == text else scrubbed.encode(encoding, "surrogatepass")

    def scrub_headers(self, headers: httpx.Headers) -> httpx.Headers:
        """The headers with the key replaced."""
        pairs = [(self.scrub_bytes(name), self.scrub_bytes(value)) for name, value in headers.raw]
        return type(headers)(pairs, encoding=headers.encoding)

    def scrub_exception(self, error: BaseException, *, outer: BaseException | None) -> None:
        """Cut the frames of the network off an exception and all that it carries, and the key out of its arguments.

        The frames of httpx, of h11 and of what they send through hold the request's headers in local variables, which
        debuggers, pytest and error reporters print; their messages quote what a server sent; and httpx hangs the
        request on its exceptions. The frames of a caller's own code stay.

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
            current.__traceback__ = _without_network(current.__traceback__)
            current.args = tuple(self.scrub(value) if isinstance(value, str) else value for value in current.args)
            if isinstance(current, httpx.RequestError):
                _forget_headers(current)
            if current.__context__ is outer:
                current.__context__ = None
            queue += [current.__cause__, current.__context__]
            queue += cast("tuple[BaseException, ...]", getattr(current, "exceptions", ()))

    def __repr__(self) -> str:
        return PLACEHOLDER

    def __reduce__(self) -> Never:
        raise TypeError("an API key is not pickled; make the client where it is used")


def _spellings(character: str) -> str:
    """A pattern of what a character is written as: itself, or escaped as in JSON, in HTML or in a URL."""
    code = ord(character)
    plain = f"\\\\{{0,4}}{re.escape(character)}"
    return rf"(?:{plain}|\\{{1,4}}u(?i:{code:04x})|&#0{{0,6}}{code};|&#[xX]0{{0,6}}(?i:{code:x});|%(?i:{code:02x}))"


def _without_network(traceback: TracebackType | None) -> TracebackType | None:
    """A traceback without the frames in which bytes of a request or an answer lie."""
    frames: list[TracebackType] = []
    while traceback is not None:
        module: str = traceback.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in _NETWORK and module.rpartition(".")[0] != _OURS:
            frames.append(traceback)
        traceback = traceback.tb_next
    for frame in reversed(frames):
        traceback = TracebackType(traceback, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return traceback


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
