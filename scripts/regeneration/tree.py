"""Writes the tree: what the generator makes of a contract, and what we add to it."""

from __future__ import annotations

import contextlib
import io
import json
import re
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from regeneration.errors import RegenerationError, shorten
from regeneration.overlay import overlaid
from regeneration.paths import CONFIGURATION

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from openapi_python_client import Project
    from openapi_python_client.parser.errors import GeneratorError

    from regeneration.contract import Contract
    from regeneration.errors import Pointer

# -P: the working folder holds modules that are named like those of the standard library (types.py).
_RUFF: Final = (sys.executable, "-P", "-m", "ruff")
_RUFF_COMMANDS: Final = (("check", "--fix-only", "--select", "F,I"), ("format",))
_RUFF_SETTINGS: Final = (
    "--quiet",
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    *("--config", "exclude = []"),  # a tag may be named build or dist, as folders are that ruff passes over
    *("--config", "line-length = 120"),
    *("--config", "format.line-ending = 'lf'"),
    *("--target-version", "py311"),
)
_OLDEST_GENERATOR: Final = (0, 29, 1)
# How the generator's messages name the part of the contract that they are about.
_SCHEMA: Final = re.compile(r"/components/schemas/([\w.-]+)")
_OPERATION: Final = re.compile(r"parsing ([A-Z]+) (\S+) within")


def write_tree(contract: Contract, target: Path) -> None:
    """Generate the package into a folder that does not exist yet.

    Args:
        contract: A contract that passed its checks.
        target: The folder of the package.

    Raises:
        RegenerationError: The generator is too old, or has an error or a warning, or ruff fails.
    """
    _refuse_old_generator()
    project = _project(contract, target)
    with contextlib.redirect_stdout(io.StringIO()):  # the generator prints what it does
        errors = project.build()
    _refuse(contract, errors)
    _refuse_equal_modules(str(c.class_info.module_name) for c in [*project.openapi.models, *project.openapi.enums])
    _add_data(contract, target)
    _add_modules(contract, project, target)
    _format(target)


def _refuse_old_generator() -> None:
    installed = version("openapi-python-client")
    if tuple(map(int, re.findall(r"\d+", installed)[:3])) < _OLDEST_GENERATOR:
        oldest = ".".join(map(str, _OLDEST_GENERATOR))
        raise RegenerationError(
            f"openapi-python-client {installed} executes what hostile contracts hold; {oldest} or newer is needed"
        )


def _project(contract: Contract, target: Path) -> Project:
    from openapi_python_client import Project  # noqa: PLC0415 - slow to import
    from openapi_python_client.config import Config, ConfigFile, MetaType  # noqa: PLC0415
    from openapi_python_client.parser import GeneratorData  # noqa: PLC0415

    from regeneration.arguments import refuse_equal_names, rename_taken  # noqa: PLC0415

    config = Config.from_sources(
        ConfigFile.load_from_path(CONFIGURATION / "config.yaml"),
        meta_type=MetaType.NONE,
        document_source=contract.path,
        file_encoding="utf-8",
        overwrite=False,
        output_path=target,
    )
    refuse_equal_names(contract, config.field_prefix)
    data = GeneratorData.from_dict(overlaid(contract.document), config=config)
    if not isinstance(data, GeneratorData):
        raise contract.error((), _describe(data))
    rename_taken(contract, data)
    project = Project(openapi=data, config=config, custom_template_path=CONFIGURATION / "templates")
    # ASCII, because what repr() escapes depends on the Unicode tables of the Python that runs it.
    project.env.filters["py"] = ascii
    return project


def _refuse(contract: Contract, errors: Iterable[GeneratorError]) -> None:
    """Stop at any error of the generator. To it most are warnings: it leaves the part out and exits with 0."""
    # A schema that fails takes the operations with it, so its error says more than theirs.
    for description in sorted(map(_describe, errors), key=lambda text: _SCHEMA.search(text) is None):
        schema, operation = _SCHEMA.search(description), _OPERATION.search(description)
        pointer: Pointer = ()
        if schema:
            pointer = ("components", "schemas", schema[1])
        elif operation:
            pointer = ("paths", operation[2], operation[1].lower())
        raise contract.error(pointer, f"the generator cannot write this: {description}")


def _describe(error: GeneratorError) -> str:
    return shorten(" ".join(f"{error.header} {error.detail or ''}".split()), 500)


def _refuse_equal_modules(modules: Iterable[str]) -> None:
    for module, count in Counter(modules).items():
        if count > 1:
            raise RegenerationError(
                f"{count} schemas get the module name {module}, so their files would overwrite each other; "
                "give them names or titles that differ in more than case and punctuation"
            )


def _add_data(contract: Contract, target: Path) -> None:
    (target / "contract.yaml").write_bytes(contract.source)
    text = json.dumps(contract.document, ensure_ascii=False, allow_nan=False, indent=1)
    (target / "contract.json").write_bytes(f"{text}\n".encode())
    (target / "py.typed").write_bytes(b"")


def _add_modules(contract: Contract, project: Project, target: Path) -> None:
    from regeneration import operations  # noqa: PLC0415 - slow to import

    described = operations.variables(contract, project.openapi)
    modules: dict[str, dict[str, Any]] = {
        "contract.py": {"sha256": contract.sha256},
        "methods.py": described,
        "operations.py": described,
    }
    for name, variables in modules.items():
        text = project.env.get_template(f"{name}.jinja").render(variables)
        (target / name).write_bytes(text.encode())


def _format(target: Path) -> None:
    for command in _RUFF_COMMANDS:
        done = subprocess.run(
            [*_RUFF, *command, *_RUFF_SETTINGS, "."], cwd=target, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RegenerationError(f"ruff {command[0]} fails on the generated code:\n{done.stderr or done.stdout}")
