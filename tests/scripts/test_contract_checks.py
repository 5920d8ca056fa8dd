"""A contract that cannot be used ends in one message with the place: file, line, column and JSON pointer."""

import contextlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis
import pytest
import yaml
from altered_contract import PATH, Change, Document, fields, post, put, schemas, write_altered
from contract_changes import add_every_form
from hypothesis import given
from hypothesis import strategies as st
from regeneration.checks import (
    check_client,
    check_extensions,
    check_methods,
    check_names,
    check_openapi,
    check_operations,
    check_paths,
    check_references,
    read_checked,
)
from regeneration.documents import CONTRACT, MAX_BYTES, Contract, ContractError, Place, read_contract, read_yaml
from regeneration.rules import check_rules
from ruamel.yaml import YAML

POST = "/paths/~1v1~1ideogram-v4~1generate/post"
POST_P = "/paths/~1v1~1ideogram-v4~1generate~1{p}/post"
JOB = "/paths/~1v1~1generations~1{generation_id}/get"
CONTENT = f"{POST}/requestBody/content"
FORM = f"{CONTENT}/multipart~1form-data"
ENCODING = f"{FORM}/encoding/text_prompt"
KEYWORDS = ["$ref", "allOf", "content", "default", "enum", "items", "oneOf", "properties", "required", "schema", "type"]
X = "/components/schemas/X"
REQUEST = "/components/schemas/GenerateImageRequestV4"
FIELDS = f"{REQUEST}/properties"

Alter = Callable[[Change], Path]
Check = Callable[[Contract], None]


def response(status: int) -> Callable[[Document], Document]:
    """Find a response of the operation."""
    return lambda document: post(document)["responses"][str(status)]


def x(schema: Document) -> Change:
    """Add a schema X."""
    return put(schemas, X=schema)


def content(kind: str, schema: Document) -> Change:
    """Add a media type to the request."""
    return lambda document: post(document)["requestBody"]["content"].update({kind: {"schema": schema}})


@pytest.fixture
def alter(tmp_path: Path) -> Alter:
    """Write the project's contract to a file after a change."""
    return lambda change: write_altered(tmp_path / "contract.yaml", change, generate_alone=True)


def refused(check: Check, path: Path, message: str) -> str:
    with pytest.raises(ContractError) as caught:
        check(read_contract(path))
    assert message in str(caught.value)
    return str(caught.value)


FILES: dict[str, Callable[[Path], Any]] = {
    "the contract cannot be read: No such file or directory": lambda path: None,
    "the contract cannot be read: Is a directory": Path.mkdir,
    ":2:5: the contract is not UTF-8": lambda path: path.write_bytes(b"a: 1\nb: \xc3\xa9\xff"),
    ":1:1: the contract is not UTF-8": lambda path: path.write_text("a: 1", "utf-16"),
    "larger than 5000000 bytes": lambda path: path.write_bytes(b"#" * (MAX_BYTES + 1)),
    ":1:1: the contract is not a mapping": lambda path: path.write_text(""),
    "the contract is not a mapping, so it is not an OpenAPI document": lambda path: path.write_text("- a"),
    ":1:5: this is not YAML": lambda path: path.write_text("a: b: c"),
    "it says no openapi version": lambda path: path.write_text("swagger: '2.0'"),
    "openapi is 3.0.2": lambda path: path.write_text("openapi: 3.0.2"),
    "openapi is 3.1": lambda path: path.write_text("openapi: 3.1"),
}


def test_files_that_are_not_a_contract(tmp_path: Path) -> None:
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
        error = refused(check_references, path, message)
        assert re.search(r"yaml:\d+:\d+: /components/schemas/[XY]/.*\$ref: ", error), error
    chain = {f"X{number}": {"$ref": f"#/components/schemas/X{number + 1}"} for number in range(400)} | {"X400": {}}
    for links in (chain, dict(reversed(chain.items()))):
        refused(check_references, alter(put(schemas, **links)), "nested more than 150 levels deep")


LIST = {"type": "array", "items": {"type": "string"}}
BINARY = {"type": "string", "format": "binary"}


def encoded(**encoding: Any) -> Change:
    """Say how the field text_prompt is written."""
    return lambda document: form(document).setdefault("encoding", {}).update(text_prompt=encoding)


def form(document: Document) -> Document:
    """Find the body of the operation."""
    found: Document = post(document)["requestBody"]["content"]["multipart/form-data"]
    return found


def in_an_element(document: Document) -> None:
    schemas(document)["V4ObjPromptElement"]["properties"]["photo"] = BINARY


def picture(document: Document) -> None:
    """A file behind a reference, which may be null."""
    schemas(document)["Picture"] = BINARY
    fields(document)["image"] = {"anyOf": [{"$ref": "#/components/schemas/Picture"}, {"type": "null"}]}


def parameter(place: str = "query", **settings: Any) -> Change:
    """Add a parameter to the operation, and to its path if it belongs there."""

    def change(document: Document) -> None:
        path = f"{PATH}/{{p}}" if place == "path" else PATH
        document["paths"] = {path if old == PATH else old: item for old, item in document["paths"].items()}
        made = {"name": "p", "in": place, "required": place == "path", "schema": {"type": "string"}, **settings}
        document["paths"][path]["post"]["parameters"] = [{k: v for k, v in made.items() if v is not None}]

    return change


def kinds(**content: Document) -> Change:
    """Replace the body of the operation; a schema by media type."""
    return lambda document: post(document)["requestBody"].update(content={k: {"schema": v} for k, v in content.items()})


def answered(media_type: str) -> Change:
    return lambda document: response(200)(document).update(content={media_type: {"schema": {"type": "string"}}})


def beside_job(name: str) -> Change:
    """Name the method of generate, in a contract that has the operation whose method is job."""

    def change(document: Document) -> None:
        assert document["paths"]["/v1/generations/{generation_id}"]["get"]["x-method"] == "job"
        post(document)["x-method"] = name

    return change


def bearer(document: Document) -> None:
    document["components"]["securitySchemes"]["Bearer"] = {"type": "http", "scheme": "bearer"}
    post(document)["security"] = [{"Bearer": []}, {"ApiKey": [], "Bearer": []}]


# By check: a change, the pointer in the message, some of its words, and how the line at the place begins; without the
# last, it begins with the last key of the pointer.
RULES = f"{REQUEST}/allOf"
COUNT = {"type": "integer", "x-image-count": True}


def request(**keywords: Any) -> Change:
    """Add keywords to the schema of the request."""
    return lambda document: schemas(document)["GenerateImageRequestV4"].update(keywords)


def ruled(rule: Document) -> Change:
    """Add a rule about several fields."""
    return request(allOf=[rule])


def price_when(**changes: Any) -> Change:
    """Add a price that depends on a field."""
    case = {"field": "rendering_speed", "value": "TURBO", "price": "ideogram-4.0"}
    return put(post, **{"x-price-when": [case | changes]})


BAD_NAMES = ("_send", "a.b.c", "class", "if.a", "a.", ".a", "Generate", "a-b", "a b", "1", "", "a\nb", "größe")

REFUSED: dict[Check, list[tuple[Change, str, str] | tuple[Change, str, str, str]]] = {
    check_openapi: [
        (lambda d: d["info"].pop("title"), "/info", "'title' is a required property"),
        (put(post, responses=[]), f"{POST}/responses", "is not of type 'object'"),
        (put(post, operationId=5), f"{POST}/operationId", "not of type 'string'", "operationId: 5"),
        (put(post, nonsense=1), POST, "('nonsense' was unexpected)"),
        (x({"type": "strng"}), f"{X}/type", "is not one of", "type: strng"),
        (put(fields, x={"items": {"minLength": -1}}), f"{FIELDS}/x/items/minLength", "less than", "minLength: -1"),
        (content("text/plain", {"type": "strng"}), f"{CONTENT}/text~1plain/schema/type", "not one of", "type: strng"),
        (x({"type": "string", "enum": ["a"], "default": "b"}), X, "'b' is not one of ['a']"),
        (
            put(fields, x={"pattern": r"\p{Lu}"}),
            f"{FIELDS}/x/pattern",
            "is no regular expression of Python: bad escape",
        ),
        (x({"patternProperties": {"(": {}}}), f"{X}/patternProperties/(", "missing ), unterminated"),
        (lambda d: d["paths"].update({"/x": {"post": post(d)}}), "/paths/~1x/post", "is not unique"),
    ],
    check_extensions: [
        (put(response(200), **{"x-billed": "os"}), f"{POST}/responses/200/x-billed", "'os' is not one of"),
        (
            lambda d: d["components"]["responses"]["TooManyInProgress"].update({"x-in-flight-limit": 0}),
            "/components/responses/TooManyInProgress/x-in-flight-limit",
            "minimum",
        ),
        (
            put(post, **{"x-observed-statuses": [{"status": 4}]}),
            f"{POST}/x-observed-statuses/0",
            "'billed' is a",
            "status: 4",
        ),
        (x({"x-field-hints": {"seed": "none"}}), f"{X}/x-field-hints/seed", "'object'"),
        (x({"x-known-values": [{"value": 1}]}), f"{X}/x-known-values/0", "x- field", "value: 1"),
        (x({"x-evidence": "heard"}), f"{X}/x-evidence", "is not one of"),
        (
            put(response(200), **{"x-biled": True}),
            f"{POST}/responses/200/x-biled",
            "nothing reads x-biled; write x-bil",
        ),
        (lambda d: d["x-prices"]["edit"].update(usd=0.2), "/x-prices/edit/usd", "0.2 is not of type 'string'"),
        (lambda d: d["x-prices"]["edit"].update(usd={"A": "1"}), "/x-prices/edit", "'by' is a required property"),
        (lambda d: d["x-prices"]["edit"].update(by="size"), "/x-prices/edit", "False schema does not allow 'size'"),
    ],
    check_operations: [
        (put(fields, a={"additionalProperties": BINARY}), f"{FIELDS}/a/additionalProperties/format", "field a.* is a"),
        (put(fields, a={"type": "object", "properties": {"b": BINARY}}), f"{FIELDS}/a/properties/b/format", "a.b is a"),
        (
            put(fields, a={"type": "array", "items": {"type": "array", "items": BINARY}}),
            f"{FIELDS}/a/items/items/format",
            "the field a[][] is a file (format: binary) where the client cannot send one; write a file as a",
        ),
        (
            put(fields, a={"type": "string", "contentMediaType": "image/png"}),
            f"{FIELDS}/a/contentMediaType",
            "the field a is a file (contentMediaType: image/png) where the client cannot send one",
        ),
        (
            put(fields, a={"type": "string", "contentEncoding": "base64"}),
            f"{FIELDS}/a/contentEncoding",
            "the field a is a file (contentEncoding: base64)",
        ),
        (
            in_an_element,
            "/components/schemas/V4ObjPromptElement/properties/photo/format",
            "the field json_prompt.compositional_deconstruction.elements[].photo is a file",
        ),
        (
            kinds(**{"application/json": {"type": "object", "properties": {"a": BINARY}}}),
            f"{CONTENT}/application~1json/schema/properties/a/format",
            "the field a is a file (format: binary)",
        ),
        (encoded(contentType="image/png, image/jpeg"), f"{ENCODING}/contentType", "the field text_prompt is a file"),
        (encoded(style="form", contentType="text/plain"), f"{ENCODING}/style", "the client writes each part with"),
        (content("application/json", {"type": "object"}), CONTENT, "there are 2 kinds of body (multipart/form-data"),
        (
            kinds(**{"application/octet-stream": BINARY}),
            f"{CONTENT}/application~1octet-stream",
            "the client sends multipart/form-data and application/json; describe the body as one",
            "application/octet-stream:",
        ),
        (
            kinds(**{"application/json": {"type": "array", "items": {"type": "string"}}}),
            f"{CONTENT}/application~1json/schema",
            "the body is not an object, so a method would have no",
        ),
        (
            kinds(**{"application/json": {"oneOf": [{"type": "object", "properties": {"a": BINARY}}]}}),
            f"{CONTENT}/application~1json/schema",
            "the body is not an object, so a method would have no",
        ),
        (lambda d: form(d).pop("schema"), FORM, "the body has no schema", "multipart/form-"),
        (parameter("header"), f"{POST}/parameters/0/in", "sends no header parameters; send p in the query, or take"),
        (parameter("cookie"), f"{POST}/parameters/0/in", "the client sends no cookie parameters"),
        (
            parameter(schema={"type": "object"}, style="deepObject"),
            f"{POST}/parameters/0/style",
            "the client writes p in the style form only; take the style out",
        ),
        (parameter("path", style="matrix"), f"{POST_P}/parameters/0/style", "p in the style simple only"),
        (parameter(schema=LIST, explode=False), f"{POST}/parameters/0/explode", "the client repeats p for each item"),
        (parameter(schema={"type": "object"}), f"{POST}/parameters/0/schema", "p is an object, or a list of such"),
        (
            parameter(schema={"type": "array", "items": LIST}),
            f"{POST}/parameters/0/schema",
            "p is an object, or a list of such",
        ),
        (parameter("path", schema=LIST), f"{POST_P}/parameters/0/schema", "p is a list in a path; send it in the"),
        (
            parameter(schema=None, content={"application/json": {"schema": {"type": "string"}}}),
            f"{POST}/parameters/0/content",
            "the client writes parameters as text; give p a schema",
        ),
        (parameter(schema=BINARY), f"{POST}/parameters/0/schema/format", "p is a file; send it in a body of multipart"),
        (parameter(allowReserved=True), f"{POST}/parameters/0/allowReserved", "take allowReserved out"),
        (answered("image/png"), f"{POST}/responses/200/content/image~1png", "the answer is image/png", "image/png:"),
        (put(post, servers=[{"url": "https://b.example"}]), f"{POST}/servers", "the client has one server"),
        (bearer, f"{POST}/security", "the client sends the key ApiKey, or nothing; list that alone as one of the"),
    ],
    check_methods: [
        *(
            (put(post, **{"x-method": name}), f"{POST}/x-method", "cannot name a method; write small letters")
            for name in BAD_NAMES
        ),
        *(
            (put(post, **{"x-method": name}), f"{POST}/x-method", f"{name} has the name of something else that the")
            for name in ("close", "wait", "download.image")
        ),
        (beside_job("job"), f"{JOB}/x-method", "job is the method of POST /v1/ideogram-v4/generate already"),
        (beside_job("job.generate"), f"{JOB}/x-method", "job is a method and a group; choose another"),
        (
            lambda d: d["paths"]["/v1/generations/{generation_id}"]["get"].update({"x-method": "generate.job"}),
            f"{JOB}/x-method",
            "generate.job is a method and a group",
        ),
    ],
    check_rules: [
        (
            request(required=["text_promt"]),
            f"{REQUEST}/required",
            "text_promt is required, and there is no such property",
        ),
        (x({"type": "array", "items": {"properties": {}, "required": ["a"]}}), f"{X}/items/required", "a is required"),
        (ruled({"not": {"required": ["resolution", "size"]}}), f"{RULES}/0/not", "the rule is about size, which the"),
        (ruled({"not": {"required": ["resolution"]}}), f"{RULES}/0/not", "pairs alone, as {not: {required: [a, b]}}"),
        (ruled({"not": {"type": "string"}}), f"{RULES}/0/not", "pairs alone"),
        (
            ruled({"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}),
            f"{RULES}/0/anyOf",
            "the rule is about a, which",
        ),
        (ruled({"oneOf": [{"required": ["a"]}]}), f"{RULES}/0/oneOf", "correct it, or take it out"),
        (request(**{"x-same-length": [["text_prompt", "a"]]}), f"{REQUEST}/x-same-length", "text_prompt is not a list"),
        (request(**{"x-same-length": [["a", "text_prompt"]]}), f"{REQUEST}/x-same-length", "the rule is about a,"),
        (put(fields, n={"type": "string", "x-image-count": True}), f"{FIELDS}/n", "n has to be an integer"),
        (put(fields, n=COUNT | {"default": 2}), f"{FIELDS}/n", "an absent count means one image"),
        (
            put(fields, n=COUNT, o={"type": "object", "properties": {"m": COUNT}}),
            f"{FIELDS}/o/properties/m",
            "o.m is th",
        ),
        (put(post, **{"x-price": "none"}), f"{POST}/x-price", "x-prices states no price none; add it there, or take"),
        (price_when(price="none"), f"{POST}/x-price-when/0/price", "states no price none"),
        (price_when(field="size"), f"{POST}/x-price-when/0/field", "depends on size, which the operation does not"),
        (price_when(value="HUGE"), f"{POST}/x-price-when/0/value", "HUGE is not a value of rendering_speed"),
        (lambda d: d["x-prices"]["ideogram-4.0"].update(by="size"), f"{POST}/x-price", "the price is set by the"),
    ],
}


def test_what_a_check_refuses_is_reported_at_its_line(alter: Alter) -> None:
    for check, cases in REFUSED.items():
        for change, pointer, message, *lines in cases:
            path = alter(change)
            error = refused(check, path, message)
            found = re.match(rf"{re.escape(str(path))}:(\d+):(\d+): {re.escape(pointer)}: ", error)
            assert found, error
            line = path.read_text("utf-8").splitlines()[int(found[1]) - 1][int(found[2]) - 1 :]
            assert line.startswith(lines[0] if lines else f"{pointer.rpartition('/')[2]}:"), error


def test_names_and_values_that_depend_on_the_python_version(alter: Alter) -> None:
    cases: list[tuple[Change, str, str]] = [
        (put(fields, **{"a\nb": {}}), f"{FIELDS}/a\\nb", "U+000A"),
        (put(fields, **{"a\u202eb": {}}), f"{FIELDS}/a\\u202eb", "U+202E"),
        (lambda d: fields(d).update({"ﬁ": {}}), f"{FIELDS}/ﬁ", "NFKC"),
        # Whether the pointer shows this character as it is depends on the Python too.
        (put(fields, **{"a🫨": {}}), "", "Unicode 3.2"),
        (x({"enum": ["a", "🫨"]}), f"{X}/enum", "U+1FAE8 is newer than Unicode 3.2"),
        (x({"const": 'a"b'}), f"{X}/const", "the generator spoils a value"),
        (x({"default": "a\\b"}), f"{X}/default", "the generator spoils a value"),
        (x({"title": "a\nb"}), f"{X}/title", "U+000A"),
        (put(post, operationId="a\u200bb"), f"{POST}/operationId", "U+200B"),
    ]
    for change, pointer, message in cases:
        assert pointer in refused(check_names, alter(change), message)


TEXT = 'é 🫨 " \\ """ \' {x} %s\u2028'
LIKE_A_REFERENCE = {"$ref": "no reference"}
ACCEPTED: list[list[Change]] = [
    [
        put(fields, binary={"type": "string"}, format={"type": "string", "format": "byte"}),
        put(fields, a={"type": "string", "contentMediaType": "text/markdown; charset=utf-8"}),
        put(fields, b={"type": "string", "contentMediaType": "application/ld+json"}),
        put(fields, c={"type": "string", "default": "binary", "example": BINARY}),
        encoded(contentType="text/plain; charset=utf-8"),
        put(fields, photo=BINARY | {"type": ["string", "null"]}, images={"type": "array", "items": BINARY}),
        put(fields, sketch={"allOf": [BINARY]}),
        picture,
        put(post, security=[]),
        parameter("path", schema={"type": "integer"}),
    ],
    [
        parameter(schema={"type": "array", "items": {"enum": ["a", "b"]}}, style="form", explode=True),
        put(post, security=[{}, {"ApiKey": []}]),
        answered("text/csv; charset=utf-8"),
        x({"type": "object", "example": LIKE_A_REFERENCE, "enum": [LIKE_A_REFERENCE], "x-y": LIKE_A_REFERENCE}),
    ],
    [lambda document: response(200)(document).pop("content")],
    [
        add_every_form,
        lambda document: schemas(document)["ImageObjectV4"]["properties"].update(preview=BINARY),
        x({"x-vendor": 1, "allOf": [{"properties": {"a": {}}, "required": ["b"]}, {"properties": {"b": {}}}]}),
    ],
    [
        x({"description": TEXT, "example": TEXT, "enum": ["größe", 'a"b\\c', "{x}"]}),
    ],
]


def test_valid_contracts_are_accepted_and_read_as_they_are(tmp_path: Path) -> None:
    altered = (
        write_altered(tmp_path / f"{number}.yaml", *changes, generate_alone=True)
        for number, changes in enumerate(ACCEPTED)
    )
    for path in (CONTRACT, *altered):
        assert read_checked(path).document == yaml.load(path.read_bytes(), yaml.CSafeLoader)


WHOLE = "a parameter of the path is not whole"
PATHS = {
    **{f"/v1/a{c}b": f"the path holds {c!r}" for c in ('"', "\\", "#", "?", " ", "\n", "é", "<")},
    "/v1/a%22b": "the path holds '%'",
    "/v1/o'brien/{x}\"": "the path holds '\"'",
    **dict.fromkeys(("/v1/{x", "/v1/x}", "/v1/{}", "/v1/{o'b}", "/v1/{{x}}", "/v1/{x!r}", "/v1/{0.__class__}"), WHOLE),
}


def test_invalid_paths_are_refused(alter: Alter) -> None:
    for url_path, message in PATHS.items():
        path = alter(lambda document: document.update(paths={url_path: document["paths"].pop(PATH)}))  # noqa: B023
        hint = "write letters, digits and -._~!$&'()*+,;=:@/, and parameters as {name}"
        error = refused(check_paths, path, f"{message}; {hint}")
        assert re.match(r".*contract\.yaml:\d+:\d+: /paths/~1v1", error), error


def test_a_contract_without_what_the_client_names_is_refused(alter: Alter) -> None:
    gone = "is gone; change what is built on it"
    changes: list[tuple[Change, str]] = [
        (
            put(post, operationId="make_image"),
            f"/paths: the operation post_generate_image_v4, which is built on, {gone}",
        ),
        (
            lambda document: fields(document).pop("text_prompt"),
            f"post/requestBody: the field text_prompt of post_generate_image_v4, which is built on, {gone}",
        ),
        (lambda document: post(document).pop("requestBody"), "the field text_prompt of post_generate_image_v4, which"),
    ]
    for change, message in changes:
        refused(check_client, alter(change), message)


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
@hypothesis.settings(max_examples=10)
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
        path = write_altered(Path(folder, "contract.yaml"), change, generate_alone=True)
        with contextlib.suppress(ContractError):
            read_checked(path)


FILE = Path("contract.yaml")
PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff")
TEXTS = st.text(PRINTABLE, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | TEXTS,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(TEXTS, values, max_size=4),
    max_leaves=20,
)
UNREADABLE = {
    "broken": ("a: [1,", "2:1", "this is not YAML"),
    "open quote": ("a: 'b", "1:6", "this is not YAML"),
    "tab": ("\ta: 1", "1:1", "this is not YAML"),
    "colon": ("a: b: c", "1:5", "this is not YAML"),
    "two documents": ("a: 1\n---\nb: 2", "2:1", "a second YAML document"),
    "control character": ("a: x\ny\x07", "2:2", "U+0007 is not allowed"),
    "null character": ("a: \x00", "1:4", "U+0000 is not allowed"),
    "anchor": ("a: &x 1", "1:4", "the anchor &x is refused"),
    "anchored list": ("a: &x [1]\nb: *x", "1:4", "the anchor &x is refused"),
    "alias": ("a: *x", "1:4", "the alias *x is refused"),
    "alias as key": ("*x : 1", "1:1", "the alias *x is refused"),
    "python tag": ("a: !!python/name:os.system x", "1:4", "python/name:os.system is refused"),
    "plain tag": ("a: !!str 1", "1:4", "the tag tag:yaml.org,2002:str is refused"),
    "empty tag": ("a: ! 1", "1:4", "the tag ! is refused"),
    "tagged mapping": ("a: !x {b: 1}", "1:4", "the tag !x is refused"),
    "key twice": ("a: 1\nb: 2\na: 3", "3:1", "/a: the key is there twice; first in line 1"),
    "inner key twice": ("a: {b: 1, b: 2}", "1:11", "/a/b: the key is there twice; first in line 1"),
    "list as key": ("? [a]\n: b", "1:3", "cannot be a key"),
    "number as key": ("200: a", "1:1", "the key 200 is not text"),
    "null as key": ("null: a", "1:1", "the key null is not text"),
    "merge key": ("a: 1\n<<: {b: 2}", "2:1", "readers of YAML differ on what << means"),
    "surrogate": ('a: "\\ud800"', "1:7", "this is not YAML"),
    "deep lists": ("[" * 5000, "1:65", "nested more than 64 levels deep"),
    "deep mappings": ("{a: " * 5000, "1:257", "nested more than 64 levels deep"),
}
DOUBTFUL = "on Yes 2026-10-07 12:30 012 0o17 0x1F 1_000 1e3 .inf -.INF .nan =".split()  # noqa: SIM905


def read(text: str) -> Any:
    return read_yaml(FILE, text)[0]


@given(document=JSON)
def test_json_is_read_as_a_json_reader_reads_it(document: Any) -> None:
    assert read(json.dumps(document, ensure_ascii=False)) == document


@given(document=JSON)
def test_pyyaml_and_ruamel_agree_on_all_that_it_accepts(document: Any) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    try:
        value = read(text)
    except ContractError:
        return  # PyYAML writes some text plain that YAML 1.2 reads as a number
    assert value == yaml.safe_load(text) == YAML(typ="safe").load(text)


def test_values_have_the_types_of_json_and_the_contract_means_the_same_to_every_reader() -> None:
    text = "{a: ~, b: , c: true, d: False, e: -7, f: 1.5, g: .5, h: 1.0e+3, i: text, j: '7', k: \"\\u00e9\"}"
    expected = {"a": None, "b": None, "c": True, "d": False, "e": -7, "f": 1.5, "g": 0.5, "h": 1000.0}
    assert read(text) == {**expected, "i": "text", "j": "7", "k": "é"}
    text = CONTRACT.read_text("utf-8")
    assert read(text) == yaml.load(text, yaml.CSafeLoader) == YAML(typ="safe").load(text)


def test_what_readers_of_yaml_refuse_or_read_differently_is_refused() -> None:
    for name, (text, place, message) in UNREADABLE.items():
        with pytest.raises(ContractError) as caught:
            read(text)
        assert re.match(rf"contract\.yaml:{place}: .*{re.escape(message)}", str(caught.value)), name
    for scalar in (*DOUBTFUL, "9" * 101):
        with pytest.raises(ContractError, match=r"^contract\.yaml:2:8: /a/1: readers of YAML differ on what"):
            read(f"a: [1,\n       {scalar}]")
        assert read(f"a: '{scalar}'") == {"a": scalar}
    with pytest.raises(ContractError) as caught:
        read('"\\e[2J\\n\\u202e": 1\n"\\e[2J\\n\\u202e": 2')
    assert str(caught.value).isprintable()


def test_places() -> None:
    _, places = read_yaml(FILE, "é: {b: [x,\n  {c: 1}]}\nd: 2\n")
    expected = {(): (1, 1), ("é",): (1, 1), ("é", "b"): (1, 5), ("é", "b", 0): (1, 9), ("é", "b", 1): (2, 3)}
    assert places == {**expected, ("é", "b", 1, "c"): (2, 4), ("d",): (3, 1)}
    assert isinstance(places["d",], Place)
