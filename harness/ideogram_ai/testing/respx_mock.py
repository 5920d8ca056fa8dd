"""A respx router that plays the service for code under test, and checks what that code sends."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING, Any, Self

import httpx
import respx
from respx.models import AllMockedAssertionError

from ideogram_ai.contract.view import read_view

from .images import ImageStore, link_origin
from .mock_responses import Answer, announcing_answer, forced_answer, json_answer, no_key_answer
from .recording import Exchange, ExchangeLog, redact_headers
from .respx_plan import (
    ContractBrokenError,
    Handler,
    PlannedResponse,
    ResponsePlan,
    When,
    disconnecting,
    download_problem,
    has_key,
    request_problems,
    timing_out,
    to_response,
    unmocked_problem,
)
from .service import ImageService, ReadRequest, read_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class IdeogramMock:
    """The service, in this process and for every httpx client in it, sync and async. A context manager.

    Each method plans what happens to the next request. Plans queue up, and when the queue is empty, requests succeed.
    Image links are served too, with a tiny PNG. Nothing reaches the network: a request that is not mocked fails.

    A request that the service would refuse fails the test with the name of the field, whatever was planned for it: an
    AssertionError is raised where the request is sent, and again at the end, in case the code under test caught it.

    A client with a transport of its own (`httpx.Client(transport=...)` with a transport that is not httpx's) is not
    reached.

    Args:
        strict: Whether the test also fails if something was planned and did not happen.

    Attributes:
        strict: The same; it may be changed until the end.
        router: The respx router, to mock other requests with.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self._view = view = read_view()
        self._log = ExchangeLog()
        self._service = ImageService(view, ImageStore(view.link_folder, view.link_suffix))
        self._plan = ResponsePlan(PlannedResponse("succeed", self._succeed, None))
        self._problems: list[str] = []
        self._numbers = count(1)
        self.router: respx.MockRouter = _Router(self._on_unmocked)
        operation, image = view.operation, f"{re.escape(view.link_folder)}[^/]+{re.escape(view.link_suffix)}"
        generate = self.router.route(method=operation.method, path__regex=f"{re.escape(operation.path)}$")
        generate.mock(side_effect=self._on_generate)
        self.router.route(method="GET", path__regex=f"^{image}$").mock(side_effect=self._on_image)

    @property
    def ledger(self) -> list[Exchange]:
        """Every generate request so far, in order of arrival, as MockServer has it, without the key."""
        return self._log.exchanges()

    def succeed(self, *, times: int | None = 1) -> Self:
        """Return an image. As on the mock server, a prompt with UNSAFE_WORD or a similar word gets what it asks for.

        Args:
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self._add("succeed", self._succeed, times)

    def withhold(self, *, times: int | None = 1) -> Self:
        """Withhold the image: a 200 without a link, which is billed.

        Args:
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self._add("withhold", self._withhold, times)

    def deprecate(self, *, times: int | None = 1) -> Self:
        """Return an image, and announce a newer operation in the response's `notice` and headers.

        Args:
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self._add("deprecate", self._deprecate, times)

    def refuse(self, status: int, *, times: int | None = 1) -> Self:
        """Return a status with the example body that the contract has for it.

        Args:
            status: 200 to 599, documented or not.
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self.reply(forced_answer(self._view, status, f"refuse({status})"), times=times)

    def rate_limit(
        self, times: int | None = 1, *, retry_after: float | None = 0, reject_reason: str | None = None
    ) -> Self:
        """Return a 429: too many requests in flight, or another limit.

        Args:
            times: The number of requests, 1 or more; None for all that follow.
            retry_after: Seconds in the header Retry-After; None for no header.
            reject_reason: The limit that was exceeded; None for the one of the contract's example.
        """
        body: dict[str, Any] = dict(self._view.responses[429].examples[0])
        if reject_reason is not None:
            body["reject_reason"] = reject_reason
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        return self.reply(json_answer(429, body, "rate_limit", headers), times=times)

    def time_out(self, when: When = "waiting", *, answer: Answer | None = None, times: int | None = 1) -> Self:
        """Time out, without any delay.

        Args:
            when: How far the exchange gets first.
            answer: The response of which half arrives ("answering"); None for a success.
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self._add(f"time_out({when})", timing_out(when, self._whole(answer)), times)

    def break_off(self, when: When = "waiting", *, answer: Answer | None = None, times: int | None = 1) -> Self:
        """Break the connection.

        Args:
            when: How far the exchange gets first.
            answer: The response of which half arrives ("answering"); None for a success.
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self._add(f"break_off({when})", disconnecting(when, self._whole(answer)), times)

    def reply(self, answer: Answer, *, times: int | None = 1) -> Self:
        """Return this response: for example, one that a strategy drew.

        Args:
            answer: Status, headers and body.
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self._add(answer.why, self._whole(answer), times)

    def judge(self, *, times: int | None = 1) -> Self:
        """Respond as the mock server does: a request that breaks the contract gets a 400 and does not fail the test.

        Args:
            times: The number of requests, 1 or more; None for all that follow.
        """
        return self._add("judge", self._judge, times, allows_any_request=True)

    def verify(self) -> None:
        """Fail if a request broke the contract, or if something was planned and did not happen.

        Leaving the context does the same. Each problem is reported once.

        Raises:
            ContractBrokenError: The service would refuse a request that was sent.
            AssertionError: Something was planned and did not happen.
        """
        problems, unused = self._settle()
        if problems:
            raise ContractBrokenError("\n".join(problems))
        if unused:
            raise AssertionError(f"Planned responses were not requested: {'; '.join(unused)}.")

    def verify_beside(self, error: BaseException) -> None:
        """Add what `verify()` would report about requests to an error that already fails the test."""
        problems, _ = self._settle()
        for problem in problems:
            if problem not in str(error):
                error.add_note(problem)

    def __enter__(self) -> Self:
        self.router.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.router.stop()
        if error is None:
            self.verify()
        else:
            self.verify_beside(error)

    def _settle(self) -> tuple[list[str], list[str]]:
        problems = self._problems[:]
        self._problems.clear()
        unused = self._plan.drop_unused()
        return problems, unused if self.strict else []

    def _add(self, name: str, handler: Handler, times: int | None, *, allows_any_request: bool = False) -> Self:
        self._plan.add(PlannedResponse(name, handler, times, allows_any_request))
        return self

    def _whole(self, answer: Answer | None) -> Handler:
        return self._succeed if answer is None else lambda _request, _read: to_response(answer)

    def _succeed(self, _request: httpx.Request, read: ReadRequest) -> httpx.Response:
        return to_response(self._run(read))

    def _withhold(self, _request: httpx.Request, read: ReadRequest) -> httpx.Response:
        answer = self._run(read)
        if answer.status != 200:
            return to_response(answer)
        body = json.loads(answer.body)
        data = [image | {"is_image_safe": False, "url": None} for image in body["data"]]
        return to_response(json_answer(200, body | {"data": data}, "withheld"))

    def _deprecate(self, _request: httpx.Request, read: ReadRequest) -> httpx.Response:
        answer = self._run(read)
        return to_response(announcing_answer(self._view, answer) if answer.status == 200 else answer)

    def _judge(self, request: httpx.Request, read: ReadRequest) -> httpx.Response:
        if not has_key(request, self._view):
            return to_response(no_key_answer(self._view, bearer="authorization" in request.headers))
        return to_response(read.refused or self._run(read))

    def _run(self, read: ReadRequest) -> Answer:
        return self._service.generate(read.fields, link_origin(self._view))

    def _on_generate(self, request: httpx.Request) -> httpx.Response:
        planned = self._plan.take()
        read = read_request(self._view, request.headers.get("content-type"), request.content)
        status: int | None = None
        try:
            problems = [] if planned.allows_any_request else request_problems(request, read, self._view)
            if problems:
                self._fail(f"The service would refuse this request: {' '.join(problems)}")
            response = planned.handler(request, read)
            status = response.status_code
            return response
        finally:
            self._record(request, read, status, planned.name)

    def _record(self, request: httpx.Request, read: ReadRequest, status: int | None, why: str) -> None:
        headers, _ = redact_headers(request.headers.items(), self._view.api_key_header)
        now = datetime.now(UTC)
        self._log.put(
            Exchange(
                number=next(self._numbers),
                method=request.method,
                path=request.url.path,
                headers=headers,
                fields=read.fields,
                status=status,
                why=why,
                billed=self._view.operation.billed.get(status or 0) is True,
                remarks=read.remarks,
                received_at=now,
                answered_at=now,
            )
        )

    def _on_image(self, request: httpx.Request) -> httpx.Response:
        if problem := download_problem(request, self._view):
            self._fail(problem)
        from .faults.wire import png  # noqa: PLC0415 - loaded by a test that downloads

        return httpx.Response(200, headers={"Content-Type": "image/png"}, content=png(1, 1))

    def _on_unmocked(self, request: httpx.Request) -> None:
        if problem := unmocked_problem(request, self._view):
            self._fail(problem)

    def _fail(self, problem: str) -> None:
        self._problems.append(problem)
        raise ContractBrokenError(problem)


class _Router(respx.MockRouter):
    """A router that reports requests without a route, and raises errors without a cause, as a transport does."""

    def __init__(self, on_unmocked: Callable[[httpx.Request], None]) -> None:
        super().__init__(assert_all_called=False)
        self._on_unmocked = on_unmocked

    def handler(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handler(request)
        except Exception as error:
            self._clean(error, request)
            raise

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
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


def ideogram_mock(*, strict: bool = True) -> IdeogramMock:
    """Return the service for code under test, for a with statement. The pytest fixture of this name does the same.

    Args:
        strict: Whether something that was planned and did not happen fails the test.
    """
    return IdeogramMock(strict=strict)
