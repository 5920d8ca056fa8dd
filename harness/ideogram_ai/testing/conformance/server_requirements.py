"""What the contract requires of a server: of generate in every detail, of each other operation in the same few points.

It follows from the contract, so an operation that the contract gains is tested too.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from ideogram_ai.contract.view import find_view, read_view
from ideogram_ai.generated.operations import OPERATIONS

from ..strategies import request_rules
from .kit import (
    KEY_SCHEME,
    Requirement,
    at_pointer,
    by_id,
    follow,
    join_pointer,
    makes_job,
    members_of,
    pointers,
    prompt_fields,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ideogram_ai.contract.view import ContractView

KEY_ACCEPTED: Final = "auth.key-accepted"
PROMPT_RULE: Final = "request.prompt-rule"
UNDOCUMENTED_MEMBERS: Final = "answer.undocumented-members"
WEBHOOK: Final = "webhook_url"


@cache
def server_requirements() -> Mapping[str, Requirement]:
    """Every requirement on a server by its id, in the order of the report."""
    return by_id([*_key_requirements(), *_acceptances(), *_refusals(), *_response_requirements(), *_generated()])


def _key_requirements() -> Iterator[Requirement]:
    missing = pointers().response(401)
    yield Requirement(KEY_ACCEPTED, "A request with a key in its header is let in.", f"{KEY_SCHEME}/name")
    yield Requirement("auth.key-missing", "A request without a key gets a 401.", missing)
    yield Requirement("auth.key-blank", "A request with a blank key gets a 401.", missing)
    yield Requirement("auth.key-wrong", "A request with an unknown key gets a 401.", missing)
    yield Requirement("auth.key-in-query", "A key in the query does not count.", f"{KEY_SCHEME}/in")
    title = "A key in Authorization: Bearer does not count."
    yield Requirement("auth.key-as-bearer", title, f"{KEY_SCHEME}/description")


def _acceptances() -> Iterator[Requirement]:
    where, fields = pointers(), read_view().fields
    for name in fields:
        yield Requirement(f"request.{name}.accepted", f"Valid values of {name} are accepted.", where.field(name))
    for name, rule in fields.items():
        at = where.part_type(name) if rule.content_type else where.form
        title = f"The part {name} may have the media type {part_type(name)}."
        yield Requirement(f"request.{name}.part-type", title, at)
    at = join_pointer(where.form, "examples") if "examples" in at_pointer(where.form) else where.form
    yield Requirement("request.examples", "The example requests of the contract are accepted.", at)
    title = "A text may hold any characters: quotes, line ends, emoji, what looks like the next part of the form."
    yield Requirement("request.any-text", title, where.field(prompt_fields()[0], "type"))
    yield Requirement("request.field-order", "Fields may come in any order.", join_pointer(where.request, "properties"))
    yield Requirement("request.boundary", "The boundary of the form may be any that MIME allows.", where.form)


def part_type(name: str) -> str:
    """The media type that the part of a field may have: the contract's, or text."""
    return read_view().fields[name].content_type or "text/plain"


def _refusals() -> Iterator[Requirement]:
    where, (prompt_rule, *rules) = pointers(), request_rules()
    names = " and ".join(prompt_fields())
    yield Requirement(f"{PROMPT_RULE}.both-refused", f"A request with both {names} is refused.", prompt_rule)
    yield Requirement(f"{PROMPT_RULE}.neither-refused", f"A request with none of {names} is refused.", prompt_rule)
    for name, field in read_view().fields.items():
        if field.content_type:
            title = f"A part {name} that is not JSON is refused."
            yield Requirement(f"request.{name}.malformed-refused", title, where.part_type(name))
    body = join_pointer(where.operation, "requestBody")
    yield Requirement("request.body-required", "A request without a body is refused.", f"{body}/required")
    yield Requirement("request.media-type", "A body that is not a multipart form is refused.", f"{body}/content")
    yield Requirement("request.malformed-form", "A form that cannot be read is refused.", where.form)
    for pointer in rules:
        yield Requirement(rule_id(pointer), _rule_title(pointer), pointer)


def rule_id(pointer: str) -> str:
    """The id of the requirement that a server keeps a rule of the request's schema."""
    return f"request.refused.{short_rule(pointer, pointers().request)}"


def _rule_title(pointer: str) -> str:
    *steps, keyword = pointer.removeprefix("#/components/schemas/").split("/")
    if keyword.isdecimal():
        entry = at_pointer(pointer)
        return f"{steps[0]}: {entry['value']} is refused with {entry['status']}, as long as it is not in service."
    endings = {
        "required": "without a member that it requires",
        "type": "of another type",
        "enum": "that is not in its list",
        "pattern": "that does not match its pattern",
        "oneOf": "that matches none of its kinds",
    }
    place = " ".join(step for step in steps if step != "properties")
    return f"{place}: a value {endings.get(keyword, f'beyond its {keyword}')} is refused."


def _response_requirements() -> Iterator[Requirement]:
    where = pointers()
    refusal = where.response(400)
    yield Requirement("answer.statuses", "Every response has a status that the contract knows.", where.responses)
    yield Requirement("answer.refusal-status", "A request that breaks a rule gets a 400, not a 422.", refusal)
    yield Requirement("answer.refusal-names-field", "A refusal names the field that is wrong.", refusal, advisory=True)
    for status, rule in read_view().responses.items():
        if rule.schema:
            yield from _body_requirements(status)
    image = where.response_schema(200)
    yield Requirement("answer.200.link-opens", "The link of an image gives the image, and needs no key.", image)
    yield Requirement("answer.200.link-present", "An image has a link, unless it was withheld.", image)
    title = "A response has no members but the documented ones."
    yield Requirement(UNDOCUMENTED_MEMBERS, title, where.responses, advisory=True)
    retry = where.response(429, "headers", "Retry-After")
    yield Requirement("answer.429.retry-after", "Retry-After has seconds or an HTTP date.", retry, advisory=True)


def _body_requirements(status: int) -> Iterator[Requirement]:
    at = pointers().response_schema(status)
    content = at.removesuffix("/application~1json/schema")
    observed = not is_documented(status)
    kind = "JSON, as far as it was observed" if observed else "JSON"
    form = "has the form that was observed" if observed else "is an object as the contract describes it"
    title = f"The body of a {status} is marked as {kind}."
    yield Requirement(f"answer.{status}.content-type", title, content, observed)
    yield Requirement(f"answer.{status}.body", f"The body of a {status} {form}.", at, observed)
    for path, pointer in () if observed else members_in(status):
        name = ".".join(path)
        title = f"{name} of a {status} is as the contract describes it."
        yield Requirement(f"answer.{status}.{name}", title, pointer)


def is_documented(status: int) -> bool:
    """Whether the provider documents a response; others were only observed."""
    return bool(at_pointer(pointers().response(status)).get("x-evidence") == "documented")


@cache
def members_in(status: int) -> tuple[tuple[tuple[str, ...], str], ...]:
    """The members of a documented response: the names that lead to each, and its pointer into the contract."""

    def walk(pointer: str, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
        pointer = follow(pointer)
        schema = at_pointer(pointer)
        if "items" in schema:
            yield from walk(join_pointer(pointer, "items"), path)
        for name in schema.get("properties", {}):
            at = join_pointer(pointer, "properties", name)
            yield (*path, name), at
            yield from walk(at, (*path, name))

    return tuple(walk(pointers().response_schema(status), ()))


def _generated() -> Iterator[Requirement]:
    at = pointers().request
    yield Requirement("generated.valid-accepted", "Valid requests that schemathesis makes are accepted.", at)
    yield Requirement("generated.invalid-refused", "Invalid requests that schemathesis makes are refused.", at)
    title = "What schemathesis checks in the responses to its requests holds."
    yield Requirement("generated.answers", title, pointers().responses)


@cache
def operation_requirements(method_name: str) -> Mapping[str, Requirement]:
    """What the contract requires of a server for an operation, by the ids of the requirements."""
    return by_id(_operation_requirements(find_view(method_name)))


def _operation_requirements(view: ContractView) -> Iterator[Requirement]:
    operation, name = view.operation, view.operation.method_name
    at = pointers(operation.operation_id).operation
    responses = join_pointer(at, "responses")
    yield Requirement(f"{name}.accepted", f"Valid requests of {operation.method} {operation.path} are accepted.", at)
    title = "The answer is as the contract describes it, and about what was asked for."
    yield Requirement(f"{name}.answer", title, join_pointer(responses, 200))
    yield Requirement(f"{name}.statuses", "Every answer has a status that the contract knows.", responses)
    if operation.authenticated:
        yield Requirement(f"{name}.key-missing", "A request without a key gets a 401.", responses)
    for rule in request_rules(operation=operation):
        yield Requirement(f"{name}.refused.{short_rule(rule, at)}", f"What breaks {rule} is refused.", rule)
    if makes_job(operation):
        title = "A job can be asked for by its id until it is finished, and the links of its images give the images."
        yield Requirement(f"{name}.finishes", title, join_pointer(responses, 200))
    elif operation.result != "job" and link_names(view):
        title = "The link of an image gives the image, and needs no key."
        yield Requirement(f"{name}.link-opens", title, join_pointer(responses, 200))
    elif getter := getter_of(view):
        title = "What was made can be asked for by its id."
        yield Requirement(f"{name}.found", title, pointers(getter.operation.operation_id).operation)
    if WEBHOOK in view.fields:
        title = "A finished job is announced with a signature that the keys verify, again if it is not acknowledged."
        yield Requirement(
            f"{name}.webhook", title, "#/webhooks" if "webhooks" in at_pointer("#") else at, advisory=True
        )
    if references(view) and 404 in view.responses:
        title = "A request about something that does not exist gets a 404."
        yield Requirement(f"{name}.unknown", title, join_pointer(responses, 404))


def short_rule(rule: str, start: str) -> str:
    """A rule's pointer as the end of an id, without its start."""
    steps = rule.removeprefix("#/components/schemas/").removeprefix(start).strip("/").split("/")
    return ".".join(step.replace("~1", "-") for step in steps if step not in {"properties", "schema"})


@cache
def id_names() -> frozenset[str]:
    """The parameters of the contract's paths: ids that the service gives to a job, a dataset or a model."""
    every = (field for operation in OPERATIONS.values() for field in operation.fields)
    return frozenset(field.wire_name for field in every if field.place == "path")


def references(view: ContractView) -> list[str]:
    """The fields of a request that are ids which another answer has to give first."""
    return [name for name in view.fields if name in id_names()]


def getter_of(view: ContractView) -> ContractView | None:
    """The operation that asks for what a request makes, by the id in its answer; None without one."""
    answered = {name for name, _ in members_of(view, view.responses[200].schema)} - view.fields.keys()
    for other in OPERATIONS.values() if view.operation.method != "GET" else ():
        names = [field.wire_name for field in other.fields]
        if other.method == "GET" and len(names) == 1 and names[0] in answered & id_names():
            return find_view(other.method_name)
    return None


def link_names(view: ContractView) -> frozenset[str]:
    """The members of an answer that are links."""
    members = members_of(view, view.responses[200].schema)
    return frozenset(name for name, part in members if any(each.get("format") == "uri" for each in view.branches(part)))
