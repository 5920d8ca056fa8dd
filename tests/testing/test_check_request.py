"""check_request() reports all problems of a request offline; review_request() adds remarks about a JSON prompt."""

import re
from enum import Enum
from typing import Any

import attrs
import pytest
from driver import case
from hypothesis import given
from json_prompts import json_prompts

from ideogram_ai.contract.problems import MOST_SHOWN, meant, suggestion
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated import models
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import RequestProblem, Severity, broken_requests, check_request, requests, review_request

STYLE = "#/json_prompt/style_description"
PARTS = "#/json_prompt/compositional_deconstruction"
SIZES = [str(choice) for choice in read_view().fields["resolution"].choices]
SPEEDS = [str(choice) for choice in read_view().fields["rendering_speed"].choices]


def prompt(*elements: Any, style: Any = None, **more: Any) -> dict[str, Any]:
    """A structured prompt."""
    parts = {"background": "paper", "elements": list(elements)}
    described = {} if style is None else {"style_description": style}
    return {"high_level_description": "A poster", **described, "compositional_deconstruction": parts, **more}


def obj(**more: Any) -> dict[str, Any]:
    """An object; its keys are in the guide's order if those given come last."""
    return {"type": "obj", "desc": "a cat", **more}


def only(problems: list[RequestProblem]) -> RequestProblem:
    (problem,) = problems
    return problem


def remarks(json_prompt: dict[str, Any]) -> dict[str, str]:
    """The remarks about a prompt that keeps the contract, by place."""
    assert check_request({"json_prompt": json_prompt}) == []
    return {remark.pointer: remark.message for remark in review_request({"json_prompt": json_prompt})}


@given(request=requests(), broken=broken_requests())
def test_a_request_has_problems_only_where_it_breaks_the_contract(request: dict[str, Any], broken: Any) -> None:
    assert check_request(request) == []
    problems = check_request(broken.request)
    assert problems
    for problem in problems:
        assert problem.pointer == broken.pointer or problem.pointer.startswith(f"{broken.pointer}/")
        refused_today = broken.rule.endswith("x-unavailable-values/0")
        assert problem.severity == (Severity.REFUSED_TODAY if refused_today else Severity.BREAKS_CONTRACT)
        for name in broken.pointer.split("/")[1:2]:
            assert problem.message.startswith(name), "the field's name comes first"


def test_all_problems_are_reported_those_of_the_whole_request_first() -> None:
    parts = {"background": 1, "elements": [{"type": "obj"}, {"bbox": []}]}
    wrong = {"prompt": "x", "resolution": "1x1", "rendering_speed": "FLASH", "enable_copyright_detection": "yes"}
    request = {**wrong, "json_prompt": {"compositional_deconstruction": parts}}
    assert {problem.pointer for problem in check_request(request)} == {
        *(f"#/{name}" for name in wrong),
        "#/json_prompt",
        *(f"{PARTS}/{place}" for place in ("background", "elements/0", "elements/1")),
    }
    problems = check_request({"resolution": "1x1", "text_prompt": "\ud800", "json_prompt": prompt()})
    assert [problem.pointer for problem in problems] == ["#", "#/text_prompt", "#/resolution"]
    problems = check_request({"text_prompt": "cats", "json_prompt": prompt(*[obj(bbox=[1, 2, 3])] * 30)})
    assert len([problem for problem in problems if problem.pointer.endswith("/bbox")]) == 30
    assert "Give exactly one of" in problems[0].message


def test_the_message_names_the_field_the_value_and_the_fix() -> None:
    one_of = "Give exactly one of text_prompt and json_prompt"
    cat, both = {"text_prompt": "a cat"}, {"text_prompt": "a", "json_prompt": prompt()}
    requests: list[tuple[dict[str, Any], str, list[str]]] = [
        ({}, "#", [one_of, "none was given (the request has no field at all)"]),
        ({"resolution": "1024x1024"}, "#", [one_of, "none was given (the request has resolution)"]),
        ({"text_prompt": None}, "#", [one_of, "none was"]),
        (both, "#", [one_of, 'more than one was given: text_prompt is "a", json_prompt is {"high_']),
        (cat | {"resolution": "1x1"}, "#/resolution", ['"1x1"', "2048x2048", "1024x1024"]),
        (cat | {"enable_copyright_detection": "yes"}, "#/enable_copyright_detection", ['"yes"', '"boolean"']),
        ({"text_prompt": 5}, "#/text_prompt", ["5", '"string"']),
        ({"text_prompt": "a\ud800"}, "#/text_prompt", ["character 1", "surrogate"]),
        (cat | {"resolution": {1}}, "#/resolution", ["set is not a JSON type", "use text"]),
    ]
    for request, pointer, words in requests:
        with case(request):
            problem = only(check_request(request))
            assert (problem.pointer, problem.severity) == (pointer, Severity.BREAKS_CONTRACT)
            assert [word for word in [pointer[2:], *words] if word not in problem.message] == []
    problem = only(check_request(cat | {"rendering_speed": "FLASH"}))
    assert problem == RequestProblem(
        "#/rendering_speed",
        'rendering_speed: "FLASH" is refused today (announced by the provider, not in service yet). '
        "Use one of TURBO, DEFAULT, QUALITY.",
        Severity.REFUSED_TODAY,
    )
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        problem.message = "fine"  # type: ignore[misc]


def test_names_that_the_contract_does_not_have() -> None:
    hints = {name: [hint.use or "", hint.because or ""] for name, hint in OPERATION.field_hints.items()}
    for name, words in {**hints, "resolutoin": ["Did you mean resolution?"], "a/b~": []}.items():
        with case(name):
            problem = only(check_request({"text_prompt": "A cat", name: "1024x1024"}))
            assert problem.pointer == "#/" + name.replace("~", "~0").replace("a/b", "a~1b")
            assert problem.severity is Severity.NOT_IN_CONTRACT
            assert problem.message.startswith(f'"{name}" is not a field of this operation')
            assert [word for word in [*words, '"1024x1024"'] if word not in problem.message] == []


def test_values_are_accepted_as_generate_accepts_them() -> None:
    class Speed(Enum):
        FAST = "TURBO"

    model = models.V4JsonPrompt.from_dict(prompt(style={"photo": "a", "art_style": "b"}))
    assert check_request({"json_prompt": model, "rendering_speed": Speed.FAST}) == []
    assert [remark.pointer for remark in review_request({"json_prompt": model})] == [STYLE]
    assert check_request({"json_prompt": prompt(style={"color_palette": ("#0B1D3A",)})}) == []
    endless = prompt()
    endless["tags"] = [endless]
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"a": deep}
    for json_prompt in (endless, prompt(more=deep)):
        problem = only(check_request({"json_prompt": json_prompt}))
        assert problem.pointer == "#/json_prompt"
        assert "nests too deep, or contains itself" in problem.message


def test_a_remark_names_the_place_and_what_would_be_better() -> None:
    box = {"type": "obj", "bbox": [9, 0, 1, 1], "desc": "a"}
    first = f"{PARTS}/elements/0"
    prompts: list[tuple[dict[str, Any], str, str]] = [
        (prompt(style_descripton={}), "#/json_prompt/style_descripton", "Did you mean style_description?"),
        (prompt(styleDescription={}), "#/json_prompt/styleDescription", "Did you mean style_description?"),
        (prompt(style={"lightning": "soft"}), f"{STYLE}/lightning", "Did you mean lighting?"),
        (prompt(style={"colour_palette": []}), f"{STYLE}/colour_palette", "Did you mean color_palette?"),
        (prompt(obj(bounding_box=[0, 0, 1, 1])), f"{first}/bounding_box", "the contract has no key"),
        (prompt(obj(), obj(**{"q/~z": 1})), f"{PARTS}/elements/1/q~1~0z", "Known are type, bbox, desc, color_pal"),
        (prompt(obj(text="BLUE")), f"{first}/text", "the contract has no key"),
        (prompt(box), f"{first}/bbox", "number 1 is greater"),
        (prompt(box | {"bbox": [0, 9, 1, 1]}), f"{first}/bbox", "number 2 is greater"),
        (prompt(style={"color_palette": ["#ABCDEF"] * 17}), f"{STYLE}/color_palette", "17 items; .* 16 at most"),
        (prompt(obj(color_palette=["#ABCDEF"] * 6)), f"{first}/color_palette", "6 items; .* 5 at most"),
        (prompt(style={"color_palette": ["#ABCDEF", "#abcdef"]}), f"{STYLE}/color_palette/1", 'writes "#ABCDEF"'),
        (prompt(style={"photo": "35 mm", "art_style": "cubist"}), STYLE, "photo and art_style are both there"),
        (prompt(style={"lighting": "soft", "aesthetics": "bold"}), STYLE, "come as lighting, aesthetics; "),
        (prompt({"desc": "a", "type": "obj"}), first, "come as desc, type; .* has type, desc"),
        (prompt({"type": "text", "desc": "a", "text": "B"}), first, "has type, text, desc"),
        (dict(reversed(prompt().items())), "#/json_prompt", "has high_level_description, compositional_deconst"),
    ]
    for json_prompt, pointer, words in prompts:
        with case(json_prompt):
            ((place, message),) = remarks(json_prompt).items()
            assert place == pointer
            assert re.search(words, message), message
    misspelt = {"high_level_descripton": "a", "compositional_deconstruction": {}}
    (remark,) = review_request({"json_prompt": misspelt})
    assert remark.message.endswith("Did you mean high_level_description?"), "beside the violation"
    assert len(review_request({"json_prompt": prompt(*[obj(x=1) for _ in range(500)])})) == 20


def test_what_gets_no_remark() -> None:
    body = read_contract()["paths"][OPERATION.path]["post"]["requestBody"]
    for name, example in body["content"][OPERATION.media_type]["examples"].items():
        assert review_request(example["value"]) == [], name
    box = {"type": "obj", "bbox": [5, 5, 5, 5], "desc": "a", "color_palette": ["#ABCDEF"] * 5}
    style = {"aesthetics": "a", "lighting": "b", "medium": "c", "art_style": "d", "color_palette": ["#012345"] * 16}
    assert remarks(prompt(box, style=style, tags=["a"])) == {}
    broken = prompt({"type": "blob", "desc": 5}, {"type": "obj", "bbox": ["a", None, 5], "desc": "a"}, style=[1])
    assert check_request({"json_prompt": broken})
    assert review_request({"json_prompt": broken}) == [], "that is for check_request to report"
    assert review_request({"json_prompt": 5, "text_prompt": None, "seed": 1, "x": object()}) == []


@given(json_prompts)
def test_every_valid_prompt_can_be_reviewed(json_prompt: dict[str, Any]) -> None:
    assert all(remarks(json_prompt).values())


def test_a_choice_is_recognized_however_it_is_written() -> None:
    square = ["2048x2048", "2048X2048", "2048\u00d72048", "2048*2048", "2048 x 2048", " 2048x2048\n", "2048\u04452048"]
    written = dict.fromkeys(square, "2048x2048") | {"1280 by 800": "1280x800", "1280x800 px": "1280x800"}
    ambiguous = ["2048", "16:9", "2048x2049", "20482048", "", "x", "2048x2048x2048", "9" * 9999]
    for value, choice in {**written, "0512x1536": "512x1536", **dict.fromkeys(ambiguous)}.items():
        assert meant(value, SIZES) == choice, value[:20]
    for value in ("turbo", "Turbo", " TURBO "):
        assert meant(value, SPEEDS) == "TURBO"
        assert meant(value, ["turBO", "TUrbo"]) is None
    assert meant("fast", SPEEDS) is None


def test_the_nearest_sizes_by_shape_and_area_are_suggested() -> None:
    wide, tall, square = ["2560x1440", "1280x720"], ["1440x2560", "720x1280"], ["2048x2048"]
    nearest = dict.fromkeys(["16:9", "16x9", "16/9", "1920x1080"], wide) | dict.fromkeys(["9:16", "1080x1920"], tall)
    nearest |= dict.fromkeys(["2048", "2000x2000", "2048x204"], square) | {
        "1440": ["1440x2560", "2560x1440", "1440x2880", "2880x1440", "720x1440"],
        "1:1": ["2048x2048", "1024x1024"],
        "1.5:1": ["2496x1664", "1248x832"],
        "512x512": ["1024x1024"],
        "1x100000": ["512x1536"],
    }
    for value, first in nearest.items():
        named = re.findall(r"\d{3,4}x\d{3,4}", suggestion(value, SIZES))
        assert named[: len(first)] == first, value
        assert set(named) <= set(SIZES), value
        assert len(named) <= MOST_SHOWN, value
    assert suggestion("16:9", SIZES) == "Sizes with the aspect ratio 16:9: 2560x1440, 1280x720."
    assert suggestion("21:9", SIZES).startswith("No size has the aspect ratio 21:9; the nearest are ")
    assert suggestion("0x0", SIZES).count("x") < 2 * MOST_SHOWN
    assert suggestion("fast", SPEEDS) == f"Use one of {', '.join(SPEEDS)}."
    words = [f"colour {number}" for number in range(40)]
    assert suggestion("colour 7x", words).startswith("Did you mean colour 7")
    assert suggestion("zzz", words) == "Use colour 0, for example."
