"""From keyword arguments to a request: field names, JSON values, the path and the query, and the encoding of the body.

Values are not validated against the contract: they go to the service as they are. A refusal costs nothing, and the
service may know more than the contract. Nothing here loads httpx; reading the given files is the only I/O.

The generator's own encoder is not used: its multipart boundary is a constant that a prompt can contain, booleans become
`True`, and JSON keys are reordered and escaped.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeGuard
from urllib.parse import quote
from uuid import UUID

from attrs import field, frozen

from ideogram_ai.generated import operations
from ideogram_ai.generated.types import Unset

from .errors import NOTHING_SENT, ConflictingFieldsError, FieldValueError, RequestError, UnknownFieldError
from .prompt_rule import check_prompts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ideogram_ai.generated.operations import Field, Operation

JSON = "application/json"
_EXACT = 2.0**53
"""From here on, floats are not exact."""
_MODELS = f"{operations.__name__.rpartition('.')[0]}.models."

MultipartPart = tuple[str, tuple[str | None, bytes, str | None]]
"""One multipart part as httpx takes it: name, (file name or none, body, content type or none)."""


@frozen
class RequestBody:
    """What a request sends: multipart parts, or JSON, or nothing but its path.

    Attributes:
        parts: The multipart parts in wire order, for an operation that takes multipart.
        content: The JSON text, for an operation that takes JSON.
        fields: The fields of the body as plain JSON types by wire name, for records and sidecars; of a file its name,
            size and SHA-256. Parameters are not among them: the URL of a webhook may hold a secret.
        path: The path below the base URL, with its parameters and the query.
    """

    parts: tuple[MultipartPart, ...] = field(default=(), repr=False)
    content: bytes | None = field(default=None, repr=False)
    fields: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    path: str = field(default="", repr=False)


def encode_request(
    operation: Operation, arguments: Mapping[str, object], extra_fields: Mapping[str, object] | None = None
) -> RequestBody:
    """Check the names of the fields and encode the request. It blocks while files are read.

    Args:
        operation: The operation, from the contract.
        arguments: Values by keyword; None leaves a field out.
        extra_fields: Undocumented fields by wire name, sent after the documented ones; in the query if there is no
            body.

    Returns:
        The request, in the contract's order. The caller's key order is kept inside objects; text is UTF-8.

    Raises:
        PromptError: Both prompts were given, or neither.
        ConflictingFieldsError: Fields exclude each other, or one lacks another.
        UnknownFieldError: A keyword is not a field of the operation.
        RequestError: A required field is missing, or extra_fields holds a documented field.
        FieldValueError: A value cannot be encoded: not a JSON type, NaN, a lone surrogate, a cycle, a file that cannot
            be read, or an empty part of the path.
    """
    values = check_names(operation, arguments, extra_fields)
    documented = {each.wire_name: each for each in operation.fields}
    path, query = operation.path, list[str]()
    parts: list[MultipartPart] = []
    fields: dict[str, Any] = {}
    for name, value in values.items():
        each = documented.get(name)
        if each and each.is_file:
            from .uploads import read_uploads, warn_of_equal_names  # noqa: PLC0415 - most calls send no file

            uploads = read_uploads(each, value)
            if operation.result == "model":  # nothing is drawn from them: they are kept
                warn_of_equal_names(uploads)
            parts += [(name, (upload.name, upload.data, upload.content_type)) for upload in uploads]
            fields[name] = [upload.record for upload in uploads] if each.is_array else uploads[0].record
            continue
        plain = to_plain(name, value)
        place = each.place if each else "body" if operation.media_type else "query"
        if place == "body":
            fields[name] = plain
            parts += _encode_part(name, each, plain) if operation.media_type != JSON else ()
        elif place == "path":
            path = path.replace(f"{{{name}}}", _encode_segment(name, plain))
        else:
            items = [item for item in plain if item is not None] if is_array(plain) else [plain]
            query += [f"{quote(name, safe='')}={quote(_to_text(name, item, 'the query'), safe='')}" for item in items]
    path += f"?{'&'.join(query)}" if query else ""
    if operation.media_type == JSON:
        members = (_dump(name, name) + b":" + _dump(name, plain) for name, plain in fields.items())
        return RequestBody(content=b"{" + b",".join(members) + b"}", fields=fields, path=path)
    return RequestBody(parts=tuple(parts), fields=fields, path=path)


def check_names(
    operation: Operation, arguments: Mapping[str, object], extra_fields: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Check which fields are given. Arguments and errors are those of encode_request, except for FieldValueError.

    Returns:
        The values that are given, by wire name: in the contract's order, and then the extra ones.
    """
    known = {each.python_name: each for each in operation.fields}
    for name in arguments:
        if name not in known:
            raise _unknown_field(operation, name)
    documented = {each.wire_name: each for each in operation.fields}
    values = {name: arguments.get(each.python_name) for name, each in documented.items()}
    values = {name: value for name, value in values.items() if _is_given(value)}
    check_prompts(operation, values)
    for each in operation.fields:
        if each.required and each.wire_name not in values:
            raise RequestError(f"{each.python_name} is missing: the contract requires it. {NOTHING_SENT}")
    _check_field_rules(operation, values)
    if extra_fields:
        _check_extra_fields(documented, extra_fields)
        values |= {name: value for name, value in extra_fields.items() if _is_given(value)}
    return values


def _is_given(value: object) -> bool:
    return value is not None and not isinstance(value, Unset)


def _unknown_field(operation: Operation, name: str) -> UnknownFieldError:
    names = [each.python_name for each in operation.fields]
    hint = operation.field_hints.get(name)
    suggestion = hint.use if hint else next(iter(difflib.get_close_matches(name, names)), None)
    reason = f" ({hint.because})" if hint and hint.because else ""
    if suggestion:
        advice = f"Did you mean {suggestion}?{reason}"
    elif hint:
        advice = f"This version of the API has none{reason}; extra_fields sends an undocumented field anyway."
    else:
        advice = f"The fields are {', '.join(names)}; extra_fields sends an undocumented one."
    return UnknownFieldError(
        f"{name!r} is not a request field. {advice} {NOTHING_SENT}", field=name, suggestion=suggestion
    )


def _check_extra_fields(documented: Mapping[str, Field], extra_fields: object) -> None:
    if not is_mapping(extra_fields):
        kind = type(extra_fields).__name__
        raise RequestError(f"extra_fields is {kind}: give a mapping of field names to values. {NOTHING_SENT}")
    for name in extra_fields:
        if not isinstance(name, str) or not name.isprintable() or not name.strip() or set(name) & {'"', "\\"}:
            raise UnknownFieldError(
                f"extra_fields: {name!r} cannot be the name of a field. Use printable text without quotes and "
                f"backslashes. {NOTHING_SENT}",
                field=str(name),
                suggestion=None,
            )
        if name in documented:
            raise RequestError(
                f"extra_fields: {name!r} is a documented field. Give it as the keyword "
                f"{documented[name].python_name}. {NOTHING_SENT}"
            )


# The rules over several fields but the prompt rule: which exclude each other, and which go together. They are the
# contract's: regeneration reads `not`, `anyOf`, `x-same-length` and the `oneOf` of a field from the schema.


def _check_field_rules(operation: Operation, given: Mapping[str, object]) -> None:
    """Check the fields that are given together, by wire name. None counts as absent, and so does an empty list."""
    for fields, what in _conflicts(operation, given):
        raise ConflictingFieldsError(f"{what} {NOTHING_SENT}", fields=fields)


def _conflicts(operation: Operation, given: Mapping[str, object]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the fields that break a rule, by their names in Python, and the rule with its cure."""
    names = {each.wire_name: each.python_name for each in operation.fields}
    values = {each.wire_name: given.get(each.wire_name) for each in operation.fields if each.is_array}
    lengths = {name: len(value) if is_several(value) else int(value is not None) for name, value in values.items()}
    present = {name for name in given if lengths.get(name, 1)}
    for pair in operation.exclusive:
        if present.issuperset(pair):
            first, second = fields = tuple(names[name] for name in pair)
            yield fields, f"{first} and {second} were both given: they exclude each other, so leave one out."
    for group in operation.at_least_one_of:
        if present.isdisjoint(group):
            fields = tuple(names[name] for name in group)
            yield fields, f"Neither {' nor '.join(fields)} was given: give at least one."
    for first, second in operation.same_length:
        if second in present and lengths[first] != lengths[second]:
            items = "1 item" if lengths[second] == 1 else f"{lengths[second]} items"
            counts = f"{names[second]} has {items} and {names[first]} has {lengths[first]}"
            yield (names[first], names[second]), f"{counts}: give as many of one as of the other."
    for each in operation.fields:
        if each.exactly_one_of and each.wire_name in given:
            members = _members(each.wire_name, given[each.wire_name])
            found = [name for name in each.exactly_one_of if members is None or name in members]
            if members is not None and len(found) != 1:
                what = f"holds {' and '.join(found)}" if found else f"holds none of {', '.join(each.exactly_one_of)}"
                yield (each.python_name,), f"{each.python_name} {what}: give exactly one of them in it."


def _members(name: str, value: object) -> set[str] | None:
    """The members of an object, a generated model too; None for any other value, which the service refuses."""
    plain = to_plain(name, value)
    return {member for member, item in plain.items() if item is not None} if is_object(plain) else None


# The encoding.


def _encode_part(name: str, documented: Field | None, plain: Any) -> list[MultipartPart]:
    content_type = documented.content_type if documented else None
    if plain == [] and documented and not documented.is_array:
        content_type = JSON  # of no list: it arrives, and the service refuses it
    if is_array(plain) and content_type != JSON and not any(is_object(item) or is_array(item) for item in plain):
        return [part for item in plain for part in _encode_part(name, documented, item)]
    if is_object(plain) or is_array(plain) or content_type == JSON:
        return [(name, (None, _dump(name, plain), content_type or JSON))]
    text = plain if isinstance(plain, str) else _dump(name, plain).decode()
    return [(name, (None, text.encode(), content_type))]


def _encode_segment(name: str, plain: Any) -> str:
    """A value as one segment of a path: percent-encoded, and never one that leads elsewhere."""
    text = _to_text(name, plain, "the path")
    if text in {"", ".", ".."}:
        raise _cannot_encode(name, f"/{_escape(name)}", f"{text!r} cannot be a part of the path; give the whole id")
    return quote(text, safe="=")  # as base64 ends, and as nobody escapes it in a path


def _to_text(name: str, plain: Any, place: str) -> str:
    if is_object(plain) or is_array(plain):
        kind = type(plain).__name__
        raise _cannot_encode(name, f"/{_escape(name)}", f"{kind} cannot be in {place}; use a text or a number")
    return plain if isinstance(plain, str) else _dump(name, plain).decode()


def _dump(name: str, plain: Any) -> bytes:
    try:
        return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode()
    except ValueError as error:  # an integer with too many digits
        raise _cannot_encode(name, f"/{_escape(name)}", str(error)) from None


def to_plain(name: str, value: object) -> Any:
    """Convert a value to plain JSON types, generated models in the contract's key order.

    Args:
        name: The request field of the value.
        value: A string, number, boolean, None, mapping, sequence, enum, date, UUID or generated model.

    Raises:
        FieldValueError: With the JSON pointer of the first value that cannot be encoded.
    """
    try:
        return _to_plain(value, name, f"/{_escape(name)}")
    except RecursionError:
        raise _cannot_encode(name, f"/{_escape(name)}", "it nests too deep, or contains itself") from None


def plain_response(value: object) -> Any:
    """Convert a response to plain JSON types, generated models in the contract's key order.

    It was paid for, so nothing in it is refused: what is JSON already stays as it came.
    """
    if _is_model(value):
        return {name: plain_response(item) for name, item in _model_items(value).items()}
    if is_array(value):
        return [plain_response(item) if _is_model(item) else item for item in value]
    if isinstance(value, (Enum, date, UUID)):
        return _to_plain(value)
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value


def _is_model(value: object) -> bool:
    return type(value).__module__.startswith(_MODELS)


def _to_plain(value: object, name: str = "", pointer: str = "") -> Any:
    if isinstance(value, Enum):
        value = value.value
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, str):
        _check_text(value, name, pointer)
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise _cannot_encode(name, pointer, f"JSON has no {value}")
        # Tables hold whole numbers as floats, and a service that wants an integer may refuse 4.0.
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, (date, UUID)):
        return value.isoformat() if isinstance(value, date) else str(value)
    return _container_to_plain(value, name, pointer)


def _container_to_plain(value: object, name: str, pointer: str) -> Any:
    if is_mapping(value):
        return _mapping_to_plain(value, name, pointer)
    if is_several(value):
        return [_to_plain(item, name, f"{pointer}/{index}") for index, item in enumerate(value)]
    if _is_model(value):
        return _mapping_to_plain(_model_items(value), name, pointer)
    kind = type(value).__name__
    raise _cannot_encode(name, pointer, f"{kind} is not a JSON type; use text, numbers, mappings and lists")


def _mapping_to_plain(value: Mapping[Any, object], name: str, pointer: str) -> dict[str, Any]:
    plain: dict[str, Any] = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise _cannot_encode(name, pointer, f"the key {key!r} is not a string")
        _check_text(key, name, pointer)
        plain[key] = _to_plain(item, name, f"{pointer}/{_escape(key)}")
    return plain


def _model_items(model: Any) -> dict[str, object]:
    """The properties of a generated model by wire name, in the contract's order, without unset ones."""
    values = ((wire, getattr(model, name)) for name, wire in operations.MODEL_FIELDS[type(model).__name__])
    given = {wire: value for wire, value in values if not isinstance(value, Unset)}
    return given | dict(getattr(model, "additional_properties", {}))


def _check_text(text: str, name: str, pointer: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"character {error.start} is half of a surrogate pair ({text[error.start]!r}); correct the text"
        raise _cannot_encode(name, pointer, half) from None


def _escape(key: str) -> str:
    """A key as a JSON pointer token (RFC 6901)."""
    return key.replace("~", "~0").replace("/", "~1")


def _cannot_encode(name: str, pointer: str, reason: str) -> FieldValueError:
    pointer = pointer.encode(errors="backslashreplace").decode()
    return FieldValueError(
        f"{pointer}: this value cannot be sent: {reason}. {NOTHING_SENT}", field=name, pointer=pointer
    )


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a parsed JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a parsed JSON value is an array."""
    return isinstance(value, list)


def is_mapping(value: object) -> TypeGuard[Mapping[Any, object]]:
    """Whether a caller's value is a mapping, with keys of any type."""
    return isinstance(value, Mapping)


def is_several(value: object) -> TypeGuard[Sequence[object]]:
    """Whether a caller's value is a sequence of values, and not a text or the bytes of a file."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray, memoryview))
