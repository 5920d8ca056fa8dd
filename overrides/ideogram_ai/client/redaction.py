"""Keeps secrets out of messages, exceptions and logs: the API key, and the signatures of image links."""

from __future__ import annotations

import base64
import logging
import re
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from json import detect_encoding
from types import TracebackType
from typing import TYPE_CHECKING, Never, cast, final
from urllib.parse import urlsplit, urlunsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Generator

PLACEHOLDER = "[api key]"
_LONGEST_LINK = 500
_NETWORK = frozenset(
    {"anyio", "asyncio", "h11", "h2", "hpack", "httpcore", "httpx", "selectors", "socket", "ssl", "trio", "uvloop"}
)
"""Packages whose frames hold the bytes of a request or response in local variables; this package is another one."""
_OURS = __name__.rpartition(".")[0]
_SHORTEST_SECRET = 8
"""A shorter key is a placeholder of a test, and would match inside ordinary words."""
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
        """Whether the key is so short or common that it can occur in a link by chance."""
        return len(self._value) < _LONG or self._value.isalpha() or self._value.isdigit()

    def scrub(self, text: str) -> str:
        """Replace the key in a text that a server may have echoed it into, plain or escaped for JSON, HTML or URLs."""
        return self._spelt.sub(PLACEHOLDER, text)

    def scrub_bytes(self, data: bytes) -> bytes:
        """Replace the key in data, in any encoding that JSON may have."""
        encoding = detect_encoding(data)
        if not encoding.startswith("utf-8"):
            with suppress(UnicodeDecodeError):
                text = data.decode(encoding, "surrogatepass")
                scrubbed = self.scrub(text)
                return data if scrubbed == text else scrubbed.encode(encoding, "surrogatepass")
        return self._spelt_bytes.sub(PLACEHOLDER.encode(), data)

    def scrub_headers(self, headers: httpx.Headers) -> httpx.Headers:
        """Replace the key in headers."""
        pairs = [(self.scrub_bytes(name), self.scrub_bytes(value)) for name, value in headers.raw]
        return headers if pairs == headers.raw else type(headers)(pairs, encoding=headers.encoding)

    def scrub_exception(self, error: BaseException, *, outer: BaseException | None) -> None:
        """Remove the network's frames and the key from an exception and all that it is chained to.

        The frames of httpx, h11 and what they send through hold the request's headers in local variables, which
        debuggers, pytest and error reporters print; their messages quote what a server sent; and httpx attaches the
        request to its exceptions. The frames of the caller's own code stay.

        Args:
            error: The exception.
            outer: The exception that was being handled before the call; it is left alone. None if there was none.
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
                with suppress(RuntimeError):  # it has no request
                    url = current.request.url.copy_with(query=None)
                    current.request = httpx.Request(current.request.method, url)
            if current.__context__ is outer:
                current.__context__ = None
            queue += [current.__cause__, current.__context__]
            queue += cast("tuple[BaseException, ...]", getattr(current, "exceptions", ()))

    def __repr__(self) -> str:
        return PLACEHOLDER

    def __reduce__(self) -> Never:
        raise TypeError("an API key is not pickled; make the client where it is used")


def _spellings(character: str) -> str:
    """A pattern for the ways to write a character: as it is, or escaped for JSON, HTML or a URL."""
    code = ord(character)
    plain = f"\\\\{{0,4}}{re.escape(character)}"
    return rf"(?:{plain}|\\{{1,4}}u(?i:{code:04x})|&#0{{0,6}}{code};|&#[xX]0{{0,6}}(?i:{code:x});|%(?i:{code:02x}))"


def _without_network(traceback: TracebackType | None) -> TracebackType | None:
    frames: list[TracebackType] = []
    while traceback is not None:
        module: str = traceback.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in _NETWORK and module.rpartition(".")[0] != _OURS:
            frames.append(traceback)
        traceback = traceback.tb_next
    for frame in reversed(frames):
        traceback = TracebackType(traceback, frame.tb_frame, frame.tb_lasti, frame.tb_lineno)
    return traceback


def shorten_link(url: str | None) -> str:
    """A link without its signed query string and user information, for messages."""
    if not url:
        return repr(url)
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
    except ValueError:
        return "a link that cannot be read"
    return printable(urlunsplit((parts.scheme, host, parts.path, "..." if parts.query else "", ""))[:_LONGEST_LINK])


def printable(text: str) -> str:
    """A server's text without control characters and what cannot be encoded, for messages."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


_PARTS = ("connection", "http11", "http2", "proxy", "socks")
_LOGGERS = tuple(map(logging.getLogger, ("httpx", *(f"httpcore.{part}" for part in _PARTS))))
_QUERY = re.compile(r"\?[^\s'\"<>]+")
_key: ContextVar[ApiKey | None] = ContextVar("key", default=None)


class _LogFilter(logging.Filter):
    """Redacts records that are logged inside redacted_logs, and no others."""

    def filter(self, record: logging.LogRecord) -> bool:
        key = _key.get()
        if key is not None:
            record.msg = _QUERY.sub("?...", key.scrub(record.getMessage()))
            record.args = ()
        return True


_log_filter = _LogFilter()


@contextmanager
def redacted_logs(key: ApiKey) -> Generator[None]:
    """Redact what httpx and httpcore log in this block: httpcore logs response headers, and httpx logs links."""
    outer = _key.get()
    try:
        for each in _LOGGERS:
            each.addFilter(_log_filter)  # adds it once, however often it is called
        _key.set(key)
        yield
    finally:
        _key.set(outer)
