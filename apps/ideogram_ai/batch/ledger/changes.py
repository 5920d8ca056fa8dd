"""The changes that a row goes through, each a statement that changes one row or, where it may not, none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ..outcome import Outcome, State
from .rows import images_text, seconds

if TYPE_CHECKING:
    from decimal import Decimal

    from ..request import BatchRequest

_COMES_FROM: Final[Mapping[State, tuple[State, ...]]] = {
    State.ANSWERED: (State.SENT, State.ANSWERED),
    State.SAVED: (State.ANSWERED,),
    State.WITHHELD: (State.SENT, State.ANSWERED),
    State.FAILED: (State.PLANNED, State.SENT, State.ANSWERED),
    State.UNKNOWN: (State.SENT,),
}


def _kept(value: str, state: State) -> str:
    """An expression of SQL, without the links' signatures once nobody needs them any more."""
    return f"without_signatures({value})" if state in {State.SAVED, State.WITHHELD} else value


_ENDED: Final[Mapping[State, str]] = {
    state: (
        "UPDATE rows SET state = :state, cost = :cost, may_have_been_billed = :billed,"  # noqa: S608
        f" images = {_kept(':images', state)}, body = {_kept('coalesce(:body, body)', state)},"
        " error_type = :error_type, error = :error, status_code = :status_code,"
        " answered_at = :answered_at, saved_at = :saved_at"
        f" WHERE key = :key AND state IN ({', '.join(repr(source.value) for source in sources)})"
    )
    for state, sources in _COMES_FROM.items()
}


@frozen
class Change:
    """A statement that must change exactly one row.

    Attributes:
        key: The row.
        what: What happens to it, for messages.
        statement: SQL.
        parameters: Its parameters by name.
        needed: Whether it is wrong that no row changes.
    """

    key: str
    what: str
    statement: str
    parameters: Mapping[str, Any]
    needed: bool = True


def sent(attempt: Outcome) -> Change:
    """A planned request leaves now.

    Args:
        attempt: The attempt; its cost is what it may cost.
    """
    return Change(
        attempt.request.key,
        State.SENT.value,
        "UPDATE rows SET state = 'sent', attempts = attempts + 1, sent_at = :at, cost = :cost,"
        " may_have_been_billed = 1, error_type = NULL, error = NULL, status_code = NULL, body = NULL, images = '[]',"
        " answered_at = NULL, saved_at = NULL, server = (SELECT server FROM batch)"
        " WHERE key = :key AND state = 'planned'",
        {"key": attempt.request.key, "at": seconds(attempt.sent_at), "cost": _money(attempt.cost)},
    )


def unsent(request: BatchRequest) -> Change:
    """A request that was told to be sent did surely not run, and may be sent again."""
    return Change(
        request.key,
        "unsent",
        "UPDATE rows SET state = 'planned', cost = NULL, may_have_been_billed = 0 WHERE key = :key AND state = 'sent'",
        {"key": request.key},
        needed=False,  # where telling of the sending failed, there is nothing to take back
    )


def ended(outcome: Outcome) -> Change:
    """A request came to this outcome: answered, or what follows. The body of the answer is kept."""
    body = outcome.body if outcome.generation is None else outcome.generation.raw
    return Change(
        outcome.request.key,
        outcome.state.value,
        _ENDED[outcome.state],
        {
            "key": outcome.request.key,
            "state": outcome.state.value,
            "cost": _money(outcome.cost),
            "billed": int(outcome.may_have_been_billed),
            "images": images_text(outcome.images),
            "body": body,
            "error_type": outcome.error_type,
            # A message quotes what a server said, half a character, too, which is no text to SQLite.
            "error": outcome.error and outcome.error.encode("utf-8", "backslashreplace").decode(),
            "status_code": outcome.status_code,
            "answered_at": seconds(outcome.answered_at),
            "saved_at": seconds(outcome.saved_at),
        },
    )


def found(key: str, file: str) -> Change:
    """A file that has the name of an unknown row's image is in the store."""
    return Change(
        key,
        "found",
        "UPDATE rows SET error = error || :note WHERE key = :key AND state = 'unknown'",
        {"key": key, "note": f" The file {file!r} is there, and may be its image."},
        needed=False,
    )


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
