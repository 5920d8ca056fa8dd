"""Compares bodies: media types, how fields are encoded, and schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from drifting.compare import compare_schemas
from drifting.difference import Effect, Side, Verdict
from drifting.schema import json_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regeneration.documents import Pointer

    from drifting.collector import Collector
    from drifting.operation import Media, Operation
    from drifting.schema import Schema

    Content: TypeAlias = tuple[Pointer, Mapping[str, Media]]

_FORMS: Final = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})


def compare_body(old: Operation, new: Operation, collector: Collector) -> None:
    """Compare the bodies of the requests of two operations."""
    before, after = old.body, new.body
    if before is not None and after is not None:
        collector.required(
            ((*before.pointer, "required"), before.required),
            ((*after.pointer, "required"), after.required),
            name="body",
        )
        compare_content((before.pointer, before.content), (after.pointer, after.content), collector)
    elif before is not None:
        sides = Side(before.pointer, list(before.content)), Side(new.pointer, None, present=False)
        collector.add(("body", Effect.REMOVED), sides, Verdict.BREAKING)
    elif after is not None:
        sides = Side(old.pointer, None, present=False), Side(after.pointer, list(after.content))
        collector.add(("body", Effect.ADDED), sides, Verdict.BREAKING if after.required else Verdict.ADDITIVE)


def compare_content(old: Content, new: Content, collector: Collector) -> None:
    """Compare what a body may be: a media type more is additive, one less breaks.

    Args:
        old: The place of the old body or answer, and its media types.
        new: The same of the new one.
        collector: Takes the differences. When the sides have no media type in common, the first of each are compared,
            since the caller will want to know what else is new.
    """
    pairs = [(media, partner) for media in old[1].values() if (partner := _partner(media, new[1])) is not None]
    paired = {id(media) for pair in pairs for media in pair}
    for media in old[1].values():
        if id(media) not in paired:
            sides = Side(media.pointer, media.name), Side(new[0], None, present=False)
            collector.add(("media type", Effect.REMOVED), sides, Verdict.BREAKING, name=media.name)
    for media in new[1].values():
        if id(media) not in paired:
            sides = Side(old[0], None, present=False), Side(media.pointer, media.name)
            collector.add(("media type", Effect.ADDED), sides, Verdict.ADDITIVE, name=media.name)
    if not pairs and old[1] and new[1]:
        pairs = [(next(iter(old[1].values())), next(iter(new[1].values())))]
    for before, after in pairs:
        collector.found += compare_schemas(before.schema, after.schema, collector.direction, collector.where)
        if before.name in _FORMS and after.name in _FORMS:
            _encoding(before, after, collector)


def _partner(media: Media, others: Mapping[str, Media]) -> Media | None:
    ranges = (media.name, f"{media.name.partition('/')[0]}/*", "*/*")
    return next((others[name] for name in ranges if name in others), None)


def _encoding(old: Media, new: Media, collector: Collector) -> None:
    """Compare how the fields that both sides have are sent; to write down what goes without saying changes nothing."""
    for field in dict.fromkeys([*old.encoding, *new.encoding]):
        if field not in old.schema.properties or field not in new.schema.properties:
            continue
        before, after = _settings(old, field), _settings(new, field)
        for name in sorted(before.keys() | after.keys()):
            was, is_now = name in _written(old, field), name in _written(new, field)
            same = json_text(before.get(name)) == json_text(after.get(name))
            if same and was == is_now:
                continue
            effect = Effect.CHANGED if was == is_now else (Effect.ADDED if is_now else Effect.REMOVED)
            sides = _side(old, field, name, before.get(name)), _side(new, field, name, after.get(name))
            verdict = Verdict.COSMETIC if same else Verdict.BREAKING
            collector.add((f"encoding {name}", effect), sides, verdict, path=field, name=field)


def _written(media: Media, field: str) -> Mapping[str, object]:
    return media.encoding[field].settings if field in media.encoding else {}


def _settings(media: Media, field: str) -> dict[str, object]:
    """How a field is sent: what is written, and the content type that goes without saying."""
    written = {name: value for name, value in _written(media, field).items() if not name.startswith("x-")}
    content_types = written.get("contentType") or _content_type(media.schema.properties[field])
    return {**written, "contentType": sorted(part.strip().lower() for part in str(content_types).split(","))}


def _content_type(schema: Schema) -> str:
    """The content type of a field for which none is written."""
    types = [name for name in schema.type_list() if name != "null"]
    if types == ["array"] and schema.items is not None:
        return _content_type(schema.items)
    if types == ["object"]:
        return "application/json"
    binary = len(types) != 1 or {"contentEncoding", "contentMediaType"} & schema.bounds.keys()
    return "application/octet-stream" if binary else "text/plain"


def _side(media: Media, field: str, name: str, value: object) -> Side:
    present = name in _written(media, field)
    return Side((*media.encoding[field].pointer, name) if present else media.pointer, value, present)
