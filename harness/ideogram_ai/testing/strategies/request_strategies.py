"""Requests that keep the contract, and requests that break one rule of it.

A rule is a keyword of the request's schema, named by its JSON pointer into the contract. The prompt rule and the values
that are listed but not in service are rules too. Each broken request is a valid one with one place changed.
"""

from __future__ import annotations

from functools import cache, partial
from itertools import product
from typing import TYPE_CHECKING, Any

from attrs import frozen
from hypothesis import strategies as st

from ideogram_ai.contract.problems import pointer_to
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .mutations import MutationPoint, MutationPoints, Path, field_schemas, request_schema, required_fields
from .schema_values import JsonObject, SchemaValues, named, objects, without_null

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation


@frozen
class BrokenRequest:
    """A request that breaks the contract.

    Attributes:
        request: Keyword arguments for `generate(**request)`.
        rule: The rule that it breaks: a JSON pointer into the contract, for example
            `#/components/schemas/ResolutionV4/enum`.
        pointer: Where it breaks it: a JSON pointer into the request as a URI fragment, for example `#/resolution`; `#`
            for the prompt rule.
    """

    request: dict[str, Any]
    rule: str
    pointer: str


def requests(*, operation: Operation = POST_GENERATE_IMAGE_V4) -> SearchStrategy[dict[str, Any]]:
    """Requests that keep the contract, as keyword arguments for `generate(**request)`.

    Both kinds of prompt, every field, every value that is in service, keys in several orders, parameters too. A file is
    bytes; `files()` has other forms of it. None does not occur, because it cannot be sent.

    Args:
        operation: The operation whose method takes them as keyword arguments.
    """
    view = read_view(operation.operation_id)
    return named("requests", _wire_requests(view, SchemaValues(view)).map(lambda made: _as_keywords(view, made)))


def broken_requests(
    rule: str | None = None, *, operation: Operation = POST_GENERATE_IMAGE_V4
) -> SearchStrategy[BrokenRequest]:
    """Requests that break one rule of the contract each, and keep all others.

    They are broken on the wire too. So there is no text field with a number in it: it arrives as text.

    Args:
        rule: The rule to break, one of `request_rules()`; None for any.
        operation: The operation that they are for.

    Raises:
        ValueError: The contract has no such rule, or none that a request for this operation could break.
    """
    view = read_view(operation.operation_id)
    points = MutationPoints(view, SchemaValues(view))
    rules = _rules(points)
    if not rules:
        raise ValueError(f"{operation.operation_id}: the contract has no rule that a request could break.")

    @cache  # each rule's strategy is made once, when the rule is drawn
    def break_rule(rule: str) -> SearchStrategy[BrokenRequest]:
        ways = [_break_at(points, point) for point in points if point.rule == rule]
        return st.one_of(ways or _break_whole(rule, view, points.values))

    if rule is None:
        return named("broken_requests", st.sampled_from(rules).flatmap(break_rule))
    if rule not in rules:
        raise ValueError(f"{rule!r} is no rule of the contract; the rules are {', '.join(rules)}.")
    return named("broken_requests", break_rule(rule))


def request_rules(*, operation: Operation = POST_GENERATE_IMAGE_V4) -> tuple[str, ...]:
    """Every rule that `broken_requests()` breaks, as JSON pointers into the contract."""
    view = read_view(operation.operation_id)
    return _rules(MutationPoints(view, SchemaValues(view)))


def _wire_requests(
    view: ContractView, values: SchemaValues, *, without: str | None = None
) -> SearchStrategy[JsonObject]:
    """Valid requests by the names of the fields on the wire.

    Args:
        view: The contract.
        values: Makes the values of its schemas.
        without: A field that is left out, and with it the others that would take its place.
    """
    members = _members(view, values)
    required = _required(view)
    groups = [group for group in view.operation.exactly_one_of if without not in group]
    grouped = {name for group in view.operation.exactly_one_of for name in group}
    others = {name: member for name, member in members.items() if name not in grouped and name != without}
    made = [objects(others | {name: members[name] for name in kind}, [*required, *kind]) for kind in product(*groups)]
    return st.one_of(made).map(_keep_words)


def _keep_words(request: JsonObject) -> JsonObject:
    """The request without what the contract rules out in words alone: a weight beside a size of another shape."""
    return {name: value for name, value in request.items() if name != "resolution" or "image_weight" not in request}


def _members(view: ContractView, values: SchemaValues) -> dict[str, SearchStrategy[Any]]:
    """The values of each field of a request, without null and empty lists, which cannot be sent in a form."""

    def sent(name: str, schema: JsonObject) -> JsonObject:
        schema = without_null(view, schema)
        if view.fields[name].item is not None:
            items = without_null(view, schema.get("items", {}))
            schema = schema | {"minItems": max(1, schema.get("minItems", 1)), "items": items}
        return schema

    def can_be_sent(name: str, value: Any) -> bool:
        # A path cannot have an empty step, and HTTP clients resolve those of dots.
        return value is not None and not (view.fields[name].place == "path" and value in ("", ".", ".."))

    return {
        name: values.of(sent(name, schema)).filter(partial(can_be_sent, name))
        for name, (schema, _) in field_schemas(view).items()
    }


def _required(view: ContractView) -> list[str]:
    """The fields without which there is no request."""
    return [*view.fields_in("path"), *(name for names in required_fields(view).values() for name in names)]


def _as_keywords(view: ContractView, request: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.wire_name: field.python_name for field in view.operation.fields}
    return {names[name]: value for name, value in request.items()}


def _rules(points: MutationPoints) -> tuple[str, ...]:
    """The rules of the whole request first: that exactly one of some fields is given, and which are required."""
    schema, pointer = request_schema(points.view)
    rules = [_prompt_rule(schema, pointer, group) for group in points.view.operation.exactly_one_of]
    rules += required_fields(points.view)
    return tuple(dict.fromkeys([*rules, *(point.rule for point in points)]))


def _prompt_rule(schema: JsonObject, pointer: str, group: tuple[str, ...]) -> str:
    """Where the contract says that exactly one of some fields is given."""
    parts = {pointer: schema} | {f"{pointer}/allOf/{n}": part for n, part in enumerate(schema.get("allOf", ()))}
    for place, part in parts.items():
        if [branch.get("required") for branch in part.get("oneOf", ())] == [[name] for name in group]:
            return f"{place}/oneOf"
    raise LookupError(f"{pointer} does not say that exactly one of {', '.join(group)} is given")


def _break_whole(rule: str, view: ContractView, values: SchemaValues) -> list[SearchStrategy[BrokenRequest]]:
    """Every field of a group at once, and none; or a request without one of the required fields."""
    schema, pointer = request_schema(view)
    members = _members(view, values)
    required = _required(view)

    def build(request: JsonObject) -> BrokenRequest:
        return BrokenRequest(_as_keywords(view, request), rule, pointer_to(()))

    for group in view.operation.exactly_one_of:
        if rule == _prompt_rule(schema, pointer, group):
            rest = {name: member for name, member in members.items() if name not in group}
            always = [name for name in required if name not in group]
            return [st.builds(build, objects(members, [*always, *group])), st.builds(build, objects(rest, always))]
    return [st.builds(build, _wire_requests(view, values, without=name)) for name in required_fields(view)[rule]]


def _break_at(points: MutationPoints, point: MutationPoint) -> SearchStrategy[BrokenRequest]:
    view = points.view

    def build(request: JsonObject, broken: tuple[Any, Path]) -> BrokenRequest:
        value, path = broken
        keywords = _as_keywords(view, request | {point.field: value})
        return BrokenRequest(keywords, point.rule, pointer_to((point.field, *path)))

    return st.builds(build, _wire_requests(view, points.values, without=point.field), points.broken_values(point))
