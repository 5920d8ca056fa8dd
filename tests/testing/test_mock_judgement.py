"""What the mock server accepts and refuses, and how its messages name the field, the value and the fix."""

import json
import subprocess
import sys
from typing import Any

import pytest
from contract_document import UNKNOWN
from driver import case
from hypothesis import given
from hypothesis import strategies as st
from mock_requests import Part, encode, fields, json_prompt, part

from ideogram_ai.contract.decoding import decode_parts
from ideogram_ai.contract.problems import pointer_to
from ideogram_ai.contract.view import FieldRule, read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing.multipart import parse_multipart
from ideogram_ai.testing.service import ReadRequest, read_request

ELEMENTS = "#/json_prompt/compositional_deconstruction/elements"
BOX = {"type": "obj", "desc": "a cat", "bbox": [0, 0, 500, 500]}


def read(parts: list[Part]) -> ReadRequest:
    content_type, body = encode(parts)
    return read_request(read_view(), content_type, body)


def read_prompt(data: bytes, header: str) -> ReadRequest:
    """Read a form whose part text_prompt has this header."""
    head = f'--b\r\nContent-Disposition: form-data; name="text_prompt"\r\n{header}\r\n\r\n'
    return read_request(read_view(), "multipart/form-data; boundary=b", head.encode() + data + b"\r\n--b--\r\n")


def check(request: ReadRequest | list[Part], pointer: str, *words: str, status: int = 400) -> dict[str, Any]:
    """Check and return the body of the response that refuses a request."""
    refused = (request if isinstance(request, ReadRequest) else read(request)).refused
    assert refused is not None, str(request)[:500]
    body: dict[str, Any] = json.loads(refused.body)
    with case(str(request)[:500]):
        assert set(body) - {"errors"} == {"type", "title", "detail", "status"}
        assert refused.status == body["status"] == status
        assert len(body["detail"]) < 1000, "long values are shortened"
        assert [error["pointer"] for error in body.get("errors", ())][:1] == ([pointer] if pointer else [])
        assert [word for word in words if word not in body["detail"]] == [], body["detail"]
    return body


def test_each_field_and_choice_of_the_contract() -> None:
    view = read_view()
    assert set(view.fields) == {field.wire_name for field in OPERATION.fields}
    assert view.fields["rendering_speed"].unavailable, "the contract has such a value"
    for rule in view.fields.values():
        unavailable = {entry.value: entry for entry in rule.unavailable}
        for choice in rule.choices:
            form = [part("text_prompt", "a cat"), part(rule.name, choice)]
            if entry := unavailable.get(choice):
                check(form, f"#/{rule.name}", entry.value, entry.because, status=entry.status)
            else:
                assert read(form).refused is None, choice
    for value in (True, False):
        assert read(fields(text_prompt="a cat", enable_copyright_detection=value)).fields[1][1] is value


def test_fields_keep_their_order_and_keys_theirs() -> None:
    prompt = json_prompt({"desc": "x", "type": "obj"}, zebra=1, apple=2)
    got = read([part("resolution", "1024x1024"), part("json_prompt", prompt), part("alpha", "1")])
    assert got.refused is None
    assert [name for name, _ in got.fields] == ["resolution", "json_prompt", "alpha"]
    assert json.dumps(got.fields[1][1]) == json.dumps(prompt)


def test_both_prompts_or_none() -> None:
    both = fields(text_prompt="a cat", json_prompt=json_prompt(BOX))
    body = check(both, "#/text_prompt", '"a cat"', "high_level_description")
    assert [error["pointer"] for error in body["errors"]] == ["#/text_prompt", "#/json_prompt"]
    check(fields(text_prompt="a cat", json_prompt={}), "#/text_prompt", "Give exactly one of")  # before what is inside
    none = ["text_prompt and json_prompt", "none was given (the request has resolution)"]
    check(fields(resolution="1024x1024"), "#", *none)


def test_unknown_fields_are_accepted_with_a_remark_or_a_hint() -> None:
    for name, hint in OPERATION.field_hints.items():
        hints = [f"use {hint.use}" if hint.use else "", hint.because or ""]
        check([part(name, "a cat")], "#", f'"{name}" is not a field of this operation', *hints)
    hinted, because = next((name, hint.because) for name, hint in OPERATION.field_hints.items() if hint.use is None)
    got = read(fields(**{"text_prompt": "a cat", hinted: "5", UNKNOWN: "blue"}))
    assert got.refused is None
    assert (hinted, "5") in got.fields
    assert any(f'"{hinted}" is not a field' in remark and str(because) in remark for remark in got.remarks)
    assert any(f'"{UNKNOWN}" is not a field' in remark for remark in got.remarks)


def test_wrong_values() -> None:
    def wrong(name: str, value: str | bytes, *words: str) -> None:
        check(fields(**{"text_prompt": "x" * 5000, name: value}), f"#/{name}", name, *words)

    wrong("resolution", "1000x1000", '"1000x1000"', "1024x1024", "one of the 38")
    wrong("resolution", "9" * 5000, '"' + "9" * 100, '..."')
    wrong("rendering_speed", "turbo", '"turbo"', "TURBO", "QUALITY")
    wrong("enable_copyright_detection", "True", '"True"', "true or false")
    wrong("enable_copyright_detection", "", '""', "true or false")
    wrong("text_prompt", b"caf\xe9", "UTF-8", "byte 3")
    two = check(fields(text_prompt="a cat", resolution="1x1", rendering_speed="fast"), "#/resolution", "1 more")
    assert {error["pointer"] for error in two["errors"]} == {"#/resolution", "#/rendering_speed"}
    check([part("text_prompt", "a cat"), part("text_prompt", "a dog")], "#/text_prompt", "more than once")
    assert pointer_to(["a/b", "c~d", "e f", 0]) == "#/a~1b/c~0d/e%20f/0"


def test_wrong_elements_of_a_json_prompt() -> None:
    elements: list[tuple[Any, str, list[str]]] = [
        ({**BOX, "bbox": [1, 2, 3]}, "/0/bbox", ["elements[0].bbox", "[1, 2, 3]", "4 items", "y_min, x_min"]),
        ({**BOX, "bbox": [1, 2, 3, 4, 5]}, "/0/bbox", ["[1, 2, 3, 4, 5]", "4 items"]),
        ({**BOX, "bbox": [0, 0, 1001, 1]}, "/0/bbox/2", ["1001", "1000"]),
        ({**BOX, "bbox": [0, 0, 10**60, 1]}, "/0/bbox/2", ["1" + 60 * "0", "1000"]),
        ({**BOX, "bbox": [0, 0, 1.5, 1]}, "/0/bbox/2", ["1.5", "integer"]),
        ({**BOX, "bbox": [0, 0, 10, -1]}, "/0/bbox/3", ["-1", "0"]),
        ({**BOX, "color_palette": ["#FFFFFF", "red"]}, "/0/color_palette/1", ['"red"', "0-9a-fA-F"]),
        ({"type": "image", "desc": "x"}, "/0/type", ['"image"', "obj, text"]),
        ({"type": ["obj"], "desc": "x"}, "/0/type", ['["obj"]', "obj, text"]),
        ({"desc": "x"}, "/0", ["type is missing", "obj, text"]),
        ({"type": "text", "desc": "x"}, "/0", ['"text" is a required property']),
        ({"type": "text", "desc": "x", "text": 5}, "/0/text", ["5", "string"]),
        ("a cat", "/0", ['"a cat" is not an object']),
    ]
    for element, place, words in elements:
        check(fields(json_prompt=json_prompt(element)), ELEMENTS + place, *words)


def test_json_prompts_that_cannot_be_read() -> None:
    texts = {
        "is not JSON": ["", "{", "a cat"],
        "object": ['"a cat"'],
        "NaN": ['{"a": NaN}'],
        "large": ['{"a": 1e999}', '{"a": ' + "9" * 5000 + "}"],
        "surrogate": [r'{"high_level_description": "\ud83d"}', r'{"\udc00": 1}'],
        "nested more than 100": ["[" * 101 + "]" * 101, "[" * 90_000, '{"a":' * 50_000 + "1" + "}" * 50_000],
    }
    for word, cases in texts.items():
        for text in cases:
            check(fields(json_prompt=text), "#/json_prompt", word, text if "cat" in text else "")
    for depth in (90, 94):
        inner: Any = 1
        for _ in range(depth):
            inner = [inner]
        assert read(fields(json_prompt=json_prompt(more=inner))).refused is None, depth
    brackets_in_words = json_prompt({"type": "obj", "desc": "[{" * 300})
    assert read(fields(json_prompt=brackets_in_words)).refused is None


def test_a_json_prompt_is_read_however_its_part_is_labelled() -> None:
    prompt = json_prompt({**BOX, "desc": "café"})
    text = json.dumps(prompt, ensure_ascii=False)
    parts: list[tuple[Part, str]] = [
        (("json_prompt", (None, text.encode())), "application/json"),
        (part("json_prompt", text, filename="prompt.json"), "prompt.json"),
        (part("json_prompt", text.encode("latin-1"), content_type="application/json; charset=ISO-8859-1"), ""),
        (part("json_prompt", text.encode("utf-16"), content_type="application/json; charset=UTF-16"), ""),
        (part("json_prompt", text.encode("utf-8-sig"), content_type="application/json; charset=UTF-8"), ""),
        (part("json_prompt", text.encode("utf-8-sig"), content_type="application/json"), ""),
    ]
    for each, word in parts:
        got = read([each])
        assert (got.refused, got.fields) == (None, (("json_prompt", prompt),)), each
        (remark,) = got.remarks
        assert word in remark, each


def test_the_text_null_is_null_where_the_contract_allows_null() -> None:
    got = read(fields(text_prompt="null", enable_copyright_detection="null"))
    assert got.fields == (("text_prompt", "null"), ("enable_copyright_detection", None))
    assert any("leave the field out" in remark for remark in got.remarks)


def test_a_part_is_read_in_its_charset() -> None:
    parts = {
        ("utf-8", "café"): ["charset=UTF-8", "charset=utf8", "charset='utf-8'", "charset="],
        ("utf-8", "\ufeffcat"): ["charset=utf-8"],  # a text may begin with any character
        ("ascii", "a cat"): ["charset=us-ascii", "charset=ISO-8859-1"],  # HttpMime of Apache sends the latter
        ("latin-1", "café"): ["charset=ISO-8859-1", 'charset="iso-8859-1"', "CharSet=Latin1"],
        ("utf-16", "東京"): ['boundary=x; charset="UTF-16"'],
        ("utf-16-le", "café"): ["charset=utf-16le"],
        ("shift_jis", "東京"): ["charset=shift_jis"],
        ("cp1251", "кот"): ["charset=windows-1251"],
    }
    for parameter, codec, text in ((each, *key) for key, parameters in parts.items() for each in parameters):
        data = text.encode(codec)
        got = read([part("text_prompt", data, content_type=f"text/plain; {parameter}")])
        assert (got.refused, got.fields) == (None, (("text_prompt", text),)), parameter
        remarked = any("not documented: write UTF-8" in remark for remark in got.remarks)
        assert remarked == (data != text.encode()), f"{parameter}: no remark where the charset makes no difference"


def test_charsets_that_cannot_be_read() -> None:
    of_python = {"hex": b"61", "rot13": b"png", "unicode_escape": rb"\x41", "idna": b"xn--caf-dma", "undefined": b"x"}
    parts = [
        *((name, data, [f'charset "{name}"', "UTF-8"]) for name, data in of_python.items()),
        ("klingon", b"x", ['charset "klingon"', "UTF-8"]),
        ("x" * 1000, b"x", ["charset", "UTF-8"]),
        ("us-ascii", "café".encode(), ["US-ASCII", "byte 3"]),
        ("utf-8", b"caf\xe9", ["UTF-8", "byte 3"]),
        ("utf-16", b"\xff\xfe\x00\xd8", ["UTF-16", "byte 2"]),
        ("utf-7", b"+2AA-", ["UTF-7", "surrogates"]),
        ("big5", b"\xff\xff", ["BIG5", "byte 0"]),
    ]
    for charset, data, words in parts:
        form = [part("text_prompt", data, content_type=f"text/plain; charset={charset}")]
        detail = check(form, "#/text_prompt", *words)["errors"][0]["detail"]
        assert detail.startswith("text_prompt "), charset
        assert len(detail) < 400, charset


def test_the_field_charset_is_the_charset_of_the_parts_that_name_none() -> None:
    """RFC 7578, section 4.6."""
    latin: Part = ("_charset_", (None, b"ISO-8859-1"))
    got = read([("text_prompt", (None, b"caf\xe9")), latin])
    assert (got.refused, got.fields) == (None, (("text_prompt", "café"), ("_charset_", "iso-8859-1")))
    check([part("text_prompt", "x"), part("_charset_", "klingon")], "#/text_prompt", "charset")
    named = check([part("json_prompt", "{}", content_type="text/x; charset=utf-8"), latin], "#/json_prompt")
    assert "charset" not in named["errors"][0]["detail"]


def test_transfer_encodings() -> None:
    """Old programs send them; RFC 7578 deprecates them."""
    for encoding, data, text in [
        ("8bit", "café".encode(), "café"),
        ("7bit", b"cat", "cat"),
        ("BINARY", "café".encode(), "café"),
        ("Base64 ", b"Y2Fm\r\nw6k=\r\n", "café"),
        ("quoted-printable", b"caf=C3=A9 =\r\n5=3D5", "café 5=5"),
    ]:
        got = read_prompt(data, f"Content-Transfer-Encoding: {encoding}")
        assert (got.refused, got.fields) == (None, (("text_prompt", text),)), encoding
        assert any("leave it out" in remark for remark in got.remarks) == (data != text.encode()), encoding
    for encoding, data, words in [
        ("base64", b"Y2F%", ["is not base64"]),
        ("base64", b"Y2Fm\xe9", ["is not base64"]),
        ("base64", b"Y2F", ["is not base64"]),
        ("base64", b"/w==", ["UTF-8", "byte 0"]),
        ("uuencode", b"x", ['"uuencode"', "leave that header out"]),
    ]:
        check(read_prompt(data, f"Content-Transfer-Encoding: {encoding}"), "#/text_prompt", "text_prompt", *words)


def test_files() -> None:
    png = b"\x89PNG\r\n\x1a\n" * 1000
    form = [
        (part("text_prompt", "a cat\n", filename="a.txt"), "a cat\n"),
        (part("style_reference_images", png, filename="a.png", content_type="image/png"), "[8000 bytes of image/png]"),
        (part("style_reference_images", b"", filename="b.png", content_type="image/png"), "[0 bytes of image/png]"),
        (part("style_reference_images", "some text", filename="c.txt"), "[9 bytes of text/plain]"),
        (part("blob", b"\xff\xfe", content_type="application/octet-stream"), "[2 bytes of application/octet-stream]"),
        (part("old", b"caf\xe9", content_type="text/plain; charset=klingon"), "[4 bytes of text/plain]"),
        (part("note", "twice"), "twice"),
        (part("note", "once"), "once"),
        (part("resolution", "1024x1024", filename="r"), "1024x1024"),
    ]
    got = read([each for each, _ in form])
    assert (got.refused, got.fields) == (None, tuple((each[0], value) for each, value in form))
    assert sum("came as a file" in remark for remark in got.remarks) == 2
    images = ['"style_reference_images" is not a field', '"a.png"']
    for words in (images, ['"c.txt"'], ['"blob"', "not text"], ['"note"']):
        assert any(all(word in remark for word in words) for remark in got.remarks), words
    check([part("text_prompt", b"\x89PNG", filename="a.png")], "#/text_prompt", "UTF-8 at byte 0")
    check([part("text_prompt", "a", filename="a"), part("text_prompt", "b")], "#/text_prompt", "more than once")


def test_bodies_that_cannot_be_parsed() -> None:
    attack = 'x\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY\r\n--+++--'
    assert read(fields(text_prompt=attack)).fields == (("text_prompt", attack),), "a prompt cannot add a field"
    wrong = ["application/x-www-form-urlencoded", "application/json", "multipart/mixed; boundary=b"]
    for content_type in (None, "", *wrong):
        got = read_request(read_view(), content_type, b"--b--")
        words = ["none"] if not content_type else [content_type.partition(";")[0], "multipart/form-data"]
        check(got, "", *words, status=415)
        assert got.fields == ()
    head = b'--b\r\nContent-Disposition: %s; name="text_prompt"\r\n\r\ncat\r\n'
    for parameter, body, word in [
        ("", b"--b--", "no boundary"),
        ("; boundary=", b"--b--", "no boundary"),
        ("; boundary=" + "b" * 300, b"", "cannot be read"),
        ("; boundary=b", b"", "closing boundary"),
        ("; boundary=b", b"hello", "cannot be read"),
        ("; boundary=b", head % b"form-data", "closing boundary"),
        ("; boundary=b", b"--b\r\n\r\ncat\r\n--b--\r\n", "Part 1 has no name"),
        ("; boundary=b", head % b"attachment" + b"--b--\r\n", "Part 1 has no name"),
    ]:
        got = read_request(read_view(), "multipart/form-data" + parameter, body)
        check(got, "", word)
        assert got.fields == ()
    check([part("a", "1")] * 1001, "", "1000 parts")


@given(
    wanted=st.lists(
        st.tuples(
            st.text("abcXYZ_09", min_size=1, max_size=8),
            st.binary(max_size=40) | st.sampled_from([b"\r\n--", b"\r\n\r\n", b"\r\n--b0undary\r\n", b"--"]),
            st.sampled_from(["application/json", "text/plain"]),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_httpx_writes_is_what_is_read(wanted: list[tuple[str, bytes, str]]) -> None:
    content_type, body = encode([(name, (None, value, kind)) for name, value, kind in wanted])
    parts = parse_multipart(content_type, body, OPERATION.media_type)
    assert [(part.name, part.value, part.content_type) for part in parts] == wanted


def test_a_number_is_read_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    view = read_view()
    monkeypatch.setitem(view.fields, "steps", FieldRule("steps", ("integer",), None, (), ()))
    for text, value in (("12", 12), ("twelve", None), ("true", None), ('"12"', None), ("", None)):
        content_type, body = encode(fields(steps=text))
        decoded = decode_parts(parse_multipart(content_type, body, OPERATION.media_type), view)
        if value is None:
            assert [problem.pointer for problem in decoded.problems] == ["#/steps"], text
        else:
            assert (decoded.items, decoded.problems) == ([("steps", value)], [])


def test_the_parser_prints_no_warnings_of_its_own() -> None:
    program = """
from ideogram_ai.testing.service import read_request
from ideogram_ai.contract.view import read_view
print(read_request(read_view(), "multipart/form-data; boundary=x", b"junk").refused.status)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("400\n", "")
