"""Validates by JSON Schema and tells the error that helps most. The library has no types that pyright can use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from regeneration.errors import Pointer


def first_error(schema: Mapping[str, Any], value: Any) -> tuple[Pointer, str] | None:
    """Validate a value by a schema of draft 2020-12.

    Returns:
        The place of the error in the value, and what it is; None when the value is valid.
    """
    validator: Any = import_module("jsonschema").Draft202012Validator(schema)
    error: Any = import_module("jsonschema.exceptions").best_match(validator.iter_errors(value))
    return None if error is None else (tuple(error.absolute_path), error.message)


def innermost(error: Any) -> tuple[Pointer, str]:
    """Look into an error of the library for the error of an alternative that says most."""
    best: Any = import_module("jsonschema.exceptions").best_match(error.context) or error
    return tuple(best.absolute_path), best.message
