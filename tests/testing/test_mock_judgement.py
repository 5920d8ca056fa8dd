"""What the mock server accepts and refuses, and in which words: the field, the value and the cure."""

import json
from typing import Any

import pytest
from mock_requests import Part, encode, fields, json_prompt, part
from unknown_fields import UNKNOWN

from ideogram_ai.contract.view import ContractView, read_view
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing.service import ReadRequest, read_request

ELEMENTS = "#/json_prompt/compositional_deconstruction/elements"
BOX = {"type": "obj", "desc": "a cat", "bbox": [0, 0, 500, 500]}


def read(parts: list[Part]) -> ReadRequest:
    content_type, body = encode(parts)
    return read_request(read_view(), content_type, body)


def refusal(parts: list[Part]) -> dict[str, Any]:
    answer = read(parts).refused
    assert answer is not None
    body: dict[str, Any] = json.loads(answer.body)
    assert body["status"] == answer.status
    assert {"type", "title", "detail", "status", "errors"} == set(body)
    return body


def test_every_field_and_value_of_the_contract_is_accepted() -> None:
    view = read_view()
    assert set(view.fields) == {field.wire_name for field in OPERATION.fields}
    for rule in view.fields.values():
        for choice in rule.choices:
            allowed = choice not in [entry.value for entry in rule.unavailable]
            answer = read([part("text_prompt", "a cat"), part(rule.name, choice)]).refused
            assert (answer is None) == allowed, choice


@pytest.mark.parametrize("value", [True, False])
def test_a_boolean_arrives_as_a_boolean(value: bool) -> None:
    assert read(fields(text_prompt="a cat", enable_copyright_detection=value)).fields[1][1] is value


def test_fields_are_kept_in_wire_order_with_the_authors_key_order() -> None:
    prompt = json_prompt({"desc": "x", "type": "obj"}, zebra=1, apple=2)
    got = read([part("resolution", "1024x1024"), part("json_prompt", prompt), part("alpha", "1")])
    assert got.refused is None
    assert [name for name, _ in got.fields] == ["resolution", "json_prompt", "alpha"]
    assert json.dumps(got.fields[1][1]) == json.dumps(prompt)


def test_both_prompts_are_refused_with_both_values() -> None:
    body = refusal(fields(text_prompt="a cat", json_prompt=json_prompt(BOX)))
    assert body["status"] == 400
    assert [error["pointer"] for error in body["errors"]] == ["#/text_prompt", "#/json_prompt"]
    assert '"a cat"' in body["detail"]
    assert "high_level_description" in body["detail"]


def test_both_prompts_come_before_what_is_wrong_inside_one_of_them() -> None:
    assert "Exactly one of" in refusal(fields(text_prompt="a cat", json_prompt={}))["detail"]


def test_a_long_value_is_shortened_in_the_message() -> None:
    body = refusal(fields(text_prompt="x" * 5000, resolution="9" * 5000))
    assert '"' + "9" * 100 in body["detail"]
    assert '..."' in body["detail"]
    assert len(body["detail"]) < 1000


def test_a_request_without_a_prompt_is_refused_and_says_what_it_had() -> None:
    body = refusal(fields(resolution="1024x1024"))
    assert "text_prompt and json_prompt" in body["detail"]
    assert "none was (the request has resolution)" in body["detail"]


@pytest.mark.parametrize("name", OPERATION.field_hints)
def test_the_field_of_an_older_version_is_explained(name: str) -> None:
    hint = OPERATION.field_hints[name]
    detail = refusal([part(name, "a cat")])["detail"]
    assert f'"{name}" is not a field of this operation' in detail
    assert hint.use is None or f"use {hint.use}" in detail
    assert hint.because is None or hint.because in detail


def test_an_unknown_field_is_accepted_with_a_remark_because_the_contract_allows_it() -> None:
    hinted, because = next((name, hint.because) for name, hint in OPERATION.field_hints.items() if hint.use is None)
    got = read(fields(**{"text_prompt": "a cat", hinted: "5", UNKNOWN: "blue"}))
    assert got.refused is None
    assert (hinted, "5") in got.fields
    assert any(f'"{hinted}" is not a field' in remark and str(because) in remark for remark in got.remarks)
    assert any(f'"{UNKNOWN}" is not a field' in remark for remark in got.remarks)


@pytest.mark.parametrize(
    ("values", "pointer", "words"),
    [
        ({"resolution": "1000x1000"}, "#/resolution", ['"1000x1000"', "1024x1024", "one of the 38"]),
        ({"rendering_speed": "turbo"}, "#/rendering_speed", ['"turbo"', "TURBO", "QUALITY"]),
        ({"enable_copyright_detection": "True"}, "#/enable_copyright_detection", ['"True"', "true or false"]),
        ({"enable_copyright_detection": ""}, "#/enable_copyright_detection", ['""', "true or false"]),
        ({"text_prompt": b"caf\xe9"}, "#/text_prompt", ["text_prompt", "UTF-8", "byte 3"]),
    ],
)
def test_a_wrong_value_is_refused_by_name(values: dict[str, Any], pointer: str, words: list[str]) -> None:
    body = refusal(fields(**{"text_prompt": "a cat", **values}))
    assert (body["status"], body["errors"][0]["pointer"]) == (400, pointer)
    assert all(word in body["detail"] for word in [pointer.removeprefix("#/"), *words])


def test_a_value_that_the_service_does_not_offer_yet_is_refused_with_the_contracts_reason() -> None:
    rule = read_view().fields["rendering_speed"]
    assert rule.unavailable, "the contract has such a value"
    for entry in rule.unavailable:
        body = refusal(fields(text_prompt="a cat", rendering_speed=entry.value))
        assert body["status"] == entry.status
        assert entry.value in body["detail"]
        assert entry.because in body["detail"]


@pytest.mark.parametrize(
    ("element", "pointer", "words"),
    [
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
    ],
)
def test_a_wrong_element_is_pointed_at(element: Any, pointer: str, words: list[str]) -> None:
    body = refusal(fields(json_prompt=json_prompt(element)))
    assert (body["status"], body["errors"][0]["pointer"]) == (400, ELEMENTS + pointer)
    assert all(word in body["detail"] for word in words), body["detail"]


def test_more_problems_are_counted_and_listed() -> None:
    body = refusal(fields(text_prompt="a cat", resolution="1x1", rendering_speed="fast"))
    assert {error["pointer"] for error in body["errors"]} == {"#/resolution", "#/rendering_speed"}
    assert "1 more" in body["detail"]


def test_a_pointer_escapes_what_a_key_holds() -> None:
    from ideogram_ai.contract.problems import pointer_to

    assert pointer_to(["a/b", "c~d", "e f", 0]) == "#/a~1b/c~0d/e%20f/0"


def test_a_field_that_comes_twice_is_refused() -> None:
    body = refusal([part("text_prompt", "a cat"), part("text_prompt", "a dog")])
    assert body["errors"][0]["pointer"] == "#/text_prompt"
    assert "more than once" in body["detail"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ["not JSON"]),
        ("{", ["not JSON"]),
        ("a cat", ["not JSON", '"a cat"']),
        ('"a cat"', ['"a cat"', "object"]),
        ('{"a": NaN}', ["NaN"]),
        ('{"a": 1e999}', ["number", "large"]),
        ('{"a": ' + "9" * 5000 + "}", ["number", "large"]),
        (r'{"high_level_description": "\ud83d"}', ["surrogate"]),
        (r'{"\udc00": 1}', ["surrogate"]),
        ("[" * 101 + "]" * 101, ["nested", "100"]),
        ("[" * 90_000, ["nested", "100"]),
        ('{"a":' * 50_000 + "1" + "}" * 50_000, ["nested", "100"]),
    ],
)
def test_a_json_prompt_that_cannot_be_read_is_refused(text: str, words: list[str]) -> None:
    body = refusal(fields(json_prompt=text))
    assert (body["status"], body["errors"][0]["pointer"]) == (400, "#/json_prompt")
    assert all(word in body["detail"] for word in words), body["detail"]
    assert len(body["detail"]) < 1000


def test_brackets_in_words_are_no_nesting() -> None:
    assert read(fields(json_prompt=json_prompt({"type": "obj", "desc": "[{" * 300}))).refused is None


@pytest.mark.parametrize("depth", [90, 94])
def test_what_the_contract_leaves_open_may_be_nested(depth: int) -> None:
    inner: Any = 1
    for _ in range(depth):
        inner = [inner]
    assert read(fields(json_prompt=json_prompt(more=inner))).refused is None


def test_a_json_prompt_without_a_media_type_or_as_a_file_is_read_with_a_remark() -> None:
    prompt = json.dumps(json_prompt(BOX))
    plain = read([("json_prompt", (None, prompt.encode()))])
    file = read([part("json_prompt", prompt, filename="prompt.json")])
    assert plain.refused is file.refused is None
    assert plain.fields == file.fields == (("json_prompt", json.loads(prompt)),)
    assert any("application/json" in remark for remark in plain.remarks)
    assert any("prompt.json" in remark for remark in file.remarks)


def test_the_text_null_is_null_where_the_contract_allows_null() -> None:
    got = read(fields(text_prompt="null", enable_copyright_detection="null"))
    assert got.fields == (("text_prompt", "null"), ("enable_copyright_detection", None))
    assert any("leave the field out" in remark for remark in got.remarks)


def refused(got: ReadRequest) -> Any:
    """Why the first field is refused; None if it is not."""
    return got.refused and json.loads(got.refused.body)["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("parameter", "data", "text"),
    [
        ("charset=ISO-8859-1", b"a cat", "a cat"),  # as HttpMime of Apache sends every text
        ("charset=ISO-8859-1", b"caf\xe9", "café"),
        ("charset=UTF-8", "café".encode(), "café"),
        ("charset=utf8", "café".encode(), "café"),
        ("charset='utf-8'", "café".encode(), "café"),
        ("charset=us-ascii", b"a cat", "a cat"),
        ('charset="iso-8859-1"', b"caf\xe9", "café"),
        ("CharSet=Latin1", b"caf\xe9", "café"),
        ('boundary=x; charset="UTF-16"', "東京".encode("utf-16"), "東京"),
        ("charset=utf-16le", "café".encode("utf-16-le"), "café"),
        ("charset=shift_jis", "東京".encode("shift_jis"), "東京"),
        ("charset=windows-1251", "кот".encode("cp1251"), "кот"),
        ("charset=", "café".encode(), "café"),
        ("charset=utf-8", "\ufeffcat".encode(), "\ufeffcat"),  # a text may begin with any character
    ],
)
def test_a_part_is_read_in_its_charset(parameter: str, data: bytes, text: str) -> None:
    got = read([part("text_prompt", data, content_type=f"text/plain; {parameter}")])
    assert (got.refused, got.fields) == (None, (("text_prompt", text),))
    told = any("not documented: write UTF-8" in remark for remark in got.remarks)
    assert told == (data != text.encode()), "whatever a service makes of the charset, this text is the same"


@pytest.mark.parametrize(
    ("charset", "data", "words"),
    [
        ("klingon", b"x", ['charset "klingon"', "UTF-8"]),
        ("hex", b"61", ['charset "hex"', "UTF-8"]),
        ("rot13", b"png", ['charset "rot13"', "UTF-8"]),
        ("unicode_escape", rb"\x41", ['charset "unicode_escape"', "UTF-8"]),
        ("idna", b"xn--caf-dma", ['charset "idna"', "UTF-8"]),
        ("undefined", b"x", ['charset "undefined"', "UTF-8"]),
        ("x" * 1000, b"x", ["charset", "UTF-8"]),
        ("us-ascii", "café".encode(), ["US-ASCII", "byte 3"]),
        ("utf-8", b"caf\xe9", ["UTF-8", "byte 3"]),
        ("utf-16", b"\xff\xfe\x00\xd8", ["UTF-16", "byte 2"]),
        ("utf-7", b"+2AA-", ["UTF-7", "surrogates"]),
        ("big5", b"\xff\xff", ["BIG5", "byte 0"]),
    ],
)
def test_a_charset_that_cannot_be_read_is_refused_by_its_name(charset: str, data: bytes, words: list[str]) -> None:
    got = read([part("text_prompt", data, content_type=f"text/plain; charset={charset}")])
    detail = refused(got)
    assert detail.startswith("text_prompt ")
    assert all(word in detail for word in words), detail
    assert len(detail) < 400


def test_a_json_prompt_is_read_in_its_charset_and_without_a_byte_order_mark() -> None:
    prompt = json_prompt({**BOX, "desc": "café"})
    text = json.dumps(prompt, ensure_ascii=False)
    for data, charset in [
        (text.encode("latin-1"), "; charset=ISO-8859-1"),
        (text.encode("utf-16"), "; charset=UTF-16"),
        (text.encode("utf-8-sig"), "; charset=UTF-8"),
        (text.encode("utf-8-sig"), ""),
    ]:
        got = read([part("json_prompt", data, content_type=f"application/json{charset}")])
        assert (got.refused, got.fields) == (None, (("json_prompt", prompt),))
        assert len(got.remarks) == 1


def test_the_field_charset_of_html_forms_is_the_charset_of_the_parts_that_name_none() -> None:
    form = [
        ("text_prompt", (None, b"caf\xe9")),
        ("_charset_", (None, b"ISO-8859-1")),
        ("json_prompt", (None, "{}", "application/json; charset=utf-8")),
    ]
    got = read(form[:2])  # type: ignore[arg-type]
    assert (got.refused, got.fields) == (None, (("text_prompt", "café"), ("_charset_", "iso-8859-1")))
    assert "charset" in refused(read([part("text_prompt", "x"), part("_charset_", "klingon")]))
    assert "charset" not in refused(read([part("json_prompt", "{}", content_type="text/x; charset=utf-8"), form[1]]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("encoding", "data", "text"),
    [
        ("8bit", "café".encode(), "café"),
        ("7bit", b"cat", "cat"),
        ("BINARY", "café".encode(), "café"),
        ("Base64 ", b"Y2Fm\r\nw6k=\r\n", "café"),
        ("quoted-printable", b"caf=C3=A9 =\r\n5=3D5", "café 5=5"),
    ],
)
def test_the_transfer_encoding_of_old_programs_is_undone(encoding: str, data: bytes, text: str) -> None:
    got = read_encoded(encoding, data)
    assert (got.refused, got.fields) == (None, (("text_prompt", text),))
    assert any("leave it out" in remark for remark in got.remarks) == (data != text.encode())


@pytest.mark.parametrize(
    ("encoding", "data", "words"),
    [
        ("base64", b"Y2F%", ["is not base64"]),
        ("base64", b"Y2Fm\xe9", ["is not base64"]),
        ("base64", b"Y2F", ["is not base64"]),
        ("base64", b"/w==", ["UTF-8", "byte 0"]),
        ("uuencode", b"x", ['"uuencode"', "leave that header out"]),
    ],
)
def test_a_transfer_encoding_that_cannot_be_undone_is_refused(encoding: str, data: bytes, words: list[str]) -> None:
    detail = refused(read_encoded(encoding, data))
    assert all(word in detail for word in ["text_prompt", *words]), detail


def read_encoded(encoding: str, data: bytes) -> ReadRequest:
    head = f'--b\r\nContent-Disposition: form-data; name="text_prompt"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return read_request(read_view(), "multipart/form-data; boundary=b", head.encode() + data + b"\r\n--b--\r\n")


def test_files_that_the_contract_does_not_have_are_noted_and_not_kept() -> None:
    png = b"\x89PNG\r\n\x1a\n" * 1000
    got = read(
        [
            part("text_prompt", "a cat"),
            part("style_reference_images", png, filename="a.png", content_type="image/png"),
            part("style_reference_images", b"", filename="b.png", content_type="image/png"),
            part("style_reference_images", "some text", filename="c.txt"),
            part("blob", b"\xff\xfe", content_type="application/octet-stream"),
            part("old", b"caf\xe9", content_type="text/plain; charset=klingon"),
            part("note", "twice"),
            part("note", "once"),
        ]
    )
    assert got.refused is None
    assert got.fields == (
        ("text_prompt", "a cat"),
        ("style_reference_images", "[8000 bytes of image/png]"),
        ("style_reference_images", "[0 bytes of image/png]"),
        ("style_reference_images", "[9 bytes of text/plain]"),
        ("blob", "[2 bytes of application/octet-stream]"),
        ("old", "[4 bytes of text/plain]"),
        ("note", "twice"),
        ("note", "once"),
    )
    images = ['"style_reference_images" is not a field', '"a.png"']
    for words in (images, ['"c.txt"'], ['"blob"', "not text"], ['"note"']):
        assert any(all(word in remark for word in words) for remark in got.remarks), words


def test_a_file_in_the_place_of_a_text_is_read_or_refused_as_that_text() -> None:
    got = read([part("text_prompt", "a cat\n", filename="a.txt"), part("resolution", "1024x1024", filename="r")])
    assert (got.refused, got.fields[0]) == (None, ("text_prompt", "a cat\n"))
    assert sum("came as a file" in remark for remark in got.remarks) == 2
    assert "UTF-8 at byte 0" in refused(read([part("text_prompt", b"\x89PNG", filename="a.png")]))
    assert "more than once" in refused(read([part("text_prompt", "a", filename="a"), part("text_prompt", "b")]))


def test_a_prompt_cannot_smuggle_a_field_in() -> None:
    attack = 'x\r\n--+++\r\nContent-Disposition: form-data; name="rendering_speed"\r\n\r\nQUALITY\r\n--+++--'
    assert read(fields(text_prompt=attack)).fields == (("text_prompt", attack),)


@pytest.mark.parametrize(
    ("content_type", "body", "status", "words"),
    [
        (None, b"text_prompt=x", 415, "none"),
        ("", b"", 415, "none"),
        ("application/x-www-form-urlencoded", b"text_prompt=x", 415, "application/x-www-form-urlencoded"),
        ("application/json", b'{"text_prompt": "x"}', 415, "application/json"),
        ("multipart/mixed; boundary=b", b"--b--", 415, "multipart/form-data"),
        ("multipart/form-data", b"--b--", 400, "no boundary"),
        ("multipart/form-data; boundary=", b"--b--", 400, "no boundary"),
        ("multipart/form-data; boundary=" + "b" * 300, b"", 400, "cannot be read"),
        ("multipart/form-data; boundary=b", b"", 400, "closing boundary"),
        ("multipart/form-data; boundary=b", b"hello", 400, "cannot be read"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="text_prompt"\r\n\r\ncat\r\n',
            400,
            "closing boundary",
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\ncat\r\n--b--\r\n", 400, "Part 1 has no name"),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: attachment; name="text_prompt"\r\n\r\ncat\r\n--b--\r\n',
            400,
            "Part 1 has no name",
        ),
    ],
)
def test_a_body_that_cannot_be_taken_apart_is_refused(
    content_type: str | None, body: bytes, status: int, words: str
) -> None:
    got = read_request(read_view(), content_type, body)
    assert got.refused is not None
    assert got.refused.status == status
    assert words in json.loads(got.refused.body)["detail"]
    assert got.fields == ()


def test_too_many_parts_are_refused() -> None:
    answer = read([part("a", "1")] * 1001).refused
    assert answer is not None
    assert "1000 parts" in json.loads(answer.body)["detail"]


def test_a_number_of_the_contract_is_read_as_json_spells_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ideogram_ai.contract.decoding import decode_parts
    from ideogram_ai.contract.view import FieldRule
    from ideogram_ai.testing.multipart import parse_multipart

    view: ContractView = read_view()
    monkeypatch.setitem(view.fields, "steps", FieldRule("steps", ("integer",), None, (), ()))
    content_type, body = encode(fields(steps="12", text_prompt="x"))
    assert decode_parts(parse_multipart(content_type, body, OPERATION.media_type), view).items[0] == ("steps", 12)
    for wrong in ("twelve", "true", '"12"', ""):
        content_type, body = encode(fields(steps=wrong))
        problems = decode_parts(parse_multipart(content_type, body, OPERATION.media_type), view).problems
        assert [problem.pointer for problem in problems] == ["#/steps"]
