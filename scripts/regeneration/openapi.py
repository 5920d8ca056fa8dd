"""Checks that a contract is a valid OpenAPI 3.1 document."""

from __future__ import annotations

from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, Any

from regeneration import schemas
from regeneration.errors import shorten
from regeneration.json_schema import first_error, innermost

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regeneration.contract import Contract
    from regeneration.errors import Pointer


def check_openapi(contract: Contract) -> None:
    """Refuse a contract that is no valid OpenAPI 3.1 document, with its first error.

    Raises:
        ContractError: The document is of another version, or breaks a rule of the specification.
    """
    version = contract.document.get("openapi")
    if not (isinstance(version, str) and version.startswith("3.1.")):
        found = f"openapi is {version}" if version is not None else "it says no openapi version"
        raise contract.error(("openapi",), f"this is no OpenAPI 3.1 document: {found}")
    for pointer, message in _errors(contract.document):
        raise contract.error(pointer, f"OpenAPI 3.1 is broken here: {shorten(message, 300)}")


def _errors(document: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
    library: Any = import_module("openapi_spec_validator")  # late, because slow
    # The same schema as the validator's own, but with jsonschema even where a faster backend is installed,
    # because its errors say more.
    schema: Any = import_module("openapi_spec_validator.schemas").schema_v31
    structural = first_error(schema, document)
    if structural is not None:
        yield structural
        return
    places: dict[int, Pointer] = {}
    plain: dict[str, Any] = library.OpenAPIV31SpecValidator.keyword_validators
    placed = {name: _with_places(validator, places) for name, validator in plain.items()}
    checker: Any = type("Checker", (library.OpenAPIV31SpecValidator,), {"keyword_validators": placed})(document)
    for error in chain(checker.root_validator(checker.schema_path), _request_bodies(checker, document)):
        pointer, message = innermost(error)
        yield (*places[id(error)], *pointer), message


def _request_bodies(checker: Any, document: dict[str, Any]) -> Iterator[Any]:
    """Check the schemas of request bodies, which openapi-spec-validator (0.9.0) does not look at."""
    for path, method, operation in schemas.operations(document):
        if "requestBody" in operation:
            content = checker.schema_path / "paths" / path / method / "requestBody" / "content"
            yield from checker.keyword_validators_registry["content"](content)


def _with_places(validator: Any, places: dict[int, Pointer]) -> Any:
    """Make a keyword validator note where its errors are: by themselves they tell it from the schema at hand only."""

    def call(self: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        here: Pointer = next((tuple(arg.parts) for arg in args if hasattr(arg, "parts")), ())
        for error in validator.__call__(self, *args, **kwargs):
            places.setdefault(id(error), here)
            yield error

    return type("Placed", (validator,), {"__call__": call})
