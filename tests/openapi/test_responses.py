"""What may come back. The money is spent by then, so nothing that is merely new may break a client."""

from collections.abc import Callable
from copy import deepcopy

from contract_document import Node, reachable

IsValid = Callable[[str, object], bool]

RESPONSE = "GenerateImageResponseV4"
IMAGE = {"prompt": "a cat", "resolution": "2048x2048", "is_image_safe": True, "seed": 12345}
LINK = "https://ideogram.ai/api/images/ephemeral/a.png?exp=1743867804&sig=e1"


def answer(**changes: object) -> Node:
    return {"created": "2026-10-07T12:00:00Z", "data": [{**IMAGE, "url": LINK}], **changes}


def test_no_answer_closes_a_list_of_values(contract: Node) -> None:
    """But for the structured prompts that magic prompt and describe answer with, beside which anything is allowed."""
    opened: Node = deepcopy(contract)
    for name in ("MagicPromptV4Response", "DescribeResponseV4"):
        prompt, anything = opened["components"]["schemas"][name]["properties"]["json_prompt"]["anyOf"]
        assert (list(prompt), list(anything)) == (["$ref"], ["description"])
        del prompt["$ref"]
    answers = [operation["responses"] for item in opened["paths"].values() for operation in item.values()]
    seen = list(reachable(opened, answers))
    for place in (
        "ImageObjectV4/properties/seed",
        "GenerationObject/allOf/1/properties/asset_id",
        "WebhookSigningJwk/properties/x",
    ):
        assert place in {place for place, _ in seen}, "the walk reached what is inside"
    assert [place for place, node in seen if {"enum", "const", "discriminator"} & node.keys()] == []


def test_the_walk_finds_closed_lists_where_they_are(contract: Node, operation: Node) -> None:
    closed = [place for place, node in reachable(contract, operation["requestBody"]) if {"enum", "const"} & node.keys()]
    assert sorted(closed) == [
        "RenderingSpeedV4",
        "ResolutionV4",
        "V4ObjPromptElement/properties/type",
        "V4TextPromptElement/properties/type",
    ]


def test_created_is_a_date_and_time_in_the_forms_that_occur(is_valid: IsValid) -> None:
    for created, allowed in [
        ("2000-01-23 04:56:07+00:00", True),  # as the provider's page prints it
        ("2000-01-23T04:56:07+00:00", True),
        ("2000-01-23T04:56:07Z", True),
        ("2000-01-23T04:56:07.123456Z", True),
        ("2000-01-23 04:56:07", True),
        ("2000-01-23T04:56:07-0330", True),
        ("2000-01-23", False),
        ("yesterday", False),
        ("2000-01-23T04:56:07Z and more", False),
        (948603367, False),
    ]:
        assert is_valid(RESPONSE, answer(created=created)) is allowed, created


def test_an_answer_without_its_two_parts_breaks_the_contract(is_valid: IsValid) -> None:
    assert is_valid(RESPONSE, answer())
    for missing in ["created", "data"]:
        assert not is_valid(RESPONSE, {key: value for key, value in answer().items() if key != missing})


def test_an_image_needs_all_but_its_link(is_valid: IsValid) -> None:
    assert is_valid(RESPONSE, answer(data=[IMAGE]))
    for missing in sorted(IMAGE):
        cut = {key: value for key, value in IMAGE.items() if key != missing}
        assert not is_valid(RESPONSE, answer(data=[cut])), missing


def test_the_link_of_a_withheld_image_is_null_or_empty(is_valid: IsValid) -> None:
    links = [
        (LINK, True),
        (None, True),
        ("", True),
        ("http://127.0.0.1:1/a.png", True),
        ("not a link", False),
        (7, False),
    ]
    for url, allowed in links:
        assert is_valid(RESPONSE, answer(data=[{**IMAGE, "url": url}])) is allowed, url


def test_an_image_may_be_new_but_not_of_another_kind(is_valid: IsValid) -> None:
    for field, value, allowed in [
        ("resolution", "4096x4096", True),  # in no list of sizes that can be asked for
        ("resolution", "2048", False),
        ("resolution", "0x0", False),
        ("seed", 0, True),
        ("seed", 2**31 - 1, True),
        ("seed", 2**31, False),
        ("seed", -1, False),
        ("seed", "12345", False),
        ("is_image_safe", "true", False),
        ("a_new_field", {"with": ["anything"]}, True),
    ]:
        assert is_valid(RESPONSE, answer(data=[{**IMAGE, field: value}])) is allowed, (field, value)


def test_new_fields_and_kinds_of_answer_are_no_breach(is_valid: IsValid) -> None:
    assert is_valid(RESPONSE, answer(response_type="video", generation_id="g1", data=[]))


def test_a_notice_may_be_of_any_kind(is_valid: IsValid, schemas: Node) -> None:
    assert "notice" in schemas[RESPONSE]["properties"]
    for notice in ["A newer version is available.", {"text": "A newer version"}, ["two", "words"], None]:
        assert is_valid(RESPONSE, answer(notice=notice)), notice


def test_the_safety_answer_is_taken_in_each_form_that_was_seen(is_valid: IsValid) -> None:
    for body in [{"error": "unsafe"}, {"error": {"code": 1}}, {}, {"error": "unsafe", "more": 1}]:
        assert is_valid("PromptSafetyError", body), body
    assert not is_valid("PromptSafetyError", {"error": 7})


def test_where_nothing_is_documented_any_body_is_valid(is_valid: IsValid) -> None:
    bodies: list[object] = [{}, {"status": "400"}, {"reject_reason": "a new one"}, [], "text", None, 7]
    for schema in ("UndocumentedProblem", "UndocumentedRejection"):
        assert [body for body in bodies if not is_valid(schema, body)] == []


def test_the_forms_that_were_seen_are_told_apart_from_anything(is_valid: IsValid) -> None:
    assert is_valid("ProblemDetails", {"type": "about:blank", "title": "t", "detail": "d", "status": 400})
    assert not is_valid("ProblemDetails", {"status": "400"})
    assert is_valid("Rejection", {"error": "e", "reject_reason": "a new one", "task_completion_speed": 0.5})
    assert not is_valid("Rejection", {"max_inflight_requests": "10"})


JOB = {"generation_id": "Wg7zS0mJQ5ChT2c9rK1xAA", "status": "completed", "created": "2026-10-07T12:00:00Z"}


def test_a_job_may_have_results_of_any_kind_and_any_status(is_valid: IsValid) -> None:
    withheld = {key: value for key, value in IMAGE.items() if key != "url"}
    allowed: list[Node] = [
        {},
        {"status": "pending"},
        {"status": "failed", "failure_reason": "a_new_one"},
        {"status": "queued"},
        {"data": []},
        {"data": [{**IMAGE, "url": LINK}]},
        {"data": [{**withheld, "is_image_safe": False}]},
        {"data": [{**IMAGE, "object_type": "image.generation", "asset_id": None, "url": None}]},
        {"data": [{"object_type": "svg.generation", "url": LINK, "mime_type": "image/svg+xml", "width": 1}]},
        {"data": [{"object_type": "of.tomorrow", "parts": [1]}, 7], "usage_cost_usd_micros": 0},
    ]
    for changes in allowed:
        assert is_valid("GenerationResponse", {**JOB, **changes}), changes
    wrong: list[Node] = [{"status": 1}, {"data": {}}, {"usage_cost_usd_micros": -1}, {"created": "no"}]
    for changes in wrong:
        assert not is_valid("GenerationResponse", {**JOB, **changes}), changes
    assert is_valid("GenerationObject", IMAGE)
    assert is_valid("GenerationObject", {**IMAGE, "object_type": "image.generation", "asset_id": None})
    for missing in IMAGE:
        assert not is_valid("GenerationObject", {key: value for key, value in IMAGE.items() if key != missing})
    for missing in JOB:
        assert not is_valid("GenerationResponse", {key: value for key, value in JOB.items() if key != missing})


def test_a_structured_prompt_of_tomorrow_is_no_breach(is_valid: IsValid) -> None:
    prompts: list[object] = [{"scenes": []}, None, "text"]
    for prompt in prompts:
        assert is_valid("DescribeResponseV4", {"json_prompt": prompt})
        assert is_valid("MagicPromptV4Response", {"json_prompt": prompt, "aspect_ratio": "7x5"})
    assert not is_valid("DescribeResponseV4", {})
    assert not is_valid("MagicPromptV4Response", {"json_prompt": {}})
