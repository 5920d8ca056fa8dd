"""Scenarios in which an answer misleads a client into paying twice, waiting for ever, or showing the key."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ..requirement import Requirement, join_pointer
from ..server.catalogue import places
from .answers import IMAGE_MADE, good_answer
from .samples import default_prompt
from .scenario import ELSEWHERE, Ending, Reply, Scenario, Told

if TYPE_CHECKING:
    from collections.abc import Iterator

_REFUSED_429: Final = Ending(Told.REFUSED, 429)
_UNKNOWN: Final = Ending(Told.UNKNOWN)
_TIME_LIMIT: Final = 1.0


def money_scenarios() -> Iterator[Scenario]:
    """All of them."""
    yield from _behind_an_answer()
    yield from _before_the_request()
    yield _see_other()
    yield from _drips()
    yield from _echoes()


def _operation() -> str:
    return join_pointer(places().operation, "description")


def _behind_an_answer() -> Iterator[Scenario]:
    yield Scenario(
        Requirement(
            "answer.200.glued",
            "More bytes behind a 200 lose no image, and nothing is sent again.",
            places().answer(200),
        ),
        default_prompt(),
        (Reply(fault="glued_429"),),
        (IMAGE_MADE,),
        most_posts=1,
    )
    for status, words in ((200, "another caller's image"), (422, "a refusal")):
        title = f"When a request is sent again after a 429, {words} behind that 429 is not taken for its answer."
        yield Scenario(
            Requirement(f"retry.glued-{status}", title, places().answer(429)),
            default_prompt(),
            (Reply(fault=f"glued_{status}_behind_429"), good_answer()),
            (IMAGE_MADE, _REFUSED_429),
        )


def _before_the_request() -> Iterator[Scenario]:
    title = "A 200 that comes before the body was read loses no image, or is told as unknown; nothing is sent again."
    yield Scenario(
        Requirement("answer.200.early", title, places().answer(200)),
        default_prompt(),
        (Reply(fault="early_200_after_head"), good_answer()),
        (IMAGE_MADE, _UNKNOWN),
        most_posts=1,
    )


def _see_other() -> Scenario:
    status = int(HTTPStatus.SEE_OTHER)
    title = (
        f"A {status} follows a request that was processed: it is told as unknown, and the request is not sent again."
    )
    return Scenario(
        Requirement(f"redirect.{status}", title, _operation()),
        default_prompt(),
        (Reply(status, "", {"Location": ELSEWHERE}), good_answer()),
        (_UNKNOWN,),
        most_posts=1,
    )


def _drips() -> Iterator[Scenario]:
    drips: tuple[tuple[str, str, str, tuple[Ending, ...]], ...] = (
        ("header", "drip_header", "a header that never ends", (_UNKNOWN,)),
        ("interim", "drip_hints", "interim answers that never end", (_UNKNOWN,)),
        ("chunk-extension", "drip_chunk_extension", "the extension of a chunk that never ends", (_UNKNOWN,)),
        ("trailer", "drip_trailers", "a trailer that never ends, behind a whole answer", (IMAGE_MADE, _UNKNOWN)),
        ("gzip", "drip_gzip_blocks", "gzip that never ends and holds nothing", (_UNKNOWN,)),
    )
    for word, fault, words, endings in drips:
        title = f"A client that is given a time limit ends, whatever drips in: here {words}."
        yield Scenario(
            Requirement(f"time.{word}", title, _operation()),
            default_prompt(),
            (Reply(fault=fault),),
            endings,
            most_posts=1,
            time_limit=_TIME_LIMIT,
        )


def _echoes() -> Iterator[Scenario]:
    key = "#/components/securitySchemes/ApiKey/in"
    refused = tuple(Ending(Told.REFUSED, status) for status in (400, 401))
    echoes = (
        ("answer.400.key-echoed", "echo_400_html_hex", "page has the key in entities of HTML is told", refused[0]),
        ("answer.401.key-echoed", "echo_401_json_one", "words have the key, escaped as JSON may, is told", refused[1]),
        (
            "answer.200.key-echoed",
            "echo_200_json_one",
            "words have the key, escaped as JSON may, loses no image",
            IMAGE_MADE,
        ),
    )
    for name, fault, words, ending in echoes:
        title = f"A {ending.status} whose {words}, and the key is not shown."
        yield Scenario(Requirement(name, title, key), default_prompt(), (Reply(fault=fault),), (ending,), most_posts=1)
