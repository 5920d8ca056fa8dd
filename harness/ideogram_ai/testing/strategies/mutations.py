"""Mutation points, where a rule of the request's schema can be broken, and mutators, which break it and no other."""

from __future__ import annotations

import json
import math
import operator
from collections.abc import Callable
from functools import partial, reduce
from typing import TYPE_CHECKING, Any, Final

from attrs import evolve, frozen
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from ideogram_ai.client.request import JSON, is_object
from ideogram_ai.contract.view import example_of

from .schema_values import (
    JsonObject,
    Path,
    SchemaValues,
    UnknownKeywordError,
    choice_of,
    composed,
    follow,
    has_type,
    is_null,
    json_values,
    keywords_of,
    member_rules,
    merge,
    parts_of,
    put_at,
    texts,
    types_of,
    without_content,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView, FieldRule

    from .schema_values import MemberRule

Mutator = Callable[["SearchStrategy[Any]"], "SearchStrategy[Any]"]
"""Makes broken values, from valid ones where they help."""

_Step = str | int | None  # a property, the number of a branch of a choice, or None for any item of an array
_Broken = tuple[Any, Path]  # a value, and the path in it to what is broken

_UNAVAILABLE: Final = "x-unavailable-values"
_STRUCTURE: Final = frozenset({"properties", "items"})  # what is in them can be broken
_MORE_ITEMS: Final = 3
_MORE_CHARACTERS: Final = 20
_MOST_INDEX: Final = 20
_SLIPS: Final[tuple[Callable[[str], str], ...]] = (
    str.swapcase,
    " {}".format,
    "{} ".format,
    "{}0".format,
    lambda text: text[:-1],
)


@frozen
class MutationPoint:
    """A place in the request's schema where a rule can be broken.

    Attributes:
        rule: The rule: a JSON pointer into the contract.
        steps: The way from the request to the place; the field's name first.
        mutator: Breaks the rule in valid values of the place.
    """

    rule: str
    steps: tuple[_Step, ...]
    mutator: Mutator

    @property
    def field(self) -> str:
        """The field of the request with the place in it, by its name on the wire."""
        return str(self.steps[0])


class MutationPoints:
    """Finds the mutation points of the request."""

    def __init__(self, view: ContractView, values: SchemaValues) -> None:
        self.view = view
        self.values = values

    def __iter__(self) -> Iterator[MutationPoint]:
        schemas = field_schemas(self.view)
        rules = member_rules(self.view, request_schema(self.view)[0])
        pairs = {second: first for rule in rules if rule.same_length for first, second in [rule.same_length]}
        for name, (schema, pointer) in schemas.items():
            rule = self.view.fields[name]
            points = self._find(schema, pointer, (name,), rule) if not rule.is_file else ()  # any bytes are a file
            most = _most_items(self.view, schemas[pairs[name]][0]) if name in pairs else math.inf
            for point in points:
                if point.steps != (name,):
                    yield point
                # No request breaks the limit of a list alone if the list beside it has the same limit.
                elif not point.rule.endswith("/maxItems") or _most_items(self.view, schema) < most:
                    yield evolve(point, mutator=_without_nulls(point.mutator))  # null is not sent

    def broken_values(self, point: MutationPoint) -> SearchStrategy[_Broken]:
        """Values of the point's field that are broken there, each with the path from the field to the point."""
        return self._broken(self.view.schemas[point.field], point.steps[1:], point.mutator)

    def broken_versions(self, point: MutationPoint, value: Any) -> tuple[Any, SearchStrategy[_Broken]]:
        """One valid value of the point's field, and versions of it that differ at the point alone and are broken there.

        What the given value, a valid one, lacks on the way to the point is added to it.
        """
        whole, path, part = self._reach(self.view.schemas[point.field], point.steps[1:], value)
        return whole, point.mutator(st.just(part)).map(lambda broken: (put_at(whole, path, broken), path))

    def _find(
        self,
        schema: JsonObject,
        pointer: str,
        steps: tuple[_Step, ...],
        field: FieldRule | None,
        *,
        keep: str | None = None,
        fixed: bool = False,
    ) -> Iterator[MutationPoint]:
        """The mutation points of a schema and its parts.

        `field` and `keep` are those of `mutators`; `fixed` says whether the value of `keep` has to stay as it is, too.
        """
        parts = list(parts_of(self.view, schema, pointer))
        for part, place in parts:
            beside = [other for other, _ in parts if other is not part]
            made = mutators(self.view, self.values, part, beside=beside, field=field, keep=keep)
            for keyword, mutator in made.items():
                yield MutationPoint(f"{place}/{keyword}{'/0' if keyword == _UNAVAILABLE else ''}", steps, mutator)
            for name, inner in part.get("properties", {}).items():
                if not (fixed and name == keep):  # if that is broken, the choice is what is broken
                    yield from self._find(inner, f"{place}/properties/{name}", (*steps, name), None)
            item = field.item if field else None
            if "items" in part and not (item and item.is_file):
                yield from self._find(part["items"], f"{place}/items", (*steps, None), item)
            yield from self._find_in_branches(part, place, steps, field)

    def _find_in_branches(
        self, schema: JsonObject, pointer: str, steps: tuple[_Step, ...], field: FieldRule | None
    ) -> Iterator[MutationPoint]:
        """The mutation points of the schemas that a schema chooses from, if it is known which of them is meant."""
        choice = choice_of(schema)
        key: str | None = schema.get("discriminator", {}).get("propertyName")
        nullable, own = _nullable_branch(self.view, schema), _own_members(self.view, schema)
        for number, branch in enumerate(schema[choice] if choice else ()):
            inside = f"{pointer}/{choice}/{number}", (*steps, number)
            if key is not None:
                yield from self._find(branch, *inside, None, keep=key, fixed=True)
            elif own:
                yield from self._find(branch, *inside, None, keep=own[number])
            elif number == nullable:
                for point in self._find(branch, *inside, field):
                    yield evolve(point, mutator=_without_nulls(point.mutator)) if point.steps == inside[1] else point

    def _broken(self, schema: JsonObject, steps: tuple[_Step, ...], mutator: Mutator) -> SearchStrategy[_Broken]:
        whole, schema = schema, composed(self.view, schema)
        if not steps:
            return mutator(self.values.of(whole)).map(lambda value: (value, ()))
        step, rest = steps[0], steps[1:]
        if isinstance(step, int):
            return self._broken(_branch(schema, step), rest, mutator)
        if step is None:
            inner = self._broken(schema["items"], rest, mutator)
            around: SearchStrategy[Any] = self.values.of(whole)
            places: SearchStrategy[str | int] = st.integers(0, _MOST_INDEX)
        else:
            inner = self._broken(schema["properties"][step], rest, mutator)
            around, places = self.values.objects(whole, given=step), st.just(step)

        def put(value: Any, broken: _Broken, place: str | int) -> _Broken:
            where = place if isinstance(place, str) else place % len(value) if value else 0
            return put_at(value, (where,), broken[0]), (where, *broken[1])

        return st.builds(put, around, inner, places)

    def _reach(self, schema: JsonObject, steps: tuple[_Step, ...], value: Any) -> tuple[Any, Path, Any]:
        """A value with all that the steps lead to, the path that they take in it, and what is there."""
        if not steps:
            return value, (), value
        schema = composed(self.view, schema)
        step, rest = steps[0], steps[1:]
        if isinstance(step, int):
            return self._reach(_branch(schema, step), rest, value)
        place: str | int
        if step is None:
            part = wanted = schema["items"]
            if rest and isinstance(rest[0], int):
                wanted = _branch(composed(self.view, part), rest[0])
            fits = self.view.validator(wanted).is_valid
            place = next((index for index, item in enumerate(value) if fits(item)), len(value))
            is_there = place < len(value)
        else:
            part = wanted = schema["properties"][step]
            place, is_there = step, step in value
        member = value[place] if is_there else example_of(self.view, wanted)
        inner, path, found = self._reach(part, rest, member)
        return put_at(value, (place,), inner), (place, *path), found


def request_schema(view: ContractView) -> tuple[JsonObject, str]:
    """The schema of a request's body, and its JSON pointer in the contract; an empty schema without a body."""
    operation = view.operation
    if not operation.media_type:
        return {}, ""
    steps = ["paths", operation.path, operation.method.lower(), "requestBody", "content", operation.media_type]
    return _locate(view, [*steps, "schema"])


def field_schemas(view: ContractView) -> dict[str, tuple[JsonObject, str]]:
    """The schema of each field of a request with its JSON pointer in the contract: of the body, then the parameters."""
    found: dict[str, tuple[JsonObject, str]] = {}
    for schema, pointer in parts_of(view, *request_schema(view)):
        for name, part in schema.get("properties", {}).items():
            found[name] = part, f"{pointer}/properties/{name}"
    for name, (parameter, pointer) in parameters(view).items():
        found[name] = parameter["schema"], f"{pointer}/schema"
    return found


def parameters(view: ContractView) -> dict[str, tuple[JsonObject, str]]:
    """The parameters of path and query, each with its JSON pointer."""
    found: dict[str, tuple[JsonObject, str]] = {}
    path: list[str | int] = ["paths", view.operation.path]
    for place in (path, [*path, view.operation.method.lower()]):
        node, _ = _locate(view, place)
        for number in range(len(node.get("parameters", ()))):
            parameter, pointer = _locate(view, [*place, "parameters", number])
            if parameter["in"] in {"path", "query"}:
                found[parameter["name"]] = parameter, pointer
    return found


def _locate(view: ContractView, steps: Sequence[str | int]) -> tuple[JsonObject, str]:
    """The part of the contract at a path, behind every `$ref` on the way, and its JSON pointer."""
    node: Any = view.node([])
    pointer = "#"
    for step in steps:
        escaped = str(step).replace("~", "~0").replace("/", "~1")
        node, pointer = node[step], f"{pointer}/{escaped}"
        if is_object(node):
            node, pointer = follow(view, node, pointer)
    return node, pointer


def _branch(schema: JsonObject, number: int) -> JsonObject:
    branch: JsonObject = schema[choice_of(schema) or ""][number]
    return branch


def _nullable_branch(view: ContractView, schema: JsonObject) -> int | None:
    """The number of the branch beside null, if there is just one; null is not what is broken."""
    choice = choice_of(schema)
    branches: list[JsonObject] = schema[choice] if choice else []
    others = [number for number, branch in enumerate(branches) if not is_null(view, branch)]
    return others[0] if len(others) == 1 and len(branches) == 2 else None


def _own_members(view: ContractView, schema: JsonObject) -> tuple[str, ...]:
    """The members that tell the branches of a `oneOf` apart: each branch requires one that the others do not."""
    chooses = choice_of(schema) == "oneOf" and "discriminator" not in schema
    return view.choices(schema) if chooses else ()


def _most_items(view: ContractView, schema: JsonObject) -> float:
    most: float = view.resolve(schema).get("maxItems", math.inf)
    return most


def _without_nulls(mutator: Mutator) -> Mutator:
    return lambda valid: mutator(valid.filter(lambda value: value is not None)).filter(lambda value: value is not None)


def mutators(
    view: ContractView,
    values: SchemaValues,
    schema: JsonObject,
    *,
    beside: Sequence[JsonObject] = (),
    field: FieldRule | None = None,
    keep: str | None = None,
) -> dict[str, Mutator]:
    """The ways to break a schema, by keyword; each breaks its keyword and keeps the others.

    Args:
        view: The contract.
        values: Makes values.
        schema: A schema of the contract, not a `$ref`, and without `allOf`.
        beside: The schemas that hold for the same values.
        field: The form field whose value the schema describes; None deeper inside.
        keep: The property that chose the schema among others; what would undo that choice is left out.

    Raises:
        UnknownKeywordError: The schema has a keyword that is not known here.
    """
    found: dict[str, Mutator] = {}
    if _UNAVAILABLE in schema:
        unavailable = [entry["value"] for entry in schema[_UNAVAILABLE]]
        found[_UNAVAILABLE] = lambda _: st.sampled_from(unavailable)
    rules = {rule.pointer.rpartition("/")[2]: rule for rule in member_rules(view, schema)}
    members = values.members({**schema, "allOf": list(beside)}) if rules else {}
    # A list of values has no value of another type, and `not` with `required` refuses what is no object: there, the
    # type cannot be broken alone.
    typed = bool(keep) or not {"enum", "const"}.isdisjoint(schema) or any("not" in part for part in (schema, *beside))
    for keyword in sorted(keywords_of(schema) - _STRUCTURE - ({"type"} if typed else set[str]())):
        if keyword == choice_of(schema):
            mutator = _choice_mutator(view, values, schema)
        elif keyword in rules:
            mutator = _member_mutator(rules[keyword], members, keep)
        else:
            mutator = _mutator(keyword, schema, values, field)
        if mutator is not None:
            rest = {name: rule for name, rule in schema.items() if name != keyword} | {"allOf": [{}, *beside]}
            found[keyword] = _alone(mutator, {keyword: schema[keyword]}, rest, view)
    return found


def _alone(mutator: Mutator, rule: JsonObject, rest: JsonObject, view: ContractView) -> Mutator:
    """Drop the values that keep this rule or break another."""

    def break_alone(valid: SearchStrategy[Any]) -> SearchStrategy[Any]:
        components = {"components": view.node(["components"])}
        broken, kept = Draft202012Validator(rule | components), Draft202012Validator(rest | components)

        def is_broken_alone(value: Any) -> bool:
            plain = without_content(value)
            return not broken.is_valid(plain) and kept.is_valid(plain)

        return mutator(valid).filter(is_broken_alone)

    return break_alone


def _mutator(keyword: str, schema: JsonObject, values: SchemaValues, field: FieldRule | None) -> Mutator | None:
    rule: Any = schema[keyword]
    match keyword:
        case "type":
            return _type_mutator(types_of(schema), field)
        case "format":
            return None  # an annotation
        case "enum":
            return lambda _: _slips(st.sampled_from(rule)) | texts()
        case "const":
            return lambda _: texts() if field is not None and field.content_type != JSON else json_values()
        case "maxItems":
            lacking: int = rule + 1 - schema.get("minItems", 0)
            counts = st.integers(lacking, lacking + _MORE_ITEMS)
            more: SearchStrategy[list[Any]] = st.builds(
                operator.mul, values.of(schema["items"]).map(lambda item: [item]), counts
            )
            return lambda valid: st.builds(operator.add, valid, more)
        case "minItems":
            fewest = 1 if field is not None and field.item is not None else 0  # a form without items has no list
            starts = st.integers(fewest, max(fewest, rule - 1)).map(slice)
            return (lambda valid: st.builds(operator.getitem, valid, starts)) if fewest < rule else None
        case "uniqueItems":
            return (lambda valid: valid.filter(bool).map(lambda items: [*items, items[0]])) if rule else None
        case "multipleOf":
            off = 1 if rule > 1 else rule / 2
            return (lambda valid: valid.map(lambda number: number + off)) if rule != 1 else None
        case "additionalProperties":
            unknown = texts().map(lambda name: {name: name})
            return (lambda valid: st.builds(merge, unknown, valid)) if rule is False else None
        case _:
            return _limit_mutator(keyword, schema)


def _member_mutator(rule: MemberRule, members: Mapping[str, SearchStrategy[Any]], keep: str | None) -> Mutator | None:
    """Objects with members that they may not have together, or without those that they need."""
    ways = [(given, absent) for given, absent in rule.breaks if keep not in absent]

    def change(value: JsonObject, more: JsonObject, absent: Collection[str]) -> JsonObject:
        return _without_any(more | value, absent)

    def break_rule(valid: SearchStrategy[JsonObject]) -> SearchStrategy[JsonObject]:
        more = [st.fixed_dictionaries({name: members[name] for name in given}) for given, _ in ways]
        return st.one_of(
            [st.builds(change, valid, each, st.just(absent)) for each, (_, absent) in zip(more, ways, strict=True)]
        )

    return break_rule if ways else None


def _choice_mutator(view: ContractView, values: SchemaValues, schema: JsonObject) -> Mutator | None:
    """Values that match none of the branches, or several, unless one branch is meant, or one allows everything."""
    if "discriminator" in schema:
        return partial(_break_choice, key=schema["discriminator"]["propertyName"])
    branches = [view.resolve(branch) for branch in schema[choice_of(schema) or ""]]
    if own := _own_members(view, schema):
        every = st.tuples(*map(values.of, branches)).map(lambda made: reduce(merge, made))
        return lambda valid: every | st.builds(_without_any, valid, st.just(own)) | json_values()
    if _nullable_branch(view, schema) is not None or not all(map(keywords_of, branches)):
        return None
    return lambda _: texts() | json_values()


def _limit_mutator(keyword: str, schema: JsonObject) -> Mutator:
    """Texts and numbers beyond a limit."""
    rule: Any = schema[keyword]
    match keyword:
        case "pattern":
            return lambda valid: _slips(valid) | texts()
        case "minLength":
            return lambda _: texts(max_size=rule - 1)
        case "maxLength":
            sizes = st.integers(rule + 1, rule + _MORE_CHARACTERS)
            return lambda valid: st.builds(str.ljust, valid, sizes, st.just("x"))
        case "minimum" | "exclusiveMinimum":
            return lambda _: st.integers(max_value=math.floor(rule))
        case "maximum" | "exclusiveMaximum":
            return lambda _: st.integers(min_value=math.ceil(rule))
        case _:
            raise UnknownKeywordError([keyword], schema)


def _type_mutator(types: list[str], field: FieldRule | None) -> Mutator | None:
    """Values of another type, if the form can distinguish it from the right one."""
    if field is None or field.content_type == JSON:
        return lambda _: json_values()
    if "string" in types or field.item is not None:
        return None  # everything in a form can be read as text, and every text as a list of one
    types = list(dict.fromkeys([*types, *field.types]))  # one branch of a choice has fewer types than the field

    def is_other(value: str | int) -> bool:
        try:
            return not has_type(json.loads(str(value)), types)
        except ValueError:
            return True

    return lambda _: (texts() | st.integers()).filter(is_other)


def _slips(valid: SearchStrategy[str]) -> SearchStrategy[str]:
    return st.tuples(valid, st.sampled_from(_SLIPS)).map(lambda drawn: drawn[1](drawn[0]))


def _break_choice(valid: SearchStrategy[JsonObject], key: str) -> SearchStrategy[Any]:
    """Values whose property that chooses a branch chooses none, or that have no properties."""
    unknown = st.builds(merge, valid, (texts() | json_values()).map(lambda kind: {key: kind}))
    return valid.map(lambda value: _without_any(value, [key])) | unknown | json_values()


def _without_any(value: JsonObject, names: Collection[str]) -> JsonObject:
    return {name: member for name, member in value.items() if name not in names}
