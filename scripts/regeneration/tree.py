"""Writes the generated package: the generator's models, our modules, the contract as data, and the lock.

Also compares it with the package that is there.
"""

from __future__ import annotations

import contextlib
import copy
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
import unicodedata
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from swap import LOCK, PREFIX, files, tree_sha256

from regeneration.checks import client_facts
from regeneration.documents import (
    CONFIGURATION,
    RegenerationError,
    at,
    is_mapping,
    mappings,
    operations,
    resolve,
    shorten,
)
from regeneration.fields import GeneratorParameter, read_models
from regeneration.operations import Endpoint, variables
from regeneration.rules import groups_of, is_rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from regeneration.documents import Contract, Pointer

_TOOLS: Final = ("openapi-python-client", "ruff")

# -P: the working folder holds modules that are named like those of the standard library (types.py).
_RUFF: Final = (sys.executable, "-P", "-m", "ruff")
_RUFF_COMMANDS: Final = (("check", "--fix-only", "--select", "F,I"), ("format",))
_RUFF_SETTINGS: Final = (
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    *("--config", "exclude = []"),
    *("--config", "line-length = 120"),
    *("--config", "format.line-ending = 'lf'"),
    *("--target-version", "py311"),
)
# How the generator's messages name the part of the contract that they are about.
_SCHEMA: Final = re.compile(r"/components/schemas/([\w.-]+)|components\.schemas\.([\w-]+)")
_OPERATION: Final = re.compile(r"parsing ([A-Z]+) (\S+) within")

# Names that a model's module (openapi-python-client 0.29.1) has for itself: its imports, methods and variables.
_IN_MODELS: Final = frozenset(
    """
    Any BinaryIO BytesIO File FileTypes Generator Literal Mapping T TYPE_CHECKING TextIO TypeVar UNSET UUID Unset cast
    datetime json types additional_keys additional_properties from_dict to_dict to_multipart cls d field_dict prop
    prop_dict prop_name self src_dict
    """.split()  # noqa: SIM905 - a line for each otherwise
)
_UNSET: Final = "class Unset:\n"
_VARIABLE_OF_A_MEMBER: Final = re.compile(r"(.+?)(_item|_type_\d+)+(_data|_element)?")


def write_tree(contract: Contract, target: Path) -> None:
    """Generate the package of a checked contract, with its lock, into a folder that does not exist yet.

    Raises:
        RegenerationError: The generator has an error or a warning, or ruff fails.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    taken = _generate(contract, target)
    endpoints = _take_endpoints(contract, target, taken)
    models = read_models(target)
    _refuse_taken_classes(contract, models)
    _write_modules(contract, target, variables(contract, endpoints, models))
    for command in _RUFF_COMMANDS:
        arguments = [*_RUFF, *command, *_RUFF_SETTINGS, "."]
        done = subprocess.run(arguments, cwd=target, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RegenerationError(f"ruff {command[0]} fails on the generated code:\n{done.stderr or done.stdout}")
    lock = {
        "contract": contract.sha256,
        "configuration": tree_sha256(CONFIGURATION),
        "tree": tree_sha256(target),
        "versions": {tool: version(tool) for tool in _TOOLS},
    }
    (target / LOCK).write_bytes(f"{json.dumps(lock, indent=2)}\n".encode())


def _generate(contract: Contract, target: Path) -> frozenset[str]:
    """Run openapi-python-client on a copy of the contract that it understands.

    Beside its command line's function `generate`, this uses the module `strings`, which is not documented:
    `test_taken_names.py` fails when it changes. Returns the names that got an underscore because of us, as names of
    operations too, which do not need it.
    """
    from openapi_python_client import generate, strings  # noqa: PLC0415 - slow to import
    from openapi_python_client.config import Config, ConfigFile, MetaType  # noqa: PLC0415

    reserved = strings.RESERVED_WORDS
    taken = _taken_names(contract, strings.snake_case) - reserved
    with tempfile.TemporaryDirectory(prefix="regeneration-") as folder:
        source = Path(folder, "contract.json")
        source.write_text(json.dumps(bent(contract)), "utf-8")
        config = Config.from_sources(
            ConfigFile.load_from_path(CONFIGURATION / "config.yaml"),
            meta_type=MetaType.NONE,
            document_source=source,
            file_encoding="utf-8",
            overwrite=False,
            output_path=target,
        )
        try:
            # It puts an underscore behind a name that is one of these.
            strings.RESERVED_WORDS = reserved | taken
            _refuse_equal_names(contract, strings.PythonIdentifier, config.field_prefix)
            with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
                errors = generate(config=config, custom_template_path=CONFIGURATION / "templates")
        finally:
            strings.RESERVED_WORDS = reserved
    # To the generator most errors are warnings: it leaves the part out and exits with 0. A schema that fails takes
    # the operations with it, so its error says more than theirs.
    for error in sorted(errors, key=lambda each: _SCHEMA.search(f"{each.header} {each.detail}") is None):
        description = " ".join(f"{error.header} {error.detail or ''}".split())
        schema, operation = _SCHEMA.search(description), _OPERATION.search(description)
        pointer: Pointer = ("components", "schemas", schema[1] or schema[2]) if schema else ()
        if operation and not schema:
            pointer = ("paths", operation[2], operation[1].lower())
        data: Any = getattr(error, "data", None)  # the schema that it does not understand, which may be far below
        if data is not None and pointer in contract.places:
            said = data.model_dump(mode="json", by_alias=True, exclude_unset=True)
            below = mappings(pointer, at(contract.document, pointer))
            pointer = next((place for place, node in below if node == said), pointer)
        raise contract.error(pointer, f"the generator cannot write this: {shorten(description, 500)}")
    return taken


def bent(contract: Contract) -> dict[str, Any]:
    """Copy the contract for the generator, without what it cannot digest."""
    document = copy.deepcopy(contract.document)
    for number, (_, _, operation) in enumerate(operations(document)):
        operation["tags"] = [str(number)]  # a folder of its own for each, so that equal names overwrite nothing
    # A schema with properties and a rule (oneOf, anyOf, or such a part of allOf) becomes a union of its branches, which
    # have no properties, so that the model is Any and the body is lost (0.29.1,
    # https://github.com/openapi-generators/openapi-python-client/issues/388).
    wholes = [
        schema
        for pointer, schema in mappings((), document)
        if pointer[:-1] == ("components", "schemas") or pointer[-1:] == ("schema",)
    ]
    ruled = [schema for schema in wholes if schema.get("properties") and schema.keys() & {"oneOf", "anyOf", "allOf"}]
    before = copy.deepcopy(ruled)
    for schema in ruled:
        schema.pop("oneOf", None)
        if groups_of(schema, "anyOf"):
            del schema["anyOf"]
        parts = [part for part in schema.pop("allOf", ()) if not is_rule(part)]
        schema.update({"allOf": parts} if parts else {})
    if ruled == before:
        raise RegenerationError(
            "bending the contract for the generator changes nothing in this contract, so it is not needed any more: no "
            "schema has properties and oneOf; take that step out of scripts/regeneration/tree.py"
        )
    return document


def _taken_names(contract: Contract, snake_case: Any) -> frozenset[str]:
    """Collect the names that a field cannot have in Python, because the code around it has them."""
    taken = {*_IN_MODELS, *client_facts()["arguments"]}
    for pointer, node in mappings((), contract.document):
        named = [pointer[-1]] if pointer[:-1] == ("components", "schemas") else []
        taken |= {f"check_{snake_case(str(name))}" for name in (*named, node.get("title", ""))}
    return frozenset(taken)


def _refuse_equal_names(contract: Contract, identifier: Any, prefix: str) -> None:
    """Refuse fields of one object with the same name in Python; the generator does so too, but does not name them."""
    for pointer, node in mappings((), contract.document):
        properties = node.get("properties")
        names: dict[str, str] = {}
        for field in properties if is_mapping(properties) else ():
            names[field] = identifier(field, prefix)
            for other in [other for other, name in names.items() if other != field and name == names[field]]:
                for each in (field, other):
                    names[each] = identifier(each, prefix, skip_snake_case=True)
        for field, name in names.items():
            member = _VARIABLE_OF_A_MEMBER.fullmatch(name)
            of = next((other for other in names if member and names[other] == member[1]), None)
            part: Any = resolve(contract.document, properties[of]) if is_mapping(properties) and of else None
            if is_mapping(part) and part.keys() & {"items", "oneOf", "anyOf", "prefixItems"}:
                message = f"generated code calls a part of {of} {name}, so a field cannot be called so; rename it"
                raise contract.error((*pointer, "properties", field), message)
        fields = {name: field for field, name in names.items()}
        for field, name in names.items():
            if fields[name] != field:
                message = f"{field} and {fields[name]} are the same name in Python, {name}; rename one of them"
                raise contract.error((*pointer, "properties", fields[name]), message)


def _refuse_taken_classes(contract: Contract, models: Iterable[str]) -> None:
    for name in (model.rstrip("_") for model in models):
        if name not in _IN_MODELS:
            continue
        message = f"generated code has a {name} of its own; give this schema another name or title"
        for pointer, node in mappings((), contract.document):
            for text in (str(pointer[-1]) if pointer[:-1] == ("components", "schemas") else "", node.get("title")):
                if isinstance(text, str) and re.sub(r"[\W_]", "", text).lower() == name.lower():
                    raise contract.error(pointer, message)
        raise contract.error(("components", "schemas"), message)


def _take_endpoints(contract: Contract, target: Path, taken: frozenset[str]) -> list[Endpoint]:
    """Read what endpoint_module.py.jinja wrote of each operation, and remove the code that only the generator needs."""
    endpoints: list[Endpoint] = []
    for number, (path, method, _) in enumerate(operations(contract.document)):
        modules = [file for file in target.glob(f"api/tag{number}/*.py") if file.stem != "__init__"]
        if len(modules) != 1:
            raise contract.error(("paths", path, method), "the generator left this operation out")
        said = json.loads(modules[0].read_text("utf-8"))
        name = modules[0].stem
        parameters = tuple(GeneratorParameter(**each) for each in said["parameters"])
        endpoints.append(
            Endpoint(name[:-1] if name[:-1] in taken else name, said["request"], said["response"], parameters)
        )
    shutil.rmtree(target / "api")
    for name in ("client.py", "errors.py"):
        (target / name).unlink()
    return endpoints


def _write_modules(contract: Contract, target: Path, described: dict[str, Any]) -> None:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 - slow to import

    environment = Environment(  # noqa: S701 - Python, not HTML
        loader=FileSystemLoader(CONFIGURATION / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    # ASCII, because what repr() escapes depends on the Unicode tables of the Python that runs it.
    environment.filters.update(py=ascii, doc=docstring)
    shared = (target / "types.py").read_text("utf-8")
    readable = shared.replace(_UNSET, f'{_UNSET}    def __repr__(self) -> str:\n        return "UNSET"\n\n')
    if readable == shared:
        raise RegenerationError(f"types.py has no {_UNSET!r} any more; see whether Unset has a repr of its own now")
    (target / "types.py").write_text(readable, "utf-8")
    for name in ("arguments.py", "contract.py", "methods.py", "operations.py"):
        text = environment.get_template(f"{name}.jinja").render(sha256=contract.sha256, **described)
        (target / name).write_bytes(text.encode())
    (target / "contract.yaml").write_bytes(contract.source)
    data = json.dumps(contract.document, ensure_ascii=False, allow_nan=False, indent=1)
    (target / "contract.json").write_bytes(f"{data}\n".encode())
    (target / "py.typed").write_bytes(b"")


def docstring(text: str, indent: int = 4) -> str:
    """Write a text into a docstring: wrapped, each line but the first indented, and nothing in it is code."""
    plain = "".join(c for c in " ".join(text.split()) if unicodedata.category(c) != "Cc")
    lines = textwrap.wrap(plain, 116 - indent, break_on_hyphens=False) or [""]
    escaped = (line.replace("\\", "\\\\").replace('"""', '\\"\\"\\"') for line in lines)
    return f"\n{' ' * indent}".join(escaped)


_DOOR: Final = "ideogram_ai/__init__.py"


def compare(there: Path, expected: Path) -> list[str]:
    """Find the files in which a folder differs from what it should be, and say in which entries their locks do.

    Every file in it counts, whether or not version control knows it.
    """
    old = {path.relative_to(there).as_posix(): path for path in files(there)}
    # The module that makes one package of all folders is written by hand, as in the others.
    old = {name: path for name, path in old.items() if not name.startswith(PREFIX) and name != _DOOR}
    new = {path.relative_to(expected).as_posix(): path for path in files(expected)}
    lines: list[str] = []
    for name in sorted(old.keys() | new.keys()):
        if name not in old or name not in new:
            lines.append(f"{'extra' if name in old else 'missing':8} {name}")
        elif old[name].is_symlink() or not old[name].is_file() or old[name].read_bytes() != new[name].read_bytes():
            lines.append(f"differs  {name}")
    was, now = (next(iter(_read_locks(folder)), None) for folder in (there, expected))
    if was is None or now is None:
        return [*lines, f"there is no readable {LOCK}"]
    return [*lines, *(f"{name} was {was.get(name)} and is {now[name]}" for name in now if was.get(name) != now[name])]


def _read_locks(folder: Path) -> Iterator[dict[str, str]]:
    for path in folder.rglob(LOCK):
        with contextlib.suppress(OSError, ValueError, TypeError, LookupError):
            lock = json.loads(path.read_bytes())
            yield {"contract": lock["contract"], "configuration": lock["configuration"], **lock["versions"]}
