"""Proves a generated package on the path that users run: mypy reads it, and the client sends every operation with it.

The generator drops a request's body with exit code 0, so only what arrives proves anything. All that is expected comes
from the contract. The requests are sent in a process of its own, in which the new package comes first on the path.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from email import message_from_bytes, policy
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from regeneration.documents import (
    PACKAGE,
    ROOT,
    RegenerationError,
    is_list,
    is_mapping,
    is_object,
    operations,
    properties,
    read_contract,
    resolve,
    resolve_place,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import ModuleType

    import httpx

    from regeneration.documents import Contract, Pointer

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
_TEXT: Final = 'any "value" \u2013 \u00e9 & <b>'
_TEXTS: Final = {
    "byte": "aWRlb2dyYW0=",
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05+00:00",
    "uuid": "6d6f636b-0000-4000-8000-000000000000",
}


def prove(contract: Contract, root: Path) -> None:
    """Accept a generated package, or refuse it.

    Args:
        contract: The contract that it was generated from.
        root: The folder below which the package was written.

    Raises:
        RegenerationError: Something in the package does not do what the contract says.
    """
    with ThreadPoolExecutor() as pool:
        types = pool.submit(prove_types, root)
        prove_sending(contract, root)
        types.result()


def prove_types(root: Path) -> None:
    """Let mypy judge a package.

    Raises:
        RegenerationError: mypy --strict finds an error.
    """
    done = _python(root, "-m", "mypy", *_MYPY_SETTINGS, "-p", _NAME)
    if done.returncode:
        complaints = (done.stdout + done.stderr).strip().splitlines()
        shown = "\n".join(complaints[:_MAX_COMPLAINTS])
        raise RegenerationError(f"mypy --strict refuses the generated code ({len(complaints)} lines):\n{shown}")


def prove_sending(contract: Contract, root: Path) -> None:
    """Import a package in a process of its own, look for every field, and send every operation with the client.

    Raises:
        RegenerationError: A part of the contract is missing in the package, or does not arrive.
    """
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
        operation, pointer = known.get((path, method.upper())), ("paths", path, method)
        not_yet = operation and any(field.place != "body" or field.is_file for field in operation.fields)
        if operation is None:
            yield pointer, "the generator left this operation out"
        elif "requestBody" in raw and not not_yet:
            body, found = resolve_place(contract.document, (*pointer, "requestBody"))
            schema = found["content"][operation.media_type].get("schema")
            for field, message in _prove_operation(contract.document, schema, operation, modules):
                place = (*body, "content", operation.media_type, "schema")
                where = resolve_place(contract.document, place)[0] if field else ()
                yield ((*where, "properties", field) if field else (*pointer, "requestBody", "content")), message


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


def _prove_operation(
    document: dict[str, Any], schema: Any, operation: Any, modules: Mapping[str, ModuleType]
) -> Iterator[tuple[str, str]]:
    """Look for every field of a request, and send requests in which together every field has a value.

    Yields:
        The field that a failure is about, or nothing, and what is wrong.
    """
    generated = modules[f"{_NAME}.operations"]
    model: Any = getattr(modules[f"{_NAME}.models"], operation.request_model, None)
    if model is None:
        how = "An anyOf at the top level of the schema does that (take it out for the generator in"
        how = f"{how} scripts/regeneration/tree.py), and so does a schema that is not an object"
        yield "", f"the generator dropped this request body: it would never be sent. {how}"
        return
    fields = {field.wire_name: field.python_name for field in operation.fields}
    pairs = generated.MODEL_FIELDS.get(operation.request_model, ())
    declared = list(properties(document, schema))
    if declared != list(fields) or tuple((python, wire) for wire, python in fields.items()) != pairs:
        yield "", f"operations.py lists the fields {[*fields]} where the contract has {declared}"
        return
    constant = next(name for name, value in vars(generated).items() if value is operation)
    methods: Any = modules[f"{_NAME}.methods"].Methods
    code: dict[str, Any] = {name: getattr(getattr(methods, name), "__code__", None) for name in dir(methods)}
    names = [name for name in code if constant in getattr(code[name], "co_names", ())]
    if not names:
        yield "", "the client gets no method for this operation"
        return
    whole: dict[str, Any] = sample(document, schema)
    groups = operation.exactly_one_of
    for turn in range(max([1, *map(len, groups)])):
        left_out = {field for group in groups for field in group if field != group[turn % len(group)]}
        sent = {field: value for field, value in whole.items() if field not in left_out}
        try:
            # By way of the model, so that the values are models too where the contract has objects.
            values = model.from_dict(sent)
            request = _send(names[0], {fields[field]: getattr(values, fields[field]) for field in sent})
            arrived = _decode(request)
        except Exception as error:  # noqa: BLE001 - anything that generated code raises is a finding
            yield "", f"sending a request fails with {type(error).__name__}: {error}"
            return
        yield from _differences(request, operation, generated.API_KEY_HEADER)
        for field in sent | arrived:
            if field not in sent:
                yield "", f"a field {field} arrived that was not sent"
            elif not _same(sent[field], arrived.get(field, [])):
                yield field, f"the field {field} was sent as {sent[field]!r} and arrived as {arrived.get(field)!r}"


def _send(method: str, arguments: Mapping[str, Any]) -> httpx.Request:
    """Call a method of the real client, and give the request that its transport gets."""
    import httpx  # noqa: PLC0415 - not in the process that only starts this one

    from ideogram_ai.client import Ideogram, IdeogramError, RetryPolicy  # noqa: PLC0415

    requests: list[httpx.Request] = []

    def record(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(400)

    with httpx.Client(transport=httpx.MockTransport(record)) as http, suppress(IdeogramError):
        getattr(Ideogram(_KEY, http_client=http, retry=RetryPolicy(max_attempts=1)), method)(**arguments)
    (request,) = requests
    return request


def _differences(request: httpx.Request, operation: Any, key_header: str) -> Iterator[tuple[str, str]]:
    path = request.url.raw_path.decode()
    if (request.method, path) != (operation.method, operation.path):
        yield "", f"the request arrived as {request.method} {path}"
    media_type = request.headers.get("content-type", "").partition(";")[0]
    if media_type != operation.media_type:
        yield "", f"the body arrived as {media_type or 'nothing'} and not as {operation.media_type}"
    if request.headers.get(key_header) != _KEY:
        yield "", f"the key does not arrive in the header {key_header}"


def _decode(request: httpx.Request) -> dict[str, list[Any]]:
    """Read a body by its Content-Type: the values that arrived for every field, as bytes or parsed JSON."""
    content_type = request.headers.get("content-type", "")
    if "json" in content_type:
        return {name: [value] for name, value in json.loads(request.content).items()}
    whole = f"Content-Type: {content_type}\r\n\r\n".encode() + request.content
    fields: dict[str, list[Any]] = {}
    for part in message_from_bytes(whole, policy=policy.HTTP).iter_parts():
        payload: Any = part.get_payload(decode=True)
        name = str(part.get_param("name", header="content-disposition"))
        is_json = part.get_content_type() == "application/json"
        fields.setdefault(name, []).append(json.loads(payload) if is_json else payload)
    return fields


def _same(sent: Any, arrived: list[Any]) -> bool:
    """Compare a value with what arrived for it: JSON, or text, of which a list fills more than one."""
    if arrived == [sent]:
        return True
    values = [value for value in (sent if is_list(sent) else [sent]) if value is not None]
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in values]
    return texts == [value.decode() if isinstance(value, bytes) else value for value in arrived]


def sample(document: Mapping[str, Any], schema: Any) -> Any:
    """Make a value in which every property has a value, and every alternative of a list's items is an item.

    Patterns and bounds are not looked at, because neither the client nor the generated code looks at them.
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
            return next((value for value in values if value is not None), None)
    types = schema.get("type", "any")
    kind = types if isinstance(types, str) else next((t for t in types if t != "null"), "null")
    if kind == "array":
        items = resolve(document, schema.get("items"))
        alternatives = items.get("oneOf", items.get("anyOf")) if is_mapping(items) else None
        return [sample(document, item) for item in alternatives or [items]]
    by_kind = {"boolean": True, "integer": 7, "number": 1.5, "null": None}
    return by_kind.get(kind, _TEXTS.get(schema.get("format", ""), _TEXT))


if __name__ == "__main__":
    main()
