"""Asks jsonschema-rs which of two schemas allows more."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from jsonschema_rs import ValidationError, canonicalize
from jsonschema_rs.canonical import CanonicalizationError, Containment, Satisfiability

from drifting.difference import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_MANY: Final = 20
"""Alternatives of which not every pair is looked at any more."""


def relation(old: Mapping[str, Any], new: Mapping[str, Any]) -> Effect | None:
    """Tell how the values that are allowed change from one schema to another.

    Args:
        old: A JSON Schema of draft 2020-12 without references.
        new: Another.

    Returns:
        None when both are proven to allow the same. Changed also when nothing is proven: a caller has to look.
    """
    if old == new:
        return None
    try:
        before, after = (canonicalize(dict(side), draft=20, validate_formats=True) for side in (old, new))
    except (CanonicalizationError, ValidationError):
        return Effect.CHANGED  # a pattern that only another kind of regular expression has, say: nothing is proven
    if before == after:
        return None
    fits_new, fits_old = after.covers(before) == Containment.YES, before.covers(after) == Containment.YES
    if fits_new and fits_old:
        return None
    if fits_new:
        return Effect.WIDENED
    return Effect.NARROWED if fits_old else Effect.CHANGED


def are_disjoint(schemas: Sequence[Mapping[str, Any]]) -> bool:
    """Tell whether it is proven that no value is allowed by two of some schemas."""
    if len(schemas) > _MANY:
        return False
    try:
        parts = [canonicalize(dict(schema), draft=20) for schema in schemas]
        return all(
            first.intersect(second).satisfiability() == Satisfiability.NO for first, second in combinations(parts, 2)
        )
    except (CanonicalizationError, ValidationError):
        return False
