"""Compares parameters of requests and headers of answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drifting.collector import Collector
from drifting.compare import compare_schemas
from drifting.difference import Differences, Direction, Effect, Side, Verdict
from drifting.schema import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from regeneration.documents import Pointer

    from drifting.operation import Parameter

    Owned: TypeAlias = tuple[Pointer, Mapping[tuple[str, str], Parameter]]


def compare_parameters(old: Owned, new: Owned, direction: Direction, where: str) -> Differences:
    """Compare parameters, or headers, by place and name.

    Args:
        old: The place of what they belong to, and they themselves.
        new: The same of the other side.
        direction: Request for parameters, answer for headers.
        where: The place in words, that of the request or the answer.
    """
    subject = "parameter" if direction is Direction.REQUEST else "header"
    found: Differences = []
    for key in dict.fromkeys([*old[1], *new[1]]):
        before, after = old[1].get(key), new[1].get(key)
        named = before or after
        collector = Collector(direction, f"{where} {named.place} {named.name}" if named else where)
        if before is None and after is not None:
            needed = after.required and direction is Direction.REQUEST
            sides = (Side(old[0], None, present=False), Side(after.pointer, after.schema.plain()))
            verdict = Verdict.BREAKING if needed else Verdict.ADDITIVE
            collector.add((subject, Effect.ADDED), sides, verdict, name=after.name)
        elif before is not None and after is None:
            sides = (Side(before.pointer, before.schema.plain()), Side(new[0], None, present=False))
            collector.add((subject, Effect.REMOVED), sides, Verdict.BREAKING, name=before.name)
        elif before is not None and after is not None:
            _compare(before, after, collector)
        found += collector.found
    return found


def _compare(old: Parameter, new: Parameter, collector: Collector) -> None:
    sides = ((*old.pointer, "required"), old.required), ((*new.pointer, "required"), new.required)
    collector.required(*sides, name=old.name)
    collector.deprecated((old.pointer, old.deprecated), (new.pointer, new.deprecated))
    for name in sorted(old.settings.keys() | new.settings.keys()):
        before, after = old.settings.get(name), new.settings.get(name)
        if json_text(before) != json_text(after):
            places = Side((*old.pointer, name), before), Side((*new.pointer, name), after)
            collector.add((name, Effect.CHANGED), places)
    collector.found += compare_schemas(old.schema, new.schema, collector.direction, collector.where)
