"""The contract is a valid OpenAPI 3.1 document, and its own examples keep it."""

from collections.abc import Callable

from contract_document import Node, nodes
from openapi_spec_validator import OpenAPIV31SpecValidator


def test_it_is_valid_openapi_3_1(contract: Node) -> None:
    assert contract["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(contract).iter_errors()] == []


def test_every_component_is_used_and_every_reference_leads_somewhere(contract: Node) -> None:
    used = {node["$ref"] for _, node in nodes(contract) if "$ref" in node}
    referred_to = contract["components"].keys() - {"securitySchemes"}  # those are named in security
    assert used == {f"#/components/{kind}/{name}" for kind in referred_to for name in contract["components"][kind]}


def test_every_media_type_has_examples_that_keep_its_schema(
    contract: Node, is_valid: Callable[[str, object], bool]
) -> None:
    media_types = [(place, node) for place, node in nodes(contract["paths"]) if "schema" in node and "examples" in node]
    contents = [node for _, node in nodes(contract["paths"]) if "content" in node]
    assert len(media_types) == len(contents)
    for place, media_type in media_types:
        name = media_type["schema"]["$ref"].rpartition("/")[2]
        for key, example in media_type["examples"].items():
            assert is_valid(name, example["value"]), f"{place}/{key}"


def test_every_property_says_what_it_is(schemas: dict[str, Node]) -> None:
    """But for the bodies that are nobody's promise: what they hold is told by their names, or not known."""
    unpromised = {"PromptSafetyError", "ProblemDetails", "Rejection"}
    silent = [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, node in schema.get("properties", {}).items()
        if name not in unpromised and "$ref" not in node and not node.get("description")
    ]
    assert silent == []
    assert [name for name, schema in schemas.items() if not schema.get("description")] == []


def test_nothing_is_closed_to_fields_that_come_later(contract: Node) -> None:
    closing = {"additionalProperties", "unevaluatedProperties", "propertyNames", "maxProperties"}
    assert [place for place, node in nodes(contract["components"]["schemas"]) if closing & node.keys()] == []
