"""Fields that exclude each other, or that go together, are checked before anything is sent."""

from typing import Any

from canned import Service, refused
from driver import Driver, Kind, case

from ideogram_ai.client import ConflictingFieldsError, RequestError
from ideogram_ai.contract.check import check_request
from ideogram_ai.generated.models import ColorPaletteWithMembers, ColorPaletteWithPresetName
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V3, POST_V1_EDIT_IMAGE, Operation

PNG = b"\x89PNG\r\n\x1a\n"
CAT = {"prompt": "a cat"}


def conflict(kind: Kind, operation: Operation, fields: dict[str, Any]) -> ConflictingFieldsError:
    """The error of a call that sends nothing."""
    error = refused(ConflictingFieldsError, fields, kind, operation.method_name)
    assert isinstance(error, (RequestError, ValueError))
    assert all(name in error.message for name in error.fields)
    return error


def values(operation: Operation, *names: str) -> dict[str, Any]:
    """A value for each required field and for those that are named, by its name in Python."""
    return {
        each.python_name: ([PNG] if each.is_array else PNG) if each.is_file else ["a"] if each.is_array else "a"
        for each in operation.fields
        if each.required or each.wire_name in names
    }


def test_every_rule_of_the_contract_is_enforced_before_anything_is_sent(kind: Kind) -> None:
    met = 0
    for operation in OPERATIONS.values():
        wrong: list[tuple[tuple[str, ...], dict[str, Any]]] = []
        wrong += [(pair, values(operation, *pair)) for pair in operation.exclusive]
        wrong += [(group, values(operation)) for group in operation.at_least_one_of]
        for first, second in operation.same_length:
            more = {**values(operation, first, second), second: [PNG, PNG]}
            wrong += [((first, second), more), ((first, second), values(operation, second))]
        for each in operation.fields:
            for members in ((), each.exactly_one_of) if each.exactly_one_of else ():
                wrong.append(((each.python_name,), values(operation) | {each.python_name: dict.fromkeys(members, "a")}))
        for names, fields in wrong:
            with case((operation.method_name, names)):
                assert conflict(kind, operation, fields).fields == names
        met += len(wrong)
    assert met > 20


NEITHER = "Give at least one of images and image_urls; none was given."
LENGTHS = "give as many of one as of the other."
MESSAGES: list[tuple[dict[str, Any], str]] = [
    (
        {"resolution": "1024x1024", "aspect_ratio": "1x1"},
        "resolution and aspect_ratio were both given: they exclude each other, so leave one out.",
    ),
    (
        {"character_reference_images": [PNG], "character_reference_images_mask": [PNG, PNG]},
        f"character_reference_images_mask has 2 items and character_reference_images has 1: {LENGTHS}",
    ),
    (
        {"character_reference_images_mask": PNG},
        f"character_reference_images_mask has 1 item and character_reference_images has 0: {LENGTHS}",
    ),
    ({"color_palette": {}}, "color_palette holds none of name, members: give exactly one of them in it."),
    (
        {"color_palette": {"name": "EMBER", "members": [{"color_hex": "#abc"}]}},
        "color_palette holds name and members: give exactly one of them in it.",
    ),
]


def test_the_message_names_the_fields_and_the_cure_and_the_offline_check_agrees() -> None:
    for fields, message in MESSAGES:
        assert conflict("sync", POST_GENERATE_IMAGE_V3, CAT | fields).message.startswith(message)
        said = " ".join(each.message for each in check_request(CAT | fields, operation=POST_GENERATE_IMAGE_V3))
        assert any(words in said for words in ("At most one", "as many", "exactly one")), said
    neither = "Neither images nor image_urls was given: give at least one."
    assert conflict("sync", POST_V1_EDIT_IMAGE, CAT).message.startswith(neither)
    edits: list[tuple[dict[str, Any], int]] = [({}, 1), ({"images": [PNG]}, 0), ({"image_urls": ["https://a"]}, 0)]
    for fields, wrong in edits:
        problems = check_request(CAT | fields, operation=POST_V1_EDIT_IMAGE)
        assert [each.message for each in problems] == [NEITHER] * wrong
    with_none: dict[str, Any] = {"resolution": None, "aspect_ratio": "1x1"}
    assert check_request(CAT | with_none, operation=POST_GENERATE_IMAGE_V3) == []


def test_what_no_rule_forbids_is_sent() -> None:
    allowed: list[dict[str, Any]] = [
        {"resolution": None, "aspect_ratio": "1x1"},
        {"style_codes": [], "style_type": "AUTO"},
        {"style_reference_images": [PNG], "style_type": "AUTO"},
        {"character_reference_images": (PNG, PNG), "character_reference_images_mask": [PNG, PNG]},
        {"character_reference_images": [PNG]},
        {"color_palette": {"name": "EMBER", "members": None}},
        {"color_palette": ColorPaletteWithPresetName(name="EMBER")},
        {"color_palette": ColorPaletteWithMembers(members=[])},
        {"color_palette": "EMBER"},
    ]
    service = Service()
    with Driver("sync", service=service) as client:
        for fields in allowed:
            client.call("v3.generate", **CAT, **fields)
        client.call("edit", **CAT, image_urls=["https://ideogram.ai/a.png"])
        client.call("edit", **CAT, images=[PNG], image_urls=["https://ideogram.ai/a.png"])
    assert len(service.requests) == len(allowed) + 2
