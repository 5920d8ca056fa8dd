"""From the generated request model to what goes over the wire.

The generator's own encoder is not used: its multipart boundary is a constant that a prompt can contain, booleans
become `True`, and JSON keys are reordered and escaped. httpx writes the multipart framing, with a random boundary.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeGuard
from uuid import UUID

from attrs import field, frozen

from ideogram_ai.generated import operations
from ideogram_ai.generated.types import Unset

from .errors import FieldValueError
from .fields import NOTHING_SENT
from .json_types import is_array, is_mapping, is_object

if TYPE_CHECKING:
    from ideogram_ai.generated.operations import Field, Operation

JSON = "application/json"
_GENERATED_PACKAGE = operations.__name__.rpartition(".")[0]

Part = tuple[str, tuple[None, bytes, str | None]]
"""One multipart part as httpx takes it: name, (no file name, body, content type or none)."""


@frozen
class Body:
    """The body of a request: multipart parts, or JSON.

    Attributes:
        parts: The multipart parts in wire order, when the operation takes multipart.
        content: The JSON text, when the operation takes JSON.
        fields: The same values as plain JSON types by wire name, for records and sidecars.
    """

    parts: tuple[Part, ...] = ()
    content: bytes | None = None
    fields: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)


def encode_body(operation: Operation, model: Any) -> Body:
    """Encode a request model as the operation's media type wants it.

    Args:
        operation: What the contract says of the operation.
        model: An instance of the operation's request model.

    Returns:
        The body. Absent fields and None are left out; the author's key order is kept; text is UTF-8.

    Raises:
        FieldValueError: A value cannot be written: no JSON type, NaN, a lone surrogate, a cycle.
    """
    documented = [
        (wire_field.wire_name, wire_field, getattr(model, wire_field.python_name)) for wire_field in operation.fields
    ]
    extra = [(name, None, value) for name, value in model.additional_properties.items()]
    fields: dict[str, Any] = {}
    parts: list[Part] = []
    for name, wire_field, value in documented + extra:
        if value is None or isinstance(value, Unset):
            continue
        plain = to_plain(name, value)
        fields[name] = plain
        if operation.media_type != JSON:
            parts.extend(_encode_part(name, wire_field, plain))
    if operation.media_type == JSON:
        members = (_dump(name, name) + b":" + _dump(name, plain) for name, plain in fields.items())
        return Body(content=b"{" + b",".join(members) + b"}", fields=fields)
    return Body(parts=tuple(parts), fields=fields)


def to_plain(name: str, value: object) -> Any:
    """Turn a value into plain JSON types, generated models in the contract's key order.

    Args:
        name: The request field that the value belongs to.
        value: A string, number, boolean, None, mapping, sequence, enum, date, UUID or generated model.

    Raises:
        FieldValueError: With the JSON pointer of the first value that cannot be written.
    """
    try:
        return _to_plain(value, name, f"/{_escape(name)}")
    except RecursionError:
        raise _unwritable(name, f"/{_escape(name)}", "it nests too deep, or contains itself") from None


def _to_plain(value: object, name: str, pointer: str) -> Any:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        _check_text(value, name, pointer)
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _unwritable(name, pointer, f"JSON has no {value}")
        return value
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    return _container_to_plain(value, name, pointer)


def _container_to_plain(value: object, name: str, pointer: str) -> Any:
    if is_mapping(value):
        return _mapping_to_plain(value, name, pointer)
    if _is_sequence(value):
        return [_to_plain(item, name, f"{pointer}/{index}") for index, item in enumerate(value)]
    kind = type(value)
    if kind.__module__.startswith(_GENERATED_PACKAGE + ".models."):
        return _mapping_to_plain(_model_items(value), name, pointer)
    raise _unwritable(name, pointer, f"{kind.__name__} is no JSON type; use text, numbers, mappings and lists")


def _is_sequence(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray, memoryview))


def _mapping_to_plain(value: Mapping[Any, object], name: str, pointer: str) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise _unwritable(name, pointer, f"the key {key!r} is no string")
        _check_text(key, name, pointer)
        plain[key] = _to_plain(item, name, f"{pointer}/{_escape(key)}")
    return plain


def _model_items(model: Any) -> dict[str, object]:
    """The properties of a generated model by wire name, in the contract's order, unset ones left out."""
    items: dict[str, object] = {}
    for python_name, wire_name in operations.MODEL_FIELDS[type(model).__name__]:
        value = getattr(model, python_name)
        if not isinstance(value, Unset):
            items[wire_name] = value
    return items | dict(getattr(model, "additional_properties", {}))


def _check_text(text: str, name: str, pointer: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise _unwritable(
            name, pointer, f"character {error.start} is half of a surrogate pair ({text[error.start]!r}); mend the text"
        ) from None


def _encode_part(name: str, wire_field: Field | None, plain: Any) -> list[Part]:
    content_type = wire_field.content_type if wire_field else None
    if is_array(plain) and content_type != JSON and not any(is_object(item) or is_array(item) for item in plain):
        return [part for item in plain for part in _encode_part(name, wire_field, item)]
    if is_object(plain) or is_array(plain) or content_type == JSON:
        return [(name, (None, _dump(name, plain), content_type or JSON))]
    text = plain if isinstance(plain, str) else _dump(name, plain).decode()
    return [(name, (None, text.encode(), content_type))]


def _dump(name: str, plain: Any) -> bytes:
    try:
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError as error:  # an integer of too many digits
        raise _unwritable(name, f"/{_escape(name)}", str(error)) from None


def _escape(key: str) -> str:
    """A key as a JSON pointer token (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _unwritable(name: str, pointer: str, reason: str) -> FieldValueError:
    pointer = pointer.encode(errors="backslashreplace").decode()
    return FieldValueError(
        f"{pointer}: this value cannot be sent: {reason}. {NOTHING_SENT}", field=name, pointer=pointer
    )
