"""Refuses files among the fields of a request: neither the client nor the mock server can send or take one yet."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from regeneration import schemas
from regeneration.nodes import is_list, is_mapping
from regeneration.references import resolve_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from regeneration.contract import Contract
    from regeneration.errors import Pointer

_TEXT: Final = re.compile(r"text/.+|application/(.+\+)?(json|xml)", re.IGNORECASE)
_PARTS: Final = ("allOf", "anyOf", "oneOf", "prefixItems", "items", "additionalProperties", "not", "if", "then", "else")
_NAMED_PARTS: Final = ("properties", "patternProperties", "dependentSchemas")


def check_file_fields(contract: Contract) -> None:
    """Refuse a contract with a file among the fields of a request.

    Raises:
        ContractError: There is one; the message names the field, and its place is that of the word that says "file".
    """
    for path, method, raw in schemas.operations(contract.document):
        if "requestBody" not in raw:
            continue
        item, _ = resolve_place(contract.document, ("paths", path))
        body, _ = resolve_place(contract.document, (*item, method, "requestBody"))
        content, found = resolve_place(contract.document, (*body, "content"))
        for media_type in found:
            place, media = resolve_place(contract.document, (*content, media_type))
            if is_mapping(media):
                _check_media(contract, place, media)


def _check_media(contract: Contract, place: Pointer, media: dict[str, Any]) -> None:
    for name, encoding in media.get("encoding", {}).items():
        content_type = encoding.get("contentType") if is_mapping(encoding) else None
        if isinstance(content_type, str) and not all(map(_is_text, content_type.split(","))):
            raise _error(contract, (*place, "encoding", name, "contentType"), name, f"contentType: {content_type}")
    if "schema" in media:
        seen: set[Pointer] = set()
        for pointer, keyword, field in _files(contract, (*place, "schema"), "", seen):
            schema = resolve_place(contract.document, pointer)[1]
            raise _error(contract, (*pointer, keyword), field, f"{keyword}: {schema[keyword]}")


def _error(contract: Contract, pointer: Pointer, field: str, because: str) -> Exception:
    what = f"the field {field}" if field else "the body"
    return contract.error(pointer, f"{what} is a file ({because}), and files are not supported yet; take it out")


def _is_text(media_type: str) -> bool:
    return _TEXT.fullmatch(media_type.partition(";")[0].strip()) is not None


def _files(contract: Contract, pointer: Pointer, field: str, seen: set[Pointer]) -> Iterator[tuple[Pointer, str, str]]:
    """Yield place, keyword and field of every schema of a file at or below a place."""
    place, schema = resolve_place(contract.document, pointer)
    if not is_mapping(schema) or place in seen:
        return
    seen.add(place)
    if schema.get("format") == "binary":
        yield place, "format", field
    if "contentEncoding" in schema:
        yield place, "contentEncoding", field
    if not _is_text(str(schema.get("contentMediaType", "text/plain"))):
        yield place, "contentMediaType", field
    for keyword in _NAMED_PARTS:
        for name in schema.get(keyword, ()):
            yield from _files(contract, (*place, keyword, name), f"{field}.{name}" if field else name, seen)
    for keyword in _PARTS:
        part = schema.get(keyword)
        below = f"{field}[]" if keyword in {"items", "prefixItems"} else field
        places = [(*place, keyword, index) for index in range(len(part))] if is_list(part) else [(*place, keyword)]
        for each in places if part is not None else ():
            yield from _files(contract, each, below, seen)
