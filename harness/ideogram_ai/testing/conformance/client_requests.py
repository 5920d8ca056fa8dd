"""Requests for the scenarios of a client run: the least one, and those that have every field, with full values."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.view import example_of, read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from ..faults.wire import png
from .kit import example_requests, prompt_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ideogram_ai.contract.view import ContractView, JsonObject
    from ideogram_ai.generated.operations import Operation

JOB_ID: Final = "Y29uZm9ybWFuY2Uta2l0"


@cache
def least_request() -> dict[str, Any]:
    """The least valid request: a prompt, from the contract's examples, and what every request needs."""
    prompt = prompt_fields()[0]
    shown = [example[prompt] for example in example_requests().values() if prompt in example]
    return {prompt: shown[0] if shown else full_values()[prompt]} | required_fields()


def required_fields() -> dict[str, Any]:
    """What every request of generate needs."""
    return {field.wire_name: full_values()[field.wire_name] for field in read_view().operation.fields if field.required}


@cache
def full_values(operation_id: str = POST_GENERATE_IMAGE_V4.operation_id) -> dict[str, Any]:
    """A full value of each field of an operation: with every member, every kind of a choice, and two items of a list.

    A file is its bytes.
    """
    view = read_view(operation_id)
    seen: dict[int, Any] = {}
    for example in example_requests(operation_id).values():
        for name, value in example.items():
            _collect(view, view.schemas[name], value, seen)
    made = {name: _make(view, schema, seen) for name, schema in view.schemas.items()}
    for number, (name, rule) in enumerate(view.fields.items()):
        count = min(2, view.resolve(view.schemas[name]).get("maxItems", 2))
        if rule.takes_files:
            pictures = [png(16, 16, seed=2 * number + each) for each in range(count)]
            made[name] = pictures if rule.item is not None else pictures[0]
        elif rule.item is not None:
            made[name] = (made[name] * count)[:count]
    return made


def _collect(view: ContractView, schema: JsonObject, value: Any, seen: dict[int, Any]) -> None:
    """Remember the value that an example has for each schema."""
    schema = view.resolve(schema)
    seen.setdefault(id(schema), value)
    if is_object(value):
        discriminator = schema.get("discriminator", {})
        chosen = discriminator.get("mapping", {}).get(value.get(discriminator.get("propertyName")))
        for branch in [{"$ref": chosen}] if chosen else schema.get("oneOf", ()):
            _collect(view, branch, value, seen)
        for name, part in schema.get("properties", {}).items():
            if name in value:
                _collect(view, part, value[name], seen)
    elif is_array(value) and "items" in schema:
        for item in value:
            _collect(view, schema["items"], item, seen)


def _make(view: ContractView, schema: JsonObject, seen: Mapping[int, Any]) -> Any:
    """A full value of a schema; what no rule determines is taken from the examples."""
    schema = view.resolve(schema)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        # One that is in service, and not the default, whose absence nobody would notice.
        shunned = [entry["value"] for entry in schema.get("x-unavailable-values", ())] + [schema.get("default")]
        return next((value for value in reversed(schema["enum"]) if value not in shunned), schema["enum"][0])
    if "properties" in schema:
        return {name: _make(view, part, seen) for name, part in schema["properties"].items()}
    items = view.resolve(schema.get("items", {}))
    if "oneOf" in items:
        return [_make(view, branch, seen) for branch in items["oneOf"]]
    if id(schema) in seen:
        return seen[id(schema)]
    if schema.get("type") == "boolean":
        return schema.get("default") is not True
    return [_make(view, items, seen)] * schema.get("minItems", 1) if items else example_of(view, schema)


def full_requests(view: ContractView) -> list[dict[str, Any]]:
    """Requests that have every field at least once, each with as many as may stand side by side."""
    values = full_values(view.operation.operation_id) | dict.fromkeys(view.fields_in("path"), JOB_ID)
    missing, requests = list(values), list[dict[str, Any]]()
    while missing or not requests:
        chosen: dict[str, Any] = {}
        for name in [*missing, *values]:
            if not any(_exclude(view.operation, name, other) for other in chosen):
                chosen[name] = values[name]
        requests.append({name: value for name, value in values.items() if name in chosen})
        missing = [name for name in missing if name not in chosen]
    return requests


def _exclude(operation: Operation, one: str, other: str) -> bool:
    groups = (*operation.exactly_one_of, *operation.exclusive)
    return one != other and any({one, other} <= set(group) for group in groups)


def file_names(field: str, data: bytes | Sequence[bytes]) -> list[str]:
    """The names of the files that a program is given for a field."""
    return [f"{field}.png"] if isinstance(data, bytes) else [f"{field}-{number + 1}.png" for number in range(len(data))]


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are the same JSON, key order included; 1 is the same as 1.0."""
    if is_object(one) and is_object(other):
        return list(one) == list(other) and all(is_same(one[key], other[key]) for key in one)
    if is_array(one) and is_array(other):
        return len(one) == len(other) and all(map(is_same, one, other))
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
