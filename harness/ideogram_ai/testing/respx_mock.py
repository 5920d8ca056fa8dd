"""A respx router that plays the service for code under test, in plain words, and checks what that code sends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Self

import httpx
import respx
from respx.models import AllMockedAssertionError

from .mock_checks import ContractBrokenError, find_complaints, find_image_complaint, find_stranger_complaint
from .mock_plan import Act, Plan, Step, When, break_off, give, time_out
from .mock_service import MockedService
from .server_answers import Answer, forced_answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from .recording import Exchange


class IdeogramMock:
    """The service, in this process and for every httpx client in it, sync and async. A context manager.

    Each word plans what happens to the next request; words queue up, and when none is left, requests succeed. Image
    links are served too, with a tiny PNG. Nothing reaches the network: a request that is not mocked fails at once.

    A request that the service would refuse fails the test with the field's name, whatever was planned for it: an
    AssertionError is raised where the request is sent, and once more at the end, in case the code under test caught it.

    A client with a transport of its own (`httpx.Client(transport=...)` with another than httpx's) is not reached.

    Args:
        strict: Whether something that was planned and did not happen fails the test too.

    Attributes:
        strict: The same; it may be changed until the end.
        router: The respx router, to mock other requests with.
    """

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self._service = MockedService()
        self._plan = Plan(Step("succeed", self._service.succeed, None))
        self._complaints: list[str] = []
        self.router: respx.MockRouter = _Router(self._on_stranger)
        view = self._service.view
        operation, image = view.operation, f"{re.escape(view.link_folder)}[^/]+{re.escape(view.link_suffix)}"
        generate = self.router.route(method=operation.method, path__regex=f"{re.escape(operation.path)}$")
        generate.mock(side_effect=self._on_generate)
        self.router.route(method="GET", path__regex=f"^{image}$").mock(side_effect=self._on_image)

    @property
    def ledger(self) -> list[Exchange]:
        """Every generate request so far, in order of arrival, as MockServer has it. The key is not in it."""
        return self._service.ledger.exchanges()

    def succeed(self, *, times: int | None = 1) -> Self:
        """Make an image. As on the mock server, a prompt with UNSAFE_WORD or the like gets what it asks for.

        Args:
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self._add("succeed", self._service.succeed, times)

    def withhold(self, *, times: int | None = 1) -> Self:
        """Make an image and withhold it: a 200 without a link, billed all the same.

        Args:
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self._add("withhold", self._service.withhold, times)

    def deprecate(self, *, times: int | None = 1) -> Self:
        """Make an image, and say in the answer's `notice` and headers that a newer operation follows this one.

        Args:
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self._add("deprecate", self._service.deprecate, times)

    def refuse(self, status: int, *, times: int | None = 1) -> Self:
        """Answer with a status and, where the contract has one, the example of its body.

        Args:
            status: 200 to 599, documented or not.
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self.reply(forced_answer(self._service.view, status, f"refuse({status})"), times=times)

    def rate_limit(
        self, times: int | None = 1, *, retry_after: float | None = 0, reject_reason: str | None = None
    ) -> Self:
        """Answer 429: too many requests in progress, or another limit.

        Args:
            times: For how many requests, 1 or more; None for every one from now on.
            retry_after: Seconds in the header Retry-After, 0 unless a test wants to see waiting; None for no header.
            reject_reason: The limit that was met; None for the one of the contract's example.
        """
        body: dict[str, Any] = dict(self._service.view.responses[429].examples[0])
        if reject_reason is not None:
            body["reject_reason"] = reject_reason
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        return self.reply(json_answer(429, body, "rate_limit", headers), times=times)

    def time_out(self, when: When = "waiting", *, answer: Answer | None = None, times: int | None = 1) -> Self:
        """Be silent until the client's patience ends; here that takes no time.

        Args:
            when: How far the exchange gets before.
            answer: The answer of which half arrives ("answering"); None for a success.
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self._add(f"time_out({when})", time_out(when, self._act(answer)), times)

    def break_off(self, when: When = "waiting", *, answer: Answer | None = None, times: int | None = 1) -> Self:
        """Break the connection.

        Args:
            when: How far the exchange gets before.
            answer: The answer of which half arrives ("answering"); None for a success.
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self._add(f"break_off({when})", break_off(when, self._act(answer)), times)

    def reply(self, answer: Answer, *, times: int | None = 1) -> Self:
        """Give this very answer: one that a strategy made, say.

        Args:
            answer: Status, headers and body.
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self._add(answer.why, give(answer), times)

    def judge(self, *, times: int | None = 1) -> Self:
        """Answer as the mock server would: a request that breaks the contract gets its 400 and fails no test.

        Args:
            times: For how many requests, 1 or more; None for every one from now on.
        """
        return self._add("judge", self._service.judge, times, judges=True)

    def verify(self) -> None:
        """Fail if a request was not as it should be, or if something that was planned did not happen.

        Leaving the context does the same. What was told once is not told again.

        Raises:
            ContractBrokenError: A request was sent that the service would refuse.
            AssertionError: Something was planned that no request asked for.
        """
        complaints, unused = self._settle()
        if complaints:
            raise ContractBrokenError("\n".join(complaints))
        if unused:
            raise AssertionError(f"No request asked for what was planned: {'; '.join(unused)}.")

    def verify_beside(self, error: BaseException) -> None:
        """Add what `verify()` would say of requests to an error that ends the test anyway."""
        complaints, _ = self._settle()
        for complaint in complaints:
            if complaint not in str(error):
                error.add_note(complaint)

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
        complaints = self._complaints[:]
        self._complaints.clear()
        unused = self._plan.drop_unused()
        return complaints, unused if self.strict else []

    def _add(self, word: str, act: Act, times: int | None, *, judges: bool = False) -> Self:
        self._plan.add(Step(word, act, times, judges))
        return self

    def _act(self, answer: Answer | None) -> Act:
        return self._service.succeed if answer is None else give(answer)

    def _on_generate(self, request: httpx.Request) -> httpx.Response:
        step = self._plan.take()
        read = self._service.read(request)
        status: int | None = None
        try:
            complaints = [] if step.judges else find_complaints(request, read, self._service.view)
            if complaints:
                self._complain(f"The service would refuse this request: {' '.join(complaints)}")
            response = step.act(request, read)
            status = response.status_code
            return response
        finally:
            self._service.enter(request, read, status, step.word)

    def _on_image(self, request: httpx.Request) -> httpx.Response:
        if complaint := find_image_complaint(request, self._service.view):
            self._complain(complaint)
        from .faults.wire import png  # noqa: PLC0415 - loaded by a test that downloads

        return httpx.Response(200, headers={"Content-Type": "image/png"}, content=png(1, 1))

    def _on_stranger(self, request: httpx.Request) -> None:
        if complaint := find_stranger_complaint(request, self._service.view):
            self._complain(complaint)

    def _complain(self, complaint: str) -> None:
        self._complaints.append(complaint)
        raise ContractBrokenError(complaint)


class _Router(respx.MockRouter):
    """Hears of the requests that no route takes, and raises errors as a transport does: without a history."""

    def __init__(self, on_stranger: Callable[[httpx.Request], None]) -> None:
        super().__init__(assert_all_called=False)
        self._on_stranger = on_stranger

    def handler(self, request: httpx.Request) -> httpx.Response:
        try:
            return super().handler(request)
        except Exception as error:
            self._mend(error, request)
            raise

    async def async_handler(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().async_handler(request)
        except Exception as error:
            self._mend(error, request)
            raise

    def _mend(self, error: Exception, request: httpx.Request) -> None:
        if isinstance(error, AllMockedAssertionError):
            self._on_stranger(request)
        # respx 0.23 makes an error that a side effect raises the cause of its own cause; who follows that never ends.
        error.__cause__ = error.__context__ = None


def ideogram_mock(*, strict: bool = True) -> IdeogramMock:
    """Play the service for code under test, in a with statement. The pytest fixture of this name gives the same.

    Args:
        strict: Whether something that was planned and did not happen fails the test.
    """
    return IdeogramMock(strict=strict)
