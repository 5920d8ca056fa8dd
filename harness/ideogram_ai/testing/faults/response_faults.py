"""Complete responses that a client may not expect, and what the poll of a job can meet beside them."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from ideogram_ai.generated.operations import API_KEY_HEADER, OPERATIONS

from . import wire
from .exchange import (
    Exchange,
    Fault,
    Make,
    Phase,
    answers,
    ends,
    fault_of,
    refuses,
    response_fault,
    sends,
    status_may_have_run,
)
from .wire import HTML, JSON, Connection, Response, gzipped, halve, reason_phrase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_EARLY_HINTS: Final = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
_SWITCHING: Final = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
_GARBAGE: Final = b"\xde\xad\xbe\xef" * 64


def responds(name: str, does: str, response: Make | Response, *, status: int = 200, **flags: bool) -> Fault:
    """Make a fault that sends a complete response: always the same, or one that is made for the exchange."""
    if isinstance(response, Response):
        status, fixed = response.status, response
        step = answers(lambda _: fixed)
    else:
        step = answers(response)
    runs = status_may_have_run(status)
    return response_fault(name, does, step, may_have_run=runs, status=status, by_status=True, **flags)


def answer_with(
    status: int,
    body: bytes | str = b"",
    headers: Iterable[tuple[str, str]] = (),
    *,
    name: str | None = None,
    may_have_run: bool | None = None,
) -> Fault:
    """Make a fault that reads the whole request, sends this response, and keeps the connection.

    Args:
        status: Status code.
        body: Body; a string is encoded as UTF-8.
        headers: Headers beside Content-Length. There is no Content-Type by default.
        name: Name in the ledger; `status_` and the code by default.
        may_have_run: Whether the ledger counts the request as one that may have run; by default, what the contract
            says about the status.
    """
    response = Response(status, body.encode() if isinstance(body, str) else body, tuple(headers))
    fault = responds(name or f"status_{status}", f"Responds {status} with {len(response.body)} bytes.", response)
    return fault if may_have_run is None else replace(fault, may_have_run=may_have_run, by_status=False)


def answer_raw(
    data: bytes,
    *,
    then: Literal["close", "reset", "hold"] = "close",
    name: str = "raw",
    may_have_run: bool = True,
) -> Fault:
    """Make a fault that reads the whole request and sends these bytes as they are.

    Args:
        data: What to send.
        then: Close the connection with FIN, reset it with RST, or leave it open and silent.
        name: Name in the ledger.
        may_have_run: Whether the ledger counts the request as one that may have run.
    """
    end = {"close": Connection.finish, "reset": Connection.reset, "hold": Connection.wait_for_end}[then]
    does, holds = f"Sends {len(data)} bytes as they are.", then == "hold"
    steps = sends(data), ends(end)
    return response_fault(name, does, *steps, may_have_run=may_have_run, status=None, needs_limit=holds)


def _status_faults() -> Iterator[Fault]:
    def redirects(status: int) -> Make:
        return lambda exchange: Response(status, headers=(("Location", exchange.settings.location),))

    known = {status for operation in OPERATIONS.values() for status in operation.billed}
    for status in sorted(known - {200} | {408, 500, 502, 504}):
        does = f"Responds {status} {reason_phrase(status)} with JSON."
        yield responds(f"status_{status}", does, refuses(status), status=status)
    for status in (403, 429, 500, 502, 503, 504, 520):
        does = f"Responds {status} {reason_phrase(status)} with a page of HTML, as a proxy or CDN does."
        yield responds(f"html_{status}", does, wire.html(status))
    for status in (301, 302, 303, 307, 308):
        does = f"Responds {status} {reason_phrase(status)} with the `location` of the server."
        yield responds(f"redirect_{status}", does, redirects(status), status=status)


def _not_utf8(exchange: Exchange) -> Response:
    response = exchange.good_answer()
    return response.with_body(response.body.replace(b'"prompt": "', b'"prompt": "\xff\xfe'))


_FINISH: Final = ends(Connection.finish)
_GOOD: Final = answers(Exchange.good_answer)

_STATUSES: Final = (
    *_status_faults(),
    fault_of(
        "early_413",
        "Responds 413 after half of the body, does not read the rest, and closes.",
        Exchange.read_half,
        sends(wire.refusal(413).with_header("Connection", "close").whole()),
        _FINISH,
        phase=Phase.DURING_REQUEST,
        may_have_run=False,
        status=413,
    ),
    fault_of(
        "continue_100",
        "Sends 100 Continue before it reads the body, and then a good response.",
        Exchange.read_head,
        sends(b"HTTP/1.1 100 Continue\r\n\r\n"),
        Exchange.read_request,
        _GOOD,
        harmless=True,
    ),
    response_fault("early_hints_103", "Sends 103 before a good response.", sends(_EARLY_HINTS), _GOOD, harmless=True),
    response_fault("switching_101", "Responds 101 without an Upgrade.", sends(_SWITCHING), _FINISH, status=101),
    responds("no_content_204", "Responds 204 without a body.", Response(204)),
    responds("empty_200", "Responds 200 with an empty body.", Response(200, headers=(JSON,))),
    responds("html_200", "Responds 200 with a page of HTML.", wire.html(200)),
    responds("not_utf8_200", "Responds 200 with JSON that is not UTF-8.", _not_utf8),
)

_MARK: Final = "THE-KEY-STANDS-HERE"
_WORDS: Final = f"There is no key {_MARK} in use."
_HTML_SPELLING: Final = "html_"


def _one_escape(key: str) -> str:
    """The key with one character escaped: the first that is not a letter or digit, or the one in the middle."""
    place = next((at for at, character in enumerate(key) if not character.isalnum()), len(key) // 2)
    return "".join(f"\\u{ord(char):04x}" if at == place else json.dumps(char)[1:-1] for at, char in enumerate(key))


def _each(form: str) -> Callable[[str], str]:
    return lambda key: "".join(form % ord(character) for character in key)


def _plain(key: str) -> str:
    return json.dumps(key)[1:-1]


_SPELLINGS: Final[Mapping[str, tuple[str, Callable[[str], str]]]] = {
    "plain": ("as it is", _plain),
    "json_one": ("with one character escaped for JSON", _one_escape),
    "json_all": ("with every character escaped for JSON", _each("\\u%04x")),
    "json_upper": ("with every character escaped for JSON, in upper-case digits", _each("\\u%04X")),
    "html_decimal": ("with every character as a decimal entity of HTML", _each("&#%d;")),
    "html_hex": ("with every character as a hexadecimal entity of HTML", _each("&#x%x;")),
    "percent": ("with every character percent-encoded", _each("%%%02X")),
    "base64": ("in base64", lambda key: base64.b64encode(key.encode()).decode()),
    "header": ("in two headers", str),
    "utf16": ("in JSON that is encoded as UTF-16, as its charset says", _plain),
    "gzip": ("in a body that is compressed with gzip", _plain),
}

SPELLINGS: Final = tuple(_SPELLINGS)
"""Ways to spell a key: in JSON, in a page of HTML (`html_`), in a header, in UTF-16, or in a compressed body."""


def spell(spelling: str, key: str) -> str:
    """The key in a spelling."""
    return _SPELLINGS[spelling][1](key)


def echo_key(spelling: str, status: int = 400) -> Fault:
    """Make a fault that sends the request's key back, in a spelling that a search for the key may not find.

    Args:
        spelling: A name in SPELLINGS.
        status: Status of the response. A 200 is a good response with the key in its prompt.
    """
    if spelling not in _SPELLINGS:
        raise ValueError(f"spelling: there is no {spelling!r}; known are {', '.join(SPELLINGS)}")
    return responds(
        f"echo_{status}_{spelling}",
        f"Responds {status} with the request's key in its text, {_SPELLINGS[spelling][0]}.",
        lambda exchange: _echo(exchange, spelling, status),
        status=status,
        harmless=status == 200 and not spelling.startswith((_HTML_SPELLING, "utf16")),
    )


def _echo(exchange: Exchange, spelling: str, status: int) -> Response:
    response = exchange.good_answer() if status == 200 else wire.refusal(status)
    if status == 200 and exchange.method != "POST":
        return response  # an image contains no text
    spelt = spell(spelling, exchange.header(API_KEY_HEADER) or "")
    if spelling == "header":
        words = _WORDS.replace(_MARK, spelt)
        return response.with_header("X-Reason", words).with_header("WWW-Authenticate", f'ApiKey realm="{words}"')
    if spelling.startswith(_HTML_SPELLING):
        page = f"<!DOCTYPE html>\n<html><body><h1>{_WORDS}</h1></body></html>\n"
        return Response(status, page.replace(_MARK, spelt).encode(), (HTML,))
    document = json.loads(response.body)
    if status == 200 and "data" in document:
        document["data"] = [entry | {"prompt": _WORDS} for entry in document["data"]]
    else:
        document |= {"detail": _WORDS, "error": _WORDS}
    text = json.dumps(document).replace(_MARK, spelt)
    if spelling == "utf16":
        rest = tuple(header for header in response.headers if header != JSON)
        return Response(status, text.encode("utf-16"), (("Content-Type", "application/json; charset=utf-16"), *rest))
    if spelling == "gzip":
        return response.with_header("Content-Encoding", "gzip").with_body(gzipped(text.encode()))
    return response.with_body(text.encode())


_ECHOES: Final = (
    *map(echo_key, SPELLINGS),
    *(echo_key("json_one", status) for status in (401, 422, 429, 500)),
    echo_key("plain", 200),
    echo_key("json_one", 200),
)


def _members(body: bytes) -> bytes:
    first, rest = halve(body)
    return gzipped(first) + gzipped(b"") + gzipped(rest)


def _coded(name: str, does: str, coding: str, encode: Callable[[bytes], bytes], **flags: bool) -> Fault:
    """A fault that encodes the body of a good response, and names a content coding."""

    def make(exchange: Exchange) -> Response:
        response = exchange.good_answer()
        return response.with_header("Content-Encoding", coding).with_body(encode(response.body))

    return responds(name, does, make, **flags)


def _bomb(name: str, does: str, coding: str, encode: Callable[[bytes], bytes] = bytes) -> Fault:
    def make(exchange: Exchange) -> Response:
        response = exchange.good_answer()
        body = encode(wire.gzip_with_spaces(response.body, exchange.settings.expanded_size))
        return response.with_header("Content-Encoding", coding).with_body(body)

    return responds(name, does, make, needs_limit=True)


_ENCODINGS: Final = (
    _coded("gzip", "Sends the body as gzip.", "gzip", gzipped, harmless=True),
    _coded("gzip_twice", "Sends the body as gzip of gzip.", "gzip, gzip", lambda b: gzipped(gzipped(b)), harmless=True),
    _coded("gzip_members", "Sends gzip of three members, the second one empty.", "gzip", _members, harmless=True),
    _coded("deflate", "Sends the body as deflate.", "deflate", zlib.compress, harmless=True),
    _bomb("gzip_bomb", "Sends gzip that expands a thousandfold.", "gzip"),
    _bomb("gzip_twice_bomb", "Sends gzip of gzip that expands a hundred-thousandfold.", "gzip, gzip", gzipped),
    _coded("gzip_cut", "Sends half of a gzip stream, with its true length.", "gzip", lambda b: halve(gzipped(b))[0]),
    _coded(
        "gzip_members_cut",
        "Sends gzip of two members, the second one cut.",
        "gzip",
        lambda b: gzipped(halve(b)[0]) + halve(gzipped(halve(b)[1]))[0],
    ),
    _coded("gzip_garbage", "Says gzip and sends garbage.", "gzip", lambda _: _GARBAGE),
    _coded("gzip_plain", "Says gzip and sends the body as it is.", "gzip", bytes),
    _coded("br_garbage", "Says br and sends garbage.", "br", lambda _: _GARBAGE),
    _coded("zstd_garbage", "Says zstd and sends garbage.", "zstd", lambda _: _GARBAGE),
    _coded("unknown_coding", "Names an unknown content coding, and sends garbage.", "x-none", lambda _: _GARBAGE),
)

RESPONSE_FAULTS: Final = (*_STATUSES, *_ECHOES, *_ENCODINGS)

ANOTHER_JOB: Final = "another-job"
"""The id in an answer about another job."""

_FAILURE: Final = "content_policy_violation"
_RESULT: Final = ("data", "response_type", "failure_reason", "usage_cost_usd_micros")


def _polled(
    name: str,
    does: str,
    example: str = "completed",
    *,
    entry: Callable[[dict[str, Any]], Mapping[str, Any]] = dict,
    **members: str,
) -> Fault:
    """A fault that sends the contract's example of a job with this status, with its images if it is completed.

    `entry` changes each image, and `members` are set in the end.
    """

    def make(exchange: Exchange) -> Response:
        good = wire.success(exchange.settings.image_url, exchange.operation, exchange.job_id, status=example)
        job = json.loads(good.body)
        if example == "completed":
            job["data"] = [entry(image) for image in job["data"]]
        else:
            job = {member: value for member, value in job.items() if member not in _RESULT}
        return Response(200, json.dumps(job | members).encode(), (JSON,))

    return responds(name, does, make)


def _without_kind(image: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in image.items() if name != "object_type"}


_ANOTHER: Final = "Sends the images of another job, as a proxy with a wrong cache does."

POLL_FAULTS: Final = tuple(
    replace(fault, may_have_run=False)
    for fault in (
        _polled("pending", "Says that the job is pending.", "pending"),
        _polled("failed", f"Says that the job failed ({_FAILURE}).", "failed", failure_reason=_FAILURE),
        _polled("failed_unexplained", "Says that the job failed, and not why.", "failed"),
        _polled("unknown_status", "Says `queued`, which the contract does not have.", "pending", status="queued"),
        _polled("no_kinds", "Sends the images without `object_type`.", entry=_without_kind),
        _polled(
            "unknown_kinds",
            "Sends entries of a kind that nobody knows.",
            entry=lambda image: image | {"object_type": "hologram.generation"},
        ),
        _polled("another_job", _ANOTHER, generation_id=ANOTHER_JOB),
    )
)
