"""The keywords of a schema by kind, and the one form of those that can be written in several ways."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from regeneration.documents import is_list

from drifting.schema import ANY, json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from drifting.errors import DriftError


BOUNDS: Final[Mapping[str, str]] = {
    "minimum": "number",
    "exclusiveMinimum": "number",
    "maximum": "number",
    "exclusiveMaximum": "number",
    "multipleOf": "number",
    "minLength": "string",
    "maxLength": "string",
    "pattern": "string",
    "format": "string",
    "contentMediaType": "string",
    "contentEncoding": "string",
    "minItems": "array",
    "maxItems": "array",
    "uniqueItems": "array",
    "minProperties": "object",
    "maxProperties": "object",
}
"""Keywords that limit one value, and the type that they limit; numbers of any kind are "number"."""

LOWER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
"""Bounds of which a greater one allows less, and more."""

SUBSCHEMAS: Final = frozenset(
    {"not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"}
)
NAMED_SUBSCHEMAS: Final = frozenset({"patternProperties", "dependentSchemas"})
PLAIN: Final = frozenset({"minContains", "maxContains", "dependentRequired"})
"""Keywords that are compared as a whole only: with a schema, with schemas by name, without."""

_NEWER_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "binary": ("contentMediaType", "application/octet-stream"),
    "byte": ("contentEncoding", "base64"),
    "base64": ("contentEncoding", "base64"),
}
"""Formats of OpenAPI 3.0 for which 3.1 has keywords."""


def types_of(raw: Mapping[str, Any], refuse: Callable[[str, str], DriftError]) -> frozenset[str]:
    """Read the types, or tell them from other keywords: people leave them out where they go without saying."""
    written = raw.get("type")
    if written is None:
        if any(keyword in raw for keyword in ("properties", "additionalProperties", "patternProperties")):
            return frozenset({"object"})
        return frozenset({"array"}) if "items" in raw or "prefixItems" in raw else ANY
    names: list[Any] = written if is_list(written) else [written]
    for name in names:
        if not isinstance(name, str) or name not in ANY:
            raise refuse("type", f"there is no type {json_text(name)}")
    known: set[str] = {str(name) for name in names}
    return frozenset(known | {"integer"} if "number" in known else known)


def type_of(value: Any) -> str:
    """The narrowest type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    names: dict[type, str] = {int: "integer", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def values_of(raw: Mapping[str, Any], refuse: Callable[[str, str], DriftError]) -> dict[str, Any] | None:
    """Read enum and const as one set of values, by their JSON text."""
    found: dict[str, Any] | None = None
    if "enum" in raw:
        if not is_list(raw["enum"]):
            raise refuse("enum", "an enum is a list of values")
        found = {json_text(value): value for value in raw["enum"]}
    if "const" in raw:
        text = json_text(raw["const"])
        found = {text: raw["const"]} if found is None or text in found else {}
    return found


def bounds_of(raw: Mapping[str, Any], types: Iterable[str], refuse: Callable[[str, str], DriftError]) -> dict[str, Any]:
    """Read the keywords that limit one value, without those that limit nothing."""
    kinds = {"number" if name == "integer" else name for name in types}
    found = {name: raw[name] for name, kind in BOUNDS.items() if name in raw and kind in kinds}
    for name in (LOWER | UPPER | {"multipleOf"}) & found.keys():
        if not _is_number(found[name]) and not (name.startswith("exclusive") and isinstance(found[name], bool)):
            raise refuse(name, f"{json_text(found[name])} is no number")
    _number_range(found, whole="number" not in types)
    for name in ("minLength", "minItems", "minProperties", "uniqueItems"):
        if name in found and not found[name]:
            del found[name]
    if (newer := _NEWER_WORDS.get(str(found.get("format")))) is not None:
        del found["format"]
        found.setdefault(*newer)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _number_range(found: dict[str, Any], *, whole: bool) -> None:
    """Bring minimum and maximum into one form: 3.0 says with true or false whether they are exclusive."""
    for limit, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        if isinstance(found.get(exclusive), bool):
            is_exclusive = found.pop(exclusive)
            if is_exclusive and limit in found:
                found[exclusive] = found.pop(limit)
        if whole and exclusive in found:  # above 0 is from 1 on
            step = sign * math.floor(sign * found.pop(exclusive)) + sign
            found[limit] = step if limit not in found else sign * max(sign * step, sign * found[limit])
        if whole and limit in found:
            found[limit] = sign * math.ceil(sign * found[limit])
        if limit in found and exclusive in found:  # only the tighter of the two limits anything
            del found[limit if sign * found[exclusive] >= sign * found[limit] else exclusive]
