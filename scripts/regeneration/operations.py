"""Gathers what the templates write of each operation: from the contract, and from the models that were generated."""

from __future__ import annotations

import ast
import re
from collections import Counter
from itertools import product
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import urlsplit

from regeneration.checks import client_facts
from regeneration.documents import (
    is_array,
    is_mapping,
    is_structured,
    mappings,
    operations,
    parameters,
    properties,
    resolve,
    subschemas,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence
    from pathlib import Path

    from regeneration.documents import Contract

_MAPPING: Final = "Mapping[str, Any]"
# What operations.py and methods.py have for themselves: constants, classes, and what a method's name would hide.
_CONSTANTS: Final = frozenset({"API_KEY_HEADER", "MODEL_FIELDS", "OPERATIONS", "SERVER_URL", "TYPE_CHECKING"})
_CLASSES: Final = frozenset(
    {
        *("Any", "AsyncMethods", "Awaitable", "BinaryIO", "Callable", "Field", "FieldHint", "Final", "Generation"),
        *("Generic", "Image", "Job", "Literal", "Mapping", "Methods", "Never", "Operation", "Price", "Required"),
        *("Sequence", "TypeAlias", "TypeVar", "TypedDict"),
    }
)
_IN_METHODS: Final = frozenset(
    {
        *("builtins", "cast", "datetime", "httpx", "os", "overload", "property"),
        *("bool", "bytes", "float", "int", "object", "str"),
    }
)
_NOT_IMPORTED: Final = frozenset({"File", "Unset"})
_FILE: Final = "str | os.PathLike[str] | bytes | BinaryIO | Image"


class Parameter(NamedTuple):
    """A parameter as the generator calls it: where it goes, its names, its type, and the lines that import names."""

    place: str
    wire_name: str
    python_name: str
    type: str
    imports: Sequence[str]


class Endpoint(NamedTuple):
    """What the generator calls an operation and its classes; a name is empty where there is no such class."""

    name: str
    request_model: str
    response_model: str
    parameters: tuple[Parameter, ...]


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
        return [f"Sequence[{inner}]" if _MAPPING in inner or _FILE in inner else f"list[{inner}]"]
    name = ast.unparse(annotation)
    if name == "Unset":
        return []
    if name == "File":  # no schema can have this name
        return [_FILE]
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
    document = contract.document
    given = list(zip(operations(document), endpoints, strict=True))
    named = [raw["x-method"] for _, _, raw in operations(document) if "x-method" in raw]
    taken = {*client_facts()["taken"], *(name.partition(".")[0] for name in named)}
    facts = [_operation(contract, operation, endpoint, models, taken) for operation, endpoint in given]
    _refuse_taken_constants(contract, facts)
    imports = {line for end in endpoints for each in end.parameters for line in each.imports if "Unset" not in line}
    for model in {endpoint.request_model for endpoint in endpoints} - {""}:
        used = {name for _, annotation in models[model].fields.values() for name in _names(annotation)}
        imports |= {models[model].imports[name] for name in (used - _NOT_IMPORTED) & models[model].imports.keys()}
    responses = {f"from .models import {each['response']}" for each in facts if each["response"] in models}
    groups = _groups(facts)
    own = {*_CLASSES, *(f"{prefix}{group['class_name']}" for group in groups for prefix in ("", "Async"))}
    for name in sorted(line.rpartition(" ")[2] for line in imports | responses if "from .models" in line):
        if name in own:
            message = "operations.py has a class of that name; rename the schema"
            raise contract.error(("components", "schemas", name), message)
    return {
        "imports": sorted(imports),
        "imports_of_methods": sorted(imports | responses),
        "operations": facts,
        "groups": groups,
        "server_url": _server_url(contract),
        "api_key_header": _api_key_header(contract),
        "model_fields": {
            name: tuple((model.fields[wire][0], wire) for wire in _order(document, name, model))
            for name, model in sorted(models.items())
        },
    }


def _refuse_taken_constants(contract: Contract, facts: Sequence[dict[str, Any]]) -> None:
    counts = Counter([*_CONSTANTS, *(operation["constant"] for operation in facts)])
    for operation in facts:
        if counts[operation["constant"]] > 1 or operation["own_name"] in _IN_METHODS:
            pointer = ("paths", operation["path"], operation["method"].lower(), "operationId")
            raise contract.error(pointer, f"the name {operation['constant']} is taken; choose another operationId")


def _groups(facts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The groups of methods; in a class with a method called list, that name is the method's."""
    members: dict[str, list[dict[str, Any]]] = {}
    for operation in facts:
        members.setdefault(operation["group"], []).append(operation)
    for mine in members.values():
        if "list" in {operation["own_name"] for operation in mine}:
            for operation in mine:
                operation["response"] = _spell_out_list(operation["response"])
                for role in ("positional", "keywords"):
                    operation[role] = [
                        {**field, **{key: _spell_out_list(field[key]) for key in ("given", "optional", "argument")}}
                        for field in operation[role]
                    ]
    return [
        {"name": name, "class_name": f"{_camel(name)}Methods", "operations": mine}
        for name, mine in members.items()
        if name
    ]


def _spell_out_list(annotation: str) -> str:
    return re.sub(r"\blist\[", "builtins.list[", annotation)


def _operation(
    contract: Contract,
    operation: tuple[str, str, dict[str, Any]],
    endpoint: Endpoint,
    models: Mapping[str, Model],
    taken: Container[str],
) -> dict[str, Any]:
    """Gather the facts of one operation; without x-method its method has the name of the operation."""
    document, (path, method, raw) = contract.document, operation
    content: dict[str, Any] = resolve(document, raw.get("requestBody", {})).get("content", {})
    media_type = next(iter(content), "")
    media: dict[str, Any] = resolve(document, content.get(media_type, {}))
    schema = resolve(document, media.get("schema", {}))
    responses = {status: resolve(document, response) for status, response in raw.get("responses", {}).items()}
    rejected = responses.get("429", {})
    has_body = bool(endpoint.request_model)
    camel = _camel(endpoint.name)
    groups = tuple(_exactly_one_of(schema)) if has_body else ()
    fields = list(_fields(document, media_type, media, models[endpoint.request_model], models)) if has_body else []
    fields += _parameter_fields(contract, operation, endpoint, models, fields)
    for field in fields:
        end = "_" if field["python_name"].endswith("_") else ""  # of a field named fields, it would be the class
        field["alias"] = f"{camel}{_camel(field['python_name'])}{end}"
        field["is_alternative"] = any(field["wire_name"] in group for group in groups)
    billed = _billed(raw, responses)
    name = raw.get("x-method") or (f"{endpoint.name}_" if endpoint.name in taken else endpoint.name)
    group, _, own_name = name.rpartition(".")
    result = raw.get("x-result", "model")
    positional = [_or_job(field, result) for field in fields if field["place"] == "path"]
    keywords = [field for field in fields if field["place"] != "path"]
    price = _price(contract, path, method, raw, schema)
    summary = raw.get("summary") or raw.get("description") or f"{method.upper()} {path}"
    rules = [*_money(billed, price, summary), *(_rules(groups, free=billed.get(400) is False) if fields else ())]
    limit = rejected.get("x-rate-limit")
    return {
        "name": endpoint.name,
        "constant": endpoint.name.upper(),
        "typed_dict": f"{camel}Fields",
        "group": group,
        "own_name": own_name,
        "method_name": name,
        "operation_id": raw.get("operationId", endpoint.name),
        "summary": summary,
        "description": raw.get("description", ""),
        "rules": " ".join(rules),
        "method": method.upper(),
        "path": path,
        "media_type": media_type,
        "request_model": endpoint.request_model,
        "response_model": endpoint.response_model,
        "result": result,
        "response": _response_type(document, responses, result, endpoint.response_model),
        "returns": _RETURNS.get(result) or _model_returns(endpoint.response_model),
        "breach": _BREACHES.get(result, "The response breaks the contract"),
        "authenticated": any(raw.get("security", document.get("security", ()))),
        "fields": fields,
        "positional": positional,
        "keywords": keywords,
        "has_files": any(field["is_file"] for field in fields),
        # Those that a type checker asks for although there are no overloads.
        "required": [] if groups else [field["python_name"] for field in keywords if field["required"]],
        "has_late_errors": bool(positional) or any(field["required"] for field in keywords if not groups),
        "exactly_one_of": groups,
        "choices": list(product(*groups)) if groups else [],
        "field_hints": _field_hints(contract, path, method, schema),
        "billed": billed,
        "price": price,
        "reject_reasons": {
            known["value"]: known["waiting_helps"]
            for media in rejected.get("content", {}).values()
            for each in subschemas(document, media.get("schema"))
            for known in each.get("x-known-values", ())
        },
        "in_flight_limit": rejected.get("x-in-flight-limit"),
        "rate_limit": (limit["requests"], limit["seconds"]) if limit else None,
    }


_RETURNS: Final = {
    "images": "The images, with the prompt and the seed that the service used.",
    "job": "The job, with its id and what is known of it.",
}
_BREACHES: Final = {"images": "A 200 without any image", "job": "A 200 without the id of a job"}


def _model_returns(model: str) -> str:
    if model:
        return "The response, as its generated model. Only the presence of its required members was checked."
    return "The response: parsed if it is JSON, its text if it is text, None if it is empty."


def _response_type(document: Mapping[str, Any], responses: Mapping[str, Any], result: str, model: str) -> str:
    if result != "model":
        return {"images": "Generation", "job": "Job"}[result]
    if model:
        return model
    content: dict[str, Any] = next(
        (said.get("content", {}) for status, said in sorted(responses.items()) if status[0] == "2"), {}
    )
    if not content:
        return "None"
    media_type, media = next(iter(content.items()))
    if "json" not in media_type:
        return "str"
    return "list[Any]" if is_array(document, resolve(document, media).get("schema")) else "Any"


def _money(billed: Mapping[int, bool | None], price: Mapping[str, Any] | None, summary: str) -> Iterator[str]:
    """Say what a successful request costs."""
    if price:
        usd = [f"{amount} USD{f' ({value})' if value else ''}" for value, amount in price["usd"].items()]
        amounts = f"{', '.join(usd[:-1])} or {usd[-1]}" if len(usd) > 1 else usd[0]
        by = f", by {price['by']}" if price["by"] else ""
        yield f"The price of each {price['per']}{by}: {amounts}, as of {price['as_of']}."
    elif 200 in billed and "costs" not in summary:
        yield {
            True: "It is billed, and no price is known.",
            False: "It costs nothing.",
            None: "Whether it is billed is not known.",
        }[billed[200]]


def _rules(groups: Sequence[Sequence[str]], *, free: bool) -> Iterator[str]:
    end = ", for free" if free else ""
    yield f"Values are not checked against the contract: the service refuses what it does not take{end}."
    yield "None counts as absent; an empty text or mapping counts as given."
    yield from (f"Exactly one of {' and '.join(group)} is given." for group in groups)


def _price(
    contract: Contract, path: str, method: str, raw: Mapping[str, Any], schema: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The price that x-price names, with the default of the field that sets it."""
    name = raw.get("x-price")
    if name is None:
        return None
    pointer = ("paths", path, method, "x-price")
    stated = contract.document.get("x-prices", {}).get(name)
    if stated is None:
        raise contract.error(pointer, f"x-prices states no price {name}; add it there, or take x-price out")
    by = stated.get("by")
    field = resolve(contract.document, properties(contract.document, schema).get(by))
    if by is not None and not is_mapping(field):
        raise contract.error(pointer, f"the price is set by the field {by}, which the operation does not have")
    return {
        "usd": {"": stated["usd"]} if by is None else dict(stated["usd"]),
        "by": by,
        "default": field.get("default") if is_mapping(field) else None,
        **{key: stated[key] for key in ("per", "as_of", "source")},
    }


def _fields(
    document: Mapping[str, Any], media_type: str, media: Mapping[str, Any], model: Model, models: Mapping[str, Model]
) -> Iterator[dict[str, Any]]:
    for wire_name, schema in properties(document, media["schema"]).items():
        if wire_name not in model.fields:
            continue  # the proof reports it
        content_type = media.get("encoding", {}).get(wire_name, {}).get("contentType")
        if content_type is None and is_structured(document, schema):
            content_type = "application/json"
        python_name, annotation = model.fields[wire_name]
        field = _field(document, models, wire_name, python_name, annotation=annotation, schema=schema)
        parts = media_type != "application/json" and content_type != "application/json"
        yield {**field, "content_type": content_type, "is_array": parts and field["is_array"]}


def _parameter_fields(
    contract: Contract,
    operation: tuple[str, str, dict[str, Any]],
    endpoint: Endpoint,
    models: Mapping[str, Model],
    body: Sequence[Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    path, method, _ = operation
    said = {
        (each["in"], each["name"]): (pointer, each) for pointer, each in parameters(contract.document, path, method)
    }
    taken = {field["python_name"] for field in body} | {field["wire_name"] for field in body}
    for parameter in endpoint.parameters:
        pointer, raw = said[parameter.place, parameter.wire_name]
        # The generator renames what its own functions use.
        python_name = parameter.wire_name if parameter.wire_name in {"client", "url"} else parameter.python_name
        if {python_name, parameter.wire_name} & taken:
            message = f"the request has another field or parameter {parameter.wire_name}; rename one of them"
            raise contract.error((*pointer, "name"), message)
        taken |= {python_name, parameter.wire_name}
        annotation = ast.parse(parameter.type, mode="eval").body
        schema = {**resolve(contract.document, raw["schema"])}
        if raw.get("description"):
            schema["description"] = raw["description"]
        names = parameter.wire_name, python_name
        field = _field(contract.document, models, *names, annotation=annotation, schema=schema)
        yield {**field, "place": parameter.place}


def _or_job(field: dict[str, Any], result: str) -> dict[str, Any]:
    """A path parameter of a method that returns a job takes a job, too."""
    if result != "job" or field["argument"] != "str":
        return field
    return {**field, "argument": "str | Job", "documentation": f"{field['documentation']} A Job stands for its id."}


def _field(
    document: Mapping[str, Any],
    models: Mapping[str, Model],
    wire_name: str,
    python_name: str,
    *,
    annotation: ast.expr,
    schema: Any,
) -> dict[str, Any]:
    """What all fields have, those of a body and parameters."""
    types, required = _types(annotation, models), "Unset" not in _names(annotation)
    given = " | ".join(kind for kind in types if kind != "None") or "None"
    optional = "Any" if types == ["Any"] else f"{given} | None"
    meant = resolve(document, schema)
    branches = [each for each in (schema, meant) if is_mapping(each)]
    description = next((each["description"] for each in branches if each.get("description")), "")
    description = description or "Not described in the contract."
    told = [description if description[-1] in ".!?" else f"{description}."]
    told += _facts(document, meant) if is_mapping(meant) else ()
    if "Mapping" in given:
        told.append("A mapping or the generated model; the order of keys is kept.")
    if _FILE in given:
        each = "Each is a" if "Sequence" in given else "A"
        told.append(f"{each} path, bytes, an open binary file, or an image of a Generation; read before sending.")
    return {
        "wire_name": wire_name,
        "python_name": python_name,
        "required": required,
        "content_type": None,
        "place": "body",
        "is_file": _FILE in given,
        "is_array": is_array(document, schema),
        "given": given,
        "optional": optional,
        "argument": " | ".join(types) if required else optional,
        "description": description,
        "documentation": " ".join(told),
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
