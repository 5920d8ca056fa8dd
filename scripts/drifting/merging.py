"""Makes one schema of two that both hold: allOf, and what stands beside a $ref."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drifting.keywords import LOWER, UPPER
from drifting.schema import Schema

if TYPE_CHECKING:
    from regeneration.errors import Pointer


def merge(first: Schema, second: Schema, pointer: Pointer) -> Schema:
    """Make a schema of the values that two schemas allow; what fits into no keyword twice is kept in an allOf.

    Args:
        first: Its notes (a default, say) win over those of the second.
        second: What it adds keeps its own place.
        pointer: The place of the result.
    """
    left_over: list[dict[str, Any]] = [*first.others.get("allOf", ()), *second.others.get("allOf", ())]
    values = first.values
    if second.values is not None:
        values = {text: value for text, value in second.values.items() if values is None or text in values}
    others = {name: value for name, value in first.others.items() if name != "allOf"}
    for name, value in second.others.items():
        if name != "allOf" and others.setdefault(name, value) != value:
            left_over.append({name: value})
    choice, alternatives = first.choice or second.choice, first.alternatives or second.alternatives
    if first.choice and second.choice:
        left_over.append({second.choice: [part.plain() for part in second.alternatives]})
    additional, properties = _objects(first, second, left_over)
    bounds = _bounds(first, second, left_over)
    return Schema(
        pointer,
        types=first.types & second.types,
        values=values,
        bounds=bounds,
        properties=properties,
        declared={**second.declared, **first.declared},
        required=first.required | second.required,
        additional=additional,
        items=_both(first.items, second.items),
        prefix=_prefix(first, second, left_over),
        choice=choice,
        alternatives=alternatives,
        others={**others, "allOf": left_over} if left_over else others,
        notes={**second.notes, **first.notes},
        places=_places(first, second),
    )


def _both(first: Schema | None, second: Schema | None) -> Schema | None:
    if first is None or second is None:
        return first or second
    return first if first is second else merge(first, second, first.pointer)


def _objects(first: Schema, second: Schema, left_over: list[dict[str, Any]]) -> tuple[Schema | None, dict[str, Schema]]:
    """Join properties. What "additional" means depends on the properties beside it, so two unlike sides stay apart."""
    properties = dict(first.properties)
    for name, schema in second.properties.items():
        known = properties.get(name)
        properties[name] = schema if known is None or known is schema else merge(known, schema, known.pointer)
    additional = first.additional or second.additional
    sides = [side for side in (first, second) if side.additional is not None]
    if any(properties.keys() != side.properties.keys() for side in sides) or len(sides) > 1:
        left_over.extend(
            {
                "properties": {name: {} for name in side.properties},
                "additionalProperties": side.additional.plain(),
            }
            for side in sides
            if side.additional is not None
        )
        additional = None
    return additional, properties


def _bounds(first: Schema, second: Schema, left_over: list[dict[str, Any]]) -> dict[str, Any]:
    bounds = dict(first.bounds)
    for name, value in second.bounds.items():
        if name not in bounds or bounds[name] == value:
            bounds[name] = value
        elif name in LOWER or name in UPPER:
            bounds[name] = (max if name in LOWER else min)(bounds[name], value)
        else:
            left_over.append({name: value})
    return bounds


def _prefix(first: Schema, second: Schema, left_over: list[dict[str, Any]]) -> tuple[Schema, ...]:
    if first.prefix and second.prefix:
        left_over.append({"prefixItems": [part.plain() for part in second.prefix]})
    return first.prefix or second.prefix


def _places(first: Schema, second: Schema) -> dict[str, Pointer]:
    """Note where the keywords stand, since the result stands elsewhere than its parts."""
    places = {name: second.place(name) for name in second.written()}
    return places | {name: first.place(name) for name in first.written()}
