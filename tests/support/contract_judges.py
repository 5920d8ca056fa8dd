"""Judges a request by the contract with jsonschema, which shares no code with the harness."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import contract_document
import jsonschema
from contract_document import Node

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4, Operation
from ideogram_ai.testing.faults.wire import png

CONTRACT = read_contract()
REQUEST = "#/components/schemas/GenerateImageRequestV4"
PROMPT_RULE = f"{REQUEST}/oneOf"
JOB_ID: str = CONTRACT["components"]["parameters"]["GenerationId"]["example"]
"""The id of the job in the contract's examples, and in what strategies draw of it."""
FILE = png(2, 3)


def validator(schema: Node) -> jsonschema.Draft202012Validator:
    """A validator of a schema whose references lead into the contract."""
    return jsonschema.Draft202012Validator({"components": CONTRACT["components"], **schema})


def body_of(operation: Operation) -> str | None:
    """Where the contract has the schema of the operation's body."""
    if not operation.media_type:
        return None
    body = node_of(operation)["requestBody"]["content"][operation.media_type]["schema"]
    pointer: str = body["$ref"]
    return pointer


def node_of(operation: Operation) -> Node:
    """What the contract says of an operation."""
    node: Node = CONTRACT["paths"][operation.path][operation.method.lower()]
    return node


def responses_of(operation: Operation) -> dict[int, Node]:
    """The documented responses of an operation."""
    return {
        int(status): response
        for status, response in contract_document.responses_of(CONTRACT, node_of(operation)).items()
    }


def is_billed(operation: Operation, status: int) -> bool:
    """Whether a response with a status may be billed: it is, or nobody knows. A redirect but 303 did not run."""
    billed = {code: response["x-billed"] for code, response in responses_of(operation).items()}
    billed |= {entry["status"]: entry["billed"] for entry in node_of(operation).get("x-observed-statuses", ())}
    if billed[200] is False:
        return False
    return billed.get(status, status == 303 or not 300 <= status < 400) is not False


def parameters_of(operation: Operation) -> dict[str, str]:
    """Where the contract has each parameter of path and query, by name."""
    places = [parameter["$ref"] for parameter in node_of(operation).get("parameters", ())]
    return {at(place)["name"]: place for place in places}


def at(pointer: str, document: Any = CONTRACT) -> Any:
    """The part of the contract, or of another document, at a JSON pointer; the whole for `#`."""
    for step in unquote(pointer).split("/")[1:]:
        document = document[int(step)] if isinstance(document, list) else document[step]
    return document


def least(operation: Operation) -> Node:
    """The arguments without which there is no call of an operation: those of its example, and a small file."""
    body = node_of(operation).get("requestBody")
    (example, *_) = body["content"][operation.media_type]["examples"].values() if body else [{"value": {}}]
    shown = {name: at(place)["example"] for name, place in parameters_of(operation).items()} | example["value"]
    ruled = {name for group in (*operation.exactly_one_of, *operation.at_least_one_of) for name in group}
    kept = {field.wire_name: field for field in operation.fields if field.required or field.wire_name in ruled}
    made: Node = {}
    for name in shown.keys() & kept.keys():
        is_file, value = kept[name].is_file, shown[name]
        made[name] = value if not is_file else [FILE] * len(value) if kept[name].is_array else FILE
    return {field.python_name: made[field.wire_name] for field in operation.fields if field.wire_name in made}


def keeps_contract(request: Node, operation: Operation = POST_GENERATE_IMAGE_V4) -> bool:
    """Whether the contract allows a request. Values that are listed and not in service yet are allowed by it."""
    return not broken_rules(request, operation)


def broken_rules(request: Node, operation: Operation = POST_GENERATE_IMAGE_V4) -> set[tuple[str, str]]:
    """Each rule that a request breaks, as a pointer into the contract, with the pointer to the place in the request."""
    parameters = parameters_of(operation)
    names = {field.python_name: field.wire_name for field in operation.fields}
    body = {names.get(name, name): _readable(value) for name, value in request.items() if name not in parameters}
    pointer = body_of(operation)
    found = set(_broken({"$ref": pointer}, body, "#")) if pointer else set()
    for number, (first, second) in enumerate(at(pointer).get("x-same-length", ()) if pointer else ()):
        lengths = [len(value) if isinstance(value := body.get(name, []), list) else None for name in (first, second)]
        if second in body and lengths[1] is not None and lengths[0] != lengths[1]:
            found.add((f"{pointer}/x-same-length/{number}", "#"))
    for name, place in parameters.items():
        if name in request:
            found |= set(_broken({"$ref": f"{place}/schema"}, request[name], f"#/{name}"))
        elif at(place).get("required"):
            found.add((f"{place}/required", "#"))
    return found


def _readable(value: Any) -> Any:
    """A file is text, as far as its schema goes."""
    if isinstance(value, list):
        return [_readable(item) for item in value]
    return "bytes" if isinstance(value, bytes | BytesIO) else value


def _broken(schema: Node, value: Any, inside: str) -> Iterator[tuple[str, str]]:
    for error in validator(schema).iter_errors(value):
        for leaf in _leaves(error):
            path = "".join(f"/{_escape(str(step))}" for step in leaf.absolute_path)
            yield _place(schema, list(leaf.absolute_schema_path)), f"{inside}{path}"


def _leaves(error: jsonschema.ValidationError) -> Iterator[jsonschema.ValidationError]:
    """The error, or those of the branch that the value is meant for."""
    value: Any = error.instance
    if error.validator == "oneOf" and error.absolute_path and isinstance(value, dict):
        kind = value.get("type")
        named = [number for number, name in enumerate(("name", "members")) if name in value]  # of a palette
        chosen = {"obj": 0, "text": 1}.get(kind) if isinstance(kind, str) else None
        if chosen is None and len(named) == 1:
            (chosen,) = named
        if chosen is not None:
            for inner in error.context or ():
                if inner.relative_schema_path[0] == chosen:
                    yield from _leaves(inner)
            return
    yield error


def _place(schema: Mapping[str, Any], steps: list[str | int]) -> str:
    """The contract's own pointer of a keyword that was reached through references."""
    node: Any = schema
    place = "#"
    for step in steps:  # jsonschema leaves the references out
        while "$ref" in node:
            place = node["$ref"]
            node = at(place)
        place = f"{place}/{step}"
        node = node[step]
    return place


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
