"""Proves a generated package from inside a process of its own: it imports, knows every field, and sends them all.

The generator leaves a request's body out with exit code 0, so only what a server receives proves anything. All that
is expected here comes from the contract itself, by other code than the generator's.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
import json
import pkgutil
import re
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import attrs
import httpx

from regeneration import schemas
from regeneration.contract import read_contract
from regeneration.errors import Pointer, RegenerationError
from regeneration.loopback import loopback_server
from regeneration.nodes import is_list
from regeneration.references import resolve_place
from regeneration.samples import sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regeneration.loopback import Received

PACKAGE = "ideogram_ai.generated"
_KEY = "a-key-that-opens-nothing"


@attrs.frozen
class Failure:
    """What was found wrong.

    Attributes:
        pointer: The part of the contract that it is about.
        message: What is wrong, and the cure if one is known.
    """

    pointer: Pointer
    message: str


@attrs.frozen
class Case:
    """One operation of the contract and what was generated for it."""

    document: dict[str, Any]
    pointer: Pointer
    raw: dict[str, Any]
    operation: Any
    endpoint: ModuleType
    models: ModuleType


def prove(root: Path, contract: Path) -> Iterator[Failure]:
    """Find what is wrong with a generated package.

    Args:
        root: The folder below which ideogram_ai.generated was written.
        contract: The contract that it was generated from.
    """
    original = read_contract(contract)
    document = original.document
    shared = list(_shared_schemas(document))
    yield from shared
    modules = {} if shared else _import_all(root)
    if not modules:
        return
    data, operations = modules[f"{PACKAGE}.contract"], modules[f"{PACKAGE}.operations"]
    if data.read_contract_source() != original.source or original.sha256 != data.CONTRACT_SHA256:
        yield Failure((), "the contract in the package is not the one that it was generated from")
    if data.read_contract() != document:
        yield Failure((), "contract.json in the package does not say what the contract says")
    constants = {id(value): name for name, value in vars(operations).items()}
    generated = {(operation.path, operation.method): operation for operation in operations.OPERATIONS.values()}
    for path, method, raw in schemas.operations(document):
        pointer: Pointer = ("paths", path, method)
        operation = generated.get((path, method.upper()))
        name = constants.get(id(operation), "").lower()
        found = [m for full, m in modules.items() if re.fullmatch(rf"{PACKAGE}\.api\.\w+\.{name}", full)]
        if operation is None or len(found) != 1:
            yield Failure(pointer, "the generator left this operation out")
            continue
        case = Case(document, pointer, raw, operation, found[0], modules[f"{PACKAGE}.models"])
        yield from _prove_fields(case, operations)
        yield from _prove_sending(case, operations.API_KEY_HEADER, modules[f"{PACKAGE}.client"])


def _shared_schemas(document: dict[str, Any]) -> Iterator[Failure]:
    """Find media types of one body that share a schema. The generator writes code for them that cannot even run."""
    for path, method, raw in schemas.operations(document):
        content = schemas.resolve(document, raw.get("requestBody", {})).get("content", {})
        references = Counter(media["schema"].get("$ref") for media in content.values() if "schema" in media)
        for reference, count in references.items():
            if reference is not None and count > 1:
                yield Failure(
                    ("paths", path, method, "requestBody", "content"),
                    f"{count} media types share the schema {reference}, so the generator would send the body in the "
                    "form of one under the name of the other; keep one media type, or give each a schema of its own",
                )


def _import_all(root: Path) -> dict[str, ModuleType]:
    package = importlib.import_module(PACKAGE)
    if not Path(package.__file__ or "").is_relative_to(root):
        raise ImportError(f"{PACKAGE} was found in {package.__file__} instead of {root}")
    modules: dict[str, ModuleType] = {}
    for module in pkgutil.walk_packages(package.__path__, f"{PACKAGE}."):
        try:
            modules[module.name] = importlib.import_module(module.name)
        except Exception as error:
            raise RegenerationError(f"{module.name} cannot be imported: {type(error).__name__}: {error}") from error
    return modules


def _prove_fields(case: Case, operations: ModuleType) -> Iterator[Failure]:
    """Look for every property of the request in the model and in operations.py."""
    if "requestBody" not in case.raw:
        return
    body = (*case.pointer, "requestBody")
    content = schemas.resolve(case.document, case.raw["requestBody"])["content"]
    schema = content.get(case.operation.media_type, {}).get("schema")
    properties = schemas.properties(case.document, schema)
    model = getattr(case.models, case.operation.request_model, None)
    if model is None:
        yield Failure(
            (*body, "content"),
            "the generator dropped this request body: it would never be sent. An anyOf at the top level of the schema "
            "does that (take it out for the generator in overrides/generator/overlay.yaml), and so does a schema that "
            "is no object",
        )
        return
    attributes = {attribute.name for attribute in attrs.fields(model)}
    fields = {field.wire_name: field.python_name for field in case.operation.fields}
    pairs = operations.MODEL_FIELDS.get(case.operation.request_model, ())
    if list(properties) != list(fields) or [(python, wire) for wire, python in fields.items()] != list(pairs):
        yield Failure(body, f"operations.py lists the fields {[*fields]} where the contract has {[*properties]}")
    for name in properties:
        if fields.get(name) not in attributes:
            yield Failure(body, f"the property {name} is missing in the generated model")


def _prove_sending(case: Case, key_header: str, clients: ModuleType) -> Iterator[Failure]:
    """Send a request in which everything has a value, and compare what a server receives."""
    expected: dict[str, Any] = {}
    arguments, parameters = _arguments(case)
    model = getattr(case.models, case.operation.request_model, None)
    try:
        if model is not None:
            content = schemas.resolve(case.document, case.raw["requestBody"])["content"]
            expected = sample(case.document, content[case.operation.media_type]["schema"])
            arguments["body"] = model.from_dict(expected)
        received = _send(case.endpoint, arguments, clients, key_header)
        got = received.decode() if expected else {}
    except Exception as error:  # noqa: BLE001 - whatever the generated code raises is a finding
        yield Failure(case.pointer, f"sending a request fails with {type(error).__name__}: {error}")
        return
    yield from (Failure(case.pointer, message) for message in _compare_request(case, received, parameters))
    if received.headers.get(key_header.lower()) != _KEY:
        yield Failure(case.pointer, f"the key does not arrive in the header {key_header}")
    for name, value in expected.items():
        if not _same(value, got.get(name, [])):
            yield Failure(
                _place_of_field(case, name), f"the field {name} was sent as {value!r} and arrived as {got.get(name)!r}"
            )
    for name in got.keys() - expected.keys():
        yield Failure(case.pointer, f"a field {name} arrived that was not sent")


def _place_of_field(case: Case, name: str) -> Pointer:
    body, _ = resolve_place(case.document, (*case.pointer, "requestBody"))
    schema, _ = resolve_place(case.document, (*body, "content", case.operation.media_type, "schema"))
    return (*schema, "properties", name)


def _arguments(case: Case) -> tuple[dict[str, Any], list[tuple[dict[str, Any], Any]]]:
    """Make the endpoint's arguments besides the body, and the parameters of the contract with their values."""
    item = schemas.resolve(case.document, case.document["paths"][case.operation.path])
    raw = [schemas.resolve(case.document, p) for p in [*item.get("parameters", ()), *case.raw.get("parameters", ())]]
    values = [(parameter, _parameter(case.document, parameter)) for parameter in raw]
    by_name = {_letters(parameter["name"]): value for parameter, value in values}
    names = inspect.signature(case.endpoint.sync_detailed).parameters.keys() - {"client", "body"}
    return {name: by_name[_letters(name)] for name in names if _letters(name) in by_name}, values


def _parameter(document: dict[str, Any], parameter: dict[str, Any]) -> Any:
    value = sample(document, parameter.get("schema"))
    in_header = parameter["in"] in {"header", "cookie"}
    return "plain" if in_header and isinstance(value, str) and not value.isascii() else value


def _letters(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()


def _send(endpoint: ModuleType, arguments: dict[str, Any], clients: ModuleType, key_header: str) -> Received:
    with loopback_server() as (url, received):
        client = clients.AuthenticatedClient(
            base_url=url,
            token=_KEY,
            prefix="",
            auth_header_name=key_header,
            timeout=httpx.Timeout(10),
            httpx_args={"trust_env": False},
        )
        with client, contextlib.suppress(httpx.RemoteProtocolError):  # the server hangs up when it has the request
            endpoint.sync_detailed(client=client, **arguments)
    if len(received) != 1:
        raise ConnectionError(f"{len(received)} requests arrived")
    return received[0]


def _compare_request(case: Case, received: Received, parameters: list[tuple[dict[str, Any], Any]]) -> Iterator[str]:
    url = urlsplit(received.target)
    path, query = case.operation.path, parse_qs(url.query)
    for parameter, value in parameters:
        name = parameter["name"]
        if parameter["in"] == "path":
            path = path.replace(f"{{{name}}}", str(value))
        elif parameter["in"] == "query" and not _same(value, query.get(name, [])):
            yield f"the query parameter {name} was sent as {value!r} and arrived as {query.get(name)!r}"
        elif parameter["in"] == "header" and not _same(value, [received.headers.get(name.lower())]):
            yield f"the header {name} was sent as {value!r} and arrived as {received.headers.get(name.lower())!r}"
    if (received.method, unquote(url.path)) != (case.operation.method, path):
        yield f"the request arrived as {received.method} {received.target}"
    media_type = received.headers.get("content-type", "").partition(";")[0]
    if media_type != case.operation.media_type:
        yield f"the body arrived as {media_type or 'nothing'} and not as {case.operation.media_type}"


def _same(sent: Any, arrived: list[Any]) -> bool:
    """Compare a value with what arrived for it: parsed JSON, or text, which a list fills more than one of."""
    if sent is None:
        return arrived in ([], [b"None"], [None])  # how null is written is not the generator's business here
    if arrived == [sent]:
        return True
    values = sent if is_list(sent) else [sent]
    return len(values) == len(arrived) and all(map(_same_text, values, arrived))


def _same_text(sent: Any, arrived: Any) -> bool:
    text = arrived.decode("utf-8", "surrogateescape") if isinstance(arrived, bytes) else arrived
    if isinstance(sent, bool):
        return isinstance(text, str) and text.lower() == str(sent).lower()  # the generator writes True and False
    return bool(arrived == sent or text == str(sent))


def main() -> None:
    """Prove the package below the folder argv[1] against the contract argv[2]; print the failures as JSON."""
    try:
        failures = list(prove(Path(sys.argv[1]), Path(sys.argv[2])))
    except RegenerationError as error:
        failures = [Failure((), str(error))]
    json.dump([attrs.asdict(failure) for failure in failures], sys.stdout)


if __name__ == "__main__":
    main()
