"""The mock server's ASGI application. It needs asyncio, as uvicorn has it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from typing import TYPE_CHECKING, Any, Final, cast, final
from urllib.parse import unquote, urlsplit
from urllib.request import parse_http_list

from attrs import evolve
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ideogram_ai.contract.view import ContractView, read_view
from ideogram_ai.generated.operations import OPERATIONS

from .mock_responses import Answer, forced_answer, no_key_answer, problem_answer
from .recording import Exchange, Ledger, Recorder, redact_headers
from .service import (
    LINK_LIFE,
    Generator,
    ImageStore,
    LinkRefusal,
    OtherOperation,
    ReadRequest,
    other_operations,
    read_request,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.datastructures import Headers
    from starlette.exceptions import HTTPException
    from starlette.types import Receive, Scope, Send

    from ideogram_ai.generated.operations import Operation


LARGEST_BODY: Final = 16 * 1024 * 1024
"""Bytes of the largest request body; a larger one gets a 413."""

_JSON: Final = "application/json"
_HOST: Final = re.compile(r"[\w.\-]+(:\d+)?|\[[0-9a-fA-F:.]+\](:\d+)?", re.ASCII)
_READ_ON: Final = 4 * LARGEST_BODY  # a client that is still sending does not hear the answer
_LONGEST_LIFE: Final = 100 * 366 * 24 * 60 * 60.0
_Run = Callable[[ReadRequest], Awaitable[Answer]]
Endpoint = Callable[[Request], Awaitable[Response]]
_NO_FIELDS: Final = ReadRequest((), (), None)


def create_app(
    *,
    scenario: Iterable[int] = (),
    latency: float = 0.0,
    in_flight: int | None = None,
    link_life: float = LINK_LIFE,
    ledger: Ledger | None = None,
    recorder: Recorder | None = None,
) -> Starlette:
    """Make the application of the mock server. It reads the contract once, here.

    Args:
        scenario: Statuses, 200 to 599, that the first requests get, one each in order; 200 stands for the normal
            judgement of the request. After the last one everything is judged normally.
        latency: Seconds, 0 or more, that a request takes that is not refused.
        in_flight: How many requests, 0 or more, may be in progress; None for the contract's limit.
        link_life: Seconds, 0 or more, that an image link lives.
        ledger: Where requests are entered, image links left out; None makes one.
        recorder: Where every request is written, of whatever path; None writes nothing. It is not closed.

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
    images = ImageStore(view.link_folder, view.link_suffix, link_life)
    generator = Generator(view, images, in_flight, latency)
    others = list(other_operations())
    mock = MockApplication(generator, check_scenario(scenario), Ledger() if ledger is None else ledger, recorder)
    app = _Application(
        {(view.operation.method, view.operation.path): mock.generate},
        routes=[
            Route(view.operation.path, mock.generate, methods=[view.operation.method]),
            *(
                Route(other.view.operation.path, mock.other(other), methods=[other.view.operation.method])
                for other in others
            ),
            Route(f"{view.link_folder}{{name}}{view.link_suffix}", mock.image, methods=["GET"]),
        ],
        exception_handlers={404: mock.not_served, 405: mock.not_served},
    )
    app.router.redirect_slashes = False  # a redirect would hide a wrong path
    app.state.mock = mock
    return app


class _Application(Starlette):
    """Starlette for pages of any origin, whose layers are passed by on the way to what is asked for most.

    Args:
        direct: Endpoints by method and path. Each has a route too.
        options: As in Starlette.
    """

    def __init__(self, direct: Mapping[tuple[str, str], Endpoint], **options: Any) -> None:
        super().__init__(**options)
        self._direct = direct
        # Every origin by its name, "null" of a file too: a page that sends credentials does not accept a star.
        self._open_to_pages = CORSMiddleware(
            self._answer,
            allow_origin_regex=".*",
            allow_methods=["*"],
            allow_headers=["*"],
            allow_credentials=True,
            allow_private_network=True,
            expose_headers=["*"],
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; see ASGI."""
        if not scope.get("path", "/").startswith("/"):
            scope = _with_origin_form(scope)
        await self._open_to_pages(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._direct.get((scope.get("method", ""), scope.get("path", "")))
        if endpoint is None:
            await super().__call__(scope, receive, send)
        else:
            response = await endpoint(Request(scope, receive))
            await response(scope, receive, send)


@final
class MockApplication:
    """Receives requests, has them judged, and enters them into the ledger and the record.

    Args:
        generator: Runs what the contract allows.
        scenario: Statuses that the first requests get.
        ledger: Where requests are entered, image links left out.
        recorder: Where every request is written.
    """

    def __init__(
        self, generator: Generator, scenario: Iterable[int], ledger: Ledger, recorder: Recorder | None
    ) -> None:
        self.generator = generator
        self.ledger = ledger
        self._view = generator.view
        self._scenario = iter(scenario)
        self._recorder = recorder
        self._numbers = count(1)

    async def generate(self, request: Request) -> Response:
        """The generate operation."""

        async def run(read: ReadRequest) -> Answer:
            return await self.generator.run(read.fields, _base_url(request))

        return await self._operate(request, self._view, run)

    def other(self, operation: OtherOperation) -> Endpoint:
        """The endpoint of another operation."""

        async def run(_read: ReadRequest) -> Answer:
            return operation.answer

        async def endpoint(request: Request) -> Response:
            return await self._operate(request, operation.view, run)

        return endpoint

    async def _operate(self, request: Request, view: ContractView, run: _Run) -> Response:
        exchange, secrets = self._arrived(request)
        self.ledger.put(exchange)
        scripted = next(self._scenario, None)
        read = _NO_FIELDS
        try:
            body = await _read_body(request)
        except ClientDisconnect:
            why = "the client went away before it had sent the whole body"
            self._close(exchange, read, None, why, secrets, operation=view.operation)
            return Response(status_code=400)
        if body is None:
            detail = f"The body is larger than {LARGEST_BODY} bytes."
            answer = problem_answer(view, 413, detail)
        else:
            read = read_request(view, request.headers.get("content-type"), body)
            judged = _judge(request, read, view, scripted)
            answer = await run(read) if judged is None else judged
        self._close(exchange, read, answer.status, answer.why, secrets, operation=view.operation)
        return _response(answer)

    async def image(self, request: Request) -> Response:
        """An image link: drawn when it is fetched."""
        exchange, secrets = self._arrived(request)
        images = self.generator.images
        name: str = request.path_params["name"]
        query = request.query_params
        found = images.find(name, query.get("exp", ""), query.get("sig", ""))
        if isinstance(found, LinkRefusal):
            self._close(exchange, _NO_FIELDS, found.status, found.detail, secrets)
            return _response(problem_answer(self._view, found.status, found.detail))
        content = images.drawn(name)
        if content is None:
            from .drawing import draw_png  # noqa: PLC0415 - Pillow is loaded for the first image only

            content = await asyncio.to_thread(draw_png, found)
            images.keep_drawn(name, content)
        response = bytes_response(content, "image/png", request.headers)
        self._close(exchange, _NO_FIELDS, response.status_code, "an image link", secrets)
        return response

    async def not_served(self, request: Request, error: Exception) -> Response:
        """Another path or method: 404 or 405."""
        refused = cast("HTTPException", error)  # it is registered for these statuses only
        exchange, secrets = self._arrived(request)
        served = ", ".join(f"{operation.method} {operation.path}" for operation in OPERATIONS.values())
        detail = (
            f"{request.method} {exchange.path} is not served. This mock server has {served}, and the image links that "
            "it answers."
        )
        self._close(exchange, _NO_FIELDS, refused.status_code, detail, secrets)
        return _response(problem_answer(self._view, refused.status_code, detail, headers=refused.headers))

    def _arrived(self, request: Request) -> tuple[Exchange, frozenset[str]]:
        headers, secrets = redact_headers(request.headers.items(), self._view.api_key_header)
        exchange = Exchange(
            number=next(self._numbers),
            method=request.method,
            path=request.scope["path"],
            headers=headers,
            fields=(),
            status=None,
            why="in progress",
            billed=False,
            remarks=(),
            received_at=datetime.now(UTC),
            answered_at=None,
        )
        return exchange, secrets

    def _close(
        self,
        exchange: Exchange,
        read: ReadRequest,
        status: int | None,
        why: str,
        secrets: frozenset[str],
        *,
        operation: Operation | None = None,
    ) -> None:
        closed = evolve(
            exchange,
            fields=read.fields,
            remarks=read.remarks,
            status=status,
            why=why,
            billed=operation is not None and operation.billed.get(status or 0) is True,
            answered_at=datetime.now(UTC),
        )
        if operation is not None:
            self.ledger.put(closed)
        if self._recorder:
            self._recorder.write(closed, secrets)


def _judge(request: Request, read: ReadRequest, view: ContractView, scripted: int | None) -> Answer | None:
    """What is answered instead of running the request; None when it may run."""
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
    if not request.headers.get(view.api_key_header, "").strip():
        return no_key_answer(view, bearer="authorization" in request.headers)
    return read.refused


def _response(answer: Answer) -> Response:
    return Response(answer.body, answer.status, dict(answer.headers), _JSON if answer.body else None)


def _with_origin_form(scope: Scope) -> Scope:
    """A request whose target is a whole URL, as if it had the path alone; the URL's host counts (RFC 9112, 3.2.2)."""
    target: bytes = scope["raw_path"]
    try:
        url = urlsplit(target.decode("ascii"))
    except ValueError:
        return scope
    if url.scheme.lower() not in {"http", "https"} or not url.netloc:
        return scope
    headers = [(name, value) for name, value in scope["headers"] if name != b"host"]
    path = url.path or "/"
    return {
        **scope,
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "headers": [(b"host", url.netloc.encode("ascii")), *headers],
    }


def _base_url(request: Request) -> str:
    """Scheme and host as the client wrote them; the address of the socket if it wrote something strange."""
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        address, port = request.scope["server"]
        host = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
    return f"{request.scope['scheme']}://{host}"


async def _read_body(request: Request) -> bytes | None:
    """The whole body, or None when it is too large. It is read to its end even then, so that the answer is heard."""
    body = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= LARGEST_BODY:
            body += chunk
        elif size > _READ_ON:
            break
    return bytes(body) if size <= LARGEST_BODY else None


_ONE_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})-(\d{0,18})\s*", re.IGNORECASE | re.ASCII)


def bytes_response(content: bytes, media_type: str, request_headers: Headers) -> Response:
    """Answer a GET or HEAD with the part that its Range header asks for: 200, 206 or 416.

    A Range of several parts, or one that cannot be read, is ignored, as the RFC allows; so is one whose If-Range is
    not the present entity tag.

    Args:
        content: The whole.
        media_type: Its media type.
        request_headers: Headers of the request.
    """
    tag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"accept-ranges": "bytes", "etag": tag}
    bounds = _bounds(request_headers.get("range", ""), len(content))
    if bounds is None or request_headers.get("if-range", tag) != tag:
        return Response(content, 200, headers, media_type)
    first, last = bounds
    if first > last:
        return Response(b"", 416, headers | {"content-range": f"bytes */{len(content)}"})
    headers["content-range"] = f"bytes {first}-{last}/{len(content)}"
    return Response(content[first : last + 1], 206, headers, media_type)


def _bounds(wanted: str, size: int) -> tuple[int, int] | None:
    """First and last byte; the first is the greater one if there are none to serve. None for what is no range."""
    found = _ONE_RANGE.fullmatch(wanted)
    if found is None or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:  # the last so many bytes
        return max(0, size - int(last)), size - 1
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last), size - 1) if last else size - 1


_STATUSES: Final = range(200, 600)


def parse_scenario(text: str) -> tuple[int, ...]:
    """Read a comma-separated list of statuses, `429,429,200` say.

    Args:
        text: The list; blank means no scenario.

    Raises:
        ValueError: An entry is no status from 200 to 599.
    """
    if not text.strip():
        return ()
    return tuple(_status(entry, "The scenario") for entry in text.split(","))


def check_scenario(statuses: Iterable[int]) -> tuple[int, ...]:
    """Take a scenario from a program.

    Raises:
        ValueError: An entry is no status from 200 to 599.
    """
    return tuple(_status(str(status), "The scenario") for status in statuses)


def preferred_status(prefer: str) -> int | None:
    """The status that a Prefer header (RFC 7240) asks for with `code`, or None. Other preferences are ignored.

    Args:
        prefer: The header's value; values of several headers joined with commas.

    Raises:
        ValueError: The code is no status from 200 to 599.
    """
    for preference in parse_http_list(prefer):
        name, _, value = preference.partition(";")[0].partition("=")
        if name.strip().lower() == "code":
            return _status(value.strip().strip('"'), "The Prefer header")
    return None


def _status(text: str, where: str) -> int:
    text = text.strip()
    if text.isascii() and text.isdecimal() and int(text) in _STATUSES:
        return int(text)
    raise ValueError(f"{where} has {text!r}; a status is a number from {_STATUSES.start} to {_STATUSES.stop - 1}.")
