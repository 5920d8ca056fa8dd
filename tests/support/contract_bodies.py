"""Bodies that schemathesis makes from the contract: it is made to test servers, and here its bodies test a client.

The contract is changed in what would make false alarms: nothing is asked of the key, the request has no fields but
those that it lists (the client takes the others apart from them), and no value that is refused today.
"""

from typing import Any

import hypothesis.core
import hypothesis.vendor.pretty
import schemathesis
from hypothesis.strategies import SearchStrategy

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION

MODES = schemathesis.GenerationMode
# By default it also draws from the texts of the program's source.
CONFIG = {"analysis": {"constants": {"enabled": False}}}


def valid_bodies() -> SearchStrategy[dict[str, Any]]:
    """Bodies that the contract allows."""
    return _bodies(MODES.POSITIVE).filter(is_mapping)


def broken_bodies() -> SearchStrategy[dict[str, Any]]:
    """Bodies that the contract does not allow, as far as they are mappings at all."""
    return _bodies(MODES.NEGATIVE).filter(is_mapping)


def is_mapping(body: object) -> bool:
    """Whether a body can be given as keyword arguments."""
    return isinstance(body, dict)


def _bodies(mode: schemathesis.GenerationMode) -> SearchStrategy[Any]:
    schema = schemathesis.openapi.from_dict(_closed_contract(), config=schemathesis.Config.from_dict(CONFIG))
    operation = schema[OPERATION.path][OPERATION.method]
    cases = operation.as_strategy(generation_mode=mode)
    # 4.32 has now replaced hypothesis' printer by one that prints nothing: no test of the run would show its example.
    setattr(hypothesis.core, "RepresentationPrinter", hypothesis.vendor.pretty.RepresentationPrinter)  # noqa: B010
    return cases.map(_body_of)


def _body_of(case: Any) -> Any:
    return case.body


def _closed_contract() -> dict[str, Any]:
    document = read_contract()
    del document["security"]
    schemas = document["components"]["schemas"]
    schemas["GenerateImageRequestV4"]["additionalProperties"] = False
    for schema in schemas.values():
        for entry in schema.get("x-unavailable-values", ()):
            schema["enum"].remove(entry["value"])
    return document
