"""Applies overrides/generator/overlay.yaml (OpenAPI Overlay 1.0) to the copy of a contract for the generator."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, Final

import jsonpath
import yaml

from regeneration.errors import RegenerationError, shorten
from regeneration.json_schema import first_error
from regeneration.nodes import is_list, is_mapping
from regeneration.paths import CONFIGURATION

if TYPE_CHECKING:
    from pathlib import Path

    from regeneration.errors import Pointer

OVERLAY: Final = CONFIGURATION / "overlay.yaml"

# What Overlay 1.0 asks for, and that every action says why it is there and where its end can be looked for.
_FORM: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["overlay", "info", "actions"],
    "additionalProperties": False,
    "properties": {
        "overlay": {"type": "string", "pattern": r"^1\.0\.\d+$"},
        "info": {
            "type": "object",
            "required": ["title", "version"],
            "properties": {"title": {"type": "string"}, "version": {"type": "string"}},
        },
        "actions": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["target", "description", "x-upstream"],
                "oneOf": [{"required": ["update"]}, {"required": ["remove"]}],
                "additionalProperties": False,
                "properties": {
                    "target": {"type": "string", "pattern": r"^\$"},
                    "description": {"type": "string", "minLength": 1},
                    "x-upstream": {"type": "string", "pattern": "^https://"},
                    "update": {},
                    "remove": {"const": True},
                },
            },
        },
    },
}


def overlaid(document: dict[str, Any], path: Path = OVERLAY) -> dict[str, Any]:
    """Make a copy of a document with the actions of an overlay done, each on what those before it left.

    Args:
        document: The document; it is not changed.
        path: The overlay.

    Raises:
        RegenerationError: The overlay is none, or an action of it changes nothing in this document.
    """
    overlay = yaml.safe_load(path.read_bytes())
    error = first_error(_FORM, overlay)
    if error is not None:
        place = "/".join(map(str, error[0]))
        raise RegenerationError(f"{path}: {place or 'the overlay'}: {shorten(error[1], 300)}")
    copy = deepcopy(document)
    for number, action in enumerate(overlay["actions"]):
        before = deepcopy(copy)
        _act(copy, action, f"{path}: actions/{number}")
        if copy == before:
            raise RegenerationError(
                f"{path}: actions/{number} ({action['target']}) changes nothing in this contract, so it is not needed "
                f"any more; take it out. It was there because: {action['description']}"
            )
    return copy


def _act(document: dict[str, Any], action: dict[str, Any], place: str) -> None:
    try:
        found: list[Pointer] = [match.parts for match in jsonpath.finditer(action["target"], document, strict=True)]
    except jsonpath.JSONPathError as error:
        raise RegenerationError(f"{place}: the target {action['target']} is no JSONPath (RFC 9535): {error}") from None
    for pointer in reversed(found):  # from the end, so that what is removed moves nothing that comes later
        if "remove" in action:
            del _at(document, pointer[:-1])[pointer[-1]]
            continue
        target = _at(document, pointer)
        if is_list(target):
            target.append(deepcopy(action["update"]))
        elif is_mapping(target) and is_mapping(action["update"]):
            _merge(target, action["update"])
        else:
            raise RegenerationError(f"{place}: update merges mappings and appends to lists; this is neither")


def _at(document: Any, pointer: Pointer) -> Any:
    for token in pointer:
        document = document[token]
    return document


def _merge(target: dict[str, Any], update: dict[str, Any]) -> None:
    for name, value in update.items():
        old = target.get(name)
        if is_mapping(old) and is_mapping(value):
            _merge(old, value)
        elif is_list(old) and is_list(value):
            old.extend(deepcopy(value))
        else:
            target[name] = deepcopy(value)
