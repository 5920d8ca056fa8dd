"""Requests that break the rules of the contract one by one."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import unquote

from attrs import frozen

from ideogram_ai.client.json_types import is_array, is_object

from ...contract_view import read_view
from ...problems import shown
from ...strategies import BrokenRequest, broken_requests, request_rules
from ..requirement import at_pointer
from .draws import draw


@frozen
class BrokenFields:
    """A request that breaks one rule.

    Attributes:
        fields: Values by the names on the wire.
        rule: The rule: a JSON pointer into the contract.
        pointer: Where it is broken: a JSON pointer into the request.
        value: What stands there.
        field: The field that it is broken in; None for a rule over the whole request.
        status: The status that the contract has for it.
    """

    fields: dict[str, Any]
    rule: str
    pointer: str
    value: Any
    field: str | None
    status: int


@cache
def broken_by_rule(seed: int, count: int) -> tuple[BrokenFields, ...]:
    """Requests that break each rule of the request's schema, but for the prompt rule, which is the first.

    Args:
        seed: The seed.
        count: How many a rule at most; no two alike.
    """
    found: list[BrokenFields] = []
    for rule in request_rules()[1:]:
        # More are drawn than used: the first ones of hypothesis are the simplest, and often alike.
        drawn = draw(broken_requests(rule), 2 * count, seed)
        distinct = list({shown(broken.request): broken for broken in reversed(drawn)}.values())
        found += [_on_the_wire(broken) for broken in distinct[:count]]
    return tuple(found)


def _on_the_wire(broken: BrokenRequest) -> BrokenFields:
    names = {field.python_name: field.wire_name for field in read_view().operation.fields}
    fields = {names[name]: value for name, value in broken.request.items()}
    node = at_pointer(broken.rule)
    return BrokenFields(
        fields=fields,
        rule=broken.rule,
        pointer=broken.pointer,
        value=_value_at(fields, broken.pointer),
        field=broken.pointer.split("/")[1] if "/" in broken.pointer else None,
        status=node["status"] if is_object(node) and "status" in node else 400,
    )


def _value_at(fields: Any, pointer: str) -> Any:
    for step in pointer.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        fields = fields[int(name)] if is_array(fields) else fields[name]
    return fields
