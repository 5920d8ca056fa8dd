"""Follows the references of a document.

The library `referencing` resolves them too, and so does jsonref, but they tell the value and not its place, which is
what a difference is reported by. Within one document a reference is a JSON pointer, and that is all that is needed.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import attrs
from regeneration.documents import Pointer, is_list, is_mapping, pointer_text

from drifting.errors import DriftError


@attrs.frozen
class Document:
    """An OpenAPI document that was read.

    Attributes:
        name: Its file or URL, for messages.
        data: What it holds.
    """

    name: str
    data: dict[str, Any]

    @property
    def is_3_0(self) -> bool:
        """Whether it is of the older dialect, in which nothing counts beside a $ref."""
        return str(self.data.get("openapi", "")).startswith("3.0")

    def at(self, pointer: Pointer) -> Any:
        """Return what stands at a pointer that leads somewhere."""
        node: Any = self.data
        for token in pointer:
            node = node[token]
        return node

    def nearest(self, pointer: Pointer) -> Pointer:
        """Return as much of a pointer as leads somewhere: what goes without saying stands nowhere."""
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
        """Follow the references at a pointer to the first node that has none.

        Raises:
            DriftError: A reference leads out of the document, nowhere, or back to itself.
        """
        trail = [pointer]
        while is_mapping(node := self.at(trail[-1])) and "$ref" in node:
            target = self.target(trail[-1], node["$ref"])
            if target in trail:
                raise self.cycle([*trail, target])
            trail.append(target)
        return trail[-1]

    def target(self, place: Pointer, reference: object) -> Pointer:
        """Find the place that one reference leads to.

        Raises:
            DriftError: It leads out of the document, or nowhere.
        """
        if not isinstance(reference, str):
            raise self.error(place, f"the $ref {reference!r} is no text")
        if reference != "#" and not reference.startswith("#/"):
            raise self.error(
                place, f"the $ref {reference} is no pointer into this document; bundle the document into one file first"
            )
        target: Pointer = ()
        node: Any = self.data
        for token in reference.split("/")[1:]:
            name = unquote(token).replace("~1", "/").replace("~0", "~")
            if is_mapping(node) and name in node:
                target, node = (*target, name), node[name]
            elif is_list(node) and name.isdecimal() and name.isascii() and int(name) < len(node):
                target, node = (*target, int(name)), node[int(name)]
            else:
                there = f"#{pointer_text(target)}"
                raise self.error(place, f"the $ref {reference} is broken: {there} holds no {name}")
        return target

    def cycle(self, trail: list[Pointer]) -> DriftError:
        """Make an error about references that lead back to the last place of a trail."""
        ring = trail[trail.index(trail[-1]) :]
        names = " -> ".join(f"#{pointer_text(pointer)}" for pointer in ring)
        return self.error(ring[0], f"the references are cyclic, so they cannot be followed to an end: {names}")
