"""Checks that the names and values of a contract give the same code on every Python, and survive the generator."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from regeneration.nodes import holds_names, is_list, is_mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regeneration.contract import Contract
    from regeneration.errors import Pointer

_PARAMETER: Final = re.compile(r"\{[A-Za-z_][A-Za-z0-9_-]*\}")
_NAMED: Final = ("name", "operationId", "title")


def check_names(contract: Contract) -> None:
    """Refuse names and values that the generator would write in different ways, or wrongly.

    Raises:
        ContractError: There is such a name or value.
    """
    for pointer, name in _names(contract.document):
        _refuse_new_characters(contract, pointer, name)
        if unicodedata.normalize("NFKC", name) != name:
            raise contract.error(pointer, "Python changes this name (NFKC); use plain letters")
        for character in name:
            if unicodedata.category(character).startswith("C"):
                raise contract.error(pointer, f"the name holds U+{ord(character):04X}, which cannot be printed")
    for pointer, node in mappings((), contract.document):
        for keyword in ("enum", "const", "default"):
            for value in _strings(node.get(keyword)):
                _refuse_new_characters(contract, (*pointer, keyword), value)
                # openapi-python-client 0.29.1 escapes these twice
                if keyword != "enum" and ("\\" in value or '"' in value):
                    raise contract.error((*pointer, keyword), 'the generator spoils a value with a backslash or a "')


def check_paths(contract: Contract) -> None:
    """Refuse a path that is none (RFC 3986): its characters would mean something else in an address or in code.

    Raises:
        ContractError: There is such a path.
    """
    paths = contract.document.get("paths")
    for path in paths if is_mapping(paths) else ():
        if path.startswith("x-"):
            continue
        wrong = re.search(r"[^A-Za-z0-9._~!$&'()*+,;=:@/-]", _PARAMETER.sub("", path))
        if wrong is not None:
            what = f"the path holds {wrong[0]!r}" if wrong[0] not in "{}" else "a parameter of the path is not whole"
            message = (
                f"{what}; write letters, digits and -._~!$&'()*+,;=:@/, and parameters as {{name}} or {{a-name_2}}"
            )
            raise contract.error(("paths", path), message)


def _names(document: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield all that the generator makes identifiers from."""
    for here, node in mappings((), document):
        if here[:1] == ("info",):
            continue  # its title becomes a text
        yield from (((*here, key), node[key]) for key in _NAMED if isinstance(node.get(key), str))
        for key, child in node.items():
            if holds_names((key,)) and is_mapping(child):
                yield from (((*here, key, name), name) for name in child)
            elif key == "tags" and is_list(child):
                yield from (((*here, key, i), tag) for i, tag in enumerate(child) if isinstance(tag, str))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif is_mapping(value) or is_list(value):
        for child in value.values() if is_mapping(value) else value:
            yield from _strings(child)


def _refuse_new_characters(contract: Contract, pointer: Pointer, text: str) -> None:
    """Refuse characters that some Python does not know yet: each Python has the Unicode tables of its time.

    Unicode 3.2 is the one that all of them carry.
    """
    for character in text:
        if unicodedata.ucd_3_2_0.category(character) == "Cn":
            message = f"U+{ord(character):04X} is newer than Unicode 3.2, so Python versions print it differently"
            raise contract.error(pointer, message)
