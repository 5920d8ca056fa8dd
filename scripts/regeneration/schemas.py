"""Looks into the schemas of a contract, without the generator. The contract's references were checked before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from regeneration.nodes import is_list, is_mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and the operation itself, for every operation of a contract."""
    for path, item in document.get("paths", {}).items():
        resolved = resolve(document, item)
        yield from ((path, method, resolved[method]) for method in METHODS if method in resolved)


def resolve(document: Mapping[str, Any], node: Any) -> Any:
    """Follow the node's $ref, if it has one, to what it means."""
    while is_mapping(node) and isinstance(node.get("$ref"), str):
        target: Any = document
        for token in node["$ref"].removeprefix("#/").split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            target = target[int(token)] if is_list(target) else target[name]
        node = target
    return node


def properties(document: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """Collect the properties of a schema by wire name, in the author's order; those of its allOf parts come first."""
    schema = resolve(document, schema)
    found: dict[str, Any] = {}
    if is_mapping(schema):
        for part in schema.get("allOf", ()):
            found |= properties(document, part)
        found |= schema.get("properties", {})
    return found


def is_object(document: Mapping[str, Any], schema: Any) -> bool:
    """Tell whether the values of a schema are objects."""
    schema = resolve(document, schema)
    if not is_mapping(schema):
        return False
    if "type" in schema:
        return "object" in schema["type"]  # a word or a list of words, none of which is part of another
    return bool(properties(document, schema))


def is_structured(document: Mapping[str, Any], schema: Any) -> bool:
    """Tell whether all values of a schema but null are objects, or lists of such: what a form writes as JSON."""
    schema = resolve(document, schema)
    if not is_mapping(schema) or is_object(document, schema):
        return is_mapping(schema)
    if "array" in schema.get("type", ()):
        items = resolve(document, schema.get("items"))
        return is_structured(document, items) or (is_mapping(items) and "array" in items.get("type", ()))
    branches = [resolve(document, branch) for key in ("oneOf", "anyOf") for branch in schema.get(key, ())]
    given = [branch for branch in branches if branch != {"type": "null"}]
    return bool(given) and all(is_structured(document, branch) for branch in given)


def subschemas(document: Mapping[str, Any], schema: Any) -> Iterator[dict[str, Any]]:
    """Yield a schema and all that it is made of, through references, compositions, properties and items."""
    schema = resolve(document, schema)
    if not is_mapping(schema):
        return
    yield schema
    parts = [part for key in ("allOf", "anyOf", "oneOf") for part in schema.get(key, ())]
    for part in [*parts, *schema.get("properties", {}).values(), schema.get("items")]:
        yield from subschemas(document, part)
