"""What is asked of a server or a client, and where the contract says so."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ideogram_ai.client.request import is_array, is_object
from ideogram_ai.generated.contract import read_contract

if TYPE_CHECKING:
    from attrs import Attribute

_contract = cache(read_contract)


def at_pointer(pointer: str) -> Any:
    """The part of the contract that a JSON pointer names.

    Args:
        pointer: `#` for the whole, or `#/components/schemas/ResolutionV4/enum` say.

    Raises:
        LookupError: The contract has no such place.
    """
    node: Any = _contract()
    for step in pointer_steps(pointer):
        try:
            node = node[int(step) if is_array(node) else step]
        except (LookupError, ValueError, TypeError):
            raise LookupError(f"the contract has nothing at {pointer}") from None
    return node


def follow(pointer: str) -> str:
    """Where the schema at a pointer really stands: the pointer itself, or what its `$ref` leads to.

    Raises:
        LookupError: The contract has no such place.
    """
    node = at_pointer(pointer)
    return follow(node["$ref"]) if is_object(node) and "$ref" in node else pointer


def pointer_steps(pointer: str) -> tuple[str, ...]:
    """The steps of a JSON pointer into the contract, unescaped.

    Raises:
        LookupError: It does not begin like one.
    """
    if pointer != "#" and not pointer.startswith("#/"):
        raise LookupError(f"{pointer!r} is no pointer into the contract; it begins with #/")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])


def join_pointer(pointer: str, *steps: str | int) -> str:
    """The pointer of something further inside."""
    return "/".join([pointer, *(str(step).replace("~", "~0").replace("/", "~1") for step in steps)])


def _resolves(_: Requirement, __: Attribute[str], pointer: str) -> None:
    at_pointer(pointer)


@frozen
class Requirement:
    """Something that the contract asks of a server or a client.

    Attributes:
        id: Its name, in words joined with dots and hyphens: `request.prompt-rule.both-refused`.
        title: What is asked, in a sentence.
        pointer: Where the contract says so: a JSON pointer, `#/components/schemas/ResolutionV4/enum` say.
        advisory: Whether the contract's evidence is too thin to call a deviation a fault: the provider does not
            document it, or leaves it open.

    Raises:
        LookupError: The contract has nothing at the pointer.
    """

    id: str
    title: str
    pointer: str = field(validator=_resolves)
    advisory: bool = False
