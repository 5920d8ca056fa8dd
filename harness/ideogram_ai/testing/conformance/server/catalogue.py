"""Every requirement on a server, read from the contract as far as it lists them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from attrs import frozen

from ideogram_ai.contract.view import read_view

from ...strategies import request_rules
from ..requirement import Requirement, at_pointer, follow, join_pointer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ideogram_ai.contract.view import ContractView

DOCUMENTED: Final = "documented"
KEY_ACCEPTED: Final = "auth.key-accepted"
PROMPT_RULE: Final = "request.prompt-rule"
_KEY: Final = "#/components/securitySchemes/ApiKey"


@frozen
class Places:
    """JSON pointers of the parts of the contract that speak of the operation."""

    operation: str
    form: str
    request: str

    @property
    def responses(self) -> str:
        """Of the answers."""
        return join_pointer(self.operation, "responses")

    def part_type(self, name: str) -> str:
        """Of the media type of a field's part; of the field where the contract leaves that to OpenAPI's rules."""
        if name in at_pointer(self.form).get("encoding", {}):
            return join_pointer(self.form, "encoding", name, "contentType")
        return join_pointer(self.request, "properties", name)

    def answer(self, status: int) -> str:
        """Of the body of an answer; of the answer where the contract has no schema of its body."""
        at = join_pointer(self.responses, status)
        has_schema = bool(read_view().responses[status].schema)
        return join_pointer(at, "content", "application/json", "schema") if has_schema else at


@cache
def places() -> Places:
    """Where the contract speaks of the operation."""
    view = read_view()
    operation = join_pointer("#/paths", view.operation.path, view.operation.method.lower())
    form = join_pointer(operation, "requestBody", "content", view.operation.media_type)
    return Places(operation, form, follow(join_pointer(form, "schema")))


@cache
def server_requirements() -> Mapping[str, Requirement]:
    """Every requirement on a server by its id, in the order in which they are told."""
    view = read_view()
    every = [*_about_keys(), *_about_requests(view), *_about_refusals(view), *_about_answers(view), *_about_generated()]
    by_id = {requirement.id: requirement for requirement in every}
    if len(by_id) != len(every):
        raise AssertionError("two requirements have one id")
    return by_id


def _about_keys() -> Iterator[Requirement]:
    missing = join_pointer(places().responses, 401)
    yield Requirement(KEY_ACCEPTED, "A request with a key in its header is let in.", f"{_KEY}/name")
    yield Requirement("auth.key-missing", "A request without a key gets a 401.", missing)
    yield Requirement("auth.key-blank", "A request with a blank key gets a 401.", missing)
    yield Requirement("auth.key-wrong", "A request with a key that is not known gets a 401.", missing)
    yield Requirement("auth.key-in-query", "A key in the query is no key.", f"{_KEY}/in")
    yield Requirement("auth.key-as-bearer", "A key in Authorization: Bearer is no key.", f"{_KEY}/description")


def _about_requests(view: ContractView) -> Iterator[Requirement]:
    where = places()
    for name in view.fields:
        at = join_pointer(where.request, "properties", name)
        yield Requirement(f"request.{name}.accepted", f"Valid values of {name} are accepted.", at)
    for name, rule in view.fields.items():
        kind = part_type(view, name)
        at = where.part_type(name) if rule.content_type else where.form
        yield Requirement(f"request.{name}.part-type", f"The part {name} may have the media type {kind}.", at)
    at = join_pointer(where.form, "examples") if "examples" in at_pointer(where.form) else where.form
    yield Requirement("request.examples", "The example requests of the contract are accepted.", at)
    yield Requirement(
        "request.any-text",
        "A text may hold any characters: quotes, line ends, emoji, what looks like the next part of the form.",
        join_pointer(where.request, "properties", "text_prompt", "type"),
    )
    yield Requirement("request.field-order", "Fields may come in any order.", join_pointer(where.request, "properties"))
    yield Requirement("request.boundary", "The boundary of the form may be any that MIME allows.", where.form)


def part_type(view: ContractView, name: str) -> str:
    """The media type that the part of a field may have: the contract's, or text."""
    return view.fields[name].content_type or "text/plain"


def _about_refusals(view: ContractView) -> Iterator[Requirement]:
    where = places()
    prompts = " and ".join(view.operation.exactly_one_of[0])
    rule = request_rules()[0]
    yield Requirement(f"{PROMPT_RULE}.both-refused", f"A request with both {prompts} is refused.", rule)
    yield Requirement(f"{PROMPT_RULE}.neither-refused", f"A request with none of {prompts} is refused.", rule)
    for name, field in view.fields.items():
        if field.content_type:
            title = f"A part {name} that is no JSON is refused."
            yield Requirement(f"request.{name}.malformed-refused", title, where.part_type(name))
    required = join_pointer(where.operation, "requestBody", "required")
    yield Requirement("request.body-required", "A request without a body is refused.", required)
    content = join_pointer(where.operation, "requestBody", "content")
    yield Requirement("request.media-type", "A body that is no multipart form is refused.", content)
    yield Requirement("request.malformed-form", "A form that cannot be read is refused.", where.form)
    for pointer in request_rules()[1:]:
        yield Requirement(rule_id(pointer), _rule_title(pointer), pointer)


def rule_id(pointer: str) -> str:
    """The id of the requirement that a rule of the request's schema is kept."""
    steps = pointer.removeprefix("#/components/schemas/").removeprefix(places().request).strip("/").split("/")
    return "request.refused." + ".".join(step for step in steps if step != "properties")


def _rule_title(pointer: str) -> str:
    *steps, keyword = pointer.removeprefix("#/components/schemas/").split("/")
    if keyword.isdecimal():
        entry = at_pointer(pointer)
        return f"{steps[0]}: {entry['value']} is refused with {entry['status']}, as long as it is not in service."
    place = " ".join(step for step in steps if step != "properties")
    words = {
        "required": "without a member that it requires",
        "type": "of another type",
        "enum": "that is not in its list",
        "pattern": "that does not fit its pattern",
        "oneOf": "that is none of its kinds",
    }
    return f"{place}: a value {words.get(keyword, f'beyond its {keyword}')} is refused."


def _about_answers(view: ContractView) -> Iterator[Requirement]:
    where = places()
    yield Requirement("answer.statuses", "Every answer has a status that the contract knows.", where.responses)
    refused = join_pointer(where.responses, 400)
    yield Requirement("answer.refusal-status", "A request that breaks a rule gets a 400, and no 422.", refused)
    yield Requirement("answer.refusal-names-field", "A refusal names the field that is wrong.", refused, advisory=True)
    for status in view.responses:
        yield from _about_answer(status)
    image = f"{where.answer(200)}"
    yield Requirement("answer.200.link-opens", "The link of an image gives the image, and needs no key.", image)
    yield Requirement("answer.200.link-present", "An image has a link, unless it was withheld.", image)
    yield Requirement(
        "answer.undocumented-members", "An answer has no members but the documented ones.", where.responses, True
    )
    retry = join_pointer(where.responses, 429, "headers", "Retry-After")
    yield Requirement("answer.429.retry-after", "Retry-After has seconds or an HTTP date.", retry, advisory=True)


def _about_answer(status: int) -> Iterator[Requirement]:
    if not read_view().responses[status].schema:
        return
    at = places().answer(status)
    advisory = not is_documented(status)
    kind = "JSON" if not advisory else "JSON, as far as it was seen"
    content = at.removesuffix("/application~1json/schema")
    yield Requirement(
        f"answer.{status}.content-type", f"The body of a {status} is marked as {kind}.", content, advisory
    )
    title = f"The body of a {status} is an object as the contract has it."
    if advisory:
        title = f"The body of a {status} has the form that was seen."
    yield Requirement(f"answer.{status}.body", title, at, advisory)
    if not advisory:
        for path, pointer in members(status).items():
            name = ".".join(path)
            yield Requirement(f"answer.{status}.{name}", f"{name} of a {status} is as the contract has it.", pointer)


@cache
def is_documented(status: int) -> bool:
    """Whether the provider documents an answer; others were seen only."""
    evidence: str | None = at_pointer(join_pointer(places().responses, status)).get("x-evidence")
    return evidence == DOCUMENTED


@cache
def members(status: int) -> dict[tuple[str, ...], str]:
    """The members of a documented answer, by the names that lead to them, and where the contract has them."""
    return dict(_members(places().answer(status), ()))


def _members(pointer: str, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    pointer = follow(pointer)
    schema = at_pointer(pointer)
    if "items" in schema:
        yield from _members(join_pointer(pointer, "items"), path)
    for name in schema.get("properties", {}):
        at = join_pointer(pointer, "properties", name)
        yield (*path, name), at
        yield from _members(at, (*path, name))


def _about_generated() -> Iterator[Requirement]:
    where = places()
    yield Requirement("generated.valid-accepted", "Valid requests that schemathesis makes are accepted.", where.request)
    yield Requirement(
        "generated.invalid-refused", "Invalid requests that schemathesis makes are refused.", where.request
    )
    yield Requirement(
        "generated.answers", "What schemathesis checks of the answers to its requests holds.", where.responses
    )
