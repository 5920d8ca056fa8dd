"""Request fields on the command line: -F, files and stdin, and strict JSON, typed by the contract."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Final

from attrs import field, frozen

from ideogram_ai.batch.names import prompt_text, safe_stem, slug_of
from ideogram_ai.client.request import is_array
from ideogram_ai.contract.problems import meant
from ideogram_ai.contract.strict_json import JsonError, parse_json
from ideogram_ai.contract.view import read_view
from ideogram_ai.generated.operations import OPERATIONS, POST_GENERATE_IMAGE_V4, Operation

from .exit_codes import WrongUseError
from .terminal import is_terminal, print_note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ideogram_ai.client.uploads import Upload
    from ideogram_ai.contract.view import ContractView, FieldRule

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


def takes_several(rule: FieldRule) -> bool:
    """Whether a field is a list, so that each -F adds to it."""
    return "array" in rule.types and "string" not in rule.types


def members_of(view: ContractView, name: str) -> dict[str, dict[str, Any]]:
    """Return the schemas of the members of a field that is an object; empty for another one."""
    branches = view.branches(view.schemas[name])
    return {member: part for branch in branches for member, part in branch.get("properties", {}).items()}


def choices_of(name: str, operation: Operation = OPERATION) -> list[str]:
    """Return the values that the contract lists for a field."""
    rule = request_fields(operation).get(name)
    return [str(choice) for choice in rule.choices if choice is not None] if rule else []


def links_of(operation: Operation) -> tuple[str, ...]:
    """Return the members of a response that are links."""
    view = read_view(operation.operation_id)
    members, _ = view.members(view.responses[200].schema)
    return tuple(name for name, part in members.items() if any(b.get("format") == "uri" for b in view.branches(part)))


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

    def read_files(self, source: str, reader: str, field_name: str) -> list[Upload]:
        """Read a file of a field that takes several, or all files of a folder but hidden ones, by their names."""
        if not os.path.isdir(source):  # noqa: PTH112 - Path.is_dir() raises for a name that is too long
            return [self.read_file(source, reader, field_name)]
        names = sorted(path.name for path in Path(source).iterdir() if path.is_file() and path.name[0] != ".")
        if not names:
            raise WrongUseError(f"{reader}: there is no file in the folder {source!r}.")
        return [self.read_file(os.path.join(source, name), reader, field_name) for name in names]  # noqa: PTH118

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
        values: The values of variables that are in the fields.
    """

    operation: Operation = OPERATION
    documented: dict[str, Any] = field(factory=dict[str, Any])
    extra: dict[str, str] = field(factory=dict[str, str])
    sources: dict[str, str] = field(factory=dict[str, str])
    values: tuple[str, ...] = ()

    @property
    def stem(self) -> str:
        """What an image is called in a folder, as in a batch: the first words of its prompt, or a file; or empty."""
        files = (file for value in self.documented.values() for file in (value if is_array(value) else [value]))
        file = next((PurePath(name).stem for each in files if isinstance(name := getattr(each, "name", None), str)), "")
        slug = slug_of(prompt_text(self.documented) or file)
        words = [slug, *(word for word in map(slug_of, self.values) if word not in slug)]
        return safe_stem("-".join(filter(None, words))) if any(words) else ""

    def put(self, name: str, value: Any, source: str, *, extra: bool = False) -> None:
        """Set a field, unless another argument or option has set it."""
        self._claim(name, source)
        (self.extra if extra else self.documented)[name] = value

    def _claim(self, name: str, source: str) -> None:
        for given, earlier in self.sources.items():
            if given == name or given.startswith(f"{name}.") or name.startswith(f"{given}."):
                raise WrongUseError(f"{name} was given twice, by {earlier} and by {source}. Give it once.")
        self.sources[name] = source

    def put_options(self, *options: tuple[str, Any, str]) -> None:
        """Set fields that have an option of their own, given as name, value and option. None sets nothing."""
        for name, value, option in options:
            if value is not None:
                self.put(name, value, option)

    def put_assignment(self, assignment: str, inputs: Inputs) -> None:
        """Set what `-F NAME=VALUE` gives, with the type that the contract has for the field or the member of a field.

        Each one adds to a field that is a list. An unknown name becomes an extra field. If the contract or its likeness
        suggests that another field was meant, it is left to the client, which refuses it and names that field.
        """
        name, value = split_assignment(assignment, "-F")
        source = f"-F {name}"
        known = request_fields(self.operation)
        rule = known.get(name)
        head, _, member = name.partition(".")
        if rule is None and head in known and member and "object" in known[head].types:
            self._put_member(head, member, inputs.read_value(value, source), source)
        elif rule is None:
            slip = name in self.operation.field_hints or difflib.get_close_matches(name, list(known), n=1)
            # The client refuses a slip, so its file is not read.
            self.put(name, value if slip else inputs.read_value(value, source), source, extra=not slip)
        elif takes_several(rule):
            if self.sources.get(name) != source:
                self._claim(name, source)
            self.documented.setdefault(name, []).extend(self._items(rule, value, source, inputs))
        elif rule.is_file:
            self.put(name, inputs.read_file(value.removeprefix("@") or STDIN, source, name), source)
        else:
            self.put(name, _typed(rule, inputs.read_value(value, source), source), source)

    def _items(self, rule: FieldRule, value: str, source: str, inputs: Inputs) -> list[Any]:
        """Read what one -F adds to a list: files, the items of a JSON array, or one item."""
        if rule.takes_files:
            return [*inputs.read_files(value.removeprefix("@") or STDIN, source, rule.name)]
        text = inputs.read_value(value, source)
        item = read_view(self.operation.operation_id).item_rule(rule.name)
        if text.lstrip().startswith("[") and "array" not in item.types:
            return [*_parse_json(text, source)]
        return [_typed(item, text, source)]

    def _put_member(self, head: str, member: str, text: str, source: str) -> None:
        """Set a member of a field that is an object."""
        view = read_view(self.operation.operation_id)
        members = members_of(view, head)
        if member not in members:
            raise WrongUseError(f"{source}: {head} has no member {member!r}. It has {', '.join(members)}.")
        self._claim(f"{head}.{member}", source)
        self.documented.setdefault(head, {})[member] = _typed(view.rule_of(member, members[member]), text, source)

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


def refuse_blank(request: RequestFields) -> None:
    """Refuse blank text in a field that is required, or of which one is: it may be billed."""
    operation = request.operation
    needed = {each.wire_name for each in operation.fields if each.required}.union(*operation.exactly_one_of)
    for name in needed & request.documented.keys():
        value = request.documented[name]
        if isinstance(value, str) and not value.strip():
            raise WrongUseError(f"{name} is blank ({request.sources[name]}). Is a shell variable unset?")


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
    try:
        value = _parse_json(text, source)
    except WrongUseError:
        if types & {"array", "object"}:
            raise
        raise WrongUseError(f"{source}: {text!r:.80} is not of type {' or '.join(sorted(types - {'null'}))}.") from None
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
