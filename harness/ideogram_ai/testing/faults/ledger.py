"""What the fault server has seen: the judge of what may have been paid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .wire import END_OF_HEAD, find_header, parse_headers

if TYPE_CHECKING:
    from .wire import Headers


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as the server saw it.

    Attributes:
        number: Number in the order of arrival, from 1.
        connection: Number of the connection that brought it, from 1.
        fault: Name of the fault that it met.
        method: Method; empty when too little of the request arrived to tell.
        target: Request target; empty when the head was not read.
        head_read: Whether the whole head was read.
        whole_request_read: Whether the head and the whole body were read.
        may_have_run: Whether a service may have run, and billed, the request: it is a POST, the whole of it was read,
            and it met no fault that by its nature says that it did not run (429, say).
        sent: Bytes of the answer that were handed to the kernel.
        raw: The bytes that were read, as they came. They hold the API key if the client sent it.
    """

    number: int
    connection: int
    fault: str
    method: str
    target: str
    head_read: bool
    whole_request_read: bool
    may_have_run: bool
    sent: int
    raw: bytes = field(repr=False)

    @property
    def headers(self) -> Headers:
        """The headers in their order, names as they were written. Any of them may be a secret."""
        return parse_headers(self.raw)

    def header(self, name: str) -> str | None:
        """The first header of this name, case ignored."""
        return find_header(self.headers, name)

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.header("Range")

    @property
    def body(self) -> bytes:
        """What was read of the body, with its transfer coding."""
        return self.raw.partition(END_OF_HEAD)[2]


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a server has seen up to a moment. `raw` and the requests in it hold the API key if the client sent it.

    Attributes:
        connections: How many connections were accepted.
        open_connections: How many of them have not ended.
        requests: Every request of which at least a byte arrived, in the order of arrival.
    """

    connections: int
    open_connections: int
    requests: tuple[ReceivedRequest, ...]

    @property
    def posts(self) -> tuple[ReceivedRequest, ...]:
        """The POSTs that arrived at all, read or not."""
        return tuple(request for request in self.requests if request.method == "POST")

    @property
    def gets(self) -> tuple[ReceivedRequest, ...]:
        """The GETs."""
        return tuple(request for request in self.requests if request.method == "GET")

    @property
    def may_have_run(self) -> int:
        """How many POSTs may have run, and been billed. For one image asked for, more than 1 is money lost."""
        return sum(request.may_have_run for request in self.requests)

    @property
    def raw(self) -> bytes:
        """Everything that was read from clients, in the order of arrival of the requests."""
        return b"".join(request.raw for request in self.requests)
