"""Names of a contract that the generated code, the client or Python use too: each works, or is refused with its line.

A field called cls once made every request fail in generated code. One contract has all names as fields, because a
regeneration takes seconds; it is used from end to end.
"""

import inspect
import json
import re
from collections.abc import Iterator
from operator import attrgetter
from pathlib import Path
from typing import Any

import pytest
from altered_contract import PATH, Change, Document, fields, post, put, schemas, write_altered
from regenerated import path_to, regenerated, run_python
from regeneration.checks import client_facts, read_checked
from regeneration.documents import PACKAGE, ContractError
from regeneration.tree import write_tree

from ideogram_ai.client import AsyncIdeogram, Ideogram
from ideogram_ai.generated.methods import AsyncMethods, Methods
from ideogram_ai.generated.operations import OPERATIONS

pytestmark = pytest.mark.slow

# Of the generated code, of our clients, of attrs, and of the language.
FIELDS = """
    cls self d src_dict field_dict additional_properties additional_keys files json datetime UNSET Unset Any T attrs
    _attrs_define _attrs_field to_dict from_dict to_multipart prop prop_name prop_dict types cast isoparse httpx uuid
    check_resolution_v4 generate_image_request_v4 resolution_v4 mapping literal File Generator TypeVar BinaryIO UUID
    extra_fields timeout client operation operations fields body model models request response send _send kwargs args
    key name value data url headers params result Required Sequence Operation generate download close
    type list dict str int print id None True class def async await match case import lambda 1 2x a-b c.d e/f g$ h~i
    - _x x_ unknown _operations __init__ __class__ __slots__ __attrs_attrs__ __getitem__ seeds Seeds x_y xY
    pla-ce PLA_CE é 日本
""".split()  # noqa: SIM905 - a list of a hundred lines otherwise
LISTS = ("lights", "lights_element", "item_of_lights")
OTHERS = """
    generate download close send class models cast Any Mapping Methods timeout extra_fields list self 1
""".split()  # noqa: SIM905
STRING = {"type": "string"}
LIST = {"type": "array", "items": STRING}
STYLE = {"$ref": "#/components/schemas/V4StyleDescription"}

PROGRAM = """
import json, sys
from email import message_from_bytes, policy
import httpx
from ideogram_ai.client import Ideogram, RetryPolicy
from ideogram_ai.generated import models
from ideogram_ai.generated.methods import Methods
from ideogram_ai.generated.operations import MODEL_FIELDS, OPERATIONS, POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer

asked = json.load(sys.stdin)
sent = []
python_names = {f.wire_name: f.python_name for f in POST_GENERATE_IMAGE_V4.fields}
inner = {wire: python for python, wire in MODEL_FIELDS["V4StyleDescription"]}

def answer(request):
    query = request.url.params.multi_items()
    sent.append((request.url.path, request.headers.get("content-type"), request.read(), query))
    answered = dict.fromkeys(asked["fields"], "answered")
    if request.url.path.startswith("/v1/op"):
        return httpx.Response(200, json={"high_level_description": "a", "compositional_deconstruction": {
            "background": "b", "elements": []}})
    if request.method == "GET":
        return httpx.Response(200, json=["a"])
    return httpx.Response(200, json={**answered, "created": "2026-10-07T12:00:00Z", "data": [{**answered, "prompt": "p",
        "resolution": "1x1", "is_image_safe": True, "seed": 1, "url": "https://ideogram.ai/a.png"}]})

def parts(request):
    read = {}
    whole = b"Content-Type: %s\\r\\n\\r\\n%s" % (request[1].encode(), request[2])
    for part in message_from_bytes(whole, policy=policy.HTTP).iter_parts():
        value, is_json = part.get_payload(decode=True).decode(), part.get_content_type() == "application/json"
        name = part.get_param("name", header="content-disposition")
        read[name] = json.loads(value) if is_json else value
    return read

found = {}
with Ideogram("key", http_client=httpx.Client(transport=httpx.MockTransport(answer))) as client:
    style = models.V4StyleDescription(**{inner[name]: f"inner {name}" for name in asked["fields"]})
    values = {python_names[name]: f"sent {name}" for name in asked["fields"]}
    values |= {python_names[name]: [style] for name in asked["lists"]}
    generation = client.generate(text_prompt="a", **values)
    found["path"] = sent[-1][0]
    found["made"] = len(generation.images)
    found["fields"] = parts(sent[-1])
    for operation in OPERATIONS.values():
        if operation.path.startswith("/v1/op"):
            given = operation.operation_id.lower()
            names = [given + "_", given, "field_" + given]
            name = next(name for name in names if name in vars(Methods))
            fields = {f.python_name: "x" for f in operation.fields if f.wire_name in ("fields", "cls")}
            getattr(client, name)(**fields)
            found[operation.path] = [name, json.loads(sent[-1][2])]
    for name in ("query", "path"):
        operation = OPERATIONS[name]
        group, _, method = operation.method_name.partition(".")
        call = getattr(getattr(client, group), method)
        call(**{field.python_name: f"sent {field.wire_name}" for field in operation.fields})
        found[f"in {name}"] = [sent[-1][0], sent[-1][3]]
with MockServer() as server, Ideogram("key", base_url=server.url) as client:
    client.generate(text_prompt="a", **values)
    found["arrived"] = dict(server.ledger[-1].fields)
print(json.dumps(found))
"""


QUOTED = "/v1/o'brien/$&()*+,;=:@!~"
"""All characters that a path may contain apart from letters."""


def all_of_them(document: Document) -> None:
    """Every name as a field of the request, of an object in it, and of the answer."""
    properties = [fields(document)]
    properties += [schemas(document)[n]["properties"] for n in ("V4StyleDescription", "GenerateImageResponseV4")]
    properties.append(schemas(document)["ImageObjectV4"]["properties"])
    for each in properties:
        for name in FIELDS:
            each.setdefault(name, {"type": "string"})
    document["paths"][QUOTED] = document["paths"].pop(PATH)
    fields(document).update({name: {"type": "array", "items": STYLE} for name in LISTS})
    asked: Document = {"type": "object", "oneOf": [{"required": ["fields"]}, {"required": ["other"]}]}
    asked["properties"] = {name: {"type": "string"} for name in ("fields", "other", "cls")}
    schemas(document)["Asked"] = asked
    for name in ("Client", "Response", "HTTPStatus"):  # the generator's own, which the package does not have
        schemas(document)[name] = {"type": "object", "properties": {"a": {"type": "string"}}}
        fields(document)[f"a {name}"] = {"$ref": f"#/components/schemas/{name}"}
    for index, name in enumerate(OTHERS):
        document["paths"][f"/v1/op{index}"] = other_operation(name)
    query = [{"name": name, "in": "query", "schema": STRING} for name in FIELDS]
    document["paths"]["/v1/query"] = {"get": {"parameters": query, **asking("query", "self.list")}}
    parts = [name for name in FIELDS if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", name)]
    path = [{"name": name, "in": "path", "required": True, "schema": STRING} for name in parts]
    get = {"parameters": path, **asking("path", "self.type")}
    document["paths"]["/v1/path/" + "/".join(f"{{{name}}}" for name in parts)] = {"get": get}


def asking(operation: str, method: str) -> Document:
    """An operation without a body."""
    responses = {"200": {"description": "Things.", "content": {"application/json": {"schema": LIST}}}}
    return {"operationId": operation, "x-method": method, "summary": "Ask", "responses": responses}


def other_operation(name: str) -> Document:
    def content(schema: str) -> Document:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}

    return {
        "post": {
            "operationId": name,
            "summary": "Do it",
            "requestBody": {"required": True, "content": content("Asked")},
            "responses": {"200": {"description": "Done.", "content": content("V4JsonPrompt")}},
        }
    }


def test_every_name_works_from_end_to_end(tmp_path_factory: pytest.TempPathFactory) -> None:
    generated = regenerated(tmp_path_factory, "names", all_of_them)
    asked = {"fields": FIELDS, "lists": LISTS}
    found: dict[str, Any] = json.loads(run_python("-c", PROGRAM, path=path_to(generated), asked=asked))
    expected: dict[str, Any] = {name: f"sent {name}" for name in FIELDS}
    expected |= {name: [{inner: f"inner {inner}" for inner in FIELDS}] for name in LISTS}
    expected["text_prompt"] = "a"
    assert found["fields"] == found["arrived"] == expected
    assert found["made"] == 1
    assert found["path"] == QUOTED
    assert found["in query"] == ["/v1/query", [[name, f"sent {name}"] for name in FIELDS]]
    parts = [name for name in FIELDS if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]*", name)]
    assert found["in path"] == ["/v1/path/" + "/".join(f"sent {name}" for name in parts), []]
    methods = {name: found[f"/v1/op{index}"] for index, name in enumerate(OTHERS)}
    assert all(sent == {"fields": "x", "cls": "x"} for _, sent in methods.values())
    called = {name: method for name, (method, _) in methods.items() if method != name.lower()}
    with_underscores = ("generate", "download", "close", "class", "Any", "list", "models", "self")
    assert called == {**{name: f"{name.lower()}_" for name in with_underscores}, "1": "field_1"}


POST = "/paths/~1v1~1ideogram-v4~1generate/post"
REQUEST = "/components/schemas/GenerateImageRequestV4/properties"
OBJECT = {"type": "object", "properties": {"a": STRING}}


def refused_names() -> Iterator[tuple[list[Change], str, str]]:
    """Changes, with the pointer and the words of the message."""
    equal = "are the same name in Python"
    yield (
        [put(fields, **dict.fromkeys(("ab", "a-b", "a_b"), STRING))],
        f"{REQUEST}/a-b",
        f"ab and a-b {equal}, ab; rename one of them",
    )
    for name in ("self", "cls"):  # the generator puts an underscore behind the first, and we behind the second
        both = [put(fields, **{name: STRING, f"{name}_": STRING})]
        yield both, f"{REQUEST}/{name}_", f"{name} and {name}_ {equal}, {name}_; rename one of them"
    for name in ("lights_item", "lights_item_data", "lights_type_0"):
        change = put(fields, lights={"type": "array", "items": STYLE}, **{name: STRING})
        message = f"generated code calls a part of lights {name}, so a field cannot be called so; rename it"
        yield [change], f"{REQUEST}/{name}", message
    for name, called in {"Unset": "Unset", "any": "Any", "File": "File"}.items():
        message = f"generated code has a {called} of its own; give this schema another name or title"
        yield [put(schemas, **{name: OBJECT})], f"/components/schemas/{name}", message
    message = "generated code has a BytesIO of its own"
    yield [put(schemas, X=OBJECT | {"title": "BytesIO"})], "/components/schemas/X", message
    for name in ("operations", "A"):
        message = f"the name {name.upper()} is taken; choose another operationId"
        yield [put(schemas, Asked=OBJECT), add_operation(name)], "/paths/~1v1~1other/post/operationId", message
    for name in ("overload", "httpx"):
        message = f"generated classes need the name {name}; choose another x-method or operationId"
        yield [put(schemas, Asked=OBJECT), add_operation(name)], "/paths/~1v1~1other/post", message
    for name in ("str", "things.os"):
        message = f"generated classes need the name {name.rpartition('.')[2]}; choose another"
        yield [put(post, **{"x-method": name})], f"{POST}/x-method", message
    for name in ("text-prompt", "text_prompt"):
        page = {"name": name, "in": "query", "schema": STRING}
        message = f"the request has another field or parameter {name}; rename one of them"
        yield [put(post, parameters=[page])], f"{POST}/parameters/0/name", message


def add_operation(name: str) -> Change:
    others = {"/v1/other": other_operation(name), "/v1/a": other_operation("a")}
    return lambda document: document["paths"].update(others)


def test_names_that_cannot_work_are_refused_with_their_line(tmp_path: Path) -> None:
    for number, (changes, pointer, message) in enumerate(refused_names()):
        path = write_altered(tmp_path / "contract.yaml", *changes, generate_alone=True)
        contract = read_checked(path)
        with pytest.raises(ContractError) as caught:
            write_tree(contract, tmp_path / str(number) / PACKAGE)
        found = re.match(rf"{re.escape(str(path))}:(\d+):\d+: ([^ ]+): ", str(caught.value))
        assert found, str(caught.value)
        assert message in str(caught.value)
        assert found[2] == pointer
        line = path.read_text("utf-8").splitlines()[int(found[1]) - 1]
        assert line.lstrip(" -").startswith(pointer.rpartition("/")[2])


def test_the_names_that_the_client_has_are_known() -> None:
    facts = client_facts()
    for client, methods in ((Ideogram, Methods), (AsyncIdeogram, AsyncMethods)):
        public = {name for name in dir(client) if not name.startswith("_")}
        assert public - {*vars(methods)} <= {*facts["taken"]}
        for operation in OPERATIONS.values():
            method = attrgetter(operation.method_name)(client("a-key", base_url="http://127.0.0.1"))
            fields = {field.python_name for field in operation.fields}
            assert inspect.signature(method).parameters.keys() - fields == {*facts["arguments"]} - {"fields"}
