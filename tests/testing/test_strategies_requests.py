"""requests() makes what the contract allows, all of it, and nothing that the service refuses."""

from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
from contract_document import reachable
from contract_judges import CONTRACT, REQUEST, keeps_contract
from hypothesis import given
from samples import sample

from ideogram_ai.contract import view as contract_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import requests
from ideogram_ai.testing.strategies.schema_values import UnknownKeywordError

SCHEMAS = CONTRACT["components"]["schemas"]
RUST = jsonschema_rs.validator_for({"components": CONTRACT["components"], "$ref": REQUEST})
KEYWORDS = {field.python_name for field in OPERATION.fields}

Alter = Callable[[Callable[[dict[str, Any]], object]], None]


@pytest.fixture
def alter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Alter]:
    """Let the strategies read a contract that differs in one thing."""

    def apply(change: Callable[[dict[str, Any]], object]) -> None:
        document = read_contract()
        change(document)
        monkeypatch.setattr(contract_view, "read_contract", lambda: document)
        contract_view.read_view.cache_clear()

    yield apply
    contract_view.read_view.cache_clear()


@given(request=requests())
def test_each_keeps_the_contract_and_fits_generate(request: dict[str, Any]) -> None:
    assert keeps_contract(request)
    assert RUST.is_valid(request)
    assert set(request) <= KEYWORDS
    assert None not in request.values()
    assert request.get("rendering_speed") != "FLASH"


def test_every_field_every_property_and_every_value_in_service_occurs() -> None:
    seen = sample(requests(), 250)
    assert {name for request in seen for name in request} == KEYWORDS
    assert {request["rendering_speed"] for request in seen if "rendering_speed" in request} == {
        "TURBO",
        "DEFAULT",
        "QUALITY",
    }
    resolutions = {request["resolution"] for request in seen if "resolution" in request}
    assert len(resolutions) > len(SCHEMAS["ResolutionV4"]["enum"]) / 2
    assert {request.get("enable_copyright_detection") for request in seen} == {True, False, None}
    names = {name for place, node in reachable(CONTRACT, {"$ref": REQUEST}) for name in node.get("properties", {})}
    assert set(member_names(seen)) >= names


def member_names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from member_names(member)
    elif isinstance(value, list):
        for item in value:
            yield from member_names(item)


def test_authors_key_orders_occur() -> None:
    prompts = [request["json_prompt"] for request in sample(requests(), 100) if "json_prompt" in request]
    assert {next(iter(prompt)) for prompt in prompts} == set(SCHEMAS["V4JsonPrompt"]["properties"])


def test_what_the_contract_lists_is_what_is_made(alter: Alter) -> None:
    def change(document: dict[str, Any]) -> None:
        document["components"]["schemas"]["ResolutionV4"]["enum"] = ["1x1", "2x2"]
        document["components"]["schemas"]["ResolutionV4"]["x-unavailable-values"] = [
            {"value": "2x2", "status": 400, "because": "of this test"}
        ]
        del document["components"]["schemas"]["RenderingSpeedV4"]["x-unavailable-values"]

    alter(change)
    seen = sample(requests(), 80)
    assert {request.get("resolution") for request in seen} == {None, "1x1"}
    assert "FLASH" in {request.get("rendering_speed") for request in seen}


@pytest.mark.parametrize(
    ("schema", "keyword", "told"),
    [
        ("V4ColorPalette", {"uniqueItems": True}, "uniqueItems is not known"),
        ("V4JsonPrompt", {"minProperties": 1}, "minProperties is not known"),
        ("V4PromptElement", {"type": "object"}, "type is not known"),
        ("V4PromptBbox", {"contains": {}}, "contains is not known"),
        ("ResolutionV4", {"format": "size"}, "format size is not known"),
    ],
)
def test_a_keyword_that_is_not_known_is_refused_and_not_skipped(
    alter: Alter, schema: str, keyword: dict[str, Any], told: str
) -> None:
    alter(lambda document: document["components"]["schemas"][schema].update(keyword))
    with pytest.raises(UnknownKeywordError, match=told):
        requests()
