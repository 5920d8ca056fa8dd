"""Reads YAML into plain data, with the place of every node, and refuses what two readers could understand differently.

Anchors, aliases, tags, merge keys and duplicate keys are refused, and so is every plain scalar of which YAML 1.1
(PyYAML) and YAML 1.2 (the generator's reader) make different values: the contract is read by other programs too.
JSON is YAML, so a JSON file can be read as well.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, Final

import attrs
import yaml
from yaml.reader import Reader
from yaml.resolver import Resolver

from regeneration.errors import ContractError, Place, Pointer, shorten

if TYPE_CHECKING:
    from pathlib import Path

MAX_DEPTH: Final = 64
_MAX_DIGITS: Final = 100
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same parser in C where PyYAML has it
_RESOLVER_1_1: Final[Any] = Resolver()
_NULL: Final = re.compile(r"|~|null|Null|NULL")
_BOOLEAN: Final = re.compile(r"true|True|TRUE|false|False|FALSE")
_INTEGER: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_JSON: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)|0x[0-9a-fA-F]+|0o[0-7]+")
_TAGS: Final = {type(None): "null", bool: "bool", int: "int", float: "float", str: "str"}


@attrs.define
class _Open:
    """A collection whose end has not come yet."""

    pointer: Pointer
    value: dict[str, Any] | list[Any]
    key: str | None = None


def read_yaml(path: Path, text: str) -> tuple[Any, dict[Pointer, Place]]:
    """Read one YAML document.

    Args:
        path: The file, for the messages.
        text: What is in it.

    Returns:
        The document, and the place of every node by its pointer: of the key for what is in a mapping.

    Raises:
        ContractError: The text is no YAML, or YAML of a kind that is refused.
    """
    if match := Reader.NON_PRINTABLE.search(text):
        before = text[: match.start()]
        place = Place(before.count("\n") + 1, match.start() - before.rfind("\n"))
        raise ContractError(path, f"the character U+{ord(match.group()):04X} is not allowed in YAML", place)
    reader = _YamlReader(path)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.feed(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = f"this is not YAML: {error.problem or error.context}"
        raise ContractError(path, message, _place(mark)) from None
    return reader.document, reader.places


class _YamlReader:
    """Builds the document from the parser's events, without recursion."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.document: Any = None
        self.places: dict[Pointer, Place] = {}
        self._stack: list[_Open] = []

    def feed(self, event: yaml.Event) -> None:
        """Take the next event."""
        if isinstance(event, yaml.DocumentStartEvent) and self.places:
            raise self._error(event, (), "a second YAML document begins here; only one is expected")
        if isinstance(event, yaml.CollectionEndEvent):
            self._stack.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)

    def _node(self, event: yaml.NodeEvent) -> None:
        top = self._stack[-1] if self._stack else None
        pointer = self._pointer(top)
        self._refuse_indirection(event, pointer)
        if top is not None and isinstance(top.value, dict) and top.key is None:
            self._key(event, top)
            return
        value: Any
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, pointer)
        else:
            value = {} if isinstance(event, yaml.MappingStartEvent) else []
            self._stack.append(_Open(pointer, value))
            if len(self._stack) > MAX_DEPTH:
                raise self._error(event, pointer, f"nested more than {MAX_DEPTH} levels deep")
        self.places.setdefault(pointer, _place(event.start_mark))
        if top is None:
            self.document = value
        elif isinstance(top.value, list):
            top.value.append(value)
        else:
            top.value[str(top.key)] = value
            top.key = None

    def _pointer(self, top: _Open | None) -> Pointer:
        if top is None:
            return ()
        if isinstance(top.value, list):
            return (*top.pointer, len(top.value))
        return top.pointer if top.key is None else (*top.pointer, top.key)

    def _refuse_indirection(self, event: yaml.NodeEvent, pointer: Pointer) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise self._error(event, pointer, f"the alias *{event.anchor} is refused; write the value out")
        if event.anchor is not None:
            raise self._error(event, pointer, f"the anchor &{event.anchor} is refused; use $ref to say a thing once")
        if isinstance(event, (yaml.ScalarEvent, yaml.CollectionStartEvent)) and event.tag is not None:
            raise self._error(event, pointer, f"the tag {event.tag} is refused; quote the value if it is text")

    def _key(self, event: yaml.NodeEvent, top: _Open) -> None:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, top.pointer, "a list or a mapping cannot be a key")
        key = self._scalar(event, top.pointer)
        if not isinstance(key, str):
            raise self._error(event, top.pointer, f"the key {event.value} is no text; write it in quotes")
        pointer = (*top.pointer, key)
        if key in top.value:
            first = self.places[pointer]
            raise self._error(event, pointer, f"the key is there twice; first in line {first.line}")
        self.places[pointer] = _place(event.start_mark)
        top.key = key

    def _scalar(self, event: yaml.ScalarEvent, pointer: Pointer) -> Any:
        text = str(event.value)
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise self._error(event, pointer, "half of a surrogate pair is no character")
        if event.style is not None and event.style != "":
            return text
        value = _plain_value(text)
        tag_1_1 = _RESOLVER_1_1.resolve(yaml.ScalarNode, text, (True, False))
        if value is ... or tag_1_1 != f"tag:yaml.org,2002:{_TAGS[type(value)]}":
            raise self._error(
                event,
                pointer,
                f"readers of YAML differ on what {shorten(text, 40)} means; put it in quotes or write it otherwise",
            )
        return value

    def _error(self, event: yaml.Event, pointer: Pointer, message: str) -> ContractError:
        return ContractError(self.path, message, _place(event.start_mark), pointer)


def _plain_value(text: str) -> Any:
    """Resolve a plain scalar by the core schema of YAML 1.2; the ellipsis says that JSON cannot write such a value."""
    if _NULL.fullmatch(text):
        return None
    if _BOOLEAN.fullmatch(text):
        return text in {"true", "True", "TRUE"}
    integer, number = _INTEGER.fullmatch(text), _FLOAT.fullmatch(text)
    if _NOT_JSON.fullmatch(text) or (number and (len(text) > _MAX_DIGITS or not math.isfinite(float(text)))):
        return ...
    if integer:
        return int(text)
    return float(text) if number else text


def _place(mark: Any) -> Place:
    return Place(mark.line + 1, mark.column + 1)
