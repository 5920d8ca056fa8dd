"""What a 2xx becomes: a Generation with everything that was paid for, or an error that keeps the body."""

import json
import logging
import subprocess
import sys
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from canned import Service, entry, success
from driver import KINDS, Kind, generate
from hypothesis import example, given
from hypothesis import strategies as st
from unknown_fields import UNKNOWN

import ideogram_ai.client as package
from ideogram_ai.client import (
    APIStatusError,
    GeneratedImage,
    Generation,
    IdeogramError,
    OutcomeUnknownError,
    ResponseValidationError,
    ResponseWarning,
)
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

OK = read_contract()["paths"][POST_GENERATE_IMAGE_V4.path]["post"]["responses"]["200"]
EXAMPLES = {name: each["value"] for name, each in OK["content"]["application/json"]["examples"].items()}
NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
DATED = {"created": "2026-10-07T12:00:00Z"}


@pytest.fixture
def quiet() -> Iterator[None]:
    """A response with an image in it may warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponseWarning)
        yield


def answered(document: object, client_kind: Kind = "sync", **fields: Any) -> Generation:
    return generate(client_kind, Service(httpx.Response(200, json=document)), **{"text_prompt": "a cat", **fields})


def first(**changes: object) -> GeneratedImage:
    """The image of a response whose one entry is valid but for these changes."""
    return generate("sync", Service(success(entry(**changes))), text_prompt="a cat").images[0]


def parsed(status: int, body: bytes, *, complete: bool = True, **headers: str) -> Any:
    head = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return parse_response(POST_GENERATE_IMAGE_V4, status=status, headers=head, body=body, now=0.0, complete=complete)


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_contracts_examples_are_read_completely(client_kind: Kind) -> None:
    for name, document in EXAMPLES.items():
        generation = answered(document, client_kind)
        assert generation.problems == (), name
        assert generation.created == datetime.fromisoformat(document["created"])
        assert generation.additional_properties == {k: v for k, v in document.items() if k not in ("created", "data")}
        for image, said in zip(generation.images, document["data"], strict=True):
            assert (image.prompt, image.seed, image.resolution) == (said["prompt"], said["seed"], said["resolution"])
            assert (image.is_image_safe, image.url) == (said["is_image_safe"], said["url"])
            assert image.withheld is (said["url"] is None)
            assert image.additional_properties == {}


@pytest.mark.parametrize("client_kind", KINDS)
def test_the_bytes_and_the_request_are_kept(client_kind: Kind) -> None:
    body = b' {"created" : "2026-10-07T12:00:00Z", "data": [' + json.dumps(entry()).encode() + b"]}\n"
    prompt = {"b": (1, 2), "a": {"x": True}}
    service = Service(httpx.Response(200, content=body))
    generation = generate(client_kind, service, json_prompt=prompt, resolution="1024x1024", extra_fields={UNKNOWN: 7})
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
def test_fields_that_the_contract_does_not_have_are_kept(more: dict[str, Any], about_image: dict[str, Any]) -> None:
    generation = answered({**DATED, "data": [entry(**about_image)], **more})
    assert generation.additional_properties == more
    assert generation.images[0].additional_properties == about_image
    assert generation.problems == ()


def test_values_that_the_contract_does_not_have_are_kept() -> None:
    generation = answered({**DATED, "data": [entry(resolution="12x90000", seed=2**40)], "response_type": "b64"})
    assert (generation.images[0].resolution, generation.images[0].seed) == ("12x90000", 2**40)
    assert generation.additional_properties == {"response_type": "b64"}
    assert generation.problems == ()
    seed = first(seed=7.0).seed
    assert (seed, type(seed)) == (7, int)


MOMENTS = {
    "2026-10-07T12:00:00Z": NOON,
    "2026-10-07 12:00:00Z": NOON,
    "2026-10-07t12:00:00z": NOON,
    "2026-10-07 12:00:00+00:00": NOON,
    "2026-10-07T14:00:00+02:00": NOON,
    "2026-10-07T07:00:00-0500": NOON,
    "2026-10-07T12:00:00": NOON,
    " 2026-10-07 12:00:00\n": NOON,
    "2026-10-07T12:00:00.25Z": NOON + timedelta(milliseconds=250),
    "2026-10-07T12:00:00.123456789Z": NOON + timedelta(microseconds=123456),
    "2000-01-23 04:56:07+00:00": datetime(2000, 1, 23, 4, 56, 7, tzinfo=UTC),
    "0001-01-01T00:00:00+14:00": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
}
EXPIRIES = {
    "exp=1790000000&sig=ab": datetime.fromtimestamp(1_790_000_000, UTC),
    "sig=ab&exp=1790000000": datetime.fromtimestamp(1_790_000_000, UTC),
    "exp=1&exp=1790000000": datetime.fromtimestamp(1_790_000_000, UTC),
    "exp=0": datetime.fromtimestamp(0, UTC),
    **dict.fromkeys(("exp=", "exp=soon", "exp=1e9", "exp=" + "9" * 17, "exp=-" + "9" * 17, "exp=" + "9" * 5000)),
    **dict.fromkeys(("expires=1790000000", "")),
}


def test_dates_in_every_form_that_occurs() -> None:
    for text, moment in MOMENTS.items():
        generation = answered({"created": text, "data": [entry()]})
        assert generation.created == moment, text
        assert generation.created is not None
        assert generation.created.tzinfo is not None
        assert generation.problems == ()
    for query, expiry in EXPIRIES.items():
        assert first(url=f"https://i.example/1.png?{query}").expires_at == expiry, query


def test_a_withheld_image_has_no_link_and_an_unsafe_one_with_a_link_is_not_withheld() -> None:
    for absence in ({"url": None}, {"url": ""}, {}):
        withheld = {name: value for name, value in entry(is_image_safe=False).items() if name != "url"} | absence
        generation = answered({**DATED, "data": [withheld, entry()]})
        image = generation.images[0]
        assert (image.url, image.withheld, image.is_image_safe, image.expires_at) == (None, True, False, None)
        assert (image.seed, image.prompt) == (7, "p")
        assert [each.withheld for each in generation.images] == [True, False]
        assert generation.problems == ()
    image = first(is_image_safe=False)
    assert (image.withheld, image.is_image_safe) == (False, False)


def test_a_link_that_cannot_be_read_does_not_break_the_image() -> None:
    for url in ("https://[::1", "http://\ud800/", "https://i.example/\x1b[31m", "?exp=7", "://", "\0"):
        image = first(url=url)
        assert (image.url, image.withheld) == (url, False)
        _ = image.expires_at
        assert repr(image).isprintable()


def test_the_signature_of_a_link_is_not_in_a_repr() -> None:
    image = first(url="https://me:word@i.example/1.png?exp=1790000000&sig=5ec2e7")
    generation = Generation(created=NOON, images=(image,), raw=b"5ec2e7")
    for shown in (repr(image), repr(generation)):
        assert "https://i.example/1.png?..." in shown
        assert "5ec2e7" not in shown
        assert "word" not in shown


def test_any_2xx_is_read_for_images_and_the_result_is_frozen() -> None:
    body = json.dumps({**DATED, "data": [entry()]}).encode()
    for status in (200, 201, 202, 206, 299):
        generation = parsed(status, body)
        assert (generation.images[0].seed, generation.problems) == (7, ())
    head = httpx.Headers()
    outcome = parse_response(POST_GENERATE_IMAGE_V4, status=200, headers=head, body=body, now=0.0)
    assert outcome.problems == ()  # complete, if nothing else is said
    error = parsed(299, b"{}")
    assert isinstance(error, ResponseValidationError)
    assert (error.status_code, error.body) == (299, b"{}")
    assert isinstance(parsed(300, body), APIStatusError)
    for thing, name in ((generation, "images"), (generation.images[0], "url")):
        with pytest.raises(AttributeError):
            setattr(thing, name, None)


NO_IMAGE = [
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
]


@pytest.mark.parametrize("client_kind", KINDS)
def test_a_200_without_an_image_is_an_error_with_the_complete_body(client_kind: Kind) -> None:
    for body, problem in NO_IMAGE:
        response = httpx.Response(200, content=body, headers={"x-request-id": "17"})
        with pytest.raises(ResponseValidationError) as caught:
            generate(client_kind, Service(response), text_prompt="a cat")
        error = caught.value
        assert (error.body, error.status_code, error.headers["x-request-id"]) == (body, 200, "17")
        assert problem in error.problems
        assert problem in error.message
        assert "was most likely made and billed" in error.message
        assert error.may_have_been_billed is True
    many = parsed(200, json.dumps({**DATED, "data": [0] * 1000}).encode())
    assert len(many.problems) == 21
    assert many.problems[-1] == "and 980 more"


ONE, TWO = json.dumps(entry(seed=1)), json.dumps(entry(seed=2))
SOUND = f'{{"created": "2026-10-07T12:00:00Z", "data": [{ONE}, {TWO}], "response_type": "url"}}'
BROKEN: dict[str, tuple[bytes, list[int | None], str]] = {
    "cut after the first": (SOUND[: SOUND.index(TWO) + 9].encode(), [1], "the body is not JSON"),
    "cut between the two": (SOUND[: SOUND.index(TWO)].encode(), [1], "the body is not JSON"),
    "cut after the second": (SOUND[: SOUND.index(TWO) + len(TWO)].encode(), [1, 2], "the body is not JSON"),
    "cut at the end": (SOUND[:-1].encode(), [1, 2], "the body is not JSON"),
    "something after it": (SOUND.encode() + b"<!-- cached -->", [1, 2], "the body is not JSON"),
    "not UTF-8": (SOUND.encode().replace(b'"p"', b'"caf\xe9"'), [1, 2], "the body is not JSON"),
    "deep": (f'{{"data": [{ONE}, {"[" * 100_000}'.encode(), [1], "the body nests too deep"),
    "a list": (f"[{ONE}, {TWO}]".encode(), [1, 2], "the body is an array, not an object"),
    "one object for data": (f'{{"data": {ONE}}}'.encode(), [1], "data is an object, not an array"),
    "created missing": (f'{{"data": [{ONE}]}}'.encode(), [1], "created is missing"),
    "created a number": (f'{{"created": 1, "data": [{ONE}]}}'.encode(), [1], "created is an integer, not a string"),
    "created no date": (f'{{"created": "soon", "data": [{ONE}]}}'.encode(), [1], "created is no date-time: 'soon'"),
    "an entry of nothing": (f'{{"data": [null, {TWO}]}}'.encode(), [2], "data[0] is null, not an object"),
    "an entry without a link": (f'{{"data": [{{"seed": 1}}, {TWO}]}}'.encode(), [2], "data[0] has no url and"),
    "seed a text": (b'{"data": [{"url": "https://i.example/1.png", "seed": "1"}]}', [None], "data[0].seed is a string"),
    "seed missing": (b'{"data": [{"url": "https://i.example/1.png"}]}', [None], "data[0].seed is missing"),
}


@pytest.mark.parametrize("client_kind", KINDS)
def test_every_image_that_is_named_is_returned_with_a_warning(client_kind: Kind) -> None:
    for name, (body, seeds, problem) in BROKEN.items():
        with pytest.warns(ResponseWarning, match="the images in it are still returned"):
            generation = generate(client_kind, Service(httpx.Response(200, content=body)), text_prompt="a cat")
        assert [image.seed for image in generation.images] == seeds, name
        assert generation.raw == body
        assert any(each.startswith(problem) for each in generation.problems), name


@pytest.mark.parametrize("client_kind", KINDS)
def test_a_program_that_turns_warnings_into_errors_gets_its_images(
    client_kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    body = BROKEN["cut after the second"][0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        generation = generate(client_kind, Service(httpx.Response(200, content=body)), text_prompt="a cat")
        assert len(generation.images) == 2
        assert [record.levelno for record in caplog.records if record.name == package.__name__] == [logging.WARNING]
        assert "the body is not JSON" in caplog.text
        caplog.clear()
        assert generate(client_kind, Service(), text_prompt="a cat").problems == ()
        assert not [record for record in caplog.records if record.name == package.__name__]


FILTERED = """
import sys
sys.path[:0] = [{tests!r}]
from canned import Service
from driver import generate
import httpx
body = b'{{"data": [{{"url": "https://i.example/1.png"}}, {{"url": "https://i.example/2.png"}}]}}'
print([image.url for image in generate("sync", Service(httpx.Response(200, content=body)), text_prompt="a").images])
"""


def test_the_option_of_the_interpreter_that_turns_warnings_into_errors() -> None:
    program = FILTERED.format(tests=str(Path(__file__).parents[1] / "support"))
    result = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stdout == "['https://i.example/1.png', 'https://i.example/2.png']\n"


@pytest.mark.usefixtures("quiet")
def test_a_wrong_type_is_kept_among_the_additional_properties() -> None:
    broken = entry(seed="seven", resolution=None, is_image_safe="yes", prompt=["p"])
    (image,) = answered({**DATED, "data": [broken]}).images
    assert (image.seed, image.resolution, image.is_image_safe, image.prompt) == (None, None, None, None)
    assert image.additional_properties == {name: value for name, value in broken.items() if name != "url"}
    assert image.withheld is False
    digits = "7" * 5000  # more than Python converts
    body = f'{{"created": "2026-10-07T12:00:00Z", "data": [{{"url": "https://i.example/1.png", "seed": {digits}}}]}}'
    assert parsed(200, body.encode()).images[0].additional_properties == {"seed": digits}


def test_of_a_cut_response_as_many_entries_are_read_as_of_a_complete_one() -> None:
    generation = parsed(200, f'{{"created": "2026-10-07T12:00:00Z", "data": [{", ".join([ONE] * 1500)}'.encode())
    assert len(generation.images) == 1000
    assert "data has more than 1000 entries, and only the first 1000 are read" in generation.problems


@given(length=st.integers(0, len(SOUND)))
def test_a_body_cut_anywhere_keeps_every_entry_before_the_cut(length: int) -> None:
    body = SOUND[:length].encode()
    outcome = parsed(200, body, complete=length == len(SOUND))
    complete = [text for text in (ONE, TWO) if text in SOUND[:length]]
    if complete:
        assert [image.seed for image in outcome.images] == [json.loads(text)["seed"] for text in complete]
    else:
        assert isinstance(outcome, OutcomeUnknownError)
        assert outcome.body == body
        assert f"broke off after {length} bytes" in outcome.message


DEEP = 100_000
NASTY: dict[str, bytes] = {
    "HTML": b"<!DOCTYPE html><title>502 Bad Gateway</title>",
    "not UTF-8": b"\xff\xfe\xfd\x00\xd8",
    "UTF-16": SOUND.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + SOUND.encode(),
    "true": b"true",
    "text": b'"data"',
    "number": b"1e999",
    "not a number": b"NaN",
    "empty list": b"[]",
    "data of another shape": b'{"created": 7, "data": {"url": 7}}',
    "nulls": b'{"created": null, "data": [null]}',
    "deep list": b"[" * DEEP,
    "deep object": b'{"data":' * DEEP,
    "deep words": b'{"error":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep entry": b'{"data":[{"url":"https://i.example/1.png","x":' + b"[" * DEEP + b"]" * DEEP + b"}]}",
    "huge integer": b'{"data":[{"url":"https://i.example/1.png","seed":' + b"7" * 100_000 + b"}]}",
    "huge number": b"7" * 100_000,
    "duplicates": b'{"data":[],"data":[{"url":"https://i.example/1.png"}],"created":1,"created":2}',
    "surrogates": b'{"detail":"\\ud800","created":"\\ud800","data":[{"url":"https://i.example/\\udfff","prompt":"\\ud800"}]}',
    "odd links": b'{"data":[{"url":"http://[::1"},{"url":"\\u0000"},{"url":"//x?exp=1e9"},{"url":"x?exp=99999999999999"}]}',
    "a million items": b'{"data":[' + b",".join([b"1"] * 1_000_000) + b"]}",
}
words = st.sampled_from(
    ["created", "data", "url", "error", "detail", "reject_reason", "seed", "is_image_safe", "prompt"]
)
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=9) | st.just(entry()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)
bodies = (
    st.binary(max_size=60)
    | documents.map(lambda value: json.dumps(value).encode())
    | documents.map(lambda value: json.dumps({"created": "2026-10-07 12:00:00", "data": [value]}).encode())
    | st.integers(0, len(SOUND)).map(lambda length: SOUND[:length].encode())
)
headers = st.dictionaries(
    st.sampled_from(["retry-after", "location", "content-type"]),
    st.sampled_from(["1", "soon", "text/html", "application/json; charset=utf-16", "//\u00e9vil", "-1"]),
).map(lambda found: {name.encode(): value.encode("latin-1") for name, value in found.items()})


def check(outcome: Any, status: int, body: bytes) -> None:
    """Nothing is lost, and what can be read can be printed."""
    if isinstance(outcome, Generation):
        assert 200 <= status < 300
        assert outcome.images
        assert outcome.raw == body
        _ = [(repr(image), image.withheld, image.expires_at) for image in outcome.images]
        return
    assert isinstance(outcome, (APIStatusError, ResponseValidationError, OutcomeUnknownError))
    assert (outcome.status_code, outcome.body) == (status, body)
    assert isinstance(outcome, APIStatusError) is not (200 <= status < 300 or status in {303, 408})
    assert outcome.message.isprintable()
    assert len(outcome.message) < 4000


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("client_kind", KINDS)
@given(status=st.integers(100, 999), body=bodies, head=headers)
@example(status=200, body=SOUND.encode(), head={})
@example(status=520, body=NASTY["HTML"], head={})
def test_any_status_with_any_body(client_kind: Kind, status: int, body: bytes, head: dict[bytes, bytes]) -> None:
    try:
        outcome: object = generate(
            client_kind, Service(httpx.Response(status, content=body, headers=head)), text_prompt="a cat"
        )
    except IdeogramError as error:
        outcome = error
    check(outcome, status, body)


def test_bodies_that_broke_other_clients() -> None:
    for body in NASTY.values():
        for status in (200, 201, 400, 408, 422, 429, 503, 520):
            check(parsed(status, body, content_type="application/json"), status, body)


@given(depth=st.integers(300, 3000) | st.integers(3000, 30_000))
def test_any_depth_around_the_interpreters_limit(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    for body in (b'{"error":%b}' % nested, b'{"data":[{"x":%b}]}' % nested):
        for status in (200, 422):
            check(parsed(status, body), status, body)
