"""Tells what is wrong with a request before it is sent, and before it costs a round trip."""

from __future__ import annotations

import difflib
import reprlib
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from attrs import frozen

from ideogram_ai.client import FieldValueError
from ideogram_ai.client.request import to_plain

from .decoding import remark_on_unknown
from .problems import pointer_to, shown
from .validation import find_problems
from .view import read_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .view import ContractView


class Severity(StrEnum):
    """What a problem means for the request."""

    BREAKS_CONTRACT = "breaks the contract"
    """The contract does not allow it."""

    REFUSED_TODAY = "refused today"
    """The contract lists it, and the service does not take it yet."""

    NOT_IN_CONTRACT = "not in the contract"
    """The contract says nothing of it, so the service may take it, ignore it or refuse it."""


@frozen
class RequestProblem:
    """One thing that is wrong with a request.

    Attributes:
        pointer: Where: a JSON pointer into the request as a URI fragment, `#/resolution` say; `#` for the whole.
        message: What is wrong, with the value, and what would be right.
        severity: What it means for the request.
    """

    pointer: str
    message: str
    severity: Severity


def check_request(request: Mapping[str, object]) -> list[RequestProblem]:
    """All that is wrong with a request, what is wrong with the whole of it first; nothing is sent.

    Args:
        request: The keyword arguments of `generate()`; as there, None counts as absent, and models, enums and tuples
            are taken.

    Returns:
        The problems; an empty list for a request that keeps the contract and has nothing that is refused today.
    """
    view = read_view()
    names = {field.python_name: field.wire_name for field in view.operation.fields}
    given = {names.get(name, name): value for name, value in request.items() if value is not None}
    fields, unwritable = _to_plain(given)
    problems = [
        *unwritable,
        *_broken_rules(fields, view, {problem.pointer for problem in unwritable}),
        *_refused_today(fields, view),
        *_unknown_names(fields, view),
    ]
    return sorted(problems, key=lambda problem: problem.pointer != pointer_to(()))


def _to_plain(given: Mapping[str, object]) -> tuple[dict[str, Any], list[RequestProblem]]:
    """The values as plain JSON types, and what has no such form: a text stands for it."""
    fields: dict[str, Any] = {}
    problems: list[RequestProblem] = []
    for name, value in given.items():
        try:
            fields[name] = to_plain(name, value)
        except FieldValueError as error:
            fields[name] = reprlib.repr(value)
            problems.append(RequestProblem(_as_fragment(error.pointer), error.message, Severity.BREAKS_CONTRACT))
    return fields, problems


def _as_fragment(pointer: str) -> str:
    steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:])
    return pointer_to(steps)


def _broken_rules(fields: Mapping[str, Any], view: ContractView, unwritable: set[str]) -> Iterator[RequestProblem]:
    """What the contract's schema refuses. A rule over several fields is one problem of the whole request."""
    if view.request_validator.is_valid(fields):
        return
    by_message: dict[str, list[str]] = {}
    for problem in find_problems(fields, view, most=None):
        by_message.setdefault(problem.detail, []).append(problem.pointer)
    told = {_field_of(pointer) for pointer in unwritable}
    for message, pointers in by_message.items():
        pointer = pointers[0] if len(pointers) == 1 else pointer_to(())
        if _field_of(pointer) not in told:
            yield RequestProblem(pointer, message, Severity.BREAKS_CONTRACT)


def _field_of(pointer: str) -> str | None:
    """The part of a pointer that names the field; None for the whole request."""
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
