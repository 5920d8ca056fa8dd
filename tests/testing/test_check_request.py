"""check_request() tells all that is wrong with a request, where, and what would be right; nothing is sent."""

from enum import Enum
from typing import Any

import attrs
import pytest
from hypothesis import given

from ideogram_ai.generated.models import V4JsonPrompt
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import BrokenRequest, RequestProblem, Severity, broken_requests, check_request, requests

PROMPT = {
    "high_level_description": "A poster",
    "compositional_deconstruction": {"background": "paper", "elements": []},
}


def only(problems: list[RequestProblem]) -> RequestProblem:
    (problem,) = problems
    return problem


@given(request=requests())
def test_a_request_that_keeps_the_contract_has_no_problem(request: dict[str, Any]) -> None:
    assert check_request(request) == []


@given(broken=broken_requests())
def test_a_broken_request_has_a_problem_where_it_is_broken(broken: BrokenRequest) -> None:
    problems = check_request(broken.request)
    assert problems
    for problem in problems:
        assert problem.pointer == broken.pointer or problem.pointer.startswith(f"{broken.pointer}/")
        assert problem.severity in {Severity.BREAKS_CONTRACT, Severity.REFUSED_TODAY}
        refused_today = broken.rule.endswith("x-unavailable-values/0")
        assert (problem.severity is Severity.REFUSED_TODAY) == refused_today
        for name in broken.pointer.split("/")[1:2]:
            assert problem.message.startswith(f"{name}"), "the field's name comes first"


def test_all_that_is_wrong_is_told_at_once() -> None:
    request = {
        "prompt": "x",
        "resolution": "1x1",
        "rendering_speed": "FLASH",
        "enable_copyright_detection": "yes",
        "json_prompt": {"compositional_deconstruction": {"background": 1, "elements": [{"type": "obj"}, {"bbox": []}]}},
    }
    assert {problem.pointer for problem in check_request(request)} == {
        "#/prompt",
        "#/resolution",
        "#/rendering_speed",
        "#/enable_copyright_detection",
        "#/json_prompt",
        "#/json_prompt/compositional_deconstruction/background",
        "#/json_prompt/compositional_deconstruction/elements/0",
        "#/json_prompt/compositional_deconstruction/elements/1",
    }


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        ({}, "none was (the request has no field at all)"),
        ({"resolution": "1024x1024"}, "none was (the request has resolution)"),
        ({"text_prompt": None}, "none was"),
        ({"text_prompt": "a", "json_prompt": PROMPT}, 'more than one was: text_prompt is "a", json_prompt is {"high_'),
    ],
)
def test_the_prompt_rule_is_one_problem_of_the_whole(request_: dict[str, Any], told: str) -> None:
    problem = only(check_request(request_))
    assert problem.pointer == "#"
    assert "Exactly one of text_prompt and json_prompt" in problem.message
    assert told in problem.message


def test_the_whole_comes_before_its_parts() -> None:
    problems = check_request({"resolution": "1x1", "text_prompt": "\ud800", "json_prompt": PROMPT})
    assert [problem.pointer for problem in problems] == ["#", "#/text_prompt", "#/resolution"]


@pytest.mark.parametrize(
    ("request_", "pointer", "words"),
    [
        ({"resolution": "1x1"}, "#/resolution", ['"1x1"', "2048x2048", "1024x1024"]),
        ({"enable_copyright_detection": "yes"}, "#/enable_copyright_detection", ['"yes"', '"boolean"']),
        ({"text_prompt": 5}, "#/text_prompt", ["5", '"string"']),
        ({"text_prompt": "a\ud800"}, "#/text_prompt", ["character 1", "surrogate", "surrogate"]),
        ({"resolution": {1}}, "#/resolution", ["set is not a JSON type", "use text"]),
    ],
)
def test_the_message_names_the_field_the_value_and_the_cure(
    request_: dict[str, Any], pointer: str, words: list[str]
) -> None:
    problem = only(check_request({"text_prompt": "A cat"} | request_))
    assert problem.pointer == pointer
    assert problem.severity is Severity.BREAKS_CONTRACT
    assert pointer.removeprefix("#/") in problem.message
    assert [word for word in words if word not in problem.message] == []


def test_a_bbox_of_three_numbers() -> None:
    element = {"type": "obj", "desc": "a cat", "bbox": [1, 2, 3]}
    prompt = PROMPT | {"compositional_deconstruction": {"background": "paper", "elements": [element]}}
    problem = only(check_request({"json_prompt": prompt}))
    assert problem.pointer == "#/json_prompt/compositional_deconstruction/elements/0/bbox"
    assert "json_prompt.compositional_deconstruction.elements[0].bbox: [1, 2, 3]" in problem.message
    assert "y_min, x_min, y_max, x_max" in problem.message


def test_a_value_that_is_listed_and_not_in_service() -> None:
    problem = only(check_request({"text_prompt": "A cat", "rendering_speed": "FLASH"}))
    assert problem == RequestProblem(
        "#/rendering_speed",
        'rendering_speed: "FLASH" is refused today (announced by the provider, not in service yet). '
        "Use one of TURBO, DEFAULT, QUALITY.",
        Severity.REFUSED_TODAY,
    )


@pytest.mark.parametrize("name", OPERATION.field_hints)
def test_a_name_of_another_version_is_told_with_the_contracts_hint(name: str) -> None:
    problem = only(check_request({"text_prompt": "A cat", name: 1}))
    hint = OPERATION.field_hints[name]
    assert problem.pointer == f"#/{name}"
    assert problem.severity is Severity.NOT_IN_CONTRACT
    assert problem.message.startswith(f'"{name}" is not a field of this operation')
    assert (hint.use or "") in problem.message
    assert (hint.because or "") in problem.message


def test_a_misspelt_name_is_told_with_the_nearest_one() -> None:
    problem = only(check_request({"text_prompt": "A cat", "resolutoin": "1024x1024"}))
    assert problem.severity is Severity.NOT_IN_CONTRACT
    assert "Did you mean resolution?" in problem.message
    assert '"1024x1024"' in problem.message


def test_a_name_with_slashes_has_a_pointer_that_can_be_followed() -> None:
    assert only(check_request({"text_prompt": "A cat", "a/b~": 1})).pointer == "#/a~1b~0"


def test_models_enums_and_tuples_are_taken_as_generate_takes_them() -> None:
    class Speed(Enum):
        FAST = "TURBO"

    assert check_request({"json_prompt": V4JsonPrompt.from_dict(PROMPT), "rendering_speed": Speed.FAST}) == []
    palette: dict[str, Any] = PROMPT | {"style_description": {"color_palette": ("#0B1D3A",)}}
    assert check_request({"json_prompt": palette}) == []


def test_deep_and_endless_values_end_in_a_problem() -> None:
    endless: dict[str, Any] = dict(PROMPT)
    endless["tags"] = [endless]
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    for prompt in (endless, PROMPT | {"more": deep}):
        problem = only(check_request({"json_prompt": prompt}))
        assert problem.pointer == "#/json_prompt"
        assert "nests too deep, or contains itself" in problem.message


def test_problems_cannot_be_changed() -> None:
    problem = only(check_request({}))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        problem.message = "fine"  # type: ignore[misc]


def test_many_faults_hide_none() -> None:
    elements = [{"type": "obj", "desc": "a cat", "bbox": [1, 2, 3]} for _ in range(30)]
    prompt = {
        "high_level_description": "cats",
        "compositional_deconstruction": {"background": "", "elements": elements},
    }
    problems = check_request({"text_prompt": "cats", "json_prompt": prompt})
    assert len([problem for problem in problems if problem.pointer.endswith("/bbox")]) == 30
    assert "Exactly one of" in problems[0].message
