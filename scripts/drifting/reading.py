"""Reads an operation out of a document and normalises all that it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from regeneration.documents import METHODS, is_list, is_mapping

from drifting.normalise import Normaliser
from drifting.operation import Answer, Body, Encoding, Media, Operation, Parameter
from drifting.schema import Schema
from drifting.security import security_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regeneration.documents import Pointer

    from drifting.references import Document

_NO_PARAMETERS: Final = frozenset({"accept", "authorization", "content-type"})
"""Headers that OpenAPI does not let a parameter describe."""
_STYLES: Final = {"query": "form", "cookie": "form", "path": "simple", "header": "simple"}


def read_operation(document: Document, path: str, method: str) -> Operation:
    """Read one operation.

    Args:
        document: A document that has the operation.
        path: The path, as it is written there.
        method: The method, in lower case.

    Raises:
        DriftError: Something that the operation reaches cannot be understood, a reference that is broken or cyclic say.
    """
    return _Reader(document).operation(path, method)


def operations(document: Document) -> Iterator[tuple[str, str]]:
    """Yield path and method of every operation of a document, whatever else is in it.

    Raises:
        DriftError: A reference in place of a path is broken or cyclic.
    """
    paths = document.data.get("paths", {})
    if not is_mapping(paths):
        raise document.error(("paths",), "a mapping is expected here")
    for path in paths:
        item = document.at(document.follow(("paths", path)))
        yield from ((path, method) for method in METHODS if is_mapping(item) and method in item)


class _Reader:
    def __init__(self, document: Document) -> None:
        self._document = document
        self._normaliser = Normaliser(document)

    def operation(self, path: str, method: str) -> Operation:
        item, shared = self._mapping(("paths", path))
        pointer, raw = self._mapping((*item, method))
        lookup = [(pointer, raw), (item, shared), ((), self._document.data)]
        servers = next(((*place, "servers") for place, node in lookup if node.get("servers")), ())
        secured = next(((*place, "security") for place, node in lookup if "security" in node), ())
        return Operation(
            document=self._document,
            pointer=pointer,
            path=path,
            method=method,
            operation_id=str(raw.get("operationId", "")),
            deprecated=raw.get("deprecated") is True,
            servers=self._servers(servers),
            security=security_of(self._document, secured),
            parameters=self._parameters((*item, "parameters"), path) | self._parameters((*pointer, "parameters"), path),
            body=self._body((*pointer, "requestBody")) if "requestBody" in raw else None,
            answers=self._answers((*pointer, "responses")),
            places={"operationId": (*pointer, "operationId"), "servers": servers, "security": secured},
        )

    def _mapping(self, pointer: Pointer) -> tuple[Pointer, dict[str, Any]]:
        """Return a mapping and its place behind all references."""
        place = self._document.follow(pointer)
        node = self._document.at(place)
        if not is_mapping(node):
            raise self._document.error(place, "a mapping is expected here")
        return place, node

    def _below(self, pointer: Pointer) -> dict[str, Pointer]:
        """Return the places of the members of a mapping, none when there is no such mapping."""
        if pointer[-1] not in self._document.at(pointer[:-1]):
            return {}
        place, node = self._mapping(pointer)
        return {name: (*place, name) for name in node}

    def _listed(self, pointer: Pointer) -> list[Pointer]:
        listed = self._document.at(pointer[:-1]).get(pointer[-1], [])
        if not is_list(listed):
            raise self._document.error(pointer, "a list is expected here")
        return [(*pointer, index) for index in range(len(listed))]

    def _servers(self, pointer: Pointer) -> tuple[str, ...]:
        if not pointer:
            return ("",)
        return tuple(str(self._mapping(place)[1].get("url", "")).rstrip("/") for place in self._listed(pointer))

    def _parameters(self, pointer: Pointer, path: str) -> dict[tuple[str, str], Parameter]:
        found: dict[tuple[str, str], Parameter] = {}
        for written in self._listed(pointer):
            place, raw = self._mapping(written)
            kind, name = str(raw.get("in", "")), str(raw.get("name", ""))
            if kind not in _STYLES or not name:
                raise self._document.error(place, "a parameter needs a name and a place (in)")
            key = (kind, name.lower() if kind == "header" else name)
            if kind == "path":
                key = (kind, str(path.find(f"{{{name}}}")))
            if key not in {("header", header) for header in _NO_PARAMETERS}:
                found[key] = self._parameter(place, raw, kind, name)
        return found

    def _parameter(self, pointer: Pointer, raw: dict[str, Any], kind: str, name: str) -> Parameter:
        style = raw.get("style", _STYLES[kind])
        settings = {
            "style": style,
            "explode": raw.get("explode", style == "form"),
            "allowReserved": raw.get("allowReserved", False),
        }
        schema = Schema(pointer)
        if "schema" in raw:
            schema = self._normaliser.schema((*pointer, "schema"))
        for media in list(self._content(pointer).values())[:1]:
            settings, schema = {"content": media.name}, media.schema
        required = raw.get("required") is True
        return Parameter(pointer, kind, name, required, raw.get("deprecated") is True, settings, schema)

    def _content(self, pointer: Pointer) -> dict[str, Media]:
        found: dict[str, Media] = {}
        for name, written in self._below((*pointer, "content")).items():
            place, raw = self._mapping(written)
            media_type = name.partition(";")[0].strip().lower()
            schema = self._normaliser.schema((*place, "schema")) if "schema" in raw else Schema(place)
            encoding = {
                field: Encoding(where, self._mapping(where)[1])
                for field, where in self._below((*place, "encoding")).items()
            }
            found.setdefault(media_type, Media(place, media_type, schema, encoding))
        return found

    def _body(self, pointer: Pointer) -> Body:
        place, raw = self._mapping(pointer)
        return Body(place, raw.get("required") is True, self._content(place))

    def _answers(self, pointer: Pointer) -> dict[str, Answer]:
        found: dict[str, Answer] = {}
        statuses = {name: place for name, place in self._below(pointer).items() if not name.startswith("x-")}
        for status, written in statuses.items():
            place, _ = self._mapping(written)
            headers: dict[tuple[str, str], Parameter] = {}
            for name, header in self._below((*place, "headers")).items():
                if name.lower() != "content-type":
                    where, raw = self._mapping(header)
                    headers["header", name.lower()] = self._parameter(where, raw, "header", name)
            key = status if status == "default" else status.upper()
            found[key] = Answer(place, key, self._content(place), headers)
        return found
