"""A schema in one form, whatever dialect and style it was written in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import attrs
from regeneration.documents import Pointer

if TYPE_CHECKING:
    from collections.abc import Iterator


ANY: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
"""All types: a schema without a type."""


@attrs.frozen(eq=False)
class Schema:
    """A schema: references followed, nullable and const and allOf resolved, prose left out.

    Attributes:
        pointer: Where it stands in its document, behind all references.
        types: The types that it allows; a number is "integer" and "number".
        values: The values that it is limited to (enum, const) by their JSON text, or None.
        bounds: Keywords that limit one value: minimum, maxLength, pattern, format ...
        properties: In the author's order.
        declared: Where each of them is declared; a property that is a reference stands elsewhere than its schema.
        required: Names of properties.
        additional: What other properties have to be; None when they may be anything.
        items: What the items of an array have to be; None when they may be anything.
        prefix: What the first items have to be, each for itself.
        choice: "anyOf" or "oneOf" when there are alternatives, else empty.
        alternatives: What the choice is made from, on top of all the above.
        others: Keywords that are only compared as a whole (not, if, patternProperties ...), references followed.
        notes: What limits no value and matters to callers: default, deprecated, readOnly, writeOnly, discriminator.
        places: Where keywords stand that came from elsewhere, through allOf say; the others are below pointer.
        size: How many schemas it is made of, when each is counted as often as it is used.
    """

    pointer: Pointer
    types: frozenset[str] = ANY
    values: Mapping[str, Any] | None = None
    bounds: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    properties: Mapping[str, Schema] = attrs.field(factory=dict[str, "Schema"])
    declared: Mapping[str, Pointer] = attrs.field(factory=dict[str, Pointer])
    required: frozenset[str] = frozenset()
    additional: Schema | None = None
    items: Schema | None = None
    prefix: tuple[Schema, ...] = ()
    choice: str = ""
    alternatives: tuple[Schema, ...] = ()
    others: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    notes: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    places: Mapping[str, Pointer] = attrs.field(factory=dict[str, "Pointer"])
    size: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Count the size once; the parts know theirs."""
        object.__setattr__(self, "size", 1 + sum(part.size for part in self.parts()))

    def parts(self) -> Iterator[Schema]:
        """Yield the schemas right below."""
        yield from self.properties.values()
        yield from (part for part in (self.additional, self.items) if part is not None)
        yield from self.prefix
        yield from self.alternatives

    def place(self, keyword: str) -> Pointer:
        """Where a keyword of this schema stands."""
        return self.places.get(keyword, (*self.pointer, keyword))

    def written(self) -> set[str]:
        """The keywords that it has."""
        structure = {
            "type": self.types != ANY,
            "enum": self.values is not None,
            "properties": bool(self.properties),
            "required": bool(self.required),
            "additionalProperties": self.additional is not None,
            "items": self.items is not None,
            "prefixItems": bool(self.prefix),
            self.choice: bool(self.choice),
        }
        keywords = {name for name, is_there in structure.items() if name and is_there}
        return keywords | self.bounds.keys() | self.notes.keys() | self.others.keys()

    def type_list(self) -> list[str]:
        """The types as people write them: every number is a "number"."""
        return sorted(self.types - {"integer"} if "number" in self.types else self.types)

    @property
    def is_free(self) -> bool:
        """Whether it allows any value, its alternatives aside."""
        limits = (self.bounds, self.properties, self.required, self.additional, self.items, self.prefix, self.others)
        return self.types == ANY and self.values is None and not any(limits)

    def plain(self) -> dict[str, Any]:
        """Write it as JSON Schema of draft 2020-12, without references."""
        if not self.types:
            return {"not": {}}
        plain: dict[str, Any] = {} if self.types == ANY else {"type": one_or_list(self.type_list())}
        if self.values is not None:
            plain["enum"] = [self.values[key] for key in sorted(self.values)]
        plain |= self.bounds
        if self.properties:
            plain["properties"] = {name: schema.plain() for name, schema in self.properties.items()}
        if self.required:
            plain["required"] = sorted(self.required)
        if self.additional is not None:
            plain["additionalProperties"] = self.additional.plain()
        if self.prefix:
            plain["prefixItems"] = [schema.plain() for schema in self.prefix]
        if self.items is not None:
            plain["items"] = self.items.plain()
        return {**plain, **self.plain_choice(), **self.others}

    def plain_choice(self) -> dict[str, Any]:
        """Write its alternatives alone; their order says nothing, so it is always the same."""
        if not self.choice:
            return {}
        return {self.choice: sorted((schema.plain() for schema in self.alternatives), key=json_text)}


def one_or_list(names: list[str]) -> str | list[str]:
    """Write the types as a schema has them: one is no list."""
    return names[0] if len(names) == 1 else names


def json_text(value: Any) -> str:
    """Write a value as JSON in one way only, so that two values are equal when their texts are.

    JSON has one number 1, however it is written.
    """
    return json.dumps(_with_plain_numbers(value), ensure_ascii=False, sort_keys=True, default=str)


def _with_plain_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_with_plain_numbers(item) for item in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: _with_plain_numbers(item) for key, item in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value
