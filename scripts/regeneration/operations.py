"""Gathers what the contract says of each operation, for the template of operations.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from openapi_python_client.parser.properties import AnyProperty, ListProperty, ModelProperty, UnionProperty

from regeneration import schemas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from openapi_python_client.parser import GeneratorData
    from openapi_python_client.parser.openapi import Endpoint
    from openapi_python_client.parser.properties import Property

TYPED_DICT_SUFFIX = "Fields"


def context(document: Mapping[str, Any], data: GeneratorData) -> dict[str, Any]:
    """Build the variables of the template operations.py.jinja.

    Args:
        document: The contract.
        data: The same contract as the generator parsed it.
    """
    raw = {
        (path, method): operation
        for path, item in document["paths"].items()
        for method, operation in schemas.resolve(document, item).items()
    }
    endpoints = [e for collection in data.endpoint_collections_by_tag.values() for e in collection.endpoints]
    models = {model.class_info.name: model for model in data.models}
    imports: set[str] = set()
    operations = []
    for endpoint in endpoints:
        path = endpoint.path.get_untrusted_value()
        operations.append(_operation(document, path, raw[path, endpoint.method], endpoint, models, imports))
    return {
        "imports": sorted(imports),
        "operations": operations,
        "server_url": document["servers"][0]["url"],
        "api_key_header": _api_key_header(document),
        "model_fields": {
            name: tuple((str(p.python_name), p.name.get_untrusted_value()) for p in _in_order(document, model))
            for name, model in sorted(models.items())
        },
    }


def _operation(
    document: Mapping[str, Any],
    path: str,
    raw: Mapping[str, Any],
    endpoint: Endpoint,
    models: Mapping[str, ModelProperty],
    imports: set[str],
) -> dict[str, Any]:
    media_type, request_model, fields, schema = "", "", [], {}
    if endpoint.bodies:
        body = endpoint.bodies[0]
        media_type = body.content_type.get_untrusted_value()
        media = schemas.resolve(document, raw["requestBody"])["content"][media_type]
        schema = schemas.resolve(document, media["schema"])
        if isinstance(body.prop, ModelProperty):
            model = models[body.prop.class_info.name]
            request_model = str(model.class_info.name)
            fields = [_field(document, media, schema, prop) for prop in _in_order(document, model)]
    exactly_one_of = tuple(_exactly_one_of(schema))
    arguments = [f for f in fields if not any(f["wire_name"] in group for group in exactly_one_of)]
    for field in arguments:
        imports |= field["prop"].get_imports(prefix=".") | field["prop"].get_lazy_imports(prefix=".")
    responses = {s: schemas.resolve(document, response) for s, response in raw["responses"].items()}
    rejected = responses.get("429", {})
    return {
        "constant": endpoint.name.upper(),
        "typed_dict": "".join(word.capitalize() for word in endpoint.name.split("_")) + TYPED_DICT_SUFFIX,
        "operation_id": raw.get("operationId", str(endpoint.name)),
        "method": endpoint.method.upper(),
        "path": path,
        "media_type": media_type,
        "request_model": request_model,
        "fields": fields,
        "arguments": arguments,
        "exactly_one_of": exactly_one_of,
        "field_hints": {
            name: {"use": hint.get("use"), "because": hint.get("because")}
            for name, hint in schema.get("x-field-hints", {}).items()
        },
        "billed": _billed(raw, responses),
        "reject_reasons": dict(_reject_reasons(document, rejected)),
        "in_flight_limit": rejected.get("x-in-flight-limit"),
    }


def _in_order(document: Mapping[str, Any], model: ModelProperty) -> list[Property]:
    """Return the model's properties in the author's order; the generator puts the required ones first."""
    by_name = {p.name.get_untrusted_value(): p for p in [*model.required_properties, *model.optional_properties]}
    schema = {
        "properties": {name.get_untrusted_value(): None for name in model.data.properties or {}},
        "allOf": [_plain(part) for part in model.data.allOf],
    }
    return [by_name[name] for name in schemas.properties(document, schema) if name in by_name]


def _plain(part: Any) -> dict[str, Any]:
    """Turn a part of an allOf, as the generator parsed it, back into the form of the document."""
    if hasattr(part, "ref"):
        return {"$ref": part.ref.get_untrusted_value()}
    return {
        "properties": {name.get_untrusted_value(): None for name in part.properties or {}},
        "allOf": [_plain(inner) for inner in part.allOf],
    }


def _field(document: Mapping[str, Any], media: Mapping[str, Any], schema: Any, prop: Property) -> dict[str, Any]:
    name = prop.name.get_untrusted_value()
    content_type = media.get("encoding", {}).get(name, {}).get("contentType")
    if content_type is None and schemas.is_object(document, schemas.properties(document, schema)[name]):
        content_type = "application/json"
    return {
        "prop": prop,
        "python_name": str(prop.python_name),
        "wire_name": name,
        "content_type": content_type,
        "required": prop.required,
        "description": prop.description or "Not described in the contract.",
        "annotation": _annotation(prop),
    }


def _annotation(prop: Property) -> str:
    types = _types(prop)
    if prop.required:
        return f"Required[{' | '.join(types)}]"
    if isinstance(prop, AnyProperty):
        return "Any"
    return " | ".join([*(t for t in types if t != "None"), "None"])


def _types(prop: Property) -> list[str]:
    """Return the members of the type that an argument takes: the generator's, and a mapping where it has a model."""
    if isinstance(prop, UnionProperty):
        return list(dict.fromkeys(t for inner in prop.inner_properties for t in _types(inner)))
    if isinstance(prop, ModelProperty):
        return [prop.get_type_string(no_optional=True).as_unembedded_code(), "Mapping[str, Any]"]
    if isinstance(prop, ListProperty):
        inner = " | ".join(_types(prop.inner_property))
        return [f"Sequence[{inner}]" if "Mapping[str, Any]" in inner else f"list[{inner}]"]
    return [prop.get_type_string(no_optional=True).as_unembedded_code()]


def _exactly_one_of(schema: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for part in schema.get("allOf", ()):
        alternatives = part.get("oneOf", ())
        if alternatives and all(set(a) == {"required"} and len(a["required"]) == 1 for a in alternatives):
            yield tuple(a["required"][0] for a in alternatives)


def _billed(raw: Mapping[str, Any], responses: Mapping[str, Any]) -> dict[int, bool | None]:
    billed = {int(status): response.get("x-billed") for status, response in responses.items() if status.isdecimal()}
    billed |= {observed["status"]: observed["billed"] for observed in raw.get("x-observed-statuses", ())}
    return {status: value if isinstance(value, bool) else None for status, value in sorted(billed.items())}


def _reject_reasons(document: Mapping[str, Any], response: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for media in response.get("content", {}).values():
        for schema in schemas.subschemas(document, media.get("schema")):
            for known in schema.get("x-known-values", ()):
                yield known["value"], known["waiting_helps"]


def _api_key_header(document: Mapping[str, Any]) -> str:
    for scheme in document["components"]["securitySchemes"].values():
        if scheme["type"] == "apiKey" and scheme["in"] == "header":
            return str(scheme["name"])
    raise NotImplementedError
