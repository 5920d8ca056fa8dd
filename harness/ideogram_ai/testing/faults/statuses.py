"""Whole answers with a status, or a body, that a client may not expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from . import content
from .fault import Fault, Phase, status_may_have_run
from .wire import Answer, reason_phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchange import Exchange

_EARLY_HINTS: Final = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"


def _answering(
    name: str,
    does: str,
    status: int,
    make: Callable[[Exchange], Answer],
    *,
    may_have_run: bool | None = None,
) -> Fault:
    def act(exchange: Exchange) -> None:
        exchange.read_request()
        exchange.answer(make(exchange))

    runs = status_may_have_run(status) if may_have_run is None else may_have_run
    return Fault(name, does, Phase.IN_ANSWER, runs, act, status=status)


def status_fault(status: int) -> Fault:
    """The contract's example of an answer with this status, or problem details."""
    return _answering(
        f"status_{status}",
        f"Answers {status} {reason_phrase(status)} with JSON.",
        status,
        lambda _exchange: content.refusal(status),
    )


def _html_fault(status: int) -> Fault:
    does = f"Answers {status} {reason_phrase(status)} with a page of HTML, as a network in front of a service does."
    return _answering(f"html_{status}", does, status, lambda _exchange: content.html(status))


def _redirect_fault(status: int) -> Fault:
    return _answering(
        f"redirect_{status}",
        f"Answers {status} {reason_phrase(status)} with the Location that the server was made with.",
        status,
        lambda exchange: Answer(status, headers=(("Location", exchange.settings.location),)),
    )


def _continue_100(exchange: Exchange) -> None:
    exchange.read_head()
    exchange.send(b"HTTP/1.1 100 Continue\r\n\r\n")
    exchange.read_request()
    exchange.answer(exchange.good_answer())


def _early_hints_103(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.send(_EARLY_HINTS)
    exchange.answer(exchange.good_answer())


def _switching_101(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.send(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    exchange.connection.finish()


def _early_413(exchange: Exchange) -> None:
    exchange.read_half()
    exchange.send(content.refusal(413).with_header("Connection", "close").whole())
    exchange.connection.finish()


def _not_utf8(exchange: Exchange) -> Answer:
    answer = exchange.good_answer()
    return answer.with_body(answer.body.replace(b'"prompt": "', b'"prompt": "\xff\xfe'))


_STATUSES: Final = sorted(POST_GENERATE_IMAGE_V4.billed.keys() - {200} | {408, 500, 502, 504})
_HTML_STATUSES: Final = (403, 429, 500, 502, 503, 504, 520)
_REDIRECTS: Final = (301, 302, 303, 307, 308)

STATUSES: Final = (
    *map(status_fault, _STATUSES),
    *map(_html_fault, _HTML_STATUSES),
    *map(_redirect_fault, _REDIRECTS),
    Fault(
        "early_413",
        "Answers 413 after half of the body, does not read the rest, and closes.",
        Phase.DURING_REQUEST,
        False,
        _early_413,
        status=413,
    ),
    Fault(
        "continue_100",
        "Sends 100 Continue before it reads the body, and then a good answer.",
        Phase.IN_ANSWER,
        True,
        _continue_100,
        status=200,
        harmless=True,
    ),
    Fault(
        "early_hints_103",
        "Sends 103 Early Hints, and then a good answer.",
        Phase.IN_ANSWER,
        True,
        _early_hints_103,
        status=200,
        harmless=True,
    ),
    Fault(
        "switching_101",
        "Answers 101 Switching Protocols, which nobody asked for, and closes.",
        Phase.IN_ANSWER,
        True,
        _switching_101,
        status=101,
    ),
    _answering("no_content_204", "Answers 204 without a body.", 204, lambda _exchange: Answer(204)),
    _answering(
        "empty_200", "Answers 200 with an empty body.", 200, lambda _exchange: Answer(200, headers=(content.JSON,))
    ),
    _answering("html_200", "Answers 200 with a page of HTML.", 200, lambda _exchange: content.html(200)),
    _answering("not_utf8_200", "Answers 200 with JSON that is not UTF-8.", 200, _not_utf8),
)
