"""Checks a request against the contract, offline."""

from __future__ import annotations

import difflib
import os
import reprlib
from enum import StrEnum
from heapq import nsmallest
from typing import TYPE_CHECKING, Any, Final, cast

from attrs import frozen
from jsonschema_rs import ValidationErrorKind

from ideogram_ai.client import FieldValueError
from ideogram_ai.client.request import is_array, is_object, to_plain
from ideogram_ai.client.uploads import Upload
from ideogram_ai.generated.operations import POST_GENERATE_IMAGE_V4

from .decoding import UploadedFile, remark_on_unknown
from .problems import SHORT_LIST, Problem, name_of, pointer_to, shown, suggestion
from .view import MASK, find_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jsonschema_rs import JsonValue, ValidationError

    from ideogram_ai.generated.operations import Operation

    from .view import ContractView


class Severity(StrEnum):
    """The severity of a problem."""

    BREAKS_CONTRACT = "breaks the contract"
    """The contract does not allow it."""

    REFUSED_TODAY = "refused today"
    """The contract lists it, and the service does not accept it yet."""

    NOT_IN_CONTRACT = "not in the contract"
    """The contract does not mention it, so the service may accept it, ignore it or refuse it."""


@frozen
class RequestProblem:
    """A problem with a request.

    Attributes:
        pointer: Where: a JSON pointer as a URI fragment, for example `#/resolution`; `#` for the whole request.
        message: What is wrong, with the value, and what would be right.
        severity: How severe it is.
    """

    pointer: str
    message: str
    severity: Severity


def check_request(
    request: Mapping[str, object], *, operation: str | Operation = POST_GENERATE_IMAGE_V4
) -> list[RequestProblem]:
    """List the problems of a request, those of the whole request first. Nothing is sent, and no file is opened.

    Args:
        request: The keyword arguments of the operation's method; as there, None counts as absent, and models, enums and
            tuples are accepted.
        operation: The operation, generate by default.

    Returns:
        The problems; empty for a request that the contract allows and that has no value that is refused today.
    """
    view = find_view(operation)
    names = {field.python_name: field.wire_name for field in view.operation.fields}
    given = {names.get(name, name): value for name, value in request.items() if value is not None}
    fields, unwritable = _to_plain(given, view)
    problems = [
        *unwritable,
        *_broken_rules(fields, view, {problem.pointer for problem in unwritable}),
        *_refused_today(fields, view),
        *_unknown_names(fields, view),
    ]
    return sorted(problems, key=lambda problem: problem.pointer != pointer_to(()))


def _to_plain(given: Mapping[str, object], view: ContractView) -> tuple[dict[str, Any], list[RequestProblem]]:
    """Return the values as plain JSON types, and the problems of those that have none; their repr replaces them."""
    fields: dict[str, Any] = {}
    problems: list[RequestProblem] = []
    for name, value in given.items():
        rule = view.fields.get(name)
        if rule is not None and rule.takes_files:
            files = _files(value) if rule.item is not None else [value]
            shown_files = [reprlib.repr(file) for file in files]
            fields[name] = shown_files if rule.item is not None else shown_files[0]
            problems += (_no_file(name, file) for file in files if not _is_file(file))
            continue
        try:
            fields[name] = to_plain(name, value)
        except FieldValueError as error:
            fields[name] = reprlib.repr(value)
            problems.append(RequestProblem(_as_fragment(error.pointer), error.message, Severity.BREAKS_CONTRACT))
    return fields, problems


def _files(value: object) -> list[object]:
    return list(cast("Sequence[object]", value)) if isinstance(value, list | tuple) else [value]


def _is_file(value: object) -> bool:
    """Whether the client would read it: a path, bytes, an open file, or an image of a Generation."""
    given = isinstance(value, str | os.PathLike | bytes | bytearray | Upload)
    return given or callable(getattr(value, "read", None))


def _no_file(name: str, value: object) -> RequestProblem:
    kind = type(value).__name__
    message = f"{name}: {reprlib.repr(value)} is {kind}. Give a path, bytes, or a file that is open for reading bytes."
    return RequestProblem(pointer_to([name]), message, Severity.BREAKS_CONTRACT)


def _as_fragment(pointer: str) -> str:
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return pointer_to(steps)


def _broken_rules(fields: Mapping[str, Any], view: ContractView, unwritable: set[str]) -> Iterator[RequestProblem]:
    """Yield what the schema refuses. A rule over several fields is one problem of the whole request."""
    is_valid = view.request_validator.is_valid(fields)
    by_message: dict[str, list[str]] = {}
    for problem in _unequal_lengths(fields, view) if is_valid else find_problems(fields, view, most=None):
        by_message.setdefault(problem.detail, []).append(problem.pointer)
    reported = {_field_of(pointer) for pointer in unwritable}
    for message, pointers in by_message.items():
        pointer = pointers[0] if len(pointers) == 1 else pointer_to(())
        if _field_of(pointer) not in reported:
            yield RequestProblem(pointer, message, Severity.BREAKS_CONTRACT)


def _field_of(pointer: str) -> str | None:
    """Return the field that a pointer names; None for the whole request."""
    return pointer.split("/")[1] if "/" in pointer else None


def _refused_today(fields: Mapping[str, Any], view: ContractView) -> Iterator[RequestProblem]:
    for name, rule in view.fields.items():
        refused = {entry.value: entry.because for entry in rule.unavailable}
        value = fields.get(name)
        if isinstance(value, str) and value in refused:
            others = ", ".join(str(choice) for choice in rule.choices if choice not in refused)
            message = f"{name}: {shown(value)} is refused today ({refused[value]}). Use one of {others}."
            yield RequestProblem(pointer_to([name]), message, Severity.REFUSED_TODAY)


def _unknown_names(fields: Mapping[str, Any], view: ContractView) -> Iterator[RequestProblem]:
    for name, value in fields.items():
        if name not in view.fields:
            close = difflib.get_close_matches(name, view.fields, n=1)
            guess = f" Did you mean {close[0]}?" if close and name not in view.operation.field_hints else ""
            message = f"{remark_on_unknown(name, view)}{guess} Its value is {shown(value)}."
            yield RequestProblem(pointer_to([name]), message, Severity.NOT_IN_CONTRACT)


_MOST_PROBLEMS: Final = 20
_LONGEST_WORD: Final = 100
"""Longer values are no typing errors, and comparing them takes time."""


def find_problems(fields: Mapping[str, Any], view: ContractView, *, most: int | None = _MOST_PROBLEMS) -> list[Problem]:
    """List what the contract refuses about a request, the most severe first.

    Args:
        fields: Its fields by wire name, parameters too: JSON types, and `UploadedFile`.
        view: The contract.
        most: The greatest number of schema errors; None for all.
    """
    fields = {name: _without_content(value) for name, value in fields.items()}
    lengths = list(_unequal_lengths(fields, view))
    if view.request_validator.is_valid(fields):
        return lengths or list(_unavailable(fields, view))
    errors = view.request_validator.iter_errors(fields)
    # Problems of the whole request come first: the first problem becomes the detail of the response.
    ordered = sorted(errors, key=_is_of_a_part) if most is None else nsmallest(most, errors, key=_is_of_a_part)
    return [*(problem for error in ordered for problem in _explain(error, fields, view)), *lengths]


def _without_content(value: Any) -> Any:
    """Replace a file by a string, which is what the schema takes it for."""
    if isinstance(value, UploadedFile):
        return value.name
    return [_without_content(item) for item in value] if is_array(value) else value


def _is_of_a_part(error: ValidationError) -> bool:
    return bool(error.instance_path)


def _unavailable(fields: Mapping[str, Any], view: ContractView) -> Iterator[Problem]:
    for name, value in fields.items():
        rule = view.fields.get(name)
        for entry in rule.unavailable if rule else ():
            if value == entry.value:
                detail = f"{name}: {shown(value)} cannot be used ({entry.because})."
                yield Problem(pointer_to([name]), detail, entry.status)


def _explain(error: ValidationError, fields: Mapping[str, Any], view: ContractView) -> Iterator[Problem]:
    kind, schema = error.kind.name, view.node(error.schema_path)
    if kind == "oneOf" and not error.instance_path:
        yield from _explain_prompt_rule(fields, view)
    elif kind == "oneOf":
        yield from _explain_choice(error, view)
    elif kind == "not" and is_object(schema) and is_object(error.instance):
        pair: list[str] = schema["required"]
        values = " and ".join(f"{name} is {shown(error.instance[name])}" for name in pair)
        detail = f"At most one of {' and '.join(pair)} may be given, and both were: {values}. Leave one out."
        yield from (Problem(pointer_to([*error.instance_path, name]), detail) for name in pair)
    elif kind == "anyOf" and is_array(schema) and all(set(each) == {"required"} for each in schema):
        names = " and ".join(each["required"][0] for each in schema)
        yield _problem(error, f"Give at least one of {names}; none was given.")
    else:
        yield _explain_value(error, view)


def _unequal_lengths(fields: Mapping[str, Any], view: ContractView) -> Iterator[Problem]:
    """Yield the problems of lists that have to be of the same length (x-same-length)."""
    for first, other in view.operation.same_length:
        one, two = fields.get(first, []), fields.get(other, [])
        if other in fields and is_array(one) and is_array(two) and len(one) != len(two):
            items = "1 item" if len(two) == 1 else f"{len(two)} items"
            detail = f"{other} has {items} and {first} has {len(one)}: give as many of one as of the other."
            yield Problem(pointer_to([other]), detail)


def _explain_prompt_rule(fields: Mapping[str, Any], view: ContractView) -> Iterator[Problem]:
    """Yield the problems of the rule that exactly one field of a group is given."""
    for group in view.operation.exactly_one_of:
        given = [name for name in group if name in fields]
        names = " and ".join(group)
        if len(given) > 1:
            values = ", ".join(f"{name} is {shown(fields[name])}" for name in given)
            detail = f"Give exactly one of {names}; more than one was given: {values}."
            yield from (Problem(pointer_to([name]), detail) for name in given)
        elif not given:
            hints = [remark_on_unknown(name, view) for name in fields if name in view.operation.field_hints]
            sent = ", ".join(fields) or "no field at all"
            detail = f"Give exactly one of {names}; none was given (the request has {sent})."
            yield Problem("#", " ".join([detail, *hints]))


def _explain_choice(error: ValidationError, view: ContractView) -> Iterator[Problem]:
    """Yield the problems of a value that matches no schema of a oneOf, by the schema that its discriminator names."""
    schema = view.node(error.schema_path[:-1])
    discriminator: dict[str, Any] | None = schema.get("discriminator")
    members = view.choices(schema)
    value: JsonValue = error.instance
    if members and isinstance(value, dict):
        given = [name for name in members if name in value]
        if len(given) == 1 and isinstance(error.kind, ValidationErrorKind.OneOfNotValid):
            yield from (_explain_value(inner, view) for inner in error.kind.context[members.index(given[0])])
        else:
            found = f"{' and '.join(given)} were" if given else "none was"
            yield _problem(error, f"give exactly one of {' and '.join(members)}: {found} given.")
        return
    if discriminator is None or not isinstance(error.kind, ValidationErrorKind.OneOfNotValid):
        yield _explain_value(error, view)
        return
    key: str = discriminator["propertyName"]
    mapping: dict[str, str] = discriminator["mapping"]
    choices = ", ".join(mapping)
    if not isinstance(value, dict):
        yield _problem(error, f"{shown(value)} is not an object.")
    elif key not in value:
        yield _problem(error, f"{key} is missing; it is one of {choices}.")
    elif not isinstance(kind := value[key], str) or kind not in mapping:
        yield _problem(error, f"{shown(kind)} is not one of {choices}.", key)
    else:
        branches = [branch["$ref"] for branch in schema["oneOf"]]
        chosen = error.kind.context[branches.index(mapping[kind])]
        yield from (_explain_value(inner, view) for inner in chosen)


def _explain_value(error: ValidationError, view: ContractView) -> Problem:
    schema = view.node(error.schema_path[:-1])
    if error.kind.name == "enum":
        choices = [str(choice) for choice in schema["enum"]]
        refused = {entry.value for rule in view.fields.values() for entry in rule.unavailable}
        usable = [choice for choice in choices if choice not in refused]
        if len(choices) > SHORT_LIST:
            advised = suggestion(str(error.instance), usable)
            return _problem(
                error, f"{shown(error.instance)} is not one of the {len(choices)} in the contract. {advised}"
            )
        return _problem(error, f"{shown(error.instance)} is not one of {', '.join(choices)}{_guess(error, usable)}.")
    message = error.message.replace(MASK, shown(error.instance))
    # What a field means is no cure for a wrong type, or for a number that is too high.
    plain = error.kind.name in {"required", "type", "minimum", "maximum"}
    cure: str = "" if plain else schema.get("description", "")
    return _problem(error, f"{message}. {cure}".rstrip())


def _guess(error: ValidationError, choices: list[str]) -> str:
    """Return the most similar choice, ignoring case."""
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(str(error.instance)[:_LONGEST_WORD].casefold(), by_folded, n=1)
    return f"; {by_folded[close[0]]} is the nearest" if close else ""


def _problem(error: ValidationError, detail: str, *steps: str) -> Problem:
    path = [*error.instance_path, *steps]
    return Problem(pointer_to(path), f"{name_of(path)}: {detail}" if path else detail)
