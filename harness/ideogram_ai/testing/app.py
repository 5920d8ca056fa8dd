"""The mock server's ASGI application. It needs asyncio, as uvicorn has it."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final, final
from urllib.parse import unquote
from urllib.request import parse_http_list

from attrs import define, field
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.websockets import WebSocketClose

from ideogram_ai.contract.view import ContractView, read_view
from ideogram_ai.generated.operations import OPERATIONS

from .asgi import base_url_of, bytes_response, in_origin_form, read_body, sent_path
from .images import LINK_LIFE, LinkRefusal
from .jobs import MockJob, deliver
from .mock_responses import STATUSES, Answer, forced_answer, limit_answer, problem_answer
from .recording import Exchange, ExchangeLog, Recorder, close_exchange, new_exchange
from .routes import bare_path, operations_at, path_parameters, path_pattern
from .service import MockService, ReadRequest, read_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from starlette.types import Receive, Scope, Send

    from ideogram_ai.generated.operations import Operation

    from .images import Fields


LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of the largest request body without files; a larger one gets a 413."""
LARGEST_UPLOAD: Final = 64 * 1024 * 1024
"""Bytes of the largest request body of an operation that takes files. The service takes 25 MB for each."""
LARGEST_UPLOADS: Final = 512 * 1024 * 1024
"""Bytes of the largest request body of an operation that takes lists of files. They are kept in memory."""

_JSON: Final = "application/json"
_LONGEST_LIFE: Final = 100 * 366 * 24 * 60 * 60.0
_IMAGE_METHODS: Final = ("GET", "HEAD")
_NO_FIELDS: Final = ReadRequest((), (), None)


def create_app(
    *,
    scenario: Iterable[int] = (),
    latency: float = 0.0,
    in_flight: int | None = None,
    link_life: float = LINK_LIFE,
    ledger: ExchangeLog | None = None,
    recorder: Recorder | None = None,
) -> Starlette:
    """Create the application of the mock server. It reads the contract once, here.

    `scenario`, `latency`, `in_flight` and `link_life` are those of `MockServer`. The `ledger` keeps all requests but
    those of image links. The `recorder` writes every request, also those of other paths; it is not closed.

    Returns:
        The application. Its `state.mock` has the `ledger`.

    Raises:
        ValueError: An argument is out of range.
    """
    view = read_view()
    if in_flight is None:
        in_flight = view.operation.in_flight_limit
    if in_flight is None or in_flight < 0:
        raise ValueError(f"in_flight is {in_flight}; it is the number of requests that may be in progress, 0 or more.")
    if not 0 <= latency < float("inf"):
        raise ValueError(f"latency is {latency}; it is a number of seconds, 0 or more.")
    if not 0 <= link_life < _LONGEST_LIFE:
        raise ValueError(f"link_life is {link_life}; it is a number of seconds from 0 to a hundred years.")
    mock = MockApplication(
        view,
        MockService(latency, link_life),
        in_flight,
        ExchangeLog() if ledger is None else ledger,
        latency,
        iter([_status(str(status), "The scenario") for status in scenario]),
        recorder,
    )
    app = Starlette(
        middleware=[
            # Every origin by its name, including "null" of a file: a page that sends credentials does not accept "*".
            Middleware(
                CORSMiddleware,
                allow_origin_regex=".*",
                allow_methods=["*"],
                allow_headers=["*"],
                allow_credentials=True,
                allow_private_network=True,
                expose_headers=["*"],
            ),
        ]
    )
    app.router.default = mock.serve
    app.state.mock = mock
    return app


@final
@define(eq=False)
class MockApplication:
    """Receives requests, answers them, and records them. Its attributes are the arguments of `create_app`.

    Attributes:
        service: Answers the requests that the contract allows.
        closing: Set when the server shuts down, so that no request waits for the latency.
    """

    _view: ContractView
    service: MockService
    in_flight: int
    ledger: ExchangeLog
    _latency: float
    _scenario: Iterator[int]
    _recorder: Recorder | None
    closing: asyncio.Event = field(factory=asyncio.Event, init=False)
    _running: int = field(default=0, init=False)
    _numbers: Iterator[int] = field(factory=lambda: count(1), init=False)
    _recent: dict[str, deque[float]] = field(factory=dict[str, "deque[float]"], init=False)
    _deliveries: set[asyncio.Task[None]] = field(factory=set["asyncio.Task[None]"], init=False)

    def __attrs_post_init__(self) -> None:
        self.service.jobs.on_webhook = self._deliver_later

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request for any path."""
        if scope["type"] != "http":
            await WebSocketClose()(scope, receive, send)
            return
        scope = in_origin_form(scope)
        request = Request(scope, receive)
        path, method = bare_path(sent_path(scope)), request.method
        here = operations_at(path, whole=True)
        link = path_pattern(f"{self._view.link_folder}{{name}}{self._view.link_suffix}").fullmatch(path)
        if operation := next((each for each in here if each.method == method), None):
            view = self.service.views[operation.operation_id]
            response = await self._operate(request, view, path_parameters(operation, path))
        elif link and method in _IMAGE_METHODS:
            response = await self._image(request, unquote(link[1]))
        else:
            allowed = [each.method for each in here] or (_IMAGE_METHODS if link else ())
            response = self._not_served(request, allowed)
        await response(scope, receive, send)

    async def _operate(self, request: Request, view: ContractView, path: Mapping[str, str]) -> Response:
        arrived = self._arrived(request)
        self.ledger.put(arrived[0])
        scripted = next(self._scenario, None)
        read = _NO_FIELDS
        largest = _largest_body(view)
        try:
            body = await read_body(request, largest)
        except ClientDisconnect:
            why = "the client went away before it had sent the whole body"
            self._close(arrived, None, why, operation=view.operation)
            return Response(status_code=400)
        if body is None:
            answer = problem_answer(view, 413, f"The body is larger than {largest} bytes.")
        else:
            content_type, query = request.headers.get("content-type"), request.query_params.multi_items()
            judge = partial(read_request, view, content_type, body, path=path, query=query)
            read = await asyncio.to_thread(judge) if largest > LARGEST_BODY else judge()
            judged = _judge(request, read, view, scripted)
            answer = await self._run(view, read.fields, base_url_of(request)) if judged is None else judged
        self._close(arrived, answer.status, answer.why, read=read, operation=view.operation, billed=answer.billed)
        return _response(answer)

    async def _run(self, view: ContractView, fields: Fields, base_url: str) -> Answer:
        """Answer a request that the contract allows."""
        operation, service = view.operation, self.service
        if operation.rate_limit is not None and self._is_too_often(operation.operation_id, *operation.rate_limit):
            most, seconds = operation.rate_limit
            return limit_answer(view, f"there were {most} requests in {seconds} seconds")
        takes_files = any(rule.takes_files for rule in view.fields.values())
        refused = (
            await asyncio.to_thread(service.refusal, view, fields) if takes_files else service.refusal(view, fields)
        )
        if refused is not None:
            return refused
        is_counted = operation.in_flight_limit is not None
        if is_counted and self._running + service.jobs.pending >= self.in_flight:
            why = f"{self.in_flight} requests are in progress already"
            return limit_answer(view, why, max_inflight_requests=self.in_flight)
        if operation.method != "POST" or operation.result == "job":
            return service.answer(view, fields, base_url)
        self._running += is_counted
        try:
            if self._latency and await self._interrupted():
                return problem_answer(view, 503, "The mock server was shut down while the request was in progress.")
        finally:
            self._running -= is_counted
        if takes_files:  # looking at a large image takes a second
            return await asyncio.to_thread(service.answer, view, fields, base_url)
        return service.answer(view, fields, base_url)

    def _is_too_often(self, operation_id: str, requests: int, seconds: int) -> bool:
        """Whether there were so many requests in the last seconds; if not, this one is counted."""
        recent, now = self._recent.setdefault(operation_id, deque()), time.monotonic()
        while recent and recent[0] <= now - seconds:
            recent.popleft()
        if len(recent) >= requests:
            return True
        recent.append(now)
        return False

    async def _interrupted(self) -> bool:
        """Wait for the latency, and return whether the server shut down meanwhile."""
        try:
            async with asyncio.timeout(self._latency):
                await self.closing.wait()
        except TimeoutError:
            return False
        return True

    def _deliver_later(self, job: MockJob) -> None:
        task = asyncio.get_running_loop().create_task(self._deliver(job))
        self._deliveries.add(task)  # the loop itself would forget it
        task.add_done_callback(self._deliveries.discard)

    async def _deliver(self, job: MockJob) -> None:
        """Wait for the end of a job and announce its images. The documents do not say that a failure is announced."""
        service = self.service
        await asyncio.sleep(max(0.0, job.ends_at - service.jobs.clock()))
        if job.webhook_url is not None and job.failure_reason is None:
            body = job.announcement(service.images.link)
            await deliver(job.webhook_url, job.generation_id, body, service.signing_key)

    async def _image(self, request: Request, name: str) -> Response:
        """Return the image of a link; it is drawn when it is fetched."""
        arrived, images = self._arrived(request), self.service.images
        query = request.query_params
        found = images.find(name, query.get("exp", ""), query.get("sig", ""))
        if isinstance(found, LinkRefusal):
            self._close(arrived, found.status, found.detail)
            return _response(problem_answer(self._view, found.status, found.detail))
        content = await asyncio.to_thread(images.drawn, name, found)
        response = bytes_response(content, "image/png", request.headers)
        self._close(arrived, response.status_code, "an image link")
        return response

    def _not_served(self, request: Request, allowed: Sequence[str]) -> Response:
        """Answer another path with 404, and another method than those that are allowed here with 405."""
        arrived, status = self._arrived(request), 405 if allowed else 404
        served = ", ".join(f"{operation.method} {operation.path}" for operation in OPERATIONS.values())
        detail = (
            f"{request.method} {arrived[0].path} is not served. This mock server has {served}, and the image links of "
            "its answers."
        )
        self._close(arrived, status, detail)
        headers = {"Allow": ", ".join(allowed)} if allowed else {}
        return _response(problem_answer(self._view, status, detail, headers=headers))

    def _arrived(self, request: Request) -> tuple[Exchange, frozenset[str]]:
        headers, path = request.headers.items(), request.scope["path"]
        return new_exchange(next(self._numbers), request.method, path, headers, self._view.api_key_header)

    def _close(
        self,
        arrived: tuple[Exchange, frozenset[str]],
        status: int | None,
        why: str,
        *,
        read: ReadRequest = _NO_FIELDS,
        operation: Operation | None = None,
        billed: bool | None = None,
    ) -> None:
        exchange, secrets = arrived
        closed = close_exchange(exchange, read, operation, status, why=why, billed=billed)
        if operation is not None:
            self.ledger.put(closed)
        if self._recorder:
            self._recorder.write(closed, secrets)


def _largest_body(view: ContractView) -> int:
    files = [rule for rule in view.fields.values() if rule.takes_files]
    if any(rule.item is not None for rule in files):
        return LARGEST_UPLOADS
    return LARGEST_UPLOAD if files else LARGEST_BODY


def _judge(request: Request, read: ReadRequest, view: ContractView, scripted: int | None) -> Answer | None:
    """Return the answer that replaces the normal one; None if the request may run."""
    wanted, why = scripted or 200, "the scenario has it"
    prefer = request.headers.getlist("prefer")
    if prefer:
        try:
            preferred = preferred_status(", ".join(prefer))
        except ValueError as error:
            return problem_answer(view, 400, str(error))
        if preferred is not None:
            wanted, why = preferred, "the Prefer header asks for it"
    if wanted != 200:
        return forced_answer(view, wanted, why)
    return read.refusal(view, request.headers)


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), _JSON if answer.body else None)


def parse_scenario(text: str) -> tuple[int, ...]:
    """Parse a comma-separated list of statuses, for example `429,429,200`.

    Args:
        text: The list; blank means no scenario.

    Raises:
        ValueError: An entry is not a status from 200 to 599.
    """
    if not text.strip():
        return ()
    return tuple(_status(entry, "The scenario") for entry in text.split(","))


def preferred_status(prefer: str) -> int | None:
    """Return the status that a Prefer header (RFC 7240) requests with `code`, or None. Other preferences are ignored.

    Raises:
        ValueError: The code is not a status from 200 to 599.
    """
    for preference in parse_http_list(prefer):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "code":
            return _status(value.strip().strip('"'), "The Prefer header")
    return None


def _status(text: str, where: str) -> int:
    text = text.strip()
    if text.isascii() and text.isdecimal() and int(text) in STATUSES:
        return int(text)
    raise ValueError(f"{where} has {text!r}; a status is a number from {STATUSES.start} to {STATUSES.stop - 1}.")
