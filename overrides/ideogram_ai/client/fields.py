"""From keyword arguments to the generated request model: field names and the prompt rule.

Only names are judged here, and which prompts are present. Values go to the service as they are: its refusal costs
nothing, and it may know more than our contract.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from ideogram_ai.generated.types import UNSET

from .errors import PromptError, RequestError, UnknownFieldError
from .json_types import is_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ideogram_ai.generated.operations import Operation

NOTHING_SENT = "Nothing was sent, nothing billed."


def build_model(operation: Operation, arguments: Mapping[str, object], extra_fields: Mapping[str, object]) -> Any:
    """Build the generated request model of an operation.

    Args:
        operation: What the contract says of the operation.
        arguments: Values by keyword; None means that a field is absent.
        extra_fields: Undocumented fields by wire name, sent beside the documented ones.

    Returns:
        An instance of the class that the generator made of the request schema.

    Raises:
        PromptError: Both prompts were given, or neither.
        UnknownFieldError: A keyword is no field of the operation.
        RequestError: A required field is missing, or extra_fields holds a documented field.
    """
    known = {field.python_name: field for field in operation.fields}
    for name in arguments:
        if name not in known:
            raise _unknown_field(operation, name)
    given = {name: value for name, value in arguments.items() if value is not None}
    python_names = {field.wire_name: field.python_name for field in operation.fields}
    for wire_names in operation.exactly_one_of:
        check_exactly_one(tuple(python_names[name] for name in wire_names), given)
    for field in operation.fields:
        if field.required and field.python_name not in given:
            raise RequestError(f"{field.python_name} is missing: the contract requires it. {NOTHING_SENT}")
    _check_extra_fields(operation, extra_fields)

    from ideogram_ai.generated import models  # noqa: PLC0415 - only a program that sends a request pays for the models

    model = getattr(models, operation.request_model)(**(dict.fromkeys(known, UNSET) | given))
    model.additional_properties.update(extra_fields)
    return model


def check_exactly_one(names: tuple[str, ...], given: Mapping[str, object]) -> None:
    """Raise PromptError unless exactly one of the named fields is given.

    Presence counts and not content: an empty prompt is a prompt, and the service's to judge.
    """
    present = [name for name in names if name in given]
    if len(present) > 1:
        raise PromptError(
            f"{' and '.join(present)} were both given: they exclude each other, so leave one out. {NOTHING_SENT}",
            case="both",
        )
    if not present:
        raise PromptError(f"Neither {' nor '.join(names)} was given: give exactly one. {NOTHING_SENT}", case="neither")


def _unknown_field(operation: Operation, name: str) -> UnknownFieldError:
    hint = operation.field_hints.get(name)
    suggestion = hint.use if hint else None
    if hint is None:
        close = difflib.get_close_matches(name, [field.python_name for field in operation.fields])
        suggestion = close[0] if close else None
    reason = f" ({hint.because})" if hint and hint.because else ""
    if suggestion:
        advice = f"Did you mean {suggestion}?{reason}"
    elif hint:
        advice = f"This version of the API has none{reason}; extra_fields sends an undocumented field all the same."
    else:
        names = ", ".join(field.python_name for field in operation.fields)
        advice = f"The fields are {names}; extra_fields sends an undocumented one."
    return UnknownFieldError(
        f"{name!r} is no request field. {advice} {NOTHING_SENT}", field=name, suggestion=suggestion
    )


def _check_extra_fields(operation: Operation, extra_fields: object) -> None:
    if not is_mapping(extra_fields):
        kind = type(extra_fields).__name__
        raise RequestError(f"extra_fields is {kind}: give a mapping of field names to values. {NOTHING_SENT}")
    documented = {field.wire_name: field.python_name for field in operation.fields}
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
                f"extra_fields: {name!r} is a documented field. Give it as the keyword {documented[name]}. "
                f"{NOTHING_SENT}"
            )
