"""Gathers what the templates write of each operation: from the contract, and from the models that were generated."""

from __future__ import annotations

import ast
import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from regeneration.checks import client_facts
from regeneration.documents import is_mapping, is_structured, mappings, operations, properties, resolve, subschemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from regeneration.documents import Contract

_MAPPING: Final = "Mapping[str, Any]"
# What operations.py and methods.py have for themselves: constants, classes, and what a method's name would hide.
_CONSTANTS: Final = frozenset({"API_KEY_HEADER", "MODEL_FIELDS", "OPERATIONS", "SERVER_URL", "TYPE_CHECKING"})
_CLASSES: Final = frozenset(
    {
        *("Any", "AsyncMethods", "Callable", "Field", "FieldHint", "Final", "Generation", "Generic", "Literal"),
        *("Mapping", "Methods", "Never", "Operation", "Required", "Sequence", "TypeAlias", "TypeVar", "TypedDict"),
    }
)
_IN_METHODS: Final = frozenset({"httpx", "overload"})


class Endpoint(NamedTuple):
    """What the generator calls an operation and its classes; a name is empty where there is no such class."""

    name: str
    request_model: str
    response_model: str


class Model(NamedTuple):
    """A generated model: name and type in Python of its fields by wire name, and the lines that import names."""

    fields: Mapping[str, tuple[str, ast.expr]]
    imports: Mapping[str, str]


def read_models(package: Path) -> dict[str, Model]:
    """Read the models that the generator wrote, by class name, without running them."""
    found: dict[str, Model] = {}
    for path in sorted((package / "models").glob("*.py")):
        module = ast.parse(path.read_bytes())
        imports: dict[str, str] = {}
        for node in ast.walk(module):
            if isinstance(node, ast.Import):
                imports |= {alias.name: f"import {alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                start = f"from {'.' if node.level else ''}{node.module or ''} import"  # from the package, one level up
                imports |= {alias.name: f"{start} {alias.name}" for alias in node.names}
        classes = (node for node in module.body if isinstance(node, ast.ClassDef))
        found |= {node.name: Model(_model_fields(node), imports) for node in classes}
    return found


def _model_fields(model: ast.ClassDef) -> dict[str, tuple[str, ast.expr]]:
    """Read a class: its annotations have the types, its to_dict() the names on the wire."""
    types = {
        node.target.id: node.annotation
        for node in model.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    for node in ast.walk(next(n for n in model.body if isinstance(n, ast.FunctionDef) and n.name == "to_dict")):
        if isinstance(node, ast.Dict):
            pairs += zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            pairs.append((node.targets[0].slice, node.value))
    return {
        str(key.value): (value.id, types[value.id])
        for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(value, ast.Name) and value.id in types
    }


def _names(annotation: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


def _types(annotation: ast.expr, models: Mapping[str, Model]) -> list[str]:
    """Give the members of the type of an argument: a mapping is taken wherever the generator has a model."""
    if isinstance(annotation, ast.BinOp):
        return list(dict.fromkeys([*_types(annotation.left, models), *_types(annotation.right, models)]))
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "list":
        inner = " | ".join(_types(annotation.slice, models))
        return [f"Sequence[{inner}]" if _MAPPING in inner else f"list[{inner}]"]
    name = ast.unparse(annotation)
    if name == "Unset":
        return []
    return [name, _MAPPING] if name in models else [name]


def variables(contract: Contract, endpoints: Sequence[Endpoint], models: Mapping[str, Model]) -> dict[str, Any]:
    """Build the variables of the templates operations.py.jinja and methods.py.jinja.

    Args:
        contract: The contract.
        endpoints: What the generator calls each operation, in the contract's order.
        models: The models that it wrote.

    Raises:
        ContractError: The contract lacks something that a client needs, or two operations get the same name.
    """
    document, named = contract.document, client_facts()["methods"]
    given = list(zip(operations(document), endpoints, strict=True))
    images = {end.response_model for (_, _, raw), end in given if named.get(raw.get("operationId"), {}).get("images")}
    facts = [_operation(contract, operation, endpoint, models) for operation, endpoint in given]
    counts = Counter([*_CONSTANTS, *(operation["constant"] for operation in facts)])
    for operation in facts:
        operation["makes_images"] = operation["response_model"] in images
        operation["response"] = "Generation" if operation["makes_images"] else operation["response_model"] or "Any"
        if counts[operation["constant"]] > 1 or operation["name"] in _IN_METHODS:
            pointer = ("paths", operation["path"], operation["method"].lower(), "operationId")
            raise contract.error(pointer, f"the name {operation['constant']} is taken; choose another operationId")
    imports: set[str] = set()
    for model in {endpoint.request_model for endpoint in endpoints} - {""}:
        used = {name for _, annotation in models[model].fields.values() for name in _names(annotation)} - {"Unset"}
        imports |= {models[model].imports[name] for name in used & models[model].imports.keys()}
    responses = {f"from .models import {name}" for name in {e.response_model for e in endpoints} - images - {""}}
    for name in sorted(line.rpartition(" ")[2] for line in imports | responses if "from .models" in line):
        if name in _CLASSES:
            message = "operations.py has a class of that name; rename the schema"
            raise contract.error(("components", "schemas", name), message)
    return {
        "imports": sorted(imports),
        "imports_of_methods": sorted(imports | responses),
        "operations": facts,
        "server_url": _server_url(contract),
        "api_key_header": _api_key_header(contract),
        "model_fields": {
            name: tuple((model.fields[wire][0], wire) for wire in _order(document, name, model))
            for name, model in sorted(models.items())
        },
    }


def _operation(
    contract: Contract,
    operation: tuple[str, str, dict[str, Any]],
    endpoint: Endpoint,
    models: Mapping[str, Model],
) -> dict[str, Any]:
    """Gather the facts of one operation."""
    document, (path, method, raw) = contract.document, operation
    content: dict[str, Any] = resolve(document, raw.get("requestBody", {})).get("content", {})
    media_type = next(iter(content), "")
    media: dict[str, Any] = resolve(document, content.get(media_type, {}))
    schema = resolve(document, media.get("schema", {}))
    responses = {status: resolve(document, response) for status, response in raw.get("responses", {}).items()}
    rejected = responses.get("429", {})
    item = resolve(document, document["paths"][path])
    parameters = [resolve(document, p)["name"] for p in [*item.get("parameters", ()), *raw.get("parameters", ())]]
    own, name = client_facts(), endpoint.name
    known = own["methods"].get(raw.get("operationId"), {})
    taken = {*own["taken"], *(each["name"] for each in own["methods"].values())}
    has_body = bool(endpoint.request_model)
    camel = _camel(name)
    groups = tuple(_exactly_one_of(schema)) if has_body else ()
    fields = list(_fields(document, media, models[endpoint.request_model], models)) if has_body else []
    for field in fields:
        end = "_" if field["python_name"].endswith("_") else ""  # of a field named fields, it would be the class
        field["alias"] = f"{camel}{_camel(field['python_name'])}{end}"
        field["is_alternative"] = any(field["wire_name"] in group for group in groups)
    billed = _billed(raw, responses)
    return {
        "name": name,
        "constant": name.upper(),
        "typed_dict": f"{camel}Fields",
        "method_name": known.get("name") or (f"{name}_" if name in taken else name),
        "operation_id": raw.get("operationId", name),
        "summary": known.get("summary") or raw.get("summary") or raw.get("description") or f"{method.upper()} {path}",
        "description": raw.get("description", ""),
        "rules": " ".join(_rules(groups, free=billed.get(400) is False)),
        "method": method.upper(),
        "path": path,
        "media_type": media_type,
        "request_model": endpoint.request_model,
        "response_model": endpoint.response_model,
        "without_method": (
            (f"it has parameters ({', '.join(parameters)})" if parameters else "")
            or ("" if has_body else "it has no request body that is an object")
        ),
        "fields": fields,
        # Those that a type checker asks for although there are no overloads.
        "required": [] if groups else [field["python_name"] for field in fields if field["required"]],
        "exactly_one_of": groups,
        "choices": list(product(*groups)) if groups else [],
        "field_hints": _field_hints(contract, path, method, schema),
        "billed": billed,
        "reject_reasons": {
            known["value"]: known["waiting_helps"]
            for media in rejected.get("content", {}).values()
            for each in subschemas(document, media.get("schema"))
            for known in each.get("x-known-values", ())
        },
        "in_flight_limit": rejected.get("x-in-flight-limit"),
    }


def _rules(groups: Sequence[Sequence[str]], *, free: bool) -> Iterator[str]:
    end = ", for free" if free else ""
    yield f"Values are not checked against the contract: the service refuses what it does not take{end}."
    yield "None counts as absent; an empty text or mapping counts as given."
    yield from (f"Exactly one of {' and '.join(group)} is given." for group in groups)


def _fields(
    document: Mapping[str, Any], media: Mapping[str, Any], model: Model, models: Mapping[str, Model]
) -> Iterator[dict[str, Any]]:
    for wire_name, schema in properties(document, media["schema"]).items():
        if wire_name not in model.fields:
            continue  # the proof reports it
        python_name, annotation = model.fields[wire_name]
        types, required = _types(annotation, models), "Unset" not in _names(annotation)
        given = " | ".join(kind for kind in types if kind != "None") or "None"
        optional = "Any" if types == ["Any"] else f"{given} | None"
        content_type = media.get("encoding", {}).get(wire_name, {}).get("contentType")
        if content_type is None and is_structured(document, schema):
            content_type = "application/json"
        meant = resolve(document, schema)
        branches = [each for each in (schema, meant) if is_mapping(each)]
        description = next((each["description"] for each in branches if each.get("description")), "")
        description = description or "Not described in the contract."
        facts = _facts(document, meant) if is_mapping(meant) else ()
        yield {
            "wire_name": wire_name,
            "python_name": python_name,
            "required": required,
            "content_type": content_type,
            "given": given,
            "optional": optional,
            "argument": " | ".join(types) if required else optional,
            "description": description,
            "documentation": " ".join([description if description[-1] in ".!?" else f"{description}.", *facts]),
        }


def _facts(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Say what a schema allows: values, bounds, and the default."""
    alternatives = [resolve(document, each) for keyword in ("anyOf", "oneOf") for each in schema.get(keyword, ())]
    for branch in (schema, *alternatives):
        items = resolve(document, branch.get("items", {}))
        for start, values in (("One of", branch.get("enum")), ("Each is one of", items.get("enum"))):
            if values:
                yield f"{start} {', '.join(map(str, values))}."
        bounds = [
            f"{word} {branch[key]}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in branch
        ]
        if bounds:
            yield f"It is {' and '.join(bounds)}."
        if "default" in branch:
            yield f"The default is {branch['default']}."
        for each in branch.get("x-unavailable-values", ()):
            yield f"{each['value']}: {each.get('because', 'not available')}."


def _order(document: dict[str, Any], name: str, model: Model) -> list[str]:
    """Put a model's fields into the author's order, which the generator does not keep: the required ones come first."""

    def is_other(pointer: Sequence[str | int], schema: Mapping[str, Any]) -> bool:
        texts = (str(pointer[-1]) if pointer else "", str(schema.get("title", "")))
        return name.rstrip("_").lower() not in {re.sub(r"[\W_]", "", text).lower() for text in texts}

    candidates = [
        (is_other(pointer, schema), list(found))
        for pointer, schema in mappings((), document)
        if model.fields and (found := properties(document, schema)).keys() == model.fields.keys()
    ]
    return min(candidates, key=lambda each: each[0], default=(True, list(model.fields)))[1]


def _exactly_one_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for part in (schema, *schema.get("allOf", ())):
        alternatives = part.get("oneOf", ())
        if alternatives and all(set(a) == {"required"} and len(a["required"]) == 1 for a in alternatives):
            yield tuple(a["required"][0] for a in alternatives)


def _field_hints(contract: Contract, path: str, method: str, schema: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Give the hints; each is for a name that is no field, and points at one that is."""
    hints: dict[str, dict[str, str]] = schema.get("x-field-hints", {})
    declared = properties(contract.document, schema)
    for name, hint in hints.items():
        if name in declared or hint.get("use", name) not in {*declared, name}:
            message = f"x-field-hints: {name} is a field, or what it points at ({hint.get('use')}) is none"
            raise contract.error(("paths", path, method, "requestBody"), message)
    return hints


def _billed(raw: Mapping[str, Any], responses: Mapping[str, Any]) -> dict[int, bool | None]:
    said = {int(status): response.get("x-billed") for status, response in responses.items() if status.isdecimal()}
    said |= {observed["status"]: observed["billed"] for observed in raw.get("x-observed-statuses", ())}
    return {status: billed if isinstance(billed, bool) else None for status, billed in sorted(said.items())}


def _server_url(contract: Contract) -> str:
    for server in contract.document.get("servers", ())[:1]:
        url = str(server["url"])
        if urlsplit(url).scheme in {"http", "https"} and "{" not in url:
            return url.rstrip("/")
    raise contract.error(("servers", 0, "url"), "the first server needs an http or https URL without variables")


def _api_key_header(contract: Contract) -> str:
    for scheme in contract.document.get("components", {}).get("securitySchemes", {}).values():
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            return str(scheme["name"])
    raise contract.error(("components", "securitySchemes"), "there is no security scheme of type apiKey in a header")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
