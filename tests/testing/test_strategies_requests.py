"""requests() makes all that the contract allows and no more; broken_requests() breaks one rule each, and every rule."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest
from contract_document import reachable
from contract_judges import CONTRACT, PROMPT_RULE, REQUEST, broken_rules, keeps_contract
from hypothesis import given, settings
from hypothesis import strategies as st
from samples import sample

from ideogram_ai.contract import view as contract_view
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import broken_requests, request_rules, requests
from ideogram_ai.testing.strategies.mutations import mutators
from ideogram_ai.testing.strategies.schema_values import SchemaValues, UnknownKeywordError

SCHEMAS = CONTRACT["components"]["schemas"]
RUST = jsonschema_rs.validator_for({"components": CONTRACT["components"], "$ref": REQUEST})
KEYWORDS = {field.python_name for field in OPERATION.fields}
UNAVAILABLE = "#/components/schemas/RenderingSpeedV4/x-unavailable-values/0"
RULES = request_rules()
# What contains other rules, describes, or cannot be broken without breaking the choice among the elements first.
NO_RULES = {
    "$ref", "allOf", "default", "description", "discriminator", "example", "items", "properties", "x-field-hints",
    "#/components/schemas/V4ObjPromptElement/type",
    "#/components/schemas/V4TextPromptElement/type",
    "#/components/schemas/V4ObjPromptElement/properties/type/const",
    "#/components/schemas/V4ObjPromptElement/properties/type/type",
    "#/components/schemas/V4TextPromptElement/properties/type/const",
    "#/components/schemas/V4TextPromptElement/properties/type/type",
}  # fmt: skip
# In a form everything can be read as text, and a request is an object because it is a form.
NOT_ON_THE_WIRE = {
    f"{REQUEST}/type",
    f"{REQUEST}/properties/text_prompt/type",
    "#/components/schemas/ResolutionV4/type",
    "#/components/schemas/RenderingSpeedV4/type",
}

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


@settings(max_examples=60)
@given(request=requests())
def test_each_keeps_the_contract_and_fits_generate(request: dict[str, Any]) -> None:
    assert keeps_contract(request)
    assert RUST.is_valid(request)
    assert set(request) <= KEYWORDS
    assert None not in request.values()
    assert request.get("rendering_speed") != "FLASH"


def test_every_field_every_property_and_every_value_in_service_occurs() -> None:
    seen = sample(requests(), 200)
    assert {name for request in seen for name in request} == KEYWORDS
    speeds = {request["rendering_speed"] for request in seen if "rendering_speed" in request}
    assert speeds == {"TURBO", "DEFAULT", "QUALITY"}
    resolutions = {request["resolution"] for request in seen if "resolution" in request}
    assert len(resolutions) > len(SCHEMAS["ResolutionV4"]["enum"]) / 3
    assert {request.get("enable_copyright_detection") for request in seen} == {True, False, None}
    names = {name for place, node in reachable(CONTRACT, {"$ref": REQUEST}) for name in node.get("properties", {})}
    assert set(member_names(seen)) >= names
    prompts = [request["json_prompt"] for request in seen if "json_prompt" in request]
    orders = {next(iter(prompt)) for prompt in prompts}
    assert orders == set(SCHEMAS["V4JsonPrompt"]["properties"]), "keys in several orders"


def member_names(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield name
            yield from member_names(member)
    elif isinstance(value, list):
        for item in value:
            yield from member_names(item)


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
    ("schema", "keyword"),
    [
        ("V4ColorPalette", {"uniqueItems": True}),
        ("V4JsonPrompt", {"minProperties": 1}),
        ("V4PromptElement", {"type": "object"}),
        ("V4PromptBbox", {"contains": {}}),
        ("ResolutionV4", {"format": "size"}),
    ],
)
def test_an_unknown_keyword_is_refused_and_not_skipped(alter: Alter, schema: str, keyword: dict[str, Any]) -> None:
    alter(lambda document: document["components"]["schemas"][schema].update(keyword))
    name, value = next(iter(keyword.items()))
    with pytest.raises(UnknownKeywordError, match=f"format {value}" if name == "format" else name):
        requests()


def keywords_of_the_contract() -> Iterator[str]:
    """Every keyword of every schema that a request leads to, read without the strategies."""
    for start, node in reachable(CONTRACT, {"$ref": REQUEST}):
        place = start if start.startswith("#") else f"#/components/schemas/{start}"
        is_a_list_of_names = place.rpartition("/")[2] in {"properties", "mapping", "discriminator", "x-field-hints"}
        inside = any(part in place for part in ("/x-", "/discriminator"))
        if place == "#" or is_a_list_of_names or inside:
            continue
        for keyword in node:
            if keyword not in NO_RULES and f"{place}/{keyword}" not in NO_RULES:
                yield f"{place}/{keyword}"


def test_every_rule_of_the_contract_is_broken_by_some() -> None:
    expected = {place for place in keywords_of_the_contract() if not place.startswith(f"{REQUEST}/oneOf/")}
    expected = {place for place in expected if not place.endswith("/x-advice")}  # nothing is refused for it
    expected = {f"{place}/0" if place.endswith("/x-unavailable-values") else place for place in expected}
    assert expected - NOT_ON_THE_WIRE == set(RULES)


def test_each_breaks_the_rule_that_it_names_and_no_other() -> None:
    for rule in RULES:
        for broken in sample(broken_requests(rule), 8):
            assert broken.rule == rule
            assert set(broken.request) <= KEYWORDS
            assert None not in broken.request.values()
            if rule == UNAVAILABLE:
                assert keeps_contract(broken.request)
                assert broken.request["rendering_speed"] == "FLASH"
            else:
                assert broken_rules(broken.request) == {(rule, unquote(broken.pointer))}


def test_a_keyword_is_broken_alone() -> None:
    view = read_view()
    schema = {"type": "string", "enum": ["10x10", "20x20"], "pattern": "^[0-9]+x[0-9]+$"}
    break_enum = mutators(view, SchemaValues(view), schema)["enum"]
    for value in sample(break_enum(st.just("10x10")), 20):
        assert value not in schema["enum"]
        assert re.fullmatch(r"[0-9]+x[0-9]+", value)


def test_both_prompts_and_neither() -> None:
    given = {("text_prompt" in b.request, "json_prompt" in b.request) for b in sample(broken_requests(PROMPT_RULE), 30)}
    assert given == {(True, True), (False, False)}


def test_every_rule_has_its_turn() -> None:
    assert len({broken.rule for broken in sample(broken_requests(), 100)}) > len(RULES) / 4


def test_a_rule_that_the_contract_does_not_have() -> None:
    with pytest.raises(ValueError, match=r"'#/paths' is no rule of the contract; the rules are .*ResolutionV4/enum"):
        broken_requests("#/paths")


def value_at(request: dict[str, Any], pointer: str) -> Any:
    value: Any = request
    for step in unquote(pointer).split("/")[1:]:
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value


def test_a_choice_is_broken_in_each_way() -> None:
    rule = "#/components/schemas/V4PromptElement/oneOf"
    elements = [value_at(broken.request, broken.pointer) for broken in sample(broken_requests(rule), 60)]
    assert any(not isinstance(element, dict) for element in elements)
    assert any(isinstance(element, dict) and "type" not in element for element in elements)
    assert any(isinstance(element, dict) and "type" in element for element in elements)
