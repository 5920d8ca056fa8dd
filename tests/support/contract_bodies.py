"""Requests that schemathesis makes from the contract: it is made to test servers, and here they test a client.

The contract is changed in what would make false alarms: nothing is asked of the key, the request has no fields but
those that it lists (the client takes the others apart from them), and no value that is refused today. Files are made
here, because schemathesis has the words of the examples for them.
"""

from functools import cache
from typing import Any
from urllib.parse import unquote

import hypothesis.core
import hypothesis.vendor.pretty
from contract_judges import keeps_contract
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, Operation
from ideogram_ai.testing import files

# By default it also draws from the texts of the program's source.
CONFIG = {"analysis": {"constants": {"enabled": False}}}


def valid_arguments(operation: Operation) -> SearchStrategy[dict[str, Any]]:
    """Keyword arguments for an operation that the contract allows: body, path and query together."""

    def is_kept(given: dict[str, Any]) -> bool:
        # schemathesis does not know x-same-length, and an empty list may have been what was required.
        return _is_allowed_in_words(given) and keeps_contract(given, operation)

    return arguments(operation, broken=False).filter(is_kept)


def arguments(operation: Operation, *, broken: bool) -> SearchStrategy[dict[str, Any]]:
    """Keyword arguments that keep the contract or break it, as far as they are a mapping at all."""
    names = {field.wire_name: field.python_name for field in operation.fields}
    uploads = {field.wire_name: field.is_array for field in operation.fields if field.is_file}

    def build(case: Any, content: bytes) -> dict[str, Any]:
        given = {**(case.body if is_mapping(case.body) else {}), **(case.query or {})}
        given |= {name: unquote(value) for name, value in (case.path_parameters or {}).items()}
        for name in given.keys() & uploads.keys():
            count = len(given[name]) if isinstance(given[name], list) else 1  # one file is a list of one
            given[name] = [content] * count if uploads[name] else content
        # What is null or an empty list is not sent in a form, nor in a query.
        return {names.get(name, name): value for name, value in given.items() if value not in ([], None)}

    return st.builds(build, _cases(operation, broken=broken).filter(lambda case: is_mapping(case.body or {})), files())


def _is_allowed_in_words(given: dict[str, Any]) -> bool:
    """Whether a request also keeps what the contract says in words alone."""
    weighted = {"image_weight", "resolution", "text_prompt"} <= given.keys()
    dots = any(given.get(name) in ("", ".", "..") for name in ("generation_id", "dataset_id", "model_id"))
    return str(given.get("webhook_url", "https://")).startswith("https://") and not weighted and not dots


def is_mapping(body: object) -> bool:
    """Whether a body can be given as keyword arguments."""
    return isinstance(body, dict)


@cache
def _schema() -> Any:
    import schemathesis  # loads for a second, and all processes of a run load this file

    return schemathesis.openapi.from_dict(_closed_contract(), config=schemathesis.Config.from_dict(CONFIG))


def _cases(operation: Operation, *, broken: bool) -> SearchStrategy[Any]:
    from schemathesis import GenerationMode

    mode = GenerationMode.NEGATIVE if broken else GenerationMode.POSITIVE
    cases: SearchStrategy[Any] = _schema()[operation.path][operation.method].as_strategy(generation_mode=mode)
    # 4.32 has now replaced hypothesis' printer by one that prints nothing: no test of the run would show its example.
    setattr(hypothesis.core, "RepresentationPrinter", hypothesis.vendor.pretty.RepresentationPrinter)  # noqa: B010
    return cases


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
