"""What holds for operations that the contract may get: JSON bodies, and the order and names of fields."""

import json

import httpx
import pytest
from attrs import evolve
from canned import KEY, Service
from unknown_fields import ALSO_UNKNOWN, UNKNOWN

from ideogram_ai.client import FieldValueError, Ideogram, RequestError
from ideogram_ai.client.request import JSON, encode_request
from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4, Field

AS_JSON = evolve(POST_GENERATE_IMAGE_V4, media_type="application/json")


def test_a_json_body_is_one_object_in_the_contracts_order() -> None:
    fields = {"resolution": "1024x1024", "json_prompt": {"b": "ü", "a": True}, "enable_copyright_detection": False}
    body = encode_request(AS_JSON, fields, {UNKNOWN: 7, ALSO_UNKNOWN: None})
    assert body.parts == ()
    assert body.content == (
        '{"json_prompt":{"b":"ü","a":true},"resolution":"1024x1024","enable_copyright_detection":false,"no_such_field":7}'.encode()
    )
    assert body.fields == json.loads(body.content)
    assert "ü" not in repr(body.fields) or "fields" not in repr(body)


def test_a_json_body_is_sent_with_the_key() -> None:
    service = Service()
    with httpx.Client(transport=service.transport()) as http:
        Ideogram(KEY, http_client=http)._send(AS_JSON, {"text_prompt": "a"}, extra_fields={UNKNOWN: 7}, timeout=None)
    (request,) = service.requests
    assert (request.headers[API_KEY_HEADER], request.headers["Content-Type"]) == (KEY, "application/json")
    assert json.loads(request.content) == {"text_prompt": "a", UNKNOWN: 7}


def test_what_json_cannot_hold_is_refused_for_a_json_body_too() -> None:
    with pytest.raises(FieldValueError, match=r"^/text_prompt: .* digits") as caught:
        encode_request(AS_JSON, {"text_prompt": 10**5000})
    assert caught.value.field == "text_prompt"


def test_a_required_field_is_named_when_it_is_missing() -> None:
    first, second, *others = POST_GENERATE_IMAGE_V4.fields
    required = [evolve(field, required=True) for field in others]
    operation = evolve(POST_GENERATE_IMAGE_V4, fields=(first, second, *required))
    with pytest.raises(RequestError) as caught:
        encode_request(operation, {"text_prompt": "a", others[1].python_name: "x"})
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


def test_a_part_is_encoded_for_its_content_type() -> None:
    for content_type, value, parts in PARTS:
        field = Field(python_name="notes", wire_name="n", content_type=content_type, required=False)
        body = encode_request(evolve(POST_GENERATE_IMAGE_V4, fields=(field,), exactly_one_of=()), {"notes": value})
        assert body.parts == tuple(("n", (None, text.encode(), kind)) for text, kind in parts), (content_type, value)
        assert body.fields == {"n": value}


def test_only_what_was_given_is_sent_and_no_default_of_the_contract() -> None:
    body = encode_request(POST_GENERATE_IMAGE_V4, {"text_prompt": "a", "resolution": None}, {UNKNOWN: 7})
    assert body.fields == {"text_prompt": "a", UNKNOWN: 7}


def test_a_wire_name_may_differ_from_the_keyword() -> None:
    renamed = Field(python_name="text_prompt", wire_name="text-prompt", content_type=None, required=False)
    operation = evolve(
        POST_GENERATE_IMAGE_V4,
        fields=(renamed, *POST_GENERATE_IMAGE_V4.fields[1:]),
        exactly_one_of=(("text-prompt", "json_prompt"),),
    )
    assert encode_request(operation, {"text_prompt": "a"}).fields == {"text-prompt": "a"}
    with pytest.raises(RequestError, match="Neither text_prompt nor json_prompt"):
        encode_request(operation, {})
