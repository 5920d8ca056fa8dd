"""Gathers what the templates write of each operation: from the contract, and from the models that were generated."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Mapping
from itertools import product
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs

from regeneration.checks import client_facts
from regeneration.documents import (
    is_mapping,
    is_structured,
    mappings,
    operations,
    properties,
    resolve,
    resolve_place,
    subschemas,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from regeneration.documents import Contract, Pointer

_MAPPING: Final = "Mapping[str, Any]"
# What the modules operations.py and methods.py have for themselves.
_CONSTANTS: Final = frozenset({"API_KEY_HEADER", "MODEL_FIELDS", "OPERATIONS", "SERVER_URL", "TYPE_CHECKING"})
_CLASSES: Final = frozenset(
    {
        *("Any", "AsyncMethods", "Callable", "Field", "FieldHint", "Final", "Generation", "Generic", "Literal"),
        *("Mapping", "Methods", "Never", "Operation", "Required", "Sequence", "TypeAlias", "TypeVar", "TypedDict"),
    }
)
# A method of such a name would hide what the class itself needs.
_IN_METHODS: Final = frozenset({"httpx", "overload"})


@attrs.frozen
class Endpoint:
    """What the generator calls an operation and its classes; a name is empty where there is no such class."""

    name: str
    request_model: str
    response_model: str


@attrs.frozen
class ModelField:
    """A field of a generated model: its name and type in Python."""

    python_name: str
    annotation: ast.expr
    required: bool


@attrs.frozen
class Model:
    """A generated model, read from its module.

    Attributes:
        fields: The fields by wire name.
        imports: The lines that import the names in the module, by name.
    """

    fields: Mapping[str, ModelField]
    imports: Mapping[str, str]


@attrs.frozen
class RequestField:
    """A field of a request body, as the templates write it."""

    wire_name: str
    python_name: str
    required: bool
    content_type: str | None
    types: tuple[str, ...]
    schema: Mapping[str, Any]

    @property
    def given(self) -> str:
        """The type of an argument that is given."""
        return " | ".join(kind for kind in self.types if kind != "None") or "None"

    @property
    def optional(self) -> str:
        """The type of an argument that may be left out."""
        return "Any" if self.types == ("Any",) else f"{self.given} | None"

    @property
    def argument(self) -> str:
        """The type of the argument, None among it as the contract says."""
        return " | ".join(self.types) if self.required else self.optional

    @property
    def description(self) -> str:
        """What the contract says of the field."""
        return self.schema.get("description") or "Not described in the contract."

    @property
    def documentation(self) -> str:
        """What a docstring says of it: the description, the values, the bounds, and the default."""
        branches = [self.schema, *(each for key in ("anyOf", "oneOf") for each in self.schema.get(key, ()))]
        of_items = [branch["items"] for branch in branches if is_mapping(branch.get("items"))]
        sentences = [self.description if self.description.endswith((".", "!", "?")) else f"{self.description}."]
        for start, schemas in (("One of", branches), ("Each is one of", of_items)):
            sentences += [f"{start} {', '.join(map(str, each['enum']))}." for each in schemas if "enum" in each]
        for branch in branches:
            least, most = branch.get("minimum"), branch.get("maximum")
            if least is not None or most is not None:
                bounds = (f"at least {least}", f"at most {most}")
                sentences.append(f"It is {' and '.join(b for b in bounds if not b.endswith('None'))}.")
            sentences += [f"The default is {branch['default']}."] if "default" in branch else []
            for each in branch.get("x-unavailable-values", ()):
                sentences.append(f"{each['value']}: {each.get('because', 'not available')}.")
        return " ".join(sentences)


@attrs.frozen
class OperationFacts:
    """An operation, as the templates write it."""

    name: str
    method_name: str
    operation_id: str
    summary: str
    description: str
    method: str
    path: str
    media_type: str
    request_model: str
    response_model: str
    makes_images: bool
    parameters: tuple[str, ...]
    fields: tuple[RequestField, ...]
    exactly_one_of: tuple[tuple[str, ...], ...]
    field_hints: Mapping[str, Mapping[str, str]]
    billed: Mapping[int, bool | None]
    reject_reasons: Mapping[str, bool]
    in_flight_limit: int | None

    @property
    def constant(self) -> str:
        """Name of the operation's constant."""
        return self.name.upper()

    @property
    def typed_dict(self) -> str:
        """Name of the class of its keyword arguments."""
        return f"{_camel(self.name)}Fields"

    @property
    def alternatives(self) -> tuple[RequestField, ...]:
        """The fields of which exactly one is given."""
        names = {name for group in self.exactly_one_of for name in group}
        return tuple(field for field in self.fields if field.wire_name in names)

    @property
    def others(self) -> tuple[RequestField, ...]:
        """The other fields, those that are required first."""
        return tuple(field for field in self.fields if field not in self.alternatives)

    @property
    def required(self) -> tuple[RequestField, ...]:
        """The fields that a type checker has to ask for although there are no overloads."""
        return () if self.alternatives else tuple(field for field in self.fields if field.required)

    @property
    def choices(self) -> list[tuple[str, ...]]:
        """The ways to choose one of each group of alternatives."""
        return list(product(*self.exactly_one_of)) if self.exactly_one_of else []

    def alias(self, field: RequestField) -> str:
        """Name of the type of an alternative."""
        end = "_" if field.python_name.endswith("_") else ""  # of a field named fields, it would be typed_dict
        return f"{_camel(self.name)}{_camel(field.python_name)}{end}"

    @property
    def response(self) -> str:
        """The type of what the method returns."""
        return "Generation" if self.makes_images else self.response_model or "Any"

    @property
    def rules(self) -> str:
        """What holds for all fields, in sentences."""
        free = ", for free" if self.billed.get(400) is False else ""
        return " ".join(
            [
                f"Values are not checked against the contract: the service refuses what it does not take{free}.",
                "None counts as absent; an empty text or mapping counts as given.",
                *(f"Exactly one of {' and '.join(group)} is given." for group in self.exactly_one_of),
            ]
        )

    @property
    def without_method(self) -> str | None:
        """Why it gets no method; None if it gets one."""
        if self.parameters:
            return f"it has parameters ({', '.join(self.parameters)})"
        return None if self.request_model else "it has no request body that is an object"


def read_models(package: Path) -> dict[str, Model]:
    """Read the models that the generator wrote, by class name, without running them."""
    found: dict[str, Model] = {}
    for path in sorted((package / "models").glob("*.py")):
        module = ast.parse(path.read_bytes())
        imports = {
            alias.asname or alias.name.partition(".")[0]: _import_line(node, alias)
            for node in ast.walk(module)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for alias in node.names
        }
        for node in module.body:
            if isinstance(node, ast.ClassDef):
                found[node.name] = Model(_model_fields(node), imports)
    return found


def _import_line(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> str:
    name = alias.name + (f" as {alias.asname}" if alias.asname else "")
    if isinstance(node, ast.Import):
        return f"import {name}"
    return f"from {'.' if node.level else ''}{node.module or ''} import {name}"  # from the package, one level up


def _model_fields(model: ast.ClassDef) -> dict[str, ModelField]:
    """Read a class: its annotations have the types, its to_dict() the names on the wire."""
    declared = {
        node.target.id: node
        for node in model.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    to_dict = next(node for node in model.body if isinstance(node, ast.FunctionDef) and node.name == "to_dict")
    for node in ast.walk(to_dict):
        if isinstance(node, ast.Dict):
            pairs += zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            pairs.append((node.targets[0].slice, node.value))
    return {
        str(key.value): ModelField(
            value.id,
            declared[value.id].annotation,
            required="Unset" not in _names(declared[value.id].annotation),
        )
        for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(value, ast.Name) and value.id in declared
    }


def _names(annotation: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


def _types(annotation: ast.expr, models: Mapping[str, Model]) -> tuple[str, ...]:
    """Give the members of the type that an argument takes: a mapping is taken wherever the generator has a model."""
    if isinstance(annotation, ast.BinOp):
        return tuple(dict.fromkeys([*_types(annotation.left, models), *_types(annotation.right, models)]))
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "list":
        inner = " | ".join(_types(annotation.slice, models))
        return (f"Sequence[{inner}]" if _MAPPING in inner else f"list[{inner}]",)
    name = ast.unparse(annotation)
    if name == "Unset":
        return ()
    return (name, _MAPPING) if name in models else (name,)


def variables(contract: Contract, endpoints: Sequence[Endpoint], models: Mapping[str, Model]) -> dict[str, Any]:
    """Build the variables of the templates operations.py.jinja and methods.py.jinja.

    Args:
        contract: The contract.
        endpoints: What the generator says of each operation, in the contract's order.
        models: The models that it wrote.

    Raises:
        ContractError: The contract lacks something that a client needs, or two operations get the same name.
    """
    given = zip(operations(contract.document), endpoints, strict=True)
    facts = [_operation(contract, operation, endpoint, models) for operation, endpoint in given]
    counts = Counter([*_CONSTANTS, *(operation.constant for operation in facts)])
    for operation in facts:
        if counts[operation.constant] > 1 or operation.name in _IN_METHODS:
            pointer = ("paths", operation.path, operation.method.lower(), "operationId")
            raise contract.error(pointer, f"the name {operation.constant} is taken; choose another operationId")
    requests = {operation.request_model for operation in facts if operation.request_model}
    used = {name for model in requests for field in models[model].fields.values() for name in _names(field.annotation)}
    imports = {models[model].imports[name] for model in requests for name in used & models[model].imports.keys()}
    imports = {line for line in imports if not line.endswith(" Unset")}
    responses = {operation.response_model for operation in facts if not operation.makes_images} - {""}
    imports_of_methods = imports | {f"from .models import {name}" for name in responses}
    for name in _CLASSES.intersection(line.rpartition(" ")[2] for line in imports_of_methods):
        if ".models" in next(line for line in imports_of_methods if line.endswith(f" {name}")):
            message = "operations.py has a class of that name; rename the schema"
            raise contract.error(("components", "schemas", name), message)
    return {
        "imports": sorted(imports),
        "imports_of_methods": sorted(imports_of_methods),
        "operations": facts,
        "server_url": _server_url(contract),
        "api_key_header": _api_key_header(contract),
        "model_fields": {
            name: tuple((model.fields[wire].python_name, wire) for wire in _order(contract.document, name, model))
            for name, model in sorted(models.items())
        },
    }


def _operation(
    contract: Contract,
    operation: tuple[str, str, dict[str, Any]],
    endpoint: Endpoint,
    models: Mapping[str, Model],
) -> OperationFacts:
    path, method, raw = operation
    document = contract.document
    content = resolve(document, raw.get("requestBody", {})).get("content", {})
    media_type, media = next(iter(content.items()), ("", {}))
    media = resolve(document, media)
    schema = resolve(document, media.get("schema", {}))
    responses = {status: resolve(document, response) for status, response in raw.get("responses", {}).items()}
    rejected = responses.get("429", {})
    item, _ = resolve_place(document, ("paths", path))
    parameters = [*resolve_place(document, item)[1].get("parameters", ()), *raw.get("parameters", ())]
    own = client_facts()
    known = own["methods"].get(raw.get("operationId"), {})
    name = known.get("name", endpoint.name)
    taken = {*own["taken"], *(each["name"] for each in own["methods"].values())}
    summary = known.get("summary") or raw.get("summary") or raw.get("description") or f"{method.upper()} {path}"
    return OperationFacts(
        name=endpoint.name,
        method_name=name if known or name not in taken else f"{name}_",
        operation_id=raw.get("operationId", endpoint.name),
        summary=summary,
        description=raw.get("description", ""),
        method=method.upper(),
        path=path,
        media_type=media_type,
        request_model=endpoint.request_model,
        response_model=endpoint.response_model,
        makes_images=known.get("images", False),
        parameters=tuple(resolve(document, parameter)["name"] for parameter in parameters),
        fields=tuple(_fields(document, media, models[endpoint.request_model], models))
        if endpoint.request_model
        else (),
        exactly_one_of=tuple(_exactly_one_of(schema)) if endpoint.request_model else (),
        field_hints=_field_hints(contract, path, method, schema),
        billed=_billed(raw, responses),
        reject_reasons={
            known["value"]: known["waiting_helps"]
            for media in rejected.get("content", {}).values()
            for each in subschemas(document, media.get("schema"))
            for known in each.get("x-known-values", ())
        },
        in_flight_limit=rejected.get("x-in-flight-limit"),
    )


def _fields(
    document: Mapping[str, Any], media: Mapping[str, Any], model: Model, models: Mapping[str, Model]
) -> Iterator[RequestField]:
    for wire_name, schema in properties(document, media["schema"]).items():
        found = model.fields.get(wire_name)
        if found is None:
            continue  # the proof reports it
        content_type = media.get("encoding", {}).get(wire_name, {}).get("contentType")
        if content_type is None and is_structured(document, schema):
            content_type = "application/json"
        types = _types(found.annotation, models)
        yield RequestField(
            wire_name,
            found.python_name,
            found.required,
            content_type,
            types,
            {**_resolved(document, schema), "description": _description(document, schema)},
        )


def _resolved(document: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """A schema with what its `$ref`, those of its alternatives and that of its items mean."""
    found: dict[str, Any] = {**resolve(document, schema)} if is_mapping(resolve(document, schema)) else {}
    for keyword in ("anyOf", "oneOf"):
        if keyword in found:
            found[keyword] = [resolve(document, branch) for branch in found[keyword]]
    if "items" in found:
        found["items"] = resolve(document, found["items"])
    return found


def _description(document: Mapping[str, Any], schema: Any) -> str:
    own = schema.get("description") if is_mapping(schema) else None
    meant = resolve(document, schema)
    return str(own or (meant.get("description", "") if is_mapping(meant) else ""))


def _order(document: dict[str, Any], name: str, model: Model) -> list[str]:
    """Put a model's fields into the author's order, which the generator does not keep: the required ones come first."""
    if not model.fields:
        return []
    candidates = [
        (_is_named(name, pointer, schema), list(found))
        for pointer, schema in mappings((), document)
        if (found := properties(document, schema)).keys() == model.fields.keys()
    ]
    return next((order for named, order in sorted(candidates, key=lambda each: not each[0])), list(model.fields))


def _is_named(name: str, pointer: Pointer, schema: Mapping[str, Any]) -> bool:
    texts = [str(pointer[-1]) if pointer else "", str(schema.get("title", ""))]
    return any(re.sub(r"[\W_]", "", text).lower() == name.rstrip("_").lower() for text in texts)


def _exactly_one_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for part in (schema, *schema.get("allOf", ())):
        alternatives = part.get("oneOf", ())
        if alternatives and all(set(a) == {"required"} and len(a["required"]) == 1 for a in alternatives):
            yield tuple(a["required"][0] for a in alternatives)


def _field_hints(contract: Contract, path: str, method: str, schema: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the hints; each is for a name that is no field, and points at one that is."""
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
    schemes = contract.document.get("components", {}).get("securitySchemes", {})
    for scheme in schemes.values():
        if scheme.get("type") == "apiKey" and scheme.get("in") == "header":
            return str(scheme["name"])
    raise contract.error(("components", "securitySchemes"), "there is no security scheme of type apiKey in a header")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
