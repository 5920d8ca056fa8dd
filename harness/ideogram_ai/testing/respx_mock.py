"""A respx router that plays the service for code under test, and checks what that code sends."""

from __future__ import annotations

import json
import re
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias
from unittest.mock import patch
from urllib.parse import urlsplit

import httpx
from attrs import evolve

from ideogram_ai.client import waiting
from ideogram_ai.contract.view import find_view, read_view
from ideogram_ai.generated.operations import OPERATIONS, SERVER_URL

from .images import link_origin
from .jobs import FAILURE_REASON
from .mock_responses import STATUSES, Answer, announcing_answer, forced_answer, json_answer
from .recording import Exchange, ExchangeLog, close_exchange, new_exchange
from .respx_plan import (
    DISCONNECTS,
    MAKE_IMAGES,
    SUBMITS,
    TIMEOUTS,
    Call,
    ContractBrokenError,
    Handler,
    PlannedResponse,
    ResponsePlan,
    Router,
    When,
    download_problem,
    failing,
    request_problems,
    to_response,
    unmocked_problem,
)
from .routes import find_operation, path_parameters
from .service import MockService, read_request

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    import respx

    from ideogram_ai.client.jobs import Job
    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

On: TypeAlias = "str | Operation | None"
_HOST: Final = urlsplit(SERVER_URL).hostname
_entered: list[IdeogramMock] = []  # the innermost last


class IdeogramMock:
    """The service, in this process and for every httpx client in it, sync and async. A context manager.

    It has every operation of the contract, and remembers the jobs that are submitted. Each method plans what happens to
    the next request, or to the next one for an operation. Plans queue up, and when none is for a request, it succeeds.
    Image links are served too, with a tiny PNG. Nothing reaches the network: a request that is not mocked fails. Within
    the context, `wait` polls without its usual pauses.

    Each method that plans takes `times`, the number of requests that it plans for, 1 or more; None is for all that
    follow. Its `operation` is the one that it plans for, by the name of the client's method; None is for any to which
    the plan applies.

    A request that the service would refuse fails the test with the name of the field, whatever was planned for it: an
    AssertionError is raised where the request is sent, and again at the end, in case the code under test caught it.

    Where several are entered, the innermost responds: that of a test, and not that of a fixture with a wider scope.

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
        self._log = ExchangeLog()
        self._service = MockService(any_reference=True)  # the code under test may know models and images
        self._plan = ResponsePlan(PlannedResponse("succeed", self._run, None))
        self._problems: list[str] = []
        self._numbers = count(1)
        # No test is to wait for a job that takes no time.
        self._quick_polls = patch.object(waiting, "FIRST_PAUSE", 0.0)
        self.router: respx.MockRouter = Router(self._on_unmocked)
        # One route for all: respx compares each new route with all that there are.
        methods = {each.method for each in OPERATIONS.values()}
        self.router.route(method__in=sorted(methods)).mock(side_effect=self._on_request)
        self._view = view = read_view()
        image = f"^{re.escape(view.link_folder)}([^/]+){re.escape(view.link_suffix)}$"
        self.router.route(method="GET", path__regex=image).mock(side_effect=self._on_image)

    @property
    def ledger(self) -> list[Exchange]:
        """Every request of an operation so far, in order of arrival, as MockServer has it, without the key."""
        return self._log.exchanges()

    def succeed(self, *, times: int | None = 1, operation: On = None) -> Self:
        """Return what was asked for. A prompt with a word such as UNSAFE_WORD gets what it says, as on the server."""
        return self._add("succeed", self._run, times, operation)

    def withhold(self, *, after: int | None = 0, times: int | None = 1, operation: On = None) -> Self:
        """Withhold the image, or that of the job that is submitted: no link, and billed.

        `after` is the number of polls that find the job pending first, None for all.
        """
        return self._add("withhold", partial(self._withhold, polls=after), times, operation, among=MAKE_IMAGES)

    def complete(
        self,
        *,
        after: int | None = 0,
        usage_cost_usd_micros: int | None = None,
        times: int | None = 1,
        operation: On = None,
    ) -> Self:
        """Take a job that is submitted, and complete it after some polls. Without a plan it is completed at the first.

        `after` is the number of polls that find it pending first; with None it never ends. `usage_cost_usd_micros` is
        what the service says that it cost, in millionths of a US dollar.
        """
        handler = partial(self._submit, polls=after, cost=usage_cost_usd_micros)
        return self._add("complete", handler, times, operation, among=SUBMITS)

    def fail(
        self, reason: str = FAILURE_REASON, *, after: int | None = 0, times: int | None = 1, operation: On = None
    ) -> Self:
        """Take a job that is submitted, and let it fail with a `failure_reason` after some polls. It is not billed."""
        handler = partial(self._submit, polls=after, failure_reason=reason)
        return self._add("fail", handler, times, operation, among=SUBMITS)

    def deprecate(self, *, times: int | None = 1, operation: On = None) -> Self:
        """Return what was asked for, and announce a newer operation in the response's `notice` and headers."""
        return self._add("deprecate", self._deprecate, times, operation)

    def refuse(self, status: int, *, times: int | None = 1, operation: On = None) -> Self:
        """Return a status, 200 to 599, documented or not, with the example body that the contract has for it."""
        why = f"refuse({status})"
        if status not in STATUSES:
            raise ValueError(f"{why}: pass a status from {STATUSES.start} to {STATUSES.stop - 1}.")
        return self._add(why, lambda call: forced_answer(call.view, status, why), times, operation)

    def rate_limit(
        self,
        times: int | None = 1,
        *,
        retry_after: float | None = 0,
        reject_reason: str | None = None,
        operation: On = None,
    ) -> Self:
        """Return a 429: too many requests in flight, or the limit that `reject_reason` names.

        Without `retry_after`, in seconds, it has no header Retry-After.
        """

        def limit(call: Call) -> Answer:
            documented = call.view.responses.get(429) or self._view.responses[429]
            body: dict[str, Any] = dict(documented.examples[0])
            if reject_reason is not None:
                body["reject_reason"] = reject_reason
            headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
            return json_answer(429, body, "rate_limit", headers)

        return self._add("rate_limit", limit, times, operation)

    def time_out(
        self, when: When = "waiting", *, answer: Answer | None = None, times: int | None = 1, operation: On = None
    ) -> Self:
        """Time out at a point of the exchange, without a delay; "answering": after half of the answer, or a success."""
        name = f"time_out({when})"
        return self._add(name, failing(TIMEOUTS, name, when, self._whole(answer)), times, operation)

    def break_off(
        self, when: When = "waiting", *, answer: Answer | None = None, times: int | None = 1, operation: On = None
    ) -> Self:
        """Break the connection at a point of the exchange; "answering": after half of the answer, or of a success."""
        name = f"break_off({when})"
        return self._add(name, failing(DISCONNECTS, name, when, self._whole(answer)), times, operation)

    def reply(self, answer: Answer, *, times: int | None = 1, operation: On = None) -> Self:
        """Return this response: for example, one that a strategy drew."""
        if not isinstance(answer, Answer):  # pyright: ignore[reportUnnecessaryIsInstance] - people pass httpx.Response
            raise TypeError(f"reply takes an Answer(status, body, why, headers), not a {type(answer).__name__}.")
        return self._add(answer.why, self._whole(answer), times, operation)

    def judge(self, *, times: int | None = 1, operation: On = None) -> Self:
        """Respond as the mock server does: a request that breaks the contract gets a 400 and does not fail the test."""
        return self._add("judge", self._judge, times, operation, allows_any_request=True)

    def webhook(self, job: str | Job) -> tuple[dict[str, str], bytes]:
        """Return headers and body of the webhook that announces a job, for the code that receives it.

        It is signed with a key of the key set that `client.webhook_keys()` gets.

        Args:
            job: A job that was submitted here, or its id.

        Raises:
            ValueError: There is no such job, or it fails, which is not announced.
        """
        job_id = job if isinstance(job, str) else job.id
        found = self._service.jobs.find(job_id)
        if found is None:
            raise ValueError(f"There is no job {job_id!r}: submit it first.")
        if found.failure_reason is not None:
            raise ValueError(f"The job {job_id!r} fails: the service does not say that it announces failures.")
        body = found.announcement(self._service.images.link)
        return self._service.signing_key.sign(job_id, body), body

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
            came = ", ".join(dict.fromkeys(f"{each.method} {each.path}" for each in self.ledger)) or "nothing"
            raise AssertionError(
                f"Planned responses were not requested: {'; '.join(unused)}. Requested: {came}. Plan only what the "
                "test needs, or set strict = False."
            )

    def verify_beside(self, error: BaseException) -> None:
        """Add what `verify()` would report about requests to an error that already fails the test."""
        problems, _ = self._settle()
        for problem in problems:
            if problem not in str(error):
                error.add_note(problem)

    def __enter__(self) -> Self:
        if self in _entered:
            raise RuntimeError("This IdeogramMock is entered already: use it as it is, or make another one.")
        self.router.start()
        for outer in reversed(_entered):  # respx asks routers in the order in which they were started
            outer.router.stop(clear=False, reset=False)
            outer.router.start()
        _entered.append(self)
        self._quick_polls.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        _entered.remove(self)
        self._quick_polls.stop()
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

    def _add(
        self,
        name: str,
        handler: Handler,
        times: int | None,
        operation: On,
        *,
        among: frozenset[str] | None = None,
        allows_any_request: bool = False,
    ) -> Self:
        wanted = among if operation is None else frozenset({find_view(operation).operation.operation_id})
        if among is not None and wanted is not None and not wanted <= among:
            methods = ", ".join(each.method_name for each in OPERATIONS.values() if each.operation_id in among)
            raise ValueError(f"{name} is not for {operation!r}; it is for {methods}.")
        self._plan.add(PlannedResponse(name, handler, times, wanted, allows_any_request))
        return self

    def _whole(self, answer: Answer | None) -> Callable[[Call], Answer]:
        return self._run if answer is None else lambda _call: answer

    def _submit(
        self,
        call: Call,
        *,
        polls: int | None,
        failure_reason: str | None = None,
        cost: int | None = None,
        withheld: bool = False,
    ) -> Answer:
        """Submit a job, and plan what its polls find."""
        answer = self._run(call)
        if answer.status != HTTPStatus.OK:
            return answer
        job = self._service.jobs.find(json.loads(answer.body)["generation_id"])
        if job is not None:
            job.polls, job.cost = polls, cost
            job.failure_reason = failure_reason or job.failure_reason
            if withheld:
                job.withhold()
        return answer if failure_reason is None else evolve(answer, billed=False)

    def _withhold(self, call: Call, *, polls: int | None) -> Answer:
        if call.view.operation.result == "job":
            return self._submit(call, polls=polls, withheld=True)
        answer = self._run(call)
        if answer.status != HTTPStatus.OK:
            return answer
        body = json.loads(answer.body)
        data = [image | {"is_image_safe": False, "url": None} for image in body["data"]]
        return json_answer(HTTPStatus.OK, body | {"data": data}, "withheld")

    def _deprecate(self, call: Call) -> Answer:
        answer = self._run(call)
        return announcing_answer(call.view, answer) if answer.status == HTTPStatus.OK else answer

    def _judge(self, call: Call) -> Answer:
        return call.read.refusal(call.view, call.request.headers) or self._run(call)

    def _run(self, call: Call) -> Answer:
        refused = self._service.refusal(call.view, call.read.fields)
        return refused or self._service.answer(call.view, call.read.fields, link_origin(self._view))

    def _on_request(self, request: httpx.Request) -> httpx.Response | None:
        """Respond to a request for an operation, and leave others to other routes."""
        path = request.url.raw_path.decode("ascii")
        # Another base URL may have a path of its own; the service has none.
        operation = find_operation(request.method, path, whole=request.url.host == _HOST)
        return None if operation is None else self._respond(self._service.views[operation.operation_id], request)

    def _respond(self, view: ContractView, request: httpx.Request) -> httpx.Response:
        planned = self._plan.take(view.operation)
        read = read_request(
            view,
            request.headers.get("content-type"),
            request.content,
            path=path_parameters(view.operation, request.url.raw_path.decode("ascii")),
            query=request.url.params.multi_items(),
        )
        call = Call(request, read, view)
        exchange, _ = new_exchange(
            next(self._numbers), request.method, request.url.path, request.headers.items(), view.api_key_header
        )
        self._log.put(exchange)
        status: int | None = None
        billed: bool | None = False
        try:
            problems = [] if planned.allows_any_request else self._request_problems(call)
            if problems:
                self._fail(f"The service would refuse this request: {' '.join(problems)}")
            answer = planned.handler(call)
            if not isinstance(answer, Answer):
                status, billed = answer.status_code, None
                return answer
            status, billed = answer.status, answer.billed
            return to_response(answer)
        finally:
            self._log.put(close_exchange(exchange, read, view.operation, status, why=planned.name, billed=billed))

    def _request_problems(self, call: Call) -> list[str]:
        """What is wrong with a request, also with what it sends: a webhook URL, or bytes that are no image."""
        problems = request_problems(call)
        refused = None if problems else self._service.refusal(call.view, call.read.fields)
        if refused is not None and refused.status == HTTPStatus.BAD_REQUEST:
            problems.append(json.loads(refused.body)["detail"])
        return problems

    def _on_image(self, request: httpx.Request) -> httpx.Response:
        if problem := download_problem(request, self._view):
            self._fail(problem)
        from .faults.wire import png  # noqa: PLC0415 - loaded by a test that downloads

        return httpx.Response(200, headers={"Content-Type": "image/png"}, content=png(1, 1))

    def _on_unmocked(self, request: httpx.Request) -> None:
        if problem := unmocked_problem(request):
            self._fail(problem)

    def _fail(self, problem: str) -> None:
        self._problems.append(problem)
        raise ContractBrokenError(problem)


def ideogram_mock(*, strict: bool = True) -> IdeogramMock:
    """Return the service for code under test, for a with statement. The pytest fixture of this name does the same.

    Args:
        strict: Whether something that was planned and did not happen fails the test.
    """
    return IdeogramMock(strict=strict)
