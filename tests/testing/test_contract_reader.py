"""The reader of the contract takes operations of every form: files, lists, parameters of path and query, no body."""

from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from altered_contract import Document
from attrs import evolve
from driver import case
from mock_requests import Part, encode

from ideogram_ai.contract import view as contract_view
from ideogram_ai.contract.check import Severity, check_request, find_problems
from ideogram_ai.contract.decoding import DecodedFields, UploadedFile, decode_json, decode_parameters, decode_parts
from ideogram_ai.contract.review import review_request
from ideogram_ai.contract.view import ContractView, NoExampleError, read_view
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, Field, Operation
from ideogram_ai.testing.multipart import parse_multipart

PATH = "/v9/collections/{collection_id}/pictures"
FILE = {"type": "string", "format": "binary"}
BODY = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": FILE,
        "masks": {"type": "array", "minItems": 1, "items": FILE},
        "words": {"type": "array", "items": {"type": "string"}},
        "weight": {"type": "integer", "minimum": 1},
    },
}
PARAMETERS = [
    {"name": "collection_id", "in": "path", "required": True, "schema": {"type": "string", "pattern": "^c-[0-9]+$"}},
    {"name": "pages", "in": "query", "schema": {"type": "array", "items": {"type": "integer", "minimum": 1}}},
    {"name": "loud", "in": "query", "schema": {"type": "boolean"}},
    {"name": "X-Ignored", "in": "header", "schema": {"type": "string"}},
]
ANSWER = {"200": {"description": "Done."}}
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"

Reader = Callable[..., ContractView]


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Reads an operation that this test adds to the contract."""

    def read(
        method: str = "post", *, body: Document | None = BODY, media_type: str = "multipart/form-data"
    ) -> ContractView:
        node: Document = {"operationId": "op", "parameters": PARAMETERS[1:], "responses": ANSWER}
        if body:
            node["requestBody"] = {"content": {media_type: {"schema": body}}}
        changed: Document = read_contract()
        changed["paths"][PATH] = {method: node, "parameters": PARAMETERS[:1]}
        names = [*(body or {}).get("properties", ()), "collection_id", "pages", "loud"]
        operation = evolve(
            POST_GENERATE_IMAGE_V4,
            operation_id="op",
            method=method.upper(),
            path=PATH,
            media_type=media_type if body else "",
            fields=tuple(Field(python_name=name, wire_name=name, content_type=None, required=False) for name in names),
            exactly_one_of=(),
            field_hints={},
        )
        monkeypatch.setitem(OPERATIONS, "op", operation)
        monkeypatch.setattr(contract_view, "parsed_contract", lambda: changed)
        read_view.cache_clear()
        return read_view("op")

    yield read
    read_view.cache_clear()


def decode(view: ContractView, parts: list[Part]) -> DecodedFields:
    content_type, body = encode(parts)
    return decode_parts(parse_multipart(content_type, body, "multipart/form-data"), view)


def details(fields: dict[str, Any], view: ContractView) -> list[tuple[str, str]]:
    return [(problem.pointer, problem.detail) for problem in find_problems(fields, view)]


def test_fields_have_their_place_and_kind(reader: Reader) -> None:
    view = reader()
    places = {name: (rule.place, rule.takes_files, rule.item is not None) for name, rule in view.fields.items()}
    assert places == {
        "image": ("body", True, False),
        "masks": ("body", True, True),
        "words": ("body", False, True),
        "weight": ("body", False, False),
        "collection_id": ("path", False, False),
        "pages": ("query", False, True),
        "loud": ("query", False, False),
    }
    assert list(view.fields_in("query")) == ["pages", "loud"]
    assert list(reader("get", body=None).fields) == ["collection_id", "pages", "loud"]
    as_json = reader(media_type="application/json").fields
    assert (as_json["image"].is_file, as_json["words"].item, as_json["words"].content_type) == (
        False,
        None,
        "application/json",
    )


def test_an_operation_without_images_has_no_link(reader: Reader) -> None:
    with pytest.raises(NoExampleError, match="op: no example of its 200 has a link"):
        _ = reader().link_folder
    assert (read_view().link_folder, read_view().link_suffix) == ("/api/images/ephemeral/", ".png")


def test_files_of_a_form_are_kept_as_they_came(reader: Reader) -> None:
    decoded = decode(
        reader(),
        [
            ("masks", ("a.png", PNG, "image/png")),
            ("image", ("cät.webp", PNG, "Image/WebP")),
            ("masks", ("b.png", b"", "image/png")),
            ("words", (None, b"one")),
        ],
    )
    assert (decoded.problems, decoded.remarks) == ([], [])
    assert decoded.items == [
        ("masks", [UploadedFile("a.png", "image/png", PNG), UploadedFile("b.png", "image/png", b"")]),
        ("image", UploadedFile("cät.webp", "image/webp", PNG)),
        ("words", ["one"]),
    ]
    assert PNG not in repr(decoded).encode("latin-1", "replace"), "logs do not show the bytes"


def test_a_file_without_a_name_is_read_with_a_remark(reader: Reader) -> None:
    decoded = decode(reader(), [("image", (None, PNG)), ("image", ("a", PNG, "image/png"))])
    assert decoded.items[0] == ("image", UploadedFile("", "", PNG))
    assert decoded.remarks == ["image came without a file name; its bytes were taken for the file."]
    assert [problem.detail for problem in decoded.problems] == ["image is given more than once; give it once."]


def test_a_parameter_in_the_body_is_refused(reader: Reader) -> None:
    decoded = decode(reader(), [("loud", (None, b"true")), ("collection_id", (None, b"c-1"))])
    assert [(problem.pointer, problem.detail) for problem in decoded.problems] == [
        ("#/loud", "loud came in the body; it belongs in the query of the URL."),
        ("#/collection_id", "collection_id came in the body; it belongs in the path of the URL."),
    ]
    decoded = decode_json(b'{"loud": true, "weight": 3, "other": 1}', reader(media_type="application/json"))
    assert decoded.items == [("weight", 3), ("other", 1)]
    assert [problem.pointer for problem in decoded.problems] == ["#/loud"]
    assert decoded.remarks == ['"other" is not a field of this operation.']


def test_parameters_are_decoded_by_their_types(reader: Reader) -> None:
    view = reader("get", body=None)
    query = [("pages", "2"), ("loud", "true"), ("pages", "1"), ("page", "9")]
    decoded = decode_parameters({"collection_id": "c-7"}, query, view)
    assert decoded.items == [("collection_id", "c-7"), ("pages", [2, 1]), ("loud", True)]
    assert (decoded.problems, decoded.remarks) == ([], ['"page" is not a query parameter of this operation.'])
    for name, text, words in [("loud", "True", "write true or false"), ("pages", "two", "is not JSON")]:
        (problem,) = decode_parameters({}, [(name, text)], view).problems
        with case(problem.detail):
            assert problem.pointer == f"#/{name}"
            assert words in problem.detail
    twice = decode_parameters({}, [("loud", "true"), ("loud", "false")], view)
    assert [problem.detail for problem in twice.problems] == ["loud is given more than once; give it once."]


def test_problems_name_the_field_wherever_it_stands(reader: Reader) -> None:
    view = reader()
    file = UploadedFile("a.png", "image/png", PNG)
    good = {"image": file, "masks": [file], "collection_id": "c-7", "pages": [1]}
    assert details(good, view) == []
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"weight": 0}, "#/weight", "0 is less than the minimum of 1"),
        ({"collection_id": "x"}, "#/collection_id", '"x" does not match'),
        ({"pages": [1, 0]}, "#/pages/1", "0 is less than"),
        ({"masks": []}, "#/masks", "less than 1 item"),
    ]
    for changed, pointer, words in wrong:
        ((found, detail),) = details({**good, **changed}, view)
        with case(detail):
            assert (found, words in detail) == (pointer, True)
    assert details({"image": file}, view) == [("#", '"collection_id" is a required property.')]
    assert details({"collection_id": "c-7"}, view) == [("#", '"image" is a required property.')]
    assert details({"collection_id": 7}, reader("get", body=None))[0][0] == "#/collection_id"


class Opened:
    """Something that the client would read."""

    def read(self) -> bytes:
        raise AssertionError("nothing is opened or read")


def test_arguments_of_any_operation_are_checked_without_opening_files(reader: Reader) -> None:
    operation: Operation = reader().operation
    for image in ("cat.png", Path("cat.png"), PNG, BytesIO(PNG), Opened()):
        request = {"image": image, "masks": [image], "collection_id": "c-7", "weight": None}
        assert check_request(request, operation=operation) == [], image
        assert review_request(request, operation=operation) == []
    wrong = {"image": 7, "masks": (PNG, None), "collection_id": "c-7", "wieght": 2}
    problems = {problem.pointer: problem for problem in check_request(wrong, operation=operation)}
    assert set(problems) == {"#/image", "#/masks", "#/wieght"}
    assert problems["#/image"].message == (
        "image: 7 is int. Give a path, bytes, or a file that is open for reading bytes."
    )
    assert problems["#/wieght"].severity == Severity.NOT_IN_CONTRACT
    assert "Did you mean weight?" in problems["#/wieght"].message
    assert check_request({"image": PNG}, operation=operation)[0].message == '"collection_id" is a required property.'
