"""What operations beside generate need: parameters, no body, no key, answers of other shapes; and what they cost.

What is on the wire is read by Starlette, which shares no code with what wrote it.
"""

import json
import warnings
from decimal import Decimal
from functools import partial
from typing import Any

import httpx
import pytest
from attrs import evolve
from canned import Service, entry, success
from driver import KEY, PROMPT, Driver, Kind, against, case, generate, raised
from starlette.datastructures import URL, QueryParams
from starlette.routing import compile_path

import ideogram_ai.client as ideogram
from ideogram_ai.client import FieldValueError, Job, RequestError, ResponseWarning, base_client, describe_image
from ideogram_ai.client.request import encode_request, to_plain
from ideogram_ai.generated import models
from ideogram_ai.generated.operations import (
    GET_GENERATION,
    GET_WEBHOOK_SIGNING_JWKS,
    MODEL_FIELDS,
    OPERATIONS,
    POST_DESCRIBE_V4,
    POST_GENERATE_IMAGE_V4,
    POST_MAGIC_PROMPT_V4,
    Field,
)
from ideogram_ai.testing.faults import FaultServer, answer_with

PROMPT_JSON = {
    "high_level_description": "a",
    "compositional_deconstruction": {"background": "b", "elements": [{"type": "obj", "desc": "d"}]},
}
LIST = evolve(
    GET_GENERATION,
    path="/models/{owner}/{model-id}.json",
    result="model",
    answer_model="",
    fields=(
        Field("model_id", "model-id", None, required=True, place="path"),
        Field("owner", "owner", None, required=True, place="path"),
        Field("status", "status", None, required=False, place="query", is_array=True),
        Field("is_mine", "is mine", None, required=False, place="query"),
    ),
)
IDS = {"model_id": "m", "owner": "o"}


def send(operation: Any, client: Any, **fields: Any) -> Any:
    return client._send(operation, fields, extra_fields=fields.pop("extra_fields", None), timeout=None)


# Paths and queries.

SEGMENTS = (
    "Z2VuLTE=", "a/b", "../../secret", "..\\..", "a?b=c#d", "ü 猫", "%2e%2e", "%2F", "a\r\nX-Evil: 1", ".hidden", "...",
    "a;b", "~", "{owner}", "\0", "a+b",
)  # fmt: skip


def test_a_value_never_leaves_its_segment_of_the_path(kind: Kind) -> None:
    pattern, _, _ = compile_path("/models/{owner}/{model}")
    with FaultServer(poll=answer_with(200, "[]"), image=answer_with(200, "[]")) as server:
        with Driver(kind, base_url=server.url) as client:
            for segment in SEGMENTS:
                assert client.run(partial(send, LIST, model_id=segment, owner=segment)) == []
        gets = server.wait_idle().gets
    assert len(gets) == len(SEGMENTS)
    for segment, get in zip(SEGMENTS, gets, strict=True):
        with case(segment):
            assert get.header("x-evil") is None
            parts = get.target.split("/")
            assert parts[:2] == ["", "models"]
            assert len(parts) == 4
            assert [httpx.URL(f"http://a/{part}").path[1:] for part in parts[2:]] == [segment, f"{segment}.json"]
            assert pattern.match(URL(f"http://a{get.target}").path)


def test_a_value_that_is_no_segment_is_refused() -> None:
    wrong: list[tuple[Any, str]] = [
        ("", "'' cannot be a part of the path; give the whole id"),
        (".", "'.' cannot be a part of the path; give the whole id"),
        ("..", "'..' cannot be a part of the path; give the whole id"),
        ({"a": 1}, "dict cannot be in the path; use a text or a number"),
        (("a",), "list cannot be in the path; use a text or a number"),
        (b"a", "bytes is not a JSON type"),
        ("\ud800", "character 0 is half of a surrogate pair"),
        (10**5000, "Exceeds the limit"),
    ]
    for value, why in wrong:
        with case(str(value)[:20] if isinstance(value, str) else type(value)), pytest.raises(FieldValueError) as caught:
            encode_request(LIST, IDS | {"model_id": value})
        assert (caught.value.field, caught.value.pointer) == ("model-id", "/model-id")
        assert caught.value.message.startswith(f"/model-id: this value cannot be sent: {why}")
    raised(RequestError, encode_request, LIST, {"owner": "o"}, match="model_id is missing")
    assert encode_request(LIST, {"model_id": 7, "owner": True}).path == "/models/true/7.json"
    for job in (Job("", "pending"), Job("..", "pending")):
        with Driver("sync", service=Service()) as client, pytest.raises(FieldValueError, match="give the whole id"):
            client.call("job", job)


def test_a_query_has_arrays_as_repeated_parameters() -> None:
    queries: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
        ({"status": ["READY", "a&b=c#d", "ü+ "]}, [("status", "READY"), ("status", "a&b=c#d"), ("status", "ü+ ")]),
        ({"status": "READY", "is_mine": True}, [("status", "READY"), ("is mine", "true")]),
        ({"is_mine": False, "status": []}, [("is mine", "false")]),
        ({"status": (None, 1, 2.5, None)}, [("status", "1"), ("status", "2.5")]),
        ({"status": None}, []),
        ({"extra_fields": {"new/one": "a/b"}}, [("new/one", "a/b")]),
    ]
    for fields, expected in queries:
        extra = fields.pop("extra_fields", None)
        body = encode_request(LIST, IDS | fields, extra)
        query = body.path.partition("?")[2]
        assert QueryParams(query).multi_items() == expected
        assert "/" not in query
        assert body.path.isascii()
        assert ("?" in body.path) == bool(expected)
        assert (body.parts, body.content, body.fields) == ((), None, {})
    for value, kind in (({"a": 1}, "dict"), ([["a"]], "list"), ([{"a": 1}], "dict")):
        with pytest.raises(
            FieldValueError, match=f"^/status: .*: {kind} cannot be in the query; use a text or a number"
        ):
            encode_request(LIST, IDS | {"status": value})


def test_parameters_of_a_submit_stay_out_of_its_body_and_of_records(kind: Kind) -> None:
    hook = "https://me.example/hook?token=a&b=ü"
    with against(kind) as (client, server):
        job = client.call("submit", text_prompt=PROMPT, webhook_url=hook)
        (post,) = server.wait_idle().posts
    path, _, query = post.target.partition("?")
    assert path == "/v1/ideogram-v4/async/generate"
    assert QueryParams(query).multi_items() == [("webhook_url", hook)]
    assert job.request == {"text_prompt": PROMPT}
    assert b"me.example" not in post.raw.partition(b"\r\n")[2]


# The key, and what is free.


def test_an_operation_without_security_gets_no_key(kind: Kind) -> None:
    service = Service(httpx.Response(200, json={"keys": []}), httpx.Response(200, json={"generation_id": "a"}))
    with Driver(kind, service=service) as client:
        client.call("webhook_keys")
        client.call("job", "a")
    without, with_key = service.requests
    assert KEY not in repr(without.headers.raw)
    assert with_key.headers["api-key"] == KEY
    for request in (without, with_key):
        assert (request.method, request.content) == ("GET", b"")
        assert "content-type" not in request.headers


def test_what_is_free_says_so_and_is_asked_again(kind: Kind) -> None:
    failures: tuple[httpx.Response | Exception, ...] = (
        httpx.Response(500), httpx.Response(408), httpx.Response(303), httpx.Response(200, text="<html>"),
        httpx.ReadTimeout(""), httpx.Response(418), httpx.Response(400), httpx.Response(200),
    )  # fmt: skip
    for number, failure in enumerate(failures):
        for method, job_id in (("webhook_keys", None), ("job", "a")):
            service = Service(failure if isinstance(failure, Exception) else _again(failure))
            policy = ideogram.RetryPolicy(max_attempts=2)
            with case((number, method)), Driver(kind, service=service, retry=policy) as client:
                error = raised(ideogram.IdeogramError, client.call, method, *filter(None, [job_id]))
                refused = getattr(error, "status_code", None) in {400, 418}
                assert len(service.requests) == (1 if refused else 2)
                assert "Asking again is free." in error.message
                assert (error.may_have_been_billed, error.job_id) == (False, job_id)


def _again(response: httpx.Response) -> Any:
    return lambda _: httpx.Response(response.status_code, content=response.content)


def test_a_body_that_breaks_off_is_asked_for_again_only_if_it_is_free() -> None:
    for operation, requests in ((GET_WEBHOOK_SIGNING_JWKS, 2), (POST_MAGIC_PROMPT_V4, 1)):
        with FaultServer("close_in_body", poll="close_in_body") as server:
            with Driver("sync", base_url=server.url, retry=ideogram.RetryPolicy(max_attempts=2)) as client:
                fields = {"text_prompt": "a"} if operation.fields else {}
                with pytest.raises(ideogram.OutcomeUnknownError, match="broke off after") as caught:
                    send(operation, client.client, **fields)
            assert len(server.wait_idle().requests) == requests
        assert caught.value.may_have_been_billed is not operation.is_free


def test_a_404_of_a_job_is_about_its_id() -> None:
    for method, argument, advice in (
        ("job", "a\n", "No job 'a\ufffd' is known there"),
        ("webhook_keys", None, "Check the base"),
    ):
        service = Service(httpx.Response(404))
        with Driver("sync", service=service) as client, pytest.raises(ideogram.NotFoundError, match=advice):
            client.call(method, *filter(None, [argument]))
    advice = r"[.,] Check the id, the key and the base URL\. "
    service = Service(httpx.Response(404))
    with Driver("sync", service=service) as client, pytest.raises(ideogram.NotFoundError, match=advice):
        client.call("datasets.get", "d")


def test_a_contract_without_jobs_has_none_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base_client, "OPERATIONS", {})
    with Driver("sync", service=Service()) as client, pytest.raises(RequestError, match="no operation that asks for a"):
        client.call("wait", "a")


# Answers.


UNKNOWN: list[dict[str, Any]] = [
    {},
    {"compositional_deconstruction": {"background": "b", "elements": [{"type": "hologram", "z": 1, "a": [1]}]}},
    {"compositional_deconstruction": {"elements": [{"type": "text", "desc": "d"}], "background": "b"}},
    {"compositional_deconstruction": {"elements": []}},
    {"compositional_deconstruction": "a text"},
    {"compositional_deconstruction": None},
]


def test_what_magic_prompt_and_describe_write_goes_into_generate_whatever_it_is(kind: Kind) -> None:
    """What the contract does not know is kept as it came."""
    for unknown in UNKNOWN:
        prompt = {"z": 1} | PROMPT_JSON | unknown
        answer = {"json_prompt": prompt, "aspect_ratio": "9x1", "b": 2}
        service = Service(httpx.Response(200, json=answer), httpx.Response(200, json=answer), success())
        with case(unknown), Driver(kind, service=service) as client:
            written = client.call("magic_prompt", text_prompt="a")
            assert type(written) is models.MagicPromptV4Response
            # A model has the order of the contract, and what none fits the order in which it came.
            assert isinstance(written.json_prompt, models.V4JsonPrompt) is not bool(unknown)
            assert to_plain("x", written.json_prompt) == prompt
            assert (written.aspect_ratio, written.additional_properties) == ("9x1", {"b": 2})
            assert client.call("describe", image_file=b"a picture").json_prompt == written.json_prompt
            made = client.generate(json_prompt=written.json_prompt)
            assert made.request["json_prompt"] == prompt
            assert not unknown or json.dumps(made.request["json_prompt"]) == json.dumps(prompt)
        assert json.loads(service.requests[0].content) == {"text_prompt": "a"}


def test_a_model_holds_plain_json_where_it_does_not_fit(kind: Kind) -> None:
    """An answer that was paid for is not lost to a decoder; what fits is as ever."""
    operation = evolve(POST_MAGIC_PROMPT_V4, answer_model="V4JsonPrompt")
    wrong: list[Any] = [7, None, [], {"elements": []}, {"background": "b", "elements": [{"type": "hologram"}]}]
    for broken in wrong:
        answer = PROMPT_JSON | {"compositional_deconstruction": broken, "style_description": {"photo": "p"}, "b": 2}
        service = Service(httpx.Response(200, json=answer))
        with case(broken), Driver(kind, service=service) as client:
            with pytest.warns(ResponseWarning, match="breaks the contract, and what it holds is still returned: "):
                made: Any = client.run(partial(send, operation, text_prompt="a"))
            assert type(made) is models.V4JsonPrompt
            assert getattr(made, "compositional_deconstruction") == broken  # noqa: B009 - of another type
            assert made.additional_properties == {"b": 2}
            assert made.style_description == models.V4StyleDescription(photo="p")
            assert to_plain("x", made) == answer


PNG = b"\x89PNG\r\n\x1a\n"
BLOCK = {"x": 1, "y": 2, "width": 3, "height": 4, "text": "A", "alignment": "left", "formatting": ["bold"]}


def test_text_blocks_that_the_contract_does_not_know_are_text_blocks_still(kind: Kind) -> None:
    answer = {"base_image_url": "https://a.example/base.png", "seed": 1}
    blocks: list[dict[str, Any]] = [BLOCK, BLOCK | {"alignment": "around", "formatting": None}, BLOCK | {"x": "1"}]
    more: list[Any] = [7, {"text": "B"}, BLOCK | {"shadow": {"depth": 2}}]
    service = Service(httpx.Response(200, json=answer | {"text_blocks": [*blocks, *more]}))
    with Driver(kind, service=service) as client, warnings.catch_warnings():
        warnings.simplefilter("ignore", ResponseWarning)
        made: Any = client.call("v3.layerize_text", image=PNG)
    assert type(made) is models.LayerizeTextResponse
    read: Any = made.text_blocks
    assert [type(block).__name__ for block in read] == ["DetectedTextBlock"] * 3 + ["int", "dict"] + [
        "DetectedTextBlock"
    ]
    assert [read[1].alignment, read[1].formatting] == ["around", None]
    assert to_plain("x", made) == answer | {"text_blocks": [*blocks, *more]}
    with (
        Driver(kind, service=Service(httpx.Response(200, json=answer | {"text_blocks": None}))) as client,
        pytest.warns(ResponseWarning, match="still returned: text_blocks is null"),
    ):
        assert client.call("v3.layerize_text", image=PNG).text_blocks is None


def test_what_was_paid_for_is_returned_whatever_its_shape() -> None:
    """Images without what other images have, an answer that only has an id, and what breaks off."""
    url = "https://a.example/a.png"
    details = {"prompt": "a", "resolution": "1x1", "seed": 1, "is_image_safe": True, "url": url}
    answers: list[tuple[str, Any, int, tuple[str, ...]]] = [
        ("remove_background", {"data": [{"is_image_safe": True, "url": url}]}, 1, ()),
        ("remove_background", {"data": [{"is_image_safe": False}]}, 1, ()),
        ("remove_background", {"data": [{"url": url}]}, 1, ("data[0].is_image_safe is missing",)),
        ("remove_background", {"data": {"is_image_safe": True, "url": url}}, 1, ("data is an object, not an array",)),
        ("v3.generate", {"data": [details, {"url": url, "is_image_safe": True}]}, 2, ("data[1].prompt is missing",)),
        ("legacy.edit", {"request_id": "r", "data": [details]}, 1, ()),
    ]
    for method, body, count, problems in answers:
        service = Service(httpx.Response(200, json={"created": "2026-11-28T12:00:00Z", **body}))
        operation = next(each for each in OPERATIONS.values() if each.method_name == method)
        given = {each.python_name: PNG if each.is_file else "a" for each in operation.fields if each.required}
        with case((method, body)), Driver("sync", service=service) as client, warnings.catch_warnings():
            warnings.simplefilter("ignore", ResponseWarning)
            made = client.call(method, **given)
            assert len(made.images) == count
            assert made.problems[:1] == problems
            assert made.additional_properties == ({"request_id": "r"} if "request_id" in body else {})
    without = Service(httpx.Response(200, json={"created": "2026-11-28T12:00:00Z", "request_id": "r"}))
    with Driver("sync", service=without) as client, pytest.raises(ideogram.ResponseValidationError) as caught:
        client.call("legacy.generate", image_request={"prompt": "a"})
    assert b'"request_id":"r"' in caught.value.body.replace(b" ", b"")
    assert caught.value.may_have_been_billed is True


def test_answers_that_are_no_objects() -> None:
    answers: list[tuple[bytes, str, object]] = [
        (b'[{"a": 1}]', "application/json", [{"a": 1}]),
        (b'[{"a": 1}]', "application/problem+json; charset=utf-8", [{"a": 1}]),
        (b"7", "", 7),
        (b"", "text/plain", None),
        ("schön".encode(), "text/plain", "schön"),
        ("schön".encode("latin-1"), "text/plain; charset=latin-1", "schön"),
        (b"7", "TEXT/CSV", "7"),
        (b"\x89PNG", "image/png", b"\x89PNG"),
    ]
    for body, kind, expected in answers:
        service = Service(httpx.Response(200, content=body, headers={"content-type": kind} if kind else {}))
        with case((body, kind)), Driver("sync", service=service) as client:
            assert send(LIST, client.client, **IDS) == expected
    for kind in ("text/html", "application/json", "application/xml", ""):
        service = Service(httpx.Response(200, content="<html>", headers={"content-type": kind}))
        with Driver("sync", service=service) as client:
            raised(ideogram.ResponseValidationError, send, LIST, client.client, **IDS, match="not JSON")


def test_every_model_can_hold_what_it_is_not() -> None:
    """As long as its required members are there."""
    for name in {operation.answer_model for operation in OPERATIONS.values()} & MODEL_FIELDS.keys():
        document = {wire: 7 for _, wire in MODEL_FIELDS[name]}
        operation = evolve(POST_MAGIC_PROMPT_V4, answer_model=name, path=f"/{name}")
        service = Service(httpx.Response(200, json=document))
        with case(name), Driver("sync", service=service) as client, warnings.catch_warnings():
            warnings.simplefilter("ignore", ResponseWarning)
            assert to_plain("x", send(operation, client.client, text_prompt="a")) == document


# Costs.


def test_what_images_cost() -> None:
    two = generate("sync", Service(success({"url": "https://a"}, {"is_image_safe": False})), text_prompt="a")
    assert (two.cost_usd, two.cost_source) == (Decimal("0.12"), "price list")
    fast = generate("sync", Service(), text_prompt="a", rendering_speed="TURBO")
    assert (fast.cost_usd, fast.cost_source) == (Decimal("0.03"), "price list")
    soon = generate("sync", Service(), text_prompt="a", rendering_speed="FLASH")
    assert (soon.cost_usd, soon.cost_source) == (None, None)
    assert evolve(soon, price=None).cost_usd is None
    said = evolve(fast, usage_cost_usd_micros=9_223_372_036_854_775_807)
    assert (str(said.cost_usd), said.cost_source) == ("9223372036854.775807", "service")
    assert evolve(fast, usage_cost_usd_micros=0).cost_usd == 0
    assert POST_DESCRIBE_V4.price is not None
    assert evolve(two, price=POST_DESCRIBE_V4.price).cost_usd == Decimal("0.01")
    assert fast.price == POST_GENERATE_IMAGE_V4.price


def test_images_cost_what_the_request_that_was_sent_costs() -> None:
    character = {"prompt": "a", "character_reference_images": [PNG], "rendering_speed": "QUALITY"}
    costs: list[tuple[str, dict[str, Any], int, str]] = [
        ("v3.generate", character, 2, "0.40"),
        ("v3.generate", {"prompt": "a", "num_images": 4}, 4, "0.24"),
        ("v3.generate_transparent", {"prompt": "a", "upscale_factor": "X4"}, 1, "0.23"),
        ("upscale", {"image_request": {"num_images": 4}, "image_file": PNG}, 4, "0.06"),
    ]
    for method, fields, count, usd in costs:
        with Driver("sync", service=Service(success(*[entry()] * count))) as client:
            made = client.call(method, **fields)
        assert (made.cost_usd, made.cost_source) == (Decimal(usd), "price list"), method
    broken = evolve(made, problems=("the body broke off",), price=POST_GENERATE_IMAGE_V4.price, images_asked=8)
    assert broken.cost_usd == 8 * Decimal("0.06"), "those that were asked for count"
    assert evolve(broken, problems=()).cost_usd == 4 * Decimal("0.06")


def test_a_sidecar_names_the_job_and_what_the_service_says_that_it_cost() -> None:
    plain = generate("sync", Service(), text_prompt="a")
    assert not {"job_id", "usage_cost_usd_micros"} & describe_image(plain, plain.images[0]).keys()
    of_job = evolve(plain, job_id="a", usage_cost_usd_micros=60_000)
    described = describe_image(of_job, of_job.images[0])
    assert (described["job_id"], described["usage_cost_usd_micros"]) == ("a", 60_000)
