"""Judges a request by the contract with jsonschema, which shares no code with the harness."""

from collections.abc import Iterator
from typing import Any

import jsonschema
from contract_document import Node

from ideogram_ai.generated.contract import read_contract

CONTRACT = read_contract()
REQUEST = "#/components/schemas/GenerateImageRequestV4"
PROMPT_RULE = f"{REQUEST}/oneOf"


def validator(schema: Node) -> jsonschema.Draft202012Validator:
    """A validator of a schema whose references lead into the contract."""
    return jsonschema.Draft202012Validator({"components": CONTRACT["components"], **schema})


def keeps_contract(request: Node) -> bool:
    """Whether the contract allows a request. Values that are listed and not in service yet are allowed by it."""
    return bool(validator({"$ref": REQUEST}).is_valid(request))


def broken_rules(request: Node) -> set[tuple[str, str]]:
    """Each rule that a request breaks, as a pointer into the contract, with the pointer to the place in the request."""
    found = set()
    for error in validator({"$ref": REQUEST}).iter_errors(request):
        for leaf in _leaves(error):
            path = "".join(f"/{_escape(str(step))}" for step in leaf.absolute_path)
            found.add((_place(list(leaf.absolute_schema_path)), f"#{path}"))
    return found


def _leaves(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    """The error, or those of the branch that the discriminator chooses."""
    value: Any = error.instance
    if error.validator == "oneOf" and error.absolute_path and isinstance(value, dict):
        kind = value.get("type")
        chosen = {"obj": 0, "text": 1}.get(kind) if isinstance(kind, str) else None
        if chosen is not None:
            for inner in error.context or ():
                if inner.relative_schema_path[0] == chosen:
                    yield from _leaves(inner)
            return
    yield error


def _place(steps: list[str | int]) -> str:
    """The contract's own pointer of a keyword that was reached through references."""
    node: Any = {"$ref": REQUEST}
    place = "#"
    for step in steps:  # jsonschema leaves the references out
        while "$ref" in node:
            place = node["$ref"]
            node = CONTRACT
            for name in place.removeprefix("#/").split("/"):
                node = node[name]
        place = f"{place}/{step}"
        node = node[step]
    return place


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
