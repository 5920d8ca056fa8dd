"""Ways through the contract for the tests: every object in it, and every object that a part of it leads to."""

from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
UNKNOWN, ALSO_UNKNOWN = "no_such_field", "no_field_either"
"""Names of fields that no contract will have, for tests of what is made of unknown ones."""


def nodes(node: object, place: str = "#") -> Iterator[tuple[str, Node]]:
    """Yield every object in a part of a document with its place; references are not followed."""
    if isinstance(node, dict):
        yield place, node
        for key, value in node.items():
            yield from nodes(value, f"{place}/{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from nodes(value, f"{place}/{index}")


def responses_of(contract: Node, operation: Node) -> dict[str, Node]:
    """The responses of an operation by status; several operations may share one."""
    shared = contract["components"]["responses"]
    every: dict[str, Node] = operation["responses"]
    return {
        status: shared[response["$ref"].rpartition("/")[2]] if "$ref" in response else response
        for status, response in every.items()
    }


def reachable(contract: Node, start: object) -> Iterator[tuple[str, Node]]:
    """Yield every object in a part of the contract, and in every component that it refers to."""
    seen: set[str] = set()
    waiting: list[tuple[str, object]] = [("#", start)]
    while waiting:
        place, part = waiting.pop()
        for inner, node in nodes(part, place):
            yield inner, node
            reference = str(node.get("$ref", ""))
            kind, _, name = reference.removeprefix("#/components/").partition("/")
            if name and reference not in seen:
                seen.add(reference)
                waiting.append((name, contract["components"][kind][name]))
