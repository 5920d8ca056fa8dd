"""The service that an IdeogramMock plays: the mock server's own judgement and answers, without a socket."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from ideogram_ai.contract.view import read_view

from .generation import Generator, ReadRequest, read_request
from .image_links import link_origin
from .images import ImageStore
from .mock_checks import has_key
from .mock_plan import to_response
from .recording import Exchange, Ledger, redact_headers
from .server_answers import Answer, announcing_answer, json_answer, no_key_answer

if TYPE_CHECKING:
    import httpx


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
