"""The contract with its objects closed: they have the members that are named, and no others.

The contract leaves every object open, since a service may learn new members. Of an open schema a generator makes
requests with unknown fields, of which nobody can say whether they are valid.
"""

from __future__ import annotations

from typing import Any

from ideogram_ai.client.request import is_array, is_object


def close(node: Any) -> Any:
    """A part of the contract with every object in it closed; examples stay as they are."""
    if is_array(node):
        return [close(item) for item in node]
    if not is_object(node):
        return node
    closed = {name: member if name in {"example", "examples"} else close(member) for name, member in node.items()}
    if "properties" in node and node.get("type") == "object":
        closed["additionalProperties"] = False
    return closed


def close_requests(document: dict[str, Any]) -> dict[str, Any]:
    """The contract with the schemas closed that only answers do not use."""
    schemas = document["components"]["schemas"]
    answers: set[str] = set()
    _collect(
        [operation["responses"] for path in document["paths"].values() for operation in path.values()],
        document,
        answers,
    )
    schemas = {name: schema if name in answers else close(schema) for name, schema in schemas.items()}
    return {**document, "components": {**document["components"], "schemas": schemas}}


def _collect(node: Any, document: dict[str, Any], found: set[str]) -> None:
    """The names of all schemas that a part of the contract leads to."""
    if is_array(node):
        for item in node:
            _collect(item, document, found)
    elif is_object(node):
        name = str(node.get("$ref", "")).removeprefix("#/components/schemas/")
        schemas = document["components"]["schemas"]
        if name in schemas and name not in found:  # other references lead to headers
            found.add(name)
            _collect(schemas[name], document, found)
        for member in node.values():
            _collect(member, document, found)
