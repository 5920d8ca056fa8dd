"""A method for each operation for which the client has none that is written by hand.

Typed here, and sent by the client: see `ideogram_ai.client.Ideogram.operations`.

Not here:
    post_generate_image_v4: the client's own method is generate
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from . import operations as _operations

if TYPE_CHECKING:
    import httpx


class Send(Protocol):
    """Sends a request and reads the answer; the asynchronous client's returns an awaitable."""

    def __call__(
        self,
        operation: _operations.Operation,
        fields: Mapping[str, object],
        *,
        extra_fields: Mapping[str, object] | None,
        timeout: float | httpx.Timeout | None,
    ) -> Any: ...


class Methods:
    """The contract's other operations.

    Args:
        send: Sends a request and reads the answer.
    """

    def __init__(self, send: Send) -> None:
        self._send = send


class AsyncMethods:
    """The contract's other operations, to be awaited.

    Args:
        send: Sends a request and reads the answer.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
