"""Requests that break the rules of the contract one by one, each beside the same request without the fault."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ideogram_ai.client.json_types import is_object
from ideogram_ai.contract.problems import pointer_to, shown
from ideogram_ai.contract.view import read_view

from ...strategies import request_rules
from ...strategies.mutations import MutationPoint, MutationPoints, Path
from ...strategies.schema_values import SchemaValues
from ..requirement import at_pointer
from .draws import draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@frozen
class BrokenFields:
    """A request that breaks one rule.

    Attributes:
        fields: Values by the names on the wire.
        valid: The same request without the fault.
        rule: The rule: a JSON pointer into the contract.
        pointer: Where it is broken: a JSON pointer into the request.
        value: What stands there; None where something is left out.
        field: The field that it is broken in; None for a rule over the whole request.
        status: The status that the contract has for it.
    """

    fields: dict[str, Any]
    valid: dict[str, Any]
    rule: str
    pointer: str
    value: Any
    field: str | None
    status: int = 400


def broken_by_rule(
    base: Callable[[str], Mapping[str, Any]], whole: Mapping[str, Any], seed: int, count: int
) -> Iterator[BrokenFields]:
    """Requests that break each rule of the request's schema, but for the prompt rule, which is the first.

    Args:
        base: Gives a valid request that has a field.
        whole: A valid request, of which required fields are left out.
        seed: The seed.
        count: How many a rule at most; no two alike.
    """
    sites = _sites()
    for rule in request_rules()[1:]:
        own = [site for site in sites if site.rule == rule][:count]
        for number, site in enumerate(own):
            share = len(range(number, count, len(own)))
            yield from _broken_at(rule, site, base(site.field), seed, share)
        if not own:
            for name in at_pointer(rule):
                rest = {key: value for key, value in whole.items() if key != name}
                yield BrokenFields(rest, dict(whole), rule, f"{pointer_to(())} without {name}", None, None)


@cache
def _sites() -> tuple[MutationPoint, ...]:
    return tuple(_reader())


@cache
def _reader() -> MutationPoints:
    view = read_view()
    return MutationPoints(view, SchemaValues(view))


def _broken_at(
    rule: str, site: MutationPoint, base: Mapping[str, Any], seed: int, count: int
) -> Iterator[BrokenFields]:
    value, versions = _reader().broken_versions(site, base[site.field])
    # More are drawn than used: the first ones of hypothesis are the simplest, and often alike.
    distinct = list({shown(version[0]): version for version in reversed(draw(versions, 2 * count, seed))}.values())
    node = at_pointer(rule)
    for broken, path in distinct[:count]:
        yield BrokenFields(
            fields={**base, site.field: broken},
            valid={**base, site.field: value},
            rule=rule,
            pointer=pointer_to((site.field, *path)),
            value=_value_at(broken, path),
            field=site.field,
            status=node["status"] if is_object(node) and "status" in node else 400,
        )


def _value_at(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value
