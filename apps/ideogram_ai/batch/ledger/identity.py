"""What a row without an id is known by: what it asks for."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def content_of(fields: Mapping[str, Any]) -> str:
    """The same for requests with the same fields, in whatever order their members stand."""
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def content_of_text(fields: str) -> str:
    """The same for fields as the ledger keeps them."""
    return content_of(json.loads(fields))
