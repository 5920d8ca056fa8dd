"""Brings schemas of all dialects of OpenAPI 3 into one form."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import attrs
from regeneration.documents import Pointer, is_list, is_mapping

if TYPE_CHECKING:
    from collections.abc import Callable

    from drifting.document import Document, DriftError

    _Refuse: TypeAlias = Callable[[str, str], DriftError]

MAX_DEPTH: Final = 100
MAX_SIZE: Final = 20_000
"""Schemas that one schema may contain when every reference is followed. The provider's largest has some hundred."""

ANY: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
"""All types: a schema without a type."""
_NULL: Final = frozenset({"null"})

LOWER: Final = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
UPPER: Final = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_BOUNDS: Final[Mapping[str, tuple[str, ...]]] = {
    "number": ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum", "multipleOf"),
    "string": ("minLength", "maxLength", "pattern", "format", "contentMediaType", "contentEncoding"),
    "array": ("minItems", "maxItems", "uniqueItems"),
    "object": ("minProperties", "maxProperties"),
}
"""Keywords that limit one value, by the type that they limit."""
# Keywords that are compared as a whole: those with a schema, with several schemas, and without a schema.
_SUBSCHEMA: Final = frozenset(
    {"not", "if", "then", "else", "contains", "propertyNames", "unevaluatedItems", "unevaluatedProperties"}
)
_SUBSCHEMAS: Final = frozenset({"patternProperties", "dependentSchemas", "prefixItems"})
_PLAIN: Final = frozenset({"minContains", "maxContains", "dependentRequired"})
_NEWER_FORMATS: Final[Mapping[str, tuple[str, str]]] = {
    "binary": ("contentMediaType", "application/octet-stream"),
    "byte": ("contentEncoding", "base64"),
    "base64": ("contentEncoding", "base64"),
}
"""Formats of OpenAPI 3.0 that became keywords in 3.1."""


@attrs.frozen(eq=False)
class Schema:
    """A schema: references followed, nullable, const and allOf resolved, descriptions removed.

    Attributes:
        pointer: Its place in its document, behind all references.
        types: The allowed types. A number is "integer" and "number".
        values: The allowed values (enum, const) by their JSON text, or None.
        bounds: Keywords that limit one value: minimum, maxLength, pattern, format ...
        properties: In the author's order.
        declared: Where each property is declared. A property that is a reference differs from its schema's place.
        required: Names of properties.
        additional: The schema of other properties; None when they may be anything.
        items: The schema of the items of an array; None when they may be anything.
        choice: "anyOf" or "oneOf" when there are alternatives, else empty.
        alternatives: The schemas of the choice, on top of everything above.
        others: Keywords that are only compared as a whole (not, if, patternProperties ...), references followed.
        notes: What limits no value and matters to callers: default, deprecated, readOnly, writeOnly, discriminator.
        places: Where keywords stand that came from elsewhere, for example through allOf. The others are below pointer.
        size: How many schemas it contains, each counted as often as it is used.
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
    choice: str = ""
    alternatives: tuple[Schema, ...] = ()
    others: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    notes: Mapping[str, Any] = attrs.field(factory=dict[str, Any])
    places: Mapping[str, Pointer] = attrs.field(factory=dict[str, "Pointer"])
    size: int = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        """Count the size once, from the sizes of the parts."""
        parts = [*self.properties.values(), self.additional, self.items, *self.alternatives]
        object.__setattr__(self, "size", 1 + sum(part.size for part in parts if part is not None))

    def place(self, keyword: str) -> Pointer:
        """Where a keyword of this schema stands."""
        return self.places.get(keyword, (*self.pointer, keyword))

    def keywords(self) -> set[str]:
        """The keywords that it has."""
        structure = {
            "type": self.types != ANY,
            "enum": self.values is not None,
            "properties": bool(self.properties),
            "required": bool(self.required),
            "additionalProperties": self.additional is not None,
            "items": self.items is not None,
            self.choice: bool(self.choice),
        }
        return {name for name, present in structure.items() if present} | {*self.bounds, *self.notes, *self.others}

    def type_list(self) -> list[str]:
        """The types as people write them: every number is a "number"."""
        return sorted(self.types - {"integer"} if "number" in self.types else self.types)

    @property
    def is_free(self) -> bool:
        """Whether it allows any value, apart from its alternatives."""
        limits = (self.bounds, self.properties, self.required, self.additional, self.items, self.others)
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
        if self.items is not None:
            plain["items"] = self.items.plain()
        return {**plain, **self.plain_choice(), **self.others}

    def plain_choice(self) -> dict[str, Any]:
        """Write its alternatives alone, always in the same order."""
        if not self.choice:
            return {}
        return {self.choice: sorted((schema.plain() for schema in self.alternatives), key=json_text)}


def one_or_list(names: list[str]) -> str | list[str]:
    """Write types as a schema has them: one type is not a list."""
    return names[0] if len(names) == 1 else names


def json_text(value: Any) -> str:
    """Write a value as JSON so that equal values have equal texts. JSON has one number 1, however it is written."""
    return json.dumps(_with_plain_numbers(value), ensure_ascii=False, sort_keys=True, default=str)


def _with_plain_numbers(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if is_list(value):
        return [_with_plain_numbers(item) for item in value]
    return {key: _with_plain_numbers(item) for key, item in value.items()} if is_mapping(value) else value


class Normaliser:
    """Normalises schemas of one document, each only once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._done: dict[Pointer, Schema] = {}
        self._open: list[Pointer] = []

    def schema(self, pointer: Pointer) -> Schema:
        """Normalise the schema at a pointer, with everything that it reaches.

        Raises:
            DriftError: A reference in it is broken, external or cyclic, it is too deep or too large, or not a schema.
        """
        if pointer in self._done:
            return self._done[pointer]
        if pointer in self._open:
            raise self.document.cycle([*self._open, pointer])
        if len(self._open) >= MAX_DEPTH:
            raise self.document.error(pointer, f"nested more than {MAX_DEPTH} levels deep")
        self._open.append(pointer)
        try:
            found = self._read(pointer, self.document.at(pointer))
        finally:
            self._open.pop()
        if found.size > MAX_SIZE:
            message = f"expands to more than {MAX_SIZE} schemas when its references are followed"
            raise self.document.error(pointer, message)
        self._done[pointer] = found
        return found

    def _read(self, pointer: Pointer, raw: Any) -> Schema:
        if isinstance(raw, bool):
            return Schema(pointer) if raw else Schema(pointer, types=frozenset())
        if not is_mapping(raw):
            raise self.document.error(pointer, f"a schema is expected here, not {json_text(raw)[:60]}")
        if "$ref" not in raw:
            return self._keywords(pointer, raw)
        referred = self.schema(self.document.target(pointer, raw["$ref"]))
        beside = {} if self.document.is_3_0 else {key: value for key, value in raw.items() if key != "$ref"}
        own = self._keywords(pointer, beside)
        if own.is_free and not own.notes and not own.choice:
            return referred
        return _simplify(_merge(own, referred, referred.pointer))

    def _keywords(self, pointer: Pointer, raw: Mapping[str, Any]) -> Schema:
        def refuse(keyword: str, message: str) -> DriftError:
            return self.document.error((*pointer, keyword), message)

        def listed(keyword: str) -> tuple[Schema, ...]:
            if not is_list(raw.get(keyword, [])):
                raise refuse(keyword, "a list of schemas is expected here")
            return tuple(self.schema((*pointer, keyword, index)) for index in range(len(raw.get(keyword, []))))

        def unless_free(keyword: str) -> Schema | None:
            schema = self.schema((*pointer, keyword)) if keyword in raw else None
            return None if schema is None or (schema.is_free and not schema.choice) else schema

        if "$dynamicRef" in raw or "$recursiveRef" in raw:
            raise self.document.error(pointer, "dynamic references are not supported")
        if not is_mapping(raw.get("properties", {})):
            raise refuse("properties", "schemas by name are expected here")
        declared: dict[str, Pointer] = {name: (*pointer, "properties", name) for name in raw.get("properties", ())}
        types = _types(raw, refuse)
        schema = Schema(
            pointer,
            types=types,
            values=_values(raw, refuse),
            bounds=_bounds(raw, types, refuse),
            properties={name: self.schema(place) for name, place in declared.items()},
            declared=declared,
            required=_required(raw, refuse),
            additional=unless_free("additionalProperties"),
            items=unless_free("items"),
            others=self._others(pointer, raw) | {name: raw[name] for name in sorted(_PLAIN & {*raw})},
            notes=_notes(raw),
            places={"enum": (*pointer, "const")} if "const" in raw and "enum" not in raw else {},
        )
        for choice in ("anyOf", "oneOf"):
            if choice in raw:
                schema = _merge(schema, Schema(pointer, choice=choice, alternatives=listed(choice)), pointer)
        for part in listed("allOf"):
            schema = _merge(schema, part, pointer)
        schema = _simplify(schema)
        return _with_null(schema) if raw.get("nullable") is True else schema

    def _others(self, pointer: Pointer, raw: Mapping[str, Any]) -> dict[str, Any]:
        """Read the keywords with schemas that are compared as a whole, without references."""
        others: dict[str, Any] = {name: self.schema((*pointer, name)).plain() for name in sorted(_SUBSCHEMA & {*raw})}
        for name in sorted(_SUBSCHEMAS & {*raw}):
            if is_list(raw[name]):
                others[name] = [self.schema((*pointer, name, index)).plain() for index in range(len(raw[name]))]
            elif is_mapping(raw[name]):
                others[name] = {key: self.schema((*pointer, name, key)).plain() for key in raw[name]}
            else:
                raise self.document.error((*pointer, name), "schemas are expected here")
        return others


def _required(raw: Mapping[str, Any], refuse: _Refuse) -> frozenset[str]:
    required = raw.get("required", [])
    if not is_list(required) or not all(isinstance(name, str) for name in required):
        raise refuse("required", "a list of names is expected here")
    return frozenset(required)


def _types(raw: Mapping[str, Any], refuse: _Refuse) -> frozenset[str]:
    """Read the types, or infer them from other keywords where the author left them out."""
    written = raw.get("type")
    if written is None:
        if raw.keys() & {"properties", "additionalProperties", "patternProperties"}:
            return frozenset({"object"})
        return frozenset({"array"}) if "items" in raw or "prefixItems" in raw else ANY
    names: list[Any] = written if is_list(written) else [written]
    for name in names:
        if not isinstance(name, str) or name not in ANY:
            raise refuse("type", f"there is no type {json_text(name)}")
    return frozenset({*names, "integer"} if "number" in names else names)


def _values(raw: Mapping[str, Any], refuse: _Refuse) -> dict[str, Any] | None:
    """Read enum and const as one set of values, by their JSON text."""
    found: dict[str, Any] | None = None
    if "enum" in raw:
        if not is_list(raw["enum"]):
            raise refuse("enum", "an enum is a list of values")
        found = {json_text(value): value for value in raw["enum"]}
    if "const" in raw:
        text = json_text(raw["const"])
        found = {text: raw["const"]} if found is None or text in found else {}
    return found


def _bounds(raw: Mapping[str, Any], types: frozenset[str], refuse: _Refuse) -> dict[str, Any]:
    """Read the keywords that limit one value, without those that limit nothing."""
    kinds = {"number" if name == "integer" else name for name in types}
    found = {name: raw[name] for kind, names in _BOUNDS.items() if kind in kinds for name in names if name in raw}
    for name in (LOWER | UPPER | {"multipleOf"}) & found.keys():
        value = found[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not is_number and not (name.startswith("exclusive") and isinstance(value, bool)):
            raise refuse(name, f"{json_text(value)} is not a number")
    _normalise_range(found, whole="number" not in types)
    for name in ("minLength", "minItems", "minProperties", "uniqueItems"):
        if name in found and not found[name]:
            del found[name]
    if (newer := _NEWER_FORMATS.get(str(found.get("format")))) is not None:
        del found["format"]
        found.setdefault(*newer)
    return found


def _normalise_range(found: dict[str, Any], *, whole: bool) -> None:
    """Bring minimum and maximum into one form: in 3.0, exclusiveMinimum is true or false."""
    for limit, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        if isinstance(found.get(exclusive), bool):
            is_exclusive = found.pop(exclusive)
            if is_exclusive and limit in found:
                found[exclusive] = found.pop(limit)
        if whole and exclusive in found:  # for integers, above 0 is from 1 on
            step = sign * math.floor(sign * found.pop(exclusive)) + sign
            found[limit] = step if limit not in found else sign * max(sign * step, sign * found[limit])
        if whole and limit in found:
            found[limit] = sign * math.ceil(sign * found[limit])
        if limit in found and exclusive in found:  # only the tighter one counts
            del found[limit if sign * found[exclusive] >= sign * found[limit] else exclusive]


def _notes(raw: Mapping[str, Any]) -> dict[str, Any]:
    notes: dict[str, Any] = {name: True for name in ("deprecated", "readOnly", "writeOnly") if raw.get(name) is True}
    if "default" in raw:
        notes["default"] = raw["default"]
    if is_mapping(discriminator := raw.get("discriminator")):
        notes["discriminator"] = discriminator.get("propertyName")
    return notes


def _simplify(schema: Schema) -> Schema:
    """Remove what says nothing: an alternative of null, a choice of one, values of other types."""
    if schema.choice:
        rest = [part for part in schema.alternatives if not _is_null(part)]
        nulls = len(rest) < len(schema.alternatives)
        if len(rest) == 1 and (not nulls or "null" in schema.types):
            base = attrs.evolve(schema, choice="", alternatives=())
            schema = _simplify(_merge(base, rest[0], schema.pointer))
            return _with_null(schema) if nulls else schema
    if schema.values is None:
        return schema
    values = {text: value for text, value in schema.values.items() if _type_of(value) in schema.types}
    types = frozenset(_type_of(value) for value in values.values())
    return attrs.evolve(schema, types=types, values=None if values.keys() == {"true", "false"} else values)


def _type_of(value: Any) -> str:
    if isinstance(value, float):
        return "integer" if value.is_integer() else "number"
    names = {type(None): "null", bool: "boolean", int: "integer", str: "string", list: "array", dict: "object"}
    return names[type(value)]


def _is_null(schema: Schema) -> bool:
    return schema.types == _NULL and not schema.choice and not schema.others


def _with_null(schema: Schema) -> Schema:
    """Allow null too, as `nullable` in 3.0 does."""
    alternatives = schema.alternatives
    if schema.choice and not any(_is_null(part) for part in alternatives):
        alternatives = (*alternatives, Schema((*schema.pointer, "nullable"), types=_NULL))
    values = None if schema.values is None else {**schema.values, "null": None}
    return attrs.evolve(schema, types=schema.types | _NULL, values=values, alternatives=alternatives)


def _merge(first: Schema, second: Schema, pointer: Pointer) -> Schema:
    """Make the schema of the values that both schemas allow, as allOf and keywords beside a $ref do.

    Where both have a keyword that one schema cannot have twice, one goes into an allOf. Which one does not depend on
    the order. The notes (for example a default) and the places of the first win.
    """
    rest: list[dict[str, Any]] = [*first.others.get("allOf", ()), *second.others.get("allOf", ())]

    def keep(name: str, one: Any, other: Any) -> Any:
        kept, moved = sorted((one, other), key=json_text)
        if json_text(kept) != json_text(moved):
            rest.append({name: moved})
        return kept

    values = first.values
    if second.values is not None:
        values = {text: value for text, value in second.values.items() if values is None or text in values}
    others = {name: value for name, value in first.others.items() if name != "allOf"}
    for name, value in second.others.items():
        if name != "allOf":
            others[name] = keep(name, others.get(name, value), value)
    chosen = _merge_choice(first, second, rest)
    properties = dict(first.properties)
    for name, schema in second.properties.items():
        properties[name] = _merge_optional(properties.get(name), schema) or schema
    additional = first.additional or second.additional
    closed = [(side, side.additional) for side in (first, second) if side.additional is not None]
    if any(properties.keys() != side.properties.keys() for side, _ in closed) or len(closed) > 1:
        # What "additional" means depends on the properties beside it, so these sides stay apart.
        rest += [
            {"properties": {name: {} for name in side.properties}, "additionalProperties": part.plain()}
            for side, part in closed
        ]
        additional = None
    bounds = {**second.bounds, **first.bounds}
    for name in first.bounds.keys() & second.bounds.keys():
        tighter = max if name in LOWER else min if name in UPPER else partial(keep, name)
        bounds[name] = tighter(first.bounds[name], second.bounds[name])
    apart = {json_text(part): part for part in rest}
    return Schema(
        pointer,
        types=first.types & second.types,
        values=values,
        bounds=bounds,
        properties=properties,
        declared={**second.declared, **first.declared},
        required=first.required | second.required,
        additional=additional,
        items=_merge_optional(first.items, second.items),
        choice=chosen.choice,
        alternatives=chosen.alternatives,
        others={**others, "allOf": [apart[text] for text in sorted(apart)]} if apart else others,
        notes={**second.notes, **first.notes},
        places={name: side.place(name) for side in (second, first) for name in side.keywords()},
    )


def _merge_choice(first: Schema, second: Schema, rest: list[dict[str, Any]]) -> Schema:
    """Return the side whose alternatives stay, and move those of the other to the rest."""
    if not (first.choice and second.choice):
        return first if first.choice else second
    chosen, moved = sorted((first, second), key=lambda side: json_text(side.plain_choice()))
    if json_text(chosen.plain_choice()) != json_text(moved.plain_choice()):
        rest.append(moved.plain_choice())
    return chosen


def _merge_optional(first: Schema | None, second: Schema | None) -> Schema | None:
    if first is None or second is None or first is second:
        return first or second
    return _merge(first, second, first.pointer)
