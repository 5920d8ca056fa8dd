"""Requests that keep the contract."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .schema_values import JsonObject, SchemaValues, follow, objects, types_of
from .shown import shown_as

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

    from ideogram_ai.contract.view import ContractView
    from ideogram_ai.generated.operations import Operation


def requests(*, operation: Operation = POST_GENERATE_IMAGE_V4) -> SearchStrategy[dict[str, Any]]:
    """Requests that keep the contract, as keyword arguments for `generate(**request)`.

    Both kinds of prompt, every field, every value that is in service, keys in several orders. None is left out: it has
    no form on the wire.

    Args:
        operation: The operation that they are for; its method takes them as keyword arguments.
    """
    view = read_view(operation.operation_id)
    made = wire_requests(view, SchemaValues(view)).map(lambda request: as_keywords(view, request))
    return shown_as("requests", made)


def wire_requests(
    view: ContractView, values: SchemaValues, *, without: str | None = None
) -> SearchStrategy[JsonObject]:
    """The same by the names that fields have on the wire.

    Args:
        view: The contract.
        values: Makes the values of its schemas.
        without: A field that is left out, and with it the others that would take its place.
    """
    members = given_members(view, values)
    required: list[str] = request_schema(view)[0].get("required", [])
    groups = [group for group in view.operation.exactly_one_of if without not in group]
    grouped = {name for group in view.operation.exactly_one_of for name in group}
    others = {name: member for name, member in members.items() if name not in grouped and name != without}
    return st.one_of(
        [objects(others | {name: members[name] for name in kind}, [*required, *kind]) for kind in product(*groups)]
    )


def given_members(view: ContractView, values: SchemaValues) -> dict[str, SearchStrategy[Any]]:
    """The values of each field of a request, None left out."""
    parts: dict[str, JsonObject] = request_schema(view)[0]["properties"]
    return {name: values.of(_on_the_wire(view, name, part)).filter(_is_given) for name, part in parts.items()}


def _on_the_wire(view: ContractView, name: str, schema: JsonObject) -> JsonObject:
    """The schema without what has no form on the wire: null, and in a form a list without items."""
    schema, _ = follow(view, schema)
    if view.fields[name].item is not None:
        items = _without_null(view, schema.get("items", {}))
        schema = schema | {"minItems": max(1, schema.get("minItems", 1)), "items": items}
    return _without_null(view, schema)


def _without_null(view: ContractView, schema: JsonObject) -> JsonObject:
    """The schema with null taken from its types: a filter alone would reject half of what is drawn."""
    schema, _ = follow(view, schema)
    if "type" not in schema or "null" not in types_of(schema):
        return schema
    return schema | {"type": [kind for kind in types_of(schema) if kind != "null"]}


def request_schema(view: ContractView) -> tuple[JsonObject, str]:
    """The schema of a request, and where it stands in the contract."""
    operation = view.operation
    path: list[str | int] = ["paths", operation.path, operation.method.lower(), "requestBody", "content"]
    return follow(view, view.node([*path, operation.media_type, "schema"]))


def as_keywords(view: ContractView, request: Mapping[str, Any]) -> dict[str, Any]:
    """A request by the names of the keyword arguments."""
    names = {field.wire_name: field.python_name for field in view.operation.fields}
    return {names[name]: value for name, value in request.items()}


def _is_given(value: Any) -> bool:
    return value is not None
