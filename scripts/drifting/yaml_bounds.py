"""Refuses YAML that is small on paper and large in memory, before anything is built from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import yaml

from drifting.errors import DriftError

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_DEPTH: Final = 200
MAX_NODES: Final = 2_000_000
"""The provider's document has some fifty thousand."""


@attrs.define
class _Node:
    """A collection that is open, or was: how much it holds, and how deep it is, with all aliases in it written out."""

    anchor: str | None
    size: int = 1
    height: int = 1


def check_bounds(name: str, events: Iterable[yaml.Event]) -> None:
    """Read the events of a parser and refuse a document that nests too deeply, or means too many nodes.

    Args:
        name: The document, for messages.
        events: They are read one by one, and none is kept.

    Raises:
        DriftError: It does; a few aliases can stand for a billion nodes, or for a node that holds itself.
        yaml.YAMLError: The events end in an error.
    """
    known: dict[str, _Node] = {}
    stack = [_Node(None)]
    for event in events:
        mark: Any = event.start_mark
        place = f"{name}:{mark.line + 1}"
        if isinstance(event, yaml.CollectionStartEvent):
            stack.append(_Node(event.anchor))
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = stack.pop()
            _put(stack[-1], closed, known)
        elif isinstance(event, yaml.ScalarEvent):
            _put(stack[-1], _Node(event.anchor, height=0), known)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in known:
                raise DriftError(f"{place}: the alias *{event.anchor} means what it stands in, or nothing")
            _put(stack[-1], known[event.anchor], known)
        if len(stack) + stack[-1].height > MAX_DEPTH + 2:
            raise DriftError(f"{place}: nested more than {MAX_DEPTH} levels deep")
        if stack[-1].size > MAX_NODES:
            raise DriftError(f"{place}: more than {MAX_NODES} nodes when all aliases are written out")


def _put(parent: _Node, child: _Node, known: dict[str, _Node]) -> None:
    parent.size += child.size
    parent.height = max(parent.height, child.height + 1)
    if child.anchor is not None:
        known[child.anchor] = child
