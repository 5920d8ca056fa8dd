"""Decodes a request to the values of the contract: parts of a multipart body, files, a JSON body, path and query."""

from __future__ import annotations

import binascii
import codecs
import json
from typing import TYPE_CHECKING, Any, Final, Never

from attrs import define, field, frozen

from ideogram_ai.client.request import is_object

from .problems import Problem, pointer_to, shown
from .strict_json import not_deeper

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .view import ContractView, FieldRule

DEEPEST_JSON: Final = 100
"""Levels of nesting in a JSON value. The contract needs six; parsers and validators fail at some hundreds."""

_JSON: Final = "application/json"
_CHARSET_FIELD: Final = "_charset_"
_UTF8: Final = "utf-8"
_AS_IT_IS: Final = frozenset({"", "7bit", "8bit", "binary"})
_OF_PYTHON: Final = frozenset({"idna", "mbcs", "oem", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"})
"""Python codecs that are not charsets."""


@frozen
class Part:
    """One part of a multipart body.

    Attributes:
        name: Name of the field.
        value: The bytes as they were sent.
        content_type: Media type in lower case; empty when the part has none.
        charset: The charset parameter of the media type in lower case; empty without one.
        filename: The file name; None when the part has none.
        transfer_encoding: Its Content-Transfer-Encoding in lower case; empty without one.
    """

    name: str
    value: bytes
    content_type: str
    charset: str
    filename: str | None
    transfer_encoding: str = ""


@frozen
class UploadedFile:
    """A file of a request.

    Attributes:
        name: The file name; empty when the part has none.
        content_type: Media type in lower case; empty when the part has none.
        content: Its bytes.
    """

    name: str
    content_type: str
    content: bytes = field(repr=False)


@define
class DecodedFields:
    """The fields of a request.

    Attributes:
        items: Name and value of each field in wire order: JSON types, and `UploadedFile`; the raw text where the value
            could not be read.
        remarks: What was tolerated although it differs from the contract.
        problems: The values that could not be read.
    """

    items: list[tuple[str, Any]] = field(factory=list[tuple[str, Any]])
    remarks: list[str] = field(factory=list[str])
    problems: list[Problem] = field(factory=list[Problem])


class _UnreadableError(Exception):
    """A value cannot be read. The message follows the name of the field."""


def decode_parts(parts: Iterable[Part], view: ContractView) -> DecodedFields:
    """Decode each part by the rule of its field. Fields that the contract does not have remain text, with a remark.

    A field that is a list has a part for each item (RFC 7578, section 4.3), unless the contract says that it is JSON.
    Text is read in the charset that its part names, or else the field `_charset_` (section 4.6), or else in UTF-8.
    """
    parts = list(parts)
    default = _default_charset(parts)
    decoded = DecodedFields()
    lists: dict[str, list[Any]] = {}
    seen: set[str] = set()
    for part in parts:
        rule = view.fields.get(part.name)
        if rule is not None and rule.place != "body":
            decoded.problems.append(_misplaced(rule))
            continue
        if rule is not None and rule.item is not None:
            if part.name not in lists:
                decoded.items.append((part.name, lists.setdefault(part.name, [])))
            lists[part.name].append(_decode(part, rule.item, decoded, default))
            continue
        if rule is None:
            decoded.items.append((part.name, _read_unknown(part, view, decoded, default)))
            continue
        if part.name in seen:
            decoded.problems.append(_problem(part.name, "is given more than once; give it once."))
        seen.add(part.name)
        if part.filename is not None and not rule.is_file:
            decoded.remarks.append(f"{part.name} came as a file ({shown(part.filename)}); its content was read.")
        decoded.items.append((part.name, _decode(part, rule, decoded, default)))
    return decoded


def decode_json(text: bytes, view: ContractView) -> DecodedFields:
    """Decode a JSON body. Members that the contract does not have are kept, with a remark."""
    decoded = DecodedFields()
    try:
        value = _json_value(text.decode())
    except UnicodeDecodeError as error:
        decoded.problems.append(Problem(pointer_to(()), f"The body is not UTF-8 at byte {error.start}."))
        return decoded
    except _UnreadableError as error:
        decoded.problems.append(Problem(pointer_to(()), f"The body {error}"))
        return decoded
    if not is_object(value):
        decoded.problems.append(Problem(pointer_to(()), f"The body is not an object. It is {shown(value)}."))
        return decoded
    for name, member in value.items():
        rule = view.fields.get(name)
        if rule is not None and rule.place != "body":
            decoded.problems.append(_misplaced(rule))
            continue
        decoded.items.append((name, member))
        if rule is None:
            decoded.remarks.append(remark_on_unknown(name, view))
    return decoded


def decode_parameters(path: Mapping[str, str], query: Iterable[tuple[str, str]], view: ContractView) -> DecodedFields:
    """Decode the parameters of path and query. Query parameters that the contract does not have only get a remark.

    Args:
        path: The values in the path by name, decoded from percent signs.
        query: Names and values in the query, in wire order; those of a list are repeated.
        view: The contract.
    """
    decoded = DecodedFields()
    rules = view.fields_in("query")
    given: dict[str, list[str]] = {}
    for name, text in query:
        if name in rules:
            given.setdefault(name, []).append(text)
        else:
            decoded.remarks.append(f"{shown(name)} is not a query parameter of this operation.")
    for name, rule in view.fields_in("path").items():
        if name in path:
            decoded.items.append((name, _parameter(path[name], rule, decoded)))
    for name, texts in given.items():
        rule = rules[name]
        item = rule.item
        if item is not None:
            decoded.items.append((name, [_parameter(text, item, decoded) for text in texts]))
            continue
        if len(texts) > 1:
            decoded.problems.append(_problem(name, "is given more than once; give it once."))
        decoded.items.append((name, _parameter(texts[-1], rule, decoded)))
    return decoded


def _parameter(text: str, rule: FieldRule, decoded: DecodedFields) -> Any:
    if not rule.types or "string" in rule.types:
        return text
    try:
        return _scalar(text, rule)
    except _UnreadableError as error:
        decoded.problems.append(_problem(rule.name, str(error)))
        return text


def _misplaced(rule: FieldRule) -> Problem:
    where = "query of the URL" if rule.place == "query" else "path of the URL"
    return _problem(rule.name, f"came in the body; it belongs in the {where}.")


def remark_on_unknown(name: str, view: ContractView) -> str:
    """Return a remark on a field that the operation does not have, with the contract's hint."""
    hint = view.operation.field_hints.get(name)
    remark = f"{shown(name)} is not a field of this operation"
    if hint and hint.use:
        remark += f"; use {hint.use}"
    if hint and hint.because:
        remark += f" ({hint.because})"
    return f"{remark}."


def json_text(value: Any) -> str:
    """Return a value as compact JSON in its own key order.

    Raises:
        ValueError: It contains a number that JSON does not have, or a lone surrogate.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    text.encode()
    return text


def _default_charset(parts: Iterable[Part]) -> str:
    """Return the charset in the field `_charset_` of HTML forms; UTF-8 without that field."""
    named = [part.value.decode("ascii", "replace").strip().lower() for part in parts if part.name == _CHARSET_FIELD]
    return named[0] if named and named[0] else _UTF8


def _read_unknown(part: Part, view: ContractView, decoded: DecodedFields, default: str) -> str:
    """Return the text of a part that the contract does not have, or a description of a file or of binary data."""
    if part.name == _CHARSET_FIELD:
        decoded.remarks.append(f"{_CHARSET_FIELD} names the charset of the parts that name none.")
        return default
    remark = remark_on_unknown(part.name, view)
    try:
        if part.filename is None:
            text = _text(part, decoded, default)
            decoded.remarks.append(remark)
            return text
        what = f"a file, {shown(part.filename)}"
    except _UnreadableError:
        what = "not text"
    # Its bytes are not kept: the ledger would grow by each image that is sent.
    kind = f" of {part.content_type}" if part.content_type else ""
    decoded.remarks.append(f"{remark} It is {what}, which was not looked at.")
    return f"[{len(part.value)} bytes{kind}]"


def _decode(part: Part, rule: FieldRule, decoded: DecodedFields, default: str) -> Any:
    if rule.is_file:
        return _file(part, decoded)
    try:
        text = _text(part, decoded, default)
    except _UnreadableError as error:
        decoded.problems.append(_problem(part.name, str(error)))
        return part.value.decode("utf-8", "backslashreplace")
    try:
        return _value(text, part, rule, decoded)
    except _UnreadableError as error:
        decoded.problems.append(_problem(part.name, str(error)))
        return text


def _file(part: Part, decoded: DecodedFields) -> UploadedFile:
    content = part.value
    try:
        content = _without_transfer_encoding(part, decoded)
    except _UnreadableError as error:
        decoded.problems.append(_problem(part.name, str(error)))
    if part.filename is None:
        decoded.remarks.append(f"{part.name} came without a file name; its bytes were taken for the file.")
    return UploadedFile(part.filename or "", part.content_type, content)


def _text(part: Part, decoded: DecodedFields, default: str) -> str:
    """Return the text of a part, with a remark if its charset makes a difference."""
    value = _without_transfer_encoding(part, decoded)
    charset = part.charset or default
    codec = _codec(charset)
    try:
        text = value.decode(codec)
        if codec == _UTF8:
            return text
        text.encode()  # some charsets have halves of surrogate pairs
    except UnicodeDecodeError as error:
        raise _UnreadableError(f"is not {charset.upper()} at byte {error.start}.") from error
    except UnicodeError as error:
        raise _UnreadableError(f"cannot be read in charset {charset.upper()}: {error}.") from error
    if value.decode(_UTF8, "replace") != text:
        decoded.remarks.append(
            f"{part.name} came in charset {charset.upper()} and was read in it; what the service does with that is not "
            "documented: write UTF-8."
        )
    return text


def _codec(charset: str) -> str:
    """Return Python's name of a charset."""
    if charset == _UTF8:
        return charset
    try:
        codec = codecs.lookup(charset).name
        if codec not in _OF_PYTHON:
            b"-".decode(codec, "replace")  # some codecs make bytes of bytes
            return codec
    except (LookupError, ValueError):
        pass
    raise _UnreadableError(f"is sent in charset {shown(charset)}, which is not known here; write UTF-8.")


def _without_transfer_encoding(part: Part, decoded: DecodedFields) -> bytes:
    """Decode Content-Transfer-Encoding, which RFC 7578, section 4.7, deprecated and old programs send."""
    encoding = part.transfer_encoding
    if encoding in _AS_IT_IS:
        return part.value
    try:
        match encoding:
            case "base64":
                value = binascii.a2b_base64(b"".join(part.value.split()), strict_mode=True)
            case "quoted-printable":
                value = binascii.a2b_qp(part.value)
            case _:
                raise _UnreadableError(
                    f"has the Content-Transfer-Encoding {shown(encoding)}, which is not known here; leave that header "
                    "out."
                )
    except binascii.Error as error:
        raise _UnreadableError(f"is not {encoding}, which its Content-Transfer-Encoding says: {error}.") from error
    decoded.remarks.append(
        f"{part.name} came with Content-Transfer-Encoding: {encoding} and was decoded; forms have no such header any "
        "more (RFC 7578): leave it out."
    )
    return value


def _value(text: str, part: Part, rule: FieldRule, decoded: DecodedFields) -> Any:
    if rule.content_type == _JSON:
        if part.content_type != _JSON:
            decoded.remarks.append(f"{part.name} came without Content-Type: {_JSON} of its own; it was read as JSON.")
        if text.startswith("\ufeff"):
            decoded.remarks.append(f"{part.name} begins with a byte order mark, which was left out; JSON has none.")
        return _json_value(text.removeprefix("\ufeff"))
    if not rule.types or "string" in rule.types:
        return text
    if text == "null" and "null" in rule.types:
        decoded.remarks.append(f"{part.name} came as the text null; leave the field out instead.")
        return None
    return _scalar(text, rule)


def _scalar(text: str, rule: FieldRule) -> Any:
    """Parse a boolean or a number in the notation of JSON."""
    if "boolean" in rule.types:
        if text in {"true", "false"}:
            return text == "true"
        raise _UnreadableError(f"is {shown(text)}; write true or false.")
    value = _json_value(text)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _UnreadableError(f"is {shown(text)}; write a number.")
    return value


def _refuse_constant(name: str) -> Never:
    raise _UnreadableError(f"holds {name}, which is not JSON.")


_DECODER: Final = json.JSONDecoder(parse_constant=_refuse_constant)


def _json_value(text: str) -> Any:
    try:
        value = not_deeper(_DECODER.decode(text), text, DEEPEST_JSON)
        json_text(value)
    except json.JSONDecodeError as error:
        raise _UnreadableError(f"is not JSON: {error}. It is {shown(text)}.") from error
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise _UnreadableError(f"holds {half}, half of a surrogate pair, which cannot be written in UTF-8.") from error
    except RecursionError as error:
        raise _UnreadableError(f"is nested more than {DEEPEST_JSON} levels deep.") from error
    except ValueError as error:
        raise _UnreadableError(f"holds a number that is too large: {error}.") from error
    return value


def _problem(name: str, detail: str) -> Problem:
    return Problem(pointer_to([name]), f"{name} {detail}")
