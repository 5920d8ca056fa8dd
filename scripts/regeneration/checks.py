"""Checks a contract before anything is generated from it; every refusal names the place and the cure.

What neither the generator nor the client supports is refused too, so that nobody gets a method that sends less than he
gave it.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterator
from importlib import import_module
from keyword import iskeyword
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import yaml

from regeneration.documents import (
    CONFIGURATION,
    Contract,
    Pointer,
    at,
    branches,
    children,
    find,
    first_error,
    holds_names,
    is_array,
    is_list,
    is_mapping,
    is_object,
    mappings,
    operations,
    parameters,
    pointer_text,
    properties,
    read_contract,
    resolve,
    resolve_place,
    shorten,
)
from regeneration.rules import check_rules

if TYPE_CHECKING:
    from pathlib import Path

MAX_DEPTH: Final = 150
_DEEP: Final = f"nested more than {MAX_DEPTH} levels deep when every $ref is followed"
_NAMED: Final = ("name", "operationId", "title")
_PARAMETER: Final = re.compile(r"\{[A-Za-z_][A-Za-z0-9_-]*\}")
Problems: TypeAlias = Iterator[tuple[Pointer, str]]
"""Places in a contract, and what is wrong there."""

FORM: Final = "multipart/form-data"
JSON: Final = "application/json"
_CLIENT: Final = "what is built on it (the command line, batches), and overrides/generator/client.yaml"
_METHOD: Final = re.compile(r"([a-z][a-z0-9_]*\.)?[a-z][a-z0-9_]*")
_TEXT: Final = re.compile(r"text/.+|application/(.+\+)?(json|xml)", re.IGNORECASE)
_READ: Final = re.compile(r"text/(?!html$|xml$).+|application/(.+\+)?json", re.IGNORECASE)
_STYLES: Final = {"path": ("simple", False), "query": ("form", True)}
"""By the place of a parameter, the style that the client writes, and its explode, which are OpenAPI's defaults."""


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
        raise contract.error(("openapi",), f"this is not an OpenAPI 3.1 document: {found}")
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
        patterns: dict[Pointer, Any] = {("pattern",): node.get("pattern")}
        patterns |= {("patternProperties", each): each for each in node.get("patternProperties", ())}
        for keyword, pattern in patterns.items():
            try:
                re.compile(pattern or "")
            except re.error as error:
                yield (*pointer, *keyword), f"{pattern!r} is no regular expression of Python: {error}"
    named = [(("paths", path, method), raw.get("operationId")) for path, method, raw in operations(document)]
    for number, (pointer, name) in enumerate(named):
        if name is not None and name in [other for _, other in named[:number]]:
            yield pointer, f"Operation ID {name!r} is not unique"
    yield from (((), error.message) for error in library.OpenAPIV31SpecValidator(document).iter_errors())


def check_extensions(contract: Contract) -> None:
    """Refuse an x- field that has not the form of overrides/generator/extensions.yaml, or nearly one of its names."""
    vocabulary = yaml.safe_load((CONFIGURATION / "extensions.yaml").read_bytes())
    fields: dict[str, Any] = vocabulary["fields"]
    schema = {"$defs": vocabulary["$defs"], "properties": fields}
    for pointer, node in mappings((), contract.document):
        for name in (name for name in node if name.startswith("x-") and name not in fields):
            if close := difflib.get_close_matches(name, fields, 1, 0.8):
                raise contract.error((*pointer, name), f"nothing reads {name}; write {close[0]}, or a name unlike it")
        found = {name: node[name] for name in fields if name in node}
        error = first_error(schema, found) if found else None
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


def client_facts() -> dict[str, Any]:
    """Read overrides/generator/client.yaml."""
    facts: dict[str, Any] = yaml.safe_load((CONFIGURATION / "client.yaml").read_bytes())
    return facts


def check_client(contract: Contract) -> None:
    """Refuse a contract without an operation or a field that our code names; see overrides/generator/client.yaml."""
    found = {raw.get("operationId"): (path, verb, raw) for path, verb, raw in operations(contract.document)}
    for name, named in client_facts()["fields"].items():
        if name not in found:
            raise contract.error(("paths",), f"the operation {name}, which is built on, is gone; change {_CLIENT}")
        path, verb, raw = found[name]
        content = resolve(contract.document, raw.get("requestBody", {})).get("content", {})
        declared = {field for media in content.values() for field in properties(contract.document, media.get("schema"))}
        for field in named:
            if field not in declared:
                message = f"the field {field} of {name}, which is built on, is gone"
                raise contract.error(("paths", path, verb, "requestBody"), f"{message}; change {_CLIENT}")


def check_methods(contract: Contract) -> None:
    """Refuse names of methods and groups that Python or the client cannot have, or that two operations have."""
    taken, seen = {*client_facts()["taken"]}, dict[str, str]()
    for path, verb, raw in operations(contract.document):
        name = raw.get("x-method")
        if name is None:
            continue
        group, _, own = str(name).rpartition(".")
        message = ""
        if not _METHOD.fullmatch(str(name)) or iskeyword(group) or iskeyword(own):
            message = (
                "cannot name a method; write small letters, digits and _, and a group and a dot before them if you like"
            )
        elif {group or own} & taken:
            message = "has the name of something else that the client has; choose another"
        elif name in seen:
            message = f"is the method of {seen[name]} already; choose another"
        elif name in {other.rpartition(".")[0] for other in seen} or group in seen:
            message = "is a method and a group; choose another"
        if message:
            raise contract.error(("paths", path, verb, "x-method"), f"{shorten(str(name), 80)} {message}")
        seen[name] = f"{verb.upper()} {path}"


def check_operations(contract: Contract) -> None:
    """Refuse an operation whose request the client cannot send, or whose answer it cannot read."""
    for path, method, raw in operations(contract.document):
        item, _ = resolve_place(contract.document, ("paths", path))
        place = (*item, method)
        for pointer, message in (
            *_unsupported_servers(contract.document, item, place),
            *_unsupported_security(contract.document, place, raw),
            *_unsupported_parameters(contract.document, path, method),
            *_unsupported_body(contract.document, place, raw),
            *_unsupported_answer(contract.document, place, raw),
        ):
            raise contract.error(pointer, message)


def _unsupported_servers(document: Any, item: Pointer, place: Pointer) -> Problems:
    for where in (item, place):
        if "servers" in at(document, where):
            yield (*where, "servers"), "the client has one server, the first of the document; take this one out"


def api_key_scheme(document: Any) -> str | None:
    """The name of the security scheme whose header carries the key: the first that is an API key in a header."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    found = (name for name, scheme in schemes.items() if (scheme["type"], scheme.get("in")) == ("apiKey", "header"))
    return next(found, None)


def _unsupported_security(document: Any, place: Pointer, raw: dict[str, Any]) -> Problems:
    said: list[dict[str, Any]] = raw.get("security", document.get("security", []))
    key = api_key_scheme(document)
    if said and not any(set(requirement) <= {key} for requirement in said):
        where = place if "security" in raw else ()
        what = f"the client sends the key {key}, or nothing" if key else "there is no API key in a header"
        yield (*where, "security"), f"{what}; list that alone as one of the alternatives"


def _unsupported_parameters(document: Any, path: str, method: str) -> Problems:
    for pointer, parameter in parameters(document, path, method):
        name, place = parameter["name"], parameter["in"]
        if place not in _STYLES:
            yield (*pointer, "in"), f"the client sends no {place} parameters; send {name} in the query, or take it out"
        elif "schema" not in parameter:
            yield (*pointer, "content"), f"the client writes parameters as text; give {name} a schema without content"
        else:
            yield from _unsupported_style(document, pointer, parameter)


def _unsupported_style(document: Any, pointer: Pointer, parameter: dict[str, Any]) -> Problems:
    name, place = parameter["name"], parameter["in"]
    style, explode = _STYLES[place]
    if parameter.get("style", style) != style:
        yield (*pointer, "style"), f"the client writes {name} in the style {style} only; take the style out"
    schema = parameter["schema"]
    if is_array(document, schema) and parameter.get("explode", explode) is not explode:
        yield (*pointer, "explode"), f"the client repeats {name} for each item of a list; take explode out"
    for keyword in ("allowReserved", "allowEmptyValue"):
        if parameter.get(keyword):
            yield (*pointer, keyword), f"the client escapes every value and leaves none out; take {keyword} out"
    items = [branch["items"] for branch in branches(document, schema) if "items" in branch]
    if is_object(document, schema) or any(is_object(document, each) or is_array(document, each) for each in items):
        yield (*pointer, "schema"), f"{name} is an object, or a list of such; write parameters that are text or numbers"
    if place == "path" and is_array(document, schema):
        yield (*pointer, "schema"), f"{name} is a list in a path; send it in the query"
    yield from (
        (where, f"{name} is a file; send it in a body of {FORM}")
        for where, _ in _files(document, (*pointer, "schema"), "", set())
    )


def _unsupported_body(document: Any, place: Pointer, raw: dict[str, Any]) -> Problems:
    if "requestBody" not in raw:
        return
    body, _ = resolve_place(document, (*place, "requestBody"))
    content, found = resolve_place(document, (*body, "content"))
    if len(found) != 1:
        yield content, f"there are {len(found)} kinds of body ({', '.join(found)}); keep the one that the client sends"
    for media_type in found:
        where, media = resolve_place(document, (*content, media_type))
        if media_type not in {FORM, JSON}:
            yield where, f"the client sends {FORM} and {JSON}; describe the body as one of these"
        if "schema" not in media:
            yield where, "the body has no schema, so a method would have no fields for it; add one"
            continue
        if not is_object(document, media["schema"]):
            yield (*where, "schema"), "the body is not an object, so a method would have no fields for it; make it one"
        allowed = {*properties(document, media["schema"])} if media_type == FORM else set[str]()
        for pointer, field in _files(document, (*where, "schema"), "", set()):
            if field.removesuffix("[]") not in allowed or at(document, pointer) != "binary":
                what = f"the field {field}" if field else "the body"
                because = f"{pointer[-1]}: {at(document, pointer)}"
                cure = f"write a file as a field of {FORM}, or a list of files, with type: string and format: binary"
                yield pointer, f"{what} is a file ({because}) where the client cannot send one; {cure}"
        yield from _unsupported_encoding(document, where, media)


def _unsupported_encoding(document: Any, where: Pointer, media: dict[str, Any]) -> Problems:
    """Refuse what would change how a part is written, and a file that its schema does not call one."""
    fields = properties(document, media["schema"])
    for name, encoding in media.get("encoding", {}).items():
        place = (*where, "encoding", name)
        for keyword in encoding.keys() & {"allowReserved", "explode", "headers", "style"}:
            yield (*place, keyword), f"the client writes each part with its contentType alone; take {keyword} out"
        kinds = [each.get("items", each) for each in branches(document, fields.get(name))]
        is_file = any(part.get("format") == "binary" for kind in kinds for part in branches(document, kind))
        if not is_file and _says_file((*place, "contentType"), encoding):
            message = f"the field {name} is a file (contentType: {encoding['contentType']}), but not in its schema"
            yield (*place, "contentType"), f"{message}; write type: string and format: binary there"


def _unsupported_answer(document: Any, place: Pointer, raw: dict[str, Any]) -> Problems:
    for status in raw.get("responses", {}):
        if str(status)[:1] != "2":
            continue
        where, response = resolve_place(document, (*place, "responses", status))
        for media_type in response.get("content", {}):
            if not _READ.fullmatch(media_type.partition(";")[0].strip()):
                message = f"the answer is {media_type}, and the client reads JSON and text; describe it as one of these"
                yield (*where, "content", media_type), message


_BELOW: Final = {"items": "[]", "prefixItems": "[]", "additionalProperties": ".*"}


def _files(document: Any, pointer: Pointer, field: str, seen: set[Pointer]) -> Iterator[tuple[Pointer, str]]:
    """Yield the keyword that says "file", and the field, of every schema of a file at or below a place."""
    place, schema = resolve_place(document, pointer)
    if not is_mapping(schema) or place in seen:
        return
    seen.add(place)
    keywords = ((*place, keyword) for keyword in ("format", "contentEncoding", "contentMediaType"))
    yield from ((keyword, field) for keyword in keywords if _says_file(keyword, schema))
    for below, part in children(place, schema):
        keyword = below[-1]
        if holds_names((keyword,)) and is_mapping(part):
            for name in part:
                yield from _files(document, (*below, name), f"{field}.{name}" if field else name, seen)
        elif keyword != "default":
            inner = f"{field}{_BELOW.get(str(keyword), '')}"
            for each in [(*below, index) for index in range(len(part))] if is_list(part) else [below]:
                yield from _files(document, each, inner, seen)


def _says_file(keyword: Pointer, schema: Any) -> bool:
    """Whether a keyword of a schema, or of the encoding of a part, means a file."""
    value = schema.get(str(keyword[-1])) if is_mapping(schema) else None
    if keyword[-1] == "format":
        return bool(value == "binary")
    if keyword[-1] == "contentEncoding":
        return value is not None
    media_types = value.split(",") if isinstance(value, str) else []
    return not all(_TEXT.fullmatch(each.partition(";")[0].strip()) for each in media_types)
