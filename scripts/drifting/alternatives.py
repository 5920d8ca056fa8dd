"""Finds which alternative of one schema is which of another: their order and their names say nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drifting.schema import ANY, json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from drifting.schema import Schema


def label(schema: Schema) -> str:
    """Name an alternative by what tells it from the others: a property with one value, its value, or its type."""
    for name, part in schema.properties.items():
        if part.values is not None and len(part.values) == 1:
            return f"{name}={json_text(*part.values.values())}"
    if schema.values is not None and len(schema.values) == 1:
        return json_text(*schema.values.values())
    if schema.types != ANY:
        return " or ".join(schema.type_list())
    return "with " + " and ".join(sorted(schema.required)) if schema.required else "any"


def match(
    old: Sequence[Schema], new: Sequence[Schema]
) -> tuple[list[tuple[Schema, Schema]], list[Schema], list[Schema]]:
    """Pair alternatives: equal ones first, then those of one label, then the last ones left if they share a type.

    Returns:
        The pairs, what is only old, and what is only new.
    """
    pairs: list[tuple[Schema, Schema]] = []
    left, right = list(old), list(new)
    rules: list[Callable[[Schema], str]] = [lambda schema: json_text(schema.plain()), label]
    for rule in rules:
        waiting: dict[str, list[Schema]] = {}
        for schema in right:
            waiting.setdefault(rule(schema), []).append(schema)
        for schema in list(left):
            if candidates := waiting.get(rule(schema)):
                partner = candidates.pop(0)
                pairs.append((schema, partner))
                left.remove(schema)
                right.remove(partner)
    if len(left) == len(right) == 1 and left[0].types & right[0].types:
        pairs.append((left.pop(), right.pop()))
    return pairs, left, right
