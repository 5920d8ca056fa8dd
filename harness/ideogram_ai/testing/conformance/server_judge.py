"""What a response of a server shows about the requirements of generate."""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from jsonschema_rs import Draft202012Validator, ValidationErrorKind

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.problems import name_of, shown
from ideogram_ai.contract.view import MASK, JsonObject, read_view

from .kit import Verdict, at_pointer
from .server_requests import Expect
from .server_requirements import KEY_ACCEPTED, PROMPT_RULE, UNDOCUMENTED_MEMBERS, is_documented, members_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jsonschema_rs import ValidationError

    from .server_requests import RequestCase, ServerResponse

_JSON: Final = re.compile(r"application/([\w.\-]+\+)?json\s*(;.*)?", re.IGNORECASE)
# Such a refusal is about the account, the path or the moment, and not about the request's content.
NOT_ABOUT_CONTENT: Final = frozenset({401, 402, 403, 404, 429})
ABOUT_ACCOUNT: Final = frozenset({401, 402, 403, 429, 503})


class CaseFinding(NamedTuple):
    """What the response to a case shows about one requirement. Failures of one cause have the same `cause`."""

    requirement: str
    verdict: Verdict
    detail: str = ""
    cause: str = ""


def judge_case(
    case: RequestCase, response: ServerResponse, *, metered: bool, never_accepted: str
) -> Iterator[CaseFinding]:
    """What the response to a request shows about the requirement that the request tests, and about refusals.

    A metered server has accounts, so a response may be about one. `never_accepted` says what the request has in common
    with earlier valid requests, none of which was accepted; it is empty for nothing.
    """
    status = response.status
    # A key that is not let in says nothing about the rest of the request.
    names = case.requirements if status != 401 else (case.requirement,)
    if status is None:
        detail, cause = f"{case.note}: the server {response.failure}.", f"The server {response.failure}."
        yield from (CaseFinding(name, Verdict.FAILED, detail, cause) for name in case.requirements)
    elif case.expect is Expect.UNAUTHORIZED:
        yield _judge_key_refusal(case, status, metered=metered)
    elif case.expect is Expect.ON_DEMAND:
        pass  # only the response itself is judged
    elif metered and status in ABOUT_ACCOUNT:
        detail = f"The service answered {status}, which is about the account."
        yield from (CaseFinding(name, Verdict.NOT_TRIED, detail) for name in names)
    elif case.expect is Expect.REFUSED:
        yield from _judge_refusal(case, response, status)
    elif is_accepted(response):
        yield from (CaseFinding(name, Verdict.HELD) for name in names)
    elif status != 422 or case.generated is None:  # random words may fail the safety check: that proves nothing
        detail = f"{case.note}: got {status}, expected 200."
        if status == 200:
            detail = f"{case.note}: the 200 is not a response of this operation."
        if status == 401 and case.requirement == KEY_ACCEPTED:
            detail += " If this server takes certain keys only, name one with --key-env."
        cause = f"No valid request{never_accepted} is accepted." if never_accepted else ""
        yield from (CaseFinding(name, Verdict.FAILED, detail, cause) for name in names)


def is_accepted(response: ServerResponse) -> bool:
    """Whether a request ran: the response is a 200 with a member that the contract requires. A login page is not."""
    return response.status == 200 and is_object(response.value) and _missing_all(200, response.value) is None


def _judge_key_refusal(case: RequestCase, status: int, *, metered: bool) -> CaseFinding:
    if status == 401:
        return CaseFinding(case.requirement, Verdict.HELD)
    if metered and status in {400, 415}:
        detail = f"The server looked at the body first ({status}), and no body that can run is sent without a key."
        return CaseFinding(case.requirement, Verdict.NOT_TRIED, detail)
    detail = f"{case.note}, {case.key}: got {status}, expected 401."
    return CaseFinding(
        case.requirement, Verdict.FAILED, detail, f"A request without the right key gets a {status}, not a 401."
    )


def _judge_refusal(case: RequestCase, response: ServerResponse, status: int) -> Iterator[CaseFinding]:
    expected = " or ".join(map(str, case.statuses))
    if not 400 <= status < 500 or status in NOT_ABOUT_CONTENT:
        got = "it was accepted" if status == 200 else f"got {status}"
        yield CaseFinding(
            case.requirement, Verdict.FAILED, f"{case.note}: {got}, expected {expected}.", _refusal_cause(case, status)
        )
        return
    yield CaseFinding(case.requirement, Verdict.HELD)
    wrong = "" if status in case.statuses else f"{case.note}: got {status}, expected {expected}."
    yield CaseFinding("answer.refusal-status", Verdict.FAILED if wrong else Verdict.HELD, wrong)
    if case.field is not None:
        named = case.field.encode() in response.body
        wrong = "" if named else f"{case.note}: the response does not name {case.field}."
        yield CaseFinding("answer.refusal-names-field", Verdict.FAILED if wrong else Verdict.HELD, wrong)


def _refusal_cause(case: RequestCase, status: int) -> str:
    what = "are accepted" if status == 200 else f"get a {status}"
    if case.field is not None:
        return f"Invalid values of {case.field} {what}."
    return f"Requests that break the prompt rule {what}." if case.requirement.startswith(PROMPT_RULE) else ""


def judge_response(response: ServerResponse, status: int) -> dict[str, str | None]:
    """What a whole response shows about the requirements on responses: what is wrong by id, None where it holds."""
    view = read_view()
    findings: dict[str, str | None] = {"answer.statuses": None}
    if status not in view.responses:
        if status not in view.observed:
            findings["answer.statuses"] = f"{status} is not a status that the contract knows"
        return findings
    if not view.responses[status].schema:
        return findings
    kind = response.header("content-type")
    wrong = f"its Content-Type is {shown(kind)}" if kind else "it has no Content-Type"
    findings[f"answer.{status}.content-type"] = None if _JSON.fullmatch(kind or "") else wrong
    wait = response.header("retry-after")
    if status == 429 and wait is not None:
        findings["answer.429.retry-after"] = None if _is_wait(wait) else f"it is {shown(wait)}"
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        return findings | {f"answer.{status}.body": f"it is not JSON ({error})"}
    if not is_documented(status):
        return findings | {f"answer.{status}.body": _judge_observed_body(status, body)}
    findings |= _judge_documented_body(status, body)
    safe = {
        number: image
        for number, image in enumerate(response.images)
        if is_object(image) and image.get("is_image_safe") is True
    }
    if status == 200 and safe:
        unlinked = next((number for number, image in safe.items() if not image.get("url")), None)
        wrong = f"data[{unlinked}] was not withheld (is_image_safe is true) and has no url"
        findings["answer.200.link-present"] = None if unlinked is None else wrong
    elif status == 200 and is_object(body) and body.get("data") == []:
        findings["answer.200.link-present"] = "data is empty: there is no image, although the request ran"
    return findings


def _is_wait(text: str) -> bool:
    try:
        return text.strip().isdecimal() or bool(parsedate_to_datetime(text))
    except ValueError:
        return False


def _judge_documented_body(status: int, body: Any) -> dict[str, str | None]:
    paths = [path for path, _ in members_in(status)]
    ids = {path: f"answer.{status}.{'.'.join(path)}" for path in paths}
    findings: dict[str, str | None] = {f"answer.{status}.body": _missing_all(status, body)}
    findings |= {ids[path]: None for path in paths if _is_tested(path, paths, body)}
    for error in _validator(status).iter_errors(body):
        path, problem = _explain(error)
        place = ids.get(path, f"answer.{status}.body")
        findings[place] = findings.get(place) or problem
    names = [
        name_of([*error.instance_path, name])
        for error in _closed_validator(status).iter_errors(body)
        if isinstance(error.kind, ValidationErrorKind.AdditionalProperties)
        for name in error.kind.unexpected
    ]
    findings[UNDOCUMENTED_MEMBERS] = f"it also has {', '.join(names)}" if names else None
    return findings


def _judge_observed_body(status: int, body: Any) -> str | None:
    """What is wrong with a body of undocumented form. It is compared with the form observed, the schema's first."""
    known = list(_observed_schema(status).get("properties", ()))
    if not is_object(body):
        return f"it is {shown(body)}, not an object"
    if known and not set(body) & set(known):
        return f"it has none of {', '.join(known)}, but {', '.join(map(shown, body)) or 'nothing'}"
    errors = _validator(status).iter_errors(body)
    return next((f"{name_of(error.instance_path)}: {error.message}" for error in errors), None)


def _observed_schema(status: int) -> JsonObject:
    view = read_view()
    schema = view.resolve(view.responses[status].schema)
    return view.resolve(schema.get("anyOf", [schema])[0])


def _missing_all(status: int, body: Any) -> str | None:
    """What is wrong with an object that has none of the members that the contract requires."""
    view = read_view()
    required: list[str] = view.resolve(view.responses[status].schema).get("required", [])
    if not is_object(body) or not required or any(name in body for name in required):
        return None
    return f"it has none of {', '.join(required)}"


def _is_tested(path: tuple[str, ...], paths: list[tuple[str, ...]], body: Any) -> bool:
    """Whether the body has an object with a member of the contract where a member belongs. That one may be absent."""
    siblings = {other[-1] for other in paths if other[:-1] == path[:-1]}
    return any(siblings & set(value) for value in _reach(body, path[:-1]))


def _reach(value: Any, path: tuple[str, ...]) -> Iterator[JsonObject]:
    """The objects that names lead to."""
    if is_array(value):
        for item in value:
            yield from _reach(item, path)
    elif is_object(value) and not path:
        yield value
    elif is_object(value) and path[0] in value:
        yield from _reach(value[path[0]], path[1:])


def _explain(error: ValidationError) -> tuple[tuple[str, ...], str]:
    """The member that an error is about, and the error in words."""
    path = list(error.instance_path)
    message = error.message.replace(MASK, shown(error.instance))
    if isinstance(error.kind, ValidationErrorKind.Required):
        path.append(error.kind.property)
        message = "it is missing"
    names = tuple(step for step in path if isinstance(step, str))
    return names, f"{name_of(path) or 'the body'}: {message}"


@cache
def _validator(status: int) -> Draft202012Validator:
    """A validator of what a response should be: as documented, or as observed."""
    view = read_view()
    return view.validator(view.responses[status].schema if is_documented(status) else _observed_schema(status))


@cache
def _closed_validator(status: int) -> Draft202012Validator:
    components = close_objects(at_pointer("#/components"))
    return Draft202012Validator({**close_objects(read_view().responses[status].schema), "components": components})


def close_objects(node: Any) -> Any:
    """Part of the contract with unknown members forbidden in every object; examples stay as they are.

    The contract leaves objects open, because a service may add members.
    """
    if is_array(node):
        return [close_objects(item) for item in node]
    if not is_object(node):
        return node
    closed = {
        name: member if name in {"example", "examples"} else close_objects(member) for name, member in node.items()
    }
    if "properties" in node and node.get("type") == "object":
        closed["additionalProperties"] = False
    return closed
