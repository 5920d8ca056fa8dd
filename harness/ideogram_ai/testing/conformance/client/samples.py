"""Values for the fields of a request, made from the contract: the same for the same contract."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.contract.view import read_view

from ..requirement import at_pointer, follow, join_pointer
from ..server.catalogue import places

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NOTHING: Final = object()


class Samples:
    """Makes full values of schemas. What no rule tells how to write is taken from the contract's example requests."""

    def __init__(self) -> None:
        self._seen: dict[str, Any] = {}
        for example in example_requests().values():
            self._collect(places().request, example)

    def field(self, name: str) -> Any:
        """A value of a request's field, every member given and every kind of a choice there; None if none is known."""
        return self._made(join_pointer(places().request, "properties", name))

    def _collect(self, pointer: str, value: Any) -> None:
        """Remember where in the examples a schema's value stands."""
        pointer = follow(pointer)
        schema = at_pointer(pointer)
        self._seen.setdefault(pointer, value)
        if is_object(value):
            for branch in _branches(pointer, schema, value):
                self._collect(branch, value)
            for name, inner in value.items():
                if name in schema.get("properties", {}):
                    self._collect(join_pointer(pointer, "properties", name), inner)
        elif is_array(value) and "items" in schema:
            for inner in value:
                self._collect(join_pointer(pointer, "items"), inner)

    def _made(self, pointer: str) -> Any:
        value = self._value(follow(pointer), pointer.rpartition("/")[2])
        return None if value is _NOTHING else value

    def _value(self, pointer: str, name: str) -> Any:
        schema = at_pointer(pointer)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return _usual(schema)
        if "properties" in schema:
            members = {key: self._value(follow(at), key) for key, at in _properties(pointer, schema)}
            return {key: value for key, value in members.items() if value is not _NOTHING}
        if _of_type(schema, "array") and "oneOf" in at_pointer(follow(join_pointer(pointer, "items"))):
            items = follow(join_pointer(pointer, "items"))
            branches = range(len(at_pointer(items)["oneOf"]))
            return [self._value(follow(join_pointer(items, "oneOf", number)), name) for number in branches]
        if pointer in self._seen:
            return self._seen[pointer]
        return self._plain(pointer, schema, name)

    def _plain(self, pointer: str, schema: Mapping[str, Any], name: str) -> Any:
        if _of_type(schema, "boolean"):
            return True
        if _of_type(schema, "integer") or _of_type(schema, "number"):
            return schema.get("minimum", 1)
        if _of_type(schema, "array"):
            item = self._value(follow(join_pointer(pointer, "items")), name)
            return _NOTHING if item is _NOTHING else [item]
        if _of_type(schema, "string") and "pattern" not in schema:
            text = f"some {name.replace('_', ' ')}".ljust(schema.get("minLength", 0), ".")
            return text[: schema.get("maxLength")]
        return _NOTHING


def example_requests() -> dict[str, Any]:
    """The contract's example requests by name."""
    return {name: example["value"] for name, example in at_pointer(places().form).get("examples", {}).items()}


def required_fields(samples: Samples) -> dict[str, Any]:
    """A value of each field that every request needs."""
    names = [field.wire_name for field in read_view().operation.fields if field.required]
    return {name: samples.field(name) for name in names}


@cache
def _least_request() -> dict[str, Any]:
    samples = Samples()
    prompt = read_view().operation.exactly_one_of[0][0]
    shown = [example[prompt] for example in example_requests().values() if prompt in example]
    return {prompt: shown[0] if shown else samples.field(prompt)} | required_fields(samples)


def default_prompt() -> dict[str, Any]:
    """The least request: a prompt, from the contract's examples, and what every request needs."""
    return dict(_least_request())


def _usual(schema: Mapping[str, Any]) -> Any:
    """A value of an enum that the service takes today, and not the default, which would not be missed."""
    shunned = [entry["value"] for entry in schema.get("x-unavailable-values", ())] + [schema.get("default")]
    return next((value for value in reversed(schema["enum"]) if value not in shunned), schema["enum"][0])


def _properties(pointer: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for key in schema["properties"]:
        yield key, join_pointer(pointer, "properties", key)


def _branches(pointer: str, schema: Mapping[str, Any], value: Mapping[str, Any]) -> Iterator[str]:
    """The branch of a choice that a value's discriminator names."""
    discriminator = schema.get("discriminator")
    if discriminator and (branch := discriminator["mapping"].get(value.get(discriminator["propertyName"]))):
        yield branch
    elif "oneOf" in schema and not discriminator:
        yield from (join_pointer(pointer, "oneOf", number) for number in range(len(schema["oneOf"])))


def _of_type(schema: Mapping[str, Any], kind: str) -> bool:
    types = schema.get("type", [])
    return kind == types or (is_array(types) and kind in types)


def boolean_fields() -> list[str]:
    """Names of the request's fields that are true or false."""
    return [name for name, rule in read_view().fields.items() if "boolean" in rule.types]


def nullable_fields() -> list[str]:
    """Names of the request's fields that may be null."""
    return [name for name, rule in read_view().fields.items() if "null" in rule.types]
