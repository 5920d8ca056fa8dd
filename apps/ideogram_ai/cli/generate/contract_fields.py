"""The request fields of the generate operation as the contract has them: types, choices, and what is out of service."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

if TYPE_CHECKING:
    from collections.abc import Iterator

OPERATION: Final = POST_GENERATE_IMAGE_V4


@frozen
class RequestField:
    """A request field.

    Attributes:
        name: Name on the wire.
        python_name: Keyword of the client's `generate`.
        types: JSON types that the contract allows; empty when it does not say.
        choices: The values of its enum; empty without one.
        unavailable: By value, why the service does not take it although it is documented.
        default: What the service takes when the field is absent, if the contract knows.
    """

    name: str
    python_name: str
    types: frozenset[str]
    choices: tuple[str, ...]
    unavailable: Mapping[str, str]
    default: Any = None


@cache
def request_fields() -> Mapping[str, RequestField]:
    """The fields by their name on the wire, in the contract's order."""
    contract = read_contract()
    operation = contract["paths"][OPERATION.path][OPERATION.method.lower()]
    schema = _resolve(operation["requestBody"]["content"][OPERATION.media_type]["schema"], contract)
    return {
        field.wire_name: _read(field.wire_name, field.python_name, schema["properties"][field.wire_name], contract)
        for field in OPERATION.fields
    }


def _read(name: str, python_name: str, schema: Mapping[str, Any], contract: Mapping[str, Any]) -> RequestField:
    branches = list(_branches(schema, contract))
    unavailable = [entry for branch in branches for entry in branch.get("x-unavailable-values", ())]
    return RequestField(
        name=name,
        python_name=python_name,
        types=frozenset(kind for branch in branches for kind in _types(branch)),
        choices=tuple(str(value) for branch in branches for value in branch.get("enum", ()) if value is not None),
        unavailable={str(entry["value"]): str(entry["because"]) for entry in unavailable},
        default=next((branch["default"] for branch in branches if "default" in branch), None),
    )


def _branches(schema: Mapping[str, Any], contract: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """A schema and the schemas that it is composed of."""
    schema = _resolve(schema, contract)
    yield schema
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            yield from _branches(branch, contract)


def _resolve(schema: Mapping[str, Any], contract: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow references into the contract; what stands beside a reference counts too."""
    while "$ref" in schema:
        target: Any = contract
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        schema = {**target, **{key: value for key, value in schema.items() if key != "$ref"}}
    return schema


def _types(schema: Mapping[str, Any]) -> Iterator[str]:
    kind = schema.get("type", ())
    yield from [kind] if isinstance(kind, str) else kind
