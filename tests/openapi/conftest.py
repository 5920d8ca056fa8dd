"""The contract as a document, and two validators that have to agree about it."""

from collections.abc import Callable
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
import yaml
from contract_document import Node

IsValid = Callable[[str, object], bool]

ROOT = Path(__file__).parents[2]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


@pytest.fixture(scope="session")
def contract() -> Node:
    """The contract as it stands in openapi/."""
    document: Node = yaml.safe_load((ROOT / "openapi/ideogram-v4.yaml").read_text("utf-8"))
    return document


@pytest.fixture(scope="session")
def operation(contract: Node) -> Node:
    """Its one operation."""
    found: Node = contract["paths"]["/v1/ideogram-v4/generate"]["post"]
    return found


@pytest.fixture(scope="session")
def schemas(contract: Node) -> dict[str, Node]:
    """Its schemas by name."""
    found: dict[str, Node] = contract["components"]["schemas"]
    return found


@pytest.fixture(scope="session", params=["jsonschema-rs", "jsonschema"])
def is_valid(request: pytest.FixtureRequest, contract: Node) -> IsValid:
    """Judge an instance by the name of a schema of the contract, with each validator in turn."""

    def schema(name: str) -> Node:
        reference = f"#/components/schemas/{name}"
        return {"$schema": DIALECT, "components": contract["components"], "$ref": reference}

    def by_rust(name: str, instance: object) -> bool:
        return jsonschema_rs.validator_for(schema(name), validate_formats=True).is_valid(instance)

    def by_python(name: str, instance: object) -> bool:
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
        return jsonschema.Draft202012Validator(schema(name), format_checker=checker).is_valid(instance)

    return by_rust if request.param == "jsonschema-rs" else by_python
