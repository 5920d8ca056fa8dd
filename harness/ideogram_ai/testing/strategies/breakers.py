"""For each keyword of a schema: how a valid value becomes one that breaks this keyword and no other."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from .json_values import has_type, json_values, texts
from .schema_values import JsonObject, SchemaValues, UnknownKeywordError, keywords_of, types_of

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView, FieldRule

UNAVAILABLE: Final = "x-unavailable-values"

Breaker = Callable[["SearchStrategy[Any]"], "SearchStrategy[Any]"]
"""Makes broken values, of valid ones where they help."""

_STRUCTURE: Final = frozenset({"properties", "items"})  # broken in what they hold
_MORE_ITEMS: Final = 3
_MORE_CHARACTERS: Final = 20


class Breakers:
    """Finds the ways to break a schema.

    Args:
        view: The contract.
        values: Makes the values of its schemas.
    """

    def __init__(self, view: ContractView, values: SchemaValues) -> None:
        self._view = view
        self._values = values

    def of(self, schema: JsonObject, *, field: FieldRule | None = None, keep: str | None = None) -> dict[str, Breaker]:
        """The ways to break a schema, by keyword.

        Args:
            schema: A schema of the contract, no `$ref`.
            field: The form field whose value the schema describes; None deeper inside.
            keep: The property by which the schema was chosen among others; what would undo that choice is left out.

        Raises:
            UnknownKeywordError: The schema has a keyword that is not known here.
        """
        found: dict[str, Breaker] = {}
        if UNAVAILABLE in schema:
            unavailable = [entry["value"] for entry in schema[UNAVAILABLE]]
            found[UNAVAILABLE] = lambda _: st.sampled_from(unavailable)
        # No value of another type is in a list of values, so that the type cannot be broken alone.
        told = keep or {"enum", "const"} & schema.keys()
        for keyword in sorted(keywords_of(schema) - _STRUCTURE - ({"type"} if told else set[str]())):
            breaker = self._find(keyword, schema, field, keep)
            if breaker is not None:
                found[keyword] = self._alone(breaker, keyword, schema)
        return found

    def _alone(self, breaker: Breaker, keyword: str, schema: JsonObject) -> Breaker:
        """Only such values that break this keyword and keep the others."""

        def break_alone(valid: SearchStrategy[Any]) -> SearchStrategy[Any]:
            components: JsonObject = {"components": self._view.node(["components"])}
            broken = Draft202012Validator({keyword: schema[keyword]} | components)
            kept = Draft202012Validator({name: rule for name, rule in schema.items() if name != keyword} | components)

            def is_fit(value: Any) -> bool:
                return not broken.is_valid(value) and kept.is_valid(value)

            return breaker(valid).filter(is_fit)

        return break_alone

    def _find(self, keyword: str, schema: JsonObject, field: FieldRule | None, keep: str | None) -> Breaker | None:
        rule: Any = schema[keyword]
        match keyword:
            case "type":
                return _type_breaker(types_of(schema), field)
            case "enum":
                return lambda _: _near(rule) | texts()
            case "const":
                return lambda _: texts() if field is not None and field.content_type is None else json_values()
            case "minItems" | "maxItems":
                return self._size(keyword, schema, field)
            case "required":
                names = [name for name in rule if name != keep]
                return (lambda valid: st.builds(_without, valid, st.sampled_from(names))) if names else None
            case "additionalProperties":
                return (lambda valid: st.builds(_with_unknown, valid, texts())) if rule is False else None
            case "oneOf" if "discriminator" in schema:
                key: str = schema["discriminator"]["propertyName"]
                return lambda valid: _break_choice(valid, key)
            case _:
                return _limit(keyword, schema)

    def _size(self, keyword: str, schema: JsonObject, field: FieldRule | None) -> Breaker | None:
        rule: int = schema[keyword]
        if keyword == "maxItems":
            lacking: int = rule + 1 - schema.get("minItems", 0)
            more = st.lists(self._values.of(schema["items"]), min_size=lacking, max_size=lacking + _MORE_ITEMS)
            return lambda valid: st.builds(_lengthen, valid, more)
        # A form that has no item does not have the list either.
        fewest = 1 if field is not None and field.item is not None else 0
        return (lambda valid: st.builds(_shorten, valid, st.integers(fewest, rule - 1))) if fewest < rule else None


def _limit(keyword: str, schema: JsonObject) -> Breaker:
    """Numbers and texts beyond a limit."""
    rule: Any = schema[keyword]
    match keyword:
        case "pattern":
            return lambda valid: st.builds(_slip, valid, st.sampled_from(_SLIPS)) | texts()
        case "minLength":
            return lambda _: texts(max_size=rule - 1)
        case "maxLength":
            return lambda _: texts(min_size=rule + 1, max_size=rule + _MORE_CHARACTERS)
        case "minimum" | "exclusiveMinimum":
            return lambda _: st.integers(max_value=math.floor(rule))
        case "maximum" | "exclusiveMaximum":
            return lambda _: st.integers(min_value=math.ceil(rule))
        case _:
            raise UnknownKeywordError([keyword], schema)


def _type_breaker(types: list[str], field: FieldRule | None) -> Breaker | None:
    """Values of another type, as far as the form can tell it from the right one."""
    if field is None:
        return lambda _: json_values()
    if field.content_type is not None:
        return lambda _: json_values().filter(_is_given)
    if "string" in types or field.item is not None:
        return None  # everything in a form can be read as text, and every text as a list of one

    def is_other(value: str | int) -> bool:
        try:
            return not has_type(json.loads(str(value)), types)
        except ValueError:
            return True

    return lambda _: (texts() | st.integers()).filter(is_other)


_SLIPS: Final[tuple[Callable[[str], str], ...]] = (
    str.swapcase,
    " {}".format,
    "{} ".format,
    "{}0".format,
    lambda text: text[:-1],
)


def _near(choices: list[str]) -> SearchStrategy[str]:
    """Texts that somebody might take for one of the choices."""
    return st.builds(_slip, st.sampled_from(choices), st.sampled_from(_SLIPS))


def _slip(text: str, slip: Callable[[str], str]) -> str:
    return slip(text)


def _break_choice(valid: SearchStrategy[JsonObject], key: str) -> SearchStrategy[Any]:
    """Values whose property that chooses a branch chooses none, or that have no properties."""

    def choose(value: JsonObject, kind: Any) -> JsonObject:
        return value | {key: kind}

    unknown = st.builds(choose, valid, texts() | json_values())
    return valid.map(lambda value: _without(value, key)) | unknown | json_values()


def _shorten(items: list[Any], size: int) -> list[Any]:
    return items[:size]


def _lengthen(items: list[Any], more: list[Any]) -> list[Any]:
    return items + more


def _without(value: JsonObject, name: str) -> JsonObject:
    return {key: member for key, member in value.items() if key != name}


def _with_unknown(value: JsonObject, name: str) -> JsonObject:
    return {name: name} | value


def _is_given(value: Any) -> bool:
    return value is not None
