"""Says a difference in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from regeneration.documents import shorten

from drifting.difference import Effect, Verdict
from drifting.schema import json_text

if TYPE_CHECKING:
    from drifting.difference import Difference, Side

_EFFECTS: Final = {
    Effect.ADDED: "is new",
    Effect.REMOVED: "is gone",
    Effect.WIDENED: "allows more",
    Effect.NARROWED: "allows less",
    Effect.CHANGED: "is another",
}
_NAMED: Final = frozenset({"alternative", "header", "media type", "parameter", "property", "status", "value"})
_SUBJECTS: Final = {
    "additionalProperties": "what other properties may hold",
    "alternatives": "a choice of alternatives",
    "items": "what the items may be",
    "schema": "the schema as a whole",
    "servers": "the address",
    "values": "the list of values",
}
_LIMIT: Final = 100


def describe(difference: Difference) -> str:
    """Say what differs, without the place: "the property seed is new", "maximum allows less: 1000 -> 999"."""
    subject, effect, name = difference.subject, difference.effect, shorten(difference.name, _LIMIT)
    if subject == "required":
        return f"{name} is {'required now' if effect is Effect.ADDED else 'no longer required'}"
    if subject == "deprecated":
        return "it is deprecated now" if effect is Effect.ADDED else "it is no longer deprecated"
    if subject in {"body", "operation"}:
        return f"the {subject} {_EFFECTS[effect]}"
    if subject == "security":
        return f"access with {name} {_EFFECTS[effect]}"
    if subject in _NAMED:
        is_needed = effect is Effect.ADDED and difference.verdict is Verdict.BREAKING
        needed = " and required" if is_needed and subject in {"parameter", "property"} else ""
        return f"the {subject} {name} {_EFFECTS[effect]}{needed}"
    return f"{_SUBJECTS.get(subject, subject)} {_change(difference)}"


def _change(difference: Difference) -> str:
    old, new = difference.old, difference.new
    if old.present and new.present:
        return f"{_EFFECTS[difference.effect]}: {_value(old)} -> {_value(new)}"
    return f"{_EFFECTS[Effect.ADDED]}: {_value(new)}" if new.present else f"{_EFFECTS[Effect.REMOVED]}: {_value(old)}"


def _value(side: Side) -> str:
    return shorten(json_text(side.value), _LIMIT)
