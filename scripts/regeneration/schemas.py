"""Looks into the schemas of a raw OpenAPI document, without the generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def unescape(token: str) -> str:
    """Undo the escapes of a JSON pointer's token."""
    return token.replace("~1", "/").replace("~0", "~")


def resolve(document: Mapping[str, Any], node: Any) -> Any:
    """Follow the node's $ref, if it has one, to what it means. The document has no cycle of $refs."""
    while isinstance(node, dict) and isinstance(node.get("$ref"), str):
        target: Any = document
        for token in node["$ref"].removeprefix("#").split("/")[1:]:
            target = target[int(token)] if isinstance(target, list) else target[unescape(token)]
        node = target
    return node


def properties(document: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """Collect the properties of a schema by wire name, in the author's order, those of its allOf parts included."""
    schema = resolve(document, schema)
    if not isinstance(schema, dict):
        return {}
    found: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", schema).items():
        if key == "properties":
            found.update(value)
        elif key == "allOf":
            for part in value:
                found.update(properties(document, part))
    return found


def required(document: Mapping[str, Any], schema: Any) -> set[str]:
    """Collect the names that a schema requires, those of its allOf parts included."""
    schema = resolve(document, schema)
    if not isinstance(schema, dict):
        return set()
    names = set(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        names |= required(document, part)
    return names


def is_object(document: Mapping[str, Any], schema: Any) -> bool:
    """Tell whether a value of the schema is an object."""
    schema = resolve(document, schema)
    if not isinstance(schema, dict):
        return False
    types = schema.get("type")
    if types is not None:
        return "object" in ([types] if isinstance(types, str) else types)
    return bool(properties(document, schema))


def subschemas(document: Mapping[str, Any], schema: Any) -> Iterator[dict[str, Any]]:
    """Walk the schema and all that it is composed of, through $ref, compositions, properties and items."""
    schema = resolve(document, schema)
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(key, ()):
            yield from subschemas(document, part)
    for part in schema.get("properties", {}).values():
        yield from subschemas(document, part)
    yield from subschemas(document, schema.get("items"))
