"""Reads a contract from its file and walks through it: YAML with the place of every node, pointers, `$ref`, schemas."""

from __future__ import annotations

import hashlib
import json
import math
import re
from contextlib import suppress
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias, TypeGuard

import attrs
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
CONTRACT: Final = ROOT / "openapi" / "ideogram-v1.yaml"
CONFIGURATION: Final = ROOT / "overrides" / "generator"
OUT: Final = ROOT / "generated"
PACKAGE: Final = Path("ideogram_ai", "generated")
"""The generated package below the folder that it is written into."""

MAX_BYTES: Final = 5_000_000
MAX_DEPTH: Final = 64
METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

Pointer: TypeAlias = tuple[str | int, ...]
"""The way from the root of a document to a node: names and indexes."""

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""PyYAML's parser, in C where it has one. The contract takes it 4 ms; ruamel.yaml, which has none in C, takes 180."""

# The core schema of YAML 1.2, and what JSON can write of it.
_NULL: Final = re.compile(r"|~|null|Null|NULL")
_BOOLEAN: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_JSON: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|0x[0-9a-fA-F]+|0o[0-7]+")
_MAX_DIGITS: Final = 100
_TAGS: Final = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str"}
_NOT_PRINTABLE: Final = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Below these keywords, and below every x- field, stands data: "$ref" or "properties" mean nothing in it. The same is
# true of "default", but openapi-spec-validator (0.9.0) follows references there.
_DATA: Final = frozenset({"const", "enum", "example", "value"})
# Below these keywords stand names that the author chose.
_NAMES: Final = frozenset({"properties", "patternProperties", "$defs", "dependentSchemas", "schemas"})


def printable(text: str, allowed: str = "") -> str:
    """Escape what would move the cursor or change colours: texts of contracts may be anybody's."""
    return "".join(c if c.isprintable() or c in allowed else ascii(c)[1:-1] for c in text)


class Place(NamedTuple):
    """A place in a file; both numbers count from 1, columns in characters."""

    line: int
    column: int


class RegenerationError(Exception):
    """Regeneration stopped; the message says where, why and what to do. Nothing was written."""


class ContractError(RegenerationError):
    """The contract cannot be used. The message is always one printable line."""

    def __init__(self, path: Path, message: str, place: Place | None = None, pointer: Pointer = ()) -> None:
        where = ":".join([str(path), *map(str, place or ())])
        parts = [where, shorten(pointer_text(pointer), 160), message]
        text = ": ".join(part for part in parts if part)
        super().__init__(printable(text))


@attrs.frozen
class Contract:
    """A contract as it was read: the file, its bytes, the parsed content, and the place in the file of every node."""

    path: Path
    source: bytes
    document: dict[str, Any]
    places: dict[Pointer, Place]

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in lower-case hex."""
        return hashlib.sha256(self.source).hexdigest()

    def error(self, pointer: Pointer, message: str) -> ContractError:
        """Make an error about a node or, if there is no such node, about the nearest one above."""
        while pointer not in self.places:
            pointer = pointer[:-1]
        return ContractError(self.path, message, self.places[pointer], pointer)


def read_contract(path: Path) -> Contract:
    """Read a contract, without checking what it says.

    Raises:
        ContractError: There is no such file, it is too large, or it is not the YAML that `read_yaml` accepts.
    """
    try:
        with path.open("rb") as file:
            source = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ContractError(path, f"the contract cannot be read: {error.strerror}") from None
    if len(source) > MAX_BYTES:
        raise ContractError(path, f"the contract is larger than {MAX_BYTES} bytes")
    try:
        text = source.decode("utf-8")
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        column = len(source[source.rfind(b"\n", 0, error.start) + 1 : error.start].decode("utf-8")) + 1
        raise ContractError(path, "the contract is not UTF-8", Place(line, column)) from None
    document, places = read_yaml(path, text)
    if not is_mapping(document):
        raise ContractError(path, "the contract is not a mapping, so it is not an OpenAPI document", Place(1, 1))
    return Contract(path, source, document, places)


def read_yaml(path: Path, text: str) -> tuple[Any, dict[Pointer, Place]]:
    """Read one YAML document that every reader of YAML understands alike, with the place of every node.

    Anchors, aliases, tags, merge keys and duplicate keys are refused, and so are plain scalars of which YAML 1.1 and
    YAML 1.2 make different values, because other programs read the contract too. The place of a member is its key.

    Raises:
        ContractError: The text is not YAML, or YAML of a kind that is refused; the message names the file.
    """
    if match := _NOT_PRINTABLE.search(text):
        before = text[: match.start()]
        place = Place(before.count("\n") + 1, match.start() - before.rfind("\n"))
        raise ContractError(path, f"the character U+{ord(match.group()):04X} is not allowed in YAML", place)
    try:
        check_events(path, text)
        root = yaml.compose(text, LOADER)
    except yaml.MarkedYAMLError as wrong:
        message = f"this is not YAML: {wrong.problem or wrong.context}"
        raise ContractError(path, message, _place(wrong.problem_mark or wrong.context_mark)) from None
    if root is None:
        return None, {(): Place(1, 1)}
    reader = _YamlReader(path)
    return reader.read(root, ()), reader.places


class _YamlReader:
    """Makes plain data of composed nodes, and notes their places."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.places: dict[Pointer, Place] = {}

    def read(self, node: yaml.Node, pointer: Pointer) -> Any:
        self.places.setdefault(pointer, _place(node.start_mark))
        if isinstance(node, yaml.MappingNode):
            return {name: self.read(child, (*pointer, name)) for name, child in self._members(node, pointer)}
        if isinstance(node, yaml.SequenceNode):
            return [self.read(child, (*pointer, index)) for index, child in enumerate(node.value)]
        text = str(node.value)
        if not isinstance(node, yaml.ScalarNode) or node.style:
            return text
        value: Any = plain_value(text)
        if node.tag != f"tag:yaml.org,2002:{_TAGS.get(value.__class__)}":  # PyYAML tags by YAML 1.1
            what = f"readers of YAML differ on what {shorten(text, 40)} means"
            raise self._error(node, pointer, f"{what}; put it in quotes or write it otherwise")
        return value

    def _members(self, node: yaml.MappingNode, pointer: Pointer) -> Iterator[tuple[str, yaml.Node]]:
        for key, child in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, pointer, "a list or a mapping cannot be a key")
            here = (*pointer, str(key.value))
            if here in self.places:
                raise self._error(key, here, f"the key is there twice; first in line {self.places[here].line}")
            name = self.read(key, here)
            if not isinstance(name, str):
                raise self._error(key, pointer, f"the key {key.value} is not text; write it in quotes")
            yield name, child

    def _error(self, node: yaml.Node, pointer: Pointer, message: str) -> ContractError:
        return ContractError(self.path, message, _place(node.start_mark), pointer)


def plain_value(text: str) -> Any:
    """Resolve a plain scalar by the core schema of YAML 1.2; the ellipsis stands for what JSON cannot write."""
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text in {"true", "True", "TRUE"}
    number = _FLOAT.fullmatch(text)
    if _NOT_JSON.fullmatch(text) or (number and (len(text) > _MAX_DIGITS or not math.isfinite(float(text)))):
        return ...
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if number else text


def check_events(path: Path, text: str, max_depth: int = MAX_DEPTH) -> None:
    """Refuse what the composed nodes do not show any more, and what nests so deep that composing is dangerous."""
    depth, documents = 0, 0
    for event in yaml.parse(text, LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        message = ""
        if isinstance(event, yaml.AliasEvent):
            message = f"the alias *{event.anchor} is refused; write the value out"
        elif isinstance(event, yaml.NodeEvent) and event.anchor is not None:
            message = f"the anchor &{event.anchor} is refused; use $ref to say a thing once"
        elif isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
            message = f"the tag {event.tag} is refused; quote the value if it is text"
        elif depth > max_depth:
            message = f"nested more than {max_depth} levels deep"
        elif documents > 1:
            message = "a second YAML document begins here; only one is expected"
        if message:
            raise ContractError(path, message, _place(event.start_mark))


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def pointer_text(pointer: Pointer) -> str:
    """Write a pointer as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in pointer)


def shorten(text: str, limit: int) -> str:
    """Leave the middle out of a text of more than limit characters."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]} ... {text[-half:]}"


def first_error(schema: Mapping[str, Any], value: Any) -> tuple[Pointer, str] | None:
    """Validate a value by a JSON Schema of draft 2020-12: the most telling error and its place, None if it is valid."""
    # jsonschema-rs takes a tenth of the time, but says less in its errors.
    with suppress(ValueError, import_module("jsonschema_rs").ReferencingError):
        if _faster_validator(json.dumps(dict(schema))).is_valid(value):
            return None
    # jsonschema has no types that pyright can use.
    validator: Any = import_module("jsonschema").Draft202012Validator(schema)
    best_match: Any = import_module("jsonschema.exceptions").best_match
    error: Any = best_match(validator.iter_errors(value))
    error = error and (best_match(error.context) or error)
    return error and (tuple(error.absolute_path), error.message)


@lru_cache(maxsize=16)
def _faster_validator(schema: str) -> Any:
    return import_module("jsonschema_rs").validator_for(json.loads(schema))


def is_mapping(node: object) -> TypeGuard[dict[str, Any]]:
    """Whether a node of a document is a mapping; `read_yaml` made sure that all keys are text."""
    return isinstance(node, dict)


def is_list(node: object) -> TypeGuard[list[Any]]:
    """Whether a node of a document is a list."""
    return isinstance(node, list)


def holds_names(pointer: Pointer) -> bool:
    """Whether the keys of the mapping at the pointer are names and not keywords."""
    return bool(pointer) and pointer[-1] in _NAMES


def children(pointer: Pointer, node: Any) -> Iterator[tuple[Pointer, Any]]:
    """Yield the nodes right below a node, without data."""
    if is_list(node):
        yield from (((*pointer, index), child) for index, child in enumerate(node))
    elif is_mapping(node):
        named = holds_names(pointer)
        for key, child in node.items():
            if named or (key not in _DATA and not key.startswith("x-")):
                yield (*pointer, key), child


def mappings(pointer: Pointer, node: Any) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield every mapping of keywords at or below a node."""
    if is_mapping(node) and not holds_names(pointer):
        yield pointer, node
    for child_pointer, child in children(pointer, node):
        yield from mappings(child_pointer, child)


def resolve_place(document: Any, pointer: Pointer) -> tuple[Pointer, Any]:
    """Follow the `$ref` at a place, if there is one, to the place of what is meant, and what stands there."""
    return _follow(document, pointer, at(document, pointer))


def resolve(document: Mapping[str, Any], node: Any) -> Any:
    """Follow the node's `$ref`, if it has one, to what it means."""
    return _follow(document, (), node)[1]


def _follow(document: Any, pointer: Pointer, node: Any) -> tuple[Pointer, Any]:
    while is_mapping(node) and isinstance(node.get("$ref"), str):
        pointer, _ = find(document, node["$ref"])
        node = at(document, pointer)
    return pointer, node


def find(document: Any, reference: str) -> tuple[Pointer, str | None]:
    """Go where a `$ref` into the document leads: the place, or the last one that is there and the name it lacks."""
    place: Pointer = ()
    node = document
    for token in reference.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        step: Any = int(name) if is_list(node) and name.isdecimal() and name.isascii() else name
        if not (step in node if is_mapping(node) else is_list(node) and step != name and step < len(node)):
            return place, name
        place, node = (*place, step), node[step]
    return place, None


def at(node: Any, pointer: Pointer) -> Any:
    """The node at a pointer."""
    for token in pointer:
        node = node[token]
    return node


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield path, method and the operation itself, for every operation of a contract."""
    for path, item in document.get("paths", {}).items():
        resolved = resolve(document, item)
        yield from ((path, method, resolved[method]) for method in METHODS if method in resolved)


def parameters(document: Mapping[str, Any], path: str, method: str) -> Iterator[tuple[Pointer, dict[str, Any]]]:
    """Yield the place and the parameter itself, for every parameter of an operation, those of its path item too."""
    item, raw = resolve_place(document, ("paths", path))
    places = [
        resolve_place(document, (*where, "parameters", number))
        for where, node in (((*item, method), raw[method]), (item, raw))
        for number in range(len(node.get("parameters", ())))
    ]
    seen: set[tuple[str, str]] = set()
    for place, parameter in places:  # those of the operation come first, and replace the others
        if (key := (parameter["in"], parameter["name"])) not in seen:
            seen.add(key)
            yield place, parameter


def properties(document: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    """Collect the properties of a schema by wire name, in the author's order; those of its allOf parts come first."""
    schema = resolve(document, schema)
    found: dict[str, Any] = {}
    if is_mapping(schema):
        for part in schema.get("allOf", ()):
            found |= properties(document, part)
        found |= schema.get("properties", {})
    return found


def is_structured(document: Mapping[str, Any], schema: Any) -> bool:
    """Whether all values of a schema but null are objects, or lists of such: what a form writes as JSON."""
    schema = resolve(document, schema)
    if not is_mapping(schema) or is_object(document, schema):
        return is_mapping(schema)
    if "array" in schema.get("type", ()):
        items = resolve(document, schema.get("items"))
        return is_structured(document, items) or (is_mapping(items) and "array" in items.get("type", ()))
    branches = [resolve(document, branch) for key in ("oneOf", "anyOf") for branch in schema.get(key, ())]
    given = [branch for branch in branches if branch != {"type": "null"}]
    return bool(given) and all(is_structured(document, branch) for branch in given)


def branches(document: Mapping[str, Any], schema: Any) -> list[dict[str, Any]]:
    """A schema, and the alternatives that it is made of, without null."""
    schema = resolve(document, schema)
    if not is_mapping(schema):
        return []
    found = [
        each for key in ("oneOf", "anyOf", "allOf") for part in schema.get(key, ()) for each in branches(document, part)
    ]
    return [schema, *(each for each in found if each != {"type": "null"})]


def is_array(document: Mapping[str, Any], schema: Any) -> bool:
    """Whether the values of a schema are lists."""
    return any("array" in branch.get("type", ()) for branch in branches(document, schema))


def is_object(document: Mapping[str, Any], schema: Any) -> bool:
    """Whether the values of a schema are objects."""
    schema = resolve(document, schema)
    if not is_mapping(schema):
        return False
    if "type" in schema:
        return "object" in schema["type"]  # a word or a list of words, none of which is part of another
    return bool(properties(document, schema))
