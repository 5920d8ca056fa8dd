"""Judges an answer: status, headers and bytes become a Generation or one typed error. No I/O, no clock of its own."""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .answer import parse_generation
from .errors import (
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    IdeogramError,
    InternalServerError,
    NotFoundError,
    OutcomeUnknownError,
    PaymentRequiredError,
    PermissionDeniedError,
    RateLimitError,
    UnprocessableEntityError,
)
from .json_types import is_object
from .redaction import printable
from .retry_after import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from ideogram_ai.generated.operations import Operation

    from .generation import Generation

_MAX_DETAIL = 500
_UNKNOWN: Mapping[int, str] = {
    303: "that is what follows a request that ran (RFC 9110, section 15.4.4), and it names no image",
    408: "the service gave up on the request",
}

_ERRORS: Mapping[int, tuple[type[APIStatusError], str]] = {
    400: (BadRequestError, "Mend the request."),
    401: (AuthenticationError, "Check the API key: it is sent in the Api-Key header, not as Bearer."),
    402: (PaymentRequiredError, "Top up the account's balance."),
    403: (PermissionDeniedError, "Check what the key may do, and whether a network in front refuses you."),
    404: (NotFoundError, "Check the base URL."),
    413: (APIStatusError, "Make the request smaller."),
    415: (APIStatusError, "The service does not take this kind of body; is the base URL right?"),
    422: (UnprocessableEntityError, "Change the prompt: it did not pass the safety check."),
    429: (RateLimitError, ""),
}


def judge(
    operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, now: float, complete: bool = True
) -> Generation | IdeogramError:
    """Turn an answer into a value or one typed error.

    Args:
        operation: What the contract says of the operation.
        status: The HTTP status.
        headers: The answer's headers.
        body: The answer's body, decoded from its content encoding.
        now: Unix seconds, for a Retry-After that is a date.
        complete: False when the body broke off.

    Returns:
        A Generation, or the error to raise.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return parse_generation(status=status, headers=headers, body=body, complete=complete)
    return judge_refusal(operation, status=status, headers=headers, body=body, now=now)


def judge_refusal(
    operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, now: float
) -> IdeogramError:
    """Turn an answer of any status but 2xx into the error to raise. The arguments are those of judge."""
    detail = _describe(headers, body)
    if status in _UNKNOWN:
        return OutcomeUnknownError(
            f"{status}: {_UNKNOWN[status]}{detail}. {_money(may_have_been_billed=True)}",
            status_code=status,
            headers=headers,
            body=body,
        )
    billed = operation.billed.get(status, _billed_by_class(status))
    may_have_been_billed = billed is not False
    kind, advice = _ERRORS.get(status, (APIStatusError, ""))
    details: dict[str, Any] = {
        "status_code": status,
        "headers": headers,
        "body": body,
        "may_have_been_billed": may_have_been_billed,
    }
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = InternalServerError
    elif HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        advice = f"{_target(headers)} No redirect is followed, so that the key stays here. Check the base URL."
    elif kind is RateLimitError:
        advice = _judge_rate_limit(operation, headers, body, now, details)
    return kind(f"{status}{detail}. {_join(advice, _money(may_have_been_billed))}", **details)


def _billed_by_class(status: int) -> bool | None:
    """What a status that the contract does not list says of the bill: a redirect never ran, the rest is not known."""
    return False if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST else None


def _judge_rate_limit(
    operation: Operation, headers: httpx.Headers, body: bytes, now: float, details: dict[str, Any]
) -> str:
    retry_after = parse_retry_after(headers.get("retry-after"), now=now)
    reason = _members(_load(body)).get("reject_reason")
    reason = reason if isinstance(reason, str) else None
    waiting_helps = reason is None or operation.reject_reasons.get(reason, True)
    details |= {"retry_after": retry_after, "reject_reason": reason, "waiting_helps": waiting_helps}
    if not waiting_helps:
        return f"Waiting does not help against {reason}; look at the account."
    if retry_after is not None:
        return f"Wait {retry_after:g} s."
    return "Wait, or send fewer requests at a time."


def _money(may_have_been_billed: bool) -> str:
    if may_have_been_billed:
        return "What was asked for may have been made and billed: look at the account's usage before sending it again."
    return "It did not run; nothing was billed."


def _target(headers: httpx.Headers) -> str:
    location = headers.get("location")
    if not location:
        return "It points nowhere."
    match = re.match(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#]+)", location, re.IGNORECASE)
    return f"It points to {match[1]}." if match else "It points to this same host."


def _describe(headers: httpx.Headers, body: bytes) -> str:
    """The service's own words, cut to a length that fits a message."""
    document = _load(body)
    words: object
    if isinstance(document, str):
        words = document
    else:
        members = _members(document)
        words = next((members[key] for key in ("detail", "error", "message", "title") if members.get(key)), None)
    if words is None:
        text = body[: _MAX_DETAIL * 4].decode(errors="replace").strip()
        if not text:
            return ", with an empty body"
        if "html" in headers.get("content-type", "").lower() or text[:1] == "<":
            title = re.search(r"<title[^>]*>([^<]{1,200})", text, re.IGNORECASE)
            return f": an HTML page{f' titled {title[1].strip()!r}' if title else ''}"
        words = text
    text = words if isinstance(words, str) else repr(words)
    text = printable(" ".join(text.split())[: _MAX_DETAIL + 1])
    return f": {text[:_MAX_DETAIL]} [...]" if len(text) > _MAX_DETAIL else f": {text.rstrip('.')}"


def _load(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _members(document: object) -> dict[str, Any]:
    return document if is_object(document) else {}


def _join(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
