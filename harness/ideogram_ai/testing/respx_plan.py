"""What an `IdeogramMock` does with the next requests, and what it reports about each of them."""

from __future__ import annotations

import difflib
import inspect
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import httpx
import respx
from attrs import define, frozen
from respx.models import AllMockedAssertionError

from ideogram_ai.client.request import JSON
from ideogram_ai.contract.view import ContractView
from ideogram_ai.generated.operations import OPERATIONS, SERVER_URL

from .mock_responses import Answer
from .multipart import parse_multipart
from .service import ReadRequest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from ideogram_ai.generated.operations import Operation


@frozen
class Call:
    """A request to the service.

    Attributes:
        request: The request as it was sent.
        read: The same, as the mock server reads it.
        view: The operation.
    """

    request: httpx.Request
    read: ReadRequest
    view: ContractView


SUBMITS: Final = frozenset(
    name for name, operation in OPERATIONS.items() if operation.result == "job" and operation.method != "GET"
)
"""The operations that submit a job, by their operationId."""
MAKE_IMAGES: Final = SUBMITS | {name for name, operation in OPERATIONS.items() if operation.result == "images"}
"""The operations that make images, at once or as a job."""


Handler = Callable[[Call], Answer | httpx.Response]
"""Returns the response to a request, or raises what the transport would raise."""

When = Literal["connecting", "sending", "waiting", "answering"]
"""How far the exchange gets: no connection, half of the request, no response yet, half of the response."""

TIMEOUTS: Final[Mapping[When, type[httpx.TransportError]]] = {
    "connecting": httpx.ConnectTimeout,
    "sending": httpx.WriteTimeout,
    "waiting": httpx.ReadTimeout,
    "answering": httpx.ReadTimeout,
}
DISCONNECTS: Final[Mapping[When, type[httpx.TransportError]]] = {
    "connecting": httpx.ConnectError,
    "sending": httpx.WriteError,
    "waiting": httpx.RemoteProtocolError,
    "answering": httpx.RemoteProtocolError,
}


@define(eq=False)
class PlannedResponse:
    """What happens to one request or more.

    Attributes:
        name: The method that planned it, for messages.
        handler: Returns the response.
        left: The number of requests that it is still for; None for all that follow.
        operations: The operations that it is for, by their operationId; None for all.
        allows_any_request: Whether a request that breaks the contract is the handler's business, and not a failure.
    """

    name: str
    handler: Handler
    left: int | None
    operations: frozenset[str] | None = None
    allows_any_request: bool = False

    def __str__(self) -> str:
        """Say what is left, for a message."""
        wanted = [OPERATIONS[each].method_name for each in self.operations or ()]
        return f"{self.name}{f' of {wanted[0]}' if len(wanted) == 1 else ''}, {self.left} more"

    def covers(self, other: PlannedResponse) -> bool:
        """Whether it takes every request that the other one could take."""
        if self.operations is None or other.operations is None:
            return self.operations is None
        return other.operations <= self.operations


class ResponsePlan:
    """A queue of planned responses. Safe to use from any thread.

    Args:
        default: What happens when the queue is empty.
    """

    def __init__(self, default: PlannedResponse) -> None:
        self._default = default
        self._queue: deque[PlannedResponse] = deque()
        self._lock = Lock()

    def add(self, planned: PlannedResponse) -> None:
        """Append to the queue.

        Raises:
            ValueError: It is for less than one request, or could never be reached.
        """
        if planned.left is not None and planned.left < 1:
            raise ValueError(f"{planned.name}: times is {planned.left}; pass 1 or more, or None for all that follow.")
        with self._lock:
            for other in self._queue:
                if other.left is None and other.covers(planned):
                    raise ValueError(f"{planned.name} is never reached: {other.name} is for all that follow.")
            self._queue.append(planned)

    def take(self, operation: Operation) -> PlannedResponse:
        """Return what happens to the next request, which is for this operation."""
        with self._lock:
            for planned in self._queue:
                if planned.operations is None or operation.operation_id in planned.operations:
                    if planned.left is not None:
                        planned.left -= 1
                        if not planned.left:
                            self._queue.remove(planned)
                    return planned
            return self._default

    def drop_unused(self) -> list[str]:
        """Empty the queue, and return the names of what was not used."""
        with self._lock:
            unused = [str(planned) for planned in self._queue if planned.left is not None]
            self._queue.clear()
            return unused


def to_response(answer: Answer) -> httpx.Response:
    """Convert an answer of the mock server to httpx's type."""
    content_type = {"Content-Type": "application/json"} if answer.body else {}
    return httpx.Response(answer.status, headers=content_type | dict(answer.headers), content=answer.body)


def failing(
    kinds: Mapping[When, type[httpx.TransportError]], name: str, when: When, whole: Callable[[Call], Answer]
) -> Handler:
    """Return a handler that raises the error of a point; `whole` makes the response of which half arrives.

    Raises:
        ValueError: There is no such point.
    """
    if when not in kinds:
        raise ValueError(f"{name}: there is no {when!r}; when is one of {', '.join(kinds)}.")
    kind = kinds[when]

    def handler(call: Call) -> httpx.Response:
        error = kind(name, request=call.request)
        if when == "connecting":
            _report(call.request, "connection.connect_tcp.failed", error)
        if when != "answering":
            raise error
        response = to_response(whole(call))
        half = response.content[: len(response.content) // 2]
        return httpx.Response(response.status_code, headers=response.headers, stream=_BrokenStream(half, error))

    return handler


def _report(request: httpx.Request, event: str, error: Exception) -> None:
    """Emit the trace event that httpx's transports emit: the client trusts it, and not the class of the error."""
    trace = request.extensions.get("trace")
    reported = trace(event, {"exception": error}) if trace is not None else None
    if inspect.iscoroutine(reported):
        with suppress(StopIteration):  # it awaits nothing
            reported.send(None)


class _BrokenStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The beginning of a body, and then an error."""

    def __init__(self, beginning: bytes, error: httpx.TransportError) -> None:
        self._beginning = beginning
        self._error = error

    def __iter__(self) -> Iterator[bytes]:
        yield self._beginning
        raise self._error

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._beginning
        raise self._error


class Router(respx.MockRouter):
    """A router that reports requests without a route, and raises errors without a cause, as a transport does."""

    def __init__(self, on_unmocked: Callable[[httpx.Request], None]) -> None:
        super().__init__(assert_all_called=False)
        self._on_unmocked = on_unmocked

    def handler(self, request: httpx.Request) -> httpx.Response:  # noqa: D102 - the one of respx
        try:
            return super().handler(request)
        except Exception as error:
            self._clean(error, request)
            raise

    async def async_handler(self, request: httpx.Request) -> httpx.Response:  # noqa: D102 - the one of respx
        try:
            return await super().async_handler(request)
        except Exception as error:
            self._clean(error, request)
            raise

    def _clean(self, error: Exception, request: httpx.Request) -> None:
        if isinstance(error, AllMockedAssertionError):
            self._on_unmocked(request)
        # respx 0.23 makes an error that a side effect raises the cause of its own cause: an endless chain.
        error.__cause__ = error.__context__ = None


class ContractBrokenError(AssertionError):
    """The code under test sent a request that the service would refuse."""


def request_problems(call: Call) -> list[str]:
    """List what is wrong with a request, each with the name of the field."""
    return [*_key_problems(call.request, call.view), *_field_problems(call)]


def download_problem(request: httpx.Request, view: ContractView) -> str | None:
    """Return what is wrong with the download of an image; None if nothing is."""
    if view.api_key_header not in request.headers:
        return None
    host = request.url.host
    return f"The header {view.api_key_header} was sent to the image host {host}: the key is for the API alone."


def unmocked_problem(request: httpx.Request) -> str | None:
    """Return what is wrong with any other request; None if it goes to another host than the service's."""
    if request.url.host != urlsplit(SERVER_URL).hostname:
        return None
    asked = f"{request.method} {request.url.path}"
    known = [f"{operation.method} {operation.path}" for operation in OPERATIONS.values()]
    nearest = difflib.get_close_matches(asked, known, n=1, cutoff=0.0)[0]
    return (
        f"{asked} is not an operation of the contract, which has {len(known)}; the nearest is {nearest}. If the test "
        "needs it, mock it with the attribute router."
    )


def _key_problems(request: httpx.Request, view: ContractView) -> Iterator[str]:
    if view.operation.authenticated and not request.headers.get(view.api_key_header, "").strip():
        bearer = " The key came in Authorization, which is not read." if "authorization" in request.headers else ""
        yield f"The header {view.api_key_header} is missing or empty: it carries the key.{bearer}"


def _field_problems(call: Call) -> Iterator[str]:
    view, request = call.view, call.request
    if call.read.refused is not None:
        problem = json.loads(call.read.refused.body)
        yield from dict.fromkeys(error["detail"] for error in problem.get("errors", [problem]))
        return
    if view.operation.media_type in {"", JSON}:
        return
    for part in parse_multipart(request.headers.get("content-type"), request.content, view.operation.media_type):
        rule = view.fields.get(part.name)
        if rule and rule.content_type and part.content_type != rule.content_type:
            came = part.content_type or "missing"
            yield f"{part.name}: the Content-Type of its part is {came}; the contract has {rule.content_type}."
