"""Judges what a server answered by the contract's schemas, whatever the request was."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from jsonschema_rs import Draft202012Validator, ValidationErrorKind

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.problems import name_of, shown
from ideogram_ai.contract.view import MASK, JsonObject, read_view
from ideogram_ai.generated.contract import read_contract

from .catalogue import is_documented, members
from .closed import close

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema_rs import ValidationError

    from .sender import Reply

Findings = dict[str, str | None]
"""By the id of a requirement, what is wrong; None where it holds."""

_JSON: Final = re.compile(r"application/([\w.\-]+\+)?json\s*(;.*)?", re.IGNORECASE)


def judge_answer(reply: Reply) -> Findings:
    """What an answer says of the requirements on answers.

    Args:
        reply: A whole answer.
    """
    view = read_view()
    assert reply.status is not None  # noqa: S101 - for type checkers
    status = reply.status
    findings: Findings = {"answer.statuses": None}
    if status not in view.responses:
        if status not in view.observed:
            findings["answer.statuses"] = f"{status} is no status that the contract knows"
        return findings
    if not view.responses[status].schema:
        return findings
    findings |= _judge_head(reply, status)
    try:
        body = json.loads(reply.body)
    except (ValueError, RecursionError) as error:
        findings[f"answer.{status}.body"] = f"it is no JSON ({error})"
        return findings
    findings |= _judge_documented(status, body) if is_documented(status) else _judge_observed(status, body)
    return findings


def _judge_head(reply: Reply, status: int) -> Iterator[tuple[str, str | None]]:
    kind = reply.headers.get("content-type", "")
    wrong = f"its Content-Type is {shown(kind)}" if kind else "it has no Content-Type"
    yield f"answer.{status}.content-type", None if _JSON.fullmatch(kind) else wrong
    wait = reply.headers.get("retry-after")
    if status == 429 and wait is not None:
        yield "answer.429.retry-after", None if _is_wait(wait) else f"it is {shown(wait)}"


def _is_wait(text: str) -> bool:
    try:
        return text.strip().isdecimal() or bool(parsedate_to_datetime(text))
    except ValueError:
        return False


def _judge_documented(status: int, body: Any) -> Findings:
    """The body of a documented answer, member by member."""
    ids = {path: f"answer.{status}.{'.'.join(path)}" for path in members(status)}
    findings: Findings = {f"answer.{status}.body": _foreign(status, body)}
    findings |= {ids[path]: None for path in _told(body, ids)}
    for error in _validator(status).iter_errors(body):
        path, problem = _explain(error)
        place = ids.get(path, f"answer.{status}.body")
        findings[place] = findings.get(place) or problem
    closed = list(_closed_validator(status).iter_errors(body))
    unknown = [error for error in closed if isinstance(error.kind, ValidationErrorKind.AdditionalProperties)]
    names = [name for error in unknown for name in _unexpected(error)]
    findings["answer.undocumented-members"] = f"it has {', '.join(names)} besides" if names else None
    if status == 200 and (images := _images(body)):
        findings |= {"answer.200.link-present": _missing_link(images)}
    return findings


def _told(body: Any, paths: Mapping[tuple[str, ...], str]) -> Iterator[tuple[str, ...]]:
    """The members of those objects in the body that have a member of the contract: one that is absent may be so."""
    for path in paths:
        *above, _ = path
        siblings = {other[-1] for other in paths if [*other[:-1]] == above}
        if any(siblings & set(value) for value in _reach(body, above)):
            yield path


def _reach(value: Any, path: list[str]) -> Iterator[JsonObject]:
    """The objects that names lead to."""
    if is_array(value):
        for item in value:
            yield from _reach(item, path)
    elif is_object(value) and not path:
        yield value
    elif is_object(value) and path[0] in value:
        yield from _reach(value[path[0]], path[1:])


def _foreign(status: int, body: Any) -> str | None:
    """What is wrong with an object that has not one of the members that it has to have."""
    view = read_view()
    required: list[str] = view.resolve(view.responses[status].schema).get("required", [])
    if not is_object(body) or not required or any(name in body for name in required):
        return None
    return f"it has none of {', '.join(required)}"


def _explain(error: ValidationError) -> tuple[tuple[str, ...], str]:
    """The member that an error is about, and the error in words."""
    path = list(error.instance_path)
    message = error.message.replace(MASK, shown(error.instance))
    if isinstance(error.kind, ValidationErrorKind.Required):
        path.append(error.kind.property)
        message = "it is missing"
    names = tuple(step for step in path if isinstance(step, str))
    return names, f"{name_of(path) or 'the body'}: {message}"


def _unexpected(error: ValidationError) -> list[str]:
    assert isinstance(error.kind, ValidationErrorKind.AdditionalProperties)  # noqa: S101 - for type checkers
    return [name_of([*error.instance_path, name]) for name in error.kind.unexpected]


@cache
def _validator(status: int) -> Draft202012Validator:
    return read_view().response_validator(status)


@cache
def _closed_validator(status: int) -> Draft202012Validator:
    document = close(read_contract())
    schema: JsonObject = close(read_view().responses[status].schema)
    return Draft202012Validator({**schema, "components": document["components"]})


def _images(body: Any) -> dict[int, JsonObject]:
    """The images of a 200 that were not withheld, by their index."""
    images = body.get("data") if is_object(body) else None
    return {
        number: image
        for number, image in enumerate(images if is_array(images) else [])
        if is_object(image) and image.get("is_image_safe") is True
    }


def _missing_link(images: Mapping[int, JsonObject]) -> str | None:
    for number, image in images.items():
        if not image.get("url"):
            return f"data[{number}] was not withheld (is_image_safe is true) and has no url"
    return None


def is_answer(body: bytes) -> bool:
    """Whether a body is an answer of the operation, however faulty: an object with a member that a 200 has to have."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return is_object(answer) and _foreign(200, answer) is None


def links_of(body: bytes) -> list[str]:
    """The image links of a 200."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return []
    images = answer.get("data") if is_object(answer) else None
    urls = [image.get("url") for image in (images if is_array(images) else []) if is_object(image)]
    return [url for url in urls if isinstance(url, str) and url]


def _judge_observed(status: int, body: Any) -> Findings:
    """The body of an answer that is not documented, by the form that was seen: the first of the schema's kinds."""
    view = read_view()
    schema = view.resolve(view.responses[status].schema)
    seen: JsonObject = view.resolve(schema.get("anyOf", [schema])[0])
    wanted = list(seen.get("properties", ()))
    wrong = None
    if not is_object(body):
        wrong = f"it is {shown(body)}, no object"
    elif wanted and not set(body) & set(wanted):
        wrong = f"it has none of {', '.join(wanted)}, but {', '.join(map(shown, body)) or 'nothing'}"
    else:
        errors = view.validator(seen).iter_errors(body)
        wrong = next((f"{name_of(error.instance_path)}: {error.message}" for error in errors), None)
    return {f"answer.{status}.body": wrong}
