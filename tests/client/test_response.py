"""What a 2xx becomes: a Generation with everything that was paid for, or an error that keeps the body."""

import json
import logging
import warnings
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service, entry, success
from contract_document import UNKNOWN
from driver import Kind, case, generate, outcome
from hypothesis import example, given
from hypothesis import strategies as st

import ideogram_ai.client as ideogram
from ideogram_ai.client import (
    GeneratedImage,
    Generation,
    OutcomeUnknownError,
    ResponseValidationError,
    ResponseWarning,
    flow,
)
from ideogram_ai.client.response import parse_response
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.models import Rejection
from ideogram_ai.generated.operations import GET_GENERATION, POST_GENERATE_IMAGE_V4_ASYNC, Operation
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as GENERATE

OK = read_contract()["paths"][GENERATE.path]["post"]["responses"]["200"]
EXAMPLES = {name: each["value"] for name, each in OK["content"]["application/json"]["examples"].items()}
NOON = datetime(2026, 10, 7, 12, tzinfo=UTC)
DATED = {"created": "2026-10-07T12:00:00Z"}


quiet = pytest.mark.filterwarnings("ignore::ideogram_ai.client.ResponseWarning")


def answered(document: object, kind: Kind = "sync", **fields: Any) -> Generation:
    return generate(kind, Service(httpx.Response(200, json=document)), **{"text_prompt": "a cat", **fields})


def first(**changes: object) -> GeneratedImage:
    """The image of a response whose one entry is valid but for these changes."""
    return generate("sync", Service(success(entry(**changes))), text_prompt="a cat").images[0]


def parsed(status: int, body: bytes, operation: Operation = GENERATE, *, complete: bool = True, **headers: str) -> Any:
    head = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return parse_response(operation, status=status, headers=head, body=body, now=0.0, complete=complete)


def test_the_contracts_examples_are_read_completely_and_bytes_and_request_are_kept(kind: Kind) -> None:
    for name, document in EXAMPLES.items():
        generation = answered(document, kind)
        assert generation.problems == (), name
        assert generation.created == datetime.fromisoformat(document["created"])
        assert generation.additional_properties == {k: v for k, v in document.items() if k not in ("created", "data")}
        for image, said in zip(generation.images, document["data"], strict=True):
            assert (image.prompt, image.seed, image.resolution) == (said["prompt"], said["seed"], said["resolution"])
            assert (image.is_image_safe, image.url) == (said["is_image_safe"], said["url"])
            assert image.withheld is (said["url"] is None)
            assert image.additional_properties == {}
    body = b' {"created" : "2026-10-07T12:00:00Z", "data": [' + json.dumps(entry()).encode() + b"]}\n"
    fields: dict[str, Any] = {"resolution": "1024x1024", "extra_fields": {UNKNOWN: 7}}
    service = Service(httpx.Response(200, content=body))
    generation = generate(kind, service, json_prompt={"b": (1, 2), "a": {"x": True}}, **fields)
    assert generation.raw == body
    prompt = {"b": [1, 2], "a": {"x": True}}
    assert generation.request == {"json_prompt": prompt, "resolution": "1024x1024", UNKNOWN: 7}
    assert list(generation.request["json_prompt"]) == ["b", "a"]


scalars = st.none() | st.booleans() | st.integers() | st.text()
values = scalars | st.lists(st.integers()) | st.dictionaries(st.text(), st.text())
new_names = st.text(min_size=1).map("new_{}".format)


@given(more=st.dictionaries(new_names, values), about_image=st.dictionaries(new_names, values))
def test_fields_that_are_not_in_the_contract_are_kept(more: dict[str, Any], about_image: dict[str, Any]) -> None:
    generation = answered({**DATED, "data": [entry(**about_image)], **more})
    assert generation.additional_properties == more
    assert generation.images[0].additional_properties == about_image
    assert generation.problems == ()


def test_values_that_are_not_in_the_contract_are_kept() -> None:
    generation = answered({**DATED, "data": [entry(resolution="12x90000", seed=2**40)], "response_type": "b64"})
    assert (generation.images[0].resolution, generation.images[0].seed) == ("12x90000", 2**40)
    assert generation.additional_properties == {"response_type": "b64"}
    assert generation.problems == ()
    seed = first(seed=7.0).seed
    assert (seed, type(seed)) == (7, int)


NOONS = (
    *("2026-10-07T12:00:00Z", "2026-10-07 12:00:00Z", "2026-10-07t12:00:00z", "2026-10-07 12:00:00+00:00"),
    *("2026-10-07T14:00:00+02:00", "2026-10-07T07:00:00-0500", "2026-10-07T12:00:00", " 2026-10-07 12:00:00\n"),
)
MOMENTS = dict.fromkeys(NOONS, NOON) | {
    "2026-10-07T12:00:00.25Z": NOON + timedelta(milliseconds=250),
    "2026-10-07T12:00:00.123456789Z": NOON + timedelta(microseconds=123456),
    "2000-01-23 04:56:07+00:00": datetime(2000, 1, 23, 4, 56, 7, tzinfo=UTC),
    "0001-01-01T00:00:00+14:00": datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
}
LATER = datetime.fromtimestamp(1_790_000_000, UTC)
NEVER = (*("exp=", "exp=soon", "exp=1e9", "expires=1790000000", ""), *(f"exp={sign}{'9' * 17}" for sign in ("", "-")))
EXPIRIES: dict[str, datetime | None] = {
    **dict.fromkeys(("exp=1790000000&sig=ab", "sig=ab&exp=1790000000", "exp=1&exp=1790000000"), LATER),
    "exp=0": datetime.fromtimestamp(0, UTC),
    **dict.fromkeys((*NEVER, "exp=" + "9" * 5000)),
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


def test_a_link_that_cannot_be_parsed_is_kept_and_a_signature_is_not_shown() -> None:
    for url in ("https://[::1", "http://\ud800/", "https://i.example/\x1b[31m", "?exp=7", "://", "\0"):
        image = first(url=url)
        assert (image.url, image.withheld) == (url, False)
        _ = image.expires_at
        assert repr(image).isprintable()
    image = first(url="https://me:word@i.example/1.png?exp=1790000000&sig=5ec2e7")
    for shown in (repr(image), repr(Generation(created=NOON, images=(image,), raw=b"5ec2e7"))):
        assert "https://i.example/1.png?..." in shown
        assert "5ec2e7" not in shown
        assert "word" not in shown


def test_any_2xx_is_read_for_images_and_the_result_is_frozen() -> None:
    body = json.dumps({**DATED, "data": [entry()]}).encode()
    for status in (200, 201, 202, 206, 299):
        generation = parsed(status, body)
        assert (generation.images[0].seed, generation.problems) == (7, ())
    head = httpx.Headers()
    found = parse_response(GENERATE, status=200, headers=head, body=body, now=0.0)
    assert found.problems == ()  # complete, if nothing else is said
    error = parsed(299, b"{}")
    assert isinstance(error, ResponseValidationError)
    assert (error.status_code, error.body) == (299, b"{}")
    assert isinstance(parsed(300, body), ideogram.APIStatusError)
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


def test_a_200_without_an_image_is_an_error_with_the_complete_body(kind: Kind) -> None:
    for body, problem in NO_IMAGE:
        response = httpx.Response(200, content=body, headers={"x-request-id": "17"})
        with case(body[:80]), pytest.raises(ResponseValidationError) as caught:
            generate(kind, Service(response), text_prompt="a cat")
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
    "created no date": (f'{{"created": "soon", "data": [{ONE}]}}'.encode(), [1], "created is not a date-time: 'soon'"),
    "an entry of nothing": (f'{{"data": [null, {TWO}]}}'.encode(), [2], "data[0] is null, not an object"),
    "an entry without a link": (f'{{"data": [{{"seed": 1}}, {TWO}]}}'.encode(), [2], "data[0] has no url and"),
    "seed a text": (b'{"data": [{"url": "https://i.example/1.png", "seed": "1"}]}', [None], "data[0].seed is a string"),
    "seed missing": (b'{"data": [{"url": "https://i.example/1.png"}]}', [None], "data[0].seed is missing"),
}


def test_every_image_in_a_broken_response_is_returned_with_a_warning(
    kind: Kind, caplog: pytest.LogCaptureFixture
) -> None:
    for name, (body, seeds, problem) in BROKEN.items():
        with case(name), pytest.warns(ResponseWarning, match="the images in it are still returned"):
            generation = generate(kind, Service(httpx.Response(200, content=body)), text_prompt="a cat")
        assert [image.seed for image in generation.images] == seeds, name
        assert generation.raw == body
        assert any(each.startswith(problem) for each in generation.problems), name
    # A program that turns warnings into errors gets its images too.
    caplog.clear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        body = BROKEN["cut after the second"][0]
        assert len(generate(kind, Service(httpx.Response(200, content=body)), text_prompt="a cat").images) == 2
        assert [record.levelno for record in caplog.records if record.name == ideogram.__name__] == [logging.WARNING]
        assert "the body is not JSON" in caplog.text
        caplog.clear()
        assert generate(kind, Service(), text_prompt="a cat").problems == ()
        assert not [record for record in caplog.records if record.name == ideogram.__name__]


@quiet
def test_a_wrong_type_is_kept_among_the_additional_properties() -> None:
    broken = entry(seed="seven", resolution=None, is_image_safe="yes", prompt=["p"])
    (image,) = answered({**DATED, "data": [broken]}).images
    assert (image.seed, image.resolution, image.is_image_safe, image.prompt) == (None, None, None, None)
    assert image.additional_properties == {name: value for name, value in broken.items() if name != "url"}
    assert image.withheld is False
    digits = "7" * 5000  # more than Python converts
    body = f'{{"created": "2026-10-07T12:00:00Z", "data": [{{"url": "https://i.example/1.png", "seed": {digits}}}]}}'
    assert parsed(200, body.encode()).images[0].additional_properties == {"seed": digits}


def test_a_cut_response_is_read_up_to_the_same_number_of_entries() -> None:
    generation = parsed(200, f'{{"created": "2026-10-07T12:00:00Z", "data": [{", ".join([ONE] * 1500)}'.encode())
    assert len(generation.images) == 1000
    assert "data has more than 1000 entries, and only the first 1000 are read" in generation.problems


@given(length=st.integers(0, len(SOUND)))
def test_a_body_cut_anywhere_keeps_every_entry_before_the_cut(length: int) -> None:
    body = SOUND[:length].encode()
    found = parsed(200, body, complete=length == len(SOUND))
    complete = [text for text in (ONE, TWO) if text in SOUND[:length]]
    if complete:
        assert [image.seed for image in found.images] == [json.loads(text)["seed"] for text in complete]
    else:
        assert isinstance(found, ideogram.OutcomeUnknownError)
        assert found.body == body
        assert f"broke off after {length} bytes" in found.message


DEEP = 100_000
DEEP_LIST = b"[" * DEEP + b"]" * DEEP
HTML = b"<!DOCTYPE html><title>502 Bad Gateway</title>"
NASTY = (
    *(HTML, b"\xff\xfe\xfd\x00\xd8", SOUND.encode("utf-16"), b"\xef\xbb\xbf" + SOUND.encode()),
    *(b"true", b'"data"', b"1e999", b"NaN", b"[]", b"7" * 100_000, b"[" * DEEP, b'{"data":' * DEEP),
    *(b'{"created": 7, "data": {"url": 7}}', b'{"created": null, "data": [null]}', b'{"error":%b}' % DEEP_LIST),
    b'{"data":[{"url":"https://i.example/1.png","x":%b}]}' % DEEP_LIST,
    b'{"data":[{"url":"https://i.example/1.png","seed":%b}]}' % (b"7" * 100_000),
    b'{"data":[],"data":[{"url":"https://i.example/1.png"}],"created":1,"created":2}',
    b'{"detail":"\\ud800","created":"\\ud800","data":[{"url":"https://i.example/\\udfff","prompt":"\\ud800"}]}',
    b'{"data":[{"url":"http://[::1"},{"url":"\\u0000"},{"url":"//x?exp=1e9"},{"url":"x?exp=99999999999999"}]}',
    b'{"data":[%b]}' % b",".join([b"1"] * 1_000_000),
)
words = st.sampled_from(["created", "data", "error", "detail", "reject_reason", *entry()])
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


def check(found: Any, status: int, body: bytes) -> None:
    """Nothing is lost, and what can be read can be printed."""
    if isinstance(found, Generation):
        assert 200 <= status < 300
        assert found.images
        assert found.raw == body
        _ = [(repr(image), image.withheld, image.expires_at) for image in found.images]
        return
    assert isinstance(found, (ideogram.APIStatusError, ResponseValidationError, ideogram.OutcomeUnknownError))
    assert (found.status_code, found.body) == (status, body)
    assert isinstance(found, ideogram.APIStatusError) is not (200 <= status < 300 or status in {303, 408})
    assert found.message.isprintable()
    assert len(found.message) < 4000


@quiet
@given(status=st.integers(100, 999), body=bodies, head=headers)
@example(status=200, body=SOUND.encode(), head={})
@example(status=520, body=HTML, head={})
def test_any_status_with_any_body(status: int, body: bytes, head: dict[bytes, bytes]) -> None:
    service = Service(httpx.Response(status, content=body, headers=head))
    check(outcome(generate, "sync", service, text_prompt="a cat"), status, body)


def test_bodies_that_broke_other_clients() -> None:
    for body in NASTY:
        for status in (200, 201, 400, 408, 422, 429, 503, 520):
            check(parsed(status, body, content_type="application/json"), status, body)


@given(depth=st.integers(300, 3000) | st.integers(3000, 30_000))
def test_any_depth_around_the_recursion_limit(depth: int) -> None:
    nested = b"[" * depth + b"]" * depth
    for body in (b'{"error":%b}' % nested, b'{"data":[{"x":%b}]}' % nested):
        for status in (200, 422):
            check(parsed(status, body), status, body)


# What a response announces.

NEWS: dict[str, tuple[dict[str, str], dict[str, Any], str]] = {
    "notice": ({}, {"notice": "v1 ends on 2027-06-01"}, "notice: v1 ends on 2027-06-01"),
    "deprecation": ({"Deprecation": "@1790000000"}, {}, "it is deprecated (@1790000000)"),
    "successor": (
        {"Link": '<https://api.ideogram.ai/v2/generate?key=1>; rel="successor-version"'},
        {},
        "its successor is https://api.ideogram.ai/v2/generate",
    ),
    "among other links": (
        {"Link": '</a>; rel="next", </v2>; title="x"; rel="help successor-version"'},
        {},
        "its successor is /v2",
    ),
}


def test_the_end_of_an_operation_is_announced_once(
    kind: Kind, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, (headers, members, said) in NEWS.items():
        monkeypatch.setattr(flow, "_warned_of", set())
        bodies = [success(**members) for _ in range(3)]
        for body in bodies:
            body.headers.update(headers)
        with case(name), pytest.warns(ResponseWarning) as caught:
            assert all(generate(kind, Service(body), text_prompt="a").images for body in bodies)
        assert len(caught) == 1, name
        assert said in str(caught[0].message), name
        assert "It works as before." in str(caught[0].message), name
        logged = [record for record in caplog.records if said in record.getMessage()]
        assert [record.levelno for record in logged] == [logging.WARNING], name
        caplog.clear()
    monkeypatch.setattr(flow, "_warned_of", set())
    silent = success(notice="")
    silent.headers["Link"] = '</v2>; rel="next", </successor-version>; rel="help"'
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert generate(kind, Service(silent), text_prompt="a").images


# Operations other than generate, whose response is a model.

# As regeneration would describe Magic Prompt.
OTHER = evolve(
    GENERATE,
    operation_id="post_magic_prompt_v4",
    path="/v1/ideogram-v4/magic-prompt",
    media_type="application/json",
    answer_model="V4JsonPrompt",
    result="model",
)
PLAIN = evolve(OTHER, answer_model="")


NO_MODEL: list[tuple[bytes, str]] = [
    (b"", "the body is empty"),
    (b"<html>", "the body is not JSON"),
    (b"[" * 100_000, "the body is not JSON"),
    (b"[]", "the body is not an object"),
    (b'"text"', "the body is not an object"),
    (b"{}", "high_level_description is missing"),
]


def test_the_error_of_a_response_that_breaks_the_contract_keeps_the_body() -> None:
    for body, problem in NO_MODEL:
        with case(body[:80]):
            error = parsed(200, body, OTHER)
            assert isinstance(error, ResponseValidationError)
            assert (error.body, error.status_code, error.may_have_been_billed) == (body, 200, True)
            assert error.headers == httpx.Headers()
            assert error.problems[0].startswith(problem)
            assert problem in error.message
    error = parsed(200, b'{"high_level', OTHER, complete=False)
    assert isinstance(error, ideogram.OutcomeUnknownError)
    assert (error.body, error.may_have_been_billed) == (b'{"high_level', True)
    error = parsed(429, b'{"error": "no", "reject_reason": "daily_limit"}', OTHER)
    assert isinstance(error, ideogram.RateLimitError)
    assert error.waiting_helps is False
    assert not error.may_have_been_billed


def test_the_response_has_the_model_of_the_operation_or_is_plain_json() -> None:
    rejection = parsed(200, b'{"error": "no"}', evolve(OTHER, answer_model="Rejection"))
    assert isinstance(rejection, Rejection)
    assert rejection.error == "no"
    plain: list[tuple[bytes, object]] = [(b"", None), (b"[1]", [1]), (b'{"a": null}', {"a": None})]
    for body, value in plain:
        assert parsed(200, body, PLAIN) == value, body
    assert isinstance(parsed(200, b"<html>", PLAIN), ResponseValidationError)


def test_half_an_answer_to_a_submit_has_the_id_and_half_a_poll_has_nothing() -> None:
    cut = b'{"generation_id": "a-job", "status": "pend'
    assert parsed(200, cut, POST_GENERATE_IMAGE_V4_ASYNC, complete=False).id == "a-job"
    assert isinstance(parsed(200, cut, GET_GENERATION, complete=False), OutcomeUnknownError)


def test_a_job_says_what_its_images_lack() -> None:
    done = b'{"generation_id": "a-job", "status": "completed", "data": [{"url": "https://images.example/a.png"}]}'
    all_four = [f"data[0].{name} is missing" for name in ("prompt", "resolution", "is_image_safe", "seed")]
    for operation in (GET_GENERATION, POST_GENERATE_IMAGE_V4_ASYNC):
        assert list(parsed(200, done, operation).problems) == all_four
    assert list(parsed(200, done, evolve(GET_GENERATION, image_members=("prompt",))).problems) == all_four[:1]
