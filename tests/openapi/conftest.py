"""The contract as a document, and two validators that have to agree about it."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
import yaml
from contract_document import Node, responses_of

IsValid = Callable[[str, object], bool]

ROOT = Path(__file__).parents[2]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@pytest.fixture(scope="session")
def contract() -> Node:
    """The contract as it stands in openapi/."""
    document: Node = yaml.load((ROOT / "openapi/ideogram-v1.yaml").read_bytes(), yaml.CSafeLoader)
    return document


@pytest.fixture(scope="session")
def operation(contract: Node) -> Node:
    """Its generate operation."""
    found: Node = contract["paths"]["/v1/ideogram-v4/generate"]["post"]
    return found


@pytest.fixture(scope="session")
def operations(contract: Node) -> dict[str, Node]:
    """All of its operations by operationId, with their responses resolved."""
    found = [operation for item in contract["paths"].values() for operation in item.values()]
    return {
        operation["operationId"]: {**operation, "responses": responses_of(contract, operation)} for operation in found
    }


@pytest.fixture(scope="session")
def schemas(contract: Node) -> dict[str, Node]:
    """Its schemas by name."""
    found: dict[str, Node] = contract["components"]["schemas"]
    return found


@pytest.fixture(scope="session")
def is_valid(contract: Node) -> IsValid:
    """Judge an instance by the name of a schema of the contract; both validators have to agree."""
    components = contract["components"]

    @cache
    def validators(name: str) -> tuple[jsonschema_rs.Validator, jsonschema.Draft202012Validator]:
        schema = {"$schema": DIALECT, "components": components, "$ref": f"#/components/schemas/{name}"}
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        by_rust = jsonschema_rs.validator_for(schema, validate_formats=True)
        return by_rust, jsonschema.Draft202012Validator(schema, format_checker=checker)

    def judge(name: str, instance: object) -> bool:
        by_rust, by_python = (validator.is_valid(instance) for validator in validators(name))
        assert by_rust is by_python, f"{name}: jsonschema-rs says {by_rust}, jsonschema {by_python}: {instance!r}"
        return by_rust

    return judge
