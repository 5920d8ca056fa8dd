"""What the contract allows goes through the client's methods and arrives: whole, typed, in its own order.

What breaks a rule over several fields raises before anything is sent. Every other broken request arrives unchanged, and
the service's 400 becomes an error that names the field as well.
"""

import json
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import pytest
from contract_bodies import arguments, valid_arguments
from contract_judges import at, body_of, broken_rules, keeps_contract, parameters_of
from driver import KINDS, Driver, Kind, mocked, outcome
from hypothesis import event, given, settings
from hypothesis import strategies as st
from multipart_reader import Part, read_parts
from werkzeug.formparser import FormDataParser
from werkzeug.http import parse_options_header

from ideogram_ai.client import (
    BadRequestError,
    ConflictingFieldsError,
    Generation,
    IdeogramError,
    NotFoundError,
    PromptError,
    RequestError,
    UnknownFieldError,
)
from ideogram_ai.client.jobs import Job
from ideogram_ai.client.request import encode_request
from ideogram_ai.contract.check import Severity, check_request
from ideogram_ai.generated.operations import OPERATIONS, Field, Operation
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4 as OPERATION
from ideogram_ai.testing import (
    BrokenRequest,
    IdeogramMock,
    broken_requests,
    ideogram_mock,
    request_rules,
    requests,
)

PROMPTS = {"text_prompt", "json_prompt"}


@pytest.fixture(scope="module")
def clients() -> dict[Kind, Driver]:
    return {kind: mocked(kind) for kind in KINDS}


each_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=lambda each: each.method_name)
FEW = 3
each_depth = pytest.mark.parametrize("examples", [FEW, pytest.param(12, marks=pytest.mark.slow)])
OVER_FIELDS = ("/required", "/oneOf", "/anyOf", "/not", "/x-same-length/0")
SIGNATURES = {
    b"\x89PNG": ("image/png", ".png"),
    b"\xff\xd8\xff": ("image/jpeg", ".jpg"),
    b"RIFF": ("image/webp", ".webp"),
}


def types_of(operation: Operation, name: str) -> list[str]:
    """The types that the contract has for a field; for a list, those of its items."""
    place = parameters_of(operation).get(name)
    schema = at(place)["schema"] if place else at(f"{body_of(operation)}/properties/{name}")
    for _ in range(3):
        schema = at(schema["$ref"]) if "$ref" in schema else schema.get("items", schema)
    types = schema["type"]
    return [types] if isinstance(types, str) else list(types)


def decode(request: httpx.Request, operation: Operation = OPERATION) -> dict[str, Any]:
    """The fields as a server reads them, without the project's own reader."""
    read = decode_target(request, operation)
    if operation.media_type == "application/json":
        assert request.headers["content-type"] == "application/json"
        body: dict[str, Any] = json.loads(request.content)
        return read | body
    if not operation.media_type:
        assert request.content == b""
        assert "content-type" not in request.headers
        return read
    parts = read_parts(request)
    fields = {field.wire_name: field for field in operation.fields}
    for part in parts:
        add(read, fields[part.name], read_file(part) if fields[part.name].is_file else read_value(part, operation))
        assert fields[part.name].is_file or part.content_type == fields[part.name].content_type
    order = [field.wire_name for field in operation.fields]
    assert list(dict.fromkeys(part.name for part in parts)) == [
        name for name in order if name in read and name in {part.name for part in parts}
    ]
    check_by_werkzeug(request, parts)
    return read


def add(read: dict[str, Any], field: Field, value: Any) -> None:
    """A list has a part for each item, in its order; every other field comes once."""
    if field.is_array:
        read.setdefault(field.wire_name, []).append(value)
    else:
        assert read.setdefault(field.wire_name, value) is value


def check_by_werkzeug(request: httpx.Request, parts: list[Part]) -> None:
    """Another parser, in another program, reads the same."""
    length = len(request.content)
    _, texts, uploads = FormDataParser().parse(
        BytesIO(request.content),
        "multipart/form-data",
        length,
        parse_options_header(request.headers["content-type"])[1],
    )
    plain = [(part.name, part.data.decode()) for part in parts if "filename" not in part.options]
    sent = [
        (part.name, part.options["filename"], part.content_type, part.data)
        for part in parts
        if "filename" in part.options
    ]
    assert sorted(texts.items(multi=True)) == sorted(plain)
    found = [(name, file.filename, file.content_type, file.read()) for name, file in uploads.items(multi=True)]
    for _, files in uploads.lists():
        for file in files:
            file.close()
    assert sorted(found) == sorted(sent)


def decode_target(request: httpx.Request, operation: Operation) -> dict[str, Any]:
    """The parameters of path and query."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    texts = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    steps = zip(operation.path.split("/"), path.split("/"), strict=True)
    texts += [(step[1:-1], unquote(sent)) for step, sent in steps if step.startswith("{")]
    fields = {field.wire_name: field for field in operation.fields if field.place != "body"}
    read: dict[str, Any] = {}
    for name, text in texts:
        add(read, fields[name], text if "string" in types_of(operation, name) else json.loads(text))
    return read


def read_file(part: Part) -> bytes:
    """The bytes of a file, whose type and name are told by how it begins."""
    ((media_type, suffix),) = (kind for start, kind in SIGNATURES.items() if part.data.startswith(start))
    assert part.content_type == media_type
    assert part.options["filename"].endswith(suffix)
    return part.data


def read_value(part: Part, operation: Operation) -> Any:
    assert "filename" not in part.options
    text = part.data.decode()
    if part.content_type == "application/json":
        return json.loads(text)
    return text if "string" in types_of(operation, part.name) else json.loads(text)


def as_text(fields: dict[str, Any]) -> dict[str, str]:
    """The values as JSON, in which 1 is not True and the order of keys counts."""
    return {name: repr(value) if has_bytes(value) else json.dumps(whole(value)) for name, value in fields.items()}


def whole(value: Any) -> Any:
    """The value with integers for whole numbers: for JSON Schema 4.0 is an integer, and it is sent as 4."""
    if isinstance(value, dict):
        return {name: whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 2**53 else value


def has_bytes(value: object) -> bool:
    return isinstance(value, bytes) or (isinstance(value, list) and any(map(has_bytes, value)))


def check_arrives(client: Driver, mock: IdeogramMock, operation: Operation, arguments: dict[str, Any]) -> None:
    fields = {name: value for name, value in arguments.items() if value is not None}
    made = outcome(client.call, operation.method_name, **arguments)
    request = mock.router.calls[-1].request
    arrived = decode(request, operation)
    assert request.method == operation.method
    assert ("api-key" in request.headers) is operation.authenticated
    assert as_text(arrived) == as_text(fields)
    assert keeps_contract(arrived, operation)
    if isinstance(made, IdeogramError):
        assert isinstance(made, NotFoundError | BadRequestError), "there is no such job, dataset or model"
        assert {"generation_id", "dataset_id", "model_id"} & fields.keys()
    elif isinstance(made, Generation | Job):
        assert set(made.request) == set(fields) - set(parameters_of(operation))
        assert {name: fields[name] for name in made.request if not has_bytes(fields[name])} == {
            name: value for name, value in made.request.items() if not has_bytes(fields[name])
        }


@each_operation
@each_depth
def test_valid_requests_arrive(operation: Operation, examples: int, clients: dict[Kind, Driver]) -> None:
    """Those of the harness, and at the second depth those of schemathesis, too."""
    drawn = requests(operation=operation)
    with ideogram_mock() as mock:

        @settings(max_examples=examples * 3 if operation is OPERATION else examples)
        @given(
            request=valid_arguments(operation) | drawn if examples > FEW and operation.fields else drawn,
            kind=st.sampled_from(KINDS),
        )
        def check(request: dict[str, Any], kind: Kind) -> None:
            check_arrives(clients[kind], mock, operation, request)

        if operation.fields:
            check()
        else:
            check_arrives(clients["sync"], mock, operation, {})
        assert len(mock.ledger) == len(mock.router.calls) >= (examples // 2 if operation.fields else 1)


@each_operation
@each_depth
def test_a_broken_request_is_refused_by_name(operation: Operation, examples: int, clients: dict[Kind, Driver]) -> None:
    """Nothing is sent that breaks a rule over several fields, or lacks one; the service judges the rest."""
    rules: list[str | None] = [None] * bool(request_rules(operation=operation))
    if operation is OPERATION and examples > FEW:
        rules += request_rules()
    with ideogram_mock(strict=False) as mock:
        mock.judge(times=None)
        for rule in rules:

            @settings(max_examples=FEW if rule else examples * 5 if operation is OPERATION else examples)
            @given(broken=broken_requests(rule, operation=operation), kind=st.sampled_from(KINDS))
            def check(broken: BrokenRequest, kind: Kind) -> None:
                check_refused(clients[kind], mock, operation, broken)

            check()


def check_refused(client: Driver, mock: IdeogramMock, operation: Operation, broken: BrokenRequest) -> None:
    before = len(mock.ledger)
    ended = outcome(client.call, operation.method_name, **broken.request)
    assert isinstance(ended, RequestError | BadRequestError)
    assert not ended.may_have_been_billed
    event(type(ended).__name__)
    if isinstance(ended, RequestError):
        # A member that is null counts as one that is not there.
        assert broken.rule.endswith((*OVER_FIELDS, "/members/type"))
        assert broken.pointer in {"#", "#/color_palette", "#/color_palette/members"}
        assert "Nothing was sent" in ended.message
        assert len(mock.ledger) == before
        assert isinstance(ended, PromptError) or operation is not OPERATION
        if isinstance(ended, PromptError):
            assert ended.case == ("both" if broken.request.keys() >= PROMPTS else "neither")
        return
    (field,) = broken.pointer.split("/")[1:2]
    assert f"400: {field}" in str(ended)
    assert [exchange.status for exchange in mock.ledger[before:]] == [400]
    assert field in {error["pointer"].split("/")[1] for error in json.loads(ended.body)["errors"]}
    request = mock.router.calls[-1].request
    for part in read_parts(request) if operation.media_type.startswith("multipart/") else ():
        if "filename" not in part.options:
            assert part.data.decode() in texts_of(broken.request[part.name]), "it arrives unchanged"


def texts_of(value: Any) -> list[str]:
    """How a value may be written: as JSON, as the text that it is, or as one part for each of its items."""
    items = [text for item in value for text in texts_of(item)] if isinstance(value, list) else []
    text = [value] if isinstance(value, str) else []
    return [json.dumps(whole(value), ensure_ascii=False, separators=(",", ":")), *text, *items]


@each_operation
@pytest.mark.slow
def test_the_client_and_json_schema_agree_about_requests(operation: Operation) -> None:
    """Of whatever kind: jsonschema judges them here, and schemathesis draws many, which both know no rule of ours."""
    drawn = [requests(operation=operation)]
    if request_rules(operation=operation):
        drawn.append(broken_requests(operation=operation).map(lambda broken: broken.request))
    if operation.fields:
        drawn += [arguments(operation, broken=broken) for broken in (False, True)]

    @settings(max_examples=60)
    @given(request=st.one_of(drawn))
    def check(request: dict[str, Any]) -> None:
        broken = broken_rules(request, operation)
        problems = check_request(request, operation=operation)
        event(f"{len(broken)} rules")
        assert any(problem.severity is Severity.BREAKS_CONTRACT for problem in problems) is bool(broken)
        refused = outcome(encode_request, operation, request)
        unknown = not request.keys() <= {field.python_name for field in operation.fields}
        assert isinstance(refused, UnknownFieldError) is unknown
        over_fields = [rule for rule, pointer in broken if pointer == "#" and rule.endswith(OVER_FIELDS)]
        if over_fields:
            assert isinstance(refused, RequestError)
        if isinstance(refused, PromptError | ConflictingFieldsError):
            assert broken

    check()
