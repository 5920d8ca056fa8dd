"""Reads OpenAPI documents of any author from a file or an https address, and follows their references."""

from __future__ import annotations

import ipaddress
import json
import re
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import anyio
import attrs
import httpx
import yaml
from regeneration.documents import (
    LOADER,
    Pointer,
    RegenerationError,
    at,
    check_events,
    find,
    is_list,
    is_mapping,
    plain_value,
    pointer_text,
    printable,
    shorten,
)

MAX_BYTES: Final = 20_000_000
"""The provider's document has 1.1 million."""
MAX_REDIRECTS: Final = 5
MAX_DEPTH: Final = 200
_HEADERS: Final = {"Accept": "application/json, application/yaml;q=0.9, */*;q=0.1", "User-Agent": "ideogram-ai drift"}
_JSON: Final = re.compile(r'\s*\{\s*["}]')
_HTML: Final = re.compile(r"\s*<(!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)


class DriftError(RegenerationError):
    """The check cannot tell whether anything changed. The message is one printable line."""

    def __init__(self, message: str) -> None:
        super().__init__(printable(shorten(message, 1000)))


@attrs.frozen
class Document:
    """An OpenAPI document; its name is its file or address.

    The libraries `referencing` and `jsonref` resolve references to values. A difference is reported with its place, so
    here a reference resolves to a pointer.
    """

    name: str
    data: dict[str, Any]

    @property
    def is_3_0(self) -> bool:
        """Whether it is OpenAPI 3.0, which ignores everything beside a `$ref`."""
        return str(self.data.get("openapi", "")).startswith("3.0")

    def at(self, pointer: Pointer) -> Any:
        """Return the node at a pointer that leads somewhere."""
        return at(self.data, pointer)

    def nearest(self, pointer: Pointer) -> Pointer:
        """Return the longest part of a pointer that leads somewhere."""
        node: Any = self.data
        for length, token in enumerate(pointer):
            try:
                node = node[token]
            except (KeyError, IndexError, TypeError):
                return pointer[:length]
        return pointer

    def error(self, pointer: Pointer, message: str) -> DriftError:
        """Make an error about a place in this document."""
        return DriftError(f"{self.name}: #{pointer_text(pointer)}: {message}")

    def follow(self, pointer: Pointer) -> Pointer:
        """Follow the references at a pointer to the first node that has none."""
        trail = [pointer]
        while is_mapping(node := self.at(trail[-1])) and "$ref" in node:
            target = self.target(trail[-1], node["$ref"])
            if target in trail:
                raise self.cycle([*trail, target])
            trail.append(target)
        return trail[-1]

    def node(self, pointer: Pointer) -> Node:
        """Return the mapping at a pointer, behind all references."""
        place = self.follow(pointer)
        value = self.at(place)
        if not is_mapping(value):
            raise self.error(place, "a mapping is expected here")
        return Node(self, place, value)

    def target(self, place: Pointer, reference: object) -> Pointer:
        """Find the place that one reference leads to."""
        if not isinstance(reference, str):
            raise self.error(place, f"the $ref {reference!r} is not text")
        if reference != "#" and not reference.startswith("#/"):
            message = f"the $ref {reference} is not a pointer into this document; bundle the document into one file"
            raise self.error(place, message)
        target, missing = find(self.data, unquote(reference))
        if missing is not None:
            message = f"the $ref {reference} is broken: #{pointer_text(target)} holds no {missing}"
            raise self.error(place, message)
        return target

    def cycle(self, trail: list[Pointer]) -> DriftError:
        """Make an error about references that lead back to the last place of a trail."""
        ring = trail[trail.index(trail[-1]) :]
        names = " -> ".join(f"#{pointer_text(pointer)}" for pointer in ring)
        return self.error(ring[0], f"the references are cyclic, so they cannot be followed to an end: {names}")


class Node(NamedTuple):
    """A mapping in a document, and its place."""

    document: Document
    pointer: Pointer
    value: dict[str, Any]

    def error(self, message: str) -> DriftError:
        """Make an error about it."""
        return self.document.error(self.pointer, message)

    def members(self, name: str) -> dict[str, Node]:
        """Return the members of a mapping in it, none when there is no such mapping."""
        holder = self.document.node((*self.pointer, name)) if name in self.value else Node(self.document, (), {})
        keys = (key for key in holder.value if not (name == "responses" and key.startswith("x-")))
        return {key: self.document.node((*holder.pointer, key)) for key in keys}

    def items(self, name: str) -> list[Node]:
        """Return the items of a list in it, none when there is no such list."""
        listed = self.value.get(name, [])
        if not is_list(listed):
            raise self.document.error((*self.pointer, name), "a list is expected here")
        return [self.document.node((*self.pointer, name, index)) for index in range(len(listed))]


def read_source(source: str, *, timeout: float) -> bytes:
    """Read a document from a file or an https address (http on this machine alone), within a time limit in seconds.

    Raises:
        DriftError: It cannot be read, is too large, or does not arrive in time.
    """
    try:
        if "://" in source:
            return anyio.run(_download, source, timeout)
        with Path(source).open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except httpx.TooManyRedirects:
        raise DriftError(f"{_without_secrets(source)} redirects more than {MAX_REDIRECTS} times") from None
    except TimeoutError:
        raise DriftError(f"{_without_secrets(source)} took longer than {timeout:g} seconds") from None
    except httpx.InvalidURL as error:
        raise DriftError(f"{source} is not an address: {error}") from None
    except (httpx.HTTPError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise DriftError(f"{_without_secrets(source)} cannot be read: {reason}") from None
    if len(content) > MAX_BYTES:
        raise DriftError(f"{source} is larger than {MAX_BYTES} bytes")
    return content


async def _download(source: str, timeout: float) -> bytes:
    """Download everything or fail. The time limit covers redirects and slow headers too."""
    client = httpx.AsyncClient(
        timeout=timeout,
        headers=_HEADERS,
        follow_redirects=True,
        max_redirects=MAX_REDIRECTS,
        event_hooks={"request": [_check_address]},
    )
    with anyio.fail_after(timeout):
        async with client, client.stream("GET", source) as response:
            return await _body(response)


async def _check_address(request: httpx.Request) -> None:
    url = request.url
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        name = _without_secrets(str(url))
        raise DriftError(f"{name} is not read: only https addresses are, and http ones of this machine")


async def _body(response: httpx.Response) -> bytes:
    name = _without_secrets(str(response.url))
    if not response.is_success:
        raise DriftError(f"{name} answered with status {response.status_code}, so there is no document")
    content = bytearray()
    async for chunk in response.aiter_bytes():
        content += chunk
        if len(content) > MAX_BYTES:
            raise DriftError(f"{name} is larger than {MAX_BYTES} bytes")
    return bytes(content)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _without_secrets(source: str) -> str:
    try:
        return str(httpx.URL(source).copy_with(userinfo=b"", query=None, fragment=None)) if "://" in source else source
    except httpx.InvalidURL:
        return source


def parse_document(name: str, source: bytes) -> Document:
    """Parse an OpenAPI document: JSON or YAML, in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Raises:
        DriftError: It is something else, or nested too deeply.
    """
    try:
        text = source.decode(json.detect_encoding(source)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DriftError(f"{name} is not text: {error.reason} at byte {error.start}") from None
    if _HTML.match(text):
        raise DriftError(f"{name} is a web page; has the document moved, or is a log-in needed?")
    data = _parse_json(name, text) if _JSON.match(text) else _parse_yaml(name, text)
    if not is_mapping(data):
        raise DriftError(f"{name} is not an OpenAPI document: it does not hold a mapping")
    version = data.get("openapi", data.get("swagger"))
    if not isinstance(version, str) or not version.startswith("3."):
        reason = f"its version is {json.dumps(version, default=str)}" if version is not None else "it names no version"
        raise DriftError(f"{name} is not an OpenAPI 3 document: {reason}")
    return Document(name, data)


def _parse_json(name: str, text: str) -> Any:
    def refuse(constant: str) -> Any:
        raise ValueError(f"JSON has no {constant}")

    too_deep = DriftError(f"{name}: nested more than {MAX_DEPTH} levels deep")
    try:
        data = json.loads(text, parse_constant=refuse)
    except json.JSONDecodeError as error:
        raise DriftError(f"{name}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}") from None
    except ValueError as error:
        raise DriftError(f"{name}: this is not JSON: {error}") from None
    except RecursionError:
        raise too_deep from None
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in (node.values() if is_mapping(node) else node)]
        level = [node for node in level if isinstance(node, dict | list)]
        if not level:
            return data
    raise too_deep


def _parse_yaml(name: str, text: str) -> Any:
    try:
        check_events(Path(name), text, MAX_DEPTH)
        root = yaml.compose(text, LOADER)
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else name
        raise DriftError(f"{place}: this is neither JSON nor YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise DriftError(f"{name} is neither JSON nor YAML: {error}") from None
    return None if root is None else _plain(root)


def _plain(node: yaml.Node) -> Any:
    """Make plain data with the types of JSON and text as keys: a status is written 200 as often as '200'."""
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(value) for value in node.value]
    text = str(node.value)
    value = plain_value(text) if isinstance(node, yaml.ScalarNode) and not node.style else text
    return text if value is ... else value
