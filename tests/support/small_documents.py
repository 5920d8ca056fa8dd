"""OpenAPI documents of one operation around one schema, and what the comparison says of two of them."""

from collections.abc import Mapping
from typing import Any

from drifting.compare import Difference
from drifting.compare_operations import compare_documents

Document = dict[str, Any]
PATH, METHOD = "/things", "post"


def document(operation: Mapping[str, Any], *, version: str = "3.1.0", **components: Any) -> Document:
    """A document of one operation; components are schemas by name."""
    return {
        "openapi": version,
        "info": {"title": "Things", "version": "1"},
        "servers": [{"url": "https://things.example"}],
        "paths": {PATH: {METHOD: {"operationId": "post_thing", "responses": {}, **operation}}},
        "components": {"schemas": components},
    }


def asking(schema: object, *, version: str = "3.1.0", **components: Any) -> Document:
    """A document whose operation takes a schema."""
    return document(
        {"requestBody": {"content": {"application/json": {"schema": schema}}}}, version=version, **components
    )


def answering(schema: object, *, version: str = "3.1.0", **components: Any) -> Document:
    """A document whose operation answers with a schema."""
    answer = {"description": "It.", "content": {"application/json": {"schema": schema}}}
    return document({"responses": {"200": answer}}, version=version, **components)


def compared(old: Document, new: Document) -> list[Difference]:
    """The differences, each of whose pointers leads somewhere: one that did not would help nobody."""
    found = compare_documents(old, new)
    for difference in found:
        for side, whole in ((difference.old, old), (difference.new, new)):
            node: Any = whole
            for token in side.pointer:
                node = node[token]
    return found


def said(found: list[Difference]) -> list[str]:
    """Differences in short."""
    return [" ".join(filter(None, [difference.verdict, difference.change, difference.name])) for difference in found]
