"""Keeps secrets out of what httpx and httpcore log while the client uses them.

httpcore logs the head of every answer, and httpx every address: the key, if a service echoes it, and signed links.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from .redaction import ApiKey

_PARTS = ("connection", "http11", "http2", "proxy", "socks")
_LOGGERS = tuple(map(logging.getLogger, ("httpx", *(f"httpcore.{part}" for part in _PARTS))))
_QUERY = re.compile(r"\?[^\s'\"<>]+")
_key: ContextVar[ApiKey | None] = ContextVar("key", default=None)


class _Redaction(logging.Filter):
    """Changes records that are made inside redacted_logs, and no others."""

    def filter(self, record: logging.LogRecord) -> bool:
        key = _key.get()
        if key is not None:
            record.msg = _QUERY.sub("?...", key.scrub(record.getMessage()))
            record.args = ()
        return True


_redaction = _Redaction()


@contextmanager
def redacted_logs(key: ApiKey) -> Generator[None]:
    """Let httpx and httpcore log without the key, and without the query strings of links, in this block."""
    for each in _LOGGERS:
        each.addFilter(_redaction)  # once only, however often it is called
    token = _key.set(key)
    try:
        yield
    finally:
        _key.reset(token)
