"""Compares operations: how they are called, what they take, what they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from drifting.collector import Collector
from drifting.compare_bodies import compare_body, compare_content
from drifting.compare_parameters import compare_parameters
from drifting.difference import Differences, Direction, Effect, Side, Verdict

if TYPE_CHECKING:
    from drifting.operation import Answer, Operation


def compare_operations(old: Operation, new: Operation, prefix: str = "") -> Differences:
    """Compare an operation with what became of it.

    Args:
        old: The operation by which the caller was written.
        new: The operation that the caller meets.
        prefix: Put before each place in words.

    Returns:
        The differences in what is sent, then in what is answered. What many ways lead to, two media types of one schema
        say, is told once.
    """
    request = Collector(Direction.REQUEST, f"{prefix}request")
    _call(old, new, request)
    _security(old, new, request)
    parameters = (old.pointer, old.parameters), (new.pointer, new.parameters)
    request.found += compare_parameters(*parameters, Direction.REQUEST, request.where)
    compare_body(old, new, request)
    found = [
        attrs.evolve(
            difference,
            old=attrs.evolve(difference.old, pointer=old.document.nearest(difference.old.pointer)),
            new=attrs.evolve(difference.new, pointer=new.document.nearest(difference.new.pointer)),
        )
        for difference in request.found + _answers(old, new, prefix)
    ]
    first = {(d.direction, d.change, d.name, d.old.pointer, d.new.pointer): d for d in reversed(found)}
    return list(first.values())[::-1]


def _call(old: Operation, new: Operation, collector: Collector) -> None:
    """Where the operation is, and what it is called."""
    if (old.path, old.method) != (new.path, new.method):
        sides = tuple(Side(side.pointer, f"{side.method.upper()} {side.path}") for side in (old, new))
        collector.add(("path", Effect.CHANGED), (sides[0], sides[1]))
    if set(old.servers) != set(new.servers):
        places = [side.places["servers"] for side in (old, new)]
        more = Effect.WIDENED if set(old.servers) < set(new.servers) else Effect.CHANGED
        before, after = (
            Side(places[0], list(old.servers), bool(places[0])),
            Side(places[1], list(new.servers), bool(places[1])),
        )
        collector.add(("servers", more), (before, after))
    if old.operation_id != new.operation_id:
        sides = tuple(
            Side(side.places["operationId"], side.operation_id, bool(side.operation_id)) for side in (old, new)
        )
        collector.add(("operationId", Effect.CHANGED), (sides[0], sides[1]), Verdict.COSMETIC)
    collector.deprecated((old.pointer, old.deprecated), (new.pointer, new.deprecated))


def _security(old: Operation, new: Operation, collector: Collector) -> None:
    """Compare the ways to be let in; one more breaks nothing, one less does."""
    places = old.places["security"], new.places["security"]
    for way in sorted(old.security - new.security, key=sorted):
        sides = (Side(places[0], sorted(way)), Side(places[1], None, present=False))
        collector.add(("security", Effect.REMOVED), sides, name=" and ".join(sorted(way)) or "nothing")
    for way in sorted(new.security - old.security, key=sorted):
        sides = (Side(places[0], None, present=False), Side(places[1], sorted(way)))
        collector.add(("security", Effect.ADDED), sides, name=" and ".join(sorted(way)) or "nothing")


def _answers(old: Operation, new: Operation, prefix: str) -> Differences:
    """Compare the answers by status; a range of statuses, or the default, stands in for one that is not named."""
    found: Differences = []
    paired: set[str] = set()
    for status, before in old.answers.items():
        key = next((key for key in (status, f"{status[:1]}XX", "default") if key in new.answers), None)
        collector = Collector(Direction.ANSWER, f"{prefix}answer {status}")
        if key is None:
            sides = Side(before.pointer, status), Side(new.pointer, None, present=False)
            collector.add(("status", Effect.REMOVED), sides, _verdict_of_status(status), name=status)
        else:
            paired.add(key)
            _answer(before, new.answers[key], collector)
        found += collector.found
    for status, after in new.answers.items():
        if status not in paired and f"{status[:1]}XX" not in old.answers and "default" not in old.answers:
            collector = Collector(Direction.ANSWER, f"{prefix}answer {status}")
            sides = Side(old.pointer, None, present=False), Side(after.pointer, status)
            collector.add(("status", Effect.ADDED), sides, _verdict_of_status(status), name=status)
            found += collector.found
    return found


def _answer(old: Answer, new: Answer, collector: Collector) -> None:
    headers = (old.pointer, old.headers), (new.pointer, new.headers)
    collector.found += compare_parameters(*headers, Direction.ANSWER, collector.where)
    compare_content((old.pointer, old.content), (new.pointer, new.content), collector)


def _verdict_of_status(status: str) -> Verdict:
    """A caller has to know each success, and survives any error."""
    return Verdict.BREAKING if status.startswith("2") else Verdict.ADDITIVE
