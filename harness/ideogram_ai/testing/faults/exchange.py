"""A fault, the request that it acts on, and the ledger of what was received."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from ..routes import find_operation, path_parameters
from . import wire
from .wire import END_OF_HEAD, Response, find_header, parse_headers, parse_request_line

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Operation

    from .wire import Connection, Headers

_RANGE: Final = re.compile(r"bytes=(\d*)-(\d*)")


class Phase(StrEnum):
    """When a fault strikes."""

    CONNECT = "connect"
    BEFORE_REQUEST = "before the request is read"
    DURING_REQUEST = "while the request is read"
    AFTER_REQUEST = "after the request was read"
    IN_ANSWER = "in the answer"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a server behaves, as data and as a function.

    Attributes:
        name: Name in the table.
        does: What the server does, in one sentence.
        phase: When it strikes.
        may_have_run: Whether a request that was read whole and met this fault may have run, and been billed. False
            if the fault strikes before the whole request is read, and if the response says that it did not run.
        act: Called with the exchange, in the connection's thread. Not called for the two faults that never accept a
            connection. In the phase CONNECT it is called when the connection was accepted, with an exchange whose
            number is 0; if it keeps the connection, it is called again for the first request.
        status: Status code of the response, if there is one.
        needs_limit: A client needs a limit of its own against it: a timeout, a deadline or a size.
        harmless: The response is a complete and correct 200, so a client has no reason to fail.
        by_status: The response is complete, so the contract's word about its status decides whether a request may have
            run; `may_have_run` is that of a generate request.
    """

    name: str
    does: str
    phase: Phase
    may_have_run: bool
    act: Callable[[Exchange], None] = field(repr=False, compare=False)
    status: int | None = None
    needs_limit: bool = False
    harmless: bool = False
    by_status: bool = False

    def may_run(self, operation: Operation) -> bool:
        """Whether a request for this operation that was read whole and met this fault may have run."""
        if self.by_status and self.status is not None:
            return status_may_have_run(self.status, operation)
        return self.may_have_run and status_may_have_run(HTTPStatus.OK, operation)


def status_may_have_run(status: int, operation: Operation = POST_GENERATE_IMAGE_V4) -> bool:
    """Whether a request with this response may have run: not if the contract says not billed, nor for a redirect.

    A 303 is the exception among redirects: it follows a POST that was processed.
    """
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return status == HTTPStatus.SEE_OTHER
    return operation.billed.get(status) is not False


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """One request as the server received it.

    Attributes:
        number: Number in the order of arrival, from 1.
        connection: Number of the connection that brought it, from 1.
        fault: Name of the fault that it met.
        method: Method; empty if too little of the request arrived to know it.
        target: Request target; empty if the head was not read.
        operation: The operationId of the contract's operation that it is for; empty if there is none, or if the head
            was not read.
        head_read: Whether the whole head was read.
        whole_request_read: Whether the head and the whole body were read.
        may_have_run: Whether a service may have run, and billed, the request: it is a POST, it was read to its end,
            its operation costs money, and it met no fault that rules that out, such as a 429. A POST to a path that the
            contract does not have is taken for a generate request.
        sent: Bytes of the response that were passed to the kernel.
        raw: The bytes that were read. They contain the API key if the client sent it.
    """

    number: int
    connection: int
    fault: str
    method: str
    target: str
    operation: str
    head_read: bool
    whole_request_read: bool
    may_have_run: bool
    sent: int
    raw: bytes = field(repr=False)

    @property
    def headers(self) -> Headers:
        """The headers in their order, with names as they were written. Any of them may be a secret."""
        return parse_headers(self.raw)

    def header(self, name: str) -> str | None:
        """The first header with this name, ignoring case."""
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
    """What a server has received so far. `raw` and `requests` contain the API key if the client sent it.

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
        """The POSTs, whether they were read or not."""
        return tuple(request for request in self.requests if request.method == "POST")

    @property
    def gets(self) -> tuple[ReceivedRequest, ...]:
        """The GETs."""
        return tuple(request for request in self.requests if request.method == "GET")

    @property
    def polls(self) -> tuple[ReceivedRequest, ...]:
        """The GETs of operations of the contract: all but those of images."""
        return tuple(request for request in self.gets if request.operation)

    @property
    def may_have_run(self) -> int:
        """How many POSTs may have run, and been billed. More than 1 for one image is money lost."""
        return sum(request.may_have_run for request in self.requests)

    @property
    def raw(self) -> bytes:
        """All bytes that were read, in the order of arrival of the requests."""
        return b"".join(request.raw for request in self.requests)


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """The arguments of the server that faults use.

    Attributes:
        url: URL of the server, without a slash at the end.
        image_url: URL of the image in a good response, without a query.
        interval: Seconds between two bytes of a drip.
        location: Target of redirects of the POST.
        expanded_size: Bytes that a compression bomb expands to.
    """

    url: str
    image_url: str
    interval: float
    location: str
    expanded_size: int


class MalformedRequestError(ValueError):
    """The request is not HTTP/1.1."""


class Exchange:
    """One request and its response. It reads exactly what it says, and not a byte more.

    Attributes:
        number: Number of the request, from 1; 0 when a connection was accepted and no request has come.
        connection: The connection, to close, reset or hold it.
        fault: The fault that the request meets.
        settings: The arguments of the server.
        method: Method, as far as it is known.
        target: Request target, as far as it is known.
        keeps_connection: Whether the server waits for another request on the connection.
    """

    def __init__(
        self, number: int, connection: Connection, fault: Fault, settings: ServerSettings, peeked: bytes
    ) -> None:
        self.number = number
        self.connection = connection
        self.fault = fault
        self.settings = settings
        self.method = parse_request_line(peeked)[0] if b" " in peeked else ""
        self.target = ""
        self.keeps_connection = False
        self._raw = bytearray()
        self._head_read = False
        self._body_read = False
        self._sent = 0

    def read_head(self) -> None:
        """Read to the end of the head."""
        self._read_until(END_OF_HEAD)
        self._head_read = True
        self.method, self.target = parse_request_line(self._raw)

    def read_half(self) -> None:
        """Read the head and half of the body; of a chunked body, the size of its first chunk."""
        self.read_head()
        if self._is_chunked():
            self._read_until(b"\r\n")
        else:
            self._read_to(len(self._raw) + self._content_length() // 2)

    def read_request(self) -> None:
        """Read the whole request."""
        if not self._head_read:
            self.read_head()
            if (self.header("Expect") or "").lower() == "100-continue":
                self.send(b"HTTP/1.1 100 Continue\r\n\r\n")
        if self._is_chunked():
            self._read_chunks()
        else:
            self._read_to(self._raw.index(END_OF_HEAD) + len(END_OF_HEAD) + self._content_length())
        self._body_read = True

    def send(self, data: bytes) -> None:
        """Pass the data to the kernel."""
        self.connection.send(data)
        self._sent += len(data)

    def drip(self, data: bytes) -> None:
        """Send one byte each interval."""
        for byte in data:
            self.send(bytes((byte,)))
            self.connection.pause(self.settings.interval)

    def answer(self, answer: Response) -> None:
        """Send a correct response, and keep the connection unless one side says that it closes."""
        self.keep_connection(answer)
        self.send(answer.head_with_length() if self.method == "HEAD" else answer.whole())

    def keep_connection(self, answer: Response) -> None:
        """Wait for another request after this response unless one side says that it closes."""
        values = (self.header("Connection"), find_header(answer.headers, "Connection"))
        self.keeps_connection = not any((value or "").lower() == "close" for value in values)

    def good_answer(self) -> Response:
        """The response of a good server: the contract's example, or the image or its range to any other GET.

        A job gets an id of its own when it is submitted, and is completed when it is asked for.
        """
        operation = self.operation
        if operation is None and self.method in {"GET", "HEAD"}:
            return self.image_answer(wire.png())
        return wire.success(self.settings.image_url, operation, self.job_id)

    @property
    def operation(self) -> Operation | None:
        """The operation that the request is for, as far as its target is known; None if the contract has none."""
        return find_operation(self.method, self.target) if self.target else None

    @property
    def job_id(self) -> str:
        """The id of the job that the request is about: that in its path, or a new one."""
        operation = self.operation
        parameters = path_parameters(operation, self.target) if operation is not None else {}
        return next(iter(parameters.values()), f"job-{self.number}")

    def image_answer(
        self,
        image: bytes,
        *,
        resumable: bool = True,
        content_type: str = "image/png",
        validators: Headers | None = None,
    ) -> Response:
        """The image, or the requested range of it.

        Args:
            image: The bytes.
            resumable: False to ignore ranges.
            content_type: Its media type.
            validators: Headers in place of a correct ETag; If-Range is then ignored.
        """
        etag = f'"{zlib.crc32(image):08x}"'
        version: Headers = (("ETag", etag),) if validators is None else validators
        headers: Headers = (("Content-Type", content_type), *version, ("Accept-Ranges", "bytes"))
        requested = _RANGE.fullmatch(self.header("Range") or "") if resumable else None
        changed = validators is None and (self.header("If-Range") or etag) != etag
        if requested is None or not any(requested.groups()) or changed:
            return Response(200, image, headers)
        size = len(image)
        if requested[1]:
            first, last = int(requested[1]), min(int(requested[2] or size), size - 1)
        else:
            first, last = max(0, size - int(requested[2])), size - 1
        if first > last:
            return Response(416, headers=(("Content-Range", f"bytes */{size}"),))
        return Response(206, image[first : last + 1], (*headers, ("Content-Range", f"bytes {first}-{last}/{size}")))

    def header(self, name: str) -> str | None:
        """The first header of the request with this name, ignoring case."""
        return find_header(parse_headers(self._raw), name)

    def receipt(self) -> ReceivedRequest:
        """What is known about the request now, for the ledger."""
        operation = self.operation
        may_run = self.fault.may_run(operation or POST_GENERATE_IMAGE_V4)
        return ReceivedRequest(
            number=self.number,
            connection=self.connection.number,
            fault=self.fault.name,
            method=self.method,
            target=self.target,
            operation=operation.operation_id if operation is not None else "",
            head_read=self._head_read,
            whole_request_read=self._body_read,
            may_have_run=self._body_read and may_run and self.method == "POST",
            sent=self._sent,
            raw=bytes(self._raw),
        )

    def _is_chunked(self) -> bool:
        return "chunked" in (self.header("Transfer-Encoding") or "").lower()

    def _content_length(self) -> int:
        return _parse_length(self.header("Content-Length") or "0", 10)

    def _read_chunks(self) -> None:
        while True:
            start = len(self._raw)
            self._read_until(b"\r\n")
            size = _parse_length(self._raw[start:].split(b";")[0].decode("latin-1"), 16)
            if not size:
                break
            self._read_to(len(self._raw) + size + 2)
        while not self._raw.endswith(END_OF_HEAD):  # trailers, and the empty line
            self._read_until(b"\r\n")

    def _read_to(self, length: int) -> None:
        while len(self._raw) < length:
            self._raw += self.connection.read(length - len(self._raw))

    def _read_until(self, mark: bytes) -> None:
        """Read to the end of the next `mark`, byte by byte: what follows stays in the kernel."""
        self._read_to(len(self._raw) + 1)
        while not self._raw.endswith(mark):
            self._read_to(len(self._raw) + 1)


Step = Callable[[Exchange], object]
"""A part of what a fault does. Methods of Exchange are steps."""
Write = Callable[[Response], bytes]
Make = Callable[[Exchange], Response]


def fault_of(
    name: str,
    does: str,
    *steps: Step,
    phase: Phase = Phase.IN_ANSWER,
    may_have_run: bool = True,
    status: int | None = 200,
    **flags: bool,
) -> Fault:
    """Make a fault that takes these steps, one after the other; `flags` are those of a Fault."""

    def act(exchange: Exchange) -> None:
        for step in steps:
            step(exchange)

    return Fault(name, does, phase, may_have_run, act, status, **flags)


def response_fault(name: str, does: str, *steps: Step, **options: Any) -> Fault:
    """Make a fault that reads the whole request before its steps; the options are those of `fault_of`."""
    return fault_of(name, does, Exchange.read_request, *steps, **options)


def sends(data: bytes | Write) -> Step:
    """Send these bytes, or the good response as this function writes it."""
    return lambda exchange: exchange.send(data if isinstance(data, bytes) else data(exchange.good_answer()))


def sends_slowly(pieces: Callable[[Response], Iterable[bytes]]) -> Step:
    """Send one piece of the good response each interval."""

    def step(exchange: Exchange) -> None:
        for piece in pieces(exchange.good_answer()):
            exchange.send(piece)
            exchange.connection.pause(exchange.settings.interval)

    return step


def answers(make: Make) -> Step:
    """Send a complete response."""
    return lambda exchange: exchange.answer(make(exchange))


def refuses(status: int) -> Make:
    """The contract's example of a response with this status, or problem details."""
    return lambda exchange: wire.refusal(status, exchange.operation)


def ends(end: Callable[[Connection], None]) -> Step:
    """End the connection, or leave it as it is, with a method of Connection."""
    return lambda exchange: end(exchange.connection)


def _parse_length(text: str, base: int) -> int:
    try:
        length = int(text.strip(), base)
    except ValueError:
        raise MalformedRequestError(f"length is not a number: {text[:20]!r}") from None
    if length < 0:
        raise MalformedRequestError(f"negative length: {length}")
    return length
