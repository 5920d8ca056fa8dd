"""The failures that the drift check expects and explains."""

from __future__ import annotations

from regeneration.documents import shorten


class DriftError(Exception):
    """It cannot be told whether anything changed. The message is one printable line, whatever the document holds."""

    def __init__(self, message: str) -> None:
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in shorten(message, 1000)))
