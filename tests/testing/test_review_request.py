"""What is odd about a structured prompt is told with its place and the likely key, and breaks nothing."""

import re
from typing import Any

import pytest
from hypothesis import given
from json_prompts import json_prompts as any_json_prompt

from ideogram_ai.generated import models
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import check_request, review_request

CONTRACT = read_contract()
OPERATION = CONTRACT["paths"][POST_GENERATE_IMAGE_V4.path]["post"]
EXAMPLES = OPERATION["requestBody"]["content"]["multipart/form-data"]["examples"]
STYLE = "#/json_prompt/style_description"
PARTS = "#/json_prompt/compositional_deconstruction"


def prompt(*elements: dict[str, Any], style: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A structured prompt."""
    parts = {"background": "paper", "elements": list(elements)}
    described = {} if style is None else {"style_description": style}
    return {"high_level_description": "A poster", **described, "compositional_deconstruction": parts, **more}


def obj(**more: Any) -> dict[str, Any]:
    """An object, its keys in the guide's order if those given are the last."""
    return {"type": "obj", "desc": "a cat", **more}


def remarks(json_prompt: dict[str, Any]) -> dict[str, str]:
    """What is said of a prompt that keeps the contract, by place."""
    assert check_request({"json_prompt": json_prompt}) == []
    return {remark.pointer: remark.message for remark in review_request({"json_prompt": json_prompt})}


@pytest.mark.parametrize("name", EXAMPLES)
def test_nothing_is_odd_about_the_examples_of_the_contract(name: str) -> None:
    assert review_request(EXAMPLES[name]["value"]) == []


@pytest.mark.parametrize(
    ("json_prompt", "pointer", "words"),
    [
        (prompt(style_descripton={}), "#/json_prompt/style_descripton", "Did you mean style_description?"),
        (prompt(styleDescription={}), "#/json_prompt/styleDescription", "Did you mean style_description?"),
        (prompt(style={"lightning": "soft"}), f"{STYLE}/lightning", "Did you mean lighting?"),
        (prompt(style={"colour_palette": []}), f"{STYLE}/colour_palette", "Did you mean color_palette?"),
        (prompt(obj(bounding_box=[0, 0, 1, 1])), f"{PARTS}/elements/0/bounding_box", "the contract has no key"),
        (prompt(obj(), obj(**{"q/~z": 1})), f"{PARTS}/elements/1/q~1~0z", "Known are type, bbox, desc, color_pal"),
        (prompt(obj(text="BLUE")), f"{PARTS}/elements/0/text", "the contract has no key"),
        (prompt({"type": "obj", "bbox": [9, 0, 1, 1], "desc": "a"}), f"{PARTS}/elements/0/bbox", "number 1 is greater"),
        (prompt({"type": "obj", "bbox": [0, 9, 1, 1], "desc": "a"}), f"{PARTS}/elements/0/bbox", "number 2 is greater"),
        (prompt(style={"color_palette": ["#ABCDEF"] * 17}), f"{STYLE}/color_palette", "17 items; .* 16 at most"),
        (prompt(obj(color_palette=["#ABCDEF"] * 6)), f"{PARTS}/elements/0/color_palette", "6 items; .* 5 at most"),
        (prompt(style={"color_palette": ["#ABCDEF", "#abcdef"]}), f"{STYLE}/color_palette/1", 'writes "#ABCDEF"'),
        (prompt(style={"photo": "35 mm", "art_style": "cubist"}), STYLE, "photo and art_style are both there"),
        (prompt(style={"lighting": "soft", "aesthetics": "bold"}), STYLE, "come as lighting, aesthetics; "),
        (prompt({"desc": "a", "type": "obj"}), f"{PARTS}/elements/0", "come as desc, type; .* has type, desc"),
        (prompt({"type": "text", "desc": "a", "text": "B"}), f"{PARTS}/elements/0", "has type, text, desc"),
        (dict(reversed(prompt().items())), "#/json_prompt", "has high_level_description, compositional_deconst"),
    ],
)  # fmt: skip
def test_the_place_is_named_and_what_would_be_better(json_prompt: dict[str, Any], pointer: str, words: str) -> None:
    ((place, message),) = remarks(json_prompt).items()
    assert place == pointer
    assert re.search(words, message), message


def test_what_the_guide_allows_is_let_pass() -> None:
    box = {"type": "obj", "bbox": [5, 5, 5, 5], "desc": "a", "color_palette": ["#ABCDEF"] * 5}
    style = {"aesthetics": "a", "lighting": "b", "medium": "c", "art_style": "d", "color_palette": ["#012345"] * 16}
    assert remarks(prompt(box, style=style, tags=["a"])) == {}


def test_a_list_of_remarks_has_an_end() -> None:
    assert len(review_request({"json_prompt": prompt(*[obj(x=1) for _ in range(500)])})) == 20


def test_what_breaks_the_contract_is_left_to_the_check() -> None:
    inside_out: list[Any] = ["a", None, 5]
    whole = prompt({"type": "blob", "desc": 5}, {"type": "obj", "bbox": inside_out, "desc": "a"}, style={})
    broken = whole | {"style_description": [1]}
    assert check_request({"json_prompt": broken})
    assert review_request({"json_prompt": broken}) == []
    assert review_request({"json_prompt": 5, "text_prompt": None, "seed": 1, "x": object()}) == []


def test_a_required_key_that_is_misspelt_is_named_beside_the_violation() -> None:
    (remark,) = review_request({"json_prompt": {"high_level_descripton": "a", "compositional_deconstruction": {}}})
    assert remark.message.endswith("Did you mean high_level_description?")


def test_models_are_reviewed_as_they_are_sent() -> None:
    model = models.V4JsonPrompt.from_dict(prompt(style={"photo": "a", "art_style": "b"}))
    (remark,) = review_request({"json_prompt": model})
    assert remark.pointer == STYLE


@given(any_json_prompt)
def test_no_prompt_is_refused_or_fails(json_prompt: dict[str, Any]) -> None:
    assert check_request({"json_prompt": json_prompt}) == []
    assert all(remark.message for remark in review_request({"json_prompt": json_prompt}))
