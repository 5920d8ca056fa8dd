"""Finds an operation in a document, and reads what a caller sees of it."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
from regeneration.documents import METHODS, Pointer, is_list, is_mapping

from drifting.document import Document, DriftError
from drifting.schema import Normaliser, Schema

_IGNORED_HEADERS: Final = frozenset({"accept", "authorization", "content-type"})
"""Headers that OpenAPI does not let a parameter describe."""
_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_TEMPLATE: Final = re.compile(r"\{[^{}]*\}")


@attrs.frozen
class Location:
    """Where an operation is in a document; the method is in lower case. Moved: only its operationId was found."""

    path: str
    method: str
    moved: bool = False

    @property
    def name(self) -> str:
        """Method and path as people write them."""
        return f"{self.method.upper()} {self.path}"

    @property
    def without_names(self) -> str:
        """The same without the names of the path's parameters."""
        return _TEMPLATE.sub("{}", self.name)


@attrs.frozen(eq=False)
class Parameter:
    """A parameter of a request, or a header of a response.

    Attributes:
        settings: How the value is written: style, explode, allowReserved, media type.
    """

    pointer: Pointer
    place: str
    name: str
    required: bool
    deprecated: bool
    settings: Mapping[str, Any]
    schema: Schema


@attrs.frozen(eq=False)
class Media:
    """A body in one media type.

    Attributes:
        name: The media type in lower case, without parameters.
        encoding: How each field is sent: the place of its encoding and what is written there, without defaults.
    """

    pointer: Pointer
    name: str
    schema: Schema
    encoding: Mapping[str, tuple[Pointer, Mapping[str, Any]]]


@attrs.frozen(eq=False)
class Message:
    """The body of a request, or the response with one status."""

    pointer: Pointer
    content: Mapping[str, Media]
    required: bool = False
    headers: Mapping[tuple[str, str], Parameter] = attrs.field(factory=dict[tuple[str, str], Parameter])


@attrs.frozen(eq=False)
class ApiOperation:
    """An operation.

    Attributes:
        operation_id: Empty if it has none.
        servers: Its addresses, without a slash at the end.
        security: The alternative ways to authenticate. Each is the set of what a request needs, empty for nothing.
        parameters: By place and name: headers in lower case, path parameters by position, as names are never sent.
        body: None without one.
        responses: By status, which may be "4XX" or "default".
        places: Where operationId, servers and security stand, which may be above the operation.
    """

    document: Document
    pointer: Pointer
    location: Location
    operation_id: str
    deprecated: bool
    servers: tuple[str, ...]
    security: frozenset[frozenset[str]]
    parameters: Mapping[tuple[str, str], Parameter]
    body: Message | None
    responses: Mapping[str, Message]
    places: Mapping[str, Pointer]


def operations(document: Document) -> Iterator[Location]:
    """Yield the location of each operation of a document.

    Raises:
        DriftError: A reference in place of a path is broken or cyclic.
    """
    paths = document.data.get("paths", {})
    if not is_mapping(paths):
        raise document.error(("paths",), "a mapping is expected here")
    for path in paths:
        item = document.at(document.follow(("paths", path)))
        yield from (Location(path, method) for method in METHODS if is_mapping(item) and method in item)


def locate(ours: Document, wanted: Location, theirs: Document) -> Location:
    """Find an operation in another document by method and path, or else by its operationId.

    Raises:
        DriftError: The operation has gone, or several have its operationId.
    """
    candidates = list(operations(theirs))
    whole_path = _whole_path(ours, wanted)
    for location in candidates:
        if location.method == wanted.method and _whole_path(theirs, location) == whole_path:
            return location
    operation_id = _operation_id(ours, wanted)
    named = [location for location in candidates if operation_id and _operation_id(theirs, location) == operation_id]
    if len(named) == 1:
        return attrs.evolve(named[0], moved=True)
    if named:
        places = ", ".join(location.name for location in named)
        message = f"{wanted.name} has gone, and several operations have the operationId {operation_id}: {places}"
        raise DriftError(f"{theirs.name}: {message}")
    near = difflib.get_close_matches(wanted.path, {location.path for location in candidates}, n=3)
    hint = f"; the nearest paths are {', '.join(near)}" if near else ""
    missing = f"none of its {len(candidates)} operations has this path and method, or the operationId {operation_id}"
    raise DriftError(f"{theirs.name}: {wanted.name} has gone: {missing}{hint}")


def _whole_path(document: Document, location: Location) -> str:
    """The path with that of the server before it, and without the names of its parameters, which are never sent."""
    item = document.mapping(("paths", location.path))[1]
    nodes = (item[location.method], item, document.data)
    lists = [node["servers"] for node in nodes if is_mapping(node) and is_list(node.get("servers"))]
    first = next((servers[0] for servers in lists if servers), None)
    url = first.get("url", "") if is_mapping(first) else ""
    try:
        base = urlsplit(str(url)).path
    except ValueError:
        raise document.error(("servers",), f"{url} is not an address") from None
    return _TEMPLATE.sub("{}", base.rstrip("/") + "/" + location.path.strip("/"))


def _operation_id(document: Document, location: Location) -> str:
    operation = document.mapping(("paths", location.path))[1][location.method]
    return str(operation.get("operationId", "")) if is_mapping(operation) else ""


class OperationReader:
    """Reads operations of one document; a schema that several reach is normalised once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._normaliser = Normaliser(document)

    def operation(self, location: Location) -> ApiOperation:
        """Read one operation, and normalise everything that it reaches.

        Raises:
            DriftError: Something that it reaches is not understood, for example a reference that is broken or cyclic.
        """
        item, shared = self.document.mapping(("paths", location.path))
        pointer, raw = self.document.mapping((*item, location.method))
        lookup = [(pointer, raw), (item, shared), ((), self.document.data)]
        servers = next(((*place, "servers") for place, node in lookup if node.get("servers")), ())
        secured = next(((*place, "security") for place, node in lookup if "security" in node), ())
        return ApiOperation(
            document=self.document,
            pointer=pointer,
            location=location,
            operation_id=str(raw.get("operationId", "")),
            deprecated=raw.get("deprecated") is True,
            servers=self._servers(servers),
            security=self._security(secured),
            parameters=self._parameters(item, location.path) | self._parameters(pointer, location.path),
            body=self._body((*pointer, "requestBody")) if "requestBody" in raw else None,
            responses=self._responses((*pointer, "responses")),
            places={"operationId": (*pointer, "operationId"), "servers": servers, "security": secured},
        )

    def _members(self, pointer: Pointer) -> dict[str, Pointer]:
        """Return the places of the members of a mapping, none when there is no such mapping."""
        if pointer[-1] not in self.document.at(pointer[:-1]):
            return {}
        place, node = self.document.mapping(pointer)
        return {name: (*place, name) for name in node}

    def _items(self, pointer: Pointer) -> list[Pointer]:
        listed = self.document.at(pointer[:-1]).get(pointer[-1], [])
        if not is_list(listed):
            raise self.document.error(pointer, "a list is expected here")
        return [(*pointer, index) for index in range(len(listed))]

    def _servers(self, pointer: Pointer) -> tuple[str, ...]:
        if not pointer:
            return ("",)
        servers = [self.document.mapping(place)[1] for place in self._items(pointer)]
        return tuple(str(server.get("url", "")).rstrip("/") for server in servers)

    def _security(self, pointer: Pointer) -> frozenset[frozenset[str]]:
        """Read the ways to authenticate: names of security schemes mean nothing, only what they need does."""
        ways: Any = self.document.at(pointer) if pointer else []
        if not is_list(ways) or not all(is_mapping(way) for way in ways):
            raise self.document.error(pointer, "a list of security requirements is expected here")
        return frozenset(
            frozenset(self._needed((*pointer, index, name), scopes) for name, scopes in way.items())
            for index, way in enumerate(ways or [{}])
        )

    def _needed(self, place: Pointer, scopes: Any) -> str:
        """Say what a security scheme needs, for example "apiKey in header api-key"."""
        declared = ("components", "securitySchemes", place[-1])
        if self.document.nearest(declared) != declared:
            raise self.document.error(place, f"the security scheme {place[-1]} is declared nowhere")
        _, scheme = self.document.mapping(declared)
        words = [str(scheme.get("type"))]
        if "in" in scheme:
            name = str(scheme.get("name"))
            words += ["in", str(scheme["in"]), name.lower() if scheme["in"] == "header" else name]
        words += [str(scheme["scheme"]).lower()] if "scheme" in scheme else []
        return " ".join([*words, *sorted(str(scope) for scope in (scopes if is_list(scopes) else []))])

    def _parameters(self, owner: Pointer, path: str) -> dict[tuple[str, str], Parameter]:
        found: dict[tuple[str, str], Parameter] = {}
        for written in self._items((*owner, "parameters")):
            place, raw = self.document.mapping(written)
            kind, name = str(raw.get("in", "")), str(raw.get("name", ""))
            if kind not in _STYLES or not name:
                raise self.document.error(place, "a parameter needs a name and a place (in)")
            key = (kind, name.lower() if kind == "header" else name)
            if kind == "path":
                key = (kind, str(path.find(f"{{{name}}}")))
            if kind != "header" or key[1] not in _IGNORED_HEADERS:
                found[key] = self._parameter(place, raw, kind, name)
        return found

    def _parameter(self, pointer: Pointer, raw: dict[str, Any], kind: str, name: str) -> Parameter:
        style = raw.get("style", _STYLES[kind])
        explode = raw.get("explode", style == "form")
        settings = {"style": style, "explode": explode, "allowReserved": raw.get("allowReserved", False)}
        schema = self._normaliser.schema((*pointer, "schema")) if "schema" in raw else Schema(pointer)
        for media in list(self._content(pointer).values())[:1]:
            settings, schema = {"content": media.name}, media.schema
        required = raw.get("required") is True
        return Parameter(pointer, kind, name, required, raw.get("deprecated") is True, settings, schema)

    def _content(self, pointer: Pointer) -> dict[str, Media]:
        found: dict[str, Media] = {}
        for name, written in self._members((*pointer, "content")).items():
            place, raw = self.document.mapping(written)
            media_type = name.partition(";")[0].strip().lower()
            schema = self._normaliser.schema((*place, "schema")) if "schema" in raw else Schema(place)
            fields = self._members((*place, "encoding")).items()
            encoding = {field: (where, self.document.mapping(where)[1]) for field, where in fields}
            found.setdefault(media_type, Media(place, media_type, schema, encoding))
        return found

    def _body(self, pointer: Pointer) -> Message:
        place, raw = self.document.mapping(pointer)
        return Message(place, self._content(place), raw.get("required") is True)

    def _responses(self, pointer: Pointer) -> dict[str, Message]:
        found: dict[str, Message] = {}
        for status, written in self._members(pointer).items():
            if status.startswith("x-"):
                continue
            place, _ = self.document.mapping(written)
            headers: dict[tuple[str, str], Parameter] = {}
            for name, header in self._members((*place, "headers")).items():
                if name.lower() != "content-type":
                    where, raw = self.document.mapping(header)
                    headers["header", name.lower()] = self._parameter(where, raw, "header", name)
            key = status if status == "default" else status.upper()
            found[key] = Message(place, self._content(place), headers=headers)
        return found
