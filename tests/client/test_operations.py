"""What holds for operations that the contract may get: JSON bodies, and the order and names of fields."""

import json
from types import SimpleNamespace

import httpx
import pytest
from attrs import evolve
from canned import KEY, FakeTiming
from unknown_fields import ALSO_UNKNOWN, UNKNOWN

from ideogram_ai.client import FieldValueError, RequestError, RetryPolicy
from ideogram_ai.client.core import make_core
from ideogram_ai.client.exchange import Exchange, Outgoing
from ideogram_ai.client.fields import build_model
from ideogram_ai.client.redaction import ApiKey
from ideogram_ai.client.wire import JSON, encode_body
from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4, Field

AS_JSON = evolve(POST_GENERATE_IMAGE_V4, media_type="application/json")


def outgoing(**fields: object) -> Outgoing:
    """The request that is made for an operation like ours with a JSON body."""
    timing = FakeTiming().of("sync")
    core = make_core(ApiKey(KEY), base_url=None, timeout=None, retry=RetryPolicy(), timing=timing)
    flow = core.call(AS_JSON, fields, extra_fields={UNKNOWN: 7, ALSO_UNKNOWN: None}, timeout=None)
    step = next(flow)
    assert isinstance(step, Exchange)
    return step.outgoing


def test_a_json_body_is_one_object_in_the_contracts_order() -> None:
    request = outgoing(resolution="1024x1024", json_prompt={"b": "ü", "a": True}, enable_copyright_detection=False)
    assert request.body is not None
    assert request.body.parts == ()
    assert request.body.content == (
        '{"json_prompt":{"b":"ü","a":true},"resolution":"1024x1024","enable_copyright_detection":false,"no_such_field":7}'.encode()
    )
    assert request.body.fields == json.loads(request.body.content)
    assert request.headers["Content-Type"] == "application/json"


def test_a_json_body_is_what_httpx_gets_with_the_key() -> None:
    core = make_core(ApiKey(KEY), base_url=None, timeout=None, retry=RetryPolicy(), timing=FakeTiming().of("sync"))
    with httpx.Client() as client:
        for own in (True, False):
            request = core.request(client, outgoing(text_prompt="a"), lambda *_: None, own=own)
            assert request.headers[API_KEY_HEADER] == KEY
            assert request.headers["Content-Type"] == "application/json"
            assert json.loads(request.content) == {"text_prompt": "a", UNKNOWN: 7}


def test_what_json_cannot_hold_is_refused_for_a_json_body_too() -> None:
    with pytest.raises(FieldValueError, match=r"^/text_prompt: .* digits") as caught:
        outgoing(text_prompt=10**5000)
    assert caught.value.field == "text_prompt"


def test_a_request_shows_neither_body_nor_url_when_it_is_printed() -> None:
    assert "a secret idea" not in repr(outgoing(text_prompt="a secret idea"))


def test_a_field_that_a_contract_requires_is_asked_for() -> None:
    first, second, *others = POST_GENERATE_IMAGE_V4.fields
    required = [evolve(field, required=True) for field in others]
    operation = evolve(POST_GENERATE_IMAGE_V4, fields=(first, second, *required))
    with pytest.raises(RequestError) as caught:
        build_model(operation, {"text_prompt": "a", others[1].python_name: "x"}, {})
    name = others[0].python_name
    assert caught.value.message == f"{name} is missing: the contract requires it. Nothing was sent, nothing billed."


PARTS: list[tuple[str | None, object, list[tuple[str, str | None]]]] = [
    (None, "a", [("a", None)]),
    (None, ["a", 1, None], [("a", None), ("1", None), ("null", None)]),
    (None, [{"a": 1}], [('[{"a":1}]', JSON)]),
    (None, [1, []], [("[1,[]]", JSON)]),
    (None, {"a": 1}, [('{"a":1}', JSON)]),
    (JSON, "a", [('"a"', JSON)]),
    (JSON, ["a"], [('["a"]', JSON)]),
    ("text/csv", "a,b", [("a,b", "text/csv")]),
    ("text/csv", ["a,b", "c"], [("a,b", "text/csv"), ("c", "text/csv")]),
    ("application/xml+json", {"a": 1}, [('{"a":1}', "application/xml+json")]),
    ("application/xml+json", [{"a": 1}, 2], [('[{"a":1},2]', "application/xml+json")]),
]


@pytest.mark.parametrize(("content_type", "value", "parts"), PARTS)
def test_a_part_is_written_as_its_content_type_wants_it(
    content_type: str | None, value: object, parts: list[tuple[str, str | None]]
) -> None:
    field = Field(python_name="notes", wire_name="n", content_type=content_type, required=False)
    operation = evolve(POST_GENERATE_IMAGE_V4, fields=(field,))
    body = encode_body(operation, SimpleNamespace(notes=value, additional_properties={}))
    assert body.parts == tuple(("n", (None, text.encode(), kind)) for text, kind in parts)
    assert body.fields == {"n": value}


def test_a_model_has_what_was_given_and_no_default_of_the_contract() -> None:
    assert build_model(POST_GENERATE_IMAGE_V4, {"text_prompt": "a"}, {UNKNOWN: 7}).to_dict() == {
        "text_prompt": "a",
        UNKNOWN: 7,
    }


def test_a_wire_name_may_differ_from_the_keyword() -> None:
    renamed = Field(python_name="text_prompt", wire_name="text-prompt", content_type=None, required=False)
    operation = evolve(
        POST_GENERATE_IMAGE_V4,
        fields=(renamed, *POST_GENERATE_IMAGE_V4.fields[1:]),
        exactly_one_of=(("text-prompt", "json_prompt"),),
    )
    core = make_core(ApiKey(KEY), base_url=None, timeout=None, retry=RetryPolicy(), timing=FakeTiming().of("sync"))
    step = next(core.call(operation, {"text_prompt": "a"}, extra_fields=None, timeout=None))
    assert isinstance(step, Exchange)
    assert step.outgoing.body is not None
    assert step.outgoing.body.fields == {"text-prompt": "a"}
