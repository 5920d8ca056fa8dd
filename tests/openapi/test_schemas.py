"""What may be asked for, and what may come back: the schemas of the contract, tried with what they allow and refuse.

The expected facts are few and independent of the contract's text: counts, sums and properties that the provider's list
had when it was read. When the provider changes the list, they change with it. Of responses the money is spent by then,
so nothing that is merely new may break a client.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest
from contract_document import Node, reachable

IsValid = Callable[[str, object], bool]

REQUEST, RESPONSE = "GenerateImageRequestV4", "GenerateImageResponseV4"
TEXT = {"text_prompt": "a cat"}
PROMPT = {"high_level_description": "a cat", "compositional_deconstruction": {"background": "grey", "elements": []}}
JSON = {"json_prompt": PROMPT}
IMAGE = {"prompt": "a cat", "resolution": "2048x2048", "is_image_safe": True, "seed": 12345}
LINK = "https://ideogram.ai/api/images/ephemeral/a.png?exp=1743867804&sig=e1"
JOB = {"generation_id": "Wg7zS0mJQ5ChT2c9rK1xAA", "status": "completed", "created": "2026-10-07T12:00:00Z"}
OF_IMAGE = {**IMAGE, "object_type": "image.generation", "asset_id": None}
WITHHELD = {key: value for key, value in IMAGE.items() if key != "url"} | {"is_image_safe": False}


WRONG_OF_JOBS: list[Node] = [{"status": 1}, {"data": {}}, {"usage_cost_usd_micros": -1}, {"created": "no"}]
PROMPTS_OF_TOMORROW: list[Any] = [{"scenes": []}, None, "text"]


def with_element(**element: object) -> Node:
    return {**PROMPT, "compositional_deconstruction": {"background": "grey", "elements": [element]}}


def answer(**changes: object) -> Node:
    return {"created": "2026-10-07T12:00:00Z", "data": [{**IMAGE, "url": LINK}], **changes}


def of_image(**changes: object) -> Node:
    return answer(data=[{**IMAGE, **changes}])


def without(each: Node) -> list[Node]:
    """An object without each of its members."""
    return [{key: value for key, value in each.items() if key != missing} for missing in each]


def elsewhere(field: str, *values: object, least: Node = TEXT) -> list[Node]:
    """A request with each of these values in a field."""
    return [{**least, field: value} for value in values]


OTHERS: list[Node] = [{}, {"resolution": "1024x1024", "rendering_speed": "TURBO"}, {"a_new_field": 1}]
REMIX = {"image": "", "text_prompt": "a"}
TRANSPARENT = "GenerateTransparentImageRequestV4"
BOXES = [[0, 0, 1000, 1000], [900, 900, 100, 100]]  # nobody says that min may not be above max
NO_BOXES = [
    *([0, 0, 1000], [0, 0, 1000, 1000, 1000], [-1, 0, 1000, 1000], [0, 0, 1000, 1001], [0, 0, 0.5, 1]),
    *(["0", 0, 1, 1], []),
]
PALETTES = [[], ["#0B1D3A", "#f2b705"], ["#000000"] * 17]  # at most 16 is advice
NO_PALETTES = [["#0B1D3"], ["#0B1D3A0"], ["0B1D3A"], ["#0B1D3G"], ["red"], "#0B1D3A"]
V3, EDIT = {"prompt": "a"}, {"prompt": "a", "images": [""]}
MASKS = {"prompt": "a", "character_reference_images": [""], "character_reference_images_mask": [""]}
REFRAME, REPLACE = {"image": "", "resolution": "1024x1024"}, {"image": "", "prompt": "a"}
V3_EDIT = {"prompt": "a", "image": "", "mask": ""}
SIZE, RATIO = {"resolution": "1024x1024"}, {"aspect_ratio": "1x1"}
CODES: Node = {"style_codes": []}
REFERENCES: Node = {"style_reference_images": []}
NAME, MEMBERS = {"name": "EMBER"}, {"members": [{"color_hex": "#fff"}]}


def excluding(least: Node, one: Node, other: Node) -> tuple[list[Any], list[Any]]:
    """Fields that the provider excludes in prose."""
    return [least | one, least | other], [least | one | other]


JUDGED: list[tuple[str, list[Any], list[Any]]] = [
    (REQUEST, [prompt | rest for rest in OTHERS for prompt in (TEXT, JSON)], [TEXT | JSON | rest for rest in OTHERS]),
    (REQUEST, [], [*OTHERS]),
    (
        REQUEST,
        [*elsewhere("enable_copyright_detection", True, False, None)],
        [*elsewhere("enable_copyright_detection", "true", 1)],
    ),
    (TRANSPARENT, [*elsewhere("aspect_ratio", "16x9")], [*elsewhere("aspect_ratio", "16:9")]),
    (TRANSPARENT, [*elsewhere("output_resolution", "8K")], [*elsewhere("output_resolution", "2048x2048")]),
    (TRANSPARENT, [*elsewhere("rendering_speed", "QUALITY")], [*elsewhere("rendering_speed", "FLASH")]),
    # Unknown to the operation, which a hint says, and not forbidden.
    (TRANSPARENT, [*elsewhere("resolution", "2048x2048")], []),
    ("RemixImageRequestV4", [REMIX], [*without(REMIX)]),
    (
        "RemixImageRequestV4",
        [*elsewhere("image_weight", 1, 100, least=REMIX)],
        [*elsewhere("image_weight", 0, 101, "60", least=REMIX)],
    ),
    ("DescribeRequestV4", [{"image_file": ""}], [{}]),
    ("ResolutionV4", ["2048x2048"], ["2048X2048", "2048x2047", "ASPECT_1_1", "1:1", " 2048x2048", 2048, None]),
    ("RenderingSpeedV4", ["TURBO"], ["turbo"]),
    ("V4JsonPrompt", [PROMPT], [*without(PROMPT)]),
    # One of both is advice only.
    ("V4StyleDescription", [{}, {"photo": "35 mm", "art_style": "cubist"}], [{"lighting": ["soft"]}]),
    (
        "V4JsonPrompt",
        [
            with_element(type="obj", desc="a cat"),
            with_element(type="text", text="MEOW", desc="capitals"),
            with_element(type="obj", desc="a cat", text="a key of the other kind"),
        ],
        [
            with_element(type="obj"),
            with_element(type="text", desc="no text"),
            with_element(type="text", text="no desc"),
            with_element(type="image", desc="a kind that is not there"),
            with_element(desc="no type"),
        ],
    ),
    ("V4PromptBbox", [*BOXES], [*NO_BOXES]),
    ("V4ColorPalette", [*PALETTES], [*NO_PALETTES]),
    (
        "V4JsonPrompt",
        [with_element(type="obj", desc="a", bbox=box, color_palette=[]) for box in BOXES],
        [with_element(type="obj", desc="a", bbox=box) for box in NO_BOXES],
    ),
    (
        "V4StyleDescription",
        [{"color_palette": palette} for palette in PALETTES],
        [{"color_palette": palette} for palette in NO_PALETTES],
    ),
    ("GenerateImageRequestV3", *excluding(V3, SIZE, RATIO)),
    ("GenerateImageRequestV3", *excluding(V3, {"style_codes": ["0123abCD"]}, {"style_type": "DESIGN"})),
    ("EditImageRequestV3", *excluding(V3_EDIT, CODES, {"style_type": "AUTO"})),
    ("RemixImageRequestV3", *excluding(REPLACE, SIZE, RATIO)),
    ("ReframeImageRequestV3", *excluding(REFRAME, CODES, REFERENCES)),
    ("ReplaceBackgroundRequestV3", *excluding(REPLACE, CODES, REFERENCES)),
    ("V1EditImagesRequest", *excluding(EDIT, SIZE, RATIO)),
    ("ColorPaletteWithPresetNameOrMembers", *excluding({}, NAME, MEMBERS)),
    ("V1EditImagesRequest", [V3 | {"image_urls": [""]}, EDIT | {"image_urls": [""]}], [V3]),
    ("GenerateImageRequestV3", [MASKS], [{**MASKS, "character_reference_images": ["", ""]}]),
    # Responses.
    (
        RESPONSE,
        [
            answer(created=created)
            for created in (
                "2000-01-23 04:56:07+00:00",  # as the provider's page prints it
                *("2000-01-23T04:56:07+00:00", "2000-01-23T04:56:07Z", "2000-01-23T04:56:07.123456Z"),
                *("2000-01-23 04:56:07", "2000-01-23T04:56:07-0330"),
            )
        ],
        [answer(created=no) for no in ("2000-01-23", "yesterday", "2000-01-23T04:56:07Z and more", 948603367)],
    ),
    (RESPONSE, [answer()], [*without(answer())]),
    (RESPONSE, [answer(data=[IMAGE])], [answer(data=[cut]) for cut in without(IMAGE)]),
    (
        RESPONSE,
        [of_image(url=url) for url in (LINK, None, "", "http://127.0.0.1:1/a.png")],
        [of_image(url=url) for url in ("not a link", 7)],
    ),
    (
        RESPONSE,
        [
            of_image(resolution="4096x4096"),  # in no list of sizes that can be asked for
            *(of_image(seed=seed) for seed in (0, 2**31 - 1)),
            of_image(a_new_field={"with": ["anything"]}),
        ],
        [
            *(of_image(resolution=no) for no in ("2048", "0x0")),
            *(of_image(seed=no) for no in (2**31, -1, "12345")),
            of_image(is_image_safe="true"),
        ],
    ),
    (RESPONSE, [answer(response_type="video", generation_id="g1", data=[])], []),
    (
        RESPONSE,
        [answer(notice=any_kind) for any_kind in ("A newer version.", {"text": "A"}, ["two", "words"], None)],
        [],
    ),
    (
        "PromptSafetyError",
        [{"error": "unsafe"}, {"error": {"code": 1}}, {}, {"error": "unsafe", "more": 1}],
        [{"error": 7}],
    ),
    ("UndocumentedProblem", [{}, {"status": "400"}, [], "text", None, 7], []),
    ("UndocumentedRejection", [{}, {"reject_reason": "a new one"}, [], "text", None, 7], []),
    ("ProblemDetails", [{"type": "about:blank", "title": "t", "detail": "d", "status": 400}], [{"status": "400"}]),
    (
        "Rejection",
        [{"error": "e", "reject_reason": "a new one", "task_completion_speed": 0.5}],
        [{"max_inflight_requests": "10"}],
    ),
    (
        "GenerationResponse",
        [
            *(JOB | {"status": status} for status in ("completed", "pending", "queued")),
            JOB | {"status": "failed", "failure_reason": "a_new_one"},
            JOB | {"data": []},
            JOB | {"data": [{**IMAGE, "url": LINK}, WITHHELD, {**OF_IMAGE, "url": None}]},
            JOB | {"data": [{"object_type": "svg.generation", "url": LINK, "mime_type": "image/svg+xml", "width": 1}]},
            JOB | {"data": [{"object_type": "of.tomorrow", "parts": [1]}, 7], "usage_cost_usd_micros": 0},
        ],
        [*(JOB | wrong for wrong in WRONG_OF_JOBS), *without(JOB)],
    ),
    ("GenerationObject", [IMAGE, OF_IMAGE], [*without(IMAGE)]),
    # A structured prompt of tomorrow is no breach.
    ("DescribeResponseV4", [{"json_prompt": prompt} for prompt in PROMPTS_OF_TOMORROW], [{}]),
    (
        "MagicPromptV4Response",
        [{"json_prompt": prompt, "aspect_ratio": "7x5"} for prompt in PROMPTS_OF_TOMORROW],
        [{"json_prompt": {}}],
    ),
]


@pytest.mark.parametrize(("name", "allowed", "refused"), JUDGED, ids=[each[0] for each in JUDGED])
def test_a_schema_allows_and_refuses(name: str, allowed: list[Any], refused: list[Any], is_valid: IsValid) -> None:
    assert [each for each in allowed if not is_valid(name, each)] == []
    assert [each for each in refused if is_valid(name, each)] == []


# Requests.


def test_a_transparent_image_has_the_same_rule_and_a_shape_in_place_of_a_size(schemas: Node) -> None:
    assert schemas[TRANSPARENT]["oneOf"] == schemas[REQUEST]["oneOf"]
    assert "required" not in schemas[TRANSPARENT]
    ratios = schemas["AspectRatioV4"]["enum"]
    assert len(set(ratios)) == len(ratios) == 18
    assert {"x".join(reversed(ratio.split("x"))) for ratio in ratios[1:]} == set(ratios[1:])


def test_bodies_are_multipart_but_for_four(operations: dict[str, Node]) -> None:
    bodies = {name: list(op["requestBody"]["content"]) for name, op in operations.items() if "requestBody" in op}
    for name in ("post_magic_prompt_v4", "post_generate_image", "create_dataset", "train_model_v3"):
        assert bodies.pop(name) == ["application/json"]
    assert len(bodies) == 23
    assert all(kinds == ["multipart/form-data"] for kinds in bodies.values())


def test_a_job_may_be_announced_and_is_asked_for_by_its_id(contract: Node, operations: dict[str, Node]) -> None:
    places = {name: [p["$ref"].rpartition("/")[2] for p in op.get("parameters", [])] for name, op in operations.items()}
    asynchronous = {name for name in operations if name.endswith("_async")}
    assert len(asynchronous) == 3
    assert {name: found for name, found in places.items() if found} == {
        **{name: ["WebhookUrl"] for name in asynchronous},
        "get_generation": ["GenerationId"],
        "list_datasets": ["DatasetSearch"],
        **{key: ["DatasetId"] for key in ("get_dataset", "upload_dataset_assets")},
        "list_custom_models": ["ModelScope", "ModelStatuses"],
        "get_custom_model": ["ModelId"],
    }
    hook = contract["components"]["parameters"]["WebhookUrl"]
    assert (hook["name"], hook["in"], hook["required"]) == ("webhook_url", "query", False)
    for twin in asynchronous:
        assert operations[twin]["requestBody"]["content"].keys() == {"multipart/form-data"}
        same, own = operations[twin.removesuffix("_async")]["requestBody"], operations[twin]["requestBody"]
        assert same["content"]["multipart/form-data"]["schema"] == own["content"]["multipart/form-data"]["schema"]


def test_the_request_has_the_five_public_fields_and_requires_none_by_name(schemas: Node, operation: Node) -> None:
    fields = ["text_prompt", "json_prompt", "resolution", "rendering_speed", "enable_copyright_detection"]
    assert list(schemas[REQUEST]["properties"]) == fields
    assert "required" not in schemas[REQUEST]
    assert schemas["RenderingSpeedV4"]["enum"] == ["FLASH", "TURBO", "DEFAULT", "QUALITY"]
    assert schemas["RenderingSpeedV4"]["default"] == "DEFAULT"
    assert list(operation["requestBody"]["content"]) == ["multipart/form-data"]
    encoding = operation["requestBody"]["content"]["multipart/form-data"]["encoding"]
    assert encoding == {"json_prompt": {"contentType": "application/json"}}
    assert operation["requestBody"]["required"] is True


def test_there_are_38_sizes_and_the_first_21_are_the_2k_ones(schemas: Node) -> None:
    """Each has its transpose, and fits the grid of the model."""
    pairs = [value.split("x") for value in schemas["ResolutionV4"]["enum"]]
    sizes = [(int(width), int(height)) for width, height in pairs]
    areas = [width * height for width, height in sizes]
    assert len(set(sizes)) == len(areas) == 38
    assert min(areas[:21]) > max(areas[21:])
    assert (sum(areas[:21]), sum(areas)) == (83_516_416, 104_468_480)
    assert sizes[0] == (2048, 2048)
    assert {(height, width) for width, height in sizes} == set(sizes)
    assert all(side % 16 == 0 for size in sizes for side in size)
    assert all(max(size) <= 3 * min(size) for size in sizes)


def test_the_older_operations_have_lists_of_their_own(schemas: Node, operations: dict[str, Node]) -> None:
    """Counted where the provider's documents of May, July and October 2026 agree."""
    counts = {"ResolutionV3": 69, "AspectRatioV3": 15, "StylePresetV3": 62, "AspectRatio": 11, "Resolution": 78}
    assert {name: len(set(schemas[name]["enum"])) for name in counts} == counts
    required = {
        operation["x-method"]: schemas[media["schema"]["$ref"].rpartition("/")[2]].get("required", [])
        for operation in operations.values()
        for media in operation.get("requestBody", {"content": {}})["content"].values()
    }
    assert {name: fields for name, fields in required.items() if "." in name} == {
        **{key: ["prompt"] for key in ("v3.generate", "v3.generate_transparent")},
        **{key: ["image", "mask", "prompt"] for key in ("v3.inpaint", "v3.edit")},
        **{key: ["image", "prompt"] for key in ("v3.remix", "v3.replace_background")},
        "v3.reframe": ["image", "resolution"],
        "v3.layerize_text": ["image"],
        "legacy.generate": ["image_request"],
        "legacy.remix": ["image_request", "image_file"],
        "legacy.edit": ["image_file", "mask", "prompt", "model"],
        "legacy.reframe": ["image_file", "resolution", "model"],
        "datasets.create": ["name"],
        "datasets.upload_assets": ["files"],
        "models.train": ["dataset_id", "model_name"],
    }


def test_the_key_goes_into_a_header_of_its_own(contract: Node) -> None:
    (requirement,) = contract["security"]
    (name,) = requirement
    scheme = contract["components"]["securitySchemes"][name]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Api-Key")
    assert [server["url"] for server in contract["servers"]] == ["https://api.ideogram.ai"]


# Responses.


def test_no_answer_closes_a_list_of_values(contract: Node, schemas: Node, operation: Node) -> None:
    """But for the structured prompts that magic prompt and describe answer with, beside which anything is allowed."""
    opened: Node = deepcopy(contract)
    for name in ("MagicPromptV4Response", "DescribeResponseV4"):
        prompt, anything = opened["components"]["schemas"][name]["properties"]["json_prompt"]["anyOf"]
        assert (list(prompt), list(anything)) == (["$ref"], ["description"])
        del prompt["$ref"]
    answers = [operation["responses"] for item in opened["paths"].values() for operation in item.values()]
    seen = list(reachable(opened, answers))
    deep = (
        "ImageObjectV4/properties/seed",
        "GenerationObject/allOf/1/properties/asset_id",
        "WebhookSigningJwk/properties/x",
    )
    assert {place for place, _ in seen} >= set(deep), "the walk reached what is inside"
    assert [place for place, node in seen if {"enum", "const", "discriminator"} & node.keys()] == []
    assert "notice" in schemas[RESPONSE]["properties"]
    closed = [place for place, node in reachable(contract, operation["requestBody"]) if {"enum", "const"} & node.keys()]
    kinds = [f"V4{kind}PromptElement/properties/type" for kind in ("Obj", "Text")]
    assert sorted(closed) == ["RenderingSpeedV4", "ResolutionV4", *kinds], "the walk finds closed lists where they are"
