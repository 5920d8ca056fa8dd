"""What an IdeogramMock does with the requests to come, one step after the other."""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal

import httpx
from attrs import define

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from .generation import ReadRequest
    from .server_answers import Answer


Act = Callable[[httpx.Request, "ReadRequest"], httpx.Response]
"""Answers a request, or raises what the transport would raise."""

When = Literal["connecting", "sending", "waiting", "answering"]
"""How far an exchange got: not connected, the request not whole, no answer yet, half of an answer."""

_TIME_OUTS: Final[Mapping[When, type[httpx.TransportError]]] = {
    "connecting": httpx.ConnectTimeout,
    "sending": httpx.WriteTimeout,
    "waiting": httpx.ReadTimeout,
    "answering": httpx.ReadTimeout,
}
_BREAKS: Final[Mapping[When, type[httpx.TransportError]]] = {
    "connecting": httpx.ConnectError,
    "sending": httpx.WriteError,
    "waiting": httpx.RemoteProtocolError,
    "answering": httpx.RemoteProtocolError,
}


@define
class Step:
    """What is done with one request or more.

    Attributes:
        word: How it was asked for, for messages.
        act: What is done.
        left: For how many requests; None for every one from now on.
        judges: Whether a request that breaks the contract is a case for the act, and no fault of the test.
    """

    word: str
    act: Act
    left: int | None
    judges: bool = False


class Plan:
    """The steps to come. Safe to use from any thread.

    Args:
        last: What is done when nothing else is planned.
    """

    def __init__(self, last: Step) -> None:
        self._last = last
        self._steps: deque[Step] = deque()
        self._lock = Lock()

    def add(self, step: Step) -> None:
        """Plan a step behind the others.

        Raises:
            ValueError: It is for less than one request, or would never have its turn.
        """
        if step.left is not None and step.left < 1:
            raise ValueError(f"{step.word}: times is {step.left}; give 1 or more, or None for every request to come.")
        with self._lock:
            if self._steps and self._steps[-1].left is None:
                raise ValueError(f"{step.word} would never have its turn: {self._steps[-1].word} is for all requests.")
            self._steps.append(step)

    def take(self) -> Step:
        """The step for the next request."""
        with self._lock:
            if not self._steps:
                return self._last
            step = self._steps[0]
            if step.left is not None:
                step.left -= 1
                if not step.left:
                    self._steps.popleft()
            return step

    def drop_unused(self) -> list[str]:
        """Forget the steps that no request asked for, and say which they were."""
        with self._lock:
            unused = [f"{step.word}, {step.left} more" for step in self._steps if step.left is not None]
            self._steps.clear()
            return unused


def to_response(answer: Answer) -> httpx.Response:
    """An answer as httpx has it."""
    content_type = {"Content-Type": "application/json"} if answer.body else {}
    return httpx.Response(answer.status, headers=content_type | dict(answer.headers), content=answer.body)


def give(answer: Answer) -> Act:
    """An act that gives this answer to whatever was asked."""
    return lambda _request, _read: to_response(answer)


def time_out(when: When, whole: Act) -> Act:
    """An act that ends in silence.

    Args:
        when: How far the exchange gets before.
        whole: Makes the answer of which half arrives.
    """
    return _fail(_TIME_OUTS[when], f"time_out({when})", when, whole)


def break_off(when: When, whole: Act) -> Act:
    """An act that ends in a broken connection.

    Args:
        when: How far the exchange gets before.
        whole: Makes the answer of which half arrives.
    """
    return _fail(_BREAKS[when], f"break_off({when})", when, whole)


def _fail(kind: type[httpx.TransportError], word: str, when: When, whole: Act) -> Act:
    def act(request: httpx.Request, read: ReadRequest) -> httpx.Response:
        error = kind(word, request=request)
        if when == "connecting":
            _report(request, "connection.connect_tcp.failed", error)
        if when != "answering":
            raise error
        response = whole(request, read)
        half = response.content[: len(response.content) // 2]
        return httpx.Response(response.status_code, headers=response.headers, stream=_Cut(half, error))

    return act


def _report(request: httpx.Request, event: str, error: Exception) -> None:
    """Report how far the request got, as httpx's transports do: a client goes by that, and not by the error's class."""
    trace = request.extensions.get("trace")
    reported = trace(event, {"exception": error}) if trace is not None else None
    if inspect.iscoroutine(reported):
        with suppress(StopIteration):  # it waits for nothing
            reported.send(None)


class _Cut(httpx.SyncByteStream, httpx.AsyncByteStream):
    """The beginning of a body, and then an error."""

    def __init__(self, beginning: bytes, failure: httpx.TransportError) -> None:
        self._beginning = beginning
        self._failure = failure

    def __iter__(self) -> Iterator[bytes]:
        yield self._beginning
        raise self._failure

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._beginning
        raise self._failure
