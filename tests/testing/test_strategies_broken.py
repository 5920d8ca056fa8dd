"""broken_requests() breaks the one rule that it names, where it says, and together every rule of the contract."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from contract_document import reachable
from contract_judges import CONTRACT, PROMPT_RULE, REQUEST, broken_rules, keeps_contract
from hypothesis import given
from hypothesis import strategies as st
from samples import sample

from ideogram_ai.contract.view import read_view
from ideogram_ai.testing import BrokenRequest, broken_requests, request_rules
from ideogram_ai.testing.strategies.breakers import Breakers
from ideogram_ai.testing.strategies.schema_values import SchemaValues

UNAVAILABLE = "#/components/schemas/RenderingSpeedV4/x-unavailable-values/0"
RULES = request_rules()
# What holds other rules, tells, or cannot be broken without breaking the choice among the elements first.
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


@pytest.mark.parametrize("rule", RULES)
def test_each_breaks_the_rule_that_it_names_and_no_other(rule: str) -> None:
    for broken in sample(broken_requests(rule), 8):
        assert broken.rule == rule
        if rule == UNAVAILABLE:
            assert keeps_contract(broken.request)
            assert broken.request["rendering_speed"] == "FLASH"
        else:
            assert broken_rules(broken.request) == {(rule, unquote(broken.pointer))}


def test_a_keyword_is_broken_alone() -> None:
    view = read_view()
    schema = {"type": "string", "enum": ["10x10", "20x20"], "pattern": "^[0-9]+x[0-9]+$"}
    break_enum = Breakers(view, SchemaValues(view)).of(schema)["enum"]
    for value in sample(break_enum(st.just("10x10")), 20):
        assert value not in schema["enum"]
        assert re.fullmatch(r"[0-9]+x[0-9]+", value)


def test_both_prompts_and_neither() -> None:
    given = {("text_prompt" in b.request, "json_prompt" in b.request) for b in sample(broken_requests(PROMPT_RULE), 30)}
    assert given == {(True, True), (False, False)}


def test_every_rule_has_its_turn() -> None:
    seen = {broken.rule for broken in sample(broken_requests(), 250)}
    assert len(seen) > len(RULES) / 2


@given(broken=broken_requests(), more=st.booleans())
def test_every_keyword_argument_is_a_field(broken: BrokenRequest, more: bool) -> None:
    names: set[str] = set(CONTRACT["components"]["schemas"]["GenerateImageRequestV4"]["properties"])
    assert set(broken.request) <= names
    assert None not in broken.request.values()


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
