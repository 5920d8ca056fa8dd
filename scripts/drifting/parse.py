"""Makes a document of bytes: JSON or YAML of any author, so more is taken than from our own contract."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import yaml
from regeneration.documents import is_list, is_mapping

from drifting.errors import DriftError
from drifting.references import Document
from drifting.yaml_bounds import MAX_DEPTH, check_bounds

_JSON: Final = re.compile(r'\s*\{\s*["}]')
_HTML: Final = re.compile(r"\s*<(!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)


def parse_document(name: str, source: bytes) -> Document:
    """Parse an OpenAPI document.

    Args:
        name: Its file or address, for messages.
        source: JSON or YAML, in UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Raises:
        DriftError: It is something else, or nested too deeply.
    """
    try:
        text = source.decode(json.detect_encoding(source)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise DriftError(f"{name} is no text: {error.reason} at byte {error.start}") from None
    if _HTML.match(text):
        raise DriftError(
            f"{name} is a web page, and no OpenAPI document; has the document moved, or is a log-in needed?"
        )
    data = _json(name, text) if _JSON.match(text) else _yaml(name, text)
    if not is_mapping(data):
        raise DriftError(f"{name} is no OpenAPI document: it does not hold a mapping")
    version = data.get("openapi", data.get("swagger"))
    if not isinstance(version, str) or not version.startswith("3."):
        said = f"its version is {json.dumps(version, default=str)}" if version is not None else "it names no version"
        raise DriftError(f"{name} is no OpenAPI 3 document: {said}")
    return Document(name, data)


def _json(name: str, text: str) -> Any:
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise DriftError(f"{name}:{error.lineno}:{error.colno}: this is not JSON: {error.msg}") from None
    except ValueError as error:
        raise DriftError(f"{name}: this is not JSON: {error}") from None
    except RecursionError:
        raise _too_deep(name) from None
    level: list[Any] = [data]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return data
    raise _too_deep(name)


def _children(node: Any) -> list[Any]:
    if is_mapping(node):
        return list(node.values())
    return node if is_list(node) else []


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"JSON has no {constant}")


def _too_deep(name: str) -> DriftError:
    return DriftError(f"{name}: nested more than {MAX_DEPTH} levels deep")


def _yaml(name: str, text: str) -> Any:
    try:
        check_bounds(name, yaml.parse(text, Loader=_BASE))
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader, with fewer types
    except yaml.MarkedYAMLError as error:
        mark: Any = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else name
        raise DriftError(f"{place}: this is neither JSON nor YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, ValueError) as error:
        raise DriftError(f"{name} is neither JSON nor YAML: {error}") from None


_BASE: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTRUCTORS: Final = {
    tag: constructor
    for tag, constructor in _BASE.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in {"bool", "float", "int", "map", "null", "seq", "str"}
}
_Loader: Final[Any] = type("_Loader", (_BASE,), {"yaml_implicit_resolvers": {}, "yaml_constructors": _CONSTRUCTORS})
"""Reads the types of JSON and no others: no dates, and "no" is a word, as YAML 1.2 has it."""
for _kind, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?(0|[1-9][0-9]*)", list("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", list("-+0123456789.")),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"^(?:{_pattern})$"), _first)


def _construct_mapping(loader: Any, node: yaml.MappingNode) -> dict[str, Any]:
    """Build a mapping whose keys are text, as JSON has them: a status is written 200 as often as '200'."""
    return {str(key.value): loader.construct_object(value, deep=True) for key, value in node.value}


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_mapping)
