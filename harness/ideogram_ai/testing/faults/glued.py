"""Answers with another answer behind them, and answers that come before their request.

They hurt a client that takes whatever arrives first on a connection for the answer to the request that it sent last.
All of them keep the connection and serve what comes on it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from . import content
from .fault import Fault, Phase
from .wire import Answer, halve

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchange import Exchange

_A_MOMENT: Final = 0.05
_RETRY_AFTER: Final = "Retry-After"

ANOTHER_CALLER: Final = "another-caller"
"""Stands in the query of the link that an answer for another caller has, and in its prompt."""


def another_callers_answer(exchange: Exchange) -> Answer:
    """A good answer that belongs to another caller's request."""
    answer = content.generation(exchange.settings.image_url)
    document = json.loads(answer.body)
    mine = {"prompt": f"A photo of {ANOTHER_CALLER}'s dog"}
    data = [entry | mine | {"url": f"{entry['url']}&caller={ANOTHER_CALLER}"} for entry in document["data"]]
    return answer.with_body(json.dumps(document | {"data": data}).encode())


def _good(exchange: Exchange) -> Answer:
    return exchange.good_answer()


def _refusal(status: int) -> Callable[[Exchange], Answer]:
    return lambda _exchange: content.refusal(status)


def _come_again(_exchange: Exchange) -> Answer:
    """A 429 that asks for no pause, so that the next request finds the connection as it is."""
    answer = content.refusal(429)
    rest = tuple(header for header in answer.headers if header[0] != _RETRY_AFTER)
    return replace(answer, headers=(*rest, (_RETRY_AFTER, "0")))


def _glued(
    name: str,
    does: str,
    *,
    behind: Callable[[Exchange], bytes],
    first: Callable[[Exchange], Answer] = _good,
    frame: Callable[[Answer], bytes] = Answer.whole,
    status: int = 200,
) -> Fault:
    """A fault that sends a sound answer and more bytes behind it in one go."""

    def act(exchange: Exchange) -> None:
        exchange.read_request()
        answer = first(exchange)
        exchange.keep_connection(answer)
        exchange.send(frame(answer) + behind(exchange))

    sound = status == HTTPStatus.OK
    return Fault(name, does, Phase.IN_ANSWER, sound, act, status=status, harmless=sound)


def _whole(make: Callable[[Exchange], Answer]) -> Callable[[Exchange], bytes]:
    return lambda exchange: make(exchange).whole()


def _stray_408(exchange: Exchange) -> None:
    exchange.read_request()
    exchange.answer(exchange.good_answer())
    exchange.connection.pause(_A_MOMENT)
    exchange.send(content.refusal(408).whole())


def _on_connect(make: Callable[[Exchange], Answer]) -> Callable[[Exchange], None]:
    """Send an answer before there is a request, and then serve the request."""

    def act(exchange: Exchange) -> None:
        if exchange.number:
            exchange.read_request()
            exchange.answer(exchange.good_answer())
        else:
            exchange.send(make(exchange).whole())
            exchange.keeps_connection = True

    return act


def _after_head(make: Callable[[Exchange], Answer]) -> Callable[[Exchange], None]:
    """Send the answer when the head was read, and then read the body all the same."""

    def act(exchange: Exchange) -> None:
        exchange.read_head()
        exchange.answer(make(exchange))
        exchange.read_request()

    return act


_BEHIND: Final = "in the same segment where it fits"
_EARLY: Final = "as soon as the connection is accepted, and then answers the request well"

GLUED: Final = (
    *(
        _glued(
            f"glued_{status}",
            f"Answers well, with a {status} behind the answer, {_BEHIND}, and keeps the connection.",
            behind=_whole(_refusal(status)),
        )
        for status in (422, 429, 500)
    ),
    _glued(
        "glued_200",
        f"Answers well, with another caller's 200 behind the answer, {_BEHIND}, and keeps the connection.",
        behind=_whole(another_callers_answer),
    ),
    _glued(
        "glued_half_answer",
        f"Answers well, with half of the head of a 429 behind the answer, {_BEHIND}, and keeps the connection.",
        behind=lambda _exchange: halve(content.refusal(429).head_with_length())[0],
    ),
    _glued(
        "glued_429_behind_chunks",
        f"Answers well in chunks, with a 429 behind the last one, {_BEHIND}, and keeps the connection.",
        behind=_whole(_refusal(429)),
        frame=Answer.in_chunks,
    ),
    _glued(
        "glued_200_behind_429",
        f"Answers 429, with another caller's 200 behind the answer, {_BEHIND}, and keeps the connection.",
        behind=_whole(another_callers_answer),
        first=_come_again,
        status=429,
    ),
    _glued(
        "glued_422_behind_429",
        f"Answers 429, with a 422 behind the answer, {_BEHIND}, and keeps the connection.",
        behind=_whole(_refusal(422)),
        first=_come_again,
        status=429,
    ),
    Fault(
        "stray_408",
        "Answers well, keeps the connection, and a moment later sends a 408 on it that answers no request.",
        Phase.IN_ANSWER,
        True,
        _stray_408,
        status=200,
        harmless=True,
    ),
    Fault(
        "early_200_on_connect",
        f"Sends another caller's 200 {_EARLY}.",
        Phase.CONNECT,
        True,
        _on_connect(another_callers_answer),
        status=200,
    ),
    Fault(
        "early_429_on_connect",
        f"Sends a 429 {_EARLY}.",
        Phase.CONNECT,
        True,
        _on_connect(_refusal(429)),
        status=429,
    ),
    Fault(
        "early_200_after_head",
        "Answers well when it has read the head, reads the body after that, and keeps the connection.",
        Phase.IN_ANSWER,
        True,
        _after_head(_good),
        status=200,
        harmless=True,
    ),
    Fault(
        "early_429_after_head",
        "Answers 429 when it has read the head, reads the body after that, and keeps the connection.",
        Phase.IN_ANSWER,
        False,
        _after_head(_refusal(429)),
        status=429,
    ),
)
