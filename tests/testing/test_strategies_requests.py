"""requests() makes all that the contract allows and no more; broken_requests() breaks one rule each, and every rule."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any
from urllib.parse import unquote

import jsonschema_rs
import pytest
from contract_document import reachable
from contract_judges import (
    CONTRACT,
    PROMPT_RULE,
    REQUEST,
    at,
    body_of,
    broken_rules,
    keeps_contract,
    parameters_of,
    validator,
)
from samples import sample

from ideogram_ai.contract import view as contract_view
from ideogram_ai.contract.check import check_request
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, POST_REMIX_IMAGE_V4, Operation
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import answers, broken_requests, files, request_rules, requests, unusual_answers
from ideogram_ai.testing.strategies.mutations import mutators
from ideogram_ai.testing.strategies.schema_values import SchemaValues, UnknownKeywordError

pytestmark = pytest.mark.slow

SCHEMAS = CONTRACT["components"]["schemas"]
RUST = jsonschema_rs.validator_for({"components": CONTRACT["components"], "$ref": REQUEST})
KEYWORDS = {field.python_name for field in OPERATION.fields}
UNAVAILABLE = "#/components/schemas/RenderingSpeedV4/x-unavailable-values/0"
# What contains other rules, describes, or cannot be broken without breaking the choice among the elements first.
NO_RULES = {
    "$ref", "allOf", "default", "description", "discriminator", "example", "examples", "format", "items", "properties",
    "x-advice", "x-field-hints", "x-image-count", "x-known-values",
    "#/components/schemas/V4ObjPromptElement/type",
    "#/components/schemas/V4TextPromptElement/type",
    "#/components/schemas/V4ObjPromptElement/properties/type/const",
    "#/components/schemas/V4ObjPromptElement/properties/type/type",
    "#/components/schemas/V4TextPromptElement/properties/type/const",
    "#/components/schemas/V4TextPromptElement/properties/type/type",
    "#/components/schemas/ColorPaletteWithPresetName/type",
    "#/components/schemas/ColorPaletteWithPresetName/required",
    "#/components/schemas/ColorPaletteWithMembers/type",
    "#/components/schemas/ColorPaletteWithMembers/required",
}  # fmt: skip
each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.method_name)
Alter = Callable[[Callable[[dict[str, Any]], object]], None]


@pytest.fixture
def alter(monkeypatch: pytest.MonkeyPatch) -> Iterator[Alter]:
    """Let the strategies read a contract that differs in one thing."""

    def apply(change: Callable[[dict[str, Any]], object]) -> None:
        document = read_contract()
        change(document)
        monkeypatch.setattr(contract_view, "parsed_contract", lambda: document)
        contract_view.read_view.cache_clear()

    yield apply
    contract_view.read_view.cache_clear()


@each_operation
def test_each_keeps_the_contract_and_fits_the_method_and_every_field_occurs(operation: Operation) -> None:
    drawn = sample(requests(operation=operation), 120)
    for request in drawn[:40]:
        assert keeps_contract(request, operation)
        assert operation is not OPERATION or RUST.is_valid(request)
        assert None not in request.values()
        assert check_request(request, operation=operation) == []
        assert {"", ".", ".."}.isdisjoint(request[name] for name in request if f"{{{name}}}" in operation.path)
    assert {name for request in drawn for name in request} == {field.python_name for field in operation.fields}
    required = {field.python_name for field in operation.fields if field.required}
    assert all(required <= set(request) for request in drawn)


def test_files_begin_as_those_that_the_service_takes() -> None:
    drawn = sample(files(), 80)
    starts = {b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF"}
    assert {start for start in starts for file in drawn if file.startswith(start)} == starts
    assert all(file.startswith(tuple(starts)) for file in drawn)
    assert any(b"\r\n--+++" in file for file in drawn), "what ends a part with a constant boundary"
    field = next(field for each in OPERATIONS.values() for field in each.fields if field.is_file)
    operation = next(each for each in OPERATIONS.values() if field in each.fields)
    assert all(isinstance(each[field.python_name], bytes) for each in sample(requests(operation=operation), 10))


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


def test_multiples_and_lists_without_repetitions() -> None:
    values = SchemaValues(contract_view.read_view())
    added: list[dict[str, Any]] = [
        {"type": "integer", "minimum": 10, "maximum": 64, "multipleOf": 8},
        {"type": "number", "multipleOf": 0.5},
        {"type": "number", "exclusiveMaximum": 9, "multipleOf": 3},
        {"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": 4}, "uniqueItems": True},
    ]
    for schema in added:
        is_valid, keyword = jsonschema_rs.validator_for(schema).is_valid, [*schema][-1]
        assert all(map(is_valid, sample(values.of(schema), 40)))
        broken = mutators(contract_view.read_view(), values, schema)[keyword](values.of(schema))
        assert not any(map(is_valid, sample(broken, 20)))


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        ("V4ColorPalette", {"minContains": 1}),
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


def test_an_operation_goes_by_the_name_of_its_method_too() -> None:
    makers: tuple[Callable[..., Any], ...] = (requests, broken_requests, request_rules, answers, unusual_answers)
    for make in makers:
        assert repr(make(operation="remix")) == repr(make(operation=POST_REMIX_IMAGE_V4))
        with pytest.raises(ValueError, match="operation: there is no 'remx'; the client's methods are generate, "):
            make(operation="remx")


def keywords_of_the_contract(operation: Operation) -> Iterator[str]:
    """Every keyword of every schema that a request leads to, read without the strategies."""
    body = {"$ref": body_of(operation)} if body_of(operation) else {}
    parameters = {f"{place}/schema": at(place)["schema"] for place in parameters_of(operation).values()}
    for start, node in reachable(CONTRACT, {"body": body, **parameters}):
        local = start.removeprefix("#/")  # in the body, in a parameter, or else in a component
        place = local if local.startswith("#") else f"#/components/schemas/{start}"
        if start in {"#", "#/body"}:
            continue
        is_a_list_of_names = place.rpartition("/")[2] in {"properties", "mapping", "discriminator", "x-field-hints"}
        inside = any(part in place for part in ("/x-", "/discriminator"))
        if is_a_list_of_names or inside:
            continue
        for keyword in node:
            # A list of values has no value of another type, so that type cannot be broken alone.
            if not (keyword == "type" and "enum" in node):
                yield f"{place}/{keyword}"


def not_on_the_wire(operation: Operation) -> Iterator[str]:
    """A request is an object because it is a form or has arguments, and everything in a form can be read as text."""
    body = body_of(operation)
    yield f"{body}/type"
    for place in parameters_of(operation).values():
        yield f"{place}/schema/type"
    for field in operation.fields:
        place = f"{body}/properties/{field.wire_name}"
        if field.place == "body" and "application/json" not in {field.content_type, operation.media_type}:
            places = [place, *([f"{place}/items"] if field.is_array else [])]
            for each in [at(each).get("$ref", each) for each in places]:
                if "string" in at(each)["type"] or field.is_array:
                    yield f"{each}/type"
    for first, second in at(body).get("x-same-length", ()) if body else ():  # both lists have the same limit
        assert at(f"{body}/properties/{first}/maxItems") <= at(f"{body}/properties/{second}/maxItems")
        yield f"{body}/properties/{second}/maxItems"


def test_every_rule_of_the_contract_is_broken_by_some() -> None:
    inside = re.compile("/(oneOf|anyOf)/|/not/")  # a rule over several fields is one
    for operation in OPERATIONS.values():
        found = {place for place in keywords_of_the_contract(operation) if not inside.search(place)}
        places = {place for place in found if NO_RULES.isdisjoint({place, place.rpartition("/")[2]})}
        expected = {
            f"{place}/0" if re.search("/x-(unavailable-values|same-length)$", place) else place for place in places
        }
        rules = set(request_rules(operation=operation))
        assert expected - set(not_on_the_wire(operation)) == rules, operation.method_name


@cache
def first_rules() -> dict[str, str]:
    """Each rule, and the first operation that has it: most are shared."""
    return {rule: each.operation_id for each in [*OPERATIONS.values()][::-1] for rule in request_rules(operation=each)}


@each_operation
def test_each_breaks_the_rule_that_it_names_and_no_other(operation: Operation) -> None:
    keywords = {field.python_name for field in operation.fields}
    for rule in [rule for rule, first in first_rules().items() if first == operation.operation_id]:
        for broken in sample(broken_requests(rule, operation=operation), 8):
            assert broken.rule == rule
            assert set(broken.request) <= keywords
            assert None not in broken.request.values()
            if rule == UNAVAILABLE:
                assert keeps_contract(broken.request, operation)
                assert broken.request["rendering_speed"] == "FLASH"
            else:
                assert broken_rules(broken.request, operation) == {(rule, unquote(broken.pointer))}


def test_a_rule_that_the_contract_or_an_operation_does_not_have_is_named() -> None:
    with pytest.raises(ValueError, match=r"'#/paths' is not a rule of the contract; the rules are .*ResolutionV4/enum"):
        broken_requests("#/paths")
    without = next(each for each in OPERATIONS.values() if not request_rules(operation=each))
    with pytest.raises(ValueError, match=f"{without.operation_id}: the contract has no rule"):
        broken_requests(operation=without)


NULLABLE: dict[str, Any] = {"anyOf": [{"type": "string", "enum": ["MATT", "GLOSS"]}, {"type": "null"}]}
CHOICE: dict[str, Any] = {"oneOf": [{"type": "integer"}, {"type": "boolean"}]}


def test_a_field_that_may_be_null_is_broken_by_what_it_may_be_else(alter: Alter) -> None:
    """As many generators write it: a choice between a schema and null."""
    place = "#/components/schemas/GenerateImageRequestV4/properties/resolution"
    alter(lambda document: at(f"{REQUEST}/properties", document).update(resolution=NULLABLE))
    assert {request.get("resolution") for request in sample(requests(), 60)} == {"MATT", "GLOSS", None}
    assert [rule for rule in request_rules() if rule.startswith(place)] == [f"{place}/anyOf/0/enum"]
    broken = sample(broken_requests(f"{place}/anyOf/0/enum"), 20)
    assert {each.pointer for each in broken} == {"#/resolution"}
    assert not {each.request["resolution"] for each in broken} & {"MATT", "GLOSS", None}


def test_a_choice_without_a_discriminator_is_broken_by_what_fits_no_branch(alter: Alter) -> None:
    rule = "#/components/schemas/V4JsonPrompt/properties/version/oneOf"
    alter(lambda document: at(rule.removesuffix("/version/oneOf"), document).update(version=CHOICE))
    broken = sample(broken_requests(rule), 20)
    assert not any(isinstance(each.request["json_prompt"]["version"], int) for each in broken)


def test_rules_over_members_hold_at_any_depth(alter: Alter) -> None:
    place = "#/components/schemas/V4StyleDescription/allOf"
    rules: list[dict[str, Any]] = [
        {"not": {"required": ["photo", "art_style"]}},
        {"anyOf": [{"required": ["aesthetics"]}, {"required": ["lighting"]}]},
        {"required": ["medium"], "properties": {"grain": {"type": "integer", "minimum": 3}}},
    ]
    alter(lambda document: at(place.removesuffix("/allOf"), document).update(allOf=rules))

    def styles(drawn: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [each["json_prompt"]["style_description"] for each in drawn]

    def broken(style: dict[str, Any]) -> set[str]:
        judged = {f"{n}/{key}": {key: rule[key]} for n, rule in enumerate(rules) for key in rule}
        judged["2/properties/grain/minimum"] = judged.pop("2/properties")
        return {f"{place}/{name}" for name, rule in judged.items() if not validator(rule).is_valid(style)}

    valid = styles([each for each in sample(requests(), 150) if "style_description" in each.get("json_prompt", ())])
    assert [style for style in valid if broken(style)] == []
    assert {name for style in valid for name in style} >= {"photo", "art_style", "aesthetics", "lighting", "grain"}
    named = {f"{place}/{n}" for n in ("0/not", "1/anyOf", "2/required", "2/properties/grain/minimum")}
    assert named | {f"{place}/2/properties/grain/type"} == {rule for rule in request_rules() if rule.startswith(place)}
    for rule in named:
        assert [broken(style) for style in styles([each.request for each in sample(broken_requests(rule), 10)])] == [
            {rule}
        ] * 10


def test_lists_of_the_same_length_are_broken_by_length_or_by_limit(alter: Alter) -> None:
    operation = OPERATIONS["post_generate_image_v3"]
    body = body_of(operation)
    first, second = at(f"{body}/x-same-length/0")

    def change(document: dict[str, Any]) -> None:
        for name, most in ((first, 3), (second, 2)):
            at(f"{body}/properties/{name}", document)["maxItems"] = most

    def lengths(rule: str) -> set[tuple[int, int]]:
        drawn = [each.request for each in sample(broken_requests(rule, operation=operation), 30)]
        return {(len(each.get(first, ())), len(each.get(second, ()))) for each in drawn}

    assert f"{body}/properties/{second}/maxItems" not in request_rules(operation=operation), "it breaks another, too"
    alter(change)
    drawn = [each for each in sample(requests(operation=operation), 100) if second in each]
    assert {(len(each[first]), len(each[second])) for each in drawn} == {(1, 1), (2, 2)}
    assert {images == masks > 2 for images, masks in lengths(f"{body}/properties/{second}/maxItems")} == {True}
    assert all(images > 3 and not masks for images, masks in lengths(f"{body}/properties/{first}/maxItems"))
    assert all(not images and masks for images, masks in lengths(f"{body}/x-same-length/0"))


def test_every_rule_has_its_turn() -> None:
    assert len({broken.rule for broken in sample(broken_requests(), 100)}) > len(request_rules()) / 4
    given = {("text_prompt" in b.request, "json_prompt" in b.request) for b in sample(broken_requests(PROMPT_RULE), 30)}
    assert given == {(True, True), (False, False)}


def test_a_choice_is_broken_in_each_way() -> None:
    rule = "#/components/schemas/V4PromptElement/oneOf"
    elements = [at(broken.pointer, broken.request) for broken in sample(broken_requests(rule), 60)]
    assert any(not isinstance(element, dict) for element in elements)
    assert any(isinstance(element, dict) and "type" not in element for element in elements)
    assert any(isinstance(element, dict) and "type" in element for element in elements)
