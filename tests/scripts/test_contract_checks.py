"""A contract that cannot be used ends in one message with the place: file, line, column and JSON pointer."""

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
import pytest
import yaml
from altered_contract import Change, Document, fields, post, put, schemas, write_altered
from hypothesis import strategies as st
from regeneration.checks import (
    check_client,
    check_extensions,
    check_files,
    check_names,
    check_openapi,
    check_paths,
    check_references,
    read_checked,
)
from regeneration.documents import CONTRACT, MAX_BYTES, Contract, ContractError, read_contract

POST = "/paths/~1v1~1ideogram-v4~1generate/post"
KEYWORDS = ["$ref", "allOf", "content", "default", "enum", "items", "oneOf", "properties", "required", "schema", "type"]
FIELDS = "/components/schemas/GenerateImageRequestV4/properties"

Alter = Callable[[Change], Path]
Check = Callable[[Contract], None]


def response(status: int) -> Callable[[Document], Document]:
    """Find a response of the operation."""
    return lambda document: post(document)["responses"][str(status)]


@pytest.fixture
def alter(tmp_path: Path) -> Alter:
    """Write the project's contract to a file after a change."""
    return lambda change: write_altered(tmp_path / "contract.yaml", change)


def refused(check: Check, path: Path, pointer: str, message: str) -> str:
    """Expect that a check refuses a contract; returns the line of the file from the place on that the message names."""
    with pytest.raises(ContractError, match=re.escape(message)) as caught:
        check(read_contract(path))
    found = re.match(rf"{re.escape(str(path))}:(\d+):(\d+): {re.escape(pointer)}: ", str(caught.value))
    assert found, str(caught.value)
    return path.read_text("utf-8").splitlines()[int(found[1]) - 1][int(found[2]) - 1 :]


def test_the_contract_of_the_project_is_accepted() -> None:
    assert read_checked(CONTRACT).document == yaml.safe_load(CONTRACT.read_bytes())


FILES: dict[str, Callable[[Path], Any]] = {
    "the contract cannot be read: No such file or directory": lambda path: None,
    "the contract cannot be read: Is a directory": Path.mkdir,
    ":2:5: the contract is not UTF-8": lambda path: path.write_bytes(b"a: 1\nb: \xc3\xa9\xff"),
    ":1:1: the contract is not UTF-8": lambda path: path.write_text("a: 1", "utf-16"),
    "larger than 5000000 bytes": lambda path: path.write_bytes(b"#" * (MAX_BYTES + 1)),
    ":1:1: the contract is not a mapping": lambda path: path.write_text(""),
    "the contract is not a mapping, so it is no OpenAPI document": lambda path: path.write_text("- a"),
    ":1:5: this is not YAML": lambda path: path.write_text("a: b: c"),
    "it says no openapi version": lambda path: path.write_text("swagger: '2.0'"),
    "openapi is 3.0.2": lambda path: path.write_text("openapi: 3.0.2"),
    "openapi is 3.1": lambda path: path.write_text("openapi: 3.1"),
}


def test_files_that_are_no_contract(tmp_path: Path) -> None:
    for number, (message, write) in enumerate(FILES.items()):
        path = tmp_path / f"{number}.yaml"
        write(path)
        with pytest.raises(ContractError, match=re.escape(message)) as caught:
            read_checked(path)
        assert str(caught.value).startswith(str(path))


REFERENCES = [
    ("https://example.com/a.yaml#/B", "leads out of this file"),
    ("other.yaml#/B", "leads out of this file"),
    ("//example.com/#/B", "leads out of this file"),
    ("#B", "is not a JSON pointer"),
    ("#", "is not a JSON pointer"),
    ("", "leads out of this file"),
    ("#/components/schemas/Nothing", "leads nowhere; #/components/schemas holds no Nothing"),
    ("#/tags/7", "leads nowhere; #/tags holds no 7"),
    ("#/tags/²", "leads nowhere; #/tags holds no ²"),
    ("#/components/schemas/X", "leads back to itself: #/components/schemas/X -> #/components/schemas/X"),
    ("#/components/schemas/Y", "leads back to itself: #/components/schemas/Y -> #/components/schemas/X"),
    ("#/components", "leads back to itself: #/components -> #/components"),
]


def test_references(alter: Alter) -> None:
    for reference, message in REFERENCES:
        y = {"allOf": [{"$ref": "#/components/schemas/X"}]} if reference.endswith("/Y") else {}
        path = alter(put(schemas, X={"properties": {"x": {"$ref": reference}}}, Y=y))
        with pytest.raises(ContractError, match=r"yaml:\d+:\d+: /components/schemas/[XY]/.*\$ref: ") as caught:
            check_references(read_contract(path))
        assert message in str(caught.value)


def test_a_long_chain_of_references_is_refused(alter: Alter) -> None:
    chain = {f"X{number}": {"$ref": f"#/components/schemas/X{number + 1}"} for number in range(400)} | {"X400": {}}
    for links in (chain, dict(reversed(chain.items()))):
        path = alter(put(schemas, **links))
        with pytest.raises(ContractError, match="nested more than 150 levels deep"):
            check_references(read_contract(path))


def test_data_that_looks_like_a_reference_is_no_reference(alter: Alter) -> None:
    value = {"$ref": "no reference"}
    change = put(schemas, X={"type": "object", "example": value, "enum": [value], "x-y": value})
    assert read_checked(alter(change)).document["components"]["schemas"]["X"]["example"] == value


@pytest.mark.parametrize(
    ("change", "pointer", "line", "message"),
    [
        pytest.param(lambda d: d["info"].pop("title"), "/info", "info:", "'title' is a required property", id="title"),
        pytest.param(put(post, responses=[]), f"{POST}/responses", "responses:", "is not of type 'object'", id="list"),
        pytest.param(
            put(post, operationId=5), f"{POST}/operationId", "operationId: 5", "not of type 'string'", id="id"
        ),
        pytest.param(put(post, nonsense=1), POST, "post:", "('nonsense' was unexpected)", id="unknown"),
        pytest.param(
            put(schemas, X={"type": "strng"}), "/components/schemas/X/type", "type: strng", "is not one of", id="type"
        ),
        pytest.param(
            put(fields, x={"items": {"minLength": -1}}),
            f"{FIELDS}/x/items/minLength",
            "minLength: -1",
            "less than the minimum",
            id="keyword",
        ),
        pytest.param(
            lambda d: post(d)["requestBody"]["content"].update({"text/plain": {"schema": {"type": "strng"}}}),
            f"{POST}/requestBody/content/text~1plain/schema/type",
            "type: strng",
            "is not one of",
            id="request body",
        ),
        pytest.param(
            put(schemas, X={"type": "string", "enum": ["a"], "default": "b"}),
            "/components/schemas/X",
            "X:",
            "'b' is not one of ['a']",
            id="default",
        ),
        pytest.param(
            lambda d: d["paths"].update({"/x": {"post": post(d)}}),
            "/paths/~1x/post",
            "post:",
            "is not unique",
            id="operationId twice",
        ),
    ],
)
def test_rules_of_openapi(change: Change, pointer: str, line: str, message: str, alter: Alter) -> None:
    assert refused(check_openapi, alter(change), pointer, message).startswith(line)


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (put(response(200), **{"x-billed": "os"}), f"{POST}/responses/200/x-billed", "'os' is not one of"),
        (put(response(429), **{"x-in-flight-limit": 0}), f"{POST}/responses/429/x-in-flight-limit", "minimum"),
        (put(post, **{"x-observed-statuses": [{"status": 4}]}), f"{POST}/x-observed-statuses/0", "'billed' is a"),
        (put(schemas, X={"x-field-hints": {"seed": "none"}}), "/components/schemas/X/x-field-hints/seed", "'object'"),
        (put(schemas, X={"x-known-values": [{"value": 1}]}), "/components/schemas/X/x-known-values/0", "x- field"),
        (put(schemas, X={"x-evidence": "heard"}), "/components/schemas/X/x-evidence", "is not one of"),
    ],
)
def test_extension_fields(change: Change, pointer: str, message: str, alter: Alter) -> None:
    line = refused(check_extensions, alter(change), pointer, message)
    assert line.startswith(("status: 4", "value: 1", f"{pointer.rpartition('/')[2]}:"))


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (put(fields, **{"a\nb": {}}), f"{FIELDS}/a\\nb", "U+000A"),
        (put(fields, **{"a\u202eb": {}}), f"{FIELDS}/a\\u202eb", "U+202E"),
        (lambda d: fields(d).update({"ﬁ": {}}), f"{FIELDS}/ﬁ", "NFKC"),
        (put(fields, **{"a🫨": {}}), f"{FIELDS}/a\\U0001fae8", "Unicode 3.2"),
        (put(schemas, X={"enum": ["a", "🫨"]}), "/components/schemas/X/enum", "U+1FAE8 is newer than Unicode 3.2"),
        (put(schemas, X={"const": 'a"b'}), "/components/schemas/X/const", "the generator spoils a value"),
        (put(schemas, X={"default": "a\\b"}), "/components/schemas/X/default", "the generator spoils a value"),
        (put(schemas, X={"title": "a\nb"}), "/components/schemas/X/title", "U+000A"),
        (put(post, operationId="a\u200bb"), f"{POST}/operationId", "U+200B"),
        (put(post, tags=["a\nb"]), f"{POST}/tags/0", "U+000A"),
    ],
)
def test_names_and_values_that_no_two_pythons_write_alike(
    change: Change, pointer: str, message: str, alter: Alter
) -> None:
    with pytest.raises(ContractError) as caught:
        check_names(read_contract(alter(change)))
    assert message in str(caught.value)
    # Which characters can be printed depends on the Python too.
    assert pointer in str(caught.value) or "🫨" in str(caught.value)


BINARY = {"type": "string", "format": "binary"}
OBJECT = "/components/schemas/V4ObjPromptElement/properties/photo"
MULTIPART = f"{POST}/requestBody/content/multipart~1form-data"


def encoded(content_type: str) -> Change:
    def change(document: Document) -> None:
        media = post(document)["requestBody"]["content"]["multipart/form-data"]
        media["encoding"]["text_prompt"] = {"contentType": content_type}

    return change


def in_an_element(document: Document) -> None:
    schemas(document)["V4ObjPromptElement"]["properties"]["photo"] = BINARY


def by_reference(document: Document) -> None:
    schemas(document)["Picture"] = BINARY
    fields(document)["image"] = {"anyOf": [{"$ref": "#/components/schemas/Picture"}, {"type": "null"}]}


def as_the_body(document: Document) -> None:
    post(document)["requestBody"]["content"] = {
        **post(document)["requestBody"]["content"],
        "application/octet-stream": {"schema": BINARY},
    }


@pytest.mark.parametrize(
    ("change", "pointer", "message"),
    [
        (put(fields, image=BINARY), f"{FIELDS}/image/format", "the field image is a file (format: binary)"),
        (
            put(fields, image=BINARY | {"type": ["string", "null"]}),
            f"{FIELDS}/image/format",
            "the field image is a file",
        ),
        (put(fields, images={"type": "array", "items": BINARY}), f"{FIELDS}/images/items/format", "the field images[]"),
        (put(fields, a={"allOf": [BINARY]}), f"{FIELDS}/a/allOf/0/format", "the field a is a file"),
        (
            put(fields, a={"additionalProperties": BINARY}),
            f"{FIELDS}/a/additionalProperties/format",
            "the field a is a",
        ),
        (put(fields, a={"type": "object", "properties": {"b": BINARY}}), f"{FIELDS}/a/properties/b/format", "a.b is a"),
        (
            put(fields, a={"type": "string", "contentMediaType": "image/png"}),
            f"{FIELDS}/a/contentMediaType",
            "the field a is a file (contentMediaType: image/png), and files are not supported yet",
        ),
        (
            put(fields, a={"type": "string", "contentEncoding": "base64"}),
            f"{FIELDS}/a/contentEncoding",
            "the field a is a file (contentEncoding: base64)",
        ),
        (
            in_an_element,
            f"{OBJECT}/format",
            "the field json_prompt.compositional_deconstruction.elements[].photo is a file",
        ),
        (by_reference, "/components/schemas/Picture/format", "the field image is a file"),
        (
            encoded("image/png, image/jpeg"),
            f"{MULTIPART}/encoding/text_prompt/contentType",
            "the field text_prompt is a",
        ),
        (as_the_body, f"{POST}/requestBody/content/application~1octet-stream/schema/format", "the body is a file"),
    ],
)
def test_a_file_among_the_fields_is_refused(change: Change, pointer: str, message: str, alter: Alter) -> None:
    line = refused(check_files, alter(change), pointer, message)
    assert line.startswith(f"{pointer.rpartition('/')[2]}: ")


NO_FILES: list[Change] = [
    put(fields, binary={"type": "string"}, format={"type": "string", "format": "byte"}),
    put(fields, a={"type": "string", "contentMediaType": "text/markdown; charset=utf-8"}),
    put(fields, a={"type": "string", "contentMediaType": "application/ld+json"}),
    put(fields, a={"type": "string", "default": "binary", "example": BINARY}),
    encoded("text/plain; charset=utf-8"),
    lambda document: schemas(document)["ImageObjectV4"]["properties"].update(preview=BINARY),
]


def test_what_is_no_file_is_accepted(alter: Alter) -> None:
    for change in NO_FILES:
        read_checked(alter(change))


def renamed_path(path: str) -> Change:
    def change(document: Document) -> None:
        document["paths"] = {path: document["paths"].popitem()[1]}

    return change


WHOLE = "a parameter of the path is not whole"
PATHS = {
    **{f"/v1/a{c}b": f"the path holds {c!r}" for c in ('"', "\\", "#", "?", " ", "\n", "é", "<")},
    "/v1/a%22b": "the path holds '%'",
    "/v1/o'brien/{x}\"": "the path holds '\"'",
    **dict.fromkeys(("/v1/{x", "/v1/x}", "/v1/{}", "/v1/{o'b}", "/v1/{{x}}", "/v1/{x!r}", "/v1/{0.__class__}"), WHOLE),
}


def test_a_path_that_is_none_is_refused(alter: Alter) -> None:
    for path, message in PATHS.items():
        altered = alter(renamed_path(path))
        with pytest.raises(ContractError, match=r".*contract\.yaml:\d+:\d+: /paths/~1v1") as caught:
            check_paths(read_contract(altered))
        assert f"{message}; write letters, digits and -._~!$&'()*+,;=:@/, and parameters as {{name}}" in str(
            caught.value
        )


CLIENT = "the client's method generate"


def test_a_contract_without_what_our_code_names_is_refused(alter: Alter) -> None:
    def without_text_prompt(document: Document) -> None:
        del fields(document)["text_prompt"]

    changes: list[tuple[Change, str]] = [
        (put(post, operationId="make_image"), f"/paths: {CLIENT} is for the operation post_generate_image_v4, which"),
        (without_text_prompt, f"post/requestBody: {CLIENT} names the field text_prompt, which is gone; change"),
        (lambda document: post(document).pop("requestBody"), f"{CLIENT} names the field text_prompt, which is gone"),
    ]
    for change, message in changes:
        path = alter(change)
        with pytest.raises(ContractError, match=re.escape(message)):
            check_client(read_contract(path))


def test_text_may_hold_any_character(alter: Alter) -> None:
    text = 'é 🫨 " \\ """ \' {x} %s\u2028'
    change = put(schemas, X={"description": text, "example": text, "enum": ["größe", 'a"b\\c', "{x}"]})
    assert read_checked(alter(change)).document["components"]["schemas"]["X"]["description"] == text


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.sampled_from(["#/components/schemas/V4JsonPrompt", "#/"]),
    lambda values: (
        st.lists(values, max_size=3) | st.dictionaries(st.text() | st.sampled_from(KEYWORDS), values, max_size=3)
    ),
    max_leaves=8,
)


@hypothesis.given(data=st.data())
@hypothesis.settings(max_examples=25)
def test_any_contract_is_accepted_or_refused(data: st.DataObject) -> None:
    def change(document: Document) -> None:
        node: Any = document
        while True:
            keys = list(node) if isinstance(node, dict) else list(range(len(node)))
            key = data.draw(st.sampled_from(keys))
            if not isinstance(node[key], (dict, list)) or not node[key] or data.draw(st.integers(0, 9)) == 0:
                node[key] = data.draw(JSON_VALUES)
                return
            node = node[key]

    with TemporaryDirectory() as folder:
        path = write_altered(Path(folder, "contract.yaml"), change)
        with contextlib.suppress(ContractError):
            read_checked(path)
