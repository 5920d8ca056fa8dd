"""Brings the schemas of a document into one form, whatever dialect of OpenAPI 3 they are written in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
from regeneration.documents import is_list, is_mapping

from drifting import keywords
from drifting.merging import merge
from drifting.schema import Schema, json_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from regeneration.documents import Pointer

    from drifting.errors import DriftError
    from drifting.references import Document

MAX_DEPTH: Final = 100
MAX_SIZE: Final = 20_000
"""Schemas that one schema may be made of when every reference is followed; Ideogram's largest has some hundred."""
_NULL: Final[frozenset[str]] = frozenset({"null"})


class Normaliser:
    """Normalises schemas of one document, each only once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._done: dict[Pointer, Schema] = {}
        self._open: list[Pointer] = []

    def schema(self, pointer: Pointer) -> Schema:
        """Normalise the schema at a pointer, with all that it reaches.

        Raises:
            DriftError: A reference in it is broken, external or cyclic, it is too deep or too large, or no schema.
        """
        if pointer in self._done:
            return self._done[pointer]
        if pointer in self._open:
            raise self.document.cycle([*self._open, pointer])
        if len(self._open) >= MAX_DEPTH:
            raise self.document.error(pointer, f"nested more than {MAX_DEPTH} levels deep")
        self._open.append(pointer)
        found = self._read(pointer, self.document.at(pointer))
        self._open.pop()
        if found.size > MAX_SIZE:
            raise self.document.error(
                pointer, f"expands to more than {MAX_SIZE} schemas when its references are followed"
            )
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
        return (
            referred
            if own.is_free and not own.notes and not own.choice
            else simplify(merge(own, referred, referred.pointer))
        )

    def _keywords(self, pointer: Pointer, raw: Mapping[str, Any]) -> Schema:
        refuse = self._refuser(pointer)
        if "$dynamicRef" in raw or "$recursiveRef" in raw:
            raise self.document.error(pointer, "dynamic references are not understood")
        types = keywords.types_of(raw, refuse)
        schema = Schema(
            pointer,
            types=types,
            values=keywords.values_of(raw, refuse),
            bounds=keywords.bounds_of(raw, types, refuse),
            properties=self._named(pointer, raw, "properties"),
            declared={name: (*pointer, "properties", name) for name in raw.get("properties", ())},
            required=frozenset(self._names(raw, refuse)),
            additional=self._unless_free(pointer, raw, "additionalProperties"),
            items=self._unless_free(pointer, raw, "items"),
            prefix=self._listed(pointer, raw, "prefixItems"),
            others=self._others(pointer, raw),
            notes=_notes(raw),
            places={"enum": (*pointer, "const")} if "const" in raw and "enum" not in raw else {},
        )
        for choice in ("anyOf", "oneOf"):
            if choice in raw:
                alternatives = self._listed(pointer, raw, choice)
                schema = merge(schema, Schema(pointer, choice=choice, alternatives=alternatives), pointer)
        for part in self._listed(pointer, raw, "allOf"):
            schema = merge(schema, part, pointer)
        schema = simplify(schema)
        return _with_null(schema) if raw.get("nullable") is True else schema

    def _refuser(self, pointer: Pointer) -> Callable[[str, str], DriftError]:
        return lambda keyword, message: self.document.error((*pointer, keyword), message)

    def _listed(self, pointer: Pointer, raw: Mapping[str, Any], keyword: str) -> tuple[Schema, ...]:
        listed = raw.get(keyword, [])
        if not is_list(listed):
            raise self.document.error((*pointer, keyword), "a list of schemas is expected here")
        return tuple(self.schema((*pointer, keyword, index)) for index in range(len(listed)))

    def _named(self, pointer: Pointer, raw: Mapping[str, Any], keyword: str) -> dict[str, Schema]:
        named = raw.get(keyword, {})
        if not is_mapping(named):
            raise self.document.error((*pointer, keyword), "schemas by name are expected here")
        return {name: self.schema((*pointer, keyword, name)) for name in named}

    def _unless_free(self, pointer: Pointer, raw: Mapping[str, Any], keyword: str) -> Schema | None:
        if keyword not in raw:
            return None
        schema = self.schema((*pointer, keyword))
        return None if schema.is_free and not schema.choice else schema

    @staticmethod
    def _names(raw: Mapping[str, Any], refuse: Callable[[str, str], DriftError]) -> list[str]:
        names = raw.get("required", [])
        if not is_list(names) or not all(isinstance(name, str) for name in names):
            raise refuse("required", "a list of names is expected here")
        return names

    def _others(self, pointer: Pointer, raw: Mapping[str, Any]) -> dict[str, Any]:
        others = {name: self.schema((*pointer, name)).plain() for name in sorted(keywords.SUBSCHEMAS & raw.keys())}
        for name in sorted(keywords.NAMED_SUBSCHEMAS & raw.keys()):
            others[name] = {key: part.plain() for key, part in self._named(pointer, raw, name).items()}
        return others | {name: raw[name] for name in sorted(keywords.PLAIN & raw.keys())}


def simplify(schema: Schema) -> Schema:
    """Take out what says nothing, or says a thing in two words: an alternative of null, a choice of one, odd values."""
    if schema.choice:
        rest = [part for part in schema.alternatives if not _is_null(part)]
        nulls = len(rest) < len(schema.alternatives)
        if len(rest) == 1 and (not nulls or "null" in schema.types):
            base = attrs.evolve(schema, choice="", alternatives=())
            schema = simplify(merge(base, rest[0], schema.pointer))
            return _with_null(schema) if nulls else schema
    if schema.values is None:
        return schema
    values = {text: value for text, value in schema.values.items() if keywords.type_of(value) in schema.types}
    types = frozenset(keywords.type_of(value) for value in values.values())
    both_booleans = values.keys() == {"true", "false"}
    return attrs.evolve(schema, types=types, values=None if both_booleans else values)


def _is_null(schema: Schema) -> bool:
    return schema.types == _NULL and not schema.choice and not schema.others


def _with_null(schema: Schema) -> Schema:
    """Allow null too, which 3.0 says with nullable, whatever else limits the value."""
    alternatives = schema.alternatives
    if schema.choice and not any(_is_null(part) for part in alternatives):
        alternatives = (*alternatives, Schema((*schema.pointer, "nullable"), types=_NULL))
    values = None if schema.values is None else {**schema.values, "null": None}
    return attrs.evolve(schema, types=schema.types | _NULL, values=values, alternatives=alternatives)


def _notes(raw: Mapping[str, Any]) -> dict[str, Any]:
    notes: dict[str, Any] = {name: True for name in ("deprecated", "readOnly", "writeOnly") if raw.get(name) is True}
    if "default" in raw:
        notes["default"] = raw["default"]
    discriminator = raw.get("discriminator")
    if is_mapping(discriminator):
        notes["discriminator"] = discriminator.get("propertyName")
    return notes
