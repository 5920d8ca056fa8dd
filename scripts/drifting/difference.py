"""What a comparison finds: differences, each with its places, its direction and what it means for a caller."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, TypeAlias

import attrs
from regeneration.documents import Pointer, pointer_text


class Direction(StrEnum):
    """Which way the bytes travel. The same change breaks in one direction and not in the other."""

    REQUEST = "request"
    ANSWER = "answer"


class Verdict(StrEnum):
    """What a difference means for a program that was written by the old side and now meets the new one."""

    BREAKING = "breaking"
    ADDITIVE = "additive"
    COSMETIC = "cosmetic"
    KNOWN = "known"


class Effect(StrEnum):
    """What became of the thing that differs.

    Widened: the new side allows all that the old side did, and more. Narrowed: the reverse. Changed: neither holds, or
    nobody can tell.
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
        direction: Request or answer.
        where: The place in words, which a renamed schema does not change: "request: json_prompt.tags[]".
        subject: What differs: "property", "required", "value", "type", "default", "media type", or a keyword as it
            is called in the schema ("pattern").
        effect: What became of it.
        name: The name of the property, value, status ... that the difference is about; empty for keywords.
        old: The side that the caller was written by.
        new: The side that the caller meets.
        reason: Why the difference is meant to be there; only known ones have one.
    """

    verdict: Verdict
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
        """Subject and effect in two words or three, "property added" say."""
        return f"{self.subject} {self.effect}"


Differences: TypeAlias = list[Difference]
