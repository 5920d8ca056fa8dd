"""Reads the contract: the fields of a request, the documented responses, and an example of each."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlsplit

from attrs import field, frozen

from ideogram_ai.client.request import JSON, is_object
from ideogram_ai.generated.contract import read_contract
from ideogram_ai.generated.operations import API_KEY_HEADER, OPERATIONS, POST_GENERATE_IMAGE_V4, Operation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from jsonschema_rs import Draft202012Validator

JsonObject = dict[str, Any]
Place = Literal["body", "path", "query"]

MASK: Final = "\0"
"""Replaces the value in the validator's messages; see `ideogram_ai.contract.check`."""


@frozen
class UnavailableValue:
    """A value that the contract lists and that the service refuses today (x-unavailable-values)."""

    value: Any
    status: int
    because: str


@frozen
class FieldRule:
    """How a field of the request is written.

    Attributes:
        name: Name of the part, of the member of a JSON body, or of the parameter.
        types: The JSON types that the schema allows; empty if it allows every type.
        content_type: Media type of the part, or of the body; None for a part that is plain text.
        choices: The values of the enum; empty without one.
        unavailable: Values that are listed and refused today.
        default: The value that an absent field stands for; None if the contract has none.
        item: The rule of an item, if the field is a list with a part for each item; None otherwise.
        place: Where the field stands: in the body, the path or the query.
        is_file: Whether it is a part with the bytes of a file.
    """

    name: str
    types: tuple[str, ...]
    content_type: str | None
    choices: tuple[Any, ...]
    unavailable: tuple[UnavailableValue, ...]
    default: Any = None
    item: FieldRule | None = None
    place: Place = "body"
    is_file: bool = False

    @property
    def takes_files(self) -> bool:
        """Whether the field is a file, or a list of files."""
        return self.is_file or (self.item is not None and self.item.is_file)


@frozen
class ResponseRule:
    """A documented response.

    Attributes:
        schema: Schema of the body; empty if the contract has none.
        examples: Example bodies in the contract's order.
        headers: Examples of the headers that have one.
        announcements: Examples of headers that are sent only when there is something to announce. Their examples are
            in the schema of the header.
        text: The media type of a body that is text, and an example of it; None for a body that is JSON.
    """

    schema: JsonObject
    examples: tuple[Any, ...]
    headers: dict[str, str]
    announcements: dict[str, str]
    text: tuple[str, str] | None = None


@frozen(eq=False)
class ContractView:
    """An operation of the contract.

    Attributes:
        operation: The generated description of the operation.
        api_key_header: Name of the header that carries the key.
    """

    operation: Operation
    _document: JsonObject = field(repr=False, alias="document")
    api_key_header: str = API_KEY_HEADER

    @cached_property
    def fields(self) -> dict[str, FieldRule]:
        """The request's fields by name: those of the body, and the parameters of path and query."""
        return {each.wire_name: self._field(each.wire_name, each.content_type) for each in self.operation.fields}

    @cached_property
    def schemas(self) -> dict[str, JsonObject]:
        """The schemas of the request's fields."""
        parameters = {name: each["schema"] for name, each in self._parameters.items()}
        return self.members(self._body)[0] | parameters

    @cached_property
    def responses(self) -> dict[int, ResponseRule]:
        """The documented responses by status."""
        answers: JsonObject = self._node["responses"]
        return {int(status): self._response(answer) for status, answer in answers.items() if status.isdecimal()}

    @cached_property
    def observed(self) -> dict[int, str]:
        """The reason for each undocumented status that was observed."""
        return {entry["status"]: entry["because"] for entry in self._node.get("x-observed-statuses", [])}

    @cached_property
    def request_schema(self) -> JsonObject:
        """A schema for the fields of a request, parameters too; a file counts as a string."""
        if not self._parameters:
            return self._body
        required = [name for name, each in self._parameters.items() if each.get("required")]
        properties = {name: each["schema"] for name, each in self._parameters.items()}
        beside = {"type": "object", "required": required, "properties": properties}
        return {"allOf": [self._body, beside]} if self._body else beside

    @cached_property
    def request_validator(self) -> Draft202012Validator:
        """A validator of the fields of a request."""
        return self.validator(self.request_schema)

    def fields_in(self, place: Place) -> dict[str, FieldRule]:
        """Return the fields of the body, of the path, or of the query."""
        return {name: rule for name, rule in self.fields.items() if rule.place == place}

    def node(self, path: list[str | int]) -> Any:
        """Return the part of the contract at a schema path of the request's validator."""
        node: Any = {**self._document, **self.request_schema}
        for step in path:
            node = node[step]
        return node

    def resolve(self, schema: JsonObject) -> JsonObject:
        """Return the target of a `$ref`, or the schema itself."""
        while "$ref" in schema:
            node: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step.replace("~1", "/").replace("~0", "~")]
            schema = node
        return schema

    def branches(self, schema: JsonObject) -> Iterator[JsonObject]:
        """Yield a schema and the schemas that it is composed of."""
        schema = self.resolve(schema)
        yield schema
        for keyword in ("allOf", "anyOf", "oneOf"):
            for branch in schema.get(keyword, ()):
                yield from self.branches(branch)

    def rule_of(
        self, name: str, schema: JsonObject, content_type: str | None = JSON, place: Place = "body"
    ) -> FieldRule:
        """Return the rule of a field, or of something inside a JSON value, for example of a member of an object."""
        branches = list(self.branches(schema))
        types = tuple(dict.fromkeys(kind for branch in branches for kind in _types(branch)))
        items: list[JsonObject] = [branch["items"] for branch in branches if "items" in branch]
        is_list = content_type != JSON and "array" in types and "string" not in types
        return FieldRule(
            name=name,
            types=types,
            content_type=content_type,
            choices=tuple(value for branch in branches for value in branch.get("enum", ())),
            unavailable=tuple(
                UnavailableValue(**entry) for branch in branches for entry in branch.get("x-unavailable-values", ())
            ),
            default=next((branch["default"] for branch in branches if "default" in branch), None),
            item=self.rule_of(name, items[0] if items else {}, content_type, place) if is_list else None,
            place=place,
            is_file=content_type != JSON
            and place == "body"
            and any(branch.get("format") == "binary" for branch in branches),
        )

    def item_rule(self, name: str) -> FieldRule:
        """Return the rule of an item of a field that is a list, also where the list is one JSON value."""
        lists: list[JsonObject] = [branch for branch in self.branches(self.schemas[name]) if "items" in branch]
        return self.fields[name].item or self.rule_of(name, lists[0]["items"] if lists else {})

    @property
    def summary(self) -> str:
        """What the operation does, in a sentence or two."""
        return str(self._node.get("summary", ""))

    @property
    def description(self) -> str:
        """More about the operation."""
        return str(self._node.get("description", ""))

    @property
    def request_examples(self) -> tuple[Any, ...]:
        """The contract's examples of a request."""
        body = self.resolve(self._node.get("requestBody", {}))
        return self._examples(body.get("content", {}).get(self.operation.media_type, {}))

    def members(self, schema: JsonObject) -> tuple[JsonObject, tuple[str, ...]]:
        """Return the properties of an object's schema, and the names of those that are required.

        Those of an `allOf` are among them; of an `anyOf` or a `oneOf`, only those of the first branch.
        """
        schema = self.resolve(schema)
        choices = [
            schema[keyword][:1]
            for keyword in ("anyOf", "oneOf")
            # Not a rule about fields that stand beside it.
            if keyword in schema and "properties" not in schema and schema[keyword][0].keys() != {"required"}
        ]
        parts = [
            self.members(part) for part in (*schema.get("allOf", ()), *(part for some in choices for part in some))
        ]
        own: JsonObject = schema.get("properties", {})
        properties = {name: rule for each, _ in (*parts, (own, ())) for name, rule in each.items()}
        required = (*(name for _, names in parts for name in names), *schema.get("required", ()))
        return properties, required

    def choices(self, schema: JsonObject) -> tuple[str, ...]:
        """Return the members of which an object has exactly one, one for each schema of its oneOf; empty without such.

        Args:
            schema: A schema with a oneOf.
        """
        found = [self.members(each) for each in schema["oneOf"]]
        own = [
            [name for name in needed if not any(name in other for other, _ in found if other is not known)]
            for known, needed in found
        ]
        return tuple(names[0] for names in own) if all(len(names) == 1 for names in own) else ()

    @property
    def image_schema(self) -> JsonObject:
        """The schema of an image in the `data` of a successful response."""
        properties, _ = self.members(self.responses[200].schema)
        items: JsonObject = self.resolve(properties["data"])["items"]
        return items

    def validator(self, schema: JsonObject) -> Draft202012Validator:
        """Return a validator for a schema of the contract."""
        from jsonschema_rs import Draft202012Validator  # noqa: PLC0415 - reading fields does not need it

        # With the components, so that every $ref of the contract resolves.
        root = {**schema, "components": self._document["components"]}
        return Draft202012Validator(root, mask=MASK, offline=True)

    def response_validator(self, status: int) -> Draft202012Validator:
        """Return a validator for the body of a documented response."""
        return self.validator(self.responses[status].schema)

    @property
    def seeds(self) -> tuple[int, int]:
        """Lowest and highest seed of an image; those of other images where the contract has no seed."""
        properties, _ = self.members(self.image_schema)
        seed = self.resolve(properties.get("seed", {}))
        return seed.get("minimum", 0), seed.get("maximum", 2**31 - 1)

    @property
    def link_folder(self) -> str:
        """Path of an image link up to the image's id; of an operation whose examples have one."""
        return urlsplit(link_example(self)).path.rpartition("/")[0] + "/"

    @property
    def link_suffix(self) -> str:
        """Suffix of an image link, after the image's id."""
        return "." + urlsplit(link_example(self)).path.rpartition(".")[2]

    @property
    def _path(self) -> JsonObject:
        return self.resolve(self._document["paths"][self.operation.path])

    @property
    def _node(self) -> JsonObject:
        node: JsonObject = self._path[self.operation.method.lower()]
        return node

    @property
    def _body(self) -> JsonObject:
        """The schema of the request's body; empty without one."""
        body = self.resolve(self._node.get("requestBody", {}))
        schema: JsonObject = body["content"][self.operation.media_type]["schema"] if body else {}
        return schema

    @cached_property
    def _parameters(self) -> JsonObject:
        listed = map(self.resolve, (*self._path.get("parameters", ()), *self._node.get("parameters", ())))
        return {each["name"]: each for each in listed if each["in"] in {"path", "query"}}

    def _field(self, name: str, content_type: str | None) -> FieldRule:
        if name in self._parameters:
            return self.rule_of(name, self.schemas[name], content_type, self._parameters[name]["in"])
        return self.rule_of(name, self.schemas[name], JSON if self.operation.media_type == JSON else content_type)

    def _response(self, answer: JsonObject) -> ResponseRule:
        answer = self.resolve(answer)
        bodies: JsonObject = answer.get("content", {})
        content: JsonObject = bodies.get(JSON, {})
        headers = {name: self.resolve(header) for name, header in answer.get("headers", {}).items()}
        schemas = {name: self.resolve(header.get("schema", {})) for name, header in headers.items()}
        texts = ((kind, self._examples(body)) for kind, body in bodies.items() if kind.startswith("text/"))
        return ResponseRule(
            schema=content.get("schema", {}),
            examples=self._examples(content),
            headers={name: str(header["example"]) for name, header in headers.items() if "example" in header},
            announcements={name: str(each["examples"][0]) for name, each in schemas.items() if "examples" in each},
            text=next(((kind, str(next(iter(examples), "text"))) for kind, examples in texts), None),
        )

    def _examples(self, content: JsonObject) -> tuple[Any, ...]:
        own = [content["example"]] if "example" in content else []
        return (*own, *(self.resolve(example)["value"] for example in content.get("examples", {}).values()))


def _types(schema: JsonObject) -> tuple[str, ...]:
    types: str | list[str] = schema.get("type", [])
    return (types,) if isinstance(types, str) else tuple(types)


@cache
def parsed_contract() -> JsonObject:
    """The contract, parsed once for all views, which only read it."""
    return read_contract()


@cache
def read_view(operation_id: str = POST_GENERATE_IMAGE_V4.operation_id) -> ContractView:
    """Read an operation of the installed contract, generate by default. Later calls return the same view."""
    return ContractView(OPERATIONS[operation_id], document=parsed_contract())


def find_view(operation: str | Operation) -> ContractView:
    """Read an operation, given itself or by its name: that of the client's method, or the operationId.

    Raises:
        ValueError: There is no such operation.
    """
    wanted = operation if isinstance(operation, str) else operation.operation_id
    for known in OPERATIONS.values():
        if wanted in {known.operation_id, known.method_name}:
            return read_view(known.operation_id)
    methods = ", ".join(known.method_name for known in OPERATIONS.values())
    raise ValueError(f"operation: there is no {wanted!r}; the client's methods are {methods}.")


def link_example(view: ContractView) -> str:
    """Return the first link to an image in the examples of the operation's 200.

    Raises:
        NoExampleError: There is none: the operation makes no images, or the contract lacks the example.
    """
    rule = view.responses.get(200)
    bodies = [body for body in (rule.examples if rule else ()) if is_object(body)]
    images = [image for body in bodies for image in body.get("data", ())]
    for url in (image.get("url") for image in images if is_object(image)):
        if url:
            return str(url)
    raise NoExampleError(f"{view.operation.operation_id}: no example of its 200 has a link to an image")


_TEXTS: Final[Mapping[str, str]] = {
    "date": "2026-01-02",
    "date-time": "2026-01-02T03:04:05Z",
    "uri": "https://example.test/",
    "uuid": "6d6f636b-0000-4000-8000-000000000000",
}


class NoExampleError(LookupError):
    """The contract has no example of a response, and none could be made that matches its schema."""


def example_of(view: ContractView, schema: JsonObject) -> Any:
    """Return a value that matches a schema, the same each time: its own example, or one made member by member.

    Args:
        view: The contract.
        schema: A schema of it.

    Raises:
        NoExampleError: The value breaks a rule that cannot be solved, for example that items are unique.
    """
    value = _make(view, schema)
    for error in view.validator(schema).iter_errors(value):
        place = "/".join(map(str, error.instance_path)) or "the whole"
        raise NoExampleError(
            f"{view.operation.operation_id}: the contract has no example of a response, and none can be made, because "
            f"{place} has the rule {error.kind.name}; add an example to the contract"
        )
    return value


def _make(view: ContractView, schema: JsonObject) -> Any:
    schema = view.resolve(schema)
    for keyword in ("const", "example", "default"):
        if keyword in schema:
            return schema[keyword]
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema and "properties" not in schema:
            return _make(view, schema[keyword][0])
    made = [_make(view, part) for part in schema.get("allOf", ())]
    own = _of_type(view, schema)
    objects = [value for value in [*made, own] if is_object(value)]
    return {name: member for value in objects for name, member in value.items()} if objects else next(iter(made), own)


def _of_type(view: ContractView, schema: JsonObject) -> Any:
    types: str | list[str] = schema.get("type", "object" if "properties" in schema else "null")
    match types if isinstance(types, str) else types[0]:
        case "object":
            return {name: _make(view, part) for name, part in schema.get("properties", {}).items()}
        case "array":
            return [_make(view, schema.get("items", {})) for _ in range(max(1, schema.get("minItems", 1)))]
        case "boolean":
            return True
        case "integer" | "number":
            return schema.get("minimum", schema.get("maximum", 1))
        case "string" if "pattern" in schema:
            return _text_like(schema["pattern"], schema.get("minLength", 0))
        case "string":
            text = _TEXTS.get(schema.get("format", ""), "text")
            return text.ljust(schema.get("minLength", 0), ".")[: schema.get("maxLength")]
        case _:
            return None


@cache
def _text_like(pattern: str, shortest: int) -> str:
    """Return the simplest text of a length or more that matches a pattern."""
    from hypothesis import Phase, find, settings  # noqa: PLC0415 - slow to import, and few answers need it
    from hypothesis import strategies as st  # noqa: PLC0415

    whole = pattern.startswith("^") and pattern.endswith("$")
    texts = st.from_regex(re.compile(pattern, re.ASCII), fullmatch=whole)
    quick = settings(database=None, derandomize=True, phases=[Phase.generate, Phase.shrink])  # to explain takes longer
    return find(texts, lambda text: len(text) >= shortest, settings=quick)
