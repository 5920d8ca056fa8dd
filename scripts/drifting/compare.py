"""Compares two normalised schemas: what a program that was written by the old one meets in the new one.

drift.py (our contract against the provider's) and regenerate.py (the old contract against the new one) share it.
Differences are found keyword by keyword, because people ask what changed and where. Whether one schema still allows
what another did is asked of jsonschema-rs where it cannot be read off a keyword: it is typed, the project has it
anyway, and its answer is a proof or "unknown". Libraries that compare whole documents were looked at and not taken:
jsoncompat and jsonsubschema answer yes or no without a place, jsonschema-diff and deepdiff tell places without a
direction, and none knows that one more property in an answer is harmless.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from drifting.alternatives import label, match
from drifting.collector import Collector
from drifting.compare_values import compare_values, side_of
from drifting.containment import are_disjoint, relation
from drifting.difference import Differences, Direction, Effect, Side, Verdict
from drifting.schema import json_text

if TYPE_CHECKING:
    from regeneration.documents import Pointer

    from drifting.collector import Sides
    from drifting.schema import Schema


def compare_schemas(old: Schema, new: Schema, direction: Direction, where: str) -> Differences:
    """Compare two schemas and all that they are made of.

    Args:
        old: The schema by which the caller was written.
        new: The schema that the caller meets.
        direction: Request or answer; it decides which changes break.
        where: The place in words, "request" or "answer 200" say; places inside are put behind it, as in
            "request: json_prompt.tags[]".

    Returns:
        The differences in the order of the old schema, each place once even if many ways lead there; none when both
        allow the same and promise the same.
    """
    comparison = _Comparison(direction, where)
    comparison.compare(old, new, "")
    return comparison.found


class _Comparison:
    def __init__(self, direction: Direction, where: str) -> None:
        self._direction = direction
        self._collector = Collector(direction, where)
        self._seen: set[tuple[Pointer, Pointer]] = set()

    @property
    def found(self) -> Differences:
        """The differences so far."""
        return self._collector.found

    def compare(self, old: Schema, new: Schema, path: str) -> None:
        """Compare two schemas, unless these two were compared before."""
        if (old.pointer, new.pointer) in self._seen:
            return
        self._seen.add((old.pointer, new.pointer))
        self._notes(old, new, path)
        if bool(old.choice) != bool(new.choice) and (old.is_free or new.is_free):
            # One side is made of alternatives and nothing else: keyword by keyword they have nothing in common.
            self._as_a_whole(old, new, path)
            return
        if not compare_values(old, new, self._collector, path):
            return
        self._objects(old, new, path)
        self._arrays(old, new, path)
        self._alternatives(old, new, path)
        self._others(old, new, path)

    def add(
        self, change: tuple[str, Effect], path: str, sides: Sides, verdict: Verdict | None = None, name: str = ""
    ) -> None:
        """Note a difference."""
        self._collector.add(change, sides, verdict, path=path, name=name)

    def _as_a_whole(self, old: Schema, new: Schema, path: str) -> None:
        before, after = old.plain(), new.plain()
        effect = relation(before, after)
        if effect is not None:
            self.add(("schema", effect), path, (Side(old.pointer, before), Side(new.pointer, after)))

    def _notes(self, old: Schema, new: Schema, path: str) -> None:
        for name in ("default", "deprecated", "readOnly", "writeOnly", "discriminator"):
            before, after = old.notes.get(name), new.notes.get(name)
            if (name in old.notes) == (name in new.notes) and json_text(before) == json_text(after):
                continue
            effect = _presence(name in old.notes, name in new.notes)
            sides = (
                side_of(old, name, before, present=name in old.notes),
                side_of(new, name, after, present=name in new.notes),
            )
            self.add((name, effect), path, sides, self._verdict_of_note(name, effect))

    def _verdict_of_note(self, name: str, effect: Effect) -> Verdict:
        if name == "discriminator" or (name == "default" and self._direction is Direction.ANSWER):
            return Verdict.COSMETIC
        if name == "default":  # what a request that leaves the field out does, and costs, is another now, or unknown
            return Verdict.ADDITIVE if effect is Effect.ADDED else Verdict.BREAKING
        return Verdict.ADDITIVE

    def _objects(self, old: Schema, new: Schema, path: str) -> None:
        before, after = _visible(old, self._direction), _visible(new, self._direction)
        for name, schema in before.items():
            inner = f"{path}.{name}" if path else name
            if name in after:
                self.compare(schema, after[name], inner)
                self._required(old, new, name, inner)
            else:
                sides = (Side(old.declared[name], schema.plain()), side_of(new, "properties", None, present=False))
                self.add(("property", Effect.REMOVED), inner, sides, Verdict.BREAKING, name)
        for name, schema in after.items():
            if name not in before:
                needed = name in new.required and self._direction is Direction.REQUEST
                sides = (side_of(old, "properties", None, present=False), Side(new.declared[name], schema.plain()))
                verdict = Verdict.BREAKING if needed else Verdict.ADDITIVE
                self.add(("property", Effect.ADDED), f"{path}.{name}" if path else name, sides, verdict, name)
        for name in sorted((old.required ^ new.required) - before.keys() - after.keys()):
            self._required(old, new, name, f"{path}.{name}" if path else name)
        self._part(old, new, "additionalProperties", f"{path}.*" if path else "*")

    def _required(self, old: Schema, new: Schema, name: str, path: str) -> None:
        sides = [(side_of(side, "required", None).pointer, name in side.required) for side in (old, new)]
        self._collector.required(sides[0], sides[1], path=path, name=name)

    def _arrays(self, old: Schema, new: Schema, path: str) -> None:
        if len(old.prefix) == len(new.prefix):
            for index, (before, after) in enumerate(zip(old.prefix, new.prefix, strict=True)):
                self.compare(before, after, f"{path}[{index}]")
        else:
            whole = [{"prefixItems": [part.plain() for part in side.prefix]} for side in (old, new)]
            sides = (side_of(old, "prefixItems", whole[0]), side_of(new, "prefixItems", whole[1]))
            self.add(("prefixItems", relation(*whole) or Effect.CHANGED), path, sides)
        self._part(old, new, "items", f"{path}[]")

    def _part(self, old: Schema, new: Schema, keyword: str, path: str) -> None:
        """Compare what the other properties, or the items, have to be; a side that says nothing allows anything."""
        before, after = ((side.items if keyword == "items" else side.additional) for side in (old, new))
        if before is not None and after is not None:
            self.compare(before, after, path)
        elif before is not None or after is not None:
            plain = [None if part is None else part.plain() for part in (before, after)]
            effect = relation({} if plain[0] is None else plain[0], {} if plain[1] is None else plain[1])
            sides = (
                side_of(old, keyword, plain[0], present=before is not None),
                side_of(new, keyword, plain[1], present=after is not None),
            )
            self.add((keyword, effect or Effect.CHANGED), path, sides)

    def _alternatives(self, old: Schema, new: Schema, path: str) -> None:
        if not old.choice and not new.choice:
            return
        if not (old.choice and new.choice):
            effect = Effect.WIDENED if old.choice else Effect.NARROWED
            sides = tuple(
                side_of(side, side.choice, side.plain_choice(), present=bool(side.choice)) for side in (old, new)
            )
            self.add(("alternatives", effect), path, (sides[0], sides[1]))
            return
        told = len(self.found)
        matched, removed, added = match(old.alternatives, new.alternatives)
        for before, after in matched:
            self.compare(before, after, f"{path}({label(before)})")
        whole = relation(old.plain_choice(), new.plain_choice())
        # Beside an alternative that allows anything, one more or less changes what is written and not what is allowed.
        verdict = Verdict.COSMETIC if whole is None else None
        for part in removed:
            sides = (Side(part.pointer, part.plain()), side_of(new, new.choice, None, present=False))
            self.add(("alternative", Effect.REMOVED), path, sides, verdict, label(part))
        for part in added:
            sides = (side_of(old, old.choice, None, present=False), Side(part.pointer, part.plain()))
            self.add(("alternative", Effect.ADDED), path, sides, verdict, label(part))
        if whole is not None and not self._breaks_since(told) and not (_can_add_up(old) and _can_add_up(new)):
            sides = (side_of(old, old.choice, old.plain_choice()), side_of(new, new.choice, new.plain_choice()))
            self.add(("choice", whole), path, sides)

    def _breaks_since(self, told: int) -> bool:
        return any(difference.verdict is Verdict.BREAKING for difference in self.found[told:])

    def _others(self, old: Schema, new: Schema, path: str) -> None:
        for name in dict.fromkeys([*old.others, *new.others]):
            before, after = old.others.get(name), new.others.get(name)
            if json_text(before) == json_text(after):
                continue
            whole = [{name: side.others[name]} if name in side.others else {} for side in (old, new)]
            effect = relation(whole[0], whole[1])
            if effect is not None:
                sides = (
                    side_of(old, name, before, present=name in old.others),
                    side_of(new, name, after, present=name in new.others),
                )
                self.add((name, effect), path, sides)


def _presence(was: bool, is_now: bool) -> Effect:
    if was and is_now:
        return Effect.CHANGED
    return Effect.ADDED if is_now else Effect.REMOVED


def _visible(schema: Schema, direction: Direction) -> dict[str, Schema]:
    """The properties that travel in a direction: answers have those that are read only, requests the others."""
    hidden = "readOnly" if direction is Direction.REQUEST else "writeOnly"
    return {name: part for name, part in schema.properties.items() if hidden not in part.notes}


def _can_add_up(schema: Schema) -> bool:
    """Whether what becomes of its alternatives tells what becomes of the choice.

    A value that two alternatives of a oneOf allow is allowed by none of them, so more can be less.
    """
    return schema.choice == "anyOf" or are_disjoint([part.plain() for part in schema.alternatives])
