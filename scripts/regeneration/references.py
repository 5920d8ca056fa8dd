"""Checks every $ref of a contract: it stays inside the file, leads somewhere, and never back to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from regeneration.errors import Pointer, pointer_text
from regeneration.nodes import children, is_list, is_mapping

if TYPE_CHECKING:
    from regeneration.contract import Contract

MAX_DEPTH: Final = 150


def check_references(contract: Contract) -> None:
    """Refuse a contract with a $ref that is external, dangling or cyclic, or that nests too deeply.

    Raises:
        ContractError: There is such a $ref.
    """
    _Walk(contract).height((), contract.document, ())


class _Walk:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._heights: dict[Pointer, int] = {}

    def height(self, pointer: Pointer, node: Any, trail: tuple[Pointer, ...], depth: int = 0) -> int:
        """Count the levels below a node when every $ref in it is followed.

        Args:
            pointer: The node's place in the document.
            node: The node.
            trail: The targets of the references that led here.
            depth: The levels above the node on the way that led here.
        """
        if depth > MAX_DEPTH:
            raise self._contract.error(pointer, f"nested more than {MAX_DEPTH} levels deep when every $ref is followed")
        below = [self.height(*child, trail, depth + 1) for child in children(pointer, node)]
        if is_mapping(node) and isinstance(node.get("$ref"), str):
            below.append(self._follow((*pointer, "$ref"), node["$ref"], trail, depth + 1))
        return 1 + max(below, default=0)

    def _follow(self, place: Pointer, reference: str, trail: tuple[Pointer, ...], depth: int) -> int:
        target = self._target(place, reference)
        if target in trail:
            ring = [*trail[trail.index(target) :], target]
            names = " -> ".join("#" + pointer_text(pointer) for pointer in ring)
            raise self._contract.error(place, f"the $ref leads back to itself: {names}")
        if depth + self._heights.get(target, 0) > MAX_DEPTH:
            raise self._contract.error(place, f"nested more than {MAX_DEPTH} levels deep when every $ref is followed")
        if target not in self._heights:
            self._heights[target] = self.height(target, _at(self._contract.document, target), (*trail, target), depth)
        return self._heights[target]

    def _target(self, place: Pointer, reference: str) -> Pointer:
        if not reference.startswith("#"):
            raise self._contract.error(place, f"the $ref {reference} leads out of this file; the contract is one file")
        if not reference.startswith("#/"):
            raise self._contract.error(
                place, f"the $ref {reference} is no JSON pointer, as #/components/schemas/Name is"
            )
        target: Pointer = ()
        node: Any = self._contract.document
        for token in reference[2:].split("/"):
            name = token.replace("~1", "/").replace("~0", "~")
            if is_mapping(node) and name in node:
                target, node = (*target, name), node[name]
            elif is_list(node) and token.isdecimal() and token.isascii() and int(token) < len(node):
                target, node = (*target, int(token)), node[int(token)]
            else:
                here = "#" + pointer_text(target)
                raise self._contract.error(place, f"the $ref {reference} leads nowhere; {here} holds no {name}")
        return target


def resolve_place(document: Any, pointer: Pointer) -> tuple[Pointer, Any]:
    """Follow the $ref at a place, if there is one; the contract's references were checked before.

    Returns:
        The place of what is meant, and what stands there.
    """
    node = _at(document, pointer)
    while is_mapping(node) and isinstance(node.get("$ref"), str):
        tokens = [token.replace("~1", "/").replace("~0", "~") for token in node["$ref"].removeprefix("#/").split("/")]
        pointer, node = (), document
        for token in tokens:
            step: Any = int(token) if is_list(node) else token
            pointer, node = (*pointer, step), node[step]
    return pointer, node


def _at(node: Any, pointer: Pointer) -> Any:
    for token in pointer:
        node = node[token]
    return node
