"""Names of a contract that the generated code, the client or Python use too: each works, or is refused by its line.

A name that is only nearly right is worse than none: a field called cls made every request fail, in a line of code that
nobody wrote. One contract has them all as fields, since a regeneration takes seconds; it is used from end to end.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from altered_contract import Change, Document, fields, put, schemas, write_altered
from regeneration import steps
from regeneration.errors import ContractError
from regeneration.paths import ROOT

# Of the generated code, of our clients, of attrs, and of the language.
FIELDS = """
    cls self d src_dict field_dict additional_properties additional_keys files json datetime UNSET Unset Any T attrs
    _attrs_define _attrs_field to_dict from_dict to_multipart prop prop_name prop_dict types cast isoparse httpx uuid
    check_resolution_v4 generate_image_request_v4 resolution_v4 mapping literal File Generator TypeVar BinaryIO UUID
    extra_fields timeout client operation operations fields body model models request response send _send kwargs args
    key name value data url headers params result Required Sequence Operation generate download close
    type list dict str int print id None True class def async await match case import lambda 1 2x a-b c.d e/f g$ h~i
    __init__ __class__ __slots__ __attrs_attrs__ __getitem__ seeds Seeds x_y xY pla-ce PLA_CE é 日本
""".split()  # noqa: SIM905 - a list of a hundred lines otherwise
LISTS = ("lights", "lights_item", "lights_item_data", "lights_item_element", "lights_type_0")
"""The generator calls the variables for the items of the first one so."""
OPERATIONS = (
    "generate",
    "download",
    "close",
    "send",
    "class",
    "models",
    "cast",
    "Any",
    "Mapping",
    "Methods",
    "timeout",
    "extra_fields",
    "list",
    "self",
    "1",
)
STYLE = {"$ref": "#/components/schemas/V4StyleDescription"}

PROGRAM = """
import json, sys
from email import message_from_bytes, policy
import httpx
from ideogram_ai.client import Ideogram, RetryPolicy
from ideogram_ai.generated import models
from ideogram_ai.generated.operations import MODEL_FIELDS, OPERATIONS, POST_GENERATE_IMAGE_V4
from ideogram_ai.testing import MockServer

asked = json.load(sys.stdin)
sent = []
python_names = {f.wire_name: f.python_name for f in POST_GENERATE_IMAGE_V4.fields}
inner = {wire: python for python, wire in MODEL_FIELDS["V4StyleDescription"]}

def answer(request):
    sent.append((request.url.path, request.headers["content-type"], request.read()))
    answered = dict.fromkeys(asked["fields"], "answered")
    if request.url.path.startswith("/v1/op"):
        return httpx.Response(200, json={"high_level_description": "a", "compositional_deconstruction": {
            "background": "b", "elements": []}})
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
            name = next(name for name in dir(client.operations) if name == operation.operation_id
                or name.rstrip("_") == operation.operation_id.lower() or name == "field_" + operation.operation_id)
            fields = {f.python_name: "x" for f in operation.fields if f.wire_name in ("fields", "cls")}
            getattr(client.operations, name)(**fields)
            found[operation.path] = json.loads(sent[-1][2])
with MockServer() as server, Ideogram("key", base_url=server.url) as client:
    client.generate(text_prompt="a", **values)
    found["arrived"] = dict(server.ledger[-1].fields)
print(json.dumps(found))
"""


QUOTED = "/v1/o'brien/$&()*+,;=:@!~"
"""All that a path may hold beside letters."""


def all_of_them(document: Document) -> None:
    """Every name as a field of the request, of an object in it, and of the answer."""
    properties = [fields(document)]
    properties += [schemas(document)[n]["properties"] for n in ("V4StyleDescription", "GenerateImageResponseV4")]
    properties.append(schemas(document)["ImageObjectV4"]["properties"])
    for each in properties:
        for name in FIELDS:
            each.setdefault(name, {"type": "string"})
    document["paths"] = {QUOTED: document["paths"].popitem()[1]}
    fields(document).update({name: {"type": "array", "items": STYLE} for name in LISTS})
    asked: Document = {"type": "object", "oneOf": [{"required": ["fields"]}, {"required": ["other"]}]}
    asked["properties"] = {name: {"type": "string"} for name in ("fields", "other", "cls")}
    schemas(document)["Asked"] = asked
    for index, name in enumerate(OPERATIONS):
        document["paths"][f"/v1/op{index}"] = other_operation(name)


def other_operation(name: str) -> Document:
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/Asked"}}}
    prompt = {"application/json": {"schema": {"$ref": "#/components/schemas/V4JsonPrompt"}}}
    return {
        "post": {
            "operationId": name,
            "summary": "Do it",
            "requestBody": {"required": True, "content": body},
            "responses": {"200": {"description": "Done.", "content": prompt}},
        }
    }


def test_each_works_from_end_to_end(tmp_path: Path) -> None:
    contract = write_altered(tmp_path / "contract.yaml", all_of_them)
    regenerate = [sys.executable, ROOT / "scripts/regenerate.py", "--contract", contract, "--out", tmp_path / "out"]
    done = subprocess.run(list(map(str, regenerate)), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    path = os.pathsep.join([str(tmp_path / "out"), os.environ["PYTHONPATH"]])
    used = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM],
        input=json.dumps({"fields": FIELDS, "lists": LISTS}),
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert used.returncode == 0, used.stderr
    found: dict[str, Any] = json.loads(used.stdout)
    expected: dict[str, Any] = {name: f"sent {name}" for name in FIELDS}
    expected |= {name: [{inner: f"inner {inner}" for inner in FIELDS}] for name in LISTS}
    expected["text_prompt"] = "a"
    assert found["fields"] == found["arrived"] == expected
    assert found["made"] == 1
    assert found["path"] == QUOTED
    for index, _ in enumerate(OPERATIONS):
        assert found[f"/v1/op{index}"] == {"fields": "x", "cls": "x"}


def add_operation(name: str) -> Change:
    return lambda document: document["paths"].update(
        {"/v1/other": other_operation(name), "/v1/a": other_operation("a")}
    )


def asked_for_nothing(document: Document) -> None:
    schemas(document)["Asked"] = {"type": "object", "properties": {"a": {"type": "string"}}}


REQUEST = "/components/schemas/GenerateImageRequestV4/properties"
REFUSED: dict[str, tuple[Change, str, str]] = {
    "alike but for a hyphen": (
        put(fields, **{"ab": {"type": "string"}, "a-b": {"type": "string"}, "a_b": {"type": "string"}}),
        f"{REQUEST}/a-b",
        "ab and a-b are the same name in Python, ab; rename one of them",
    ),
    "the name that another one gets": (
        put(fields, self={"type": "string"}, self_={"type": "string"}),
        f"{REQUEST}/self_",
        "self and self_ are the same name in Python, self_; rename one of them",
    ),
    "the name that another one gets from us": (
        put(fields, cls={"type": "string"}, cls_={"type": "string"}),
        f"{REQUEST}/cls",
        "two fields get the name cls_ in Python; rename one of them",
    ),
    **{
        f"the schema {name}": (
            put(schemas, **{name: {"type": "object", "properties": {"a": {"type": "string"}}}}),
            f"/components/schemas/{name}",
            f"generated code has a {called} of its own; give this schema another name or title",
        )
        for name, called in {"Unset": "Unset", "any": "Any", "File": "File", "Response": "Response"}.items()
    },
    "a title": (
        put(schemas, X={"type": "object", "title": "Client", "properties": {"a": {"type": "string"}}}),
        "/components/schemas/X",
        "generated code has a Client of its own",
    ),
    **{
        f"the operation {name}": (
            add_operation(name),
            "/paths/~1v1~1other/post/operationId",
            f"the name {name.upper()} is taken; choose another operationId",
        )
        for name in ("overload", "httpx", "operations", "A")
    },
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_work_is_refused_by_its_line(kind: str, tmp_path: Path) -> None:
    change, pointer, message = REFUSED[kind]
    changes = [change, asked_for_nothing] if kind.startswith("the operation") else [change]
    path = write_altered(tmp_path / "contract.yaml", *changes)
    with pytest.raises(ContractError) as caught:
        steps.build(steps.read(path), tmp_path / "out")
    found = re.match(rf"{re.escape(str(path))}:(\d+):\d+: ([^ ]+): ", str(caught.value))
    assert found, str(caught.value)
    assert message in str(caught.value)
    assert found[2] == pointer
    line = path.read_text("utf-8").splitlines()[int(found[1]) - 1]
    assert line.strip().startswith(pointer.rpartition("/")[2])
