"""What a fault is, and how to make one that is not in the tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal

from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .wire import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .exchange import Exchange


class Phase(StrEnum):
    """When a fault strikes."""

    CONNECT = "connect"
    BEFORE_REQUEST = "before the request is read"
    DURING_REQUEST = "while the request is read"
    AFTER_REQUEST = "after the request was read"
    IN_ANSWER = "in the answer"


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a server behaves, as data and as an act.

    Attributes:
        name: Name in the table.
        does: What the server does, in one sentence.
        phase: When it strikes.
        may_have_run: Whether a request that was read whole and met this fault may have run, and been billed: false
            where the fault strikes before the whole request is read, and where the answer says that it did not run.
        act: What is done, with the exchange; called in the connection's thread. Not called for the two faults that
            never accept a connection. In the phase CONNECT it is called when the connection was accepted, with an
            exchange whose number is 0; if it keeps the connection, it is called again for the first request.
        status: Status code of the answer, if one goes out.
        needs_limit: A client needs a limit of its own against it: a time-out, a deadline or a size.
        harmless: The answer is a whole and correct 200: a client has no reason to fail.
    """

    name: str
    does: str
    phase: Phase
    may_have_run: bool
    act: Callable[[Exchange], None] = field(repr=False, compare=False)
    status: int | None = None
    needs_limit: bool = False
    harmless: bool = False


def status_may_have_run(status: int) -> bool:
    """Whether a request with this answer may have run: not where the contract says not billed, nor for a redirect.

    A 303 is the exception among redirects: it follows a POST that was processed.
    """
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return status == HTTPStatus.SEE_OTHER
    return POST_GENERATE_IMAGE_V4.billed.get(status) is not False


def answer_with(
    status: int,
    body: bytes | str = b"",
    headers: Iterable[tuple[str, str]] = (),
    *,
    name: str | None = None,
    may_have_run: bool | None = None,
) -> Fault:
    """Make a behaviour: read the whole request and give this answer, well framed, and keep the connection.

    Args:
        status: Status code.
        body: Body; text is written as UTF-8.
        headers: Headers beside Content-Length; without a Content-Type there is none.
        name: Name in the ledger; `status_` and the code when it is not given.
        may_have_run: Whether the ledger counts the request as one that may have run; when it is not given, what the
            contract says of the status.
    """
    answer = Answer(status, body.encode() if isinstance(body, str) else body, tuple(headers))

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.answer(answer)

    return Fault(
        name=name or f"status_{status}",
        does=f"Answers {status} with {len(answer.body)} bytes.",
        phase=Phase.IN_ANSWER,
        may_have_run=status_may_have_run(status) if may_have_run is None else may_have_run,
        act=act,
        status=status,
    )


def answer_raw(
    data: bytes,
    *,
    then: Literal["close", "reset", "hold"] = "close",
    name: str = "raw",
    may_have_run: bool = True,
) -> Fault:
    """Make a behaviour: read the whole request and write these bytes, whatever they are.

    Args:
        data: What goes on the wire.
        then: Close the connection with FIN, with RST, or leave it open and silent.
        name: Name in the ledger.
        may_have_run: Whether the ledger counts the request as one that may have run.
    """

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.send(data)
        if then == "hold":
            exchange.connection.wait_for_end()
        elif then == "reset":
            exchange.connection.reset()

    return Fault(
        name=name,
        does=f"Writes {len(data)} bytes as they are.",
        phase=Phase.IN_ANSWER,
        may_have_run=may_have_run,
        act=act,
        needs_limit=then == "hold",
    )
