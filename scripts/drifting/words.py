"""Says a difference in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from regeneration.errors import shorten

from drifting.difference import Effect
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
_NAMED: Final = frozenset(
    {"alternative", "header", "media type", "parameter", "property", "security", "status", "value"}
)
_LIMIT: Final = 100


def describe(difference: Difference) -> str:
    """Say what differs, without the place: "the property seed is new", "maximum allows less: 1000 -> 999"."""
    subject, effect = difference.subject, difference.effect
    if subject == "operation":
        return f"the operation {_EFFECTS[effect]}"
    if subject == "required":
        return f"{difference.name} is {'required now' if effect is Effect.ADDED else 'no longer required'}"
    if subject == "deprecated":
        return "it is deprecated now" if effect is Effect.ADDED else "it is no longer deprecated"
    if subject == "body":
        return f"the body {_EFFECTS[effect]}"
    if subject in _NAMED:
        return f"the {subject} {shorten(difference.name, _LIMIT)} {_EFFECTS[effect]}"
    return f"{subject} {_EFFECTS[effect]}: {_value(difference.old)} -> {_value(difference.new)}"


def _value(side: Side) -> str:
    return shorten(json_text(side.value), _LIMIT) if side.present else "none"
