"""Gathers what a contract says of its operations, for the template of the generated operations.py."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from openapi_python_client.parser.properties import ModelProperty

from regeneration import schemas
from regeneration.described import Field, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_python_client.parser import GeneratorData
    from openapi_python_client.parser.openapi import Endpoint
    from openapi_python_client.parser.properties import Property

    from regeneration.contract import Contract

# The names that operations.py has for itself.
_CONSTANTS = frozenset({"API_KEY_HEADER", "MODEL_FIELDS", "OPERATIONS", "SERVER_URL", "TYPE_CHECKING"})
_CLASSES = frozenset(
    {
        *("Any", "Field", "FieldHint", "Final", "Literal", "Mapping", "Operation", "Required", "Sequence", "TypeAlias"),
        "TypedDict",
    }
)
# The names that the classes of methods.py use where a method of that name would hide them.
_IN_METHODS = frozenset({"httpx", "overload"})


def variables(contract: Contract, data: GeneratorData) -> dict[str, Any]:
    """Build the variables of the template operations.py.jinja.

    Args:
        contract: The contract.
        data: The same contract as the generator parsed it.

    Raises:
        ContractError: The contract lacks something that a client needs, or two operations get the same name.
    """
    models = {str(model.class_info.name): model for model in data.models}
    endpoints = [e for collection in data.endpoint_collections_by_tag.values() for e in collection.endpoints]
    operations = [_operation(contract, endpoint, models) for endpoint in endpoints]
    _refuse_taken_names(contract, operations)
    imports = {
        line
        for operation in operations
        for field in operation.fields
        for line in field.prop.get_imports(prefix=".") | field.prop.get_lazy_imports(prefix=".")
    }
    for name in _CLASSES.intersection(line.rpartition(" ")[2] for line in imports):
        raise contract.error(
            ("components", "schemas", name), "operations.py has a class of that name; rename the schema"
        )
    return {
        "imports": sorted(imports),
        "operations": operations,
        "server_url": _server_url(contract),
        "api_key_header": _api_key_header(contract),
        "model_fields": {
            name: tuple((str(p.python_name), p.name.get_untrusted_value()) for p in _in_order(contract.document, model))
            for name, model in sorted(models.items())
        },
    }


def _operation(contract: Contract, endpoint: Endpoint, models: Mapping[str, ModelProperty]) -> Operation:
    document = contract.document
    path, raw = _raw_operation(document, endpoint)
    media_type, request_model = "", ""
    schema: dict[str, Any] = {}
    fields: tuple[Field, ...] = ()
    if endpoint.bodies:
        body = endpoint.bodies[0]
        media_type = body.content_type.get_untrusted_value()
        media = schemas.resolve(document, raw["requestBody"])["content"][media_type]
        schema = schemas.resolve(document, media["schema"])
        if isinstance(body.prop, ModelProperty):
            request_model = str(body.prop.class_info.name)
            fields = tuple(_fields(document, media, _in_order(document, models[request_model])))
    responses = {status: schemas.resolve(document, response) for status, response in raw.get("responses", {}).items()}
    rejected = responses.get("429", {})
    return Operation(
        name=str(endpoint.name),
        operation_id=raw.get("operationId", str(endpoint.name)),
        summary=endpoint.summary or endpoint.description or f"{endpoint.method.upper()} {path}",
        method=endpoint.method.upper(),
        path=path,
        media_type=media_type,
        request_model=request_model,
        answer_model=_answer_model(endpoint),
        parameters=tuple(parameter.name.get_untrusted_value() for parameter in _parameters(endpoint)),
        fields=fields,
        exactly_one_of=tuple(_exactly_one_of(schema)),
        field_hints=_field_hints(contract, path, endpoint.method, schema),
        billed=_billed(raw, responses),
        reject_reasons=dict(_reject_reasons(document, rejected)),
        in_flight_limit=rejected.get("x-in-flight-limit"),
    )


def _parameters(endpoint: Endpoint) -> list[Property]:
    in_url = [*endpoint.path_parameters, *endpoint.query_parameters]
    return [*in_url, *endpoint.header_parameters, *endpoint.cookie_parameters]


def _answer_model(endpoint: Endpoint) -> str:
    """Return the class name of the body of the first successful answer; nothing if it is no object."""
    for response in endpoint.responses.patterns:
        least = response.status_code.range[0] if response.status_code.range else 0
        if 200 <= least < 300:
            return str(response.prop.class_info.name) if isinstance(response.prop, ModelProperty) else ""
    return ""


def _raw_operation(document: Mapping[str, Any], endpoint: Endpoint) -> tuple[str, dict[str, Any]]:
    """Find the endpoint in the contract; the generator changed the names of its path's parameters."""
    generated = endpoint.path.get_untrusted_value()
    for path, method, raw in schemas.operations(document):
        python_path = path
        for parameter in endpoint.path_parameters:
            name = parameter.name.get_untrusted_value()
            python_path = python_path.replace(f"{{{name}}}", f"{{{parameter.python_name}}}")
        if (python_path, method) == (generated, endpoint.method):
            return path, raw
    raise LookupError(generated)


def _in_order(document: Mapping[str, Any], model: ModelProperty) -> list[Property]:
    """Return the model's properties in the author's order; the generator puts the required ones first."""
    by_name = {
        prop.name.get_untrusted_value(): prop
        for prop in [*(model.required_properties or ()), *(model.optional_properties or ())]
    }
    return [by_name[name] for name in schemas.properties(document, _as_written(model.data)) if name in by_name]


def _as_written(schema: Any) -> dict[str, Any]:
    """Turn a schema, as the generator parsed it, back into the form of the contract, as far as order matters."""
    if hasattr(schema, "ref"):
        return {"$ref": schema.ref.get_untrusted_value()}
    names: list[Any] = list(schema.properties or ())
    own = {name.get_untrusted_value(): None for name in names}
    return {"allOf": [_as_written(part) for part in schema.allOf], "properties": own}


def _fields(document: Mapping[str, Any], media: Mapping[str, Any], props: list[Property]) -> Iterator[Field]:
    declared = schemas.properties(document, media["schema"])
    for prop in props:
        name = prop.name.get_untrusted_value()
        content_type = media.get("encoding", {}).get(name, {}).get("contentType")
        if content_type is None and schemas.is_structured(document, declared[name]):
            content_type = "application/json"
        yield Field(prop, content_type)


def _exactly_one_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for part in (schema, *schema.get("allOf", ())):
        alternatives = part.get("oneOf", ())
        if alternatives and all(set(a) == {"required"} and len(a["required"]) == 1 for a in alternatives):
            yield tuple(a["required"][0] for a in alternatives)


def _field_hints(contract: Contract, path: str, method: str, schema: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Return the hints; each is for a name that is no field, and points at one that is."""
    hints: dict[str, dict[str, str]] = schema.get("x-field-hints", {})
    declared = schemas.properties(contract.document, schema)
    for name, hint in hints.items():
        if name in declared or hint.get("use", name) not in {*declared, name}:
            message = f"x-field-hints: {name} is a field, or what it points at ({hint.get('use')}) is none"
            raise contract.error(("paths", path, method, "requestBody"), message)
    return hints


def _billed(raw: Mapping[str, Any], responses: Mapping[str, Any]) -> dict[int, bool | None]:
    said = {int(status): response.get("x-billed") for status, response in responses.items() if status.isdecimal()}
    said |= {observed["status"]: observed["billed"] for observed in raw.get("x-observed-statuses", ())}
    return {status: billed if isinstance(billed, bool) else None for status, billed in sorted(said.items())}


def _reject_reasons(document: Mapping[str, Any], response: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for media in response.get("content", {}).values():
        for schema in schemas.subschemas(document, media.get("schema")):
            for known in schema.get("x-known-values", ()):
                yield known["value"], known["waiting_helps"]


def _refuse_taken_names(contract: Contract, operations: list[Operation]) -> None:
    """Refuse operations with one name: the module of one would overwrite that of the other."""
    counts = Counter([*_CONSTANTS, *(operation.constant for operation in operations)])
    for operation in operations:
        if counts[operation.constant] > 1 or operation.name in _IN_METHODS:
            pointer = ("paths", operation.path, operation.method.lower(), "operationId")
            raise contract.error(pointer, f"the name {operation.constant} is taken; choose another operationId")


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
