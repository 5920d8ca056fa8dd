"""The rules over several fields but the prompt rule: which exclude each other, and which go together.

They are the contract's, as the prompt rule is: regeneration reads `not`, `anyOf`, `x-same-length` and the `oneOf` of a
field from the schema of the request body, and this module enforces them before anything is sent.

`None` counts as absent, and so does an empty list that is sent as no part at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NOTHING_SENT, ConflictingFieldsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ideogram_ai.generated.operations import Operation


def check_field_rules(operation: Operation, given: Mapping[str, object]) -> None:
    """Check the fields that are given together.

    Args:
        operation: The operation, with the rules of its contract.
        given: The fields that have a value, by wire name.

    Raises:
        ConflictingFieldsError: They exclude each other, or one lacks another.
    """
    for fields, what in _conflicts(operation, given):
        raise ConflictingFieldsError(f"{what} {NOTHING_SENT}", fields=fields)


def _conflicts(operation: Operation, given: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the fields that break a rule, by their names in Python, and the rule with its cure."""
    names = {each.wire_name: each.python_name for each in operation.fields}
    lengths = {each.wire_name: _length(given.get(each.wire_name)) for each in operation.fields if each.is_array}
    present = {name for name in given if lengths.get(name, 1)}
    for pair in operation.exclusive:
        if present.issuperset(pair):
            first, second = fields = tuple(names[name] for name in pair)
            yield fields, f"{first} and {second} were both given: they exclude each other, so leave one out."
    for group in operation.at_least_one_of:
        if present.isdisjoint(group):
            fields = tuple(names[name] for name in group)
            yield fields, f"Neither {' nor '.join(fields)} was given: give at least one."
    for first, second in operation.same_length:
        if second in present and lengths[first] != lengths[second]:
            items = "1 item" if lengths[second] == 1 else f"{lengths[second]} items"
            counts = f"{names[second]} has {items} and {names[first]} has {lengths[first]}"
            yield (names[first], names[second]), f"{counts}: give as many of one as of the other."
    for each in operation.fields:
        if each.exactly_one_of and each.wire_name in given:
            members = _members(each.wire_name, given[each.wire_name])
            found = [name for name in each.exactly_one_of if members is None or name in members]
            if members is not None and len(found) != 1:
                what = f"holds {' and '.join(found)}" if found else f"holds none of {', '.join(each.exactly_one_of)}"
                yield (each.python_name,), f"{each.python_name} {what}: give exactly one of them in it."


def _length(value: object) -> int:
    from .uploads import is_several  # noqa: PLC0415 - most operations have no lists

    return len(value) if is_several(value) else int(value is not None)


def _members(name: str, value: object) -> set[str] | None:
    """The members of an object, a generated model too; None for any other value, which the service refuses."""
    from .request import is_object, to_plain  # noqa: PLC0415 - it is built on this module

    plain = to_plain(name, value)
    return {member for member, item in plain.items() if item is not None} if is_object(plain) else None
