"""The servers of one scenario: the service, the image host, and a third one that no key may reach."""

from __future__ import annotations

import json
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final, Self

from attrs import frozen

from ...faults import FAULTS, Fault, FaultServer, Ledger, Phase
from ...faults.exchange import status_may_have_run
from ...faults.wire import Response, png
from .scenario import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from ...faults import Exchange
    from .scenario import Scenario

_SETTLED: Final = 5.0
_DRIP: Final = 0.2
"""Seconds between two bytes of a drip: less than any time limit that a program is given."""
_PATH_OF_IMAGE: Final = "/image.png"
_IMAGE: Final = Reply(image=True, headers={"Content-Type": "image/png"})


@frozen
class Seen:
    """What reached the servers of a scenario, and when.

    Attributes:
        service: What the service saw.
        image_host: What the image host saw.
        other_host: What the third host saw.
        arrived: When each request to the service had arrived and its answer began to leave, in seconds of the
            monotonic clock.
        image: The bytes of the image.
    """

    service: Ledger
    image_host: Ledger
    other_host: Ledger
    arrived: tuple[float, ...]
    image: bytes


class Stage:
    """Plays a scenario. A context manager."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._image = png()
        self._lock = threading.Lock()
        self._arrived: list[float] = []
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            image = self._fault(_IMAGE, {})
            self._other = stack.enter_context(FaultServer(image, image=image))
            hosts = {"other_host": self._other.url}
            images = [self._fault(reply, hosts) for reply in self._scenario.image_host]
            self._images = stack.enter_context(FaultServer(images, image=images))
            hosts["image_host"] = self._images.url
            answers = [self._fault(reply, hosts, timed=True) for reply in self._scenario.answers]
            # A program that asks the service itself for something else gets nothing from it.
            self._service = stack.enter_context(
                FaultServer(
                    answers, image="status_404", interval=_DRIP, image_url=f"{self._images.url}{_PATH_OF_IMAGE}"
                )
            )
            self._resources = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._resources.close()

    @property
    def url(self) -> str:
        """The service's base URL."""
        return self._service.url

    def seen(self) -> Seen:
        """What reached the servers, after the program has ended.

        Raises:
            TimeoutError: A server has not come to rest.
        """
        servers = (self._service, self._images, self._other)
        service, image_host, other_host = (server.wait_idle(_SETTLED) for server in servers)
        with self._lock:
            arrived = tuple(self._arrived)
        return Seen(service, image_host, other_host, arrived, self._image)

    def _fault(self, reply: Reply, hosts: Mapping[str, str], *, timed: bool = False) -> Fault:
        """The reply as the fault server takes it."""
        if reply.cut is not None:
            return FAULTS[reply.cut.value]
        if reply.fault is not None:
            return FAULTS[reply.fault]
        answer = self._answer(reply, hosts)

        def act(exchange: Exchange) -> None:
            exchange.read_request()
            if timed:
                with self._lock:
                    self._arrived.append(time.monotonic())
            exchange.answer(answer)

        return Fault(
            name=f"status_{answer.status}",
            does=f"Answers {answer.status}.",
            phase=Phase.IN_ANSWER,
            may_have_run=status_may_have_run(answer.status),
            act=act,
            status=answer.status,
        )

    def _answer(self, reply: Reply, hosts: Mapping[str, str]) -> Response:
        body = self._image if reply.image else _filled(_text(reply.body), hosts).encode()
        headers = tuple((name, _filled(value, hosts)) for name, value in reply.headers.items())
        return Response(reply.status or 200, body, headers)


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)


def _filled(text: str, hosts: Mapping[str, str]) -> str:
    for name, url in hosts.items():
        text = text.replace("{{" + name + "}}", url)
    return text
