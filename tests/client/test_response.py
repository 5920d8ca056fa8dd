"""What a sound 200 becomes: every field, also those that the contract does not know yet."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from canned import SHELLS, Service, Shell, entry, generate, success
from hypothesis import given
from hypothesis import strategies as st
from unknown_fields import UNKNOWN

from ideogram_ai.client import GeneratedImage, Generation, ResponseValidationError
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

CONTRACT = read_contract()
ANSWER = CONTRACT["paths"][POST_GENERATE_IMAGE_V4.path]["post"]["responses"]["200"]
EXAMPLES = {name: each["value"] for name, each in ANSWER["content"]["application/json"]["examples"].items()}
NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)


def answered(document: object, shell: Shell = "sync", **fields: Any) -> Generation:
    return generate(shell, Service(httpx.Response(200, json=document)), **{"text_prompt": "a cat", **fields})


def first(**changes: object) -> GeneratedImage:
    """The image of an answer whose one entry is sound but for these changes."""
    return generate("sync", Service(success(entry(**changes))), text_prompt="a cat").images[0]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_contracts_examples_are_read_whole(shell: Shell, name: str) -> None:
    example = EXAMPLES[name]
    generation = answered(example, shell)
    assert generation.problems == ()
    assert generation.created == datetime.fromisoformat(example["created"])
    assert generation.additional_properties == {k: v for k, v in example.items() if k not in ("created", "data")}
    assert len(generation.images) == len(example["data"])
    for image, said in zip(generation.images, example["data"], strict=True):
        assert (image.prompt, image.seed, image.resolution) == (said["prompt"], said["seed"], said["resolution"])
        assert (image.is_image_safe, image.url) == (said["is_image_safe"], said["url"])
        assert image.withheld is (said["url"] is None)
        assert image.additional_properties == {}


@pytest.mark.parametrize("shell", SHELLS)
def test_the_bytes_and_the_request_are_kept(shell: Shell) -> None:
    body = b' {"created" : "2026-10-07T12:00:00Z", "data": [' + json.dumps(entry()).encode() + b"]}\n"
    service = Service(httpx.Response(200, content=body))
    prompt = {"b": (1, 2), "a": {"x": True}}
    generation = generate(shell, service, json_prompt=prompt, resolution="1024x1024", extra_fields={UNKNOWN: 7})
    assert generation.raw == body
    assert generation.request == {
        "json_prompt": {"b": [1, 2], "a": {"x": True}},
        "resolution": "1024x1024",
        UNKNOWN: 7,
    }
    assert list(generation.request["json_prompt"]) == ["b", "a"]


values = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.lists(st.integers())
    | st.dictionaries(st.text(), st.text())
)
new_names = st.text(min_size=1).map("new_{}".format)


@given(more=st.dictionaries(new_names, values), about_image=st.dictionaries(new_names, values))
def test_fields_that_the_contract_does_not_know_are_kept(more: dict[str, Any], about_image: dict[str, Any]) -> None:
    generation = answered({"created": "2026-10-07T12:00:00Z", "data": [entry(**about_image)], **more})
    assert generation.additional_properties == more
    assert generation.images[0].additional_properties == about_image
    assert generation.problems == ()


def test_values_that_the_contract_does_not_know_are_kept() -> None:
    document = {
        "created": "2026-10-07T12:00:00Z",
        "data": [entry(resolution="12x90000", seed=2**40)],
        "response_type": "b64",
    }
    generation = answered(document)
    assert (generation.images[0].resolution, generation.images[0].seed) == ("12x90000", 2**40)
    assert generation.additional_properties == {"response_type": "b64"}
    assert generation.problems == ()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-10-07T12:00:00Z", NOON),
        ("2026-10-07 12:00:00Z", NOON),
        ("2026-10-07t12:00:00z", NOON),
        ("2026-10-07 12:00:00+00:00", NOON),
        ("2026-10-07T14:00:00+02:00", NOON),
        ("2026-10-07T07:00:00-0500", NOON),
        ("2026-10-07T12:00:00", NOON),
        (" 2026-10-07 12:00:00\n", NOON),
        ("2026-10-07T12:00:00.25Z", NOON + timedelta(milliseconds=250)),
        ("2026-10-07T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2000-01-23 04:56:07+00:00", datetime(2000, 1, 23, 4, 56, 7, tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))),
    ],
)
def test_created_in_every_form_that_occurs(text: str, moment: datetime) -> None:
    generation = answered({"created": text, "data": [entry()]})
    assert generation.created == moment
    assert generation.created is not None
    assert generation.created.tzinfo is not None
    assert generation.problems == ()


@pytest.mark.parametrize("absence", [{"url": None}, {"url": ""}, {}], ids=["null", "empty", "absent"])
def test_a_withheld_image_has_no_link_and_is_an_image_all_the_same(absence: dict[str, Any]) -> None:
    withheld = {name: value for name, value in entry(is_image_safe=False).items() if name != "url"} | absence
    generation = answered({"created": "2026-10-07T12:00:00Z", "data": [withheld, entry()]})
    image = generation.images[0]
    assert (image.url, image.withheld, image.is_image_safe, image.expires_at) == (None, True, False, None)
    assert (image.seed, image.prompt) == (7, "p")
    assert [each.withheld for each in generation.images] == [True, False]
    assert generation.problems == ()


def test_an_unsafe_image_with_a_link_can_be_had() -> None:
    """It is billed, so it is withheld only if there is nothing to download."""
    image = first(is_image_safe=False)
    assert (image.withheld, image.is_image_safe) == (False, False)


def test_a_seed_written_as_a_number_with_a_fraction_of_nothing_is_an_integer() -> None:
    seed = first(seed=7.0).seed
    assert (seed, type(seed)) == (7, int)


@pytest.mark.parametrize(
    ("query", "moment"),
    [
        ("exp=1790000000&sig=ab", datetime.fromtimestamp(1_790_000_000, UTC)),
        ("sig=ab&exp=1790000000", datetime.fromtimestamp(1_790_000_000, UTC)),
        ("exp=1&exp=1790000000", datetime.fromtimestamp(1_790_000_000, UTC)),
        ("exp=0", datetime.fromtimestamp(0, UTC)),
        ("exp=", None),
        ("exp=soon", None),
        ("exp=1e9", None),
        ("exp=99999999999999999", None),
        ("exp=-99999999999999999", None),
        ("exp=" + "9" * 5000, None),
        ("expires=1790000000", None),
        ("", None),
    ],
)
def test_when_a_link_expires(query: str, moment: datetime | None) -> None:
    assert first(url=f"https://i.example/1.png?{query}").expires_at == moment


@pytest.mark.parametrize("url", ["https://[::1", "http://\ud800/", "https://i.example/\x1b[31m", "?exp=7", "://", "\0"])
def test_a_link_that_cannot_be_read_does_not_break_the_image(url: str) -> None:
    image = first(url=url)
    assert image.url == url
    assert image.withheld is False
    _ = image.expires_at
    assert repr(image).isprintable()


def test_the_signature_of_a_link_is_not_in_a_repr() -> None:
    image = first(url="https://me:word@i.example/1.png?exp=1790000000&sig=5ec2e7")
    generation = Generation(created=NOON, images=(image,), raw=b"5ec2e7")
    for shown in (repr(image), repr(generation)):
        assert "https://i.example/1.png?..." in shown
        assert "5ec2e7" not in shown
        assert "word" not in shown


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("status", [201, 202, 206])
def test_another_success_with_images_is_a_generation_too(shell: Shell, status: int) -> None:
    service = Service(httpx.Response(status, json={"created": "2026-10-07T12:00:00Z", "data": [entry()]}))
    assert generate(shell, service, text_prompt="a").images[0].seed == 7


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the body is empty"),
        (b"<html>", "the body is not JSON"),
        (b"[" * 100_000, "the body nests too deep"),
        (b"null", "the body is null, not an object"),
        (b'{"created": "2026-10-07T12:00:00Z"}', "data is missing"),
        (b'{"created": "2026-10-07T12:00:00Z", "data": []}', "data is empty"),
        (b'{"created": "2026-10-07T12:00:00Z", "data": "https://i.example/1.png"}', "data is a string, not an array"),
        (b'{"created": 1, "data": [{"url": null}]}', "data[0] has no url and was not withheld"),
        (b'{"created": 1, "data": [{"url": 7, "is_image_safe": true}]}', "data[0].url is an integer, not a string"),
        (b'{"created": 1, "data": [[], 7]}', "data[1] is an integer, not an object"),
    ],
)
def test_a_200_without_an_image_is_an_error_with_the_whole_body(shell: Shell, body: bytes, problem: str) -> None:
    answer = httpx.Response(200, content=body, headers={"x-request-id": "17"})
    with pytest.raises(ResponseValidationError) as caught:
        generate(shell, Service(answer), text_prompt="a cat")
    error = caught.value
    assert (error.body, error.status_code, error.headers["x-request-id"]) == (body, 200, "17")
    assert problem in error.problems
    assert problem in error.message
    assert "was most likely made and billed" in error.message
    assert error.may_have_been_billed is True


def test_problems_are_listed_up_to_a_bound() -> None:
    with pytest.raises(ResponseValidationError) as caught:
        answered({"created": "2026-10-07T12:00:00Z", "data": [0] * 1000})
    assert len(caught.value.problems) == 21
    assert caught.value.problems[-1] == "and 980 more"


def test_generations_are_frozen() -> None:
    generation = answered({"created": "2026-10-07T12:00:00Z", "data": [entry()]})
    with pytest.raises(AttributeError):
        generation.images = ()  # type: ignore[misc]
    with pytest.raises(AttributeError):
        generation.images[0].url = None  # type: ignore[misc]
