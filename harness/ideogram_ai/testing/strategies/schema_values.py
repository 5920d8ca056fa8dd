"""From a schema of the contract to values that satisfy it.

Knows the keywords that the contract uses, and refuses a schema with others: values of a schema that was half understood
would prove nothing. Libraries that know every keyword were tried: hypothesis-jsonschema 0.23 ends at draft 7, and
schemathesis 4.32 keeps hypothesis from printing the failing examples of the whole test run.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from .json_values import has_type, json_values, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView

JsonObject = dict[str, Any]

_ANNOTATIONS: Final = frozenset({"description", "title", "default", "example", "examples", "discriminator"})
_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "array": frozenset({"items", "minItems", "maxItems"}),
    "boolean": frozenset(),
    "integer": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "null": frozenset(),
    "number": frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}),
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "string": frozenset({"enum", "pattern", "format", "minLength", "maxLength"}),
}
_MOST_ITEMS: Final = 3
_LINKS: Final = r"https?://[a-z][a-z0-9-]{0,9}\.(example|test)/[a-zA-Z0-9_-]{1,20}"


class UnknownKeywordError(NotImplementedError):
    """The contract has a keyword of JSON Schema that the strategies do not know yet."""

    def __init__(self, keywords: Collection[str], schema: JsonObject) -> None:
        super().__init__(f"{', '.join(sorted(keywords))} is not known to the strategies, in {schema}")


def follow(view: ContractView, schema: JsonObject, pointer: str = "#") -> tuple[JsonObject, str]:
    """The schema behind a `$ref`, and where it stands in the contract."""
    while "$ref" in schema:
        pointer = schema["$ref"]
        schema = view.node(list(pointer.removeprefix("#/").split("/")))
    return schema, pointer


def keywords_of(schema: JsonObject) -> frozenset[str]:
    """The keywords of a schema that restrict its values."""
    return frozenset(name for name in schema if name not in _ANNOTATIONS and not name.startswith("x-"))


def types_of(schema: JsonObject) -> list[str]:
    """The types that a schema with `type` allows."""
    types: str | list[str] = schema["type"]
    return [types] if isinstance(types, str) else types


class SchemaValues:
    """Values that satisfy a schema, made of known properties and known values only.

    Args:
        view: The contract.
    """

    def __init__(self, view: ContractView) -> None:
        self._view = view
        self._made: dict[int, SearchStrategy[Any]] = {}  # by the identity of the schema
        self._known: list[JsonObject] = []  # keeps them alive, so that no other takes their identity

    def of(self, schema: JsonObject) -> SearchStrategy[Any]:
        """The values of a schema of the contract. The same schema gives the same strategy.

        Raises:
            UnknownKeywordError: The schema has a keyword that is not known here.
        """
        schema, _ = follow(self._view, schema)
        key = id(schema)
        if key not in self._made:
            self._known.append(schema)
            self._made[key] = st.deferred(lambda: self._made[key])  # met by a schema that leads back to itself
            self._made[key] = self._make(schema)
        return self._made[key]

    def objects(self, schema: JsonObject, *, without: Collection[str] = ()) -> SearchStrategy[JsonObject]:
        """The values of a schema of an object, certain members left out."""
        schema, _ = follow(self._view, schema)
        members = {name: member for name, member in self.members(schema).items() if name not in without}
        return objects(members, schema.get("required", ()))

    def members(self, schema: JsonObject) -> dict[str, SearchStrategy[Any]]:
        """The values of each property of a schema, by name."""
        schema, _ = follow(self._view, schema)
        properties: JsonObject = schema.get("properties", {})
        return {name: self.of(part) for name, part in properties.items()}

    def _make(self, schema: JsonObject) -> SearchStrategy[Any]:
        keywords = keywords_of(schema)
        if "const" in keywords:
            return st.just(schema["const"])
        for choice in ("oneOf", "anyOf"):
            if choice in keywords:
                _refuse(keywords - {choice}, schema)
                return st.one_of([self.of(branch) for branch in schema[choice]])
        if "type" not in keywords:
            _refuse(keywords, schema)
            return json_values()
        types = types_of(schema)
        _refuse(set(types) - set(_KEYWORDS), schema)
        if "enum" in keywords and types != ["string"]:
            return st.sampled_from([value for value in schema["enum"] if has_type(value, types)])
        _refuse(keywords.difference({"type"}, *(_KEYWORDS[kind] for kind in types)), schema)
        return st.one_of([self._of_type(kind, schema) for kind in types])

    def _of_type(self, kind: str, schema: JsonObject) -> SearchStrategy[Any]:
        match kind:
            case "array":
                least: int = schema.get("minItems", 0)
                most: int = schema.get("maxItems", least + _MOST_ITEMS)
                return st.lists(self.of(schema.get("items", {})), min_size=least, max_size=most)
            case "boolean":
                return st.booleans()
            case "integer" | "number":
                return _numbers(kind, schema)
            case "null":
                return st.none()
            case "object" if "properties" in schema:
                return self.objects(schema)
            case "object":
                return st.dictionaries(texts(), json_values(), max_size=_MOST_ITEMS)
            case _:
                return _strings(schema)


def objects(members: Mapping[str, SearchStrategy[Any]], required: Collection[str]) -> SearchStrategy[JsonObject]:
    """Objects with the required members and some of the others, in the contract's order or turned from it.

    Args:
        members: Values by name.
        required: Names that are always there.
    """
    always = {name: member for name, member in members.items() if name in required}
    perhaps = {name: member for name, member in members.items() if name not in required}
    names = list(members)

    def turn(content: JsonObject, start: int) -> JsonObject:
        return {name: content[name] for name in names[start:] + names[:start] if name in content}

    # Not every permutation: one number is drawn much faster than a list of them.
    return st.builds(turn, st.fixed_dictionaries(always, optional=perhaps), st.integers(0, max(0, len(names) - 1)))


def _numbers(kind: str, schema: JsonObject) -> SearchStrategy[int | float]:
    """Numbers within the bounds of a schema; those without a fraction are written as integers."""
    limits: JsonObject = {name: rule for name, rule in schema.items() if name.endswith("imum")} | {"type": kind}
    validator = Draft202012Validator(limits)
    least = [schema[name] for name in ("minimum", "exclusiveMinimum") if name in schema]
    most = [schema[name] for name in ("maximum", "exclusiveMaximum") if name in schema]
    low, high = max(least, default=None), min(most, default=None)
    made: SearchStrategy[int | float] = st.integers(
        None if low is None else math.ceil(low), None if high is None else math.floor(high)
    )
    if kind == "number":
        # As large as readers that know floats only can tell apart.
        bounds = (-(2.0**53) if low is None else low, 2.0**53 if high is None else high)
        made = made | st.floats(*bounds, allow_nan=False, allow_infinity=False)

    def is_valid(number: float) -> bool:
        return validator.is_valid(number)

    return made.filter(is_valid) if least or most else made


def _strings(schema: JsonObject) -> SearchStrategy[str]:
    known: list[str] = [entry["value"] for entry in schema.get("x-known-values", ())] or schema.get("examples", [])
    _refuse({f"format {schema.get('format')}"} - {"format None", "format uri"}, schema)
    if "enum" in schema:
        refused = [entry["value"] for entry in schema.get("x-unavailable-values", ())]
        return st.sampled_from([value for value in schema["enum"] if value not in refused])
    if known:
        return st.sampled_from(known)
    if "format" in schema:
        made = st.from_regex(_LINKS, fullmatch=True)
    elif "pattern" in schema:
        pattern: str = schema["pattern"]
        # \d is 0 to 9 in JSON Schema, and $ does not match before a line end.
        whole = pattern.startswith("^") and pattern.endswith("$")
        made = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=whole)
    else:
        return texts(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))
    limits: JsonObject = {name: rule for name, rule in schema.items() if name in {"pattern", "minLength", "maxLength"}}
    validator = Draft202012Validator(limits)

    def is_valid(text: str) -> bool:
        return validator.is_valid(text)

    return made.filter(is_valid)


def _refuse(keywords: Collection[str], schema: JsonObject) -> None:
    if keywords:
        raise UnknownKeywordError(keywords, schema)
