"""Builders for structured prompts, and values from a text: what they make, how they look, and what they refuse."""

import json
from collections.abc import Callable
from typing import Any

from canned import Service
from driver import case, generate, raised

import ideogram_ai.client as ideogram
from ideogram_ai.client import Box, FieldValueError, JsonPrompt, ObjectElement, Style, TextElement
from ideogram_ai.generated.models import V4ObjPromptElement

SALE = TextElement("SALE", desc="bold, red", box=Box.fractions(0.1, 0.06, 0.9, 0.26), colors=["#FF0000"])
POSTER = JsonPrompt(
    "A poster",
    background="blue paper",
    elements=[SALE, ObjectElement("a cat", box=[300, 100, 900, 800]), {"type": "obj", "desc": "a mouse"}],
    style=Style(photo="35 mm", lighting="dusk", colors=["#00FF00"]),
)
WIRE = {
    "high_level_description": "A poster",
    "style_description": {"lighting": "dusk", "photo": "35 mm", "color_palette": ["#00FF00"]},
    "compositional_deconstruction": {
        "background": "blue paper",
        "elements": [
            {
                "type": "text",
                "bbox": [60, 100, 260, 900],
                "text": "SALE",
                "desc": "bold, red",
                "color_palette": ["#FF0000"],
            },
            {"type": "obj", "bbox": [300, 100, 900, 800], "desc": "a cat"},
            {"type": "obj", "desc": "a mouse"},
        ],
    },
}


def test_a_prompt_is_sent_with_the_keys_of_the_contract_in_its_order() -> None:
    service = Service()
    made = generate("sync", service, json_prompt=POSTER)
    assert json.dumps(WIRE, separators=(",", ":")).encode() in service.bodies[0]
    assert json.dumps(made.request["json_prompt"]) == json.dumps(WIRE)
    model = V4ObjPromptElement(type_="obj", desc="of the contract")
    mixed = JsonPrompt("Mixed", background="b", elements=[model, SALE])
    assert generate("sync", service, json_prompt=mixed).request["json_prompt"]["compositional_deconstruction"][
        "elements"
    ][0] == {"type": "obj", "desc": "of the contract"}
    assert (len(SALE), SALE["text"], "style_description" in JsonPrompt("a", background="b")) == (5, "SALE", False)
    assert SALE == {**SALE}
    assert ObjectElement("a dog") == {"type": "obj", "desc": "a dog"}


def test_a_prompt_reads_as_it_is_written() -> None:
    assert repr(SALE) == (
        "TextElement('SALE', desc='bold, red', box=Box(y_min=60, x_min=100, y_max=260, x_max=900), colors=['#FF0000'])"
    )
    names = {name: getattr(ideogram, name) for name in ("Box", "JsonPrompt", "ObjectElement", "Style", "TextElement")}
    assert eval(repr(POSTER), names) == POSTER
    assert repr(Style(photo="35 mm")) == "Style(photo='35 mm')"


def test_boxes_are_made_of_pixels_and_fractions_and_read_back() -> None:
    assert Box.pixels(512, 0, 2048, 1024, size="2048x1024") == Box(0, 250, 1000, 1000)
    assert Box.pixels(512, 0, 2048, 1024, size=(2048, 1024)) == Box.fractions(0.25, 0, 1, 1)
    assert Box(0, 250, 1000, 1000).to_pixels("2048x1024") == (512, 0, 2048, 1024)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "bbox/2: y_max is 1200: give an integer from 0 to 1000": (lambda: sale_at([0, 0, 1200, 5]), "/bbox/2"),
    "bbox/0: y_min is 0.5": (lambda: sale_at([0.5, 0, 1, 1]), "/bbox/0"),
    "bbox/3: x_max is True": (lambda: sale_at([0, 0, 1, True]), "/bbox/3"),
    "bbox: [9, 0, 1, 1]: give y_min, x_min, y_max, x_max, and no max below its min": (
        lambda: sale_at([9, 0, 1, 1]),
        "/bbox",
    ),
    "bbox: '0 0 1 1' is not a box": (lambda: sale_at("0 0 1 1"), "/bbox"),
    "bbox: right is 3000: give a number from 0 to 2048": (lambda: Box.pixels(0, 0, 3000, 1, size="2048x2048"), "/bbox"),
    "bbox: left is 'a'": (lambda: Box.fractions("a", 0, 1, 1), "/bbox"),  # type: ignore[arg-type]
    "bbox: left and right are 0.5 and 0.2": (lambda: Box.fractions(0.5, 0, 0.2, 1), "/bbox"),
    "bbox: size is 'huge'": (lambda: Box.pixels(0, 0, 1, 1, size="huge"), "/bbox"),
    "bbox: size is 7": (lambda: Box(0, 0, 1, 1).to_pixels(7), "/bbox"),  # type: ignore[arg-type]
    "bbox: size is '0x5'": (lambda: Box.pixels(0, 0, 1, 1, size="0x5"), "/bbox"),
    "color_palette/1: 'red' is not a colour": (lambda: Style(colors=["#000000", "red"]), "/color_palette/1"),
    "color_palette: '#000000' is one text": (lambda: Style(colors="#000000"), "/color_palette"),
    "desc: int is not text": (lambda: ObjectElement(3), "/desc"),  # type: ignore[arg-type]
    "compositional_deconstruction/elements/1: str is not an element": (
        lambda: JsonPrompt("a", background="b", elements=[SALE, "SALE"]),
        "/compositional_deconstruction/elements/1",
    ),
    "compositional_deconstruction/elements/0: Style is not an element": (
        lambda: JsonPrompt("a", background="b", elements=[Style()]),
        "/compositional_deconstruction/elements/0",
    ),
    "resolution: '2048x2049' is not one of the contract's values. Near it: 2048x2048": (
        lambda: ideogram.parse_resolution("2048x2049"),
        "/resolution",
    ),
    "aspect_ratio: 'wide' is not one of the contract's values": (
        lambda: ideogram.parse_aspect_ratio("wide"),
        "/aspect_ratio",
    ),
    "rendering_speed: 3 is not": (lambda: ideogram.parse_rendering_speed(3), "/rendering_speed"),  # type: ignore[arg-type]
}


def sale_at(box: Any) -> TextElement:
    return TextElement("SALE", desc="red", box=box)


def test_what_is_refused_names_the_place_the_value_and_the_cure() -> None:
    for message, (make, pointer) in REFUSED.items():
        with case(message):
            error = raised(FieldValueError, make)
            assert error.message.startswith(message)
            assert error.message.endswith("Nothing was sent, nothing billed.")
            assert error.pointer == pointer


def test_values_are_read_from_a_text() -> None:
    assert ideogram.parse_resolution("2048 \N{MULTIPLICATION SIGN} 2048") == "2048x2048"
    assert [ideogram.parse_aspect_ratio(text) for text in ("16:9", "16x9", "auto")] == ["16x9", "16x9", "AUTO"]
    assert ideogram.parse_rendering_speed(" turbo") == "TURBO"
    assert "1024x1024" in str(ideogram.Resolution)
    assert "TURBO" in str(ideogram.RenderingSpeed)
    assert "4x5" in str(ideogram.AspectRatio)
