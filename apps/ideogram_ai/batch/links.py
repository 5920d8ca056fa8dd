"""Drops the signatures of links whose images are saved: they would let any reader fetch the images."""

from __future__ import annotations

import json
from typing import Any, overload
from urllib.parse import urlsplit, urlunsplit

from ideogram_ai.client.request import is_array, is_object

_LINK = "url"


def without_signature(url: str) -> str:
    """A link without its query string, which holds the signature."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url.partition("?")[0]
    return urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))


@overload
def without_signatures(document: str) -> str: ...
@overload
def without_signatures(document: bytes) -> bytes: ...
@overload
def without_signatures(document: None) -> None: ...
def without_signatures(document: str | bytes | None) -> str | bytes | None:
    """A JSON document whose members called `url` have no query strings. One without such a member stays as it is.

    Args:
        document: The document; what is no JSON has no link in it that anybody could have read.
    """
    if document is None:
        return None
    try:
        value: Any = json.loads(document)
    except (ValueError, RecursionError):
        return document
    cut = _cut(value)
    if cut == value:
        return document
    text = json.dumps(cut)
    return text.encode() if isinstance(document, bytes) else text


def _cut(value: Any) -> Any:
    if is_object(value):
        return {
            name: without_signature(item) if name == _LINK and isinstance(item, str) else _cut(item)
            for name, item in value.items()
        }
    return [_cut(item) for item in value] if is_array(value) else value
