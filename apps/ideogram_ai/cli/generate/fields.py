"""The request fields that a command line gives, each with the type that the contract has for it."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..errors import WrongUseError
from .contract_fields import OPERATION, request_fields
from .inputs import STDIN, parse_json

if TYPE_CHECKING:
    from .contract_fields import RequestField
    from .inputs import Inputs

TEXT_PROMPT = "text_prompt"
JSON_PROMPT = "json_prompt"


@frozen
class Fields:
    """Fields by their name on the wire.

    Attributes:
        documented: Fields of the contract.
        extra: Fields that it does not have.
        sources: By name, the argument or option that gave a field.
    """

    documented: dict[str, Any] = field(factory=dict[str, Any])
    extra: dict[str, str] = field(factory=dict[str, str])
    sources: dict[str, str] = field(factory=dict[str, str])

    def put(self, name: str, value: Any, source: str) -> None:
        """Enter a field of the contract, or one that looks so much like one that the client has to refuse it."""
        self._claim(name, source)
        self.documented[name] = value

    def put_extra(self, name: str, value: str, source: str) -> None:
        """Enter a field that the contract does not have."""
        self._claim(name, source)
        self.extra[name] = value

    def keywords(self) -> dict[str, Any]:
        """The documented fields as keyword arguments of the client."""
        known = request_fields()
        return {known[name].python_name if name in known else name: value for name, value in self.documented.items()}

    def _claim(self, name: str, source: str) -> None:
        if name in self.sources:
            raise WrongUseError(f"{name} was given twice, by {self.sources[name]} and by {source}. Give it once.")
        self.sources[name] = source


def add_field(fields: Fields, assignment: str, inputs: Inputs) -> None:
    """Enter what `-F NAME=VALUE` says.

    A name that is no field of the contract becomes an extra field, unless the contract or its likeness tells that
    another field was meant: then it is left to the client, which refuses it and says what was meant.

    Args:
        fields: Where it goes.
        assignment: The text after -F.
        inputs: Where `@FILE` is read.

    Raises:
        WrongUseError: The value cannot be what the contract has for the field.
    """
    name, value = split_assignment(assignment, "-F")
    known = request_fields().get(name)
    source = f"-F {name}"
    if known is None:
        looks_known = name in OPERATION.field_hints or difflib.get_close_matches(name, list(request_fields()), n=1)
        enter = fields.put if looks_known else fields.put_extra
        enter(name, _text(value, source, inputs), source)
    else:
        fields.put(name, _typed(known, value, source, inputs), source)


def split_assignment(assignment: str, option: str, example: str = "resolution=1024x1024") -> tuple[str, str]:
    """Split NAME=VALUE at its first equals sign."""
    name, sign, value = assignment.partition("=")
    if not sign or not name.strip():
        raise WrongUseError(f"{option} {assignment!r}: write NAME=VALUE, as in {option} {example}.")
    return name.strip(), value


def read_value(value: str, source: str, inputs: Inputs) -> str:
    """The text of a value: `@FILE` is the file's, `@-` stdin's, and `@@` a literal at sign."""
    return _text(value, source, inputs)


def _text(value: str, source: str, inputs: Inputs) -> str:
    if value.startswith("@@"):
        return value[1:]
    if not value.startswith("@"):
        return value
    return without_line_end(inputs.read_text(value[1:] or STDIN, source))


def without_line_end(text: str) -> str:
    """A text without the line end that editors and echo put behind it."""
    return text.removesuffix("\n").removesuffix("\r")


def _typed(known: RequestField, value: str, source: str, inputs: Inputs) -> Any:
    text = _text(value, source, inputs)
    if not known.types or "string" in known.types:
        return text
    if "boolean" in known.types and text in {"true", "false"}:
        return text == "true"
    if known.types <= {"boolean", "null"}:
        raise WrongUseError(f"{source}: {text!r} is neither true nor false.")
    parsed = parse_json(text, source)
    check_type(known, parsed, source)
    return parsed


def check_type(known: RequestField, value: Any, source: str) -> None:
    """Refuse a JSON value of a type that the contract does not have for the field."""
    kind = json_type(value)
    if kind not in known.types and not (kind == "integer" and "number" in known.types):
        wanted = " or ".join(sorted(known.types - {"null"}))
        raise WrongUseError(f"{source}: this is JSON of type {kind}, and {known.name} is of type {wanted}.")


def json_type(value: Any) -> str:
    """The JSON Schema type of a parsed value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"
