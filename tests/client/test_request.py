"""From keyword arguments to the bytes on the wire: names, values and the body, read by another parser."""

import json
import math
from collections import OrderedDict
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import httpx
import jsonschema_rs
import pytest
from attrs import evolve
from canned import Service, refused
from contract_document import ALSO_UNKNOWN, UNKNOWN
from driver import KEY, KINDS, Driver, Kind, case, generate, raised
from hypothesis import example, given
from hypothesis import strategies as st
from json_prompts import arguments, json_prompts, texts
from multipart_reader import Part, boundary_of, read_parts

import ideogram_ai.client as ideogram
from ideogram_ai.client import FieldValueError, Ideogram, RequestError
from ideogram_ai.client.request import JSON, encode_request, plain_response, to_plain
from ideogram_ai.generated import models, operations
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import API_KEY_HEADER, MODEL_FIELDS, POST_GENERATE_IMAGE_V4, SERVER_URL, Field

CONTRACT = read_contract()
SCHEMA = CONTRACT["components"]["schemas"][POST_GENERATE_IMAGE_V4.request_model]
REQUEST = jsonschema_rs.validator_for(
    {"components": CONTRACT["components"], "$ref": f"#/components/schemas/{POST_GENERATE_IMAGE_V4.request_model}"}
)
HINTS: dict[str, dict[str, str]] = SCHEMA["x-field-hints"]
FIELDS = list(SCHEMA["properties"])
V3_NAMES = {"prompt", "aspect_ratio", "num_images", "negative_prompt", "magic_prompt", "style_type", "seed"}


def send(kind: Kind = "sync", **fields: Any) -> list[Part]:
    """The parts of the request."""
    service = Service()
    generate(kind, service, **fields)
    return read_parts(service.requests[0])


def texts_of(parts: list[Part]) -> list[tuple[str, str]]:
    return [(part.name, part.data.decode()) for part in parts]


def refusal(fields: dict[str, Any], kind: Kind = "sync") -> Any:
    return refused(RequestError, fields, kind)


# Names.


def test_a_name_of_an_earlier_version_is_refused_with_its_replacement(kind: Kind) -> None:
    assert set(HINTS) >= V3_NAMES - set(FIELDS)
    for name, hint in HINTS.items():
        error = refusal({"text_prompt": "a cat", name: "x"}, kind)
        assert (error.field, error.suggestion) == (name, hint.get("use"))
        assert repr(name) in error.message
        assert hint.get("because", "") in error.message
        advice = f"Did you mean {hint['use']}?" if "use" in hint else "This version of the API has none"
        assert advice in error.message


def test_an_unknown_name_is_refused_with_the_closest_field_or_with_every_field() -> None:
    typos = {
        "text_promt": "text_prompt",
        "textprompt": "text_prompt",
        "jsonprompt": "json_prompt",
        "resolutoin": "resolution",
        "Resolution": "resolution",
        "render_speed": "rendering_speed",
        "enable_copyright": "enable_copyright_detection",
    }
    free = "Nothing was sent, nothing billed."
    for typo, meant in typos.items():
        error = refusal({"text_prompt": "a cat", typo: "x"})
        assert (error.field, error.suggestion) == (typo, meant)
        assert error.message == f"{typo!r} is not a request field. Did you mean {meant}? {free}"
    error = refusal({"text_prompt": "a cat", UNKNOWN: None})  # before the prompt rule, and although it is None
    assert isinstance(error, ideogram.UnknownFieldError)
    assert isinstance(error, TypeError)
    assert (error.field, error.suggestion) == (UNKNOWN, None)
    fields = ", ".join(FIELDS)
    assert error.message == (
        f"{UNKNOWN!r} is not a request field. The fields are {fields}; extra_fields sends an undocumented one. {free}"
    )
    assert isinstance(refusal({UNKNOWN: 1}), ideogram.UnknownFieldError)


@given(name=st.text(min_size=1).filter(lambda name: name not in {*FIELDS, "extra_fields", "timeout", "self"}))
def test_any_other_name_is_refused(name: str) -> None:
    assert refusal({"text_prompt": "a cat", name: 1}).field == name


def test_extra_fields_follow_the_documented_ones_in_their_order(kind: Kind) -> None:
    more = {UNKNOWN: 7, ALSO_UNKNOWN: "model/m/version/1", f"{UNKNOWN}_2": True, "0.5": 0.5, "Ünï cödé": "ü"}
    extra = more | {"none": None}
    before = dict(extra)
    sent = texts_of(send(kind, extra_fields=extra, resolution="1024x1024", text_prompt="a"))
    written = ("7", "model/m/version/1", "true", "0.5", "ü")
    assert sent == [("text_prompt", "a"), ("resolution", "1024x1024"), *zip(more, written, strict=True)]
    assert extra == before
    for values in (("2048x2049", "FLASH"), ("", "fast"), ("1x1", "LUDICROUS")):  # the service judges values
        sent = texts_of(send(kind, text_prompt="a", resolution=values[0], rendering_speed=values[1]))
        assert [value for _, value in sent] == ["a", *values]
    extra = {"options": {"b": 1, "a": [2]}, "words": ["x", "y"], "pairs": [[1, 2]], "nothing": []}
    parts = send(kind, text_prompt="a", extra_fields=extra)[1:]
    assert [(part.name, part.content_type, part.data.decode()) for part in parts] == [
        ("options", "application/json", '{"b":1,"a":[2]}'),
        ("words", None, "x"),
        ("words", None, "y"),
        ("pairs", "application/json", "[[1,2]]"),
    ]


def test_extra_fields_that_cannot_be_sent_are_refused() -> None:
    for name in FIELDS:
        error = refusal({"text_prompt": "a", "extra_fields": {name: "x"}})
        assert error.message.startswith(f"extra_fields: {name!r} is a documented field. Give it as the keyword {name}.")
    for name in ("", " ", "a\r\nb", 'a"b', "a\\b", "a\0b", "\ud800", "a\tb", "\u2028"):
        assert refusal({"text_prompt": "a", "extra_fields": {name: "x"}}).field == name
    keys: list[Any] = [1, None, b"a"]
    for key in keys:
        assert "extra_fields" in refusal({"text_prompt": "a", "extra_fields": {key: "x"}}).message
    for other in ([("a", 1)], "a"):
        message = refusal({"text_prompt": "a", "extra_fields": other}).message
        assert message.startswith(f"extra_fields is {type(other).__name__}: give a mapping of field names")


def test_a_missing_required_field_is_named_and_a_wire_name_may_differ() -> None:
    first, second, *others = POST_GENERATE_IMAGE_V4.fields
    required = [evolve(field, required=True) for field in others]
    operation = evolve(POST_GENERATE_IMAGE_V4, fields=(first, second, *required))
    error = raised(RequestError, encode_request, operation, {"text_prompt": "a", others[1].python_name: "x"})
    name = others[0].python_name
    assert error.message == f"{name} is missing: the contract requires it. Nothing was sent, nothing billed."
    renamed = evolve(first, wire_name="text-prompt")
    groups = (("text-prompt", "json_prompt"),)
    operation = evolve(POST_GENERATE_IMAGE_V4, fields=(renamed, second, *others), exactly_one_of=groups)
    assert encode_request(operation, {"text_prompt": "a"}).fields == {"text-prompt": "a"}
    raised(RequestError, encode_request, operation, {}, match="Neither text_prompt nor json_prompt")


# Values.


# As many programs write enums: str() of a member is 'Speed.QUALITY'.
Speed = Enum("Speed", {"QUALITY": "QUALITY"}, type=str)
Word = type("Word", (str,), {"__str__": lambda _: "not the value"})
Size = StrEnum("Size", {"SQUARE": "1024x1024"})
Number = IntEnum("Number", {"SEVEN": 7})
Shade = Enum("Shade", {"DARK": "#000000"})
ARRIVE: list[tuple[object, object]] = [
    (Speed.QUALITY, "QUALITY"),
    (Size.SQUARE, "1024x1024"),
    (Number.SEVEN, 7),
    (Shade.DARK, "#000000"),
    ({Speed.QUALITY: 1}, {"QUALITY": 1}),
    (Word("word"), "word"),
    ((1, (2, "3")), [1, [2, "3"]]),
    (range(3), [0, 1, 2]),
    (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
    (MappingProxyType({"b": 1}), {"b": 1}),
    (datetime(2026, 10, 7, 12, tzinfo=UTC), "2026-10-07T12:00:00+00:00"),
    (date(2026, 10, 7), "2026-10-07"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    (2**63, 2**63),
    (-(10**300), -(10**300)),
    (0.1, 0.1),
    (-0.0, 0.0),
    ([None, True, False], [None, True, False]),
    (models.V4StyleDescription(medium="m"), {"medium": "m"}),
]


def test_what_json_can_hold_arrives(kind: Kind) -> None:
    for value, arrives in ARRIVE:
        (part,) = send(kind, json_prompt={"value": value})
        assert json.loads(part.data) == {"value": arrives}, value
    plain: list[tuple[object, str]] = [(12, "12"), (1.5, "1.5"), (True, "true"), (date(2026, 1, 2), "2026-01-02")]
    for value, written in plain:
        assert texts_of(send(kind, text_prompt=value)) == [("text_prompt", written)]
    fields: dict[str, Any] = {"resolution": Size.SQUARE, "rendering_speed": Speed.QUALITY}
    parts = send(kind, text_prompt=Word("word"), extra_fields={UNKNOWN: Number.SEVEN}, **fields)
    assert dict(texts_of(parts)) == {
        "text_prompt": "word", "resolution": "1024x1024", "rendering_speed": "QUALITY", UNKNOWN: "7"
    }  # fmt: skip


def cycle() -> list[object]:
    values: list[object] = []
    values.append({"again": values})
    return values


def nested(depth: int) -> object:
    value: object = None
    for _ in range(depth):
        value = [value]
    return value


UNWRITABLE: list[tuple[object, str]] = [
    ("a cat \ud83d", "character 6 is half of a surrogate pair"),
    ("\udc08", "character 0 is half of a surrogate pair"),
    ({"\ud800": 1}, "half of a surrogate pair"),
    (math.nan, "JSON has no nan"),
    (-math.inf, "JSON has no -inf"),
    ({1: "a"}, "the key 1 is not a string"),
    ({None: "a"}, "the key None is not a string"),
    (cycle(), "nests too deep, or contains itself"),
    (nested(10_000), "nests too deep"),
    (10**5000, "digits"),
]
NO_JSON = (b"a cat", bytearray(b"a"), memoryview(b"a"), {"a"}, (x for x in "a"), Decimal(1), object(), dict)


def test_what_cannot_be_encoded_is_refused_before_anything_is_sent(kind: Kind) -> None:
    for value, reason in [*UNWRITABLE, *((value, f"{type(value).__name__} is not a JSON type") for value in NO_JSON)]:
        for field in ("json_prompt", "text_prompt", "resolution", "extra"):
            prompt: dict[str, Any] = {} if field.endswith("prompt") else {"text_prompt": "a cat"}
            given: dict[str, Any] = {"extra_fields": {"extra": value}} if field == "extra" else {field: value}
            with case((reason, field)):
                error = refusal(prompt | given, kind)
                assert isinstance(error, FieldValueError)
                assert reason in error.message
                assert error.field == field
                assert error.message.startswith(f"{error.pointer}: this value cannot be sent")


POINTERS: list[tuple[object, str]] = [
    ({"tags": ["a", b"b"]}, "/json_prompt/tags/1"),
    ({"a/b": {"c~d": {1, 2}}}, "/json_prompt/a~1b/c~0d"),
    ({"elements": ({"bbox": [1, 2, 3, math.nan]},)}, "/json_prompt/elements/0/bbox/3"),
    ({"a": {"\udc00": 1}}, "/json_prompt/a"),
    ([[{"a": (1, math.nan)}]], "/json_prompt/0/0/a/1"),
    (models.V4StyleDescription(photo="\ud800"), "/json_prompt/photo"),
    ({"style": [models.V4StyleDescription(photo="\ud800")]}, "/json_prompt/style/0/photo"),
]


def test_the_pointer_leads_to_the_value() -> None:
    for prompt, pointer in POINTERS:
        error = refusal({"json_prompt": prompt})
        assert (error.field, error.pointer) == ("json_prompt", pointer)
    with pytest.raises(FieldValueError) as caught:
        to_plain("tags", cycle())
    assert caught.value.message == (
        "/tags: this value cannot be sent: it nests too deep, or contains itself. Nothing was sent, nothing billed."
    )
    with pytest.raises(FieldValueError, match=r"^/a\\ud800: this value cannot be sent: JSON has no nan") as caught:
        to_plain("a\ud800", math.nan)
    assert caught.value.pointer == "/a\\ud800"


def test_a_whole_number_of_a_table_is_an_integer_as_long_as_it_is_exact() -> None:
    for value, text in (
        (4.0, "4"),
        (-0.0, "0"),
        (4.5, "4.5"),
        (2.0**53 - 1, "9007199254740991"),
        (2.0**53, "9007199254740992.0"),
    ):
        assert json.dumps(to_plain("seed", value)) == text


def test_a_model_without_further_properties_is_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A generated model whose schema allows none has no attribute for them."""
    closed = type("Closed", (), {"photo": "a cat", "__module__": models.V4StyleDescription.__module__})
    monkeypatch.setitem(operations.MODEL_FIELDS, "Closed", (("photo", "photo"),))
    assert to_plain("style", closed()) == {"photo": "a cat"}


leaves = st.none() | st.binary() | st.floats() | st.text(st.characters())
keys = st.text(st.characters(categories=["Cs", "L"])) | st.integers()


@given(prompt=st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(keys, inner)))
def test_anything_is_sent_completely_or_refused_with_a_printable_message(prompt: object) -> None:
    service = Service()
    try:
        generate("sync", service, text_prompt=None, json_prompt={"value": prompt})
    except RequestError as error:
        error.message.encode()
        assert service.requests == []
    else:
        (part,) = read_parts(service.requests[0])
        assert json.loads(part.data) == {"value": prompt}


# The body.

INJECTION = '\r\n--{}\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY\r\n--{}--\r\n'
NASTY = [*"\0\r\n\U0001f408", "\r\n", "\ufeff\ufeff", "\u202e\u05d0", "\x85\u2028\u2029", '"\\/', "--", " \t "]
NASTY_PROMPT = {
    "high_level_description": "".join(NASTY),
    "compositional_deconstruction": {"background": "a" + "\n".join(NASTY) + "b", "elements": []},
    **{text: [text] for text in NASTY},
}


def decode(parts: list[Part]) -> dict[str, Any]:
    """The fields as a server reads them: JSON where the part says so or the contract wants no string."""
    fields = {}
    for part in parts:
        text = part.data.decode()
        as_json = part.content_type == "application/json" or part.name == "enable_copyright_detection"
        fields[part.name] = json.loads(text) if as_json else text
    assert len(fields) == len(parts), "a field came twice"
    return fields


@given(fields=arguments)
@example(fields={"text_prompt": "".join(NASTY)})
@example(fields={"json_prompt": NASTY_PROMPT})
def test_what_is_given_arrives_and_keeps_the_contract(fields: dict[str, Any]) -> None:
    given = {name: value for name, value in fields.items() if value is not None}
    bodies = []
    for kind in KINDS:
        service = Service()
        generate(kind, service, **fields)
        request = service.requests[0]
        parts = read_parts(request)
        decoded = decode(parts)
        assert decoded == given
        assert list(decoded) == [name for name in FIELDS if name in given]
        assert all("filename" not in part.options for part in parts)
        REQUEST.validate(decoded)
        assert request.headers["content-length"] == str(len(request.content))
        bodies.append(request.content.replace(boundary_of(request), b"BOUNDARY"))
    assert bodies[0] == bodies[1] == bodies[2]


@given(prompt=json_prompts)
def test_a_prompt_keeps_its_key_order_in_utf_8_and_a_model_says_the_same(prompt: dict[str, Any]) -> None:
    (part,) = send(json_prompt=prompt)
    assert part.data == json.dumps(prompt, ensure_ascii=False, separators=(",", ":")).encode()
    (part,) = send(json_prompt=models.V4JsonPrompt.from_dict(prompt))
    assert json.loads(part.data) == prompt


def test_the_head_of_the_request_and_of_its_parts(kind: Kind) -> None:
    service = Service()
    generate(kind, service, text_prompt="a")
    (request,) = service.requests
    assert (request.method, str(request.url)) == ("POST", SERVER_URL + POST_GENERATE_IMAGE_V4.path)
    assert request.headers[API_KEY_HEADER] == KEY
    assert "authorization" not in request.headers
    assert request.headers["accept"] == "application/json"
    (prompt,) = send(kind, json_prompt={"a": 1})
    assert prompt.headers == {
        "content-disposition": 'form-data; name="json_prompt"',
        "content-type": "application/json",
    }
    for part in send(kind, text_prompt="a", resolution="1024x1024", enable_copyright_detection=True):
        assert part.headers == {"content-disposition": f'form-data; name="{part.name}"'}
    for value, written in ((True, "true"), (False, "false")):
        parts = send(kind, text_prompt="a", json_prompt=None, resolution=None, enable_copyright_detection=value)
        assert texts_of(parts) == [("text_prompt", "a"), ("enable_copyright_detection", written)]


@given(boundary=st.just("+++") | st.from_regex(r"[0-9a-f]{32}", fullmatch=True), before=texts)
@example(boundary="+++", before="a cat")
def test_a_prompt_injects_no_field(boundary: str, before: str) -> None:
    text = before + INJECTION.format(boundary, boundary)
    parts = send(text_prompt=text, rendering_speed="TURBO")
    assert decode(parts) == {"text_prompt": text, "rendering_speed": "TURBO"}


def test_boundaries_are_random_and_long_and_of_no_use_in_the_next_request() -> None:
    service = Service()
    for _ in range(50):
        generate("sync", service, text_prompt="a")
    boundaries = [boundary_of(request).decode() for request in service.requests]
    assert len(set(boundaries)) == 50
    assert min(map(len, boundaries)) >= 32
    text = INJECTION.format(boundaries[-1], boundaries[-1])
    generate("sync", service, text_prompt=text)
    assert decode(read_parts(service.requests[-1])) == {"text_prompt": text}
    text = INJECTION.format("+++", "+++")
    for preset in ("application/json", "multipart/form-data", "multipart/form-data; boundary=+++"):
        service = Service()
        lend = {"transport": service.transport(), "headers": {"Content-Type": preset}}
        with Driver("sync", lend=lend) as driver:
            driver.generate(text_prompt=text)
        assert decode(read_parts(service.requests[0])) == {"text_prompt": text}, preset
        assert boundary_of(service.requests[0]) != b"+++", preset


def test_a_generated_model_is_encoded_in_the_order_of_the_contract() -> None:
    element = models.V4TextPromptElement(type_="text", text="t", desc="d", bbox=[1, 2, 3, 4])
    element["x"] = None
    prompt = models.V4JsonPrompt(
        tags=[],
        compositional_deconstruction=models.V4CompositionalDeconstruction(elements=[element], background="b"),
        style_description=models.V4StyleDescription(medium="m", aesthetics="a"),
        high_level_description="ü",
    )
    (part,) = send(json_prompt=prompt)
    assert part.data.decode() == (
        '{"high_level_description":"ü","style_description":{"aesthetics":"a","medium":"m"},'
        '"compositional_deconstruction":{"background":"b","elements":'
        '[{"type":"text","bbox":[1,2,3,4],"text":"t","desc":"d","x":null}]},"tags":[]}'
    )
    for name, fields in MODEL_FIELDS.items():
        schema = CONTRACT["components"]["schemas"].get(name, {})
        if "allOf" not in schema:
            assert [wire for _, wire in fields] == list(schema.get("properties", {})), name


AS_JSON = evolve(POST_GENERATE_IMAGE_V4, media_type="application/json")


def test_a_json_body_is_one_object_in_the_order_of_the_contract() -> None:
    fields = {"resolution": "1024x1024", "json_prompt": {"b": "ü", "a": True}, "enable_copyright_detection": False}
    body = encode_request(AS_JSON, fields | {"rendering_speed": None}, {UNKNOWN: 7, ALSO_UNKNOWN: None})
    assert body.parts == ()
    assert body.content == (
        '{"json_prompt":{"b":"ü","a":true},"resolution":"1024x1024","enable_copyright_detection":false,"no_such_field":7}'.encode()
    )
    assert (body.fields, body.path) == (json.loads(body.content), AS_JSON.path)
    assert "ü" not in repr(body.fields) or "fields" not in repr(body)
    with pytest.raises(FieldValueError, match=r"^/text_prompt: .* digits") as caught:
        encode_request(AS_JSON, {"text_prompt": 10**5000})
    assert caught.value.field == "text_prompt"
    service = Service()
    with httpx.Client(transport=service.transport()) as http:
        Ideogram(KEY, http_client=http)._send(AS_JSON, {"text_prompt": "a"}, extra_fields={UNKNOWN: 7}, timeout=None)
    (request,) = service.requests
    assert (request.headers[API_KEY_HEADER], request.headers["Content-Type"]) == (KEY, "application/json")
    assert json.loads(request.content) == {"text_prompt": "a", UNKNOWN: 7}


PARTS: list[tuple[str | None, object, list[tuple[str, str | None]]]] = [
    (None, "a", [("a", None)]),
    (None, ["a", 1, None], [("a", None), ("1", None), ("null", None)]),
    (None, [{"a": 1}], [('[{"a":1}]', JSON)]),
    (None, [1, []], [("[1,[]]", JSON)]),
    (None, [], [("[]", JSON)]),
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


def test_a_response_becomes_plain_json_and_nothing_in_it_is_refused() -> None:
    odd = {"half": "\ud83d", "none": math.inf, "deep": json.loads("[" * 600 + "]" * 600)}
    member = {"color_hex": "#FFAA00", "color_weight": 0.5}
    palette = models.ColorPaletteWithMembers.from_dict({"members": [member, member], **odd})
    palette.members[1] = "no member"  # type: ignore[call-overload] # as a lenient reader leaves it
    plain = plain_response(palette)
    assert list(plain) == ["members", *odd]
    assert plain["members"] == [member, "no member"]
    assert {name: plain[name] for name in odd} == odd
    assert plain_response(b"caf\xe9") == "caf\\xe9"
    assert plain_response(UUID(int=7)) == str(UUID(int=7))
