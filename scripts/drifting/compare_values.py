"""Compares what two schemas say of one value by itself: its type, a list of values, limits, pattern, format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from drifting.containment import relation
from drifting.difference import Effect, Side
from drifting.keywords import LOWER, UPPER
from drifting.schema import ANY, json_text, one_or_list

if TYPE_CHECKING:
    from drifting.collector import Collector
    from drifting.schema import Schema

_WORDS: Final = frozenset({"format", "contentMediaType", "contentEncoding"})
"""Keywords whose values mean something to people, which validators may not know."""


def compare_values(old: Schema, new: Schema, collector: Collector, path: str) -> bool:
    """Compare the values that two schemas allow, without what is inside objects and arrays.

    Args:
        old: The old schema.
        new: The new one.
        collector: Takes the differences.
        path: The place in words.

    Returns:
        False when they have no type in common, so that comparing the rest would mean nothing.
    """
    if old.values is not None and new.values is not None:
        _lists(old, new, collector, path)
        return True
    if old.types != new.types:
        sides = tuple(
            side_of(side, "type", one_or_list(side.type_list()), present=side.types != ANY) for side in (old, new)
        )
        collector.add(("type", _of_types(old.types, new.types)), (sides[0], sides[1]), path=path)
        if not old.types & new.types:
            return False
    if old.values is None and new.values is None:
        _bounds(old, new, collector, path)
        return True
    before, after = _leaf(old), _leaf(new)
    effect = relation(before, after)
    if effect is not None:
        collector.add(("values", effect), (side_of(old, "enum", before), side_of(new, "enum", after)), path=path)
    return True


def side_of(schema: Schema, keyword: str, value: Any, *, present: bool = True) -> Side:
    """One side of a difference in a keyword; where the keyword is missing, the place is the schema."""
    return Side(schema.place(keyword) if keyword in schema.written() else schema.pointer, value, present)


def _lists(old: Schema, new: Schema, collector: Collector, path: str) -> None:
    """Compare two lists of values, value by value."""
    before, after = old.values or {}, new.values or {}
    for text in [text for text in before if text not in after]:
        sides = side_of(old, "enum", before[text]), side_of(new, "enum", None, present=False)
        collector.add(("value", Effect.REMOVED), sides, path=path, name=_shown(before[text]))
    for text in [text for text in after if text not in before]:
        sides = side_of(old, "enum", None, present=False), side_of(new, "enum", after[text])
        collector.add(("value", Effect.ADDED), sides, path=path, name=_shown(after[text]))


def _bounds(old: Schema, new: Schema, collector: Collector, path: str) -> None:
    done = _turned_exclusive(old, new, collector, path)
    for name in dict.fromkeys([*old.bounds, *new.bounds]):
        if name in done:
            continue
        before, after = old.bounds.get(name), new.bounds.get(name)
        effect = _of_bounds(name, before, after, sorted(old.types & new.types))
        if effect is not None:
            sides = (
                side_of(old, name, before, present=before is not None),
                side_of(new, name, after, present=after is not None),
            )
            collector.add((name, effect), sides, path=path)


def _of_bounds(name: str, old: Any, new: Any, types: list[str]) -> Effect | None:
    """Tell what became of a keyword; None on either side says that it is not there."""
    if json_text(old) == json_text(new):
        return None
    if old is None or new is None:
        return Effect.WIDENED if new is None else Effect.NARROWED
    if name in LOWER or name in UPPER:
        return Effect.NARROWED if (new > old) is (name in LOWER) else Effect.WIDENED
    effect = relation({"type": types, name: old}, {"type": types, name: new})
    return Effect.CHANGED if effect is None and name in _WORDS else effect


def _turned_exclusive(old: Schema, new: Schema, collector: Collector, path: str) -> set[str]:
    """Compare a limit that is exclusive on one side alone, and return the keywords that are done with."""
    done: set[str] = set()
    for names in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        before, after = ({name: side.bounds[name] for name in names if name in side.bounds} for side in (old, new))
        if before and after and before.keys() != after.keys():
            done.update(names)
            sides = side_of(old, next(iter(before)), before), side_of(new, next(iter(after)), after)
            effect = relation({"type": "number", **before}, {"type": "number", **after}) or Effect.CHANGED
            collector.add((names[0], effect), sides, path=path)
    return done


def _of_types(old: frozenset[str], new: frozenset[str]) -> Effect:
    if old < new:
        return Effect.WIDENED
    return Effect.NARROWED if new < old else Effect.CHANGED


def _leaf(schema: Schema) -> dict[str, Any]:
    """A schema of the values alone, without what objects and arrays hold."""
    plain = {} if schema.values is None else {"enum": [schema.values[text] for text in sorted(schema.values)]}
    return {"type": one_or_list(schema.type_list()), **plain, **schema.bounds}


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json_text(value)
