"""Requests that schemathesis makes from the contract: it is made to test servers, and here they test a client.

The contract is changed in what would make false alarms: nothing is asked of the key, the request has no fields but
those that it lists (the client takes the others apart from them), and no value that is refused today. Files are made
here, because schemathesis has the words of the examples for them.
"""

from typing import Any
from urllib.parse import unquote

import hypothesis.core
import hypothesis.vendor.pretty
import schemathesis
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import files

MODES = schemathesis.GenerationMode
# By default it also draws from the texts of the program's source.
CONFIG = {"analysis": {"constants": {"enabled": False}}}


def valid_bodies() -> SearchStrategy[dict[str, Any]]:
    """Bodies that the contract allows."""
    return valid_arguments(OPERATION)


def broken_bodies() -> SearchStrategy[dict[str, Any]]:
    """Bodies that the contract does not allow, as far as they are mappings at all."""
    return _cases(OPERATION, MODES.NEGATIVE).map(_body_of).filter(is_mapping)


def valid_arguments(operation: Operation) -> SearchStrategy[dict[str, Any]]:
    """Keyword arguments for an operation that the contract allows: body, path and query together."""
    uploads = {field.wire_name for field in operation.fields if field.is_file}

    def build(case: Any, content: bytes) -> dict[str, Any]:
        body = case.body if is_mapping(case.body) else {}
        path = {name: unquote(value) for name, value in (case.path_parameters or {}).items()}
        given = {**body, **(case.query or {}), **path} | {name: content for name in uploads if name in body}
        return given if _is_allowed_in_words(given) else {}

    return st.builds(build, _cases(operation, MODES.POSITIVE), files()).filter(bool)


def _is_allowed_in_words(given: dict[str, Any]) -> bool:
    """Whether a request also keeps what the contract says in words alone."""
    weighted = "image_weight" in given and "resolution" in given
    dots = any(given.get(name) in ("", ".", "..") for name in ("generation_id",))
    return str(given.get("webhook_url", "https://")).startswith("https://") and not weighted and not dots


def is_mapping(body: object) -> bool:
    """Whether a body can be given as keyword arguments."""
    return isinstance(body, dict)


def _cases(operation: Operation, mode: schemathesis.GenerationMode) -> SearchStrategy[Any]:
    schema = schemathesis.openapi.from_dict(_closed_contract(), config=schemathesis.Config.from_dict(CONFIG))
    cases = schema[operation.path][operation.method].as_strategy(generation_mode=mode)
    # 4.32 has now replaced hypothesis' printer by one that prints nothing: no test of the run would show its example.
    setattr(hypothesis.core, "RepresentationPrinter", hypothesis.vendor.pretty.RepresentationPrinter)  # noqa: B010
    return cases


def _body_of(case: Any) -> Any:
    return case.body


def _closed_contract() -> dict[str, Any]:
    document = read_contract()
    del document["security"]
    schemas = document["components"]["schemas"]
    for operation in OPERATIONS.values():
        if operation.request_model:
            schemas[operation.request_model]["additionalProperties"] = False
    for schema in schemas.values():
        for entry in schema.get("x-unavailable-values", ()):
            schema["enum"].remove(entry["value"])
    return document
