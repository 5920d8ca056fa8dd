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

    from drifting.operation import ApiOperation, Parameter
    from drifting.schema import Schema

ABSENT: Final = object()
"""Stands for the value of something that a side does not have."""
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
    """One side of a difference.

    Attributes:
        pointer: The place in that side's document; of the nearest thing above when that side lacks the thing itself.
        value: What stands there, normalised, as JSON; None also when nothing does.
        present: Whether that side has the thing.
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


@attrs.define
class Collector:
    """Collects the differences of one direction below one place in words ("request", "answer 200")."""

    direction: Direction
    where: str
    found: Differences = attrs.field(factory=list[Difference])

    def below(self, where: str) -> Collector:
        """A collector for a place below this one, with the same list."""
        return Collector(self.direction, where, self.found)

    def add(
        self,
        subject: str,
        effect: Effect,
        old: Side,
        new: Side,
        verdict: DriftVerdict | None = None,
        *,
        path: str = "",
        name: str = "",
    ) -> None:
        """Add a difference; without a verdict, that of a change of the allowed values."""
        where = f"{self.where}: {path}" if path else self.where
        verdict = verdict or self._verdict_of(effect)
        self.found.append(Difference(verdict, self.direction, where, subject, effect, name, old, new))

    def _verdict_of(self, effect: Effect) -> DriftVerdict:
        """A request must fit the new side, a response the old one."""
        wider = {Effect.WIDENED, Effect.ADDED}
        narrower = {Effect.NARROWED, Effect.REMOVED}
        harmless = wider if self.direction is Direction.REQUEST else narrower
        return DriftVerdict.ADDITIVE if effect in harmless else DriftVerdict.BREAKING

    def compare_required(
        self, old: tuple[Pointer, bool], new: tuple[Pointer, bool], *, path: str = "", name: str = ""
    ) -> None:
        """Compare whether something is required; each side is the place that says so, and what it says."""
        if old[1] != new[1]:
            effect = Effect.ADDED if new[1] else Effect.REMOVED
            verdict = self._verdict_of(Effect.NARROWED if new[1] else Effect.WIDENED)
            before, after = (Side(place, needed, needed) for place, needed in (old, new))
            self.add("required", effect, before, after, verdict, path=path, name=name)

    def compare_deprecated(self, old: ApiOperation | Parameter, new: ApiOperation | Parameter) -> None:
        """Compare whether something is deprecated: it works as before, and somebody should know."""
        if old.deprecated != new.deprecated:
            states = ((side.pointer, side.deprecated) for side in (old, new))
            before, after = (Side((*place, "deprecated") if it_is else place, it_is, it_is) for place, it_is in states)
            self.add("deprecated", presence(old.deprecated, new.deprecated), before, after, DriftVerdict.ADDITIVE)


def presence(was: bool, is_now: bool) -> Effect:
    """What happened to something, by whether it was there and is there now."""
    if was and is_now:
        return Effect.CHANGED
    return Effect.ADDED if is_now else Effect.REMOVED


def gone(pointer: Pointer) -> Side:
    """The side that lacks something, with the place of the nearest thing above."""
    return Side(pointer, None, present=False)


def compare_schemas(old: Schema, new: Schema, collector: Collector) -> None:
    """Compare two schemas with everything that they contain, each pair of places once.

    Args:
        old: The schema that the caller was written for.
        new: The schema that the caller meets.
        collector: Receives the differences, in the order of the old schema.
    """
    _SchemaComparison(collector).compare(old, new, "")


def _side(schema: Schema, keyword: str, value: Any, *, present: bool | None = None) -> Side:
    """A side of a difference in a keyword; where the keyword is missing, the place is that of the schema."""
    place = schema.place(keyword) if keyword in schema.keywords() else schema.pointer
    present = value is not ABSENT if present is None else present
    return Side(place, None if value is ABSENT else value, present)


class _SchemaComparison:
    def __init__(self, collector: Collector) -> None:
        self._collector = collector
        self._direction = collector.direction
        self._seen: set[tuple[Pointer, Pointer]] = set()

    def compare(self, old: Schema, new: Schema, path: str) -> None:
        """Compare two schemas, unless these two were compared before."""
        if (old.pointer, new.pointer) in self._seen:
            return
        self._seen.add((old.pointer, new.pointer))
        self._notes(old, new, path)
        if bool(old.choice) != bool(new.choice) and (old.is_free or new.is_free):
            # One side is alternatives and nothing else: keyword by keyword they have nothing in common.
            sides = Side(old.pointer, old.plain()), Side(new.pointer, new.plain())
            if effect := relation(sides[0].value, sides[1].value):
                self._collector.add("schema", effect, *sides, path=path)
        elif self._values(old, new, path):
            self._objects(old, new, path)
            self._part(old, new, "items", f"{path}[]")
            self._alternatives(old, new, path)
            for name in dict.fromkeys([*old.others, *new.others]):
                whole = [{name: side.others[name]} if name in side.others else {} for side in (old, new)]
                if json_text(whole[0]) != json_text(whole[1]) and (effect := relation(*whole)):
                    before, after = (_side(side, name, side.others.get(name, ABSENT)) for side in (old, new))
                    self._collector.add(name, effect, before, after, path=path)

    def _notes(self, old: Schema, new: Schema, path: str) -> None:
        for name in ("default", "deprecated", "readOnly", "writeOnly", "discriminator"):
            before, after = old.notes.get(name, ABSENT), new.notes.get(name, ABSENT)
            absent = ABSENT in (before, after)
            if before is after or (not absent and json_text(before) == json_text(after)):
                continue
            effect = presence(before is not ABSENT, after is not ABSENT)
            verdict = DriftVerdict.ADDITIVE
            if name == "discriminator" or (name == "default" and self._direction is Direction.RESPONSE):
                verdict = DriftVerdict.COSMETIC
            elif name == "default" and effect is not Effect.ADDED:
                # What a request without the field does, and costs, changes or becomes unknown.
                verdict = DriftVerdict.BREAKING
            self._collector.add(name, effect, _side(old, name, before), _side(new, name, after), verdict, path=path)

    def _values(self, old: Schema, new: Schema, path: str) -> bool:
        """Compare the allowed values by themselves: type, list of values, limits, pattern, format.

        Returns:
            False when the schemas have no type in common, so that comparing the rest would mean nothing.
        """
        if old.values is not None and new.values is not None:
            self._value_lists(old, new, path)
            return True
        if old.types != new.types:
            effect = Effect.CHANGED
            if old.types < new.types or new.types < old.types:
                effect = Effect.WIDENED if old.types < new.types else Effect.NARROWED
            before, after = (
                _side(side, "type", one_or_list(side.type_list()), present=side.types != ANY) for side in (old, new)
            )
            self._collector.add("type", effect, before, after, path=path)
            if not old.types & new.types:
                return False
        if old.values is None and new.values is None:
            self._bounds(old, new, path)
            return True
        plain: list[dict[str, Any]] = []
        for side in (old, new):
            values = {} if side.values is None else {"enum": [side.values[text] for text in sorted(side.values)]}
            plain.append({"type": one_or_list(side.type_list()), **values, **side.bounds})
        whole = relation(*plain)
        if whole is not None:
            sides = _side(old, "enum", plain[0]), _side(new, "enum", plain[1])
            self._collector.add("values", whole, *sides, path=path)
        return True

    def _value_lists(self, old: Schema, new: Schema, path: str) -> None:
        before, after = old.values or {}, new.values or {}
        removed, added = ({text: a[text] for text in a if text not in b} for a, b in ((before, after), (after, before)))
        for text, value in [*removed.items(), *added.items()]:
            effect = Effect.REMOVED if text in removed else Effect.ADDED
            sides = (_side(old, "enum", before.get(text, ABSENT)), _side(new, "enum", after.get(text, ABSENT)))
            self._collector.add("value", effect, *sides, path=path, name=value if isinstance(value, str) else text)

    def _bounds(self, old: Schema, new: Schema, path: str) -> None:
        done: set[str] = set()
        for names in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            was, now = ({name: side.bounds[name] for name in names if name in side.bounds} for side in (old, new))
            if was and now and was.keys() != now.keys():  # exclusive on one side alone
                done.update(names)
                sides = _side(old, next(iter(was)), was), _side(new, next(iter(now)), now)
                whole = relation({"type": "number", **was}, {"type": "number", **now}) or Effect.CHANGED
                self._collector.add(names[0], whole, *sides, path=path)
        for name in dict.fromkeys([*old.bounds, *new.bounds]):
            before, after = old.bounds.get(name), new.bounds.get(name)
            if name in done or json_text(before) == json_text(after):
                continue
            effect: Effect | None = Effect.NARROWED if before is None else Effect.WIDENED
            if before is not None and after is not None:
                types = sorted(old.types & new.types)
                effect = relation({"type": types, name: before}, {"type": types, name: after})
                effect = Effect.CHANGED if effect is None and name in _LOOSE else effect
            if effect is not None:
                there = before is not None, after is not None
                sides = _side(old, name, before, present=there[0]), _side(new, name, after, present=there[1])
                self._collector.add(name, effect, *sides, path=path)

    def _objects(self, old: Schema, new: Schema, path: str) -> None:
        before, after = _visible(old, self._direction), _visible(new, self._direction)
        for name in dict.fromkeys([*before, *after]):
            inner = f"{path}.{name}" if path else name
            if name in before and name in after:
                self.compare(before[name], after[name], inner)
                self._required(old, new, name, inner)
                continue
            was, now = (
                Side(side.declared[name], there[name].plain()) if name in there else _side(side, "properties", ABSENT)
                for side, there in ((old, before), (new, after))
            )
            breaks = name in before or (name in new.required and self._direction is Direction.REQUEST)
            verdict = DriftVerdict.BREAKING if breaks else DriftVerdict.ADDITIVE
            effect = presence(name in before, name in after)
            self._collector.add("property", effect, was, now, verdict, path=inner, name=name)
        for name in sorted((old.required ^ new.required) - before.keys() - after.keys()):
            self._required(old, new, name, f"{path}.{name}" if path else name)
        self._part(old, new, "additionalProperties", f"{path}.*" if path else "*")

    def _required(self, old: Schema, new: Schema, name: str, path: str) -> None:
        before, after = ((_side(side, "required", None).pointer, name in side.required) for side in (old, new))
        self._collector.compare_required(before, after, path=path, name=name)

    def _part(self, old: Schema, new: Schema, keyword: str, path: str) -> None:
        """Compare the schemas of other properties, or of items; without one, anything is allowed."""
        before, after = (side.items if keyword == "items" else side.additional for side in (old, new))
        if before is not None and after is not None:
            self.compare(before, after, path)
        elif before is not None or after is not None:
            plain = [None if part is None else part.plain() for part in (before, after)]
            effect = relation(plain[0] or {}, plain[1] or {}) or Effect.CHANGED
            present = [part is not None for part in plain]
            sides = _side(old, keyword, plain[0], present=present[0]), _side(new, keyword, plain[1], present=present[1])
            self._collector.add(keyword, effect, *sides, path=path)

    def _alternatives(self, old: Schema, new: Schema, path: str) -> None:
        if not old.choice and not new.choice:
            return
        before, after = old.plain_choice(), new.plain_choice()
        if not (old.choice and new.choice):
            effect = Effect.WIDENED if old.choice else Effect.NARROWED
            there = _side(old, old.choice, before, present=bool(old.choice))
            here = _side(new, new.choice, after, present=bool(new.choice))
            self._collector.add("alternatives", effect, there, here, path=path)
            return
        known = len(self._collector.found)
        pairs, removed, added = _match(old.alternatives, new.alternatives)
        for part, partner in pairs:
            self.compare(part, partner, f"{path}({_label(part)})")
        whole = relation(before, after)
        # Beside an alternative that allows anything, one more or less changes nothing that is allowed.
        verdict = DriftVerdict.COSMETIC if whole is None else None
        for part in removed:
            sides = Side(part.pointer, part.plain()), _side(new, new.choice, ABSENT)
            self._collector.add("alternative", Effect.REMOVED, *sides, verdict, path=path, name=_label(part))
        for part in added:
            sides = _side(old, old.choice, ABSENT), Side(part.pointer, part.plain())
            self._collector.add("alternative", Effect.ADDED, *sides, verdict, path=path, name=_label(part))
        breaks = any(difference.verdict is DriftVerdict.BREAKING for difference in self._collector.found[known:])
        if whole is not None and not breaks and not (_can_add_up(old) and _can_add_up(new)):
            sides = _side(old, old.choice, before), _side(new, new.choice, after)
            self._collector.add("choice", whole, *sides, path=path)


def _visible(schema: Schema, direction: Direction) -> dict[str, Schema]:
    """The properties that travel in a direction: no read-only ones in requests, no write-only ones in responses."""
    hidden = "readOnly" if direction is Direction.REQUEST else "writeOnly"
    return {name: part for name, part in schema.properties.items() if hidden not in part.notes}


def _can_add_up(schema: Schema) -> bool:
    """Whether the changes of its alternatives add up to the change of the choice.

    A value that two alternatives of a oneOf allow is allowed by neither, so more can be less.
    """
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
