"""What the test servers read of the contract: once, at start, so that no fact of it is typed again."""

from __future__ import annotations

from functools import cache
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import field, frozen
from jsonschema_rs import Draft202012Validator

from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import API_KEY_HEADER, POST_GENERATE_IMAGE_V4, Operation

JsonObject = dict[str, Any]

MASK: Final = "\0"
"""Stands in the validator's messages where the value was; see `ideogram_ai.testing.validation`."""


@frozen
class UnavailableValue:
    """A value that the contract lists and the service refuses today (x-unavailable-values)."""

    value: Any
    status: int
    because: str


@frozen
class FieldRule:
    """How a field of the request is written in a multipart body.

    Attributes:
        name: Name of the part.
        types: The JSON types that the schema allows; empty when it does not say.
        content_type: Media type of the part; None for plain text.
        choices: The values of the enum; empty without one.
        unavailable: Values that are listed and refused all the same.
        default: What the service takes when the field is absent; None where the contract does not say.
    """

    name: str
    types: tuple[str, ...]
    content_type: str | None
    choices: tuple[Any, ...]
    unavailable: tuple[UnavailableValue, ...]
    default: Any = None


@frozen
class ResponseRule:
    """A documented answer.

    Attributes:
        schema: Schema of the body.
        examples: Example bodies in the contract's order.
        headers: Examples of the headers that have one.
    """

    schema: JsonObject
    examples: tuple[Any, ...]
    headers: dict[str, str]


@frozen
class ContractView:
    """The generate operation as a server needs it.

    Attributes:
        operation: What regeneration wrote about the operation.
        api_key_header: Name of the header that carries the key.
        fields: The request's fields by name.
        responses: The documented answers by status.
        observed: Why the service gives an undocumented status, by status.
        seeds: Least and greatest seed of an image.
        link_folder: Path of an image link up to the image's id.
        link_suffix: What follows the id.
    """

    operation: Operation
    api_key_header: str
    fields: dict[str, FieldRule]
    responses: dict[int, ResponseRule]
    observed: dict[int, str]
    seeds: tuple[int, int]
    link_folder: str
    link_suffix: str
    request_validator: Draft202012Validator
    _document: JsonObject = field(repr=False, alias="document")

    def node(self, path: list[str | int]) -> Any:
        """The part of the contract at a validator's schema path."""
        node: Any = self._document
        for step in path:
            node = node[step]
        return node

    def resolve(self, schema: JsonObject) -> JsonObject:
        """The schema behind a `$ref`, or the schema itself."""
        return _resolve(self._document, schema)

    def response_validator(self, status: int) -> Draft202012Validator:
        """A validator of the body of a documented answer."""
        return _validator(self._document, self.responses[status].schema)


@cache
def read_view() -> ContractView:
    """Read the generate operation of the installed contract. Later calls return the same view."""
    document = read_contract()
    operation = POST_GENERATE_IMAGE_V4
    node: JsonObject = document["paths"][operation.path][operation.method.lower()]
    request: JsonObject = node["requestBody"]["content"][operation.media_type]["schema"]
    properties: JsonObject = _resolve(document, request)["properties"]
    responses = {int(status): _response(document, answer) for status, answer in node["responses"].items()}
    folder, suffix = _link_parts(responses[200])
    return ContractView(
        operation=operation,
        api_key_header=API_KEY_HEADER,
        fields={
            entry.wire_name: _field_rule(
                entry.wire_name, entry.content_type, _resolve(document, properties[entry.wire_name])
            )
            for entry in operation.fields
        },
        responses=responses,
        observed={entry["status"]: entry["because"] for entry in node.get("x-observed-statuses", [])},
        seeds=_seeds(document, responses[200].schema),
        link_folder=folder,
        link_suffix=suffix,
        request_validator=_validator(document, request),
        document=document,
    )


def _resolve(document: JsonObject, schema: JsonObject) -> JsonObject:
    while "$ref" in schema:
        node: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            node = node[step.replace("~1", "/").replace("~0", "~")]
        schema = node
    return schema


def _validator(document: JsonObject, schema: JsonObject) -> Draft202012Validator:
    # The components travel along, so that every $ref of the contract resolves as it stands.
    root = {**schema, "components": document["components"]}
    return Draft202012Validator(root, mask=MASK, offline=True)


def _field_rule(name: str, content_type: str | None, schema: JsonObject) -> FieldRule:
    types: str | list[str] = schema.get("type", [])
    return FieldRule(
        name=name,
        types=(types,) if isinstance(types, str) else tuple(types),
        content_type=content_type,
        choices=tuple(schema.get("enum", ())),
        unavailable=tuple(UnavailableValue(**entry) for entry in schema.get("x-unavailable-values", ())),
        default=schema.get("default"),
    )


def _response(document: JsonObject, answer: JsonObject) -> ResponseRule:
    answer = _resolve(document, answer)
    content: JsonObject = answer["content"]["application/json"]
    examples: JsonObject = content.get("examples", {})
    headers: JsonObject = answer.get("headers", {})
    return ResponseRule(
        schema=content["schema"],
        examples=tuple(_resolve(document, example)["value"] for example in examples.values()),
        headers={name: str(header["example"]) for name, header in headers.items() if "example" in header},
    )


def _seeds(document: JsonObject, schema: JsonObject) -> tuple[int, int]:
    image = _resolve(document, _resolve(document, schema)["properties"]["data"]["items"])
    seed = _resolve(document, image["properties"]["seed"])
    return seed["minimum"], seed["maximum"]


def _link_parts(response: ResponseRule) -> tuple[str, str]:
    """Folder and suffix of image links, from the first example that has a link."""
    urls: list[str | None] = [image.get("url") for example in response.examples for image in example["data"]]
    path = urlsplit(next(url for url in urls if url)).path
    folder, _, name = path.rpartition("/")
    return f"{folder}/", f".{name.rpartition('.')[2]}"
