"""Requests that keep the contract, and requests that break one rule of it.

A rule is a keyword of the request's schema, named by its JSON pointer into the contract. Rules over several fields and
the values that are listed but not in service are rules too. Each broken request is a valid one with one place changed.
"""

from __future__ import annotations

from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from hypothesis import strategies as st

from ideogram_ai.client.request import is_array
from ideogram_ai.contract.problems import pointer_to
from ideogram_ai.contract.view import find_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .mutations import MutationPoint, MutationPoints, field_schemas, parameters, request_schema
from .schema_values import JsonObject, MemberRule, SchemaValues, member_rules, named, objects, ways_of, without_null

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation

    from .schema_values import Path

_END: Final = b"of a mask"  # so that it is not the same file


@frozen
class BrokenRequest:
    """A request that breaks the contract.

    Attributes:
        request: Keyword arguments for `generate(**request)`.
        rule: The rule that it breaks: a JSON pointer into the contract, for example
            `#/components/schemas/ResolutionV4/enum`.
        pointer: Where it breaks it: a JSON pointer into the request as a URI fragment, for example `#/resolution`; `#`
            for a rule over several fields.
    """

    request: dict[str, Any]
    rule: str
    pointer: str


def requests(*, operation: str | Operation = POST_GENERATE_IMAGE_V4) -> SearchStrategy[dict[str, Any]]:
    """Requests that keep the contract, as keyword arguments for `generate(**request)`.

    Both kinds of prompt, every field, every value that is in service, keys in several orders, parameters too. A file is
    bytes; `files()` has other forms of it. None does not occur, because it cannot be sent.

    Args:
        operation: The operation whose method takes them as keyword arguments.
    """
    drawn = _requests_of(find_view(operation))
    return named("requests", drawn.make().map(drawn.as_keywords))


def broken_requests(
    rule: str | None = None, *, operation: str | Operation = POST_GENERATE_IMAGE_V4
) -> SearchStrategy[BrokenRequest]:
    """Requests that break one rule of the contract each, and keep all others.

    They are broken on the wire too. So there is no text field with a number in it: it arrives as text.

    Args:
        rule: The rule to break, one of `request_rules()`; None for any.
        operation: The operation that they are for.

    Raises:
        ValueError: The contract has no such rule, or none that a request for this operation could break.
    """
    view = find_view(operation)
    drawn = _requests_of(view)
    rules = drawn.rules
    if not rules:
        raise ValueError(f"{view.operation.operation_id}: the contract has no rule that a request could break.")
    # Each rule's strategy is made once, when the rule is drawn.
    break_rule = cache(drawn.break_rule)
    if rule is None:
        return named("broken_requests", st.sampled_from(rules).flatmap(break_rule))
    if rule not in rules:
        raise ValueError(f"{rule!r} is not a rule of the contract; the rules are {', '.join(rules)}.")
    return named("broken_requests", break_rule(rule))


def request_rules(*, operation: str | Operation = POST_GENERATE_IMAGE_V4) -> tuple[str, ...]:
    """Every rule that `broken_requests()` breaks, as JSON pointers into the contract."""
    return _requests_of(find_view(operation)).rules


@cache
def _requests_of(view: ContractView) -> _RequestStrategies:
    """Make the strategies of an operation once: that takes as long as many draws from them."""
    return _RequestStrategies(view)


class _RequestStrategies:
    """The requests of an operation, by the names of the fields on the wire."""

    def __init__(self, view: ContractView) -> None:
        self._view = view
        self._values = SchemaValues(view)
        self._mutations = MutationPoints(view, self._values)
        self._points = list(self._mutations)
        self._with_field = cache(self._make_with)
        # A path without its parameter is another path, so that is no rule.
        self._over_fields = [
            *member_rules(view, *request_schema(view)),
            *(
                MemberRule(f"{pointer}/required", *ways_of("required", [name]))
                for name, (parameter, pointer) in parameters(view).items()
                if parameter["in"] == "query" and parameter.get("required")
            ),
        ]

    @cached_property
    def rules(self) -> tuple[str, ...]:
        """Every rule that can be broken, those over several fields first."""
        places = [*(rule.pointer for rule in self._over_fields), *(point.rule for point in self._points)]
        return tuple(dict.fromkeys(places))

    @cached_property
    def _members(self) -> dict[str, SearchStrategy[Any]]:
        """The values of each field, without null and empty lists, which cannot be sent in a form."""
        view = self._view

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
            name: self._values.of(sent(name, schema)).filter(partial(can_be_sent, name))
            for name, (schema, _) in field_schemas(view).items()
        }

    def make(self, *, broken: MemberRule | None = None, given: str | None = None) -> SearchStrategy[JsonObject]:
        """Requests that keep the contract, but for one rule over several fields, or for a field that is added later."""
        always = self._view.fields_in("path")
        return objects(self._members, self._over_fields, required=always, broken=broken, given=given).map(_keep_words)

    def _make_with(self, field: str) -> SearchStrategy[JsonObject]:
        return self.make(given=field)

    def break_rule(self, rule: str) -> SearchStrategy[BrokenRequest]:
        """Requests that break a rule: one over several fields, or one about a place in a field."""
        whole = [self.make(broken=each) for each in self._over_fields if each.pointer == rule]
        if whole:
            (made,) = whole
            return made.map(lambda request: BrokenRequest(self.as_keywords(request), rule, pointer_to(())))
        return st.one_of([self._break_at(point) for point in self._points if point.rule == rule])

    def _break_at(self, point: MutationPoint) -> SearchStrategy[BrokenRequest]:
        firsts = [pair[0] for rule in self._over_fields if (pair := rule.same_length) and pair[1] == point.field]

        def build(request: JsonObject, broken: tuple[Any, Path]) -> BrokenRequest:
            value, path = broken
            more = {name: [request[name][0]] * len(value) for name in firsts}
            keywords = self.as_keywords(request | more | {point.field: value})
            return BrokenRequest(keywords, point.rule, pointer_to((point.field, *path)))

        return st.builds(build, self._with_field(point.field), self._mutations.broken_values(point))

    def as_keywords(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """A request as keyword arguments."""
        names = {field.wire_name: field.python_name for field in self._view.operation.fields}
        return {names[name]: value for name, value in request.items()}


def _keep_words(request: JsonObject) -> JsonObject:
    """The request without what the contract rules out in words alone.

    That is in 4.0 a weight beside a size of another shape, and a mask of another size than its image.
    """
    shaped = {"resolution", "text_prompt"} <= request.keys()
    kept = {name: value for name, value in request.items() if name != "image_weight" or not shaped}
    for name in [name for name in kept if name.endswith("mask")]:
        begin = name.removesuffix("mask").removesuffix("_") or "image"
        image = next((value for other, value in kept.items() if other.startswith(begin) and other != name), None)
        if image is not None:
            kept[name] = [file + _END for file in image] if is_array(image) else image + _END
    return kept
