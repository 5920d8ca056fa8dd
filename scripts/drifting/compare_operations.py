"""Compares operations and whole documents: how operations are called, what they take and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs

from drifting.compare import (
    Collector,
    Differences,
    Direction,
    DriftVerdict,
    Effect,
    Side,
    compare_schemas,
    gone,
    presence,
)
from drifting.document import Document
from drifting.operation import Location, OperationReader, operations
from drifting.schema import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regeneration.documents import Pointer

    from drifting.operation import ApiOperation, Media, Message, Parameter
    from drifting.schema import Schema

_FORMS: Final = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


def compare_documents(old: Mapping[str, Any], new: Mapping[str, Any]) -> Differences:
    """Compare two contracts of one author, operation by operation.

    Args:
        old: An OpenAPI document of any 3.x version, as plain data.
        new: Another.

    Returns:
        The differences, in the order of the old contract. Each place begins with method and path when the contracts
        have more than one operation between them.

    Raises:
        DriftError: One of them is not understood.
    """
    before, after = Document("the old contract", dict(old)), Document("the new contract", dict(new))
    had, has = list(operations(before)), list(operations(after))
    readers = OperationReader(before), OperationReader(after)
    every = list(dict.fromkeys([*had, *has]))
    found: Differences = []
    for location in every:
        name, place = location.name, ("paths", location.path, location.method)
        if location in had and location in has:
            old_one, new_one = (reader.operation(location) for reader in readers)
            found += compare_operations(old_one, new_one, f"{name} " if len(every) > 1 else "")
        else:
            collector = Collector(Direction.REQUEST, name, found)
            if location in had:
                sides = Side(place, name), gone(("paths",))
                collector.add("operation", Effect.REMOVED, *sides, DriftVerdict.BREAKING, name=name)
            else:
                sides = gone(("paths",)), Side(place, name)
                collector.add("operation", Effect.ADDED, *sides, DriftVerdict.ADDITIVE, name=name)
    return found


def compare_operations(old: ApiOperation, new: ApiOperation, prefix: str = "") -> Differences:
    """Compare an operation with a later one, or with that of somebody else.

    Args:
        old: The operation that the caller was written for.
        new: The operation that the caller meets.
        prefix: Text before each place in words.

    Returns:
        The differences of the request, then those of the responses. What can be reached in many ways, for example
        through two media types of one schema, is reported once.
    """
    request = Collector(Direction.REQUEST, f"{prefix}request")
    _compare_call(old, new, request)
    _compare_parameters((old.pointer, old.parameters), (new.pointer, new.parameters), request)
    _compare_body(old, new, request)
    found = [
        attrs.evolve(
            difference,
            old=attrs.evolve(difference.old, pointer=old.document.nearest(difference.old.pointer)),
            new=attrs.evolve(difference.new, pointer=new.document.nearest(difference.new.pointer)),
        )
        for difference in request.found + _compare_responses(old, new, prefix)
    ]
    first = {(d.direction, d.change, d.name, d.old.pointer, d.new.pointer): d for d in reversed(found)}
    return list(first.values())[::-1]


def _compare_call(old: ApiOperation, new: ApiOperation, collector: Collector) -> None:
    """Compare where the operation is, what it is called, and what authenticates a caller."""
    was, now = (Location(side.location.path, side.location.method) for side in (old, new))
    if was != now:
        # The names of its parameters are never sent.
        verdict = DriftVerdict.COSMETIC if was.without_names == now.without_names else None
        collector.add("path", Effect.CHANGED, Side(old.pointer, was.name), Side(new.pointer, now.name), verdict)
    if {*old.servers} != {*new.servers}:
        effect = Effect.WIDENED if {*old.servers} < {*new.servers} else Effect.CHANGED
        before, after = (
            Side(side.places["servers"], list(side.servers), bool(side.places["servers"])) for side in (old, new)
        )
        collector.add("servers", effect, before, after)
    if old.operation_id != new.operation_id:
        before, after = (
            Side(side.places["operationId"], side.operation_id, bool(side.operation_id)) for side in (old, new)
        )
        collector.add("operationId", Effect.CHANGED, before, after, DriftVerdict.COSMETIC)
    collector.compare_deprecated(old, new)
    for ways, effect in ((old.security - new.security, Effect.REMOVED), (new.security - old.security, Effect.ADDED)):
        for way in sorted(ways, key=sorted):
            before, after = (
                Side(side.places["security"], sorted(way)) if way in side.security else gone(side.places["security"])
                for side in (old, new)
            )
            collector.add("security", effect, before, after, name=" and ".join(sorted(way)) or "nothing")


_Owned: TypeAlias = "tuple[Pointer, Mapping[tuple[str, str], Parameter]]"


def _compare_parameters(old: _Owned, new: _Owned, collector: Collector) -> None:
    """Compare the parameters of a request, or the headers of a response; each side has the place of their owner."""
    is_request = collector.direction is Direction.REQUEST
    subject = "parameter" if is_request else "header"
    for key in dict.fromkeys([*old[1], *new[1]]):
        before, after = old[1].get(key), new[1].get(key)
        found = old[1][key] if before else new[1][key]
        below = collector.below(f"{collector.where} {found.place} {found.name}")
        if before and after:
            _compare_parameter(before, after, below)
        else:
            side = Side(found.pointer, found.schema.plain())
            sides = (side, gone(new[0])) if before else (gone(old[0]), side)
            breaks = before or (found.required and is_request)
            verdict = DriftVerdict.BREAKING if breaks else DriftVerdict.ADDITIVE
            below.add(subject, presence(bool(before), bool(after)), *sides, verdict, name=found.name)


def _compare_parameter(old: Parameter, new: Parameter, collector: Collector) -> None:
    states = [((*side.pointer, "required"), side.required) for side in (old, new)]
    collector.compare_required(states[0], states[1], name=old.name)
    collector.compare_deprecated(old, new)
    for name in sorted(old.settings.keys() | new.settings.keys()):
        before, after = old.settings.get(name), new.settings.get(name)
        if json_text(before) != json_text(after):
            collector.add(name, Effect.CHANGED, Side((*old.pointer, name), before), Side((*new.pointer, name), after))
    compare_schemas(old.schema, new.schema, collector)


def _compare_responses(old: ApiOperation, new: ApiOperation, prefix: str) -> Differences:
    """Compare the responses by status. A range of statuses, or the default, replaces a missing status."""
    found: Differences = []
    paired: set[str] = set()
    for status, before in old.responses.items():
        key = next((key for key in (status, f"{status[:1]}XX", "default") if key in new.responses), None)
        collector = Collector(Direction.RESPONSE, f"{prefix}answer {status}", found)
        if key is None:
            sides = Side(before.pointer, status), gone(new.pointer)
            collector.add("status", Effect.REMOVED, *sides, _verdict_of_status(status), name=status)
        else:
            paired.add(key)
            after = new.responses[key]
            _compare_parameters((before.pointer, before.headers), (after.pointer, after.headers), collector)
            _compare_content(before, after, collector)
    for status, after in new.responses.items():
        if status not in paired and f"{status[:1]}XX" not in old.responses and "default" not in old.responses:
            collector = Collector(Direction.RESPONSE, f"{prefix}answer {status}", found)
            sides = gone(old.pointer), Side(after.pointer, status)
            collector.add("status", Effect.ADDED, *sides, _verdict_of_status(status), name=status)
    return found


def _verdict_of_status(status: str) -> DriftVerdict:
    """A caller has to know each success, and survives any error."""
    return DriftVerdict.BREAKING if status.startswith("2") else DriftVerdict.ADDITIVE


def _compare_body(old: ApiOperation, new: ApiOperation, collector: Collector) -> None:
    before, after = old.body, new.body
    if before is not None and after is not None:
        states = [((*side.pointer, "required"), side.required) for side in (before, after)]
        collector.compare_required(states[0], states[1], name="body")
        _compare_content(before, after, collector)
    elif before or after:
        was, now = (Side(it.body.pointer, list(it.body.content)) if it.body else gone(it.pointer) for it in (old, new))
        verdict = DriftVerdict.ADDITIVE if after and not after.required else DriftVerdict.BREAKING
        collector.add("body", presence(bool(before), bool(after)), was, now, verdict)


def _compare_content(old: Message, new: Message, collector: Collector) -> None:
    """Compare the media types of a body: one more is additive, one less breaks.

    Without a common media type, the first of each are compared, since the caller will want to know what else is new.
    """
    pairs = [(media, partner) for media in old.content.values() if (partner := _partner(media, new.content))]
    paired = {id(media) for pair in pairs for media in pair}
    for media in old.content.values():
        if id(media) not in paired:
            sides = Side(media.pointer, media.name), gone(new.pointer)
            collector.add("media type", Effect.REMOVED, *sides, DriftVerdict.BREAKING, name=media.name)
    for media in new.content.values():
        if id(media) not in paired:
            sides = gone(old.pointer), Side(media.pointer, media.name)
            collector.add("media type", Effect.ADDED, *sides, DriftVerdict.ADDITIVE, name=media.name)
    if not pairs and old.content and new.content:
        pairs = [(next(iter(old.content.values())), next(iter(new.content.values())))]
    for before, after in pairs:
        compare_schemas(before.schema, after.schema, collector)
        if before.name in _FORMS and after.name in _FORMS:
            _compare_encoding(before, after, collector)


def _partner(media: Media, others: Mapping[str, Media]) -> Media | None:
    ranges = (media.name, f"{media.name.partition('/')[0]}/*", "*/*")
    return next((others[name] for name in ranges if name in others), None)


def _compare_encoding(old: Media, new: Media, collector: Collector) -> None:
    """Compare how the fields that both sides have are sent; writing a default down changes nothing."""
    for field in dict.fromkeys([*old.encoding, *new.encoding]):
        if field not in old.schema.properties or field not in new.schema.properties:
            continue
        before, after = _effective_encoding(old, field), _effective_encoding(new, field)
        for name in sorted(before.keys() | after.keys()):
            was, now = (
                Side((*media.encoding[field][0], name), value.get(name))
                if field in media.encoding and name in media.encoding[field][1]
                else Side(media.pointer, value.get(name), present=False)
                for media, value in ((old, before), (new, after))
            )
            same = json_text(was.value) == json_text(now.value)
            if same and was.present == now.present:
                continue
            effect = Effect.CHANGED if was.present == now.present else presence(was.present, now.present)
            verdict = DriftVerdict.COSMETIC if same else DriftVerdict.BREAKING
            collector.add(f"encoding {name}", effect, was, now, verdict, path=field, name=field)


def _effective_encoding(media: Media, field: str) -> dict[str, Any]:
    """How a field is sent: what is written, and the default content type."""
    _, written = media.encoding.get(field, ((), {}))
    content_types = written.get("contentType") or _default_content_type(media.schema.properties[field])
    written = {name: value for name, value in written.items() if not name.startswith("x-")}
    return {**written, "contentType": sorted(part.strip().lower() for part in str(content_types).split(","))}


def _default_content_type(schema: Schema) -> str:
    types = [name for name in schema.type_list() if name != "null"]
    if types == ["array"] and schema.items is not None:
        return _default_content_type(schema.items)
    if types == ["object"]:
        return "application/json"
    binary = len(types) != 1 or {"contentEncoding", "contentMediaType"} & schema.bounds.keys()
    return "application/octet-stream" if binary else "text/plain"
