"""Finds an operation of our contract in another document."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs
from regeneration.documents import is_list, is_mapping

from drifting.errors import DriftError
from drifting.reading import operations

if TYPE_CHECKING:
    from drifting.references import Document

_TEMPLATE: Final = re.compile(r"\{[^{}]*\}")


@attrs.frozen
class Location:
    """Where an operation was found; moved says that only its operationId was."""

    path: str
    method: str
    moved: bool = False

    @property
    def name(self) -> str:
        """Method and path as people write them."""
        return f"{self.method.upper()} {self.path}"


def locate(ours: Document, path: str, method: str, theirs: Document) -> Location:
    """Find an operation by path and method, and if there is none, by its operationId.

    Args:
        ours: The document that has the operation.
        path: Its path there.
        method: Its method, in lower case.
        theirs: The document to look in.

    Raises:
        DriftError: The operation has gone, or several answer to its operationId.
    """
    there = [Location(path, method) for path, method in operations(theirs)]
    wanted = _whole_path(ours, path, method)
    for location in there:
        if location.method == method and _whole_path(theirs, location.path, location.method) == wanted:
            return location
    operation_id = _operation_id(ours, Location(path, method))
    named = [known for known in there if operation_id and _operation_id(theirs, known) == operation_id]
    if len(named) == 1:
        return attrs.evolve(named[0], moved=True)
    name = f"{method.upper()} {path}"
    if named:
        places = ", ".join(location.name for location in named)
        raise DriftError(f"{theirs.name}: {name} has gone, and {operation_id} is the operationId of several: {places}")
    near = difflib.get_close_matches(path, {location.path for location in there}, n=3)
    hint = f"; the nearest paths are {', '.join(near)}" if near else ""
    looked = f"none of its {len(there)} operations has this path and method, or the operationId {operation_id}"
    raise DriftError(f"{theirs.name}: {name} has gone: {looked}{hint}")


def _operation(document: Document, location: Location) -> tuple[dict[str, Any], dict[str, Any]]:
    item: dict[str, Any] = document.at(document.follow(("paths", location.path)))
    operation = item[location.method]
    return operation if is_mapping(operation) else {}, item


def _operation_id(document: Document, location: Location) -> str:
    return str(_operation(document, location)[0].get("operationId", ""))


def _whole_path(document: Document, path: str, method: str) -> str:
    """The path with that of the server before it, and without the names of its parameters: they are never sent."""
    nodes = (*_operation(document, Location(path, method)), document.data)
    lists: list[list[Any]] = [node["servers"] for node in nodes if is_list(node.get("servers"))]
    first = next((servers[0] for servers in lists if servers), None)
    url = first.get("url", "") if is_mapping(first) else ""
    try:
        base = urlsplit(str(url)).path
    except ValueError:
        raise document.error(("servers",), f"{url} is no address") from None
    return _TEMPLATE.sub("{}", base.rstrip("/") + "/" + path.strip("/"))
