"""One request of a run: what it is for, and which answers it allows."""

from __future__ import annotations

from enum import Enum, StrEnum, auto
from typing import Any

from attrs import frozen

from .payload import Payload


class KeyUse(StrEnum):
    """How the API key is sent."""

    RIGHT = "with the key"
    NONE = "without a key"
    BLANK = "with a blank key"
    WRONG = "with a made-up key"
    QUERY = "with the key in the query"
    BEARER = "with the key as a bearer token"

    @property
    def sends_key(self) -> bool:
        """Whether somebody could be charged for such a request."""
        return self in {KeyUse.RIGHT, KeyUse.QUERY, KeyUse.BEARER}


class Expect(Enum):
    """What is to become of a request."""

    ACCEPTED = auto()
    """It runs: 200."""
    REFUSED = auto()
    """It is refused for what it says."""
    UNAUTHORIZED = auto()
    """It is refused for its key."""
    ON_DEMAND = auto()
    """It gets the status that its Prefer header asks for, if the server can do that. Whatever comes is no fault."""


@frozen
class Case:
    """A request, and what it is for.

    Attributes:
        requirement: Id of the requirement that it tries.
        note: What it is, in a few words.
        payload: Its body.
        expect: What is to become of it.
        key: How the key is sent.
        field: The field whose value is tried.
        fields: Names of all fields that it has.
        controls: Valid requests, each the same as this one without its fault. A refusal says something only where the
            server accepts them.
        statuses: Of a case that is to be refused: the statuses that the contract has for it. Of one on demand: the
            status that is asked for.
        local: Why it is sent on loopback only; empty when it may go anywhere.
        generated: The case of schemathesis that it was made from; None for others.
        may_be_unsafe: Whether its prompt is so random that a safety check may refuse it.
        also: Ids of other requirements that it tries in the same way.
    """

    requirement: str
    note: str
    payload: Payload
    expect: Expect
    key: KeyUse = KeyUse.RIGHT
    field: str | None = None
    fields: tuple[str, ...] = ()
    controls: tuple[Case, ...] = ()
    statuses: tuple[int, ...] = ()
    local: str = ""
    generated: Any = None
    may_be_unsafe: bool = False
    also: tuple[str, ...] = ()

    @property
    def requirements(self) -> tuple[str, ...]:
        """Ids of all requirements that it tries."""
        return (self.requirement, *self.also)
