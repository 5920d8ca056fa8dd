"""Request bodies, written byte for byte, so that also what no client would send can be sent."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from attrs import Factory, frozen

from ideogram_ai.client.request import is_array

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ideogram_ai.contract.view import ContractView

_LONGEST: Final = 80


@frozen
class Part:
    """A part of a multipart body.

    Attributes:
        name: Name of the field.
        data: Its bytes.
        content_type: Media type of the part; None writes none.
    """

    name: str
    data: bytes
    content_type: str | None = None


@frozen
class Payload:
    """The body of a request with the header that describes it.

    Attributes:
        body: The bytes.
        content_type: The Content-Type header; None sends none.
        headers: More headers.
    """

    body: bytes
    content_type: str | None
    headers: Mapping[str, str] = Factory(dict[str, str])


def shorten(value: Any) -> str:
    """A value as a few characters of JSON, for a note."""
    text = json.dumps(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def make_part(view: ContractView, name: str, value: Any) -> Part:
    """A field as the contract writes it: JSON where the part is JSON, else text, `true` and `false` for booleans."""
    rule = view.fields.get(name)
    if isinstance(value, str) and not (rule and rule.content_type):
        return Part(name, value.encode())
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Part(name, text.encode(), rule.content_type if rule else None)


def _make_parts(view: ContractView, name: str, value: Any) -> list[Part]:
    """A field as the contract writes it; a list that is not JSON has a part for each item."""
    rule = view.fields.get(name)
    values = value if rule is not None and rule.item is not None and is_array(value) else [value]
    return [make_part(view, name, item) for item in values]


def form(view: ContractView, fields: Mapping[str, Any], **types: str) -> Payload:
    """A form with these fields, in their order.

    Args:
        view: The contract.
        fields: Values by the name on the wire.
        types: Media types of parts, by field, instead of the contract's.
    """
    parts = [part for name, value in fields.items() for part in _make_parts(view, name, value)]
    return multipart(view, [Part(part.name, part.data, types.get(part.name, part.content_type)) for part in parts])


def multipart(view: ContractView, parts: Iterable[Part], boundary: str | None = None) -> Payload:
    """A multipart body.

    Args:
        view: The contract.
        parts: The parts in wire order.
        boundary: The boundary; None makes one of the parts, the same for the same parts.
    """
    chunks = [_head(part) + part.data for part in parts]
    boundary = boundary or "conformance-" + sha256(b"".join(chunks)).hexdigest()[:32]
    mark = f"--{boundary}".encode()
    body = b"".join(mark + b"\r\n" + chunk + b"\r\n" for chunk in chunks) + mark + b"--\r\n"
    quoted = f'"{boundary}"' if any(sign in boundary for sign in " ()/:=?,") else boundary
    return Payload(body, f"{view.operation.media_type}; boundary={quoted}")


def _head(part: Part) -> bytes:
    name = part.name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    lines = [f'Content-Disposition: form-data; name="{name}"']
    if part.content_type is not None:
        lines.append(f"Content-Type: {part.content_type}")
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode()
