"""Collects the body of an API answer in bounded memory."""

from __future__ import annotations

import httpx

from .decoding import Decoder, DecodingError

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""More is no answer of this API, whose bodies have a few kilobytes."""


class BodyCollector:
    """A sink that keeps the body.

    Attributes:
        status: The status, None until the head arrived.
        headers: The headers.
        broken: Why the body is not whole although the transport saw no fault; None otherwise.
    """

    def __init__(self) -> None:
        self.status: int | None = None
        self.headers = httpx.Headers()
        self.broken: str | None = None
        self._body = bytearray()
        self._decoder: Decoder | None = None

    @property
    def body(self) -> bytes:
        """What arrived of the body, decoded as far as possible."""
        return bytes(self._body)

    @property
    def whole(self) -> bool:
        """Whether the body came to its end, provided that the transport saw no fault."""
        return self.broken is None and (self._decoder is None or self._decoder.complete)

    def start(self, status: int, headers: httpx.Headers, *, decoded: bool) -> bool:
        """Take the head of the answer."""
        self.status = status
        self.headers = headers
        if not decoded:
            try:
                self._decoder = Decoder(headers.get("content-encoding", ""))
            except DecodingError as error:
                self.broken = str(error)
        return True

    def feed(self, chunk: bytes) -> bool:
        """Take a piece of the body; False when no more is wanted."""
        if self._decoder is None:
            return self._keep(chunk)
        try:
            return all(self._keep(piece) for piece in self._decoder.decode(chunk))
        except DecodingError as error:
            self.broken = str(error)
            return self._keep(chunk)

    def _keep(self, piece: bytes) -> bool:
        room = MAX_ANSWER_BYTES - len(self._body)
        self._body += piece[:room]
        if len(piece) > room:
            self.broken = f"the body is larger than {MAX_ANSWER_BYTES} bytes"
            return False
        return True
