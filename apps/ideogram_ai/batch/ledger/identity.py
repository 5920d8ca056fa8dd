"""What a row without an id is known by: what it asks for."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENCODER: Final = json.JSONEncoder(sort_keys=True)


def content_of(fields: Mapping[str, Any]) -> str:
    """The same for requests with the same fields, in whatever order their members stand."""
    return hashlib.sha256(_ENCODER.encode(fields).encode()).hexdigest()[:32]


def content_of_text(fields: str) -> str:
    """The same for fields as the ledger keeps them."""
    return content_of(json.loads(fields))
