"""What schemathesis makes from the contract goes through generate() and arrives: whole, typed, in its own order."""

import json
from typing import Any

import httpx
import pytest
from caller import Caller
from canned import SHELLS, Shell
from contract_bodies import valid_bodies
from contract_judges import CONTRACT, keeps_contract
from hypothesis import given, settings
from multipart_reader import read_parts

from ideogram_ai.client import Generation
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import ideogram_mock, requests

MEDIA_TYPES = {field.wire_name: field.content_type for field in OPERATION.fields}
SCHEMAS = CONTRACT["components"]["schemas"]
PROPERTIES = SCHEMAS[OPERATION.request_model]["properties"]


def is_text(schema: dict[str, Any]) -> bool:
    """Whether the contract has text for a field."""
    schema = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return "string" in schema["type"]


def decode(request: httpx.Request) -> dict[str, Any]:
    """The fields as a server reads them, without the project's own reader."""
    fields: dict[str, Any] = {}
    for part in read_parts(request):
        assert part.name not in fields
        assert part.content_type == MEDIA_TYPES[part.name]
        text = part.data.decode()
        fields[part.name] = text if is_text(PROPERTIES[part.name]) else json.loads(text)
    return fields


def as_text(fields: dict[str, Any]) -> dict[str, str]:
    """The values as JSON, in which 1 is not True and the order of keys counts."""
    return {name: json.dumps(value) for name, value in fields.items()}


def assert_arrives(call: Caller, calls: list[Any], body: dict[str, Any]) -> None:
    given_fields = {name: value for name, value in body.items() if value is not None}
    outcome = call(**body)
    assert isinstance(outcome, Generation)
    arrived = decode(calls[-1].request)
    assert as_text(arrived) == as_text(given_fields)
    assert keeps_contract(arrived)
    assert outcome.request == given_fields


@pytest.mark.parametrize("shell", SHELLS)
def test_bodies_of_schemathesis(shell: Shell) -> None:
    with ideogram_mock() as mock, Caller(shell) as call:

        @settings(max_examples=30)
        @given(body=valid_bodies())
        def check(body: dict[str, Any]) -> None:
            assert_arrives(call, mock.router.calls, body)

        check()
        assert len(mock.ledger) == len(mock.router.calls) > 20


@pytest.mark.parametrize("shell", SHELLS)
def test_requests_of_the_harness(shell: Shell) -> None:
    with ideogram_mock() as mock, Caller(shell) as call:

        @settings(max_examples=30)
        @given(body=requests())
        def check(body: dict[str, Any]) -> None:
            assert_arrives(call, mock.router.calls, body)

        check()
        assert len(mock.ledger) == len(mock.router.calls) > 20
