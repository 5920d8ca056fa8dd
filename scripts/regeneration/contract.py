"""Reads the contract from its file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

import attrs

from regeneration.errors import ContractError, Place, Pointer
from regeneration.nodes import is_mapping
from regeneration.yaml_reader import read_yaml

MAX_BYTES: Final = 5_000_000


@attrs.frozen
class Contract:
    """A contract that was read: what its file holds, and where.

    Attributes:
        path: The file.
        source: Its bytes.
        document: Them, parsed.
        places: The place in the file of every node.
    """

    path: Path
    source: bytes
    document: dict[str, Any]
    places: dict[Pointer, Place]

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in lower-case hex."""
        return hashlib.sha256(self.source).hexdigest()

    def error(self, pointer: Pointer, message: str) -> ContractError:
        """Make an error about a node, or, if the pointer leads nowhere, about the nearest node above."""
        while pointer not in self.places:
            pointer = pointer[:-1]
        return ContractError(self.path, message, self.places[pointer], pointer)


def read_contract(path: Path) -> Contract:
    """Read a contract, without a judgement of what it says.

    Raises:
        ContractError: There is no such file, it is too large, or it holds no YAML of the kind that is taken.
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
        raise ContractError(path, "the contract is not a mapping, so it is no OpenAPI document", Place(1, 1))
    return Contract(path, source, document, places)
