"""Describes the fields of a request for the templates: names, types in Python and words, read from what was generated.

The types are those of the generated models, so that they are never worked out a second time.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from regeneration.documents import (
    is_array,
    is_mapping,
    is_structured,
    mappings,
    parameters,
    properties,
    resolve,
)
from regeneration.rules import members_of_choice

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from regeneration.documents import Contract

_MAPPING: Final = "Mapping[str, Any]"
_NOT_IMPORTED: Final = frozenset({"File", "Unset"})
_FILE: Final = "str | os.PathLike[str] | bytes | BinaryIO | Image"


class GeneratorParameter(NamedTuple):
    """A parameter as the generator calls it: where it goes, its names, its type, and the lines that import names."""

    place: str
    wire_name: str
    python_name: str
    type: str
    imports: Sequence[str]


class Model(NamedTuple):
    """A generated model: name and type in Python of its fields by wire name, and the lines that import names."""

    fields: Mapping[str, tuple[str, ast.expr]]
    imports: Mapping[str, str]


def read_models(package: Path) -> dict[str, Model]:
    """Read the models that the generator wrote, by class name, without running them."""
    found: dict[str, Model] = {}
    for path in sorted((package / "models").glob("*.py")):
        module = ast.parse(path.read_bytes())
        imports: dict[str, str] = {}
        for node in ast.walk(module):
            if isinstance(node, ast.Import):
                imports |= {alias.name: f"import {alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                start = f"from {'.' if node.level else ''}{node.module or ''} import"  # from the package, one level up
                imports |= {alias.name: f"{start} {alias.name}" for alias in node.names}
        classes = (node for node in module.body if isinstance(node, ast.ClassDef))
        found |= {node.name: Model(_model_fields(node), imports) for node in classes}
    return found


def _model_fields(model: ast.ClassDef) -> dict[str, tuple[str, ast.expr]]:
    """Read a class: its annotations have the types, its to_dict() the names on the wire."""
    types = {
        node.target.id: node.annotation
        for node in model.body
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    pairs: list[tuple[ast.expr | None, ast.expr]] = []
    for node in ast.walk(next(n for n in model.body if isinstance(n, ast.FunctionDef) and n.name == "to_dict")):
        if isinstance(node, ast.Dict):
            pairs += zip(node.keys, node.values, strict=True)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
            pairs.append((node.targets[0].slice, node.value))
    return {
        str(key.value): (value.id, types[value.id])
        for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(value, ast.Name) and value.id in types
    }


def imports(model: Model) -> set[str]:
    """The lines that import what the types of a model's fields name."""
    used = {name for _, annotation in model.fields.values() for name in _names(annotation)}
    return {model.imports[name] for name in (used - _NOT_IMPORTED) & model.imports.keys()}


def _names(annotation: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}


def _types(annotation: ast.expr, models: Mapping[str, Model]) -> list[str]:
    """Give the members of the type of an argument: a mapping is taken wherever the generator has a model."""
    if isinstance(annotation, ast.BinOp):
        return list(dict.fromkeys([*_types(annotation.left, models), *_types(annotation.right, models)]))
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) == "list":
        inner = " | ".join(_types(annotation.slice, models))
        if _FILE in inner:
            return [f"Iterable[{inner}]"]
        return [f"Sequence[{inner}]" if _MAPPING in inner else f"list[{inner}]"]
    name = ast.unparse(annotation)
    if name == "Unset":
        return []
    if name == "File":  # no schema can have this name
        return [_FILE]
    return [name, _MAPPING] if name in models else [name]


def fields_of_body(
    document: Mapping[str, Any], media_type: str, media: Mapping[str, Any], model: Model, models: Mapping[str, Model]
) -> Iterator[dict[str, Any]]:
    """Describe the fields of a body, in the contract's order."""
    for wire_name, schema in properties(document, media["schema"]).items():
        if wire_name not in model.fields:
            continue  # the proof reports it
        content_type = media.get("encoding", {}).get(wire_name, {}).get("contentType")
        if content_type is None and is_structured(document, schema):
            content_type = "application/json"
        python_name, annotation = model.fields[wire_name]
        field = _field(document, models, wire_name, python_name, annotation=annotation, schema=schema)
        parts = media_type != "application/json" and content_type != "application/json"
        yield {**field, "content_type": content_type, "is_array": parts and field["is_array"]}


def parameter_fields(
    contract: Contract,
    operation: tuple[str, str, dict[str, Any]],
    given: Sequence[GeneratorParameter],
    models: Mapping[str, Model],
    body: Sequence[Mapping[str, Any]],
) -> Iterator[dict[str, Any]]:
    """Describe the parameters of an operation, those in its path first, as the generator gives them.

    Raises:
        ContractError: Two of them, or one of them and a field of the body, have the same name.
    """
    path, method, _ = operation
    said = {
        (each["in"], each["name"]): (pointer, each) for pointer, each in parameters(contract.document, path, method)
    }
    taken = {field["python_name"] for field in body} | {field["wire_name"] for field in body}
    for parameter in given:
        pointer, raw = said[parameter.place, parameter.wire_name]
        # The generator renames what its own functions use.
        python_name = parameter.wire_name if parameter.wire_name in {"client", "url"} else parameter.python_name
        if {python_name, parameter.wire_name} & taken:
            message = f"the request has another field or parameter {parameter.wire_name}; rename one of them"
            raise contract.error((*pointer, "name"), message)
        taken |= {python_name, parameter.wire_name}
        annotation = ast.parse(parameter.type, mode="eval").body
        schema = {**resolve(contract.document, raw["schema"])}
        if raw.get("description"):
            schema["description"] = raw["description"]
        names = parameter.wire_name, python_name
        field = _field(contract.document, models, *names, annotation=annotation, schema=schema)
        yield {**field, "place": parameter.place}


def or_job(field: dict[str, Any], result: str | None) -> dict[str, Any]:
    """A path parameter of a method that returns a job takes a job, too."""
    if result != "job" or field["argument"] != "str":
        return field
    return {**field, "argument": "str | Job", "documentation": f"{field['documentation']} A Job stands for its id."}


def _field(
    document: Mapping[str, Any],
    models: Mapping[str, Model],
    wire_name: str,
    python_name: str,
    *,
    annotation: ast.expr,
    schema: Any,
) -> dict[str, Any]:
    """What all fields have, those of a body and parameters."""
    types, required = _types(annotation, models), "Unset" not in _names(annotation)
    given = " | ".join(kind for kind in types if kind != "None") or "None"
    optional = "Any" if types == ["Any"] else f"{given} | None"
    meant = resolve(document, schema)
    branches = [each for each in (schema, meant) if is_mapping(each)]
    description = next((each["description"] for each in branches if each.get("description")), "")
    description = description or "Not described in the contract."
    sentences = ["Required."] if required else []
    sentences += [description if description[-1] in ".!?" else f"{description}."]
    sentences += _facts(document, meant) if is_mapping(meant) else ()
    choice = members_of_choice(document, schema)
    sentences += [f"Exactly one of {' and '.join(choice)} is in it."] if choice else []
    if "Mapping" in given:
        sentences.append("A mapping or the generated model; the order of keys is kept.")
    if _FILE in given:
        each = "Each is a" if "Iterable" in given else "A"
        sentences.append(f"{each} path, bytes, an open binary file, or an image of a Generation; read before sending.")
    return {
        "wire_name": wire_name,
        "python_name": python_name,
        "required": required,
        "content_type": None,
        "place": "body",
        "is_file": _FILE in given,
        "is_array": is_array(document, schema),
        "exactly_one_of": choice,
        "given": given,
        "optional": optional,
        "argument": " | ".join(types) if required else optional,
        "description": description,
        "documentation": " ".join(sentences),
    }


def _facts(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """Say what a schema allows: values, bounds, and the default."""
    alternatives = [resolve(document, each) for keyword in ("anyOf", "oneOf") for each in schema.get(keyword, ())]
    for branch in (schema, *alternatives):
        items = resolve(document, branch.get("items", {}))
        for start, values in (("One of", branch.get("enum")), ("Each is one of", items.get("enum"))):
            if values:
                yield f"{start} {', '.join(map(str, values))}."
        bounds = [
            f"{word} {branch[key]}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in branch
        ]
        if bounds:
            yield f"It is {' and '.join(bounds)}."
        if "default" in branch:
            yield f"The default is {branch['default']}."
        for each in branch.get("x-unavailable-values", ()):
            yield f"{each['value']}: {each.get('because', 'not available')}."


def named_properties(document: dict[str, Any]) -> list[tuple[set[str], list[str]]]:
    """List the names of every schema of a document, with its properties in the author's order."""
    return [
        ({_folded(str(pointer[-1]) if pointer else ""), _folded(str(schema.get("title", "")))}, list(found))
        for pointer, schema in mappings((), document)
        if (found := properties(document, schema))
    ]


def in_the_authors_order(schemas: list[tuple[set[str], list[str]]], name: str, model: Model) -> list[str]:
    """Put a model's fields into the author's order, which the generator does not keep: the required ones come first."""
    candidates = [(_folded(name) not in names, found) for names, found in schemas if set(found) == set(model.fields)]
    return min(candidates, key=lambda each: each[0], default=(True, list(model.fields)))[1]


def _folded(name: str) -> str:
    return re.sub(r"[\W_]", "", name).lower()
