"""Compares operations and whole documents: how operations are called, what they take and what they return."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias
from urllib.parse import urlsplit

import attrs
from regeneration.documents import METHODS, is_list, is_mapping

from drifting.compare import Comparison, Differences, Direction, DriftVerdict, Effect, Side, gone, presence
from drifting.document import Document, DriftError
from drifting.schema import Normaliser, Schema, json_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from regeneration.documents import Pointer

    from drifting.document import Node

_IGNORED_HEADERS: Final = frozenset({"accept", "authorization", "content-type"})
"""Headers that OpenAPI does not let a parameter describe."""
_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}
_FORMS: Final = frozenset({"multipart/form-data", "application/x-www-form-urlencoded"})
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


def operations(document: Document) -> Iterator[Location]:
    """Yield the location of each operation of a document."""
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
    wanted_id = operation_id(ours, wanted)
    named = [location for location in candidates if wanted_id and operation_id(theirs, location) == wanted_id]
    if len(named) == 1:
        return attrs.evolve(named[0], moved=True)
    if named:
        places = ", ".join(location.name for location in named)
        message = f"{wanted.name} has gone, and several operations have the operationId {wanted_id}: {places}"
        raise DriftError(f"{theirs.name}: {message}")
    near = difflib.get_close_matches(wanted.path, {location.path for location in candidates}, n=3)
    hint = f"; the nearest paths are {', '.join(near)}" if near else ""
    missing = f"none of its {len(candidates)} operations has this path and method, or the operationId {wanted_id}"
    raise DriftError(f"{theirs.name}: {wanted.name} has gone: {missing}{hint}")


def _whole_path(document: Document, location: Location) -> str:
    """The path with that of the server before it, and without the names of its parameters, which are never sent."""
    item = document.node(("paths", location.path)).value
    nodes = (item[location.method], item, document.data)
    lists = [node["servers"] for node in nodes if is_mapping(node) and is_list(node.get("servers"))]
    first = next((servers[0] for servers in lists if servers), None)
    url = first.get("url", "") if is_mapping(first) else ""
    try:
        base = urlsplit(str(url)).path
    except ValueError:
        raise document.error(("servers",), f"{url} is not an address") from None
    return _TEMPLATE.sub("{}", base.rstrip("/") + "/" + location.path.strip("/"))


def operation_id(document: Document, location: Location) -> str:
    """The operationId of an operation; empty without one."""
    operation = document.node(("paths", location.path)).value[location.method]
    return str(operation.get("operationId", "")) if is_mapping(operation) else ""


class ComparedParameter(NamedTuple):
    """A parameter of a request, or a header of a response; the settings say how its value is written."""

    node: Node
    place: str
    name: str
    settings: Mapping[str, Any]
    schema: Schema


class Media(NamedTuple):
    """A body in one media type, whose name is in lower case and without parameters, and how its fields are sent."""

    name: str
    node: Node
    schema: Schema
    encoding: Mapping[str, Node]


class Operation:
    """One operation of a document; a schema that several reach is normalised once.

    Reading it raises a DriftError where something that it reaches is not understood, for example a broken reference.
    """

    def __init__(self, schemas: Normaliser, location: Location) -> None:
        self.location, self.schemas, self.document = location, schemas, schemas.document
        self.item = self.document.node(("paths", location.path))
        self.node = self.document.node((*self.item.pointer, location.method))
        self.pointer = self.node.pointer

    def holder(self, keyword: str, *, may_be_empty: bool) -> Node | None:
        """What says it for the operation: itself, its path, or the document."""
        nodes = (self.node, self.item, self.document.node(()))
        return next(
            (node for node in nodes if node.value.get(keyword) or (may_be_empty and keyword in node.value)), None
        )

    def servers(self) -> tuple[Pointer, list[str]]:
        """The addresses, without a slash at the end, and their place."""
        holder = self.holder("servers", may_be_empty=False)
        if holder is None:
            return (), [""]
        urls = [str(server.value.get("url", "")).rstrip("/") for server in holder.items("servers")]
        return (*holder.pointer, "servers"), urls

    def security(self) -> tuple[Pointer, frozenset[frozenset[str]]]:
        """The alternative ways to authenticate, each as the set of what a request needs, and their place.

        Names of security schemes mean nothing, only what they need does.
        """
        holder = self.holder("security", may_be_empty=True)
        pointer: Pointer = (*holder.pointer, "security") if holder else ()
        ways: Any = holder.value["security"] if holder else []
        if not is_list(ways) or not all(is_mapping(way) for way in ways):
            raise self.document.error(pointer, "a list of security requirements is expected here")
        return pointer, frozenset(
            frozenset(self._needed((*pointer, index, name), scopes) for name, scopes in way.items())
            for index, way in enumerate(ways or [{}])
        )

    def _needed(self, place: Pointer, scopes: Any) -> str:
        """Say what a security scheme needs, for example "apiKey in header api-key"."""
        declared = ("components", "securitySchemes", place[-1])
        if self.document.nearest(declared) != declared:
            raise self.document.error(place, f"the security scheme {place[-1]} is declared nowhere")
        scheme = self.document.node(declared).value
        words = [str(scheme.get("type"))]
        if "in" in scheme:
            name = str(scheme.get("name"))
            words += ["in", str(scheme["in"]), name.lower() if scheme["in"] == "header" else name]
        words += [str(scheme["scheme"]).lower()] if "scheme" in scheme else []
        return " ".join([*words, *sorted(str(scope) for scope in (scopes if is_list(scopes) else []))])

    def parameters(self) -> dict[tuple[str, str], ComparedParameter]:
        """The parameters by place and name: headers in lower case, those of the path by position: no name is sent."""
        found: dict[tuple[str, str], ComparedParameter] = {}
        for node in [*self.item.items("parameters"), *self.node.items("parameters")]:
            kind, name = str(node.value.get("in", "")), str(node.value.get("name", ""))
            if kind not in _STYLES or not name:
                raise node.error("a parameter needs a name and a place (in)")
            key = (kind, name.lower() if kind == "header" else name)
            if kind == "path":
                key = (kind, str(self.location.path.find(f"{{{name}}}")))
            if kind != "header" or key[1] not in _IGNORED_HEADERS:
                found[key] = self._parameter(node, kind, name)
        return found

    def headers(self, response: Node) -> dict[tuple[str, str], ComparedParameter]:
        """The headers of a response by their names in lower case."""
        named = {name: node for name, node in response.members("headers").items() if name.lower() != "content-type"}
        return {("header", name.lower()): self._parameter(node, "header", name) for name, node in named.items()}

    def _parameter(self, node: Node, kind: str, name: str) -> ComparedParameter:
        style = node.value.get("style", _STYLES[kind])
        explode = node.value.get("explode", style == "form")
        settings = {"style": style, "explode": explode, "allowReserved": node.value.get("allowReserved", False)}
        schema = self._schema(node)
        for media in list(self.content(node).values())[:1]:
            settings, schema = {"content": media.name}, media.schema
        return ComparedParameter(node, kind, name, settings, schema)

    def _schema(self, node: Node) -> Schema:
        return self.schemas.schema((*node.pointer, "schema")) if "schema" in node.value else Schema(node.pointer)

    def content(self, node: Node) -> dict[str, Media]:
        """The media types of a request, a response or a parameter."""
        found: dict[str, Media] = {}
        for written, media in node.members("content").items():
            name = written.partition(";")[0].strip().lower()
            found.setdefault(name, Media(name, media, self._schema(media), media.members("encoding")))
        return found

    def responses(self) -> dict[str, tuple[Node, dict[tuple[str, str], ComparedParameter], dict[str, Media]]]:
        """The responses with their headers and media types, by status, which may be "4XX" or "default"."""
        return {
            status if status == "default" else status.upper(): (node, self.headers(node), self.content(node))
            for status, node in self.node.members("responses").items()
        }


def compare_documents(old: Mapping[str, Any], new: Mapping[str, Any]) -> Differences:
    """Compare two contracts of one author, operation by operation, in the order of the old one.

    Each place begins with method and path when the contracts have more than one operation between them.

    Raises:
        DriftError: One of them is not understood.
    """
    before, after = Document("the old contract", dict(old)), Document("the new contract", dict(new))
    had, has = list(operations(before)), list(operations(after))
    schemas = Normaliser(before), Normaliser(after)
    every = list(dict.fromkeys([*had, *has]))
    found: Differences = []
    for location in every:
        name, place = location.name, ("paths", location.path, location.method)
        if location in had and location in has:
            old_one, new_one = (Operation(each, location) for each in schemas)
            found += compare_operations(old_one, new_one, f"{name} " if len(every) > 1 else "")
            continue
        there, nothing = Side(place, name), gone(("paths",))
        sides = (there, nothing) if location in had else (nothing, there)
        effect = presence(location in had, location in has)
        verdict = DriftVerdict.BREAKING if location in had else DriftVerdict.ADDITIVE
        Comparison(Direction.REQUEST, name, found).add("operation", effect, sides, verdict, name=name)
    return found


def compare_operations(old: Operation, new: Operation, prefix: str = "") -> Differences:
    """Compare an operation with a later one, or with that of somebody else: first the requests, then the responses.

    What can be reached in many ways, for example through two media types of one schema, is reported once.
    """
    request = Comparison(Direction.REQUEST, f"{prefix}request")
    _compare_call(old, new, request)
    _compare_parameters((old.pointer, old.parameters()), (new.pointer, new.parameters()), request)
    _compare_body(old, new, request)
    _compare_responses(old, new, f"{prefix}answer", request.found)
    found = [
        attrs.evolve(
            difference,
            old=attrs.evolve(difference.old, pointer=old.document.nearest(difference.old.pointer)),
            new=attrs.evolve(difference.new, pointer=new.document.nearest(difference.new.pointer)),
        )
        for difference in request.found
    ]
    first = {(d.direction, d.change, d.name, d.old.pointer, d.new.pointer): d for d in reversed(found)}
    return list(first.values())[::-1]


def _compare_call(old: Operation, new: Operation, comparison: Comparison) -> None:
    """Compare where the operation is, what it is called, and what authenticates a caller."""
    was, now = old.location.name, new.location.name
    if was != now:
        # The names of its parameters are never sent.
        verdict = DriftVerdict.COSMETIC if _TEMPLATE.sub("{}", was) == _TEMPLATE.sub("{}", now) else None
        comparison.add("path", Effect.CHANGED, (Side(old.pointer, was), Side(new.pointer, now)), verdict)
    (place, urls), (new_place, new_urls) = old.servers(), new.servers()
    if {*urls} != {*new_urls}:
        effect = Effect.WIDENED if {*urls} < {*new_urls} else Effect.CHANGED
        comparison.add("servers", effect, (Side(place, urls, bool(place)), Side(new_place, new_urls, bool(new_place))))
    ids = [str(side.node.value.get("operationId", "")) for side in (old, new)]
    if ids[0] != ids[1]:
        before, after = (
            Side((*side.pointer, "operationId"), name, bool(name)) for side, name in zip((old, new), ids, strict=True)
        )
        comparison.add("operationId", Effect.CHANGED, (before, after), DriftVerdict.COSMETIC)
    comparison.deprecated(old.node, new.node)
    secured = old.security(), new.security()
    (_, had), (_, has) = secured
    for way in [*sorted(had - has, key=sorted), *sorted(has - had, key=sorted)]:
        before, after = (Side(place, sorted(way)) if way in ways else gone(place) for place, ways in secured)
        name = " and ".join(sorted(way)) or "nothing"
        comparison.add("security", presence(way in had, way in has), (before, after), name=name)


def _compare_parameters(
    old: tuple[Pointer, Mapping[tuple[str, str], ComparedParameter]],
    new: tuple[Pointer, Mapping[tuple[str, str], ComparedParameter]],
    comparison: Comparison,
) -> None:
    """Compare the parameters of a request, or the headers of a response; each side has the place of their owner."""
    is_request = comparison.direction is Direction.REQUEST
    for key in dict.fromkeys([*old[1], *new[1]]):
        before, after = old[1].get(key), new[1].get(key)
        found = old[1][key] if before else new[1][key]
        below = comparison.below(f"{comparison.where} {found.place} {found.name}")
        if before and after:
            below.required(before.node, after.node, found.name)
            below.deprecated(before.node, after.node)
            for name in sorted(before.settings.keys() | after.settings.keys()):
                was, now = (Side((*it.node.pointer, name), it.settings.get(name)) for it in (before, after))
                if json_text(was.value) != json_text(now.value):
                    below.add(name, Effect.CHANGED, (was, now))
            below.schemas(before.schema, after.schema)
            continue
        side = Side(found.node.pointer, found.schema.plain())
        breaks = before or (found.node.value.get("required") is True and is_request)
        below.add(
            "parameter" if is_request else "header",
            presence(bool(before), bool(after)),
            (side, gone(new[0])) if before else (gone(old[0]), side),
            DriftVerdict.BREAKING if breaks else DriftVerdict.ADDITIVE,
            name=found.name,
        )


def _compare_responses(old: Operation, new: Operation, prefix: str, found: Differences) -> None:
    """Compare the responses by status. A range of statuses, or the default, replaces a missing status."""
    had, has = old.responses(), new.responses()
    paired: set[str] = set()
    for status, (node, headers, content) in had.items():
        key = next((key for key in (status, f"{status[:1]}XX", "default") if key in has), None)
        comparison = Comparison(Direction.RESPONSE, f"{prefix} {status}", found)
        if key is None:
            _add_status(comparison, status, (Side(node.pointer, status), gone(new.pointer)), Effect.REMOVED)
            continue
        paired.add(key)
        new_node, new_headers, new_content = has[key]
        _compare_parameters((node.pointer, headers), (new_node.pointer, new_headers), comparison)
        _compare_content((node.pointer, content), (new_node.pointer, new_content), comparison)
    for status, (node, _, _) in has.items():
        if status not in paired and f"{status[:1]}XX" not in had and "default" not in had:
            comparison = Comparison(Direction.RESPONSE, f"{prefix} {status}", found)
            _add_status(comparison, status, (gone(old.pointer), Side(node.pointer, status)), Effect.ADDED)


def _add_status(comparison: Comparison, status: str, sides: tuple[Side, Side], effect: Effect) -> None:
    """A caller has to know each success, and survives any error."""
    verdict = DriftVerdict.BREAKING if status.startswith("2") else DriftVerdict.ADDITIVE
    comparison.add("status", effect, sides, verdict, name=status)


def _compare_body(old: Operation, new: Operation, comparison: Comparison) -> None:
    before, after = (
        side.document.node((*side.pointer, "requestBody")) if "requestBody" in side.node.value else None
        for side in (old, new)
    )
    content = [side.content(node) if node else {} for side, node in ((old, before), (new, after))]
    if before and after:
        comparison.required(before, after, "body")
        _compare_content((before.pointer, content[0]), (after.pointer, content[1]), comparison)
    elif before or after:
        was, now = (
            Side(node.pointer, list(kinds)) if node else gone(side.pointer)
            for side, node, kinds in zip((old, new), (before, after), content, strict=True)
        )
        harmless = after is not None and after.value.get("required") is not True
        verdict = DriftVerdict.ADDITIVE if harmless else DriftVerdict.BREAKING
        comparison.add("body", presence(bool(before), bool(after)), (was, now), verdict)


_Content: TypeAlias = "tuple[Pointer, Mapping[str, Media]]"


def _compare_content(old: _Content, new: _Content, comparison: Comparison) -> None:
    """Compare the media types of a body: one more is additive, one less breaks.

    Without a common media type, the first of each are compared, since the caller will want to know what else is new.
    """
    (place, had), (new_place, has) = old, new
    pairs = [(media, partner) for media in had.values() if (partner := _partner(media, has))]
    for media in had.values():
        if all(media is not before for before, _ in pairs):
            sides = Side(media.node.pointer, media.name), gone(new_place)
            comparison.add("media type", Effect.REMOVED, sides, DriftVerdict.BREAKING, name=media.name)
    for media in has.values():
        if all(media is not after for _, after in pairs):
            sides = gone(place), Side(media.node.pointer, media.name)
            comparison.add("media type", Effect.ADDED, sides, DriftVerdict.ADDITIVE, name=media.name)
    if not pairs and had and has:
        pairs = [(next(iter(had.values())), next(iter(has.values())))]
    for before, after in pairs:
        comparison.schemas(before.schema, after.schema)
        if before.name in _FORMS and after.name in _FORMS:
            _compare_encoding(before, after, comparison)


def _partner(media: Media, others: Mapping[str, Media]) -> Media | None:
    ranges = (media.name, f"{media.name.partition('/')[0]}/*", "*/*")
    return next((others[name] for name in ranges if name in others), None)


def _compare_encoding(old: Media, new: Media, comparison: Comparison) -> None:
    """Compare how the fields that both sides have are sent; writing a default down changes nothing."""
    for field in dict.fromkeys([*old.encoding, *new.encoding]):
        if field not in old.schema.properties or field not in new.schema.properties:
            continue
        sent = [(media, _effective_encoding(media, field)) for media in (old, new)]
        for name in sorted({name for _, said in sent for name in said}):
            was, now = (
                Side((*media.encoding[field].pointer, name), said.get(name))
                if field in media.encoding and name in media.encoding[field].value
                else Side(media.node.pointer, said.get(name), present=False)
                for media, said in sent
            )
            same = json_text(was.value) == json_text(now.value)
            if same and was.present == now.present:
                continue
            effect = Effect.CHANGED if was.present == now.present else presence(was.present, now.present)
            verdict = DriftVerdict.COSMETIC if same else DriftVerdict.BREAKING
            comparison.add(f"encoding {name}", effect, (was, now), verdict, path=field, name=field)


def _effective_encoding(media: Media, field: str) -> dict[str, Any]:
    """How a field is sent: what is written, and the default content type."""
    written = media.encoding[field].value if field in media.encoding else {}
    content_types = written.get("contentType") or _default_content_type(media.schema.properties[field])
    written = {name: value for name, value in written.items() if not name.startswith("x-")}
    return {**written, "contentType": sorted(part.strip().lower() for part in str(content_types).split(","))}


def _default_content_type(schema: Schema) -> str:
    types = [name for name in schema.type_list() if name != "null"]
    if types == ["array"] and schema.items is not None:
        return _default_content_type(schema.items)
    if types == ["object"]:
        return "application/json"
    binary = len(types) != 1 or {"contentEncoding", "contentMediaType"} & schema.bounds.keys()
    return "application/octet-stream" if binary else "text/plain"
