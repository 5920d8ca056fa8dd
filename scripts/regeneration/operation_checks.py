"""Checks the operations of a contract: whether the client can send each request and read its answer.

What neither the generator nor the client supports is refused with its place and the cure, so that nobody gets a method
that sends less than he gave it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from keyword import iskeyword
from typing import Any, Final, TypeAlias

import yaml

from regeneration.documents import (
    CONFIGURATION,
    Contract,
    Pointer,
    at,
    branches,
    children,
    holds_names,
    is_array,
    is_list,
    is_mapping,
    is_object,
    operations,
    parameters,
    properties,
    resolve,
    resolve_place,
    shorten,
)

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
        allowed = {*properties(document, media["schema"])} if media_type == FORM else set[str]()
        for pointer, field in _files(document, (*where, "schema"), "", set()):
            if field.removesuffix("[]") not in allowed or at(document, pointer) != "binary":
                what = f"the field {field}" if field else "the body"
                because = f"{pointer[-1]}: {at(document, pointer)}"
                cure = f"write a file as a field of {FORM}, or a list of files, with type: string and format: binary"
                yield pointer, f"{what} is a file ({because}) where the client cannot send one; {cure}"
        if not is_object(document, media["schema"]):
            yield (*where, "schema"), "the body is not an object, so a method would have no fields for it; make it one"
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
