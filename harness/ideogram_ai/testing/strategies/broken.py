"""Requests that break the contract, each in one rule.

A rule is a keyword of the request's schema, named by its JSON pointer into the contract; the prompt rule and the values
that are listed and not in service are rules too. Each broken request is a valid one with one place changed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import frozen
from hypothesis import strategies as st

from ideogram_ai.contract.problems import pointer_to
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .schema_values import JsonObject, SchemaValues, objects
from .shown import shown_as
from .sites import Path, Site, Sites
from .valid import as_keywords, given_members, request_schema, wire_requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation


@frozen
class BrokenRequest:
    """A request that the contract refuses.

    Attributes:
        request: Keyword arguments for `generate(**request)`.
        rule: The rule that it breaks: a JSON pointer into the contract, `#/components/schemas/ResolutionV4/enum` say.
        pointer: Where it breaks it: a JSON pointer into the request as a URI fragment, `#/resolution` say; `#` for the
            prompt rule.
    """

    request: dict[str, Any]
    rule: str
    pointer: str


def broken_requests(
    rule: str | None = None, *, operation: Operation = POST_GENERATE_IMAGE_V4
) -> SearchStrategy[BrokenRequest]:
    """Requests that break one rule of the contract each, and keep all others.

    They are broken on the wire too. So a text field that holds a number is not among them: it arrives as text.

    Args:
        rule: The rule to break, one of `request_rules()`; None for any.
        operation: The operation that they are for.

    Raises:
        ValueError: The contract has no such rule.
    """
    view = read_view(operation.operation_id)
    sites = Sites(view, SchemaValues(view))
    rules = _rules(sites)

    @cache  # a strategy is made when its rule has its turn, and once
    def break_rule(rule: str) -> SearchStrategy[BrokenRequest]:
        ways = [_break_site(sites, site) for site in sites if site.rule == rule]
        return st.one_of(ways or _break_whole(rule, view, sites.values))

    if rule is None:
        return shown_as("broken_requests", st.sampled_from(rules).flatmap(break_rule))
    if rule not in rules:
        raise ValueError(f"{rule!r} is no rule of the contract; the rules are {', '.join(rules)}.")
    return shown_as("broken_requests", break_rule(rule))


def request_rules(*, operation: Operation = POST_GENERATE_IMAGE_V4) -> tuple[str, ...]:
    """Every rule that `broken_requests()` breaks, as JSON pointers into the contract."""
    view = read_view(operation.operation_id)
    return _rules(Sites(view, SchemaValues(view)))


def _rules(sites: Sites) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*_whole_rules(sites.view), *(site.rule for site in sites)]))


def _whole_rules(view: ContractView) -> Iterator[str]:
    """The rules over the whole of a request: that exactly one of some fields is given, and which are required."""
    schema, pointer = request_schema(view)
    for group in view.operation.exactly_one_of:
        yield _prompt_rule(schema, pointer, group)
    if schema.get("required"):
        yield f"{pointer}/required"


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
    members = given_members(view, values)
    required: list[str] = schema.get("required", [])

    def build(request: JsonObject) -> BrokenRequest:
        return BrokenRequest(as_keywords(view, request), rule, pointer_to(()))

    for group in view.operation.exactly_one_of:
        if rule == _prompt_rule(schema, pointer, group):
            rest = {name: member for name, member in members.items() if name not in group}
            always = [name for name in required if name not in group]
            return [st.builds(build, objects(members, [*always, *group])), st.builds(build, objects(rest, always))]
    return [st.builds(build, wire_requests(view, values, without=name)) for name in required]


def _break_site(sites: Sites, site: Site) -> SearchStrategy[BrokenRequest]:
    view = sites.view

    def build(request: JsonObject, broken: tuple[Any, Path]) -> BrokenRequest:
        value, path = broken
        keywords = as_keywords(view, request | {site.field: value})
        return BrokenRequest(keywords, site.rule, pointer_to((site.field, *path)))

    return st.builds(build, wire_requests(view, sites.values, without=site.field), sites.broken_values(site))
