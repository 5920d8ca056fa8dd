"""What may be asked for: the prompt rule, the sizes, the speeds, and the layout of a structured prompt.

The expected facts are few and independent of the contract's text: counts, sums and properties that the provider's list
had when it was read. When the provider changes the list, they change with it.
"""

from collections.abc import Callable

from contract_document import Node

IsValid = Callable[[str, object], bool]

REQUEST = "GenerateImageRequestV4"
JSON_PROMPT = {
    "high_level_description": "a cat",
    "compositional_deconstruction": {"background": "grey", "elements": []},
}
RULES = {"text_prompt": "a cat", "json_prompt": JSON_PROMPT}


def with_element(element: object) -> Node:
    return {**JSON_PROMPT, "compositional_deconstruction": {"background": "grey", "elements": [element]}}


def sizes(schemas: Node) -> list[tuple[int, int]]:
    pairs = [value.split("x") for value in schemas["ResolutionV4"]["enum"]]
    return [(int(width), int(height)) for width, height in pairs]


def test_exactly_one_prompt_is_taken(is_valid: IsValid) -> None:
    others: list[Node] = [{}, {"resolution": "1024x1024", "rendering_speed": "TURBO"}, {"a_new_field": 1}]
    for rest in others:
        assert is_valid(REQUEST, {"text_prompt": RULES["text_prompt"], **rest})
        assert is_valid(REQUEST, {"json_prompt": RULES["json_prompt"], **rest})
        assert not is_valid(REQUEST, {**RULES, **rest})
        assert not is_valid(REQUEST, rest)


def test_a_transparent_image_has_the_same_rule_and_a_shape_in_place_of_a_size(is_valid: IsValid, schemas: Node) -> None:
    name = "GenerateTransparentImageRequestV4"
    assert schemas[name]["oneOf"] == schemas[REQUEST]["oneOf"]
    assert "required" not in schemas[name]
    for field, value, allowed in [
        ("aspect_ratio", "16x9", True),
        ("aspect_ratio", "16:9", False),
        ("output_resolution", "8K", True),
        ("output_resolution", "2048x2048", False),
        ("rendering_speed", "QUALITY", True),
        ("rendering_speed", "FLASH", False),
        ("resolution", "2048x2048", True),  # unknown to the operation, which a hint says, and not forbidden
    ]:
        assert is_valid(name, {"text_prompt": "a cat", field: value}) is allowed, (field, value)
    ratios = schemas["AspectRatioV4"]["enum"]
    assert len(set(ratios)) == len(ratios) == 18
    assert {"x".join(reversed(ratio.split("x"))) for ratio in ratios[1:]} == set(ratios[1:])


def test_an_image_is_sent_as_a_file_and_needs_its_name(is_valid: IsValid, operations: dict[str, Node]) -> None:
    for name, fields in [
        ("RemixImageRequestV4", {"image": "", "text_prompt": "a"}),
        ("DescribeRequestV4", {"image_file": ""}),
    ]:
        assert is_valid(name, fields)
        for missing in fields:
            assert not is_valid(name, {key: value for key, value in fields.items() if key != missing})
    for weight, allowed in [(1, True), (100, True), (0, False), (101, False), ("60", False)]:
        assert is_valid("RemixImageRequestV4", {"image": "", "text_prompt": "a", "image_weight": weight}) is allowed
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


def test_the_request_has_the_five_public_fields_and_requires_none_by_name(schemas: Node) -> None:
    assert list(schemas[REQUEST]["properties"]) == [
        "text_prompt",
        "json_prompt",
        "resolution",
        "rendering_speed",
        "enable_copyright_detection",
    ]
    assert "required" not in schemas[REQUEST]


def test_there_are_38_sizes_and_the_first_21_are_the_2k_ones(schemas: Node) -> None:
    areas = [width * height for width, height in sizes(schemas)]
    assert len(set(sizes(schemas))) == len(areas) == 38
    assert min(areas[:21]) > max(areas[21:])
    assert (sum(areas[:21]), sum(areas)) == (83_516_416, 104_468_480)
    assert sizes(schemas)[0] == (2048, 2048)


def test_every_size_has_its_transpose_and_fits_the_models_grid(schemas: Node) -> None:
    assert {(height, width) for width, height in sizes(schemas)} == set(sizes(schemas))
    assert all(side % 16 == 0 for size in sizes(schemas) for side in size)
    assert all(max(size) <= 3 * min(size) for size in sizes(schemas))


def test_a_size_outside_the_list_is_no_valid_request(is_valid: IsValid) -> None:
    assert is_valid("ResolutionV4", "2048x2048")
    for invented in ["2048X2048", "2048x2047", "ASPECT_1_1", "1:1", " 2048x2048", 2048, None]:
        assert not is_valid("ResolutionV4", invented), invented


def test_there_are_four_speeds_and_one_is_the_default(schemas: Node, is_valid: IsValid) -> None:
    assert schemas["RenderingSpeedV4"]["enum"] == ["FLASH", "TURBO", "DEFAULT", "QUALITY"]
    assert schemas["RenderingSpeedV4"]["default"] == "DEFAULT"
    assert not is_valid("RenderingSpeedV4", "turbo")


def test_copyright_detection_is_a_boolean_or_null(is_valid: IsValid) -> None:
    for value, allowed in [(True, True), (False, True), (None, True), ("true", False), (1, False)]:
        assert is_valid(REQUEST, {"text_prompt": "a", "enable_copyright_detection": value}) is allowed, value


def test_a_structured_prompt_needs_its_two_parts(is_valid: IsValid) -> None:
    assert is_valid("V4JsonPrompt", JSON_PROMPT)
    for missing in ["high_level_description", "compositional_deconstruction"]:
        assert not is_valid("V4JsonPrompt", {key: value for key, value in JSON_PROMPT.items() if key != missing})


def test_a_style_requires_nothing(is_valid: IsValid) -> None:
    assert is_valid("V4StyleDescription", {})
    assert is_valid("V4StyleDescription", {"photo": "35 mm", "art_style": "cubist"}), "one of both is advice only"
    assert not is_valid("V4StyleDescription", {"lighting": ["soft"]})


def test_an_element_is_an_object_or_a_text(is_valid: IsValid) -> None:
    for element, allowed in [
        ({"type": "obj", "desc": "a cat"}, True),
        ({"type": "text", "text": "MEOW", "desc": "capitals"}, True),
        ({"type": "obj", "desc": "a cat", "text": "a key of the other kind"}, True),
        ({"type": "obj"}, False),
        ({"type": "text", "desc": "no text"}, False),
        ({"type": "text", "text": "no desc"}, False),
        ({"type": "image", "desc": "a kind that is not there"}, False),
        ({"desc": "no type"}, False),
    ]:
        assert is_valid("V4JsonPrompt", with_element(element)) is allowed, element


def test_a_box_is_four_integers_of_0_to_1000(is_valid: IsValid) -> None:
    for bbox, allowed in [
        ([0, 0, 1000, 1000], True),
        ([900, 900, 100, 100], True),  # nobody says that min may not be above max
        ([0, 0, 1000], False),
        ([0, 0, 1000, 1000, 1000], False),
        ([-1, 0, 1000, 1000], False),
        ([0, 0, 1000, 1001], False),
        ([0, 0, 0.5, 1], False),
        (["0", 0, 1, 1], False),
        ([], False),
    ]:
        assert is_valid("V4PromptBbox", bbox) is allowed, bbox
        element = {"type": "obj", "desc": "a", "bbox": bbox}
        assert is_valid("V4JsonPrompt", with_element(element)) is allowed, bbox


def test_a_colour_is_a_hash_and_six_hex_digits(is_valid: IsValid) -> None:
    for palette, allowed in [
        ([], True),
        (["#0B1D3A", "#f2b705"], True),
        (["#000000"] * 17, True),  # at most 16 is advice
        (["#0B1D3"], False),
        (["#0B1D3A0"], False),
        (["0B1D3A"], False),
        (["#0B1D3G"], False),
        (["red"], False),
        ("#0B1D3A", False),
    ]:
        assert is_valid("V4ColorPalette", palette) is allowed, palette
        assert is_valid("V4StyleDescription", {"color_palette": palette}) is allowed, palette
        element = {"type": "obj", "desc": "a", "color_palette": palette}
        assert is_valid("V4JsonPrompt", with_element(element)) is allowed, palette


def test_what_the_provider_excludes_in_prose_is_excluded_by_the_schemas(is_valid: IsValid) -> None:
    excluded: list[tuple[str, Node, Node, Node]] = [
        ("GenerateImageRequestV3", {"prompt": "a"}, {"resolution": "1024x1024"}, {"aspect_ratio": "1x1"}),
        ("GenerateImageRequestV3", {"prompt": "a"}, {"style_codes": ["0123abCD"]}, {"style_type": "DESIGN"}),
        ("EditImageRequestV3", {"prompt": "a", "image": "", "mask": ""}, {"style_codes": []}, {"style_type": "AUTO"}),
        ("RemixImageRequestV3", {"prompt": "a", "image": ""}, {"resolution": "1024x1024"}, {"aspect_ratio": "1x1"}),
        (
            "ReframeImageRequestV3",
            {"image": "", "resolution": "1024x1024"},
            {"style_codes": []},
            {"style_reference_images": []},
        ),
        (
            "ReplaceBackgroundRequestV3",
            {"image": "", "prompt": "a"},
            {"style_codes": []},
            {"style_reference_images": []},
        ),
        ("V1EditImagesRequest", {"prompt": "a", "images": [""]}, {"resolution": "1024x1024"}, {"aspect_ratio": "1x1"}),
        ("ColorPaletteWithPresetNameOrMembers", {}, {"name": "EMBER"}, {"members": [{"color_hex": "#fff"}]}),
    ]
    for name, least, one, other in excluded:
        assert is_valid(name, least | one), (name, one)
        assert is_valid(name, least | other), (name, other)
        assert not is_valid(name, least | one | other), (name, one, other)
    assert not is_valid("V1EditImagesRequest", {"prompt": "a"})
    for urls in ({"image_urls": [""]}, {"image_urls": [""], "images": [""]}):
        assert is_valid("V1EditImagesRequest", {"prompt": "a", **urls})
    masks = {"prompt": "a", "character_reference_images": [""], "character_reference_images_mask": [""]}
    assert is_valid("GenerateImageRequestV3", masks)
    assert not is_valid("GenerateImageRequestV3", {**masks, "character_reference_images": ["", ""]})


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


def test_the_structured_prompt_travels_as_json(operation: Node) -> None:
    assert list(operation["requestBody"]["content"]) == ["multipart/form-data"]
    encoding = operation["requestBody"]["content"]["multipart/form-data"]["encoding"]
    assert encoding == {"json_prompt": {"contentType": "application/json"}}
    assert operation["requestBody"]["required"] is True


def test_the_key_goes_into_a_header_of_its_own(contract: Node) -> None:
    (requirement,) = contract["security"]
    (name,) = requirement
    scheme = contract["components"]["securitySchemes"][name]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Api-Key")
    assert [server["url"] for server in contract["servers"]] == ["https://api.ideogram.ai"]
