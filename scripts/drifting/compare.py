"""Compares schemas: what a program that was written for the old one meets in the new one.

drift.py (our contract against the provider's) and regenerate.py (the old contract against the new one) share it.
Differences are found keyword by keyword, because people ask what changed and where. jsonschema-rs decides whether one
schema allows what another one did where a keyword alone does not decide. It has types, the project has it anyway, and
its answer is a proof or "unknown". Other libraries were not a fit: jsoncompat and jsonsubschema give no place,
jsonschema-diff and deepdiff no direction, and none knows that a new property in a response is harmless.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import combinations
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
from jsonschema_rs import ValidationError, canonicalize
from jsonschema_rs.canonical import CanonicalizationError, Containment, Satisfiability
from regeneration.documents import Pointer, pointer_text

from drifting.schema import ANY, json_text, one_or_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from drifting.document import Node
    from drifting.schema import Schema

ABSENT: Final = object()
"""Stands for the value of something that a side does not have."""
_NOTES: Final = ("default", "deprecated", "readOnly", "writeOnly", "discriminator")
_LOOSE: Final = frozenset({"format", "contentMediaType", "contentEncoding"})
"""Keywords whose values validators may not know."""
_MANY: Final = 20
"""More alternatives than this are not compared pair by pair."""


class Direction(StrEnum):
    """Which way the bytes travel. The same change breaks callers in one direction and not in the other."""

    REQUEST = "request"
    RESPONSE = "answer"


class DriftVerdict(StrEnum):
    """What a difference means for a program that was written for the old side and meets the new one."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    COSMETIC = "cosmetic"
    KNOWN = "known"


class Effect(StrEnum):
    """What happened to the thing that differs.

    Widened: the new side allows everything that the old side did, and more. Narrowed: the reverse. Changed: neither is
    true, or neither can be proven.
    """

    ADDED = "added"
    REMOVED = "removed"
    WIDENED = "widened"
    NARROWED = "narrowed"
    CHANGED = "changed"


@attrs.frozen
class Side:
    """One side of a difference: its place, what stands there as JSON, and whether that side has the thing.

    Where a side lacks it, the place is that of the nearest thing above.
    """

    pointer: Pointer
    value: Any = None
    present: bool = True

    @property
    def pointer_text(self) -> str:
        """The place as a JSON pointer."""
        return pointer_text(self.pointer)


@attrs.frozen
class Difference:
    """One difference between two contracts.

    Attributes:
        verdict: What it means for callers.
        direction: Request or response.
        where: The place in words, which a renamed schema does not change: "request: json_prompt.tags[]".
        subject: What differs: "property", "required", "value", "type", "default", "media type", or a keyword as it
            is called in the schema ("pattern").
        effect: What happened to it.
        name: The name of the property, value, status ... that the difference is about; empty for keywords.
        old: The side that the caller was written for.
        new: The side that the caller meets.
        reason: Why the difference is intended; only known ones have a reason.
    """

    verdict: DriftVerdict
    direction: Direction
    where: str
    subject: str
    effect: Effect
    name: str
    old: Side
    new: Side
    reason: str = ""

    @property
    def change(self) -> str:
        """Subject and effect, for example "property added"."""
        return f"{self.subject} {self.effect}"


Differences: TypeAlias = list[Difference]
_Two: TypeAlias = "tuple[Schema, Schema]"
"""A schema of the old side, and the one of the new side in its place."""


def presence(was: bool, is_now: bool) -> Effect:
    """What happened to something, by whether it was there and is there now."""
    if was and is_now:
        return Effect.CHANGED
    return Effect.ADDED if is_now else Effect.REMOVED


def gone(pointer: Pointer) -> Side:
    """The side that lacks something, with the place of the nearest thing above."""
    return Side(pointer, None, present=False)


def _side(schema: Schema, keyword: str, value: Any, *, present: bool | None = None) -> Side:
    """A side of a difference in a keyword; where the keyword is missing, the place is that of the schema."""
    place = schema.place(keyword) if keyword in schema.keywords() else schema.pointer
    present = value is not ABSENT if present is None else present
    return Side(place, None if value is ABSENT else value, present)


def _sides(two: _Two, keyword: str, values: Sequence[Any]) -> tuple[Side, Side]:
    return _side(two[0], keyword, values[0]), _side(two[1], keyword, values[1])


class Comparison:
    """Compares in one direction below one place in words ("request", "answer 200"), and collects the differences."""

    def __init__(self, direction: Direction, where: str, found: Differences | None = None) -> None:
        self.direction, self.where = direction, where
        self.found: Differences = [] if found is None else found
        self._seen: set[tuple[Pointer, Pointer]] = set()

    def below(self, where: str) -> Comparison:
        """A comparison for a place below this one, with the same list."""
        return Comparison(self.direction, where, self.found)

    def add(
        self,
        subject: str,
        effect: Effect,
        sides: tuple[Side, Side],
        verdict: DriftVerdict | None = None,
        *,
        path: str = "",
        name: str = "",
    ) -> None:
        """Add a difference; without a verdict, that of a change of the allowed values."""
        where = f"{self.where}: {path}" if path else self.where
        verdict = verdict or self._verdict_of(effect)
        self.found.append(Difference(verdict, self.direction, where, subject, effect, name, *sides))

    def _verdict_of(self, effect: Effect) -> DriftVerdict:
        """A request must fit the new side, a response the old one."""
        wider = {Effect.WIDENED, Effect.ADDED}
        narrower = {Effect.NARROWED, Effect.REMOVED}
        harmless = wider if self.direction is Direction.REQUEST else narrower
        return DriftVerdict.ADDITIVE if effect in harmless else DriftVerdict.BREAKING

    def required(self, old: Node, new: Node, name: str) -> None:
        """Compare whether a parameter or a body is required."""
        places = (*old.pointer, "required"), (*new.pointer, "required")
        self._required(places, [node.value.get("required") is True for node in (old, new)], name=name)

    def _required(self, places: Sequence[Pointer], needed: Sequence[bool], *, path: str = "", name: str) -> None:
        if needed[0] is not needed[1]:
            verdict = self._verdict_of(Effect.NARROWED if needed[1] else Effect.WIDENED)
            before, after = (Side(place, it_is, it_is) for place, it_is in zip(places, needed, strict=True))
            self.add("required", presence(*needed), (before, after), verdict, path=path, name=name)

    def deprecated(self, old: Node, new: Node) -> None:
        """Compare whether an operation or a parameter is deprecated: it works as before, and somebody should know."""
        states = [node.value.get("deprecated") is True for node in (old, new)]
        if states[0] is not states[1]:
            before, after = (
                Side((*node.pointer, "deprecated") if it_is else node.pointer, it_is, it_is)
                for node, it_is in zip((old, new), states, strict=True)
            )
            self.add("deprecated", presence(*states), (before, after), DriftVerdict.ADDITIVE)

    def schemas(self, old: Schema, new: Schema) -> None:
        """Compare two schemas with everything that they contain, each pair of places once."""
        self._seen = set()
        self._compare((old, new), "")

    def _compare(self, two: _Two, path: str) -> None:
        old, new = two
        if (old.pointer, new.pointer) in self._seen:
            return
        self._seen.add((old.pointer, new.pointer))
        self._notes(two, path)
        if bool(old.choice) != bool(new.choice) and (old.is_free or new.is_free):
            # One side is alternatives and nothing else: keyword by keyword they have nothing in common.
            sides = Side(old.pointer, old.plain()), Side(new.pointer, new.plain())
            if effect := relation(sides[0].value, sides[1].value):
                self.add("schema", effect, sides, path=path)
        elif self._values(two, path):
            self._objects(two, path)
            self._part(two, "items", f"{path}[]")
            self._alternatives(two, path)
            for name in dict.fromkeys([*old.others, *new.others]):
                whole = [{name: side.others[name]} if name in side.others else {} for side in two]
                if json_text(whole[0]) != json_text(whole[1]) and (effect := relation(*whole)):
                    sides = _sides(two, name, [side.others.get(name, ABSENT) for side in two])
                    self.add(name, effect, sides, path=path)

    def _notes(self, two: _Two, path: str) -> None:
        for name in _NOTES:
            before, after = (side.notes.get(name, ABSENT) for side in two)
            if json_text(before) == json_text(after):
                continue
            effect = presence(before is not ABSENT, after is not ABSENT)
            verdict = DriftVerdict.ADDITIVE
            if name == "discriminator" or (name == "default" and self.direction is Direction.RESPONSE):
                verdict = DriftVerdict.COSMETIC
            elif name == "default" and effect is not Effect.ADDED:
                # What a request without the field does, and costs, changes or becomes unknown.
                verdict = DriftVerdict.BREAKING
            self.add(name, effect, _sides(two, name, (before, after)), verdict, path=path)

    def _values(self, two: _Two, path: str) -> bool:
        """Compare the allowed values by themselves: type, list of values, limits, pattern, format.

        Returns:
            False when the schemas have no type in common, so that comparing the rest would mean nothing.
        """
        old, new = two
        if old.values is not None and new.values is not None:
            self._value_lists(two, old.values, new.values, path)
            return True
        if old.types != new.types:
            effect = Effect.CHANGED
            if old.types < new.types or new.types < old.types:
                effect = Effect.WIDENED if old.types < new.types else Effect.NARROWED
            before, after = (
                _side(side, "type", one_or_list(side.type_list()), present=side.types != ANY) for side in two
            )
            self.add("type", effect, (before, after), path=path)
            if not old.types & new.types:
                return False
        if old.values is None and new.values is None:
            self._bounds(two, path)
            return True
        plain: list[dict[str, Any]] = []
        for side in two:
            values = {} if side.values is None else {"enum": [side.values[text] for text in sorted(side.values)]}
            plain.append({"type": one_or_list(side.type_list()), **values, **side.bounds})
        if whole := relation(*plain):
            self.add("values", whole, _sides(two, "enum", plain), path=path)
        return True

    def _value_lists(self, two: _Two, old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> None:
        for text in [*(text for text in old if text not in new), *(text for text in new if text not in old)]:
            value = {**old, **new}[text]
            sides = _sides(two, "enum", (old.get(text, ABSENT), new.get(text, ABSENT)))
            name = value if isinstance(value, str) else text
            self.add("value", presence(text in old, text in new), sides, path=path, name=name)

    def _bounds(self, two: _Two, path: str) -> None:
        old, new = two
        done: set[str] = set()
        for names in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            was, now = ({name: side.bounds[name] for name in names if name in side.bounds} for side in two)
            if was and now and was.keys() != now.keys():  # exclusive on one side alone
                done.update(names)
                sides = _side(old, next(iter(was)), was), _side(new, next(iter(now)), now)
                whole = relation({"type": "number", **was}, {"type": "number", **now}) or Effect.CHANGED
                self.add(names[0], whole, sides, path=path)
        for name in dict.fromkeys([*old.bounds, *new.bounds]):
            before, after = (side.bounds.get(name, ABSENT) for side in two)
            if name in done or json_text(before) == json_text(after):
                continue
            effect: Effect | None = Effect.NARROWED if before is ABSENT else Effect.WIDENED
            if before is not ABSENT and after is not ABSENT:
                types = sorted(old.types & new.types)
                effect = relation({"type": types, name: before}, {"type": types, name: after})
                effect = Effect.CHANGED if effect is None and name in _LOOSE else effect
            if effect is not None:
                self.add(name, effect, _sides(two, name, (before, after)), path=path)

    def _objects(self, two: _Two, path: str) -> None:
        old, new = two
        hidden = "readOnly" if self.direction is Direction.REQUEST else "writeOnly"  # does not travel in this direction
        visible = [{n: part for n, part in side.properties.items() if hidden not in part.notes} for side in two]
        before, after = visible
        for name in dict.fromkeys([*before, *after]):
            inner = f"{path}.{name}" if path else name
            if name in before and name in after:
                self._compare((before[name], after[name]), inner)
                self._required_property(two, name, inner)
                continue
            was, now = (
                Side(side.declared[name], there[name].plain()) if name in there else _side(side, "properties", ABSENT)
                for side, there in zip(two, visible, strict=True)
            )
            breaks = name in before or (name in new.required and self.direction is Direction.REQUEST)
            verdict = DriftVerdict.BREAKING if breaks else DriftVerdict.ADDITIVE
            self.add("property", presence(name in before, name in after), (was, now), verdict, path=inner, name=name)
        for name in sorted((old.required ^ new.required) - before.keys() - after.keys()):
            self._required_property(two, name, f"{path}.{name}" if path else name)
        self._part(two, "additionalProperties", f"{path}.*" if path else "*")

    def _required_property(self, two: _Two, name: str, path: str) -> None:
        places = [_side(side, "required", None).pointer for side in two]
        self._required(places, [name in side.required for side in two], path=path, name=name)

    def _part(self, two: _Two, keyword: str, path: str) -> None:
        """Compare the schemas of other properties, or of items; without one, anything is allowed."""
        before, after = (side.items if keyword == "items" else side.additional for side in two)
        if before is not None and after is not None:
            self._compare((before, after), path)
        elif before is not None or after is not None:
            plain = [{} if part is None else part.plain() for part in (before, after)]
            effect = relation(*plain) or Effect.CHANGED
            values = [ABSENT if part is None else part.plain() for part in (before, after)]
            self.add(keyword, effect, _sides(two, keyword, values), path=path)

    def _alternatives(self, two: _Two, path: str) -> None:
        old, new = two
        if not old.choice and not new.choice:
            return
        before, after = old.plain_choice(), new.plain_choice()
        if not (old.choice and new.choice):
            effect = Effect.WIDENED if old.choice else Effect.NARROWED
            there, here = (_side(side, side.choice, side.plain_choice(), present=bool(side.choice)) for side in two)
            self.add("alternatives", effect, (there, here), path=path)
            return
        known = len(self.found)
        pairs, removed, added = _match(old.alternatives, new.alternatives)
        for part, partner in pairs:
            self._compare((part, partner), f"{path}({_label(part)})")
        whole = relation(before, after)
        # Beside an alternative that allows anything, one more or less changes nothing that is allowed.
        verdict = DriftVerdict.COSMETIC if whole is None else None
        for part in removed:
            sides = Side(part.pointer, part.plain()), _side(new, new.choice, ABSENT)
            self.add("alternative", Effect.REMOVED, sides, verdict, path=path, name=_label(part))
        for part in added:
            sides = _side(old, old.choice, ABSENT), Side(part.pointer, part.plain())
            self.add("alternative", Effect.ADDED, sides, verdict, path=path, name=_label(part))
        breaks = any(difference.verdict is DriftVerdict.BREAKING for difference in self.found[known:])
        if whole is not None and not breaks and not (_can_add_up(old) and _can_add_up(new)):
            sides = _side(old, old.choice, before), _side(new, new.choice, after)
            self.add("choice", whole, sides, path=path)


def _can_add_up(schema: Schema) -> bool:
    """Whether the changes of its alternatives add up: what two of a oneOf allow is allowed by neither."""
    return schema.choice == "anyOf" or are_disjoint([part.plain() for part in schema.alternatives])


def _label(schema: Schema) -> str:
    """Name an alternative by what distinguishes it: a property with one value, its value, or its type."""
    for name, part in schema.properties.items():
        if part.values is not None and len(part.values) == 1:
            return f"{name}={json_text(*part.values.values())}"
    if schema.values is not None and len(schema.values) == 1:
        return json_text(*schema.values.values())
    if schema.types != ANY:
        return " or ".join(schema.type_list())
    return "with " + " and ".join(sorted(schema.required)) if schema.required else "any"


def _match(
    old: Sequence[Schema], new: Sequence[Schema]
) -> tuple[list[tuple[Schema, Schema]], list[Schema], list[Schema]]:
    """Pair alternatives: the same, those that allow the same, those of one label, the last two if they share a type.

    Returns:
        The pairs, what is only old, and what is only new.
    """
    pairs: list[tuple[Schema, Schema]] = []
    left, right = list(old), list(new)
    rules: list[Callable[[Schema], str]] = [
        lambda schema: json_text([schema.plain(), schema.type_list(), {**schema.notes}]),
        lambda schema: json_text(schema.plain()),
        _label,
    ]
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


def relation(old: Mapping[str, Any], new: Mapping[str, Any]) -> Effect | None:
    """Compare the values that two JSON Schemas of draft 2020-12 without references allow.

    Returns:
        None when both are proven to allow the same. Changed also when nothing is proven: a caller has to look.
    """
    if old == new:
        return None
    try:
        before, after = (canonicalize(dict(side), draft=20, validate_formats=True) for side in (old, new))
    except (CanonicalizationError, ValidationError):
        return Effect.CHANGED  # for example a pattern that only another kind of regular expression has
    if before == after:
        return None
    fits_new, fits_old = after.covers(before) == Containment.YES, before.covers(after) == Containment.YES
    if fits_new and fits_old:
        return None
    if fits_new:
        return Effect.WIDENED
    return Effect.NARROWED if fits_old else Effect.CHANGED


def are_disjoint(schemas: Sequence[Mapping[str, Any]]) -> bool:
    """Whether it is proven that no value is allowed by two of the schemas."""
    if len(schemas) > _MANY:
        return False
    try:
        parts = [canonicalize(dict(schema), draft=20) for schema in schemas]
        return all(
            first.intersect(second).satisfiability() == Satisfiability.NO for first, second in combinations(parts, 2)
        )
    except (CanonicalizationError, ValidationError):
        return False
