"""From the bytes of a response to a Generation, another model, or one typed error. Pure: no I/O, no clock.

What was paid for is kept: a broken 200 still yields every image that it names, and an error keeps the body.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import attrs
import httpx

from ideogram_ai.generated import operations

from .errors import (
    ASK_AGAIN,
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
    ResponseValidationError,
    UnprocessableEntityError,
)
from .images import IMAGE_MEMBERS, parse_generation
from .jobs import read_job
from .redaction import printable
from .request import is_array, is_object
from .retry import parse_retry_after

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ideogram_ai.generated.operations import Operation

POSSIBLY_BILLED: Final = (
    "What was asked for may have been made and billed: look at the account's usage before sending it again."
)
_NO_ID: Final = (
    "No id of a job came back: whether the job exists, and is billed, is unknown, and the service cannot be asked. "
    "Look at the account's usage before submitting it again."
)


def cost_note(operation: Operation) -> str:
    """What it means for money that the outcome of a request is unknown."""
    if operation.is_free:
        return ASK_AGAIN
    return _NO_ID if operation.result == "job" else POSSIBLY_BILLED


_ERRORS: Mapping[int, tuple[type[APIStatusError], str]] = {
    400: (BadRequestError, "Correct the request."),
    401: (AuthenticationError, "Check the API key: it is sent in the Api-Key header, not as Bearer."),
    402: (PaymentRequiredError, "Top up the account's balance."),
    403: (PermissionDeniedError, "Check what the key may do, and whether a network in front refuses you."),
    404: (NotFoundError, "Check the base URL."),
    413: (APIStatusError, "Make the request smaller."),
    415: (APIStatusError, "The service does not take this kind of body; is the base URL right?"),
    422: (UnprocessableEntityError, "Change the prompt: it did not pass the safety check."),
    429: (RateLimitError, ""),
}
_UNKNOWN: Mapping[int, str] = {
    303: "that is what follows a request that ran (RFC 9110, section 15.4.4), and it names no image",
    408: "the service gave up on the request",
}
_MAX_DETAIL = 500


def parse_response(
    operation: Operation,
    *,
    status: int,
    headers: httpx.Headers,
    body: bytes,
    now: float,
    complete: bool = True,
    job_id: str | None = None,
    problems: list[str] | None = None,
) -> Any:
    """Turn a response into a value, or the error to raise.

    The body is decoded from its content encoding; `now` is for a Retry-After that is a date. What is wrong with a model
    is added to the problems; a Generation and a Job have their own.

    Returns:
        A Generation for an operation that makes images, a Job for one about jobs; for others the generated model of the
        response; if the contract has no object there, plain JSON, a text, bytes, or None for an empty body. Or an
        IdeogramError.
    """
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return _parse_refusal(operation, status=status, headers=headers, body=body, now=now, job_id=job_id)
    details: dict[str, Any] = {"status": status, "headers": headers, "body": body, "complete": complete}
    if operation.result == "images":
        return parse_generation(**details, image_members=operation.image_members)
    if operation.result == "job":
        # Half an answer to a submit may have the id. A poll is repeated instead.
        members = operation.image_members or IMAGE_MEMBERS
        return read_job(job_id=job_id, salvage=not operation.is_free, image_members=members, **details)
    return _parse_model(operation, problems=[] if problems is None else problems, **details)


def _parse_refusal(
    operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, now: float, job_id: str | None
) -> IdeogramError:
    detail = _describe(headers, body)
    if status in _UNKNOWN:
        message = f"{status}: {_UNKNOWN[status]}{detail}. {cost_note(operation)}"
        unknown = OutcomeUnknownError(message, status_code=status, headers=headers, body=body)
        unknown.may_have_been_billed = not operation.is_free
        return unknown
    # A redirect did not run; of other statuses that the contract does not list, nothing is known.
    is_redirect = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST
    billed = not operation.is_free and operation.billed.get(status, False if is_redirect else None) is not False
    kind, advice = _ERRORS.get(status, (APIStatusError, ""))
    if status == HTTPStatus.NOT_FOUND and job_id is not None:
        advice = f"No job {printable(job_id)!r:.80} is known there: check the id, the key and the base URL."
    elif status == HTTPStatus.NOT_FOUND and any(each.place == "path" for each in operation.fields):
        advice = "Check the id, the key and the base URL."
    details: dict[str, Any] = {"status_code": status, "headers": headers, "body": body, "may_have_been_billed": billed}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = InternalServerError
    elif is_redirect:
        advice = f"{_redirect_target(headers)} No redirect is followed, so that the key stays here. Check the base URL."
    elif kind is RateLimitError:
        more, advice = _parse_rate_limit(operation, headers, body, now)
        details |= more
    money = cost_note(operation) if billed or operation.is_free else "It did not run; nothing was billed."
    return kind(f"{status}{detail}. {f'{advice} {money}' if advice else money}", **details)


def _parse_rate_limit(operation: Operation, headers: httpx.Headers, body: bytes, now: float) -> tuple[Any, str]:
    """The attributes of a RateLimitError, and advice."""
    document = _load(body)
    reason = document.get("reject_reason") if is_object(document) else None
    reason = reason if isinstance(reason, str) else None
    retry_after = parse_retry_after(headers.get("retry-after"), now=now)
    waiting_helps = reason is None or operation.reject_reasons.get(reason, True)
    advice = "Wait, or send fewer requests at a time." if retry_after is None else f"Wait {retry_after:g} s."
    if not waiting_helps:
        advice = f"Waiting does not help against {reason}; look at the account."
    return {"retry_after": retry_after, "reject_reason": reason, "waiting_helps": waiting_helps}, advice


def _redirect_target(headers: httpx.Headers) -> str:
    location = headers.get("location")
    if not location:
        return "It points nowhere."
    match = re.match(r"(?:[a-z][a-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#]+)", location, re.IGNORECASE)
    return f"It points to {match[1]}." if match else "It points to this same host."


def _describe(headers: httpx.Headers, body: bytes) -> str:
    """The service's own words, cut to a length that fits a message."""
    document = _load(body)
    words: object = document if isinstance(document, str) else None
    if is_object(document):
        words = next((document[key] for key in ("detail", "error", "message", "title") if document.get(key)), None)
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


def _parse_model(
    operation: Operation, *, status: int, headers: httpx.Headers, body: bytes, complete: bool, problems: list[str]
) -> Any:
    details: dict[str, Any] = {"status_code": status, "headers": headers, "body": body}
    free = operation.is_free
    error: OutcomeUnknownError | ResponseValidationError
    if complete:
        value, problem = _read_model(operation.answer_model, headers, body, lenient=not free)
        if not problem or value is not None:
            problems += [problem] if problem else []
            return value
        money = (
            f"{ASK_AGAIN} .body holds what arrived."
            if free
            else "It was most likely billed: look at .body, which holds what arrived, before sending the request again."
        )
        message = f"The response ({status}) breaks the contract: {problem}. {money}"
        error = ResponseValidationError(message, problems=(problem,), **details)
    else:
        money = (
            ASK_AGAIN
            if free
            else "It was most likely billed: look at the account's usage before sending the request again."
        )
        error = OutcomeUnknownError(f"The response ({status}) broke off after {len(body)} bytes. {money}", **details)
    error.may_have_been_billed = not free
    return error


def _read_model(model: str, headers: httpx.Headers, body: bytes, *, lenient: bool) -> tuple[Any, str]:
    """The value of a body, and what is wrong with it. With both, the value holds JSON where the model has another type.

    That is for responses that were paid for (lenient); a free one is asked for again.

    Without a model the contract has no object there, and the Content-Type decides.
    """
    if not body:
        return None, "the body is empty" if model else ""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if not model and kind.startswith("text/") and kind not in {"text/html", "text/json", "text/xml"}:
        return httpx.Response(HTTPStatus.OK, headers=headers, content=body).text, ""
    if not model and kind and not kind.endswith(("json", "html", "xml")):
        return body, ""
    try:
        document: object = json.loads(body)
    except (ValueError, RecursionError):
        return None, "the body is not JSON"
    if not model:
        return document, ""
    if not is_object(document):
        return None, "the body is not an object"

    from ideogram_ai.generated import models  # noqa: PLC0415 - slow to load, and generate needs none

    kind_of_model = getattr(models, model)
    try:
        return kind_of_model.from_dict(document), ""
    except KeyError as error:
        problem = f"{error.args[0]} is missing"
    except (AttributeError, RecursionError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"[:500]
    # Most decoders say of a null only what they cannot do with it.
    types = {each.name: str(each.type) for each in attrs.fields(kind_of_model)}
    named = [(wire, types[name]) for name, wire in operations.MODEL_FIELDS[model] if document.get(wire, ...) is None]
    problem = next((f"{wire} is null" for wire, type_ in named if "None" not in type_ and "Any" not in type_), problem)
    return _read_members(kind_of_model, document, models) if lenient else None, problem


def _read_members(model: Any, document: Mapping[str, Any], models: Any) -> Any:
    """A model with plain JSON in the members that are not what the contract says; None if a required one is missing.

    What was paid for is not lost to a value that the contract does not know yet.
    """
    rest = dict(document)
    values: dict[str, Any] = {}
    wire_names = dict(operations.MODEL_FIELDS[model.__name__])
    for member in attrs.fields(model):
        wire_name = wire_names.get(member.name, "")
        if wire_name in rest:
            values[member.name] = _read_member(str(member.type).removesuffix(" | Unset"), rest.pop(wire_name), models)
        elif wire_name and member.default is attrs.NOTHING:
            return None
    made = model(**values)
    made.additional_properties = rest
    return made


def _read_member(kind: str, value: object, models: Any) -> Any:
    """A value of a type; plain JSON if it does not fit. The items of a list are read one by one."""
    if kind.startswith("list[") and is_array(value):
        return [_read_item(kind[len("list[") : -1], item, models) for item in value]
    model: Any = getattr(models, kind, None)
    if not hasattr(model, "from_dict") or not is_object(value):
        return value
    try:
        return model.from_dict(value)
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
        return value


def _read_item(kind: str, item: object, models: Any) -> Any:
    """An item of a list: a model even if some of its members do not fit, so that all items have the same attributes."""
    read = _read_member(kind, item, models)
    if read is not item or not is_object(item) or not hasattr(models, kind):
        return read
    model = _read_members(getattr(models, kind), item, models)
    return item if model is None else model
