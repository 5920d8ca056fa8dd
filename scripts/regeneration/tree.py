"""Writes the tree: the generator's package, and what we add to it."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regeneration.errors import RegenerationError

if TYPE_CHECKING:
    from openapi_python_client import Project
    from openapi_python_client.parser.errors import GeneratorError

    from regeneration.contract import Contract

CONFIGURATION = Path(__file__).resolve().parents[2] / "overrides" / "generator"
TEMPLATES = CONFIGURATION / "templates"
RUFF = (sys.executable, "-P", "-m", "ruff")  # -P: the package has modules named like those of the standard library
RUFF_SETTINGS = (
    "--isolated",
    "--no-cache",
    "--no-respect-gitignore",
    *("--config", "exclude = []"),  # a tag named build or dist names a folder that ruff would skip
    *("--config", "line-length = 120"),
    *("--target-version", "py311"),
)


def write_tree(contract: Contract, target: Path) -> None:
    """Generate the package from the contract into the folder target, which does not exist yet."""
    project = _project(contract, target)
    with contextlib.redirect_stdout(io.StringIO()):
        errors = project.build()
    _raise_for(errors)
    _add_data(contract, target)
    _add_modules(contract, project, target)
    _format(target)


def _project(contract: Contract, target: Path) -> Project:
    from openapi_python_client import Project  # noqa: PLC0415 - slow to import
    from openapi_python_client.config import Config, ConfigFile, MetaType  # noqa: PLC0415
    from openapi_python_client.parser import GeneratorData  # noqa: PLC0415

    config = Config.from_sources(
        ConfigFile.load_from_path(CONFIGURATION / "config.yaml"),
        meta_type=MetaType.NONE,
        document_source=contract.path,
        file_encoding="utf-8",
        overwrite=False,
        output_path=target,
    )
    data = GeneratorData.from_dict(contract.document, config=config)
    if not isinstance(data, GeneratorData):
        _raise_for([data])
        raise AssertionError
    project = Project(openapi=data, config=config, custom_template_path=TEMPLATES)
    project.env.filters["py"] = _python_literal
    return project


def _raise_for(errors: Any) -> None:
    if errors:
        raise RegenerationError("\n".join(_describe(error) for error in errors))


def _describe(error: GeneratorError) -> str:
    return f"{error.header.strip()} {error.detail or ''}".strip()


def _add_data(contract: Contract, target: Path) -> None:
    (target / "contract.yaml").write_bytes(contract.source)
    text = json.dumps(contract.document, ensure_ascii=False, indent=1)
    (target / "contract.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    (target / "py.typed").write_bytes(b"")


def _add_modules(contract: Contract, project: Project, target: Path) -> None:
    from regeneration import operations  # noqa: PLC0415 - slow to import

    pages = {
        "contract.py": {"sha256": contract.sha256},
        "operations.py": operations.context(contract.document, project.openapi),
    }
    for name, variables in pages.items():
        text = project.env.get_template(f"{name}.jinja").render(variables)
        (target / name).write_text(text, encoding="utf-8", newline="\n")


def _python_literal(value: Any) -> str:
    """Write a value as a Python literal in ASCII: repr() depends on the Unicode tables of the Python that runs it."""
    return ascii(value)


def _format(target: Path) -> None:
    for command in (("check", "--fix-only", "--quiet", "--select", "F,I"), ("format", "--quiet")):
        done = subprocess.run(
            [*RUFF, *command, *RUFF_SETTINGS, "."], cwd=target, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RegenerationError(f"ruff {command[0]} failed on the generated code:\n{done.stderr or done.stdout}")
