"""Request fields on the command line: -F, files and stdin, strict JSON, and completion, typed by the contract."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from ideogram_ai.contract.problems import meant
from ideogram_ai.contract.strict_json import JsonError, parse_json
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, Operation

from .exit_codes import WrongUseError
from .terminal import is_terminal, print_note

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import click

    from ideogram_ai.client.uploads import Upload
    from ideogram_ai.contract.view import FieldRule

OPERATION: Final = POST_GENERATE_IMAGE_V4
TEXT_PROMPT: Final = "text_prompt"
JSON_PROMPT: Final = "json_prompt"
STDIN: Final = "-"
_AS_JOB: Final = "_async"
"""What the operationId of an operation that submits a job has more than that of the operation that waits."""


def operation_of(method_name: str, *, as_job: bool = False) -> Operation:
    """Return the operation that a method of the client has, or the one that submits it as a job."""
    (operation,) = (each for each in OPERATIONS.values() if each.method_name == method_name)
    return OPERATIONS[f"{operation.operation_id}{_AS_JOB}"] if as_job else operation


def request_fields(operation: Operation = OPERATION) -> Mapping[str, FieldRule]:
    """Return the fields of a request by their name in the contract."""
    return read_view(operation.operation_id).fields


def choices_of(name: str, operation: Operation = OPERATION) -> list[str]:
    """Return the values that the contract lists for a field."""
    rule = request_fields(operation).get(name)
    return [str(choice) for choice in rule.choices if choice is not None] if rule else []


def complete(name: str, incomplete: str, method_names: Iterable[str]) -> list[str]:
    """Return the values of a field that begin with a word, in upper or lower case."""
    offered = (choice for method_name in method_names for choice in choices_of(name, operation_of(method_name)))
    return [choice for choice in dict.fromkeys(offered) if choice.lower().startswith(incomplete.lower())]


def write_field_help(formatter: click.HelpFormatter, method_names: Iterable[str]) -> None:
    """Write the contract's fields and their values at the end of a command's help."""
    operations = [operation_of(method_name) for method_name in method_names]
    rules = {name: rule for operation in reversed(operations) for name, rule in request_fields(operation).items()}
    names = list(dict.fromkeys(name for operation in operations for name in request_fields(operation)))
    for name in names:
        rule = rules[name]
        unavailable = {entry.value for entry in rule.unavailable}
        remarks = {rule.default: "default", **dict.fromkeys(unavailable, "not in service yet")}
        if choices := [str(choice) for choice in rule.choices if choice is not None]:
            shown = [f"{choice} ({remarks[choice]})" if choice in remarks else choice for choice in choices]
            with formatter.section(f"Values of {name} in the contract (others are sent too)"):
                formatter.write_text("  ".join(choice.replace(" ", "\N{NO-BREAK SPACE}") for choice in shown))
    with formatter.section("Fields for -F"):
        formatter.write_text("  ".join(names))


def refuse_both(one: str, other: str, *, given: bool) -> None:
    """Refuse two options that contradict each other."""
    if given:
        raise WrongUseError(f"{one} and {other} cannot be used together.")


class Inputs:
    """The files of a run, and its stdin, which only one option can read."""

    def __init__(self) -> None:
        self._stdin_reader: str | None = None

    def read_text(self, source: str, reader: str) -> str:
        """Read the text of a file, or of stdin for `-`. `reader` is the option that reads it."""
        try:
            return self.read_bytes(source, reader).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            message = f"{reader}: {_named(source)} is not UTF-8 text (at byte {error.start}). Save it as UTF-8."
            raise WrongUseError(message) from None

    def read_bytes(self, source: str, reader: str) -> bytes:
        """Read a file, or stdin for `-`. `reader` is the option that reads it."""
        return self._read_stdin(reader) if source == STDIN else _read_file(source, reader)

    def read_file(self, source: str, reader: str, field_name: str) -> Upload:
        """Read the file of a field, or stdin for `-`, once: the pipe of `<(...)` cannot be read again."""
        from ideogram_ai.client.uploads import make_upload  # noqa: PLC0415 - --help needs no httpx

        data = self.read_bytes(source, reader)
        if not data:
            raise WrongUseError(f"{reader}: {_named(source)} is empty.")
        return make_upload(data, name="" if source == STDIN else Path(source).name, stem=field_name)

    def read_json(self, source: str, reader: str) -> Any:
        """Read a JSON document, and keep the order of its keys."""
        return _parse_json(self.read_text(source, reader), f"{reader}: {_named(source)}")

    def read_value(self, value: str, source: str) -> str:
        """Read the text of a value: `@FILE` is a file's, `@-` stdin's, and `@@` stands for one at sign."""
        if value.startswith("@@"):
            return value[1:]
        return without_line_end(self.read_text(value[1:] or STDIN, source)) if value.startswith("@") else value

    def _read_stdin(self, reader: str) -> bytes:
        if self._stdin_reader is not None:
            message = f"{self._stdin_reader} and {reader} both read stdin. Use a file for one of them."
            raise WrongUseError(message)
        self._stdin_reader = reader
        if sys.stdin is None:
            raise WrongUseError(f"{reader}: stdin is closed.")
        if is_terminal(sys.stdin) and is_terminal(sys.stderr):
            print_note(f"Reading {reader} from the keyboard. End it with Ctrl-D on an empty line.")
        return sys.stdin.buffer.read()


def _read_file(path: str, reader: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise WrongUseError(f"{reader}: {path!r} cannot be read: {error.strerror}.") from None


def _named(source: str) -> str:
    return "stdin" if source == STDIN else repr(source)


def without_line_end(text: str) -> str:
    """Remove the line end that editors and echo add."""
    return text.removesuffix("\n").removesuffix("\r")


def _parse_json(text: str, name: str) -> Any:
    """Parse strict JSON. `name` is what it is, for messages."""
    try:
        return parse_json(text)
    except JsonError as error:
        raise WrongUseError(f"{name} cannot be used as JSON: {error}.") from None


@frozen
class RequestFields:
    """The fields of a request by their name in the contract.

    Attributes:
        operation: The operation that has them.
        documented: Fields that the contract has, or whose name the client refuses because it looks like one of them.
        extra: Fields that the contract does not have.
        sources: The argument or option that gave each field.
    """

    operation: Operation = OPERATION
    documented: dict[str, Any] = field(factory=dict[str, Any])
    extra: dict[str, str] = field(factory=dict[str, str])
    sources: dict[str, str] = field(factory=dict[str, str])

    def put(self, name: str, value: Any, source: str, *, extra: bool = False) -> None:
        """Set a field, unless another argument or option has set it."""
        if name in self.sources:
            raise WrongUseError(f"{name} was given twice, by {self.sources[name]} and by {source}. Give it once.")
        self.sources[name] = source
        (self.extra if extra else self.documented)[name] = value

    def put_options(self, *options: tuple[str, Any, str]) -> None:
        """Set fields that have an option of their own, given as name, value and option. None sets nothing."""
        for name, value, option in options:
            if value is not None:
                self.put(name, value, option)

    def put_assignment(self, assignment: str, inputs: Inputs) -> None:
        """Set what `-F NAME=VALUE` gives, with the type that the contract has for the field.

        An unknown name becomes an extra field. If the contract or its likeness suggests that another field was meant,
        it is left to the client, which refuses it and names that field.
        """
        name, value = split_assignment(assignment, "-F")
        source = f"-F {name}"
        known = request_fields(self.operation)
        rule = known.get(name)
        if rule is not None and rule.is_file:
            self.put(name, inputs.read_file(value.removeprefix("@"), source, name), source)
            return
        text = inputs.read_value(value, source)
        if rule is not None:
            self.put(name, _typed(rule, text, source), source)
        else:
            slip = name in self.operation.field_hints or difflib.get_close_matches(name, list(known), n=1)
            self.put(name, text, source, extra=not slip)

    def keywords(self) -> dict[str, Any]:
        """Return the documented fields as keyword arguments of the client."""
        known = {entry.wire_name: entry.python_name for entry in self.operation.fields}
        return {known.get(name, name): value for name, value in self.documented.items()}

    def correct_values(self) -> list[str]:
        """Replace values that can mean only one value of the contract, and return a note on each."""
        notes: list[str] = []
        for name in request_fields(self.operation):
            value = self.documented.get(name)
            choices = choices_of(name, self.operation)
            if isinstance(value, str) and choices and value not in choices and (choice := meant(value, choices)):
                self.documented[name] = choice
                notes.append(f"{name}: sending {choice} for {value!r}.")
        return notes


def split_assignment(assignment: str, option: str, example: str = "resolution=1024x1024") -> tuple[str, str]:
    """Split NAME=VALUE at its first equals sign."""
    name, sign, value = assignment.partition("=")
    if not sign or not name.strip():
        raise WrongUseError(f"{option} {assignment!r}: write NAME=VALUE, for example {option} {example}.")
    return name.strip(), value


def _typed(rule: FieldRule, text: str, source: str) -> Any:
    types = set(rule.types)
    if not types or "string" in types:
        return text
    if "boolean" in types and text in {"true", "false"}:
        return text == "true"
    if types <= {"boolean", "null"}:
        raise WrongUseError(f"{source}: {text!r} is neither true nor false.")
    value = _parse_json(text, source)
    check_type(rule, value, source)
    return value


def check_type(rule: FieldRule, value: Any, source: str) -> None:
    """Refuse a JSON value whose type the contract does not have for a field."""
    types = rule.types
    kind = _json_type(value)
    if kind not in types and not (kind == "integer" and "number" in types):
        wanted = " or ".join(sorted(set(types) - {"null"}))
        raise WrongUseError(f"{source}: this is JSON of type {kind}, but {rule.name} must be of type {wanted}.")


def _json_type(value: object) -> str:
    kinds: dict[type, str] = {
        type(None): "null",
        bool: "boolean",
        int: "integer",
        float: "number",
        str: "string",
        list: "array",
    }
    return kinds.get(type(value), "object")
