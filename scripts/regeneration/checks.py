"""Checks a contract before anything is generated from it; every refusal names the place and the cure."""

from __future__ import annotations

import re
import unicodedata
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

import yaml

from regeneration.documents import (
    CONFIGURATION,
    Contract,
    Pointer,
    at,
    children,
    find,
    first_error,
    holds_names,
    is_list,
    is_mapping,
    mappings,
    operations,
    pointer_text,
    read_contract,
    shorten,
)
from regeneration.operation_checks import check_client, check_methods, check_operations
from regeneration.rules import check_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_DEPTH: Final = 150
_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep when every $ref is followed"
_NAMED: Final = ("name", "operationId", "title")
_PARAMETER: Final = re.compile(r"\{[A-Za-z_][A-Za-z0-9_-]*\}")


def read_checked(path: Path) -> Contract:
    """Read a contract and check what it says.

    Raises:
        ContractError: It cannot be read, is not valid OpenAPI 3.1, or says what cannot be generated.
    """
    contract = read_contract(path)
    for check in (
        *(check_references, check_paths, check_openapi, check_extensions, check_names),
        *(check_operations, check_methods, check_client, check_rules),
    ):
        check(contract)
    return contract


def check_references(contract: Contract) -> None:
    """Refuse a `$ref` that leads out of the file, nowhere or back to itself, and nesting that is too deep."""
    heights: dict[Pointer, int] = {}

    def height(pointer: Pointer, node: Any, trail: tuple[Pointer, ...], depth: int) -> int:
        """Count the levels below a node; trail holds the targets of the references that led to it."""
        if depth > MAX_DEPTH:
            raise contract.error(pointer, _DEEP)
        below = [height(*child, trail, depth + 1) for child in children(pointer, node)]
        if is_mapping(node) and isinstance(node.get("$ref"), str):
            below.append(follow((*pointer, "$ref"), node["$ref"], trail, depth + 1))
        return 1 + max(below, default=0)

    def follow(place: Pointer, reference: str, trail: tuple[Pointer, ...], depth: int) -> int:
        target = _target(contract, place, reference)
        if target in trail:
            ring = [*trail[trail.index(target) :], target]
            names = " -> ".join("#" + pointer_text(pointer) for pointer in ring)
            raise contract.error(place, f"the $ref leads back to itself: {names}")
        if depth + heights.get(target, 0) > MAX_DEPTH:
            raise contract.error(place, _DEEP)
        if target not in heights:
            heights[target] = height(target, at(contract.document, target), (*trail, target), depth)
        return heights[target]

    height((), contract.document, (), 0)


def _target(contract: Contract, place: Pointer, reference: str) -> Pointer:
    if not reference.startswith("#"):
        raise contract.error(place, f"the $ref {reference} leads out of this file; the contract is one file")
    if not reference.startswith("#/"):
        raise contract.error(place, f"the $ref {reference} is not a JSON pointer, as #/components/schemas/Name is")
    target, missing = find(contract.document, reference)
    if missing is not None:
        message = f"the $ref {reference} leads nowhere; #{pointer_text(target)} holds no {missing}"
        raise contract.error(place, message)
    return target


def check_paths(contract: Contract) -> None:
    """Refuse a path that breaks RFC 3986: its characters would mean something else in an address or in code."""
    paths = contract.document.get("paths")
    for path in paths if is_mapping(paths) else ():
        if path.startswith("x-"):
            continue
        wrong = re.search(r"[^A-Za-z0-9._~!$&'()*+,;=:@/-]", _PARAMETER.sub("", path))
        if wrong is not None:
            what = f"the path holds {wrong[0]!r}" if wrong[0] not in "{}" else "a parameter of the path is not whole"
            message = (
                f"{what}; write letters, digits and -._~!$&'()*+,;=:@/, and parameters as {{name}} or {{a-name_2}}"
            )
            raise contract.error(("paths", path), message)


def check_openapi(contract: Contract) -> None:
    """Refuse a document that is not valid OpenAPI 3.1, with its first error."""
    version = contract.document.get("openapi")
    if not (isinstance(version, str) and version.startswith("3.1.")):
        found = f"openapi is {version}" if version is not None else "it says no openapi version"
        raise contract.error(("openapi",), f"this is no OpenAPI 3.1 document: {found}")
    for pointer, message in _openapi_errors(contract.document):
        raise contract.error(pointer, f"OpenAPI 3.1 is broken here: {shorten(message, 300)}")


def _openapi_errors(document: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Find the errors and their places; openapi-spec-validator itself names none beyond the document's structure."""
    library: Any = import_module("openapi_spec_validator")  # late, because slow
    # The validator's own schema, but always with jsonschema: the faster backend says less in its errors.
    structural = first_error(import_module("openapi_spec_validator.schemas").schema_v31, document)
    if structural is not None:
        yield structural
        return
    dialect: Any = import_module("jsonschema").Draft202012Validator
    components = document.get("components", {})
    for pointer, node in mappings((), document):
        is_schema = pointer[-1:] == ("schema",) or pointer[:-1] == ("components", "schemas")
        if is_schema and (wrong := first_error(dialect.META_SCHEMA, node)):
            yield (*pointer, *wrong[0]), wrong[1]
        if "default" in node and (wrong := first_error({**node, "components": components}, node["default"])):
            yield pointer, wrong[1]
    named = [(("paths", path, method), raw.get("operationId")) for path, method, raw in operations(document)]
    for number, (pointer, name) in enumerate(named):
        if name is not None and name in [other for _, other in named[:number]]:
            yield pointer, f"Operation ID {name!r} is not unique"
    yield from (((), error.message) for error in library.OpenAPIV31SpecValidator(document).iter_errors())


def check_extensions(contract: Contract) -> None:
    """Refuse an x- field that does not have the form of overrides/generator/extensions.yaml."""
    vocabulary = yaml.safe_load((CONFIGURATION / "extensions.yaml").read_bytes())
    schema = {"$defs": vocabulary["$defs"], "properties": vocabulary["fields"]}
    for pointer, node in mappings((), contract.document):
        error = first_error(schema, {name: node[name] for name in vocabulary["fields"] if name in node})
        if error is not None:
            raise contract.error((*pointer, *error[0]), f"an x- field of a wrong form: {error[1]}")


def check_names(contract: Contract) -> None:
    """Refuse names and values that do not give the same code on every Python, or that the generator writes wrongly."""
    for pointer, name in _names(contract.document):
        _refuse_new_characters(contract, pointer, name)
        if unicodedata.normalize("NFKC", name) != name:
            raise contract.error(pointer, "Python changes this name (NFKC); use plain letters")
        for character in name:
            if unicodedata.category(character).startswith("C"):
                raise contract.error(pointer, f"the name holds U+{ord(character):04X}, which cannot be printed")
    for pointer, node in mappings((), contract.document):
        for keyword in ("enum", "const", "default"):
            for value in _strings(node.get(keyword)):
                _refuse_new_characters(contract, (*pointer, keyword), value)
                # openapi-python-client 0.29.1 escapes these twice
                if keyword != "enum" and ("\\" in value or '"' in value):
                    raise contract.error((*pointer, keyword), 'the generator spoils a value with a backslash or a "')


def _names(document: dict[str, Any]) -> Iterator[tuple[Pointer, str]]:
    """Yield all that the generator makes identifiers from."""
    for here, node in mappings((), document):
        if here[:1] == ("info",):
            continue  # its title becomes a text
        yield from (((*here, key), node[key]) for key in _NAMED if isinstance(node.get(key), str))
        for key, child in node.items():
            if holds_names((key,)) and is_mapping(child):
                yield from (((*here, key, name), name) for name in child)
            elif key == "tags" and is_list(child):
                yield from (((*here, key, i), tag) for i, tag in enumerate(child) if isinstance(tag, str))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif is_mapping(value) or is_list(value):
        for child in value.values() if is_mapping(value) else value:
            yield from _strings(child)


def _refuse_new_characters(contract: Contract, pointer: Pointer, text: str) -> None:
    """Refuse characters newer than Unicode 3.2, the version that every Python carries beside the one of its time."""
    for character in text:
        if unicodedata.ucd_3_2_0.category(character) == "Cn":
            message = f"U+{ord(character):04X} is newer than Unicode 3.2, so Python versions print it differently"
            raise contract.error(pointer, message)
