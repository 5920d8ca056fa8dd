"""Proves a generated package on the path that users run: mypy reads it, and the client sends every operation with it.

The generator drops a request's body with exit code 0, so only what arrives proves anything. All that is expected comes
from the contract. The requests are sent in a process of its own, in which the new package comes first on the path.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from functools import reduce
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, unquote

import attrs

from regeneration.checks import api_key_scheme
from regeneration.documents import (
    PACKAGE,
    ROOT,
    Pointer,
    RegenerationError,
    is_list,
    is_mapping,
    is_object,
    operations,
    parameters,
    properties,
    read_contract,
    resolve,
    resolve_place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    import httpx

    from regeneration.documents import Contract

_NAME: Final = ".".join(PACKAGE.parts)
_KEY: Final = "a-key-that-opens-nothing"
_TIMEOUT: Final = 300
_MAX_COMPLAINTS: Final = 10
_MYPY_SETTINGS: Final = (
    "--strict",
    "--config-file=",
    "--explicit-package-bases",
    "--no-error-summary",
    *("--python-version", "3.11"),
    *("--cache-dir", str(ROOT / ".mypy_cache" / "regenerate")),
)
_PNG: Final = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\r\n--+++--\r\n\xff\x00 \x0d"
_TEXT: Final = 'any "value" \u2013 \u00e9 & <b>'
_TEXTS: Final = {
    "byte": "aWRlb2dyYW0=",
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05+00:00",
    "uuid": "6d6f636b-0000-4000-8000-000000000000",
}


def prove(contract: Contract, root: Path) -> None:
    """Accept the package of a contract that was generated below root, or raise a RegenerationError."""
    with ThreadPoolExecutor() as pool:
        types = pool.submit(prove_types, root)
        prove_sending(contract, root)
        types.result()


def prove_types(root: Path) -> None:
    """Let mypy --strict judge a package."""
    done = _python(root, "-m", "mypy", *_MYPY_SETTINGS, "-p", _NAME)
    if done.returncode:
        complaints = (done.stdout + done.stderr).strip().splitlines()
        shown = "\n".join(complaints[:_MAX_COMPLAINTS])
        raise RegenerationError(f"mypy --strict refuses the generated code ({len(complaints)} lines):\n{shown}")


def prove_sending(contract: Contract, root: Path) -> None:
    """Import a package in a process of its own, look for every field, and send every operation with the client."""
    done = _python(root, "-W", "error", "-m", "regeneration.proof", str(root.absolute()), str(contract.path.absolute()))
    if done.returncode:
        raise RegenerationError(f"the generated code cannot be tried out:\n{done.stderr.strip()}")
    if failure := json.loads(done.stdout):
        raise contract.error(tuple(failure["pointer"]), failure["message"])


def _python(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the package that is proven first on its path, and so that it leaves no bytecode there."""
    package, scripts = str(root.absolute()), str(ROOT / "scripts")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [package, scripts, os.environ.get("PYTHONPATH")])),
        "MYPYPATH": package,
        "PYTHONIOENCODING": "utf-8",
    }
    command = [sys.executable, "-P", "-B", *arguments]
    try:
        return subprocess.run(
            command, cwd=root, env=environment, capture_output=True, encoding="utf-8", timeout=_TIMEOUT, check=False
        )
    except subprocess.TimeoutExpired:
        raise RegenerationError(f"the proof of the generated code did not end within {_TIMEOUT} seconds") from None


# What follows runs in the process of its own.


def main() -> None:
    """Prove the package below the folder argv[1] against the contract argv[2]; print the first failure as JSON."""
    found: tuple[Pointer, str] | None
    try:
        found = next(_failures(Path(sys.argv[1]), read_contract(Path(sys.argv[2]))), None)
    except RegenerationError as error:
        found = (), str(error)
    json.dump(found and {"pointer": found[0], "message": found[1]}, sys.stdout)


def _failures(root: Path, contract: Contract) -> Iterator[tuple[Pointer, str]]:
    """Yield what is wrong, and the part of the contract that it is about."""
    modules = _import_all(root)
    data, generated = modules[f"{_NAME}.contract"], modules[f"{_NAME}.operations"]
    if data.read_contract_source() != contract.source or contract.sha256 != data.CONTRACT_SHA256:
        yield (), "the contract in the package is not the one that it was generated from"
    if data.read_contract() != contract.document:
        yield (), "contract.json in the package does not say what the contract says"
    known = {(operation.path, operation.method): operation for operation in generated.OPERATIONS.values()}
    for path, method, raw in operations(contract.document):
        operation = known.get((path, method.upper()))
        if operation is None:
            yield ("paths", path, method), "the generator left this operation out"
        else:
            yield from _prove_operation(contract.document, _Asked.of(contract, path, method, raw), operation, modules)


def _import_all(root: Path) -> dict[str, ModuleType]:
    package = importlib.import_module(_NAME)
    if not Path(package.__file__ or "").is_relative_to(root):
        raise ImportError(f"{_NAME} was found in {package.__file__} instead of {root}")
    modules: dict[str, ModuleType] = {}
    for module in pkgutil.walk_packages(package.__path__, f"{_NAME}."):
        try:
            modules[module.name] = importlib.import_module(module.name)
        except Exception as error:
            raise RegenerationError(f"{module.name} cannot be imported: {type(error).__name__}: {error}") from error
    return modules


@attrs.frozen
class _Asked:
    """What the contract asks of a request: its place, the media type of its body (empty without one), and its fields.

    The fields are schema and place in the contract, by where they are sent and their names. key_header is the header
    for the key, None where the contract wants no key.
    """

    pointer: Pointer
    raw: Mapping[str, Any]
    path: str
    method: str
    media_type: str
    fields: Mapping[tuple[str, str], tuple[Any, Pointer]]
    key_header: str | None

    @classmethod
    def of(cls, contract: Contract, path: str, method: str, raw: Mapping[str, Any]) -> _Asked:
        document, pointer = contract.document, ("paths", path, method)
        fields: dict[tuple[str, str], tuple[Any, Pointer]] = {}
        media_type = ""
        if "requestBody" in raw:
            place, body = resolve_place(document, (*resolve_place(document, pointer[:2])[0], method, "requestBody"))
            media_type, media = next(iter(body["content"].items()))
            where, _ = resolve_place(document, (*place, "content", media_type, "schema"))
            for name, schema in properties(document, media["schema"]).items():
                fields["body", name] = schema, (*where, "properties", name)
        said = {(each["in"], each["name"]): (each["schema"], at) for at, each in parameters(document, path, method)}
        order = [("path", name) for name in re.findall(r"{(.+?)}", path)]
        fields |= {key: said[key] for key in (*order, *(key for key in said if key[0] != "path"))}
        scheme = document["components"]["securitySchemes"][api_key_scheme(document)]
        wanted = any(raw.get("security", document.get("security", ())))
        header = scheme["name"] if wanted else None
        return cls(pointer, raw, path, method.upper(), media_type, fields, header)


def _prove_operation(
    document: dict[str, Any], asked: _Asked, operation: Any, modules: Mapping[str, ModuleType]
) -> Iterator[tuple[Pointer, str]]:
    """Look for every field of a request, and send requests in which together every field has a value."""
    listed = {(field.place, field.wire_name): field.python_name for field in operation.fields}
    model: Any = getattr(modules[f"{_NAME}.models"], operation.request_model, None)
    if asked.media_type and model is None:
        how = "An anyOf at the top level of the schema does that (take it out for the generator in"
        how = f"{how} scripts/regeneration/tree.py), and so does a schema that is not an object"
        message = f"the generator dropped this request body: it would never be sent. {how}"
        yield (*asked.pointer, "requestBody", "content"), message
        return
    pairs = modules[f"{_NAME}.operations"].MODEL_FIELDS.get(operation.request_model, ())
    in_body = tuple((python, wire) for (place, wire), python in listed.items() if place == "body")
    if [*listed] != [*asked.fields] or in_body != pairs:
        names, declared = ([name for _, name in fields] for fields in (listed, asked.fields))
        yield asked.pointer, f"operations.py lists the fields {names} where the contract has {declared}"
        return
    if asked.raw.get("x-method", operation.method_name) != operation.method_name:
        yield (*asked.pointer, "x-method"), f"the method got the name {operation.method_name}"
    choices = max([1, *(len(field.exactly_one_of) for field in operation.fields)])
    turns = list(_turns(operation, [*asked.fields]))
    for turn in range(max(choices, len(turns))):
        sent = {
            key: sample_part(document, schema) if key[0] == "path" else sample(document, schema, turn)
            for key, (schema, _) in asked.fields.items()
            if key in turns[turn % len(turns)]
        }
        for is_async in (False, True):
            yield from _prove_call(asked, operation, listed, model, sent, is_async=is_async)
    for key in [key for key in asked.fields if not any(key in turn for turn in turns)]:
        yield asked.fields[key][1], f"no request can have the field {key[1]}: the rules exclude it; correct them"


def _turns(operation: Any, fields: Sequence[tuple[str, str]]) -> Iterator[set[tuple[str, str]]]:
    """Yield sets of fields that the rules allow together, until each field was in one that can be in any."""
    apart = [{*pair} for pair in operation.exclusive]
    apart += [{*pair} for group in operation.exactly_one_of for pair in combinations(group, 2)]
    required = {(field.place, field.wire_name) for field in operation.fields if field.required}
    left = {*fields}
    while True:
        chosen: set[tuple[str, str]] = set()
        for place, name in sorted(fields, key=lambda each: (each not in required, each not in left)):
            if place != "body" or not any({name, other} in apart for _, other in chosen):
                chosen.add((place, name))
        for first, other in operation.same_length:
            if ("body", first) not in chosen:
                chosen.discard(("body", other))
        yield chosen
        if not chosen & left or not left - chosen:
            return
        left -= chosen


def _prove_call(
    asked: _Asked,
    operation: Any,
    listed: Mapping[tuple[str, str], str],
    model: Any,
    sent: dict[tuple[str, str], Any],
    *,
    is_async: bool,
) -> Iterator[tuple[Pointer, str]]:
    """Send one request with a client, and compare what arrives."""
    try:
        values = {**sent}
        if model is not None:
            # By way of the model, so that the values are models too where the contract has objects.
            made = model.from_dict({name: value for (place, name), value in sent.items() if place == "body"})
            inside = [key for key in sent if key[0] == "body" and not _has_files(sent[key])]
            values |= {key: getattr(made, listed[key]) for key in inside}
        arguments = {listed[key]: value for key, value in values.items()}
        request = _send(operation.method_name, arguments, is_async=is_async)
        arrived = _decode(request, asked.path)
    except Exception as error:  # noqa: BLE001 - anything that generated code raises is a finding
        yield asked.pointer, f"sending a request fails with {type(error).__name__}: {error}"
        return
    yield from ((asked.pointer, message) for message in _differences(request, asked))
    for key in sent | arrived:
        place, name = key
        if key not in sent:
            yield asked.pointer, f"a field {name} arrived in the {place} that was not sent"
        elif not _same(sent[key], arrived.get(key, [])):
            message = f"the field {name} was sent as {sent[key]!r} and arrived as {arrived.get(key)!r}"
            yield asked.fields[key][1], message


def _send(method: str, arguments: Mapping[str, Any], *, is_async: bool) -> httpx.Request:
    """Call a method of the real client, and give the request that its transport gets."""
    import anyio  # noqa: PLC0415 - not in the process that only starts this one
    import httpx  # noqa: PLC0415

    from ideogram_ai.client import AsyncIdeogram, Ideogram, IdeogramError, RetryPolicy  # noqa: PLC0415

    requests: list[httpx.Request] = []

    def record(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(400)

    async def call_async() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(record)) as http:
            await find(AsyncIdeogram(_KEY, **options(http)))(**arguments)

    def find(client: Any) -> Any:
        return reduce(getattr, method.split("."), client)

    def options(http: Any) -> dict[str, Any]:
        # With both HTTP clients lent, no certificates are read, which would take most of the time of a proof.
        return {"http_client": http, "image_client": http, "retry": RetryPolicy(max_attempts=1)}

    try:
        if is_async:
            anyio.run(call_async)
        else:
            with httpx.Client(transport=httpx.MockTransport(record)) as http:
                find(Ideogram(_KEY, **options(http)))(**arguments)
    except IdeogramError:
        if not requests:
            raise
    (request,) = requests
    return request


def _differences(request: httpx.Request, asked: _Asked) -> Iterator[str]:
    """What is wrong with a request beside its fields."""
    path = request.url.raw_path.decode().partition("?")[0]
    if request.method != asked.method or _path_values(path, asked.path) is None:
        yield f"the request arrived as {request.method} {path}"
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type != asked.media_type:
        yield f"the body arrived as {media_type or 'nothing'} and not as {asked.media_type or 'nothing'}"
    if not asked.media_type and request.content:
        yield "a body arrived where the contract has none"
    carried = [name for name, value in request.headers.items() if _KEY in value]
    if asked.key_header and request.headers.get(asked.key_header) != _KEY:
        yield f"the key does not arrive in the header {asked.key_header}"
    if carried and not asked.key_header:
        yield f"the key arrives in the header {carried[0]}, and the contract wants none here"


def _path_values(path: str, template: str) -> dict[str, str] | None:
    """The values of the parameters in a path as it was sent; None when it is not the path of the contract."""
    names = re.findall(r"{(.+?)}", template)
    pattern = "([^/]*)".join(re.escape(text) for text in re.split(r"{.+?}", template))
    match = re.fullmatch(pattern, path)
    return dict(zip(names, map(unquote, match.groups()), strict=True)) if match else None


def _decode(request: httpx.Request, template: str) -> dict[tuple[str, str], list[Any]]:
    """Read a request: the values that arrived for every field, as text, bytes, parsed JSON, or a file of its own."""
    path, _, query = request.url.raw_path.decode().partition("?")
    arrived: dict[tuple[str, str], list[Any]] = {}
    for name, text in (_path_values(path, template) or {}).items():
        arrived["path", name] = [text]
    for name, text in parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict"):
        arrived.setdefault(("query", name), []).append(text)
    content_type = request.headers.get("content-type", "")
    if "json" in content_type:
        return arrived | {("body", name): [value] for name, value in json.loads(request.content).items()}
    whole = f"Content-Type: {content_type}\r\n\r\n".encode() + request.content
    for part in message_from_bytes(whole, policy=policy.HTTP).iter_parts() if content_type else ():
        payload: Any = part.get_payload(decode=True)
        name = str(part.get_param("name", header="content-disposition"))
        if part.get_filename():
            payload = _File(payload, part.get_content_type())
        elif part.get_content_type() == "application/json":
            payload = json.loads(payload)
        arrived.setdefault(("body", name), []).append(payload)
    return arrived


@attrs.frozen
class _File:
    """A part with a file name."""

    content: bytes
    media_type: str


def _has_files(value: Any) -> bool:
    return isinstance(value, bytes) or (is_list(value) and any(isinstance(item, bytes) for item in value))


def _same(sent: Any, arrived: list[Any]) -> bool:
    """Compare a value with what arrived for it: JSON, or files and text, of which a list fills more than one."""
    if arrived == [sent]:
        return True
    if _has_files(sent):
        return arrived == [_File(content, "image/png") for content in (sent if is_list(sent) else [sent])]
    values = [value for value in (sent if is_list(sent) else [sent]) if value is not None]
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    return texts == [value.decode() if isinstance(value, bytes) else value for value in arrived]


def sample_part(document: Mapping[str, Any], schema: Any) -> Any:
    """Make a value for a part of a path; a text holds what would end the part, or the path."""
    value = sample(document, schema)
    return f"{value}/?#%2F;" if value == _TEXT else value


def sample(document: Mapping[str, Any], schema: Any, turn: int = 0) -> Any:
    """Make a value in which every property has a value, and every alternative of a list's items is an item.

    Patterns and bounds are not looked at, because neither the client nor the generated code looks at them. The turn
    says which of the schema's own alternatives is taken, counted round.
    """
    schema = resolve(document, schema)
    if not is_mapping(schema):
        return _TEXT
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return next((value for value in schema["enum"] if value is not None), None)
    if is_object(document, schema):
        parts = properties(document, schema) or {"key": schema.get("additionalProperties")}
        return {name: sample(document, part) for name, part in parts.items()}
    for keyword in ("oneOf", "anyOf", "allOf"):
        if keyword in schema:
            values = [sample(document, alternative) for alternative in schema[keyword]]
            values = [value for value in values if value is not None]
            return values[turn % len(values)] if values else None
    types = schema.get("type", "any")
    kind = types if isinstance(types, str) else next((t for t in types if t != "null"), "null")
    if kind == "array":
        items = resolve(document, schema.get("items"))
        alternatives = items.get("oneOf", items.get("anyOf")) if is_mapping(items) else None
        if is_mapping(items) and items.get("format") == "binary":
            return [_PNG, _PNG + b"\r\n--a second one"]
        return [sample(document, item) for item in alternatives or [items]]
    if schema.get("format") == "binary":
        return _PNG
    by_kind = {"boolean": True, "integer": 7, "number": 1.5, "null": None}
    return by_kind.get(kind, _TEXTS.get(schema.get("format", ""), _TEXT))


if __name__ == "__main__":
    main()
