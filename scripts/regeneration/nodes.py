"""Walks an OpenAPI document, and tells its keywords from the data and the names in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regeneration.errors import Pointer

# What stands below these keywords, and below every x- field, is data: "$ref" or "properties" mean nothing in it.
# So it is below "default", but openapi-spec-validator (0.9.0) follows references there.
_DATA: Final = frozenset({"const", "enum", "example", "value"})
# Below these keywords stand names that the author chose, whatever they look like.
_NAMES: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas", "schemas"})


def is_mapping(node: object) -> TypeGuard[dict[str, Any]]:
    """Tell whether a node of a document is a mapping; all keys are text, which the reader made sure of."""
    return isinstance(node, dict)


def is_list(node: object) -> TypeGuard[list[Any]]:
    """Tell whether a node of a document is a list."""
    return isinstance(node, list)


def holds_names(pointer: Pointer) -> bool:
    """Tell whether the keys of the mapping at the pointer are names and not keywords."""
    return bool(pointer) and pointer[-1] in _NAMES


def children(pointer: Pointer, node: Any) -> Iterator[tuple[Pointer, Any]]:
    """Yield the nodes right below a node, without data."""
    if is_list(node):
        yield from (((*pointer, index), child) for index, child in enumerate(node))
    elif is_mapping(node):
        named = holds_names(pointer)
        for key, child in node.items():
            if named or (key not in _DATA and not key.startswith("x-")):
                yield (*pointer, key), child


def mappings(pointer: Pointer, node: Any) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield every mapping of keywords at or below a node."""
    if is_mapping(node) and not holds_names(pointer):
        yield pointer, node
    for child_pointer, child in children(pointer, node):
        yield from mappings(child_pointer, child)
