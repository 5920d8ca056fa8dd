"""What an IdeogramMock does with the requests to come, one step after the other."""

from __future__ import annotations

import inspect
import json
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from itertools import count
from threading import Lock
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

import httpx
from attrs import define

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, SERVER_URL

from .mock_responses import Answer, announcing_answer, json_answer, no_key_answer
from .multipart import parse_multipart
from .recording import Exchange, Ledger, redact_headers
from .service import Generator, ImageStore, ReadRequest, link_origin, read_request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from ideogram_ai.contract.view import ContractView

    from .mock_responses import Answer
    from .service import ReadRequest


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


class MockedService:
    """Reads requests, answers them and enters them into a ledger.

    Attributes:
        view: The contract.
        ledger: Every generate request.
    """

    def __init__(self) -> None:
        self.view = read_view()
        self.ledger = Ledger()
        images = ImageStore(self.view.link_folder, self.view.link_suffix)
        self._generator = Generator(self.view, images, in_flight=1, latency=0.0)
        self._origin = link_origin(self.view)
        self._numbers = count(1)

    def read(self, request: httpx.Request) -> ReadRequest:
        """Read and judge the body of a generate request."""
        return read_request(self.view, request.headers.get("content-type"), request.content)

    def succeed(self, _request: httpx.Request, read: ReadRequest) -> httpx.Response:
        """Make an image."""
        return to_response(self._run(read))

    def withhold(self, _request: httpx.Request, read: ReadRequest) -> httpx.Response:
        """Make an image and withhold it."""
        answer = self._run(read)
        if answer.status != 200:
            return to_response(answer)
        body = json.loads(answer.body)
        data = [image | {"is_image_safe": False, "url": None} for image in body["data"]]
        return to_response(json_answer(200, body | {"data": data}, "withheld"))

    def deprecate(self, _request: httpx.Request, read: ReadRequest) -> httpx.Response:
        """Make an image, and say that a newer operation follows."""
        answer = self._run(read)
        return to_response(announcing_answer(self.view, answer) if answer.status == 200 else answer)

    def judge(self, request: httpx.Request, read: ReadRequest) -> httpx.Response:
        """Do what the mock server would do."""
        if not has_key(request, self.view):
            return to_response(no_key_answer(self.view, bearer="authorization" in request.headers))
        return to_response(read.refused or self._run(read))

    def enter(self, request: httpx.Request, read: ReadRequest, status: int | None, why: str) -> None:
        """Enter a request into the ledger.

        Args:
            request: The request.
            read: Its fields.
            status: Status of the answer; None if there was none.
            why: Why it was answered so.
        """
        headers, _ = redact_headers(request.headers.items(), self.view.api_key_header)
        now = datetime.now(UTC)
        self.ledger.put(
            Exchange(
                number=next(self._numbers),
                method=request.method,
                path=request.url.path,
                headers=headers,
                fields=read.fields,
                status=status,
                why=why,
                billed=self.view.operation.billed.get(status or 0) is True,
                remarks=read.remarks,
                received_at=now,
                answered_at=now,
            )
        )

    def _run(self, read: ReadRequest) -> Answer:
        """The mock server's answer to a sound request. It waits for nothing, so one step of the coroutine is all."""
        run = self._generator.run(read.fields, self._origin)
        try:
            run.send(None)
        except StopIteration as stop:
            answer: Answer = stop.value
            return answer
        raise RuntimeError("the mock server waited for something")


class ContractBrokenError(AssertionError):
    """The code under test sent a request that the service would refuse."""


def find_complaints(request: httpx.Request, read: ReadRequest, view: ContractView) -> list[str]:
    """What is wrong with a generate request, each with the field's name; nothing for one that keeps the contract.

    Args:
        request: The request as it was sent.
        read: Its body as the mock server reads it.
        view: The contract.
    """
    key = [] if has_key(request, view) else [_about_key(request, view)]
    return [*key, *_about_fields(request, read, view)]


def has_key(request: httpx.Request, view: ContractView) -> bool:
    """Whether the request carries a key where the contract has it."""
    return bool(request.headers.get(view.api_key_header, "").strip())


def find_image_complaint(request: httpx.Request, view: ContractView) -> str | None:
    """What is wrong with the download of an image."""
    if view.api_key_header not in request.headers:
        return None
    host = request.url.host
    return f"The header {view.api_key_header} was sent to the image host {host}: the key is for the API alone."


def find_stranger_complaint(request: httpx.Request, view: ContractView) -> str | None:
    """What is wrong with a request that is neither; nothing if it goes to another host than the service's."""
    if request.url.host != urlsplit(SERVER_URL).hostname:
        return None
    operation = view.operation
    others = {(other.method, other.path) for other in OPERATIONS.values()}
    what = (
        "is not played here, where there is"
        if (request.method, request.url.path) in others
        else "is no operation of the contract, which has"
    )
    return (
        f"{request.method} {request.url.path} {what} {operation.method} {operation.path}. If the test means it, mock "
        "it with the attribute router."
    )


def _about_key(request: httpx.Request, view: ContractView) -> str:
    bearer = " The key came in Authorization, which is not read." if "authorization" in request.headers else ""
    return f"The header {view.api_key_header} is missing or empty: it carries the key.{bearer}"


def _about_fields(request: httpx.Request, read: ReadRequest, view: ContractView) -> Iterator[str]:
    if read.refused is not None:
        problem = json.loads(read.refused.body)
        yield from dict.fromkeys(error["detail"] for error in problem.get("errors", [problem]))
        return
    for part in parse_multipart(request.headers.get("content-type"), request.content, view.operation.media_type):
        rule = view.fields.get(part.name)
        if rule and rule.content_type and part.content_type != rule.content_type:
            came = part.content_type or "missing"
            yield f"{part.name}: the Content-Type of its part is {came}; the contract has {rule.content_type}."
