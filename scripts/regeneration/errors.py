"""The failures that regeneration expects and explains."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

Pointer: TypeAlias = tuple[str | int, ...]
"""The way from the root of a document to a node: names and indexes."""


class Place(NamedTuple):
    """A place in a file; both numbers count from 1, columns in characters."""

    line: int
    column: int


def pointer_text(pointer: Pointer) -> str:
    """Write a pointer as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(token).replace("~", "~0").replace("/", "~1") for token in pointer)


class RegenerationError(Exception):
    """Regeneration stopped; the message says where, why and what to do. Nothing was written."""


class ContractError(RegenerationError):
    """The contract cannot be used. The message is one line, whatever the contract holds."""

    def __init__(self, path: Path, message: str, place: Place | None = None, pointer: Pointer = ()) -> None:
        where = ":".join([str(path), *map(str, place or ())])
        parts = [where, shorten(pointer_text(pointer), 160), message]
        text = ": ".join(part for part in parts if part)
        super().__init__("".join(c if c.isprintable() else ascii(c)[1:-1] for c in text))


def shorten(text: str, limit: int) -> str:
    """Leave the middle out of a text of more than limit characters."""
    half = limit // 2
    return text if len(text) <= limit else f"{text[:half]} ... {text[-half:]}"
