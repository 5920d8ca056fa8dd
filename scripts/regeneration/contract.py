"""Reads the contract."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import attrs
from ruamel.yaml import YAML

if TYPE_CHECKING:
    from pathlib import Path


@attrs.frozen
class Contract:
    """A contract that was read."""

    path: Path
    source: bytes
    document: dict[str, Any]

    @property
    def sha256(self) -> str:
        """SHA-256 of the bytes, in lower-case hex."""
        return hashlib.sha256(self.source).hexdigest()


def read_contract(path: Path) -> Contract:
    """Read the contract at path."""
    source = path.read_bytes()
    return Contract(path, source, YAML(typ="safe", pure=True).load(source))
