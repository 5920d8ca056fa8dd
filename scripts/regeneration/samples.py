"""Makes a value for a schema, one that would show it if the generated code lost or changed a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from regeneration import schemas
from regeneration.nodes import is_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

_TEXTS: Final[Mapping[str, Any]] = {
    "binary": b"\x89PNG\r\n\x1a\n\x00\xff",
    "byte": "aWRlb2dyYW0=",
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05+00:00",
    "uuid": "6d6f636b-0000-4000-8000-000000000000",
}
_ANY: Final = 'any "value" \u2013 \u00e9 & <b>'


def sample(document: Mapping[str, Any], schema: Any) -> Any:
    """Make a value in which every property has a value, and every alternative of a list's items is an item.

    Patterns and lengths are not looked at, because the generated code does not look at them either.

    Args:
        document: The contract, for its references.
        schema: The schema.

    Returns:
        A JSON value, in which bytes stand for binary content.
    """
    schema = schemas.resolve(document, schema)
    if not is_mapping(schema):
        return _ANY
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return next((value for value in schema["enum"] if value is not None), None)
    if schemas.is_object(document, schema):
        return _object(document, schema)
    for keyword in ("oneOf", "anyOf", "allOf"):
        if keyword in schema:
            values = [sample(document, alternative) for alternative in schema[keyword]]
            return next((value for value in values if value is not None), None)
    return _by_type(document, schema)


def _object(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    properties = schemas.properties(document, schema)
    if not properties:
        return {"key": sample(document, schema.get("additionalProperties"))}
    return {name: sample(document, part) for name, part in properties.items()}


def _by_type(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    types = schema.get("type", "any")
    match types if isinstance(types, str) else next((t for t in types if t != "null"), "null"):
        case "array":
            items = schemas.resolve(document, schema.get("items"))
            alternatives = items.get("oneOf", items.get("anyOf")) if is_mapping(items) else None
            return [sample(document, item) for item in alternatives or [items]]
        case "boolean":
            return True
        case "integer":
            return 7
        case "number":
            return 1.5
        case "null":
            return None
        case _:
            return _TEXTS.get(schema.get("format", ""), _ANY)
