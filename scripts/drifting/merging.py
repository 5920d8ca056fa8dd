"""Makes one schema of two that both hold: allOf, and what stands beside a $ref."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drifting.keywords import LOWER, UPPER
from drifting.schema import Schema, json_text

if TYPE_CHECKING:
    from regeneration.documents import Pointer


def merge(first: Schema, second: Schema, pointer: Pointer) -> Schema:
    """Make a schema of the values that two schemas allow.

    What would be in a keyword twice is kept in an allOf, and which of the two it is does not depend on their order.

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
        if name != "allOf":
            others[name] = _kept(name, others.get(name, value), value, left_over)
    chosen = _chosen(first, second, left_over)
    additional, properties = _objects(first, second, left_over)
    bounds = _bounds(first, second, left_over)
    prefix = _prefix(first, second, left_over)
    apart = {json_text(part): part for part in left_over}
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
        prefix=prefix,
        choice=chosen.choice,
        alternatives=chosen.alternatives,
        others={**others, "allOf": [apart[text] for text in sorted(apart)]} if apart else others,
        notes={**second.notes, **first.notes},
        places=_places(first, second),
    )


def _kept(name: str, first: Any, second: Any, left_over: list[dict[str, Any]]) -> Any:
    """Return which of two values a keyword keeps; the other is left over."""
    kept, other = sorted((first, second), key=json_text)
    if json_text(kept) != json_text(other):
        left_over.append({name: other})
    return kept


def _chosen(first: Schema, second: Schema, left_over: list[dict[str, Any]]) -> Schema:
    """Return the schema whose alternatives are kept; those of the other are left over."""
    if not (first.choice and second.choice):
        return first if first.choice else second
    kept, other = sorted((first, second), key=lambda side: json_text(side.plain_choice()))
    if json_text(kept.plain_choice()) != json_text(other.plain_choice()):
        left_over.append(other.plain_choice())
    return kept


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
            bounds[name] = _kept(name, bounds[name], value, left_over)
    return bounds


def _prefix(first: Schema, second: Schema, left_over: list[dict[str, Any]]) -> tuple[Schema, ...]:
    """Return the prefix that is kept."""
    if not (first.prefix and second.prefix):
        return first.prefix or second.prefix
    written = [[part.plain() for part in side.prefix] for side in (first, second)]
    kept = _kept("prefixItems", written[0], written[1], left_over)
    return first.prefix if kept is written[0] else second.prefix


def _places(first: Schema, second: Schema) -> dict[str, Pointer]:
    """Note where the keywords stand, since the result stands elsewhere than its parts."""
    places = {name: second.place(name) for name in second.written()}
    return places | {name: first.place(name) for name in first.written()}
